"""A history whose names and titles are as hostile as its numbers are large."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from desktop.core.counter import VALUE_LIMIT, Add, AnyOperation, Configure, Reset, Set, SettingsChange
from desktop.core.rounds import Present, Who
from desktop.export.tables import Ask
from desktop.journal import reading
from desktop.journal.sqlite import SqliteJournal
from desktop.server.pages import folder
from tests.desktop.support import PATIENCE

T = TypeVar("T")

LOCALES = folder() / "locales"
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =cmd|'/c calc'!A0",
    '=HYPERLINK("http://x","y")',
    "\uff1d1+1",
    "a,b;c",
    'say "hi"',
    "Zoë 学生 \U0001f469\u200d\U0001f3eb",
    "'quoted",
    "1.5",
    "00123",
    "line\nbreak",
    "http://example.org",
]
CLIENTS = [f"client-{n:020}" for n in range(len(HOSTILE))]
HOST = "host-0123456789-012345678"
START = 1_790_000_000


def nothing(operations: Sequence[AnyOperation], last: int) -> None:
    pass


def filled(database: Path) -> None:
    """A round in which each has added something, and one that is set as high and as low as can be."""
    who = {client: Who(n, name, "guest") for n, (client, name) in enumerate(zip(CLIENTS, HOSTILE, strict=True))}
    present = Present(30, {**who, HOST: Who(99, "", "host")})
    at = iter(range(START, START + 1000))
    journal = SqliteJournal(database, lambda: next(at))
    journal.open(nothing)
    clicks: list[list[AnyOperation]] = [[Add(client, 1, False, n)] for n, client in enumerate(CLIENTS, 1)]
    batches: list[list[AnyOperation]] = [
        *clicks,
        [Configure(HOST, 1, True, SettingsChange(title='=HYPERLINK("http://x";"y")', goal=9)), Reset(HOST, 2, True)],
        [Configure(HOST, 3, True, SettingsChange(goal=None))],
        [Set(HOST, 4, True, VALUE_LIMIT)],
        [Set(HOST, 5, True, -VALUE_LIMIT)],
        [Set("~anonymous", 0, False, -3)],
    ]
    for batch in batches:
        journal.append(batch, present).result(PATIENCE)
    journal.close()


def asking(database: Path) -> tuple[sqlite3.Connection, Ask]:
    db = reading.connect(database)

    def ask(query: Callable[[sqlite3.Connection], T]) -> T:
        return query(db)

    return db, ask
