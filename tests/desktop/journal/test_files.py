"""The files as they are found: what is damage and what isn't, read without a trace, and set aside without loss."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from desktop.core.operations import Add, Settings
from desktop.journal import JournalError, Kept
from desktop.journal.files import FORMAT, SUFFIXES, DamagedError, beside, read, set_aside
from desktop.journal.sqlite import SqliteJournal
from desktop.journal.witness import LEAP
from tests.desktop.support import PATIENCE, change, held

NOON = datetime(2026, 11, 24, 12, 0, 0).timestamp()


def content(folder: Path) -> dict[str, bytes]:
    """What is in it; SQLite leaves a log with nothing in it, and a list of what is in the log."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}
    return {name: there for name, there in found.items() if there or not name.endswith("-wal")}


def written(path: Path, batches: int = 3, snapshot: int = 0) -> None:
    journal = SqliteJournal(path)
    journal.open(lambda operations, last: None)
    for op in range(1, batches + 1):
        journal.append([Add("ada", op, False, op)]).result(PATIENCE)
    if snapshot:
        journal.snapshot(b'{"value":6,"revision":3}', snapshot).result(PATIENCE)
    journal.close()


@pytest.mark.parametrize("content", [None, b""])
def test_where_nothing_was_ever_kept_there_is_nothing_to_read(database: Path, content: bytes | None) -> None:
    if content is not None:
        database.write_bytes(content)
    assert read(database) is None
    assert read(database) is None


def test_a_database_that_was_only_begun_holds_nothing(database: Path) -> None:
    change(database, "PRAGMA journal_mode = WAL")
    assert database.stat().st_size
    assert read(database) is None


def test_reading_changes_nothing_and_what_is_only_in_the_log_is_read(database: Path) -> None:
    journal = SqliteJournal(database)
    opened = journal.open(lambda operations, last: None)
    journal.append([Add("ada", 1, False, 5)]).result(PATIENCE)
    copy = database.parent / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        beside(copy / "counter.db", suffix).write_bytes(beside(database, suffix).read_bytes())
    journal.close()
    before = content(copy)

    kept = read(copy / "counter.db")

    assert kept is not None
    assert (kept.epoch, kept.counter.value, kept.last) == (opened.epoch, 5, 1)
    assert content(copy) == before


# --- damage ---


def shopping_list(path: Path) -> None:
    path.write_bytes(b"This is a shopping list, and a long one, too. " * 100)


def emptied(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.open(lambda operations, last: None)
    log = beside(path, "-wal").read_bytes()
    journal.close()
    path.write_bytes(b"")
    beside(path, "-wal").write_bytes(log)


def gone(path: Path) -> None:
    emptied(path)
    path.unlink()


def cut(path: Path) -> None:
    written(path)
    os.truncate(path, path.stat().st_size - 4096)


def of_another_program(path: Path) -> None:
    change(path, "CREATE TABLE shopping (item TEXT)")


def of_another_program_with_our_number(path: Path) -> None:
    change(path, f"PRAGMA user_version = {FORMAT}")


def by(statement: str, snapshot: int = 0) -> Callable[[Path], None]:
    def prepare(path: Path) -> None:
        written(path, snapshot=snapshot)
        change(path, statement)

    return prepare


def read_only_by_its_header(path: Path) -> None:
    written(path)
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\x09")


def never_to_be_parsed(path: Path) -> None:
    written(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"    only INTEGER PRIMARY KEY", b"    ooly INTEGER PRIMARY KEY"))


DAMAGE = {
    "no database": shopping_list,
    "emptied": emptied,
    "gone but for its log": gone,
    "cut": cut,
    "never to be written": read_only_by_its_header,
    "never to be parsed by a writer": never_to_be_parsed,
    "of another program": of_another_program,
    "of another program with our number": of_another_program_with_our_number,
    "without a name": by("DELETE FROM journal"),
    "its name a number": by("UPDATE journal SET epoch = x'ff'"),
    "another name": by("UPDATE journal SET epoch = 'another'"),
    "its name no text": by("UPDATE journal SET epoch = CAST(x'ff' AS TEXT)"),
    "a batch no operations": by("UPDATE batch SET operations = '[[\"add\"'"),
    "a batch another": by("UPDATE batch SET operations = CAST(replace(operations, '2', '3') AS BLOB) WHERE last = 2"),
    "a batch gone": by("DELETE FROM batch WHERE last = 2"),
    "a batch moved": by("UPDATE batch SET last = 9 WHERE last = 3"),
    "no checksum": by("UPDATE batch SET crc = NULL WHERE last = 2"),
    "a snapshot another": by("UPDATE snapshot SET state = CAST(replace(state, '6', '7') AS BLOB)", 3),
    "a snapshot of another entry": by("UPDATE snapshot SET last = 2", 3),
    "a table gone": by("DROP TABLE snapshot"),
}


@pytest.mark.parametrize("prepare", DAMAGE.values(), ids=DAMAGE)
def test_what_cannot_be_trusted_is_damage_and_stays_as_it_is(database: Path, prepare: Callable[[Path], None]) -> None:
    prepare(database)
    before = content(database.parent)

    with pytest.raises(DamagedError, match=r"counter\.db is .+\.$"):
        read(database)

    assert content(database.parent) == before


def test_a_snapshot_that_no_program_of_ours_has_written_is_damage(database: Path) -> None:
    journal = SqliteJournal(database)
    journal.open(lambda operations, last: None)
    journal.snapshot(b"?", 0).result(PATIENCE)
    journal.close()

    with pytest.raises(DamagedError, match=r"counter\.db is damaged: .+\.$"):
        read(database)


def test_a_newer_format_is_no_damage(database: Path) -> None:
    written(database)
    change(database, f"PRAGMA user_version = {FORMAT + 1}")
    before = content(database.parent)

    with pytest.raises(JournalError, match=r"counter\.db was written by a newer LAN Counter\.$") as refused:
        read(database)

    assert not isinstance(refused.value, DamagedError)
    assert content(database.parent) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_no_damage(database: Path) -> None:
    written(database)
    database.chmod(0)

    with pytest.raises(JournalError, match=r"counter\.db could not be opened: .+\.$") as refused:
        read(database)

    assert not isinstance(refused.value, DamagedError)


def test_what_another_program_holds_is_no_damage(database: Path) -> None:
    written(database)
    # While it holds the whole file, and a log of the other kind: in ours, readers pass.
    change(database, "PRAGMA journal_mode = DELETE")
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(JournalError, match=r"counter\.db could not be opened: database is locked\.$") as refused:
            read(database)
    finally:
        holder.close()
    assert not isinstance(refused.value, DamagedError)
    with held(database):
        assert read(database) is not None


def test_what_a_kill_left_half_done_is_taken_back_and_no_damage(database: Path) -> None:
    # In the other kind of log, as while a database is being made.
    written(database)
    change(database, "PRAGMA journal_mode = DELETE")
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("PRAGMA cache_spill = 1")
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE batch SET operations = zeroblob(20000)")
    files = {suffix: beside(database, suffix).read_bytes() for suffix in ("", "-journal")}
    writer.execute("ROLLBACK")
    writer.close()
    for suffix, found in files.items():
        beside(database, suffix).write_bytes(found)

    kept = read(database)

    assert kept is not None
    assert kept.last == 3


# --- torn at any byte ---

EVERY_BYTE = "EVERY_BYTE" in os.environ
"""Else some bytes, other ones in each run. It takes minutes: -o faulthandler_timeout=0."""
BATCHES = 6
NOTED = BATCHES - 1
"""The newest entry that the witness knows of."""
STATES = [(op * (op + 1) // 2, op) for op in range(BATCHES + 1)]
"""Value and revision after each entry."""
LOG = "counter.db-wal"

Files = dict[str, bytes]


@pytest.fixture
def lives(tmp_path: Path) -> list[Files]:
    """The files before the last batch and after it, as a power cut finds them, and when the journal was closed."""
    path = tmp_path / "lives" / "counter.db"
    path.parent.mkdir()
    found = []
    journal = SqliteJournal(path)
    journal.open(lambda operations, last: None)
    for op in range(1, BATCHES + 1):
        journal.append([Add("ada", op, False, op)]).result(PATIENCE)
        if op == 2:
            journal.snapshot(b'{"value":3,"revision":2,"clients":{"ada":[2,3]}}', op).result(PATIENCE)
        if op == NOTED:
            journal.witness(op, *STATES[op], Settings())
            # It is written before the next is recorded.
            journal.append([]).result(PATIENCE)
        if op >= NOTED:
            found.append(content(path.parent))
    journal.close()
    return [*found, content(path.parent)]


def places(start: int, end: int, some: int) -> list[int]:
    whole = range(start, end)
    return [*whole] if EVERY_BYTE else sorted({start, end - 1, *random.sample(whole, min(some, len(whole)))})


def tears(content: bytes, place: int) -> list[bytes]:
    """Cut there, nothing but zeros from there on, one bit of it another."""
    flipped = bytes((content[place] ^ 1 << random.randrange(8),))
    return [
        content[:place],
        content[:place] + bytes(len(content) - place),
        content[:place] + flipped + content[place + 1 :],
    ]


def opened(folder: Path, files: Files) -> tuple[Kept, tuple[int, int]]:
    """Start on these files, in a folder of their own; returns what was kept, and its value and revision."""
    path = folder / "torn" / "counter.db"
    path.parent.mkdir()
    try:
        for name, content in files.items():
            (path.parent / name).write_bytes(content)
        journal = SqliteJournal(path)
        kept = journal.open(lambda operations, last: None)
        journal.close()
    finally:
        shutil.rmtree(path.parent)
    return kept, (kept.counter.value, kept.counter.revision)


def is_told_or_whole(kept: Kept, state: tuple[int, int], epoch: str) -> None:
    if kept.notices:
        value, revision = STATES[NOTED]
        assert [notice.counter for notice in kept.notices] == [value]
        assert state == (value, revision + LEAP)
    else:
        assert kept.epoch == epoch
        assert kept.last >= NOTED
        assert state == STATES[kept.last]


def test_a_commit_torn_at_any_byte_of_the_log_takes_no_other_with_it(tmp_path: Path, lives: list[Files]) -> None:
    before, after, _ = lives
    start, end = len(before[LOG]), len(after[LOG])
    assert start < end
    for place in places(start, end, 40):
        for log in tears(after[LOG], place):
            kept, state = opened(tmp_path, after | {LOG: log})
            assert not kept.notices
            assert kept.last >= BATCHES - 1
            assert state == STATES[kept.last]


def test_a_log_damaged_at_any_byte_is_whole_enough_or_it_is_told(tmp_path: Path, lives: list[Files]) -> None:
    _, after, _ = lives
    epoch = opened(tmp_path, after)[0].epoch
    told = 0
    for place in [*places(0, 32, 10), *places(32, len(after[LOG]), 40)]:
        for log in tears(after[LOG], place):
            kept, state = opened(tmp_path, after | {LOG: log})
            is_told_or_whole(kept, state, epoch)
            told += bool(kept.notices)
    assert told


def test_a_database_damaged_at_any_byte_is_whole_enough_or_it_is_told(tmp_path: Path, lives: list[Files]) -> None:
    _, _, closed = lives
    assert LOG not in closed
    database = closed["counter.db"]
    epoch = opened(tmp_path, closed)[0].epoch
    told = 0
    for place in [*places(0, 100, 20), *places(100, len(database), 60)]:
        for torn in tears(database, place):
            try:
                kept, state = opened(tmp_path, closed | {"counter.db": torn})
            except JournalError as error:
                # One number tells the format: what a newer program has written isn't touched.
                assert "newer" in str(error)
                continue
            is_told_or_whole(kept, state, epoch)
            told += bool(kept.notices)
    assert told


# --- set aside ---


def test_all_that_belongs_together_is_set_aside_under_one_dated_name_and_nothing_is_overwritten(
    database: Path,
) -> None:
    names = []
    for number in range(3):
        for suffix in SUFFIXES:
            beside(database, suffix).write_text(f"{suffix} {number}")
        names.append(set_aside(database, NOON))

    stem = "counter 2026-11-24"
    assert names == [database.with_name(f"{stem}{more}.db") for more in ("", " (2)", " (3)")]
    for number, name in enumerate(names):
        assert name
        assert [beside(name, suffix).read_text() for suffix in SUFFIXES] == [f"{s} {number}" for s in SUFFIXES]
    assert not database.exists()


def test_a_log_without_its_database_is_set_aside_too_and_takes_no_others_name(database: Path) -> None:
    beside(database, "-wal").write_text("a log")
    beside(database.with_name("counter 2026-11-24.db"), "-shm").write_text("another's")

    assert set_aside(database, NOON) == database.with_name("counter 2026-11-24 (2).db")
    assert database.with_name("counter 2026-11-24 (2).db-wal").read_text() == "a log"


def test_where_nothing_is_nothing_is_set_aside(database: Path) -> None:
    assert set_aside(database, NOON) is None


def test_what_cannot_be_set_aside_is_an_error_in_a_sentence(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database.write_text("?")

    def refused(self: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(JournalError, match=r"counter\.db could not be set aside: Permission denied\.$"):
        set_aside(database, NOON)
    assert database.read_text() == "?"
