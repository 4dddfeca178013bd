"""The history of a session as one value, from which a new host begins: its tables' rows, packed, with the counter as it
was then. Names are in it by their tokens (`redis_names`) alone.

It is as large as what has to be known, and no larger: all but the newest MOST_BLOCKS blocks of changes are thinned as
those past a month are (`compaction`). That depends on the entries alone, so that all hosts thin the same.
"""

import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from desktop.core.counter import Counter
from desktop.journal import compaction, history

MOST_BLOCKS: Final = 400
"""That are kept as they were: 102,400 changes."""
TABLES: Final = ("change", "block", "round", "share", "who", "name", "presence", "history")


class Image(msgspec.Struct, array_like=True):
    counter: Counter
    tables: dict[str, list[list[Any]]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Image).decode


def fresh() -> sqlite3.Connection:
    """An empty history, in memory."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("PRAGMA secure_delete = ON")
    db.executescript(history.SCHEMA)
    return db


def pack(db: sqlite3.Connection, counter: Counter, tokens: Mapping[str, str]) -> bytes:
    """`tokens` are the names'; a name that has none is left out."""
    tables: dict[str, Sequence[Sequence[Any]]] = {
        table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES
    }
    tables["name"] = [(who, tokens[name]) for who, name in tables["name"] if name in tokens]
    return zlib.compress(_encode((counter, tables)), 1)


def tokens(db: sqlite3.Connection) -> list[str]:
    """Those in an unpacked history."""
    return [token for (token,) in db.execute("SELECT DISTINCT name FROM name")]


def unpack(image: bytes) -> tuple[sqlite3.Connection, Counter]:
    """The history with tokens for names, and the counter. Raises ValueError for what is no image."""
    try:
        found = _decode(zlib.decompress(image))
        db = fresh()
        db.execute("BEGIN")
        for table in TABLES:
            db.execute(f"DELETE FROM {table}")
            if rows := found.tables[table]:
                db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        db.execute("COMMIT")
    except (zlib.error, msgspec.DecodeError, KeyError, sqlite3.Error) as error:
        raise ValueError(f"the history is damaged ({error})") from error
    return db, found.counter


def name(db: sqlite3.Connection, names: Mapping[str, str]) -> None:
    """Put the names in their tokens' place; whose token stands for none any more has none."""
    for who, token in db.execute("SELECT who, name FROM name").fetchall():
        if token in names:
            db.execute("UPDATE name SET name = ? WHERE who = ?", (names[token], who))
        else:
            db.execute("DELETE FROM name WHERE who = ?", (who,))


def thin(db: sqlite3.Connection, at: int) -> None:
    """Thin what is old at this time, in milliseconds, or more than is kept as it was."""
    while compaction.thin(db, at - compaction.MONTH, MOST_BLOCKS):
        pass
