"""The history: what the journal's operations came to, in the journal's own file and in its transactions.

Nothing else decides it: the same counter, in the journal's thread, applies what is recorded. So the operations
themselves, with the clients that sent them, may go once a snapshot has what they came to (`compaction`).

    change     what each operation made of the value; past a month, what a few hundred came to together
    block      of each BLOCK revisions the first, lowest, highest and last change: a million are looked through by these
    round      from one reset to the next
    share      what each had added in a round
    who        people as they were; `actor` tells two apart, and nobody else who they are
    name       their names, apart: emptied, all its pages are overwritten (PRAGMA secure_delete)
    presence   how many were here, each time that another number was seen
"""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from msgspec import ValidationError, convert, structs

from desktop.core.counter import AnyOperation, Counter, Forget
from desktop.core.rounds import Change, Present, Round, Rounds, Who

BLOCK: Final = 256
"""Revisions."""
KNOWN_PEOPLE: Final = 20_000
"""Kept in mind, so that each is written once."""

SCHEMA: Final = """
CREATE TABLE change (
    revision INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,       -- milliseconds since the epoch
    value INTEGER NOT NULL,
    delta INTEGER NOT NULL,
    kind TEXT NOT NULL,
    who INTEGER                -- none where several came together
);
CREATE TABLE block (
    number INTEGER PRIMARY KEY,  -- of the revisions from number * BLOCK on
    first INTEGER NOT NULL, first_at INTEGER NOT NULL, first_value INTEGER NOT NULL,
    low INTEGER NOT NULL, low_at INTEGER NOT NULL, low_value INTEGER NOT NULL,
    high INTEGER NOT NULL, high_at INTEGER NOT NULL, high_value INTEGER NOT NULL,
    last INTEGER NOT NULL, last_at INTEGER NOT NULL, last_value INTEGER NOT NULL
);
CREATE TABLE round (
    id INTEGER PRIMARY KEY,    -- the revision of the reset that began it, 0 for the first
    begin INTEGER NOT NULL, title TEXT NOT NULL, own TEXT, first INTEGER, last INTEGER, value INTEGER NOT NULL,
    low INTEGER NOT NULL, high INTEGER NOT NULL, changes INTEGER NOT NULL, here INTEGER NOT NULL, goal INTEGER,
    took INTEGER               -- part, while each person may add only so much
);
CREATE TABLE share (round INTEGER, who INTEGER, added INTEGER NOT NULL, PRIMARY KEY (round, who)) WITHOUT ROWID;
CREATE TABLE who (id INTEGER PRIMARY KEY, actor INTEGER NOT NULL, person INTEGER NOT NULL, role TEXT NOT NULL);
CREATE TABLE name (who INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE presence (at INTEGER PRIMARY KEY, here INTEGER NOT NULL);
CREATE TABLE history (only INTEGER PRIMARY KEY CHECK (only = 1), thinned INTEGER NOT NULL);  -- blocks, from the oldest
INSERT INTO history VALUES (1, 0);
"""

Point = tuple[int, int, int]
"""A change's revision, time and value."""


class History:
    """Writes the history of one journal, in transactions that are begun and ended elsewhere. One that fails leaves it
    ahead of the file: another has to be made then."""

    def __init__(self, db: sqlite3.Connection, epoch: str, counter: Counter) -> None:
        """`counter` is as the file has it, and from now on this one's own."""
        self._db = db
        self._key = epoch.encode()[: blake2b.MAX_KEY_SIZE]
        self._who: dict[tuple[str, Who], int] = {}
        self._strangers: dict[str, Who] = {}
        running = load_round(db, counter.reset_revision)
        if running is None:
            settings = counter.settings
            running = Round(
                id=counter.reset_revision, begin=counter.value, value=counter.value, low=counter.value,
                high=counter.value, title=settings.title, goal=settings.goal,
            )  # fmt: skip
        self._rounds = Rounds(counter, running, lambda number: load_round(db, number))
        row = db.execute("SELECT * FROM block ORDER BY number DESC LIMIT 1").fetchone()
        self._block: tuple[int, list[Point]] = (
            (row[0], [row[1:4], row[4:7], row[7:10], row[10:13]]) if row else (-1, [])
        )
        found = db.execute("SELECT here FROM presence ORDER BY at DESC LIMIT 1").fetchone()
        self._here: int = found[0] if found else 0

    @property
    def counter(self) -> Counter:
        return self._rounds.counter

    def begin(self) -> None:
        """Write down that nobody is here yet: whoever was when the program ended has gone since."""
        rounds = self._rounds
        if load_round(self._db, rounds.running.id) is None:
            self._keep(rounds.running)
        if self._here:
            changed = self._db.execute("SELECT coalesce(max(at), 0) FROM presence").fetchone()[0]
            counted = self._block[1][-1][1] if self._block[1] else 0
            self.see(max(changed, counted) + 1, 0)

    def see(self, at: int, here: int) -> None:
        """So many are here."""
        if here != self._here:
            self._db.execute("REPLACE INTO presence VALUES (?, ?)", (at, here))
            self._here = here

    def record(self, operations: Sequence[AnyOperation], at: int, present: Present) -> bool:
        """Apply these, and write down what they come to; whether names were forgotten, so that their bytes must go."""
        rounds, db, forgotten = self._rounds, self._db, False
        self.see(at, present.here)
        changes: list[tuple[int, int, int, int, str, int]] = []
        shares: defaultdict[tuple[int, int], int] = defaultdict(int)
        for operation in operations:
            happened = rounds.apply(operation, at, present.here)
            if isinstance(happened, Forget):
                forgotten = True
                self._forget()
            elif happened is not None:
                who = self._known(happened, operation.host, present)
                changes.append((*happened[:5], who))
                if happened.counts:
                    shares[happened.round, who] += happened.delta
                if happened.reopened is not None:
                    self._merge(shares, happened.round, happened.reopened)
        db.executemany("REPLACE INTO change VALUES (?, ?, ?, ?, ?, ?)", changes)
        db.executemany(
            "INSERT INTO share VALUES (?, ?, ?) ON CONFLICT (round, who) DO UPDATE SET added = added + excluded.added",
            [(number, who, added) for (number, who), added in shares.items()],
        )
        for one in rounds.touched.values():
            self._keep(one)
        rounds.touched.clear()
        self._index(changes)
        return forgotten

    def _forget(self) -> None:
        self._db.execute("DELETE FROM name")
        self._who.clear()

    def _keep(self, one: Round) -> None:
        self._db.execute("REPLACE INTO round VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", structs.astuple(one))

    def _merge(self, shares: defaultdict[tuple[int, int], int], number: int, gone: int) -> None:
        for key in [key for key in shares if key[0] == gone]:
            shares[number, key[1]] += shares.pop(key)
        for who, added in self._db.execute("SELECT who, added FROM share WHERE round = ?", (gone,)):
            shares[number, who] += added
        self._db.execute("DELETE FROM share WHERE round = ?", (gone,))
        self._db.execute("DELETE FROM round WHERE id = ?", (gone,))

    def _known(self, change: Change, host: bool, present: Present) -> int:
        """The number of who made it."""
        client = change.client
        who = present.who.get(client) or self._stranger(client, host)
        if (found := self._who.get((client, who))) is not None:
            return found
        if len(self._who) >= KNOWN_PEOPLE:
            self._who.clear()
        # Nobody can tell a client from this: the key is the journal's own.
        digest = blake2b(client.encode(), digest_size=8, key=self._key).digest()
        row = (int.from_bytes(digest, signed=True), who.person, who.role)
        number = self._db.execute("INSERT INTO who (actor, person, role) VALUES (?, ?, ?)", row).lastrowid
        assert number is not None
        if who.name:
            self._db.execute("INSERT INTO name VALUES (?, ?)", (number, who.name))
        self._who[client, who] = number
        return number

    def _stranger(self, client: str, host: bool) -> Who:
        """Of whom nothing was written down: whoever counted before there was a history."""
        role = "host" if host else "classic" if client.startswith("~") else "guest"
        if len(self._strangers) >= KNOWN_PEOPLE:
            self._strangers.clear()
        return self._strangers.setdefault(client, Who(len(self._strangers) + 1, "", role))

    def _index(self, changes: Sequence[tuple[int, int, int, int, str, int]]) -> None:
        number, points = self._block
        for revision, at, value, *_ in changes:
            point = (revision, at, value)
            if revision // BLOCK != number:
                self._keep_block(number, points)
                number, points = revision // BLOCK, [point] * 4
            else:
                first, low, high, _ = points
                points = [first, point if value < low[2] else low, point if value > high[2] else high, point]
        self._keep_block(number, points)
        self._block = number, points

    def _keep_block(self, number: int, points: Sequence[Point]) -> None:
        if points:
            row = (number, *(field for point in points for field in point))
            self._db.execute("REPLACE INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def load_round(db: sqlite3.Connection, number: int) -> Round | None:
    """The round of this id."""
    row = db.execute("SELECT * FROM round WHERE id = ?", (number,)).fetchone()
    try:
        return as_round(row) if row else None
    except ValidationError:  # damaged: no reason to record nothing any more
        return None


def as_round(row: Sequence[object]) -> Round:
    """A row of `round`."""
    return convert(dict(zip(Round.__struct_fields__, row, strict=True)), Round)
