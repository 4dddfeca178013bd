"""The history of a session, as one host has it: what it has read since it came, in this program's memory.

Who asked for what is known of this host's own people alone: names are in no stream. When something happened is when
this host heard of it.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import msgspec

from desktop.core.counter import Counter
from desktop.core.operations import AnyOperation
from desktop.core.rounds import Present, Who
from desktop.journal import history
from desktop.journal.history import History

T = TypeVar("T")


class Past:
    """All in a thread of its own, which nobody who counts waits for. `now` is the wall clock, in seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._who: dict[str, Who] = {}
        self._here = 0
        self._db: sqlite3.Connection | None = None

    def begin(self, epoch: str, counter: Counter) -> None:
        """Anew, from this state on."""
        # Copied here and now: it is another's, and changes.
        self._thread.submit(self._begin, epoch, msgspec.json.encode(counter))

    def ask(self, present: Present) -> None:
        """These people of this host are about to be recorded."""
        self._thread.submit(self._known, present)

    def record(self, operations: Sequence[AnyOperation]) -> None:
        self._thread.submit(self._record, operations, self._time())

    def see(self, here: int) -> None:
        self._thread.submit(self._see, here, self._time())

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        return self._thread.submit(lambda: query(self._connection))

    def close(self) -> None:
        self._thread.submit(self._end)
        self._thread.shutdown()

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._db is not None, "it has begun"
        return self._db

    def _time(self) -> int:
        return int(self._now() * 1000)

    def _begin(self, epoch: str, state: bytes) -> None:
        self._end()
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(history.SCHEMA)
        self._history = History(self._db, epoch, msgspec.json.decode(state, type=Counter))
        self._history.begin()

    def _known(self, present: Present) -> None:
        self._here = present.here
        self._who |= present.who

    def _record(self, operations: Sequence[AnyOperation], at: int) -> None:
        self._history.record(operations, at, Present(self._here, self._who))

    def _see(self, here: int, at: int) -> None:
        self._here = here
        self._history.see(at, here)

    def _end(self) -> None:
        if self._db is not None:
            self._db.close()
