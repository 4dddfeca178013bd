"""CSV, read back by the csv module."""

import csv
import io
import re
import tracemalloc
from collections.abc import Iterator
from datetime import datetime

import pytest

from desktop.export import tables
from desktop.export.lines import MARK, harmless, lines
from desktop.export.tables import Ask, Row
from desktop.export.words import words
from tests.desktop.export.past import HOSTILE, LOCALES


def read(content: bytes, separator: str) -> list[list[str]]:
    text = content.decode("utf-8")
    assert text.startswith(MARK) and text.count(MARK) == 1
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=separator))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_all_comes_back_as_it_was_but_for_what_would_begin_a_formula(ask: Ask, language: str) -> None:
    said = words(LOCALES, language)
    content = b"".join(lines(tables.changes(ask, said), said["separator"]))
    head, *rows = read(content, said["separator"])
    assert b"sep=" not in content
    assert head == [said[heading] for heading in tables.CHANGES]
    assert [row[5].removeprefix("'") for row in rows[: len(HOSTILE)]] == [name.removeprefix("'") for name in HOSTILE]
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row[0])
        assert re.fullmatch(r"-?\d+", row[6]) and re.fullmatch(r"-?\d+", row[7])
        for text in (row[1], row[3], row[5], row[8]):
            assert text.lstrip()[:1] not in tuple("=+-@") and text[:1] not in tuple("\t\r\n")
    assert rows[-3][7] == "9007199254740991"


@pytest.mark.parametrize("text", HOSTILE[:8])
def test_what_would_begin_a_formula_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "a=b", "Guest 7", " Ada", "'quoted"])
def test_other_text_is_as_it_was(text: str) -> None:
    assert harmless(text) == text


def test_many_rows_take_no_memory() -> None:
    def rows(count: int) -> Iterator[Row]:
        for number in range(count):
            yield [datetime(2026, 1, 1), "UTC+00:00", number, "a title", "somebody"]

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            for _ in lines(rows(count), ","):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(40_000) < 2 * peak(4_000)


def test_half_a_character_breaks_no_file() -> None:
    assert b"".join(lines([["\ud800"]], ",")).decode("utf-8") == f"{MARK}?\r\n"
