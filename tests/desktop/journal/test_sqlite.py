"""The journal in a file: what it gives back, and what it still has after a fault."""

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

import desktop
from desktop.core.answers import Notice
from desktop.core.counter import Counter
from desktop.core.operations import Add, AnyOperation, Configure, Reset, Set, Settings, SettingsChange, Undo
from desktop.journal import JournalError, Kept
from desktop.journal.files import FORMAT
from desktop.journal.sqlite import SqliteJournal
from desktop.journal.witness import LEAP
from tests.desktop.support import PATIENCE, change, rows

Delivered = list[tuple[list[AnyOperation], int]]

A, B, C = Add("ada", 1, False, 1), Add("ada", 2, False, -5, seen=7), Set("~", 0, False, 42)
EVERY_KIND: list[AnyOperation] = [A, B, C, Reset("host", 1, True), Undo("host", 2, True)]


def nothing(operations: Sequence[AnyOperation], last: int) -> None:
    pass


@contextmanager
def opened(path: Path, delivered: Delivered | None = None) -> Iterator[tuple[SqliteJournal, Kept]]:
    def deliver(operations: Sequence[AnyOperation], last: int) -> None:
        if delivered is not None:
            delivered.append((list(operations), last))

    journal = SqliteJournal(path)
    kept = journal.open(deliver)
    try:
        yield journal, kept
    finally:
        journal.close()


def copied(path: Path, folder: Path) -> None:
    """Copy the database and its log as they are on the disk; what a power cut would leave has no more."""
    folder.mkdir()
    for name in (path.name, f"{path.name}-wal"):
        (folder / name).write_bytes((path.parent / name).read_bytes())


def kept_in(path: Path) -> Kept:
    with opened(path) as (_, kept):
        return kept


def entries(path: Path) -> list[AnyOperation]:
    """All operations in the file."""
    batches = [blob for (blob,) in rows(path, "SELECT operations FROM batch ORDER BY last")]
    return [operation for blob in batches for operation in msgspec.json.decode(blob, type=list[AnyOperation])]


def played(operations: Sequence[AnyOperation]) -> Counter:
    counter = Counter()
    for operation in operations:
        counter.apply(operation)
    return counter


def test_a_new_journal_is_empty_and_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    first, second = kept_in(tmp_path / "1.db"), kept_in(tmp_path / "2.db")

    assert first[1:] == (Counter(), 0, ())
    assert len(first.epoch) >= 16
    assert first.epoch != second.epoch


def test_what_is_appended_is_delivered_in_order_and_numbered_from_1(database: Path) -> None:
    delivered: Delivered = []
    with opened(database, delivered) as (journal, _):
        batches: list[list[AnyOperation]] = [[A], [B, C], [A]]
        for batch in batches:
            journal.append(batch).result(PATIENCE)

    assert delivered == [([A], 1), ([B, C], 3), ([A], 4)]


def test_a_batch_is_in_the_file_when_it_is_delivered_and_delivered_when_it_is_done(database: Path) -> None:
    events: list[object] = []
    journal = SqliteJournal(database)
    journal.open(lambda operations, last: events.append(rows(database, "SELECT last FROM batch")))
    try:
        journal.append([A, B]).result(PATIENCE)
        events.append("done")
    finally:
        journal.close()

    assert events == [[(2,)], "done"]


def test_a_reopened_journal_gives_back_every_kind_of_operation_and_its_epoch(database: Path) -> None:
    title = Configure("host", 3, True, SettingsChange(title="Hände", goal=None))
    with opened(database) as (journal, new):
        journal.append(EVERY_KIND).result(PATIENCE)
        journal.append([title]).result(PATIENCE)

    assert kept_in(database) == (new.epoch, played([*EVERY_KIND, title]), 6, ())
    assert entries(database) == [*EVERY_KIND, title]


def test_numbers_go_on_after_a_restart(database: Path) -> None:
    delivered: Delivered = []
    batches: list[list[AnyOperation]] = [[A, B], [C]]
    for batch in batches:
        with opened(database, delivered) as (journal, _):
            journal.append(batch).result(PATIENCE)

    assert [last for _, last in delivered] == [2, 3]


def test_what_came_after_a_snapshot_is_applied_to_it(database: Path) -> None:
    with opened(database) as (journal, _):
        journal.append([A, B]).result(PATIENCE)
        journal.snapshot(b'{"value":1,"revision":7}', 2).result(PATIENCE)
        journal.append([Add("bob", 1, False, 5)]).result(PATIENCE)

    kept = kept_in(database)
    assert (kept.counter.value, kept.counter.revision, kept.last) == (6, 8, 3)


def test_numbers_go_on_after_a_snapshot_with_nothing_behind_it(database: Path) -> None:
    with opened(database) as (journal, _):
        journal.append([A, B]).result(PATIENCE)
        journal.snapshot(b"{}", 2).result(PATIENCE)
    delivered: Delivered = []
    with opened(database, delivered) as (journal, kept):
        assert kept.last == 2
        journal.append([C]).result(PATIENCE)

    assert delivered == [([C], 3)]


def test_a_newer_snapshot_replaces_the_old_one_and_what_is_in_it_goes(database: Path) -> None:
    with opened(database) as (journal, _):
        for number in (1, 2, 3):
            journal.append([A]).result(PATIENCE)
            journal.snapshot(b'{"value":%d}' % number, number).result(PATIENCE)

    assert (kept_in(database).counter.value, kept_in(database).last) == (3, 3)
    assert rows(database, "SELECT last FROM batch") == []


def test_batches_carry_the_time_they_were_recorded(database: Path) -> None:
    journal = SqliteJournal(database, now=lambda: 1234.5)
    journal.open(nothing)
    journal.append([A]).result(PATIENCE)
    journal.close()

    assert rows(database, "SELECT at FROM batch") == [(1234.5,)]


def test_closing_waits_for_what_was_appended(database: Path) -> None:
    with opened(database) as (journal, _):
        appended = [journal.append([A]) for _ in range(50)]

    assert all(future.done() and future.exception() is None for future in appended)
    assert kept_in(database).last == 50


# --- durability ---


def test_a_commit_has_reached_the_disk(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It belongs to a connection, and tidying up may set it lower meanwhile: so what the journal's own was told.
    told: list[str] = []
    connect = sqlite3.connect

    def overheard(path: str, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path, **options)
        if "mode=rw" in path:
            connection.set_trace_callback(told.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", overheard)
    with opened(database) as (journal, _):
        for _ in range(3):
            journal.append([A]).result(PATIENCE)

    commits = [place for place, statement in enumerate(told) if statement.startswith("INSERT INTO batch")]
    assert len(commits) == 3
    for commit in commits:
        before = told[:commit]
        assert [line for line in before if "PRAGMA journal_mode" in line][-1].endswith("WAL")
        assert [line for line in before if "PRAGMA synchronous" in line][-1].endswith("FULL")


# The size of each batch follows from its number, so that half a batch would be noticed.
APPENDING = """
import sys
from pathlib import Path
from desktop.core.operations import Add
from desktop.journal.sqlite import SqliteJournal

journal = SqliteJournal(Path(sys.argv[1]))
last = journal.open(lambda operations, last: None).last
batch = int(sys.argv[2])
while True:
    size = batch % 7 + 1
    journal.append([Add("ada", last + n, False, batch) for n in range(1, size + 1)]).result()
    last += size
    print(batch, flush=True)
    batch += 1
"""


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged_and_leaves_no_half_batch(database: Path) -> None:
    batch = 0
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", APPENDING, str(database), str(batch)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(desktop.__file__).parents[1],
        ) as program:
            assert program.stdout
            seen = [int(program.stdout.readline()) for _ in range(random.randint(1, 60))]
            program.kill()
            # A last line may be cut short by the kill: it was not acknowledged.
            seen += [int(line) for line in program.stdout if line.endswith("\n")]

        kept = kept_in(database)
        batches = [size for (size,) in rows(database, "SELECT json_array_length(operations) FROM batch ORDER BY last")]
        assert len(batches) > seen[-1]
        assert batches == [number % 7 + 1 for number in range(len(batches))]
        expected = [number for number, size in enumerate(batches) for _ in range(size)]
        assert [operation.delta for operation in entries(database) if isinstance(operation, Add)] == expected
        assert [operation.op for operation in entries(database)] == list(range(1, kept.last + 1))
        batch = len(batches)


# --- faults ---


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.unix
def test_a_batch_that_cannot_be_written_is_refused_and_the_next_one_has_its_number(database: Path) -> None:
    delivered: Delivered = []
    with opened(database, delivered) as (journal, _):
        journal.append([A]).result(PATIENCE)
        with full_disk((database.parent / "counter.db-wal").stat().st_size):
            refused = journal.append([B, B, B])
            with pytest.raises(JournalError, match=r"counter\.db could not be written: .+\.$"):
                refused.result(PATIENCE)
            with pytest.raises(JournalError):
                journal.snapshot(b"{}", 1).result(PATIENCE)
        journal.append([C]).result(PATIENCE)

    assert delivered == [([A], 1), ([C], 2)]
    assert entries(database) == [A, C]


def folder(path: Path) -> None:
    path.mkdir()


def read_only_folder_in_its_place(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("no folder")


@pytest.mark.parametrize("prepare", [folder, read_only_folder_in_its_place])
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(database: Path, prepare: Callable[[Path], None]) -> None:
    prepare(database)

    with pytest.raises(JournalError, match=r"counter\.db could not be opened: .+\.$"):
        SqliteJournal(database).open(nothing)


def test_a_file_that_somebody_else_holds_is_left_as_it_is(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(database) as (journal, _):
        journal.append([A]).result(PATIENCE)
    connect = sqlite3.connect
    with exclusively(database), monkeypatch.context() as patched, pytest.raises(JournalError, match="locked"):
        patched.setattr(sqlite3, "connect", lambda path, **options: connect(path, timeout=0, **options))
        SqliteJournal(database).open(nothing)

    assert entries(database) == [A]
    assert not list(database.parent.glob("counter 2*"))


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("UPDATE journal SET epoch = epoch")
    try:
        yield
    finally:
        holder.close()


def test_a_file_of_a_newer_format_is_refused_and_left_as_it_is(database: Path) -> None:
    with opened(database) as (journal, _):
        journal.append([A]).result(PATIENCE)
    change(database, f"PRAGMA user_version = {FORMAT + 1}")

    with pytest.raises(JournalError, match=r"counter\.db was written by a newer LAN Counter\.$"):
        SqliteJournal(database).open(nothing)

    change(database, f"PRAGMA user_version = {FORMAT}")
    assert entries(database) == [A]


# --- a commit that may or may not have come to the disk ---


class Unsure(sqlite3.Connection):
    """A connection whose next COMMIT succeeds and says that it has failed: a commit of which nobody knows."""

    lying = False

    def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
        cursor = super().execute(statement, *parameters)  # type: ignore[arg-type]
        if Unsure.lying and statement == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return cursor


@pytest.mark.unix
@pytest.mark.parametrize("recorded", [True, False])
def test_a_batch_that_is_given_again_is_recorded_once(
    database: Path, monkeypatch: pytest.MonkeyPatch, recorded: bool
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **rest: connect(path, factory=Unsure, **rest))
    delivered: Delivered = []
    with opened(database, delivered) as (journal, _):
        journal.append([A]).result(PATIENCE)
        size = (database.parent / "counter.db-wal").stat().st_size
        monkeypatch.setattr(Unsure, "lying", recorded)
        with nullcontext() if recorded else full_disk(size), pytest.raises(JournalError):
            journal.append([B]).result(PATIENCE)
        monkeypatch.setattr(Unsure, "lying", False)
        journal.append([B, C]).result(PATIENCE)
        journal.append([A]).result(PATIENCE)

    assert [operation for batch, _ in delivered for operation in batch] == [A, B, C, A]
    assert [last for _, last in delivered] == ([1, 2, 3, 4] if recorded else [1, 3, 4])
    assert entries(database) == [A, B, C, A]


# --- the files are taken away while it runs ---


def taken_away(path: Path) -> None:
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink()


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def replaced(path: Path) -> None:
    new = path.with_name("backup.db")
    with opened(new) as (journal, _):
        journal.append([C]).result(PATIENCE)
    new.replace(path)


def without_its_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


@pytest.mark.unix
@pytest.mark.parametrize("take", [taken_away, moved, replaced, without_its_log])
def test_whatever_becomes_of_the_open_files_what_is_acknowledged_is_where_the_next_start_reads(
    database: Path, take: Callable[[Path], None]
) -> None:
    delivered: Delivered = []
    with opened(database, delivered) as (journal, first):
        journal.append([A]).result(PATIENCE)
        take(database)
        left = database.read_bytes() if database.exists() else None
        journal.append([B]).result(PATIENCE)
        copied(database, database.parent / "copy")
        take(database)
        journal.witness(2, -4, 2, Settings())
        journal.append([C]).result(PATIENCE)

    assert delivered == [([A], 1), ([B], 2), ([C], 3)]
    assert entries(database.parent / "copy" / "counter.db") == [A, B]
    assert entries(database) == [A, B, C]
    kept = kept_in(database)
    assert (kept.epoch, kept.notices) == (first.epoch, ())
    if left is not None:
        # What had taken its place is not overwritten.
        assert left in [path.read_bytes() for path in database.parent.glob("counter 2*.db")]


def test_while_the_folder_is_gone_nothing_is_acknowledged_and_then_all_is_there(database: Path) -> None:
    folder = database.parent / "stick"
    folder.mkdir()
    path = folder / "counter.db"
    with opened(path) as (journal, first):
        journal.append([A]).result(PATIENCE)
        folder.rename(folder.with_name("unplugged"))
        for _ in range(2):
            with pytest.raises(JournalError, match=r"counter\.db could not be written: .+\.$"):
                journal.append([B]).result(PATIENCE)
        folder.mkdir()
        journal.append([C]).result(PATIENCE)

    assert entries(path) == [A, C]
    assert kept_in(path).epoch == first.epoch


@pytest.mark.unix
def test_one_that_cannot_be_opened_again_at_once_is_opened_later(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(database) as (journal, first):
        journal.append([A]).result(PATIENCE)
        taken_away(database)
        with monkeypatch.context() as patch:

            def refused(*arguments: object, **options: object) -> None:
                raise sqlite3.OperationalError("unable to open database file")

            patch.setattr(sqlite3, "connect", refused)
            with pytest.raises(JournalError):
                journal.append([B]).result(PATIENCE)
        journal.append([C]).result(PATIENCE)

    assert entries(database) == [A, C]
    assert kept_in(database).epoch == first.epoch


# --- formats ---

FORMAT_1 = """
CREATE TABLE journal (epoch TEXT NOT NULL);
CREATE TABLE batch (last INTEGER PRIMARY KEY, at REAL NOT NULL, operations BLOB NOT NULL);
CREATE TABLE snapshot (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL, state BLOB NOT NULL);
INSERT INTO journal VALUES ('e1');
INSERT INTO batch VALUES (2, 1.0, CAST('[["add","ada",1,false,1],["add","ada",2,false,-5,7]]' AS BLOB));
INSERT INTO snapshot VALUES (1, 2, CAST('{"value":-4}' AS BLOB));
INSERT INTO batch VALUES (3, 2.0, CAST('[["set","~",0,false,42]]' AS BLOB));
PRAGMA user_version = 1;
"""


def test_a_file_of_the_first_format_is_taken_on_and_gets_its_checksums(database: Path) -> None:
    db = sqlite3.connect(database)
    db.executescript(FORMAT_1)
    db.close()

    with opened(database) as (journal, kept):
        assert (kept.epoch, kept.counter.value, kept.last, kept.notices) == ("e1", 42, 3, ())
        journal.append([A]).result(PATIENCE)

    assert rows(database, "PRAGMA user_version") == [(FORMAT,)]
    assert kept_in(database).last == 4
    assert entries(database) == [C, A], "what the snapshot has is in the history"
    assert rows(database, "SELECT count(*) FROM batch WHERE crc IS NULL") == [(0,)]


# --- damage ---


def counted(path: Path, *, closed: bool = True) -> Kept:
    """A journal of ten entries that make 10, and its witness; as a kill leaves it if it isn't closed."""
    copy = path.with_name("copy")
    with opened(path) as (journal, kept):
        for op in range(1, 11):
            journal.append([Add("ada", op, False, 1)]).result(PATIENCE)
        journal.witness(10, 10, 10, Settings(title="Hands"))
        if not closed:
            journal.snapshot(b"{}", 0).result(PATIENCE)  # behind it the witness is written
            change(path, "DELETE FROM snapshot")
            shutil.copytree(path.parent, copy)
    if not closed:
        for file in path.parent.glob("counter.*"):
            file.unlink()
        for file in copy.iterdir():
            file.rename(path.parent / file.name)
        copy.rmdir()
    return kept


def shopping_list(path: Path) -> None:
    path.write_bytes(b"This is a shopping list, and a long one, too. " * 100)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(4096)
    path.write_bytes(content)


def unreadable_batch(path: Path) -> None:
    change(path, "UPDATE batch SET operations = '[[\"add\"' WHERE last = 7")


def missing_batch(path: Path) -> None:
    change(path, "DELETE FROM batch WHERE last = 4")


def missing_end(path: Path) -> None:
    change(path, "DELETE FROM batch WHERE last = 10")


def unreadable_snapshot(path: Path) -> None:
    change(path, "REPLACE INTO snapshot VALUES (1, 3, '{', 0)")


def nameless(path: Path) -> None:
    change(path, "DELETE FROM journal")


def of_another_program(path: Path) -> None:
    path.unlink()
    change(path, "CREATE TABLE batch (shopping TEXT)")


def set_aside(kept: Kept) -> Path:
    """Where the old file is now."""
    (notice,) = kept.notices
    assert isinstance(notice.path, str)
    return Path(notice.path)


DAMAGE = [
    shopping_list, emptied, half, zeroed_page, unreadable_batch, missing_batch, missing_end, unreadable_snapshot,
    nameless, of_another_program,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_set_aside_untouched_and_the_counter_goes_on_from_its_witness(
    database: Path, damage: Callable[[Path], None]
) -> None:
    before = counted(database)
    damage(database)
    content = database.read_bytes()

    journal = SqliteJournal(database, now=lambda: 1_800_000_000.0)
    kept = journal.open(nothing)
    try:
        (notice,) = kept.notices
        aside = set_aside(kept)
        assert aside.name.startswith("counter 2027-01-1")
        assert aside.read_bytes() == content
        assert notice.code == ("went_back" if damage in (emptied, missing_end) else "set_aside")
        assert notice.counter == kept.counter.value == 10
        assert (kept.counter.revision, kept.counter.settings.title) == (10 + LEAP, "Hands")
        assert kept.epoch != before.epoch
        journal.append([Add("ada", 1, False, 1)]).result(PATIENCE)
    finally:
        journal.close()

    again = kept_in(database)
    assert (again.counter.value, again.counter.revision, again.notices) == (11, 11 + LEAP, ())


@pytest.mark.parametrize("damage", [shopping_list, half, nameless])
def test_without_a_witness_a_damaged_journal_makes_way_for_a_new_one(
    database: Path, damage: Callable[[Path], None]
) -> None:
    counted(database)
    damage(database)
    database.with_suffix(".witness").write_text("no witness")

    kept = kept_in(database)
    assert kept.notices == [Notice(code="set_aside", path=str(set_aside(kept)))]
    assert kept.counter == Counter()


def test_a_journal_that_is_gone_is_missed(database: Path) -> None:
    counted(database)
    database.unlink()

    kept = kept_in(database)
    assert kept.notices == [Notice(code="went_back", counter=10)]
    assert (kept.counter.value, kept.counter.revision) == (10, 10 + LEAP)
    assert kept_in(database).notices == ()


def test_each_start_brings_the_witness_up_to_date(database: Path) -> None:
    with opened(database) as (journal, _):
        journal.append([A, A]).result(PATIENCE)
    assert not database.with_suffix(".witness").exists(), "as after a kill"
    with opened(database):
        pass
    emptied(database)
    assert [notice.counter for notice in kept_in(database).notices] == [1]


@pytest.mark.unix
@pytest.mark.parametrize("damage", [shopping_list, emptied])
def test_what_cannot_be_replaced_stays_where_it_is_and_is_told_at_the_start_that_can(
    database: Path, damage: Callable[[Path], None]
) -> None:
    counted(database)
    damage(database)
    content = database.read_bytes()

    with full_disk(4096), pytest.raises(JournalError, match=r"counter\.db could not be opened: .+\.$"):
        SqliteJournal(database).open(nothing)
    assert database.read_bytes() == content
    kept = kept_in(database)
    assert set_aside(kept).read_bytes() == content
    assert kept.counter.value == 10
    assert not [*database.parent.glob("*-new*")]


def test_lost_again_and_again_the_number_goes_on_and_the_revision_never_goes_back(database: Path) -> None:
    counted(database)
    revisions = [10]
    for _ in range(3):
        emptied(database)
        kept = kept_in(database)
        assert kept.counter.value == 10
        revisions.append(kept.counter.revision)
    assert revisions == sorted(set(revisions))


def of_another_day(path: Path, entries: int) -> bytes:
    with opened(path) as (journal, _):
        for op in range(1, entries + 1):
            journal.append([Add("bob", op, False, 1)]).result(PATIENCE)
    return path.read_bytes()


def test_another_journal_that_is_ahead_is_taken_and_one_behind_is_set_aside(database: Path) -> None:
    # Somebody has put the file of another day there: pages that were here must not be told an older revision.
    counted(database)
    database.write_bytes(of_another_day(database.with_name("more.db"), 11))
    kept = kept_in(database)
    assert (kept.counter.value, kept.notices) == (11, ())
    database.write_bytes(of_another_day(database.with_name("less.db"), 9))
    assert [(notice.code, notice.counter) for notice in kept_in(database).notices] == [("went_back", 11)]


def test_what_is_set_aside_never_takes_the_name_of_another(database: Path) -> None:
    found = set()
    for _ in range(3):
        counted(database)
        shopping_list(database)
        found.add(set_aside(kept_in(database)))

    assert len(found) == 3
    assert all(path.exists() for path in found)


def test_a_log_whose_header_is_damaged_is_found_out(database: Path) -> None:
    counted(database, closed=False)
    log = database.with_name("counter.db-wal")
    content = bytearray(log.read_bytes())
    content[0:32] = bytes(32)
    log.write_bytes(content)

    kept = kept_in(database)
    assert kept.counter.value == 10
    aside = set_aside(kept)
    assert aside.with_name(aside.name + "-wal").read_bytes() == content


# --- power cuts ---


def test_what_was_acknowledged_is_in_the_files_as_they_are_then(database: Path) -> None:
    """A power cut keeps what was forced to the disk: the files as they are when a batch is done hold it."""
    with opened(database) as (journal, _):
        for op in range(1, 6):
            journal.append([Add("ada", op, False, 1)]).result(PATIENCE)
            copy = database.parent / f"copy{op}"
            copy.mkdir()
            for file in ("counter.db", "counter.db-wal"):
                shutil.copy(database.with_name(file), copy / file)
            assert kept_in(copy / "counter.db").counter.value == op


def test_a_clock_that_jumps_changes_nothing_but_what_people_read(database: Path) -> None:
    clock = [0.0]
    journal = SqliteJournal(database, now=lambda: clock[0])
    journal.open(nothing)
    for op, clock[0] in enumerate((2e9, 1.0, -5.0), 1):
        journal.append([Add("ada", op, False, 1)]).result(PATIENCE)
    journal.close()

    assert kept_in(database).counter.value == 3
    assert rows(database, "SELECT at FROM batch ORDER BY last") == [(2e9,), (1.0,), (-5.0,)]
