"""The journal where the disk takes none: the counter works, lives as long as the program, and the host is told so."""

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from desktop.core.answers import Notice
from desktop.core.counter import AnyOperation, Counter, Settings
from desktop.core.rounds import NOBODY, Present
from desktop.journal import Deliver, Journal, JournalError, Kept, history
from desktop.journal.history import History

T = TypeVar("T")

log = logging.getLogger(__name__)


class MemoryJournal:
    """A Journal that keeps nothing beyond this run. `now` is the wall clock, in seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        # As the Journal promises: what it delivers comes from a thread of its own, in order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._last = 0

    def open(self, deliver: Deliver) -> Kept:
        self._deliver = deliver
        epoch = secrets.token_urlsafe(16)
        self._thread.submit(self._begin, epoch).result()
        return Kept(epoch, Counter(), 0, [Notice(code="not_saved")])

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        return self._thread.submit(self._append, operations, present)

    def see(self, here: int) -> None:
        self._thread.submit(lambda: self._history.see(self._time(), here))

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        return self._thread.submit(lambda: query(self._db))

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        """There is nothing that it could be held against."""

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._thread.submit(lambda: None)

    def close(self) -> None:
        self._thread.submit(lambda: self._db.close())
        self._thread.shutdown()

    def _begin(self, epoch: str) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(history.SCHEMA)
        self._history = History(self._db, epoch, Counter())
        self._history.begin()

    def _append(self, operations: Sequence[AnyOperation], present: Present) -> None:
        self._last += len(operations)
        self._db.execute("BEGIN")
        self._history.record(operations, self._time(), present)
        self._db.execute("COMMIT")
        self._deliver(operations, self._last)

    def _time(self) -> int:
        return int(self._now() * 1000)


class SavedIfPossible:
    """A Journal: `saved`; or one in memory, if the system doesn't let `saved` be opened (read-only, a full disk)."""

    def __init__(self, saved: Journal) -> None:
        self._journal = saved

    def open(self, deliver: Deliver) -> Kept:
        try:
            return self._journal.open(deliver)
        except JournalError as error:
            # What could be opened but isn't ours to write, as a newer program's file, is no reason to count elsewhere.
            if not isinstance(error.__cause__, OSError | sqlite3.Error):
                raise
            log.warning("%s", error)
            self._journal = MemoryJournal()
            return self._journal.open(deliver)

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        return self._journal.append(operations, present)

    def see(self, here: int) -> None:
        self._journal.see(here)

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        return self._journal.read(query)

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        self._journal.witness(last, value, revision, settings)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._journal.snapshot(state, last)

    def close(self) -> None:
        self._journal.close()
