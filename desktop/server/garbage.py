"""Python's garbage collector, kept from stopping everybody at once.

A full collection looks at every object there is, and with 3,000 people everybody stands still for 25 to 70 ms. But
nearly all of them live as long as a connection, so what survives a collection is frozen (docs.python.org, `gc.freeze`):
not looked at again, until so many people have left that it is worth a look at everything.
"""

import gc
from types import TracebackType
from typing import Final, Self

LEFT_LEAST: Final = 200
"""Connections gone. What a gone one leaves in cycles, which asyncio makes, waits for the next look."""


class Garbage:
    """Freezes survivors while it is entered. The collector is the process's: one of these at a time."""

    def __init__(self) -> None:
        self._left = 0

    def __enter__(self) -> Self:
        gc.callbacks.append(_freeze)
        gc.freeze()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        gc.callbacks.remove(_freeze)
        gc.unfreeze()

    def left(self, remaining: int) -> None:
        """A connection has gone; so many remain."""
        self._left += 1
        if self._left >= max(LEFT_LEAST, remaining):
            self._left = 0
            gc.unfreeze()
            gc.collect()


def _freeze(phase: str, info: dict[str, int]) -> None:
    # The youngest have yet to show that they last.
    if phase == "stop" and info["generation"]:
        gc.freeze()
