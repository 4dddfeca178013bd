"""The history: what is in the file is what a plain retelling says, whatever happened in between."""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.counter import (
    Add,
    Age,
    AnyOperation,
    Configure,
    Forget,
    Reset,
    Set,
    SettingsChange,
    Title,
    Undo,
)
from desktop.core.rounds import Present, Who
from desktop.journal import compaction, history, reading
from desktop.journal.sqlite import SqliteJournal
from tests.desktop.journal import model
from tests.desktop.support import PATIENCE

ADA, BOB, HOST = "ada-0123456789-0123456789", "bob-0123456789-0123456789", "host-0123456789-012345678"
PRESENT = Present(3, {ADA: Who(1, "Ada", "guest"), BOB: Who(2, "", "guest"), HOST: Who(3, "Boss", "host")})
MONTHS = 90 * 86_400.0


class Clock:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


def nothing(operations: Sequence[AnyOperation], last: int) -> None:
    pass


def told(database: Path) -> list[model.Told]:
    """The rounds in a file."""
    db = reading.connect(database)
    try:
        found = []
        for number, title, own, value, low, high, changes in db.execute(
            "SELECT id, title, own, value, low, high, changes FROM round ORDER BY id"
        ).fetchall():
            one = reading.one(db, number)
            assert one
            added = {who.person: added for who, added in reading.shares(db, number)}
            shares = {client: added[who.person] for client, who in PRESENT.who.items() if who.person in added}
            entries = reading.piece(db, number, one.end - 1 if one.end else None)
            assert all(later.value - before.value == later.delta for before, later in pairwise(entries))
            values = tuple(entry.value for entry in entries if entry.kind != "reset")
            its = title if own is None else own
            found.append(model.Told(number, its, value, low, high, changes, one.people, shares, values))
        return found
    finally:
        db.close()


class Player:
    """Numbers what is asked."""

    def __init__(self) -> None:
        self.asked: list[AnyOperation] = []
        self._ops = dict.fromkeys(PRESENT.who, 0)

    def ask(self, what: tuple[str, int]) -> AnyOperation:
        kind, number = what
        client = HOST if kind not in ("add", "classic") else (ADA, BOB, HOST)[number % 3]
        self._ops[client] += 1
        op = self._ops[client]
        operation: AnyOperation
        match kind:
            case "add":
                operation = Add(client, op, client == HOST, number - 5)
            case "set":
                operation = Set(client, op, True, number)
            case "reset":
                operation = Reset(client, op, True)
            case "undo":
                operation = Undo(client, op, True)
            case "title":
                operation = Title(client, op, True, number, f"Title {number}")
            case "configure":
                operation = Configure(client, op, True, SettingsChange(title=f"Round {number}"))
            case "again":
                self._ops[client] -= 1
                operation = self.asked[-1] if self.asked else Age("~", 0, True, 0, [])
            case _:
                self._ops[client] -= 1
                operation = Age("~", 0, True, number, [ADA, BOB, HOST])
        self.asked.append(operation)
        return operation


KINDS = ["add", "add", "add", "set", "reset", "reset", "undo", "undo", "undo", "title", "configure", "again", "age"]
ASKED = st.tuples(st.sampled_from(KINDS), st.integers(0, 10))
EVENT = st.one_of(
    st.lists(ASKED, min_size=1, max_size=8),
    st.sampled_from(["snapshot", "restart", "kill", "wait"]),
)


@given(st.lists(EVENT, max_size=25))
@settings(max_examples=60, deadline=None)
def test_no_order_of_clicks_snapshots_compaction_kills_and_restarts_changes_a_sum(
    events: list[list[tuple[str, int]] | str],
) -> None:
    player, clock = Player(), Clock()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as name:
        for module in (history, compaction, reading):
            patch.setattr(module, "BLOCK", 4)
        folder = Path(name) / "0"
        folder.mkdir()
        journal = SqliteJournal(folder / "counter.db", clock)
        kept, last = journal.open(nothing), 0
        counter = kept.counter
        for number, event in enumerate(events, 1):
            if isinstance(event, list):
                batch = [player.ask(what) for what in event]
                journal.append(batch, PRESENT).result(PATIENCE)
                last += len(batch)
                for operation in batch:
                    counter.apply(operation)
            elif event == "snapshot":
                journal.snapshot(msgspec.json.encode(counter), last).result(PATIENCE)
            elif event == "wait":
                clock.now += MONTHS
            else:
                if event == "kill":  # what is in the files at any moment is what a kill leaves
                    later = Path(name) / str(number)
                    shutil.copytree(folder, later)
                    journal.close()
                    folder = later
                else:
                    journal.close()
                journal = SqliteJournal(folder / "counter.db", clock)
                kept = journal.open(nothing)
                assert (kept.last, kept.counter.value, kept.counter.revision) == (last, counter.value, counter.revision)
                counter = kept.counter
        journal.close()
        expected = model.rounds(player.asked)
        found = told(folder / "counter.db")
        # Where a month went by, some changes stand for several; nothing else is different.
        for one, other in zip(found, expected, strict=True):
            assert one._replace(values=()) == other._replace(values=())
            assert one.values[-1:] == other.values[-1:]
            assert one.values == other.values or "wait" in events


def recorded(
    database: Path, operations: Sequence[AnyOperation], present: Present = PRESENT, later: float = 0.0
) -> SqliteJournal:
    clock = Clock()
    clock.now += later
    journal = SqliteJournal(database, clock)
    journal.open(nothing)
    journal.append(operations, present).result(PATIENCE)
    return journal


def bytes_of(database: Path) -> bytes:
    return b"".join(path.read_bytes() for path in database.parent.glob("*") if path.is_file())


def test_forgotten_names_are_in_no_byte_of_the_files_once_it_is_acknowledged(database: Path) -> None:
    who = {f"client-{n:020}": Who(n, f"Ada Lovelace {n}", "guest") for n in range(500)}
    journal = recorded(database, [Add(client, 1, False, 1) for client in who], Present(500, who))
    try:
        assert b"Ada Lovelace" in bytes_of(database)
        journal.append([Forget(HOST, 1, True)], PRESENT).result(PATIENCE)
        assert b"Ada Lovelace" not in bytes_of(database)
        assert not journal.read(reading.has_names).result(PATIENCE)
        assert {who.name for who, _ in journal.read(lambda db: reading.shares(db, 0)).result(PATIENCE)} == {""}
        journal.append([Add(ADA, 1, False, 1)], PRESENT).result(PATIENCE)
        assert journal.read(reading.has_names).result(PATIENCE)
    finally:
        journal.close()


def test_only_the_host_can_have_names_forgotten(database: Path) -> None:
    journal = recorded(database, [Add(ADA, 1, False, 1), Forget(ADA, 2, False)])
    try:
        assert journal.read(reading.has_names).result(PATIENCE)
    finally:
        journal.close()


def test_no_table_of_the_history_has_a_client_id(database: Path) -> None:
    recorded(database, [Add(ADA, 1, False, 1), Set("~run~1", 0, False, 3)]).close()
    db = sqlite3.connect(database)
    try:
        for table in "change block round share who name presence history".split():
            assert ADA not in str(db.execute(f"SELECT * FROM {table}").fetchall())
    finally:
        db.close()


def test_somebody_is_told_by_the_name_they_had_then_and_counted_once(database: Path) -> None:
    journal = recorded(database, [Add(ADA, 1, False, 2)])
    try:
        renamed = Present(1, {ADA: Who(9, "Ada L.", "guest")})
        journal.append([Add(ADA, 2, False, 3)], renamed).result(PATIENCE)
        found = journal.read(lambda db: reading.piece(db, -1, None)).result(PATIENCE)
        assert [entry.who for entry in found] == [Who(1, "Ada", "guest"), Who(9, "Ada L.", "guest")]
        assert journal.read(lambda db: reading.shares(db, 0)).result(PATIENCE) == [(Who(9, "Ada L.", "guest"), 5)]
        (one,) = journal.read(reading.rounds).result(PATIENCE)
        assert one.people == 1
    finally:
        journal.close()


def test_how_many_were_here_is_kept_as_it_changes_and_nobody_is_once_the_program_was_killed(database: Path) -> None:
    journal = recorded(database, [Add(ADA, 1, False, 2)])
    journal.see(3)
    journal.append([Add(ADA, 2, False, 2)], Present(7, PRESENT.who)).result(PATIENCE)
    folder = database.parent / "killed"
    folder.mkdir()
    for name in ("counter.db", "counter.db-wal"):
        shutil.copy(database.with_name(name), folder / name)
    journal.close()
    assert here(folder / "counter.db") == [7]
    recorded(folder / "counter.db", [Add(ADA, 3, False, 2)], Present(2, PRESENT.who), later=60).close()
    assert here(folder / "counter.db")[-2:] == [0, 2]


def here(database: Path) -> list[int]:
    db = reading.connect(database)
    try:
        return [here for (here,) in db.execute("SELECT here FROM presence ORDER BY at")]
    finally:
        db.close()


@pytest.mark.parametrize("damage", ["DELETE FROM round", "UPDATE round SET value = 'x'", "DELETE FROM block"])
def test_a_history_that_is_damaged_is_no_reason_to_record_nothing(database: Path, damage: str) -> None:
    recorded(database, [Add(ADA, 1, False, 2), Reset(HOST, 1, True)]).close()
    db = sqlite3.connect(database, isolation_level=None)
    db.execute(damage)
    db.close()
    journal = SqliteJournal(database, Clock())
    kept = journal.open(nothing)
    try:
        assert kept.counter.revision == 2
        journal.append([Undo(HOST, 2, True), Add(ADA, 2, False, 1)], PRESENT).result(PATIENCE)
    finally:
        journal.close()
