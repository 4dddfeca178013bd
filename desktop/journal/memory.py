"""The journal where the disk takes none: the counter works, lives as long as the program, and the host is told so."""

import logging
import secrets
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from desktop.core.answers import Notice
from desktop.core.counter import AnyOperation, Counter, Settings
from desktop.journal import Deliver, Journal, JournalError, Kept

log = logging.getLogger(__name__)


class MemoryJournal:
    """A Journal that keeps nothing."""

    def __init__(self) -> None:
        # As the Journal promises: what it delivers comes from a thread of its own, in order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._last = 0

    def open(self, deliver: Deliver) -> Kept:
        self._deliver = deliver
        return Kept(secrets.token_urlsafe(16), Counter(), 0, [Notice(code="not_saved")])

    def append(self, operations: Sequence[AnyOperation]) -> Future[None]:
        return self._thread.submit(self._append, operations)

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        """There is nothing that it could be held against."""

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._thread.submit(lambda: None)

    def close(self) -> None:
        self._thread.shutdown()

    def _append(self, operations: Sequence[AnyOperation]) -> None:
        self._last += len(operations)
        self._deliver(operations, self._last)


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

    def append(self, operations: Sequence[AnyOperation]) -> Future[None]:
        return self._journal.append(operations)

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        self._journal.witness(last, value, revision, settings)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._journal.snapshot(state, last)

    def close(self) -> None:
        self._journal.close()
