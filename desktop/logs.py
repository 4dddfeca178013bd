"""The log: short, whatever happens. What repeats itself a thousand times a second fills a disk and hides the reason."""

import logging
import time
from collections.abc import Callable
from typing import Final

LINES: Final = 20
SPAN: Final = 10.0
"""Seconds in which LINES records are let through."""


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


def begin(level: str) -> None:
    """Log from this level on to standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(Brevity())
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s: %(message)s", handlers=[handler])
