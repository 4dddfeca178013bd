"""The journal in a SQLite file on this machine: one transaction a batch, in a thread of its own.

WAL with `synchronous=FULL`: a commit has reached the disk when it returns, and neither a kill nor a power cut undoes
it (sqlite.org, "Write-Ahead Logging" and "PRAGMA synchronous"). A file that is damaged all the same, or has lost what
its witness had seen, is set aside under a dated name, and a new one goes on from what the witness knew.
"""

import logging
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

import msgspec

from desktop.core.counter import AnyOperation, Counter
from desktop.core.protocol import Notice
from desktop.journal import Deliver, JournalError, Kept
from desktop.journal.witness import Witness, read, write

log = logging.getLogger(__name__)

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

BROKEN: Final = {
    sqlite3.SQLITE_ERROR,  # its tables are not ours
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
"""Primary result codes (sqlite.org, "Result and Error Codes") that a file gives that will never be read again. Others,
such as a full disk or a lock, may pass."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[AnyOperation]).decode
_decode_state = msgspec.json.Decoder(Counter).decode


class _Damaged(Exception):
    """The file holds no counter, or only a part of one; the text says why, in a sentence."""


class _WentBack(Exception):
    """The file is whole, and its witness has seen more than is in it."""


class SqliteJournal:
    """A Journal in the file `path`, which is made if it isn't there. `now` is the wall clock, in seconds."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._witness = path.with_suffix(".witness")
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._epoch = ""
        self._last = 0
        self._unsure = False

    def open(self, deliver: Deliver) -> Kept:
        self._deliver = deliver
        try:
            return self._thread.submit(self._open).result()
        except JournalError:
            self._thread.shutdown()
            raise

    def append(self, operations: Sequence[AnyOperation]) -> Future[None]:
        return self._thread.submit(self._append, operations)

    def witness(self, last: int, value: int, revision: int) -> None:
        self._thread.submit(self._note, Witness(epoch=self._epoch, last=last, value=value, revision=revision))

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._thread.submit(self._snapshot, state, last)

    def close(self) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    # --- at the start ---

    def _open(self) -> Kept:
        seen = read(self._witness)
        with self._plainly("opened"):
            if seen and not self._path.exists():
                return self._begin_again(Notice(code="went_back"), seen)
            # SQLite deletes a log in which it finds nothing: after a kill there may be one, and it may be all there is.
            wal, copy = self._beside("-wal"), self._beside("-wal.copy")
            if wal.exists():
                shutil.copyfile(wal, copy)
            try:
                return self._kept(seen)
            except (_Damaged, _WentBack) as reason:
                log.info("%s: %s", self._path, reason)
                if copy.exists():
                    copy.replace(wal)
                code: Literal["set_aside", "went_back"] = "went_back" if isinstance(reason, _WentBack) else "set_aside"
                return self._begin_again(Notice(code=code, path=str(self._set_aside())), seen)
            finally:
                copy.unlink(missing_ok=True)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    def _kept(self, seen: Witness | None) -> Kept:
        """What is in the file. Raises _Damaged: then nothing is held open."""
        if seen and not self._path.stat().st_size:
            raise _WentBack("It is empty.")
        self._connect()
        try:
            kept = self._read()
            self._prepare()
            if seen and (kept.last < seen.last if kept.epoch == seen.epoch else kept.counter.revision < seen.revision):
                raise _WentBack("It has lost what had been counted.")
            return kept
        except BaseException as error:
            self._db.close()
            if isinstance(error, sqlite3.Error) and _primary(error) in BROKEN:
                raise _Damaged(f"It is damaged: {error}.") from error
            if isinstance(error, msgspec.MsgspecError):
                raise _Damaged("It holds something that nobody can read.") from error
            raise

    def _connect(self) -> None:
        # Transactions are begun and ended here, by hand, as sqlite.org describes them.
        self._db = sqlite3.connect(self._path, isolation_level=None)

    def _prepare(self) -> None:
        """For writing. What is not ours, or damaged, isn't touched before it is known to be."""
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        found = self._path.stat()
        self._file = found.st_dev, found.st_ino

    def _read(self) -> Kept:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > FORMAT:
            raise JournalError(f"{self._path} was written by a newer LAN Counter.")
        if version == 0:
            self._make()
        (checked,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if checked != "ok":
            raise _Damaged(f"It is damaged: {checked.splitlines()[-1]}.")
        named = self._db.execute("SELECT epoch FROM journal").fetchone()
        if named is None:
            raise _Damaged("It has lost its name.")
        (self._epoch,) = named
        state, self._last = self._db.execute("SELECT state, last FROM snapshot").fetchone() or (b"{}", 0)
        counter = _decode_state(state)
        for last, operations in self._later():
            if last != self._last + len(operations):
                raise _Damaged("A part of it is missing.")
            self._last = last
            for operation in operations:
                counter.apply(operation)
        return Kept(self._epoch, counter, self._last)

    def _later(self) -> Iterator[tuple[int, list[AnyOperation]]]:
        """The batches after `_last`, in their order, each with the number of its last operation."""
        later = self._db.execute("SELECT last, operations FROM batch WHERE last > ? ORDER BY last", (self._last,))
        return ((last, _decode(blob)) for last, blob in later)

    def _make(self, state: Counter | None = None) -> None:
        self._epoch, self._last = secrets.token_urlsafe(16), 0
        self._db.executescript(f"BEGIN; {SCHEMA}")
        self._db.execute("INSERT INTO journal VALUES (?)", (self._epoch,))
        if state:
            self._db.execute("REPLACE INTO snapshot VALUES (1, 0, ?)", (_encode(state),))
        self._db.execute("COMMIT")

    def _begin_again(self, notice: Notice, seen: Witness | None) -> Kept:
        """Go on from what the witness knew: as another journal, since it can't know which operations that includes."""
        counter = Counter()
        if seen:
            counter = Counter(value=seen.value, revision=seen.revision)
            notice = msgspec.structs.replace(notice, counter=seen.value)
        self._connect()
        try:
            self._make(counter)
            self._prepare()
        except BaseException:
            self._db.close()
            raise
        self._note(Witness(epoch=self._epoch, last=0, value=counter.value, revision=counter.revision))
        return Kept(self._epoch, counter, 0, [notice])

    def _set_aside(self) -> Path:
        """Give the file, and what belongs to it, a name that nobody has."""
        day = time.strftime("%Y-%m-%d", time.localtime(self._now()))
        names = (f"{self._path.stem} {day}{number}.db" for number in ("", *(f" ({n})" for n in range(2, 10_000))))
        aside = next(path for path in map(self._path.with_name, names) if not path.exists())
        # The log first: left alone beside a new file it would be taken for that one's.
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                self._beside(suffix).rename(aside.with_name(aside.name + suffix))
        return aside

    # --- while it runs ---

    def _append(self, operations: Sequence[AnyOperation]) -> None:
        with self._plainly("written"):
            self._insist_on_our_file()
            if self._unsure:
                operations = operations[self._recorded_after_all(operations) :]
            if operations:
                self._insert(operations)
        self._deliver(operations, self._last)

    def _insert(self, operations: Sequence[AnyOperation]) -> None:
        last = self._last + len(operations)
        self._unsure = True
        # Outside of BEGIN and COMMIT each statement is a transaction.
        self._db.execute("INSERT INTO batch VALUES (?, ?, ?)", (last, self._now(), _encode(operations)))
        self._unsure = False
        self._last = last

    def _insist_on_our_file(self) -> None:
        """What is written into a file that somebody has moved away or replaced is lost."""
        with suppress(FileNotFoundError):
            found = self._path.stat()
            if (found.st_dev, found.st_ino) == self._file:
                return
        raise JournalError(f"{self._path} has been moved away, deleted or replaced.")

    def _recorded_after_all(self, operations: Sequence[AnyOperation]) -> int:
        """How many of these the last try has recorded, though it failed: its commit may have come that far."""
        self._db.close()
        self._connect()
        self._prepare()
        found = [operation for _, batch in self._later() for operation in batch]
        self._unsure = False
        self._last += len(found)
        if found:
            self._deliver(found, self._last)
        return len(found) if found == list(operations[: len(found)]) else 0

    def _note(self, witness: Witness) -> None:
        try:
            write(self._witness, witness)
        except OSError as error:
            # It will have seen less; the journal has it all.
            log.debug("%s could not be written: %s", self._witness, error)

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
        except (sqlite3.Error, msgspec.MsgspecError, OSError) as error:
            raise JournalError(f"{self._path} could not be {done}: {error}.") from error


def _primary(error: sqlite3.Error) -> int:
    """The primary result code: an extended one's lowest byte."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
