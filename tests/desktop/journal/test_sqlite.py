"""The journal in a file: what it gives back, and what it still has after a fault."""

import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import desktop
from desktop.core.counter import Add, AnyOperation, Configure, Reset, Set, SettingsChange, Undo
from desktop.journal import JournalError, Kept
from desktop.journal.sqlite import FORMAT, SqliteJournal
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


def kept_in(path: Path) -> Kept:
    with opened(path) as (_, kept):
        return kept


def test_a_new_journal_is_empty_and_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    first, second = kept_in(tmp_path / "1.db"), kept_in(tmp_path / "2.db")

    assert first[1:4] == (None, [], 0)
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

    assert kept_in(database)[:4] == (new.epoch, None, [*EVERY_KIND, title], 6)


def test_numbers_go_on_after_a_restart(database: Path) -> None:
    delivered: Delivered = []
    batches: list[list[AnyOperation]] = [[A, B], [C]]
    for batch in batches:
        with opened(database, delivered) as (journal, _):
            journal.append(batch).result(PATIENCE)

    assert [last for _, last in delivered] == [2, 3]


def test_after_a_snapshot_only_later_entries_are_given_back(database: Path) -> None:
    with opened(database) as (journal, _):
        journal.append([A, B]).result(PATIENCE)
        journal.snapshot(b'{"value":1}', 2).result(PATIENCE)
        journal.append([C]).result(PATIENCE)

    assert kept_in(database)[1:4] == (b'{"value":1}', [C], 3)


def test_numbers_go_on_after_a_snapshot_with_nothing_behind_it(database: Path) -> None:
    with opened(database) as (journal, _):
        journal.append([A, B]).result(PATIENCE)
        journal.snapshot(b"{}", 2).result(PATIENCE)
    delivered: Delivered = []
    with opened(database, delivered) as (journal, kept):
        assert kept.last == 2
        journal.append([C]).result(PATIENCE)

    assert delivered == [([C], 3)]


def test_a_newer_snapshot_replaces_the_old_one_and_the_entries_stay_as_the_history(database: Path) -> None:
    with opened(database) as (journal, _):
        for number in (1, 2, 3):
            journal.append([A]).result(PATIENCE)
            journal.snapshot(str(number).encode(), number).result(PATIENCE)

    assert kept_in(database)[1:4] == (b"3", [], 3)
    assert rows(database, "SELECT last FROM batch") == [(1,), (2,), (3,)]


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
    # `synchronous` belongs to a connection: only the journal's own can be asked.
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remembered(path: Path, isolation_level: None) -> sqlite3.Connection:
        connections.append(connect(path, isolation_level=isolation_level, check_same_thread=False))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", remembered)
    journal = SqliteJournal(database)
    journal.open(nothing)
    try:
        assert connections[0].execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connections[0].execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
    finally:
        journal.close()


# The size of each batch follows from its number, so that half a batch would be noticed.
APPENDING = """
import sys
from pathlib import Path
from desktop.core.counter import Add
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
            program.send_signal(signal.SIGKILL)
            # A last line may be cut short by the kill: it was not acknowledged.
            seen += [int(line) for line in program.stdout if line.endswith("\n")]

        kept = kept_in(database)
        batches = [size for (size,) in rows(database, "SELECT json_array_length(operations) FROM batch ORDER BY last")]
        assert len(batches) > seen[-1]
        assert batches == [number % 7 + 1 for number in range(len(batches))]
        expected = [number for number, size in enumerate(batches) for _ in range(size)]
        assert [operation.delta for operation in kept.operations if isinstance(operation, Add)] == expected
        assert [operation.op for operation in kept.operations] == list(range(1, kept.last + 1))
        batch = len(batches)


# --- faults ---


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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
    assert kept_in(database)[1:4] == (None, [A, C], 2)


def no_database(path: Path) -> None:
    path.write_bytes(b"This is a shopping list, and a long one, too. " * 100)


def damaged_batch(path: Path) -> None:
    with opened(path) as (journal, _):
        journal.append([A]).result(PATIENCE)
    change(path, "UPDATE batch SET operations = '[[\"add\"'")


def of_another_program(path: Path) -> None:
    change(path, f"PRAGMA user_version = {FORMAT}")


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("prepare", [no_database, damaged_batch, of_another_program, folder])
def test_a_file_that_holds_no_readable_journal_is_refused_with_a_sentence(
    database: Path, prepare: Callable[[Path], None]
) -> None:
    prepare(database)

    with pytest.raises(JournalError, match=r"counter\.db could not be opened: .+\.$"):
        SqliteJournal(database).open(nothing)


def test_a_journal_that_has_lost_its_name_is_refused(database: Path) -> None:
    with opened(database):
        pass
    change(database, "DELETE FROM journal")

    with pytest.raises(JournalError, match=r"counter\.db is a journal without a name\.$"):
        SqliteJournal(database).open(nothing)


def test_a_file_of_a_newer_format_is_refused_and_left_as_it_is(database: Path) -> None:
    with opened(database) as (journal, _):
        journal.append([A]).result(PATIENCE)
    change(database, f"PRAGMA user_version = {FORMAT + 1}")

    with pytest.raises(JournalError, match=r"counter\.db was written by a newer LAN Counter\.$"):
        SqliteJournal(database).open(nothing)

    change(database, f"PRAGMA user_version = {FORMAT}")
    assert kept_in(database).operations == [A]
