"""An Excel workbook (ISO/IEC 29500): the rounds, the changes, and a chart of each round.

Written row by row, by way of temporary files: XlsxWriter's `constant_memory`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from desktop.export import tables
from desktop.export.tables import Ask, Row
from desktop.export.words import Words
from desktop.journal import reading
from desktop.journal.reading import Numbered, Span

MOST_ROWS: Final = 1_048_576
"""Of a sheet (Excel's specifications and limits)."""
EXACT: Final = 10**15
"""From here on Excel rounds a number; a text stays as it is."""
CHARTS: Final = 200
"""Of the newest rounds: each has to be laid out before anything is shown."""
CHART_ROWS: Final = 16
NAME_LENGTH: Final = 31
"""Of a sheet."""


def write(path: Path, ask: Ask, words: Words, now: int, number: int | None = None) -> None:
    """Write all, or what is of the round of this id, into a file; `now` is in milliseconds. Raises tables.Unknown, and
    OSError."""
    listed = tables.listed(ask, number)
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"})
            bold = book.add_format({"bold": True})
            sheets = _Sheets(book, time, bold)
            rounds = sheets.fill(words["rounds"], tables.rounds(ask, words, number), [8, 30, 19, 19, 16, *[12] * 7])
            sheets.fill(words["changes"], tables.changes(ask, words, number), [19, 16, 8, 30, 10, 24, 10, 12, 18])
            _charts(sheets, rounds, words, ask, listed[-CHARTS:], now)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


class _Sheets:
    """Fills sheets of a workbook, and goes on in a further one where one is full."""

    def __init__(self, book: Any, time: Any, bold: Any) -> None:
        self.book = book
        self.time = time
        self._bold = bold

    def fill(self, name: str, rows: Iterator[Row], widths: Sequence[int]) -> Any:
        """The first row is above each of them. Returns the first sheet."""
        head = next(rows)
        first = sheet = self._begin(name, head, widths)
        count, place = 1, 1
        for row in rows:
            if place == MOST_ROWS:
                count, place = count + 1, 1
                sheet = self._begin(f"{name} {count}", head, widths)
            self._row(sheet, place, row)
            place += 1
        return first

    def _begin(self, name: str, head: Row, widths: Sequence[int]) -> Any:
        sheet = self.book.add_worksheet(name[:NAME_LENGTH])
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, cell in enumerate(head):
            sheet.write_string(0, column, str(cell), self._bold)
        return sheet

    def _row(self, sheet: Any, place: int, row: Row) -> None:
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(place, column, cell, self.time)
            elif isinstance(cell, str):
                if cell:
                    sheet.write_string(place, column, cell)
            elif cell is not None:
                _number(sheet, place, column, cell)


def _number(sheet: Any, place: int, column: int, number: int) -> None:
    if abs(number) < EXACT:
        sheet.write_number(place, column, number)
    else:
        sheet.write_string(place, column, str(number))


def _charts(sheets: _Sheets, rounds: Any, words: Words, ask: Ask, listed: Sequence[Numbered], now: int) -> None:
    """A chart of each round, beside the rounds; what it is drawn from has a sheet of its own."""

    def points() -> Iterator[Row]:
        yield [words["round"], words["time"], words["value"]]
        place = 1
        for count, one in enumerate(listed):
            curve = _curve(ask(partial(reading.span_of, one=one, now=now)))
            chart = sheets.book.add_chart({"type": "scatter", "subtype": "straight"})
            stretch = (place, place + len(curve) - 1)
            chart.add_series(
                {
                    "categories": [words["curves"], stretch[0], 1, stretch[1], 1],
                    "values": [words["curves"], stretch[0], 2, stretch[1], 2],
                    "line": {"width": 1.5},
                }
            )
            title = one.title or words["untitled"].replace("{n}", str(one.number))
            chart.set_title({"name": _plain(title), "name_font": {"size": 12}, "overlay": False})
            chart.set_legend({"none": True})
            times = curve[0][0], curve[-1][0]
            chart.set_x_axis({"num_format": "hh:mm:ss", "min": _serial(times[0]), "max": _serial(times[1])})
            rounds.insert_chart(1 + count * CHART_ROWS, len(tables.ROUNDS) + 1, chart)
            for at, value in curve:
                yield [one.number, at, value]
                place += 1

    sheets.fill(words["curves"], points(), [8, 19, 12])


def _curve(span: Span) -> list[tuple[datetime, int]]:
    """Steps: a value stays until the next one is there."""
    points: list[tuple[datetime, int]] = []
    value = span.before
    for at, next_value in [(span.start, value), *((entry.at, entry.value) for entry in span.changes)]:
        time = tables.naive(tables.local(at))
        assert time is not None
        points += [(time, value), (time, next_value)]
        value = next_value
    return points[1:]


def _plain(title: str) -> str:
    """A title that begins like a formula would be taken for a reference to cells."""
    return f"\u200b{title}" if title.startswith("=") else title


def _serial(at: datetime) -> float:
    """A time as Excel counts it: days since the end of 1899."""
    return (at - datetime(1899, 12, 30)).total_seconds() / 86_400
