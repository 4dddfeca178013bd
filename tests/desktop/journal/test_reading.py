"""The history as it is asked for."""

import sqlite3
from collections.abc import Iterator, Sequence

import pytest

from desktop.core.counter import Add, AnyOperation, Counter, Reset, Undo
from desktop.core.rounds import Present, Who
from desktop.journal import history, reading
from desktop.journal.history import BLOCK, History

ADA, HOST = "ada-0123456789-0123456789", "host-0123456789-012345678"
WHO = {ADA: Who(1, "Ada", "guest"), HOST: Who(2, "", "host")}


class Past:
    """A history in memory."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.executescript(history.SCHEMA)
        self.history = History(self.db, "epoch", Counter())
        self.history.begin()
        self.ops = {ADA: 0, HOST: 0}

    def add(self, *deltas: int, at: int, here: int = 1) -> None:
        batch = []
        for delta in deltas:
            self.ops[ADA] += 1
            batch.append(Add(ADA, self.ops[ADA], False, delta))
        self.history.record(batch, at, Present(here, WHO))

    def do(self, kind: type[Reset | Undo], at: int) -> None:
        self.ops[HOST] += 1
        batch: Sequence[AnyOperation] = [kind(HOST, self.ops[HOST], True)]
        self.history.record(batch, at, Present(1, WHO))


@pytest.fixture
def past() -> Iterator[Past]:
    past = Past()
    yield past
    past.db.close()


def test_before_anything_happened_there_is_the_running_round_alone(past: Past) -> None:
    (one,) = reading.rounds(past.db)
    assert (one.number, one.round.id, one.people, one.end) == (1, 0, 0, None)
    assert reading.whole(past.db, 500) == reading.Span(500, 500, 0, [], [])
    assert reading.span_of(past.db, one, 500).changes == []


def test_rounds_are_told_the_newest_first_and_those_in_which_nothing_happened_are_not(past: Past) -> None:
    past.add(1, at=10)
    for at in (20, 30, 40):
        past.do(Reset, at)
    past.add(5, at=50)
    past.do(Reset, 60)
    told = [(one.number, one.round.id, one.end) for one in reading.rounds(past.db)]
    assert told == [(3, 6, None), (2, 4, 6), (1, 0, 2)]
    assert [one.number for one in reading.rounds(past.db, 2)] == [3, 2]
    assert reading.ended(past.db) == 2
    found = reading.one(past.db, 4)
    assert found and found.number == 2
    assert reading.one(past.db, 5) is None


def test_a_round_is_plotted_from_just_before_its_first_change_and_without_the_reset_that_ended_it(past: Past) -> None:
    past.add(1, at=1_000_000)
    past.do(Reset, 2_000_000)
    past.add(5, at=9_000_000)
    past.do(Reset, 9_500_000)
    one = reading.one(past.db, 2)
    assert one
    span = reading.span_of(past.db, one, 10_000_000)
    assert (span.start, span.end, span.before) == (8_999_000, 9_000_000, 0)
    assert [(entry.at, entry.value, entry.kind) for entry in span.changes] == [(9_000_000, 5, "add")]


def test_a_stretch_of_time_begins_with_the_value_that_there_was(past: Past) -> None:
    for at in (1000, 2000, 3000, 4000):
        past.add(1, at=at, here=at // 1000)
    span = reading.span(past.db, 2000, 3500)
    assert (span.before, [entry.value for entry in span.changes], span.people) == (2, [3], [(2000, 2), (3000, 3)])


def test_past_some_thousand_changes_blocks_are_read_and_no_extreme_is_lost(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "RAW", 4 * BLOCK)
    for number in range(60):
        past.add(*[1] * 50, *[-1] * 49, 900 if number == 31 else -800 if number == 47 else 1, at=1000 + number * 1000)
    values = [value for (value,) in past.db.execute("SELECT value FROM change ORDER BY revision")]
    span = reading.whole(past.db, 100_000)
    assert len(span.changes) <= reading.MOST_CHANGES
    told = [entry.value for entry in span.changes]
    assert (min(told), max(told), told[0], told[-1]) == (min(values), max(values), values[0], values[-1])


def test_resets_are_never_thinned_away(past: Past) -> None:
    for number in range(40):
        past.add(*range(1, 100), at=1000 + number * 1000)
        past.do(Reset, 1500 + number * 1000)
    span = reading.whole(past.db, 100_000)
    assert len(span.changes) <= reading.MOST_CHANGES
    assert sum(entry.kind == "reset" for entry in span.changes) == 40


def test_how_many_were_here_is_thinned_and_its_peak_is_not_lost(past: Past) -> None:
    for at in range(1000):
        past.history.see(at, 500 if at == 777 else 10 + at % 2)
    past.add(1, at=2000, here=11)
    people = reading.span(past.db, -1, 3000).people
    assert len(people) <= reading.MOST_PEOPLE + 1
    assert max(here for _, here in people) == 500


def test_a_clock_that_was_put_back_breaks_nothing(past: Past) -> None:
    for at in (5000, 1000, 9000, 2000):
        past.add(1, at=at)
    for start in range(0, 10_000, 500):
        assert reading.span(past.db, start, 10_000).end == 10_000
