"""What becomes of a journal's file in the long run."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from desktop.core.counter import Add, AnyOperation, Counter, Reset
from desktop.core.rounds import Present, Who
from desktop.journal import compaction, reading
from desktop.journal.history import BLOCK
from desktop.journal.sqlite import SqliteJournal
from tests.desktop.support import PATIENCE, rows

ADA, HOST = "ada-0123456789-0123456789", "host-0123456789-012345678"
PRESENT = Present(2, {ADA: Who(1, "Ada", "guest"), HOST: Who(2, "", "host")})
START = 1_790_000_000.0


class Clock:
    now = START

    def __call__(self) -> float:
        self.now += 1
        return self.now


def nothing(operations: Sequence[AnyOperation], last: int) -> None:
    pass


def filled(database: Path, batches: int, size: int = 50) -> tuple[Counter, int]:
    """Clicks, one a batch a reset."""
    journal, counter, op, last = SqliteJournal(database, Clock()), Counter(), 0, 0
    journal.open(nothing)
    for number in range(1, batches + 1):
        batch: list[AnyOperation] = [Add(ADA, op + n, False, (-1) ** n * n) for n in range(1, size + 1)]
        op += size
        if number % 4 == 0:
            batch.append(Reset(HOST, number // 4, True))
        journal.append(batch, PRESENT).result(PATIENCE)
        last += len(batch)
        for operation in batch:
            counter.apply(operation)
    journal.close()
    return counter, last


@pytest.fixture
def db(database: Path) -> Iterator[sqlite3.Connection]:
    filled(database, 20)
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    yield db
    db.close()


def sums(db: sqlite3.Connection) -> object:
    rounds = [(one.round, one.people, reading.shares(db, one.round.id)) for one in reading.rounds(db)]
    found = reading.piece(db, -1, None)
    while more := reading.piece(db, found[-1].revision, None):
        found = [*found, *more]
    resets = [(entry.revision, entry.value, entry.delta) for entry in found if entry.kind == "reset"]
    return rounds, resets, sum(entry.delta for entry in found), found[-1].value


def test_past_a_month_changes_are_few_and_every_sum_is_as_it_was(db: sqlite3.Connection) -> None:
    before, all_changes = sums(db), db.execute("SELECT count(*) FROM change").fetchone()[0]
    lows = reading.span(db, 0, int(START * 2000))
    later = START + 31 * 86_400
    steps = 0
    while compaction.step(db, lambda: later):
        steps += 1
    assert steps == db.execute("SELECT count(*) FROM block").fetchone()[0] - 1
    assert sums(db) == before
    left = db.execute("SELECT count(*) FROM change WHERE revision < ?", (all_changes // BLOCK * BLOCK,)).fetchone()[0]
    assert left < all_changes / 10
    entries = reading.piece(db, -1, None)
    assert all(entry.who is None for entry in entries if entry.kind == "several")
    after = reading.span(db, 0, int(START * 2000))
    assert max(entry.value for entry in after.changes) == max(entry.value for entry in lows.changes)
    assert min(entry.value for entry in after.changes) == min(entry.value for entry in lows.changes)


def test_within_a_month_no_change_goes(db: sqlite3.Connection) -> None:
    before = db.execute("SELECT * FROM change").fetchall()
    while compaction.step(db, lambda: START + 29 * 86_400):
        pass
    assert db.execute("SELECT * FROM change").fetchall() == before


def test_what_a_snapshot_has_goes_and_a_repeat_of_it_is_still_known(database: Path) -> None:
    counter, last = filled(database, 300)
    journal = SqliteJournal(database)
    journal.open(nothing)
    journal.snapshot(msgspec.json.encode(counter), last).result(PATIENCE)
    for _ in range(50):  # each behind a step
        journal.see(1)
        journal.append([Add(ADA, 5, False, 2)]).result(PATIENCE)
    journal.close()
    assert rows(database, f"SELECT count(*) FROM batch WHERE last <= {last}") == [(0,)]
    journal = SqliteJournal(database)
    kept = journal.open(nothing)
    journal.close()
    assert kept.counter == counter
    assert kept.last == last + 50


def test_no_step_keeps_a_click_waiting(database: Path) -> None:
    """By the ratio to a commit, as machines differ: a step is about one."""
    counter, last = filled(database, 400)
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA secure_delete = ON")
    state = msgspec.json.encode(counter)
    db.execute("REPLACE INTO snapshot VALUES (1, ?, ?, 0)", (last, state))
    later, taken = START + 60 * 86_400, []
    while True:
        began = time.process_time()
        more = compaction.step(db, lambda: later)
        taken.append(time.process_time() - began)
        if not more:
            break
    db.close()
    assert len(taken) > 60
    assert sorted(taken)[len(taken) // 2] < 0.02, "of the processor's time, with room for a slow one"


def test_a_file_that_is_mostly_free_is_written_anew_at_the_end(database: Path) -> None:
    filled(database, 100, size=1000)
    size = database.stat().st_size
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("DELETE FROM batch")
    db.execute("DELETE FROM change")
    compaction.shrink(db)
    db.close()
    assert database.stat().st_size < size / 4


def test_wiping_waits_for_a_reader_for_a_moment_only(db: sqlite3.Connection, database: Path) -> None:
    assert compaction.wipe(db)
    reader = reading.connect(database)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM name").fetchall()
    db.execute("DELETE FROM name")
    assert not compaction.wipe(db)
    reader.close()
    assert compaction.wipe(db)
