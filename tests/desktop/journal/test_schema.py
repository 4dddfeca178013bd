"""What is in a journal's file, and files of older programs."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from desktop.core.counter import AnyOperation, Counter
from desktop.journal import files, reading, schema
from desktop.journal.sqlite import SqliteJournal
from tests.desktop.support import PATIENCE, rows

# As the programs of those formats wrote them.
OPERATIONS = [
    '[["add","ada-0123456789-0123456789",1,false,5],["set","~run~2",0,false,7]]',
    '[["reset","host-0123456789-012345678",1,true],["add","ada-0123456789-0123456789",2,false,-2,3]]',
    '[["undo","host-0123456789-012345678",2,true],["undo","host-0123456789-012345678",3,true]]',
    '[["configure","host-0123456789-012345678",4,true,{"title":"Hands"}],["reset","host-0123456789-012345678",5,true]]',
]
TABLES = {
    1: """CREATE TABLE journal (epoch TEXT NOT NULL);
CREATE TABLE batch (last INTEGER PRIMARY KEY, at REAL NOT NULL, operations BLOB NOT NULL);
CREATE TABLE snapshot (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL, state BLOB NOT NULL);""",
    2: """CREATE TABLE journal (epoch TEXT NOT NULL);
CREATE TABLE batch (last INTEGER PRIMARY KEY, at REAL NOT NULL, operations BLOB NOT NULL, crc INTEGER);
CREATE TABLE snapshot (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL, state BLOB NOT NULL,
crc INTEGER);""",
}


def old(database: Path, version: int, snapshot: int | None = None) -> None:
    """A file of an older program: with a snapshot after so many batches."""
    db = sqlite3.connect(database, isolation_level=None)
    db.executescript(f"PRAGMA journal_mode = WAL; {TABLES[min(version, 2)]} PRAGMA user_version = {version};")
    db.execute("INSERT INTO journal VALUES ('epoch')")
    counter = Counter()
    for number, text in enumerate(OPERATIONS, 1):
        content, last = text.encode(), 2 * number
        crc = [] if version == 1 else [files.checksum("epoch", last, content)]
        marks = "?, ?, ?" + ", ?" * len(crc)
        db.execute(f"INSERT INTO batch VALUES ({marks})", (last, 1.79e9 + number, content, *crc))
        for operation in files.decode(content):
            counter.apply(operation)
        if number == snapshot:
            state = msgspec.json.encode(counter)
            crc = [] if version == 1 else [files.checksum("epoch", last, state)]
            db.execute(f"INSERT INTO snapshot VALUES ({marks})", (1, last, state, *crc))
    db.close()


def nothing(operations: Sequence[AnyOperation], last: int) -> None:
    pass


@pytest.mark.parametrize("snapshot", [None, 1, 2, 4])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_an_older_program_is_taken_on_with_the_history_that_its_operations_come_to(
    database: Path, version: int, snapshot: int | None
) -> None:
    old(database, version, snapshot)
    journal = SqliteJournal(database)
    kept = journal.open(nothing)
    try:
        assert (kept.epoch, kept.last, kept.counter.value, kept.counter.revision) == ("epoch", 8, 0, 8)
        rounds = journal.read(reading.rounds).result(PATIENCE)
        assert [(one.title, one.round.value, one.round.low, one.round.high, one.people) for one in rounds] == [
            ("Hands", 0, 0, 0, 0),
            ("Hands", 7, -2, 7, 3),
        ]
        entries = journal.read(lambda db: reading.piece(db, -1, None)).result(PATIENCE)
        assert [(entry.value, entry.kind) for entry in entries] == [
            (5, "add"), (7, "set"), (0, "reset"), (-2, "add"), (0, "undo"), (7, "undo"), (0, "reset"),
        ]  # fmt: skip
        assert [entry.who and entry.who.role for entry in entries[:3]] == ["guest", "classic", "host"]
        assert {entry.at // 1000 for entry in entries} == {1_790_000_001, 1_790_000_002, 1_790_000_003, 1_790_000_004}
    finally:
        journal.close()
    assert rows(database, "PRAGMA user_version") == [(files.FORMAT,)]


def test_a_new_journal_has_a_round(database: Path) -> None:
    db = sqlite3.connect(database, isolation_level=None)
    try:
        kept = schema.begin(db, None)
        assert (kept.counter, kept.last) == (Counter(), 0)
        assert [one.number for one in reading.rounds(db)] == [1]
    finally:
        db.close()
