"""What becomes of a journal's file in the long run: it stays as small as what has to be known.

    an operation    goes once a snapshot has what it came to: the newest snapshot and what came after it is the truth
    a client        is in the snapshots for as long as an operation of its could come again: it is forgotten, by an
                    operation of the log's (counter.Age), when it was not here and said nothing for 12 hours
    a change        is kept as it was for a month; past it, of each block the first, lowest, highest and last, each with
                    the sum of those that it stands for: no value, and no sum of a round, is another one afterwards
    a round         is kept, with who added what in it

It goes in steps of a few milliseconds, each a transaction of its own that changes nothing of what the file means: so
clicks come in between, and a kill leaves nothing undone. They need not be on the disk at once: a later commit brings
them there, and a power cut only takes back what will be done again.
"""

import sqlite3
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from desktop.journal.history import BLOCK

MONTH: Final = 30 * 86_400_000
"""Milliseconds."""
BATCHES: Final = 128
BYTES: Final = 128 * 1024
"""Of operations that go in one step, at most: more takes too long; but one batch at least."""
BUSY: Final = 200
"""Milliseconds that wiping waits for readers."""
MUCH: Final = 4 * 1024 * 1024
"""Bytes that are free in the file, from which on, if they are more than half of it, it is written anew at the end."""


def step(db: sqlite3.Connection, now: Callable[[], float]) -> bool:
    """Do a little of what there is to do by the clock `now`; whether there is more. Raises sqlite3.Error."""
    db.execute("PRAGMA synchronous = NORMAL")
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            done = _drop_operations(db) or thin(db, now() * 1000 - MONTH)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        return done
    finally:
        db.execute("PRAGMA synchronous = FULL")


def wipe(db: sqlite3.Connection) -> bool:
    """Write what was deleted over in the file itself, and empty its log; whether no reader was in the way."""
    db.execute(f"PRAGMA busy_timeout = {BUSY}")
    try:
        busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        db.execute("PRAGMA busy_timeout = 5000")


def shrink(db: sqlite3.Connection) -> None:
    """Give the disk back what is no longer needed, if it is much. Raises sqlite3.Error."""
    (free,), (pages,), (size,) = (
        db.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count", "page_size")
    )
    if free * size >= MUCH and 2 * free > pages:
        db.execute("VACUUM")


def _drop_operations(db: sqlite3.Connection) -> bool:
    (kept,) = db.execute("SELECT last FROM snapshot").fetchone() or (0,)
    size, until = 0, None
    for last, length in db.execute(
        "SELECT last, length(operations) FROM batch WHERE last <= ? ORDER BY last LIMIT ?", (kept, BATCHES)
    ):
        size, until = size + length, last
        if size > BYTES:
            break
    if until is None:
        return False
    db.execute("DELETE FROM batch WHERE last <= ?", (until,))
    return True


def thin(db: sqlite3.Connection, before: float, most: int | None = None) -> bool:
    """Thin one block that ended `before`, in milliseconds, or isn't among so many newest; whether there was one."""
    (thinned,) = db.execute("SELECT thinned FROM history").fetchone()
    block = db.execute(
        "SELECT number, first, low, high, last, first_at, last_at FROM block WHERE number >= ? ORDER BY number LIMIT 1",
        (thinned,),
    ).fetchone()
    newest = db.execute("SELECT max(number) FROM block").fetchone()
    # The newest one still grows.
    if not block or block[0] == newest[0]:
        return False
    if block[6] >= before and (most is None or block[0] + most > newest[0]):
        return False
    number, points, begin, end = block[0], set(block[1:5]), block[5], block[6]
    changes = db.execute(
        "SELECT revision, value, delta, kind FROM change WHERE revision >= ? AND revision < ? ORDER BY revision",
        (number * BLOCK, (number + 1) * BLOCK),
    ).fetchall()
    # A reset, and what it ended with, is what the rounds' values are told by.
    for (revision, *_), (later, *_, kind) in pairwise(changes):
        if kind == "reset":
            points |= {revision, later}
    carried, stands_for_more = 0, False
    several, gone = [], []
    for revision, _, delta, _ in changes:
        if revision not in points:
            gone.append((revision,))
            carried, stands_for_more = carried + delta, True
        elif stands_for_more:
            several.append((delta + carried, revision))
            carried, stands_for_more = 0, False
    db.executemany("UPDATE change SET delta = ?, kind = 'several', who = NULL WHERE revision = ?", several)
    db.executemany("DELETE FROM change WHERE revision = ?", gone)
    _thin_presence(db, begin, end)
    db.execute("UPDATE history SET thinned = ?", (number + 1,))
    return True


def _thin_presence(db: sqlite3.Connection, begin: int, end: int) -> None:
    """As long as a block took, of how many were here the most are enough."""
    db.execute(
        "DELETE FROM presence WHERE at > ? AND at < ? AND here < "
        "(SELECT max(here) FROM presence WHERE at > ? AND at < ?)",
        (begin, end, begin, end),
    )
