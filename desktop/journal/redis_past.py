"""The history of a session: every host makes the same of the same entries, in this program's memory.

When something happened is what the entry says, by Redis' clock; who asked for it, too (`redis_names`). What came before
the oldest entry that is left is in the image that goes with the snapshots (`redis_image`).

    an entry   is applied if it follows on what is here; it is skipped if it is in it
    otherwise  all is read anew from Redis: at the start, after a gap, and after whatever went wrong

How many were here between two entries is as this host saw it.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from desktop.core.counter import Counter
from desktop.core.operations import Forget
from desktop.journal import JournalError, Kept, redis_image
from desktop.journal.files import FORMAT
from desktop.journal.history import BLOCK, History
from desktop.journal.redis_history import PAGE, TRIES, Entry, at, entry
from desktop.journal.redis_keys import KEEP, Keys
from desktop.journal.redis_server import Address

T = TypeVar("T")

log = logging.getLogger(__name__)


class Past:
    """All in a thread of its own, which nobody who counts waits for. `now` is the wall clock, in seconds."""

    def __init__(self, address: Address, keys: Keys, now: Callable[[], float] = time.time) -> None:
        self._address = address
        self._keys = keys
        self._now = now
        self._client = address.connect()
        self._keep_script = self._client.register_script(KEEP)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._names: dict[str, str] = {}
        """By their tokens."""
        self._db: sqlite3.Connection | None = None
        self._epoch = ""
        self._last = self._at = 0
        self._whole = False

    def begin(self, kept: Kept) -> None:
        """Anew: another history, or what was missed of this one."""
        # Copied here and now: it is another's, and changes.
        self._thread.submit(self._begin, kept.epoch, kept.last, msgspec.json.encode(kept.counter))

    def record(self, entries: Sequence[Entry]) -> None:
        self._thread.submit(self._record, entries)

    def see(self, here: int) -> None:
        self._thread.submit(self._see, here, int(self._now() * 1000))

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        return self._thread.submit(lambda: query(self._connection))

    def keep(self) -> Future[None]:
        """Write the image, so that what is in it may be trimmed. May hold a JournalError."""
        return self._thread.submit(self._keep)

    def copy(self, file: Path) -> Future[None]:
        """Write it into a new SQLite file. May hold a JournalError."""
        return self._thread.submit(self._copy, file)

    def close(self) -> None:
        self._thread.submit(self._end)
        self._thread.shutdown()
        self._client.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._db is not None, "it has begun"
        return self._db

    def _begin(self, epoch: str, last: int, state: bytes) -> None:
        self._epoch = epoch
        if not self._load():
            # From here on at least, until it can be read.
            self._take(redis_image.fresh(), msgspec.json.decode(state, type=Counter), last)

    def _take(self, db: sqlite3.Connection, counter: Counter, last: int) -> None:
        self._end()
        self._db, self._last = db, last
        self._history = History(db, self._epoch, counter)

    def _record(self, entries: Sequence[Entry]) -> None:
        if not self._whole and self._load():
            return
        try:
            for one in entries:
                if one.last > self._last and one.last - len(one.operations) != self._last:
                    self._load()
                    return
                self._apply(one)
        except Exception as error:
            self._fail(error)

    def _apply(self, one: Entry) -> None:
        if one.last <= self._last:
            return
        self._learn(one.told.tokens())
        db, block = self._connection, self._history.counter.revision // BLOCK
        db.execute("BEGIN")
        try:
            self._history.record(one.operations, one.at, one.told.present(one.operations, self._names))
            if self._history.counter.revision // BLOCK != block:
                redis_image.thin(db, one.at)
        finally:
            db.execute("COMMIT")
        self._last, self._at = one.last, one.at
        if any(isinstance(operation, Forget) for operation in one.operations):
            self._names.clear()
            # Whoever asked for something after it, in the same batch.
            self._learn(one.told.tokens())

    def _learn(self, tokens: Any) -> None:
        new = [token for token in dict.fromkeys(tokens) if token not in self._names]
        if new:
            with self._address.plainly():
                found: Any = self._client.hmget(self._keys.names, new)
            self._names |= {token: name.decode() for token, name in zip(new, found, strict=True) if name is not None}

    def _see(self, here: int, now: int) -> None:
        # Another's clock may be ahead of this one.
        self._history.see(max(now, self._at + 1), here)

    # --- what Redis has of it ---

    def _load(self) -> bool:
        """Read all of it; False where that can't be."""
        try:
            with self._address.plainly():
                for _ in range(TRIES):
                    if self._read():
                        self._whole = True
                        return True
        except Exception as error:
            self._fail(error)
        self._whole = False
        return False

    def _fail(self, error: Exception) -> None:
        self._whole = False
        log.warning("The history can't be read: %s It is tried again.", error)

    def _read(self) -> bool:
        with self._client.pipeline() as pipe:
            pipe.hget(self._keys.journal, "epoch")
            pipe.hmget(self._keys.past, "last", "image")
            pipe.hmget(self._keys.snapshot, "last", "state")
            pipe.xrange(self._keys.entries, "-", "+", count=1)
            found: Any = pipe.execute()
        epoch, (last, image), (number, state), oldest = found
        if (epoch or b"").decode() != self._epoch or number is None or not oldest:
            return False
        if image is not None and int(last) >= entry(oldest[0]).last:
            db, counter = redis_image.unpack(image)
            self._names.clear()
            self._learn(redis_image.tokens(db))
            redis_image.name(db, self._names)
            self._take(db, counter, int(last))
        else:
            self._names.clear()
            self._take(redis_image.fresh(), msgspec.json.decode(state, type=Counter), int(number))
            self._history.begin()
        return self._follow()

    def _follow(self) -> bool:
        """Apply the entries that are there; False if some were trimmed meanwhile."""
        after = self._last
        while True:
            page: Any = self._client.xrange(self._keys.entries, f"({at(after)}" if after else at(0), "+", count=PAGE)
            for one in map(entry, page):
                if one.last > self._last and one.last - len(one.operations) != self._last:
                    return False
                self._apply(one)
                after = one.last
            if len(page) < PAGE:
                return True

    def _keep(self) -> None:
        if not (self._whole or self._load()):
            raise JournalError("The history is not whole here, and is not kept.")
        with self._address.plainly():
            known: Any = self._client.hget(self._keys.past, "last")
            # Another host has done it.
            if known is not None and int(known) >= self._last:
                return
            tokens = {name: token for token, name in self._names.items()}
            image = redis_image.pack(self._connection, self._history.counter, tokens)
            self._keep_script([self._keys.journal, self._keys.past], [self._epoch, self._last, image])

    def _copy(self, file: Path) -> None:
        if not self._whole:
            raise JournalError(f"{self._address.subject} does not give the history.")
        with closing(sqlite3.connect(file)) as new:
            self._connection.backup(new)
            new.execute(f"PRAGMA user_version = {FORMAT}")

    def _end(self) -> None:
        if self._db is not None:
            self._db.close()
