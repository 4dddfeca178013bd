"""The journal in a SQLite file on this machine: one transaction a batch, in a thread of its own.

WAL with `synchronous=FULL`: a commit has reached the disk when it returns, and neither a kill nor a power cut undoes
it (sqlite.org, "Write-Ahead Logging" and "PRAGMA synchronous").
"""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from desktop.core.counter import AnyOperation
from desktop.journal import Deliver, JournalError, Kept

FORMAT = 1
"""Of the file. Grows when an older program could no longer read it."""

SCHEMA = f"""
CREATE TABLE journal (epoch TEXT NOT NULL);
CREATE TABLE batch (
    last INTEGER PRIMARY KEY,  -- the number of its last operation; the first one ever has 1
    at REAL NOT NULL,          -- Unix time, only for people
    operations BLOB NOT NULL   -- a JSON array, as in desktop.core.counter
);
CREATE TABLE snapshot (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    last INTEGER NOT NULL,     -- the last operation in it
    state BLOB NOT NULL
);
PRAGMA user_version = {FORMAT};
"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[AnyOperation]).decode


class SqliteJournal:
    """A Journal in the file `path`, which is made if it isn't there. `now` is the wall clock, in seconds."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._last = 0

    def open(self, deliver: Deliver) -> Kept:
        self._deliver = deliver
        try:
            return self._thread.submit(self._open).result()
        except JournalError:
            self._thread.shutdown()
            raise

    def append(self, operations: Sequence[AnyOperation]) -> Future[None]:
        return self._thread.submit(self._append, operations)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._thread.submit(self._snapshot, state, last)

    def close(self) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _open(self) -> Kept:
        with self._plainly("opened"):
            # Transactions are begun and ended here, by hand, as sqlite.org describes them.
            self._db = sqlite3.connect(self._path, isolation_level=None)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                return self._read()
            except BaseException:
                self._db.close()
                raise

    def _read(self) -> Kept:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > FORMAT:
            raise JournalError(f"{self._path} was written by a newer LAN Counter.")
        if version == 0:
            self._db.executescript(f"BEGIN; {SCHEMA}")
            self._db.execute("INSERT INTO journal VALUES (?)", (secrets.token_urlsafe(16),))
            self._db.execute("COMMIT")
        (epoch,) = self._db.execute("SELECT epoch FROM journal").fetchone() or (None,)
        if epoch is None:
            raise JournalError(f"{self._path} is a journal without a name.")
        last, state = self._db.execute("SELECT last, state FROM snapshot").fetchone() or (0, None)
        rows = self._db.execute("SELECT operations FROM batch WHERE last > ? ORDER BY last", (last,))
        operations = [operation for (blob,) in rows for operation in _decode(blob)]
        self._last = last + len(operations)
        return Kept(epoch, state, operations, self._last)

    def _append(self, operations: Sequence[AnyOperation]) -> None:
        with self._plainly("written"):
            last = self._last + len(operations)
            # Outside of BEGIN and COMMIT each statement is a transaction.
            self._db.execute("INSERT INTO batch VALUES (?, ?, ?)", (last, self._now(), _encode(operations)))
            self._last = last
        self._deliver(operations, last)

    def _snapshot(self, state: bytes, last: int) -> None:
        with self._plainly("written"):
            self._db.execute("REPLACE INTO snapshot VALUES (1, ?, ?)", (last, state))

    def _close(self) -> None:
        with self._plainly("closed"):
            self._db.close()

    @contextmanager
    def _plainly(self, done: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise JournalError(f"{self._path} could not be {done}: {error}.") from error
