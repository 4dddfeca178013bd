"""Signals, of which the program is told wherever its threads are."""

import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

HANGUP: Final = 1
"""The terminal has been closed; on every system."""
CONSOLE_EVENTS: Final = {0: signal.SIGINT.value, 1: 21, 2: HANGUP, 5: HANGUP, 6: HANGUP}
"""What Windows tells the programs of a console (learn.microsoft.com, "HandlerRoutine"), as signals: Ctrl-C, Ctrl-Break,
it is closed, the person logs off, the system shuts down. C's own signals make SIGBREAK, 21, of all but the first."""
_kept: Final[list[Any]] = []
"""What Windows calls: nobody else holds it."""


def on_signals(callback: Callable[[int], None]) -> None:
    """Call back with a signal's number, in a thread of its own and at once, wherever the main thread is.

    A GUI's loop keeps Python's own handlers waiting, and replaces some: so the C-level handler's wakeup pipe is read.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def ring(number: int, frame: object) -> None:
        # Where a GUI takes the wakeup pipe for itself it runs this handler instead.
        writer.send(bytes((number,)))

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # One that was started to outlive its terminal (nohup) goes on ignoring this.
        if number and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            signal.signal(number, ring)

    def listen_for_signals() -> None:
        while True:
            for number in reader.recv(16):
                callback(number)

    threading.Thread(target=listen_for_signals, name="signals", daemon=True).start()
    _on_console_events(callback)


def _on_console_events(callback: Callable[[int], None]) -> None:
    if sys.platform == "win32":
        import ctypes

        def told(event: int) -> bool:
            if event not in CONSOLE_EVENTS:
                return False
            callback(CONSOLE_EVENTS[event])
            if CONSOLE_EVENTS[event] == HANGUP:
                # Windows ends the process as soon as this returns, else after some seconds: enough to end by itself.
                threading.Event().wait()
            return True

        handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_ulong)(told)
        _kept.append(handler)
        ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, True)
