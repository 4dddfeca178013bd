"""The journal's files as they were found: read without changing them, or set aside.

SQLite mends what it opens, and its log is gone afterwards. So they are looked at for reading only, before anything is
made of them; what is damaged is kept under another name, with all that belongs to it.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from desktop.core.counter import AnyOperation, Counter
from desktop.journal import JournalError, Kept

FORMAT: Final = 4
"""Of the file. Grows when an older program could no longer read it, or would make another number of it. Format 1 had no
checksums, format 3 no history, and no limit for each person."""
SINCE_HISTORY: Final = 4
SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
"""The database, and the files that SQLite keeps beside it (sqlite.org, "Temporary Files Used By SQLite")."""

decode = msgspec.json.Decoder(list[AnyOperation]).decode
"""A batch's content."""
_decode_state = msgspec.json.Decoder(Counter).decode


class DamagedError(JournalError):
    """The files hold no journal that can be trusted."""


def checksum(epoch: str, last: int, content: bytes) -> int:
    """Of a row: of what is in it, and that it belongs there. SQLite has none in its database, only in its log."""
    return zlib.crc32(content, zlib.crc32(f"{epoch} {last}".encode()))


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def read(path: Path) -> Kept | None:
    """What is kept in `path`; None if nothing was ever. Raises DamagedError, and JournalError for all other reasons."""
    try:
        size, log, rollback = (_size(beside(path, suffix)) for suffix in ("", "-wal", "-journal"))
        if not size:
            if log:
                # SQLite would delete it.
                raise DamagedError(f"{path} is empty or gone, but not its log.")
            return None
        # What an unfinished transaction has left there only a writer can take back.
        mode = "rw" if rollback else "ro"
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
            return _kept(db, path)
    except (sqlite3.Error, OSError) as error:
        if isinstance(error, sqlite3.Error) and _tells_of_damage(error):
            raise DamagedError(f"{path} is damaged: {error}.") from error
        raise JournalError(f"{path} could not be opened: {error}.") from error
    except (ValueError, TypeError) as error:
        raise DamagedError(f"{path} is damaged: {error}.") from error


def set_aside(path: Path, at: float) -> Path | None:
    """Give the database and what belongs to it another name, with the date of `at`; nothing is overwritten.

    Returns the database's new path, None if nothing was there. Raises JournalError.
    """
    stamp = datetime.fromtimestamp(at).strftime("%Y-%m-%d")
    names = (path.with_name(f"{path.stem} {stamp}{more}{path.suffix}") for more in _endings())
    new = next(name for name in names if not any(beside(name, suffix).exists() for suffix in SUFFIXES))
    moved = False
    try:
        # The database first: without its log it might seem whole.
        for suffix in SUFFIXES:
            with suppress(FileNotFoundError):
                beside(path, suffix).rename(beside(new, suffix))
                moved = True
        sync_names(path.parent)
    except OSError as error:
        raise JournalError(f"{path} could not be set aside: {error.strerror or error}.") from error
    return new if moved else None


def sync_names(folder: Path) -> None:
    """Write the names in a folder through to the disk. Raises OSError."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        # Windows opens no folder, and needs none of this.
        return
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _endings() -> Iterator[str]:
    yield ""
    for number in count(2):
        yield f" ({number})"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _tells_of_damage(error: sqlite3.Error) -> bool:
    """Whether the content is wrong, not the access to it."""
    # Python's own errors have no code: a text that is no UTF-8.
    code = getattr(error, "sqlite_errorcode", None)
    return code in (None, sqlite3.SQLITE_IOERR_SHORT_READ) or code & 0xFF in (
        sqlite3.SQLITE_ERROR,  # a table or column is missing
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_TOOBIG,
    )


def snapshot(db: sqlite3.Connection) -> tuple[int, Counter]:
    """The number of the last entry that is in the snapshot, and the state then."""
    last, state = db.execute("SELECT last, state FROM snapshot").fetchone() or (0, b"{}")
    return last, _decode_state(state)


def newest(db: sqlite3.Connection) -> tuple[int, Counter]:
    """The number of the newest entry, and the state after it, of a file that has been found whole."""
    last, counter = snapshot(db)
    for number, content in db.execute("SELECT last, operations FROM batch WHERE last > ? ORDER BY last", (last,)):
        last = number
        for operation in decode(content):
            counter.apply(operation)
    return last, counter


def _kept(db: sqlite3.Connection, path: Path) -> Kept | None:
    """Raises ValueError or TypeError for what is wrong, besides sqlite3.Error."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > FORMAT:
        raise JournalError(f"{path} was written by a newer LAN Counter.")
    if version < 1:
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables:
            raise ValueError("another program has written it")
        return None
    # With another number here it could be read, and never written (sqlite.org, "Database File Format").
    with path.open("rb") as file:
        write_version = file.read(20)[18]
    if write_version not in (1, 2):
        raise ValueError("its header is wrong")
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise ValueError(found)
    # A reader is let off with a schema that a writer can't parse.
    with closing(sqlite3.connect(":memory:")) as trial:
        for (statement,) in db.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL"):
            trial.execute(statement)
    (epoch,) = db.execute("SELECT epoch FROM journal").fetchone() or (None,)
    if not isinstance(epoch, str):
        raise ValueError("it is a journal without a name")

    if version >= SINCE_HISTORY:
        db.execute("SELECT * FROM change, block, round, share, who, name, presence, history LIMIT 0")

    def contents(query: str, *arguments: int) -> Iterator[tuple[int, bytes]]:
        checked = "crc" if version > 1 else "NULL"
        for last, content, crc in db.execute(query.format(crc=checked), arguments):
            if not (isinstance(last, int) and isinstance(content, bytes)):
                raise ValueError("a row is of another kind")
            if version > 1 and crc != checksum(epoch, last, content):
                raise ValueError(f"the checksum of entry {last} is wrong")
            yield last, content

    last, state = next(contents("SELECT last, state, {crc} FROM snapshot"), (0, b"{}"))
    counter = _decode_state(state)
    for number, content in contents("SELECT last, operations, {crc} FROM batch WHERE last > ? ORDER BY last", last):
        operations = decode(content)
        last += len(operations)
        if last != number:
            raise ValueError(f"entries before {number} are missing")
        for operation in operations:
            counter.apply(operation)
    return Kept(epoch, counter, last)
