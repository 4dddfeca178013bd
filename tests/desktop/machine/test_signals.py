"""Signals, each in a process of its own: they are a process's, not a test's."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from desktop.machine.signals import CONSOLE_EVENTS
from tests.desktop.support import PATIENCE

# Its main thread waits as a GUI's does: in C, where Python's own handlers have no turn.
SCRIPT = """
import ctypes
from desktop.machine.signals import on_signals
on_signals(lambda number: print(number, flush=True))
print("ready", flush=True)
while True:
    ctypes.CDLL(None).sleep(60)
"""
# What Windows itself calls in a thread of each of a console's programs.
EVENT = """
import ctypes, threading
from desktop.machine.signals import on_signals
told = threading.Event()
on_signals(lambda number: (print(number, flush=True), told.set()))
threading.Thread(target=ctypes.windll.kernelbase.CtrlRoutine, args=({event},), daemon=True).start()
told.wait()
"""


@contextmanager
def listening(before: str = "") -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen([sys.executable, "-c", before + SCRIPT], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.unix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_told_at_once_while_the_main_thread_waits_in_c(number: signal.Signals) -> None:
    with listening() as process:
        process.send_signal(number)
        assert process.stdout
        assert process.stdout.readline() == f"{number.value}\n"


@pytest.mark.unix
def test_what_was_started_to_outlive_its_terminal_goes_on_ignoring_that() -> None:
    with listening("import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.stdout
        assert process.stdout.readline() == f"{signal.SIGTERM.value}\n"


@pytest.mark.skipif(sys.platform != "win32", reason="consoles are Windows'")
@pytest.mark.parametrize(("event", "number"), CONSOLE_EVENTS.items())
def test_what_happens_to_a_console_is_a_signal_and_its_end_waits_for_ours(event: int, number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVENT.format(event=event)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{number}\n", "")
