"""The journal in a SQLite file on this machine: one transaction a batch, in a thread of its own.

WAL with `synchronous=FULL`: a commit has reached the disk when it returns, and neither a kill nor a power cut undoes
it (sqlite.org, "Write-Ahead Logging" and "PRAGMA synchronous").

A file that is damaged, or behind its witness, is set aside, and a new journal goes on from what the witness knows. It
has a new epoch, since who has sent what is lost: pages drop what they had on the way, and say so.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import UNSET

from desktop.core.answers import Notice
from desktop.core.counter import AnyOperation, Settings
from desktop.core.rounds import NOBODY, Present
from desktop.journal import Deliver, JournalError, Kept, compaction, files, reading, schema, witness
from desktop.journal.files import DamagedError, beside, checksum
from desktop.journal.history import History
from desktop.journal.witness import Witness

T = TypeVar("T")

log = logging.getLogger(__name__)

Lost = Literal["set_aside", "went_back"]
"""A notice's code: the journal is damaged, or behind its witness."""

_encode = msgspec.json.Encoder().encode


class SqliteJournal:
    """A Journal in the file `path`, which is made if it isn't there. `now` is the wall clock, in seconds."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._read_next = (path, beside(path, "-wal"))
        self._witness = path.with_suffix(".witness")
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._epoch = ""
        self._last = 0
        self._unsure = False
        """Whether a commit that failed may have come through all the same."""
        self._files: object = None  # which are open
        self._history: History | None = None  # while it has to be read from the file again
        self._compacting = self._closing = False

    def open(self, deliver: Deliver) -> Kept:
        self._deliver = deliver
        try:
            return self._thread.submit(self._open).result()
        except JournalError:
            self._thread.shutdown()
            raise

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        return self._thread.submit(self._append, operations, present)

    def see(self, here: int) -> None:
        self._thread.submit(self._see_people, here)

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        return self._readers.submit(self._read, query)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._thread.submit(self._snapshot, state, last)

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        seen = Witness(epoch=self._epoch, last=last, value=value, revision=revision, settings=settings)
        self._thread.submit(self._see, seen)

    def close(self) -> None:
        self._readers.shutdown()
        self._closing = True
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    # --- at the start ---

    def _open(self) -> Kept:
        known = witness.read(self._witness)
        kept, lost = self._found(known)
        notices: Sequence[Notice] = ()
        with self._plainly("opened"):
            if lost:
                kept, notices = self._go_on_from(known, lost)
            self._connect()
            try:
                if kept is None:
                    kept = schema.begin(self._db, None)
                schema.upgrade(self._db, kept.epoch)
                self._files = self._identity()
            except BaseException:
                self._db.close()
                raise
        self._epoch, self._last = kept.epoch, kept.last
        self._history = History(self._db, kept.epoch, schema.copy(kept.counter))
        with suppress(sqlite3.Error), self._transaction() as history:
            history.begin()
        self._compact()
        if kept.counter.revision:
            self._note(Witness.of(kept.epoch, kept.last, kept.counter))
        return kept._replace(notices=notices)

    def _found(self, known: Witness | None) -> tuple[Kept | None, Lost | None]:
        """What is kept, and what is wrong with it."""
        try:
            kept = files.read(self._path)
        except DamagedError as error:
            log.info("%s", error)
            return None, "set_aside"
        if known and (kept is None or known.has_seen_more_than(kept.epoch, kept.last, kept.counter)):
            return None, "went_back"
        return kept, None

    def _go_on_from(self, known: Witness | None, lost: Lost) -> tuple[Kept, Sequence[Notice]]:
        """Put a new journal in the place of one that is set aside, and say so."""
        # Whole before it gets there: what can't be replaced, on a full disk, stays.
        new = self._place_for_new()
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            kept = schema.begin(db, known)
        aside = files.set_aside(self._path, self._now())
        new.replace(self._path)
        files.sync_names(self._path.parent)
        path, counter = str(aside) if aside else UNSET, known.value if known else UNSET
        return kept, [Notice(code=lost, path=path, counter=counter)]

    def _place_for_new(self) -> Path:
        new = beside(self._path, "-new")
        for suffix in files.SUFFIXES:
            beside(new, suffix).unlink(missing_ok=True)
        return new

    def _connect(self, mode: str = "rwc") -> None:
        # Transactions are begun and ended here, by hand, as sqlite.org describes them.
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
        except BaseException:
            self._db.close()
            raise

    # --- while it runs ---

    def _append(self, operations: Sequence[AnyOperation], present: Present) -> None:
        with self._plainly("written"):
            self._stay()
            if self._unsure:
                operations = operations[self._recorded_after_all(operations) :]
            if operations:
                self._insert(operations, present)
        self._deliver(operations, self._last)

    def _insert(self, operations: Sequence[AnyOperation], present: Present) -> None:
        now, last, content = self._now(), self._last + len(operations), _encode(operations)
        row = last, now, content, checksum(self._epoch, last, content)
        with self._transaction() as history:
            self._db.execute("INSERT INTO batch VALUES (?, ?, ?, ?)", row)
            forgotten = history.record(operations, int(now * 1000), present)
            self._unsure = True
        self._unsure = False
        self._last = last
        if forgotten:
            with suppress(sqlite3.Error):
                compaction.wipe(self._db)  # else it is at the end, with the log

    @contextmanager
    def _transaction(self) -> Iterator[History]:
        """All of it comes into the file, or nothing."""
        if self._history is None:
            self._history = History(self._db, self._epoch, files.newest(self._db)[1])
        history, self._history = self._history, None
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield history
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._history = history

    def _recorded_after_all(self, operations: Sequence[AnyOperation]) -> int:
        """How many of these the last try has recorded, though it failed: its commit may have come that far."""
        self._reconnect()
        later = self._db.execute("SELECT operations FROM batch WHERE last > ? ORDER BY last", (self._last,))
        found = [operation for (content,) in later for operation in files.decode(content)]
        self._unsure = False
        self._last += len(found)
        if found:
            self._deliver(found, self._last)
        return len(found) if found == list(operations[: len(found)]) else 0

    def _snapshot(self, state: bytes, last: int) -> None:
        with self._plainly("written"):
            row = (last, state, checksum(self._epoch, last, state))
            self._db.execute("REPLACE INTO snapshot VALUES (1, ?, ?, ?)", row)
        self._compact()

    def _compact(self) -> None:
        """Take a small step, and the next one after what was asked for meanwhile."""
        if not self._compacting:
            self._compacting = True
            self._thread.submit(self._step)

    def _step(self) -> None:
        self._compacting = False
        if not self._closing and self._files is not None:
            with suppress(JournalError), self._plainly("compacted"):
                if compaction.step(self._db, self._now):
                    self._compact()

    def _see_people(self, here: int) -> None:
        # Of how many were here, what is missing is a little less to see.
        with suppress(JournalError), self._plainly("written"):
            self._stay()
            with self._transaction() as history:
                history.see(int(self._now() * 1000), here)

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with self._plainly("read"), closing(reading.connect(self._path)) as db:
            return query(db)

    def _see(self, seen: Witness) -> None:
        # Soon after a commit: so what was taken away during it comes back.
        with suppress(JournalError), self._plainly("written"):
            self._stay()
        self._note(seen)

    def _note(self, seen: Witness) -> None:
        try:
            witness.write(self._witness, seen)
        except OSError as error:
            # It will have seen less; the journal has it all.
            log.debug("%s could not be written: %s", self._witness, error)

    def _close(self) -> None:
        with suppress(sqlite3.Error):
            compaction.shrink(self._db)
        with self._plainly("closed"):
            self._db.close()

    # --- the files, under the open journal ---

    def _identity(self) -> object:
        """Which files the next start would read."""
        found = []
        for path in self._read_next:
            try:
                status = path.stat()
                found.append((status.st_dev, status.st_ino))
            except FileNotFoundError:
                found.append((0, 0))
        return found

    def _stay(self) -> None:
        """See to it that what is written is where the next start reads: somebody may move or replace open files."""
        if self._files is None:
            self._reconnect()
        elif self._files != self._identity():
            log.warning("%s was taken away or replaced, and is written anew.", self._path)
            # What was in the files can still be read, as long as they are open.
            copy = self._place_for_new()
            self._db.execute("VACUUM INTO ?", (str(copy),))
            with copy.open("r+b") as file:
                os.fsync(file.fileno())
            files.set_aside(self._path, self._now())
            copy.replace(self._path)
            files.sync_names(self._path.parent)
            self._reconnect()

    def _reconnect(self) -> None:
        # Closed before the other is opened: it deletes its log, by name.
        self._files = self._history = None
        self._db.close()
        self._connect("rw")
        self._db.execute("SELECT * FROM journal").fetchone()  # so that its log is there
        self._files = self._identity()

    @contextmanager
    def _plainly(self, done: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            raise JournalError(f"{self._path} could not be {done}: {error}.") from error
