"""What is printed, and the end. Outputs that are broken are in ../test_cli.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.machine.console import attach, say

TOP = Path(__file__).resolve().parents[3]


def test_a_line_goes_where_it_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    say("Join: here")
    say("No.", error=True)
    assert capsys.readouterr() == ("Join: here\n", "No.\n")


def test_leaving_runs_nothing_more_and_loses_nothing_that_was_said() -> None:
    script = """
import atexit, sys
from desktop.machine.console import leave
atexit.register(print, "taken apart")
sys.stdout.write("said")
leave(7)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=TOP, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "said", "")


HAS_CONSOLE = "import sys; from desktop.machine.console import has_console; sys.exit(not has_console())"


def has_console(stderr: int, first: str = "") -> bool:
    command = [sys.executable, "-c", first + HAS_CONSOLE]
    return subprocess.run(command, stderr=stderr, cwd=TOP, check=False).returncode == 0


def test_a_console_is_where_somebody_can_read() -> None:
    assert has_console(subprocess.PIPE)
    assert not has_console(subprocess.DEVNULL), "on Windows too, where that is a terminal to isatty()"
    assert not has_console(subprocess.PIPE, "import sys; sys.stderr = None\n")


@pytest.mark.unix
def test_a_terminal_is_a_console() -> None:
    leader, terminal = os.openpty()
    assert has_console(terminal)
    os.close(leader)
    os.close(terminal)


def test_whoever_has_a_console_keeps_it_and_what_was_sent_elsewhere_goes_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    attach()
    say("Join: here")
    assert capsys.readouterr().out == "Join: here\n"
