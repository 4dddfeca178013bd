"""The log: short, whatever happens. What repeats itself a thousand times a second fills a disk and hides the reason."""

import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

LINES: Final = 20
SPAN: Final = 10.0
"""Seconds in which LINES records are let through."""
FILE_SIZE: Final = 256 * 1024
"""Bytes of the log's file before it is begun anew; the one before it is kept."""
FORMAT: Final = "%(levelname)s %(name)s: %(message)s"


class Brevity(logging.Filter):
    """For a handler: lets through LINES records in SPAN, and says once that there are more. `now` is in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._begun = now()
        self._count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._now()
        if now - self._begun >= SPAN:
            self._begun, self._count = now, 0
        self._count += 1
        if self._count == LINES + 1:
            record.msg, record.args = "There is more of this: the next %d seconds are left out.", (int(SPAN),)
            record.exc_info = record.exc_text = record.stack_info = None
        return self._count <= LINES + 1


def begin(level: str, file: Path | None = None) -> None:
    """Log from this level on to standard error, if there is one; and to `file` too, for a program without a console.

    Where the file can't be written there is none: that is no reason not to start.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler()] if sys.stderr else []
    if file:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            kept = RotatingFileHandler(file, maxBytes=FILE_SIZE, backupCount=1, encoding="utf-8")
            kept.setFormatter(logging.Formatter(f"%(asctime)s {FORMAT}"))
            handlers.append(kept)
    for handler in handlers:
        handler.addFilter(Brevity())
    # With no handler at all there would be one made, for a standard error that isn't there.
    logging.basicConfig(level=level.upper(), format=FORMAT, handlers=handlers or [logging.NullHandler()])
