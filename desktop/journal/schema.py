"""What is in a journal's file, how a new one begins, and how one of an older format is taken on."""

import secrets
import sqlite3
from collections.abc import Iterator
from typing import Final

import msgspec

from desktop.core.counter import Counter
from desktop.core.rounds import NOBODY
from desktop.journal import Kept, files, history
from desktop.journal.files import FORMAT, checksum
from desktop.journal.history import History
from desktop.journal.witness import Witness

SCHEMA: Final = """
CREATE TABLE journal (epoch TEXT NOT NULL);
CREATE TABLE batch (
    last INTEGER PRIMARY KEY,  -- the number of its last operation; the first one ever has 1
    at REAL NOT NULL,          -- Unix time, only for people
    operations BLOB NOT NULL,  -- a JSON array, as in desktop.core.counter
    crc INTEGER                -- desktop.journal.files.checksum
);
CREATE TABLE snapshot (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    last INTEGER NOT NULL,     -- the last operation in it
    state BLOB NOT NULL,
    crc INTEGER
);
"""

# `crc` is a function then.
CHECKSUMS: Final = """
ALTER TABLE batch ADD COLUMN crc INTEGER;
ALTER TABLE snapshot ADD COLUMN crc INTEGER;
UPDATE batch SET crc = crc(last, operations);
UPDATE snapshot SET crc = crc(last, state);
"""


def begin(db: sqlite3.Connection, known: Witness | None) -> Kept:
    """A new journal, which goes on from what is known."""
    epoch = secrets.token_urlsafe(16)
    counter = known.successor() if known else Counter()
    db.executescript(f"BEGIN; {SCHEMA} {history.SCHEMA} PRAGMA user_version = {FORMAT};")
    db.execute("INSERT INTO journal VALUES (?)", (epoch,))
    if known:
        state = msgspec.json.encode(counter)
        db.execute("INSERT INTO snapshot VALUES (1, 0, ?, ?)", (state, checksum(epoch, 0, state)))
    History(db, epoch, copy(counter)).begin()
    db.execute("COMMIT")
    return Kept(epoch, counter, 0)


def upgrade(db: sqlite3.Connection, epoch: str) -> None:
    """Make the newest format of an older one, in one transaction: its history is what its batches come to."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version >= FORMAT:
        return
    db.create_function("crc", 2, lambda last, content: checksum(epoch, last, content))
    is_without = version < files.SINCE_HISTORY
    db.executescript(f"BEGIN IMMEDIATE; {CHECKSUMS if version < 2 else ''} {history.SCHEMA if is_without else ''}")
    if is_without:
        take_on(db, db, epoch)
    db.execute(f"PRAGMA user_version = {FORMAT}")
    db.execute("COMMIT")


def take_on(old: sqlite3.Connection, new: sqlite3.Connection, epoch: str) -> None:
    """Write into `new` the history that the batches of `old` come to, of a format that had none."""
    last, counter = files.snapshot(old)
    first = old.execute("SELECT last, operations FROM batch ORDER BY last LIMIT 1").fetchone()
    # A journal that goes on from another one's last value begins with a snapshot; any other with its first entry.
    if last and first and first[0] == len(files.decode(first[1])):
        last, counter = 0, Counter()
    past = History(new, epoch, counter)
    past.begin()
    for at, content in _batches(old, last):
        past.record(files.decode(content), int(at * 1000), NOBODY)


def _batches(db: sqlite3.Connection, last: int) -> Iterator[tuple[float, bytes]]:
    return iter(db.execute("SELECT at, operations FROM batch WHERE last > ? ORDER BY last", (last,)))


def copy(counter: Counter) -> Counter:
    """Another of its own."""
    return msgspec.json.decode(msgspec.json.encode(counter), type=Counter)
