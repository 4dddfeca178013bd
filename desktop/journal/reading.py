"""The history as it is asked for: read over a connection of its own, a piece at a time, while others write.

Nothing here takes longer the more there is: what is past is looked through by blocks, and what is given is thinned.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from desktop.core.rounds import Round, Who
from desktop.journal.history import BLOCK, Point, as_round
from desktop.journal.thinning import thinned

MOST_CHANGES: Final = 500
"""More than that a plot of SVG draws no faster than a library for plots would."""
MOST_RESETS: Final = 100
MOST_PEOPLE: Final = 250
RAW: Final = 100 * BLOCK
"""Changes that are looked through one by one: a few milliseconds."""
PIECE: Final = 1_000
"""Changes that are read at once for a file."""
LEAD: Final = 1_000
"""Milliseconds that a round's plot begins before its first change."""


class Entry(NamedTuple):
    """A change, as it is told; `who` is None where several came together."""

    revision: int
    at: int
    value: int
    delta: int
    kind: str
    who: Who | None


class Numbered(NamedTuple):
    """A round, by its number among those in which anything happened; `end` is the revision of its last change."""

    number: int
    round: Round
    people: int
    """How many took part."""
    end: int | None
    """The reset that ended it; None while it goes on."""

    @property
    def title(self) -> str:
        return self.round.title if self.round.own is None else self.round.own


class Span(NamedTuple):
    """A stretch of the history, thinned for a plot."""

    start: int
    end: int
    before: int
    """The value at its start."""
    changes: Sequence[Entry]
    people: Sequence[tuple[int, int]]
    """When, and how many were here then; the first one may be before the start."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def rounds(db: sqlite3.Connection, newest: int | None = None) -> list[Numbered]:
    """The rounds, the newest first, `newest` of them at most. The running one is always the first."""
    most = -1 if newest is None else newest
    return _numbered(db, "changes > 0 OR id = (SELECT max(id) FROM round) ORDER BY id DESC LIMIT ?", most)


def one(db: sqlite3.Connection, number: int) -> Numbered | None:
    """The round of this id, None if there is none."""
    return next(iter(_numbered(db, "id = ?", number)), None)


def _numbered(db: sqlite3.Connection, which: str, argument: int) -> list[Numbered]:
    # Between two of them there may be one in which nothing happened: what began it ended the one before.
    query = f"SELECT (SELECT min(id) FROM round AS later WHERE later.id > round.id), * FROM round WHERE {which}"
    found = [(as_round(row), end) for end, *row in db.execute(query, (argument,)).fetchall()]
    if not found:
        return []
    last, first = found[0][0].id, found[-1][0].id
    (number,) = db.execute(
        "SELECT count(*) FROM round WHERE id <= ? AND (changes > 0 OR id = ?)", (last, last)
    ).fetchone()
    query = (
        "SELECT round, count(DISTINCT actor) FROM share JOIN who ON who = id WHERE round BETWEEN ? AND ? GROUP BY round"
    )
    people = dict(db.execute(query, (first, last)).fetchall())
    return [
        Numbered(number - place, one, people.get(one.id, 0) if one.took is None else one.took, end)
        for place, (one, end) in enumerate(found)
    ]


def ended(db: sqlite3.Connection) -> int:
    """How many rounds have ended in which anything happened."""
    query = "SELECT count(*) FROM round WHERE changes > 0 AND id < (SELECT max(id) FROM round)"
    found: int = db.execute(query).fetchone()[0]
    return found


def has_names(db: sqlite3.Connection) -> bool:
    """Whether the history has any names."""
    return db.execute("SELECT 1 FROM name LIMIT 1").fetchone() is not None


def shares(db: sqlite3.Connection, number: int) -> list[tuple[Who, int]]:
    """Who added what in a round, the most first: each person once, as they were called last."""
    sums: defaultdict[int, int] = defaultdict(int)
    people: dict[int, Who] = {}
    for _, actor, added, *who in db.execute(
        "SELECT who.id, actor, added, person, coalesce(name, ''), role FROM share JOIN who ON share.who = who.id "
        "LEFT JOIN name ON name.who = who.id WHERE round = ? ORDER BY who.id",
        (number,),
    ):
        sums[actor] += added
        people[actor] = Who(*who)
    return sorted(((people[actor], added) for actor, added in sums.items()), key=lambda share: -share[1])


def piece(db: sqlite3.Connection, after: int, until: int | None) -> Sequence[Entry]:
    """The next PIECE changes after a revision, up to one (None: the newest); none if there are none."""
    last = 1 << 62 if until is None else until
    query = f"{ENTRY} WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?"
    return [_entry(row) for row in db.execute(query, (after, last, PIECE))]


def span(db: sqlite3.Connection, start: int, end: int) -> Span:
    """What happened after `start`, up to `end`: times in milliseconds."""
    first, last = _revision_at(db, start), _revision_at(db, end)
    return _span(db, first, last, start, end)


def span_of(db: sqlite3.Connection, one: Numbered, now: int) -> Span:
    """What happened in a round; a running one's ends now. The reset that ended it isn't in it."""
    began, ended = one.round.first, one.round.last
    if began is None or ended is None:
        return _span(db, one.round.id, one.round.id, now, now, one.round.begin)
    (reset,) = db.execute("SELECT at FROM change WHERE revision = ?", (one.round.id,)).fetchone() or (0,)
    start = max(began - LEAD, min(reset, began - 1))
    last = _last_revision(db) if one.end is None else one.end - 1
    return _span(db, one.round.id, last, start, now if one.end is None else ended, one.round.begin)


def whole(db: sqlite3.Connection, now: int) -> Span:
    """All there is."""
    (first,) = db.execute("SELECT min(at) FROM (SELECT at FROM change ORDER BY revision LIMIT 1)").fetchone()
    (begin,) = db.execute("SELECT begin FROM round ORDER BY id LIMIT 1").fetchone() or (0,)
    start = now if first is None else first - LEAD
    return _span(db, -1, _last_revision(db), start, now, begin)


ENTRY: Final = (
    "SELECT revision, at, value, delta, kind, person, coalesce(name, ''), role FROM change "
    "LEFT JOIN who ON who.id = change.who LEFT JOIN name ON name.who = change.who"
)


def _entry(row: Sequence[object]) -> Entry:
    revision, at, value, delta, kind, person, name, role = row
    return Entry(revision, at, value, delta, kind, None if person is None else Who(person, name, role))  # type: ignore[arg-type]


def _span(db: sqlite3.Connection, after: int, last: int, start: int, end: int, begin: int | None = None) -> Span:
    points = thinned(_points(db, after, last), MOST_CHANGES - MOST_RESETS)
    query = "SELECT id FROM round WHERE id > ? AND id <= ? AND id > 0 ORDER BY id DESC LIMIT ?"
    resets = [number for (number,) in db.execute(query, (after, last, MOST_RESETS))]
    wanted = sorted({*points, *resets})
    marks = ",".join("?" * len(wanted))
    found = [_entry(row) for row in db.execute(f"{ENTRY} WHERE revision IN ({marks}) ORDER BY revision", wanted)]
    if begin is None:
        row = db.execute(
            "SELECT value FROM change WHERE revision <= ? ORDER BY revision DESC LIMIT 1", (after,)
        ).fetchone()
        begin = row[0] if row else (db.execute("SELECT begin FROM round ORDER BY id LIMIT 1").fetchone() or (0,))[0]
    return Span(start, end, begin, found, _people(db, start, end))


def _points(db: sqlite3.Connection, after: int, last: int) -> list[Point]:
    """What a plot of these is made from: all of them, or the first, lowest, highest and last of each block."""
    raw = "SELECT revision, at, value FROM change WHERE revision > ? AND revision <= ? ORDER BY revision"
    if last - after <= RAW:
        return db.execute(raw, (after, last)).fetchall()
    # Only whole blocks; what is left at both ends is less than one each.
    first_block, end_block = after // BLOCK + 1, (last + 1) // BLOCK
    points: list[Point] = db.execute(raw, (after, first_block * BLOCK - 1)).fetchall()
    for row in db.execute(
        "SELECT * FROM block WHERE number >= ? AND number < ? ORDER BY number", (first_block, end_block)
    ):
        points += sorted({row[1:4], row[4:7], row[7:10], row[10:13]})
    points += db.execute(raw, (end_block * BLOCK - 1, last)).fetchall()
    return points


def _people(db: sqlite3.Connection, start: int, end: int) -> Sequence[tuple[int, int]]:
    before = db.execute("SELECT at, here FROM presence WHERE at <= ? ORDER BY at DESC LIMIT 1", (start,)).fetchall()
    after = db.execute("SELECT at, here FROM presence WHERE at > ? AND at <= ? ORDER BY at", (start, end)).fetchall()
    if len(after) >= MOST_PEOPLE:
        kept = set(thinned([(place, at, here) for place, (at, here) in enumerate(after)], MOST_PEOPLE - 4))
        after = [one for place, one in enumerate(after) if place in kept]
    return [*before, *after]


def _last_revision(db: sqlite3.Connection) -> int:
    found: int = db.execute("SELECT coalesce(max(revision), 0) FROM change").fetchone()[0]
    return found


def _revision_at(db: sqlite3.Connection, at: int) -> int:
    """The revision of the newest change up to a time, by halves: clocks that were put back make it inexact."""
    low, high = -1, _last_revision(db)
    while low < high:
        middle = (low + high + 1) // 2
        row = db.execute("SELECT at FROM change WHERE revision >= ? ORDER BY revision LIMIT 1", (middle,)).fetchone()
        if row and row[0] <= at:
            low = middle
        else:
            high = middle - 1
    return low
