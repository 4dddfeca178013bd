"""What one host knows of a shared counter's past."""

import sqlite3
from collections.abc import Iterator

import pytest

from desktop.core.counter import Counter
from desktop.core.operations import Add
from desktop.core.rounds import Present, Who
from desktop.journal.redis_past import Past

ADA = "ada-0123456789-0123456789"


@pytest.fixture
def past() -> Iterator[Past]:
    past = Past(now=lambda: 5.0)
    past.begin("one", Counter(value=40, revision=7))
    yield past
    past.close()


def changes(db: sqlite3.Connection) -> list[tuple[int, ...]]:
    return db.execute("SELECT at, value, delta FROM change ORDER BY revision").fetchall()


def test_what_is_read_of_all_hosts_is_its_history_from_where_it_began(past: Past) -> None:
    past.record([Add(ADA, 1, False, 2), Add("elsewhere", 1, False, 3)])
    assert past.read(changes).result() == [(5000, 42, 2), (5000, 45, 3)]


def test_names_are_known_of_its_own_people(past: Past) -> None:
    past.ask(Present(1, {ADA: Who(1, "Ada", "guest")}))
    past.record([Add(ADA, 1, False, 2), Add("elsewhere", 1, False, 3)])
    assert past.read(lambda db: db.execute("SELECT name FROM name WHERE name != ''").fetchall()).result() == [("Ada",)]


def test_another_history_is_another_past(past: Past) -> None:
    counter = Counter(value=9)
    past.record([Add(ADA, 1, False, 2)])
    past.begin("two", counter)
    counter.value = 1_000
    past.record([Add(ADA, 1, False, 1)])
    assert past.read(changes).result() == [(5000, 10, 1)]


def test_how_many_are_here_is_part_of_it(past: Past) -> None:
    past.see(3)
    assert past.read(lambda db: db.execute("SELECT here FROM presence").fetchall()).result() == [(3,)]
