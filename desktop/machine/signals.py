"""Signals, of which the program is told wherever its threads are."""

import signal
import socket
import threading
from collections.abc import Callable


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
