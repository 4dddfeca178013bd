"""The journal: the ordered, durable log of operations. What it gives back is the truth; what it hasn't, never happened.

    open     -> what was kept: a snapshot of the counter, and the entries recorded after it
    append   -> a batch of operations; once durable they come back through `deliver`, in the order all agree on
    witness  -> how far the counter has come, kept apart, so that a journal that has lost entries is found out
    snapshot -> the state after one of the entries, so that the next start is quick, and the entries may go
    read     -> the history: what they came to, who asked for it, and how many were here (`see`); that stays

Entries are numbered from 1, in that order.
"""

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple, Protocol, TypeVar

from desktop.core.answers import Notice
from desktop.core.counter import AnyOperation, Counter, Settings
from desktop.core.rounds import NOBODY, Present

T = TypeVar("T")


class JournalError(Exception):
    """The journal can't be opened, read or written; the text says why, in a sentence."""


class Kept(NamedTuple):
    """What an opened journal holds."""

    epoch: str
    counter: Counter
    last: int
    """The number of the newest entry."""
    notices: Sequence[Notice] = ()
    """What the host must know of how it was found."""


Deliver = Callable[[Sequence[AnyOperation], int], None]
"""Takes entries that have become durable, and the number of the last of them."""


class Journal(Protocol):
    """All methods may be called from any thread; `deliver` is called from the journal's own."""

    def open(self, deliver: Deliver) -> Kept:
        """Start. Raises JournalError."""

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        """Record a batch, wholly or not at all. Done after `deliver` has been called; may hold a JournalError.
        `present` is for the history alone.

        A batch that failed may be given again, with more behind it: none of it is recorded twice.
        """

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        """Remember what the counter was after entry `last`."""

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        """Keep the state after entry `last`. May hold a JournalError."""

    def see(self, here: int) -> None:
        """So many people are here now: for the history."""

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """What a query finds in the history (`reading`), in a thread that nobody who writes waits for. May hold a
        JournalError."""

    def close(self) -> None:
        """Wait for what was appended, then let go of everything."""
