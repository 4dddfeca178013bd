"""What is printed for the person, and the end of the process."""

import logging
import os
import sys
from contextlib import suppress
from typing import NoReturn


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
