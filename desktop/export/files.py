"""What there is to take along, each as a file in pieces: the workbook, the rounds and the changes."""

import sqlite3
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

from desktop.export import tables
from desktop.export.lines import lines
from desktop.export.tables import Ask
from desktop.export.words import Words, words

T = TypeVar("T")

Query: TypeAlias = Callable[[sqlite3.Connection], T]
What = Literal["workbook", "rounds", "changes"]

KINDS: Final[dict[What, str]] = {
    "workbook": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "rounds": "text/csv; charset=utf-8; header=present",
    "changes": "text/csv; charset=utf-8; header=present",
}
PIECE: Final = 64 * 1024
"""Bytes."""


class Made(NamedTuple):
    name: str
    pieces: Generator[bytes]
    """Made while they are taken: raises what `Ask` does, OSError, and tables.Unknown with the first one."""


def name(locales: Path, what: What, language: str, now: float) -> str:
    """What the file is called."""
    day = datetime.fromtimestamp(now).strftime("%Y-%m-%d")
    if what == "workbook":
        return f"LAN Counter {day}.xlsx"
    return f"LAN Counter {day} {words(locales, language)[what]}.csv"


def make(ask: Ask, locales: Path, what: What, language: str, now: float, number: int | None = None) -> Made:
    """A file of all rounds, or of the one of this id, in one of the languages; `now` is the wall clock, in seconds."""
    said, called = words(locales, language), name(locales, what, language, now)
    if what == "workbook":
        return Made(called, _workbook(ask, said, int(now * 1000), number))
    table = tables.rounds if what == "rounds" else tables.changes
    return Made(called, lines(table(ask, said, number), said["separator"]))


def _workbook(ask: Ask, said: Words, now: int, number: int | None) -> Generator[bytes]:
    # Imported here: nobody should wait for it who takes nothing along.
    from desktop.export import workbook

    with TemporaryDirectory(prefix="lan-counter-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "workbook.xlsx"
        workbook.write(path, ask, said, now, number)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
