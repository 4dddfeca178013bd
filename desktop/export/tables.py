"""The two tables of every file: the rounds, and the changes. Row by row, so that a million take no memory."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from desktop.core.rounds import Who
from desktop.export.words import Words, called
from desktop.journal import reading
from desktop.journal.reading import Entry, Numbered

T = TypeVar("T")
Cell = int | str | datetime | None
Row = Sequence[Cell]


class Ask(Protocol):
    """Whoever finds something in the history, a piece at a time."""

    def __call__(self, query: Callable[[sqlite3.Connection], T], /) -> T: ...


class Unknown(Exception):
    """There is no such round."""


ROUNDS = "round title first last offset final high low people here goal reached".split()
CHANGES = "time offset round title revision person change value kind".split()


def listed(ask: Ask, number: int | None = None) -> list[Numbered]:
    """The rounds in which anything happened, the oldest first; or the one of this id. Raises Unknown."""
    found = [one for one in reversed(ask(reading.rounds)) if one.round.changes or one.round.id == number]
    if number is None:
        return found
    chosen = [one for one in found if one.round.id == number]
    if not chosen:
        raise Unknown
    return chosen


def rounds(ask: Ask, words: Words, number: int | None = None) -> Iterator[Row]:
    """The rounds, the oldest first, below a row of headings. Raises Unknown."""
    yield [words[heading] for heading in ROUNDS]
    for numbered in listed(ask, number):
        one = numbered.round
        first, last = local(one.first), local(one.last)
        yield [
            numbered.number, numbered.title, naive(first), naive(last), offset(last), one.value, one.high, one.low,
            numbered.people, one.here, one.goal, "" if one.goal is None else words["yes" if one.reaches() else "no"],
        ]  # fmt: skip


def changes(ask: Ask, words: Words, number: int | None = None) -> Iterator[Row]:
    """The changes, the oldest first, below a row of headings. Raises Unknown."""
    yield [words[heading] for heading in CHANGES]
    names: dict[Who | None, str] = {}
    for numbered, entry in entries(ask, number):
        name = names.get(entry.who)
        if name is None:
            names[entry.who] = name = called(entry.who, words)
        at = local(entry.at)
        yield [
            naive(at), offset(at), numbered and numbered.number, numbered.title if numbered else "", entry.revision,
            name, entry.delta, entry.value, words.get(entry.kind, entry.kind),
        ]  # fmt: skip


def entries(ask: Ask, number: int | None = None) -> Iterator[tuple[Numbered | None, Entry]]:
    """Each change, with its round. What was before any is in none: a reset where nothing had happened. Raises
    Unknown."""
    rounds = listed(ask, number)
    stretches: list[tuple[Numbered | None, int, int | None]] = []
    if number is None:
        # A round in which nothing happened has a reset that ended it: it is told with the one before.
        ends = [one.round.id for one in rounds[1:]]
        stretches.append((None, -1, rounds[0].round.id if rounds else None))
        stretches += [(one, one.round.id, end) for one, end in zip(rounds, [*ends, None], strict=True)]
    else:
        stretches = [(one, one.round.id, one.end) for one in rounds]
    for one, after, until in stretches:
        while found := ask(_piece(after, until)):
            yield from ((one, entry) for entry in found)
            after = found[-1].revision


def _piece(after: int, until: int | None) -> Callable[[sqlite3.Connection], Sequence[Entry]]:
    return lambda db: reading.piece(db, after, until)


def local(at: int | None) -> datetime | None:
    """A time in milliseconds, as this machine's clock had it."""
    return None if at is None else datetime.fromtimestamp(max(0, at) // 1000).astimezone()


def naive(at: datetime | None) -> datetime | None:
    """As it is read off a clock: what a sheet takes for a time."""
    return at and at.replace(tzinfo=None)


def offset(at: datetime | None) -> str:
    """How far the clock is from UTC; a plus in front would begin a formula."""
    away: Any = at and at.utcoffset()
    if away is None:
        return ""
    hours, minutes = divmod(abs(away) // timedelta(minutes=1), 60)
    return f"UTC{'-' if away < timedelta(0) else '+'}{hours:02}:{minutes:02}"
