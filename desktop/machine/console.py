"""Where the person reads what is printed, and the end of the process."""

import logging
import os
import stat
import sys
from contextlib import suppress
from typing import NoReturn


def has_console() -> bool:
    """Whether somebody can read what is written to standard error: a terminal, or who has sent it elsewhere.

    What is started by a double-click writes to nowhere (Windows), to /dev/null (macOS) or to the session's journal. To
    be asked before pywebview is imported, which opens the null device in the place of what is missing.
    """
    try:
        file = sys.stderr.fileno()
        mode = os.fstat(file).st_mode
    except (AttributeError, OSError, ValueError):
        return False
    return _is_terminal(file) or stat.S_ISREG(mode) or stat.S_ISFIFO(mode)


def _is_terminal(file: int) -> bool:
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        # To isatty() the null device is one too.
        handle, mode = ctypes.c_void_p(msvcrt.get_osfhandle(file)), ctypes.c_ulong()
        return bool(ctypes.windll.kernel32.GetConsoleMode(handle, ctypes.byref(mode)))
    return os.isatty(file)


def attach() -> None:
    """On Windows a program with windows has no console: take the one of the terminal that it was started from, if it
    was. Then that is printed to, and its Ctrl-C arrives; it is also its end. What has been sent elsewhere goes there.

    So there is one program for both, and none of two in the folder that would be the wrong one to double-click.
    """
    if sys.platform == "win32":
        import ctypes

        parent = -1
        if ctypes.windll.kernel32.AttachConsole(parent):
            for name in ("stdout", "stderr"):
                if getattr(sys, name) is None:
                    setattr(sys, name, open("CONOUT$", "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - till the end


def say(line: str, *, error: bool = False) -> None:
    """Print one line, at once. A terminal that has gone, or never was there, is no reason to stop."""
    stream = sys.stderr if error else sys.stdout
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError):
        # What stays in the stream would be written again at the exit, and turn its code into 120: so it goes nowhere
        # (docs.python.org, "Note on SIGPIPE").
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def leave(code: int) -> NoReturn:
    """End the process without taking it apart: everything of ours is closed, and threads of Qt's that live on into
    Python's own ending have been seen to crash there (4 times in 1,800, where the window had just opened)."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
