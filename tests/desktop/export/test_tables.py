"""The two tables of every file."""

from datetime import datetime, timedelta, timezone

import pytest

from desktop.core.counter import VALUE_LIMIT
from desktop.export import tables
from desktop.export.tables import Ask
from desktop.export.words import words
from tests.desktop.export.past import CLIENTS, HOSTILE, LOCALES, START

EN = words(LOCALES, "en")


def test_each_round_has_a_row(ask: Ask) -> None:
    head, first, second = tables.rounds(ask, EN)
    assert head[:2] == ["Round", "Title"]
    title = '=HYPERLINK("http://x";"y")'
    total = sum(range(len(CLIENTS) + 1))
    assert first[:2] == [1, title]
    assert first[5:] == [total, total, 0, len(CLIENTS), 30, 9, "yes"]
    assert second[5:] == [-3, VALUE_LIMIT, -VALUE_LIMIT, 2, 30, None, ""]
    assert isinstance(first[2], datetime)
    assert timedelta(0) <= first[2] - datetime.fromtimestamp(START) < timedelta(seconds=60)


def test_each_change_has_a_row_with_its_round_and_who_it_was(ask: Ask) -> None:
    head, *rows = tables.changes(ask, EN)
    assert head == ["Time", "Offset from UTC", "Round", "Title", "Revision", "Person", "Change", "Value", "Kind"]
    assert [row[5] for row in rows[: len(HOSTILE)]] == HOSTILE
    assert [row[2] for row in rows] == [1] * (len(HOSTILE) + 1) + [2] * 3
    assert [row[8] for row in rows[-4:]] == ["reset", "set", "set", "set"]
    assert [row[6] for row in rows[-2:]] == [-2 * VALUE_LIMIT, VALUE_LIMIT - 3]


def test_no_cell_has_a_client_id(ask: Ask) -> None:
    told = str([*tables.rounds(ask, EN), *tables.changes(ask, EN)])
    assert not [client for client in [*CLIENTS, "~anonymous"] if client in told]


def test_a_round_alone_has_its_own_changes_and_one_that_is_not_there_is_unknown(ask: Ask) -> None:
    first, second = tables.listed(ask)
    assert len(list(tables.changes(ask, EN, first.round.id))) == len(CLIENTS) + 2
    assert len(list(tables.changes(ask, EN, second.round.id))) == 4
    for table in (tables.rounds, tables.changes):
        with pytest.raises(tables.Unknown):
            list(table(ask, EN, 3))


@pytest.mark.parametrize(
    ("hours", "told"), [(0, "UTC+00:00"), (2, "UTC+02:00"), (-3.5, "UTC-03:30"), (5.75, "UTC+05:45")]
)
def test_the_offset_begins_no_formula(hours: float, told: str) -> None:
    assert tables.offset(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=hours)))) == told
    assert tables.offset(None) == ""
