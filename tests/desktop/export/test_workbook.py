"""The workbook, read back by openpyxl and by LibreOffice."""

import csv
import os
import shutil
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from desktop.export import tables, workbook
from desktop.export.tables import Ask
from desktop.export.words import words
from tests.desktop.export.past import CLIENTS, HOSTILE, LOCALES, START

NOW = (START + 500) * 1000


@pytest.mark.parametrize("language", ["en", "fr"])
def test_all_comes_back_with_real_dates_and_numbers_and_no_formula(ask: Ask, tmp_path: Path, language: str) -> None:
    said = words(LOCALES, language)
    workbook.write(tmp_path / "book.xlsx", ask, said, NOW)
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == [said["rounds"], said["changes"], said["curves"]]
    for name, table in ((said["rounds"], tables.rounds), (said["changes"], tables.changes)):
        expected = list(table(ask, said))
        for cells, row in zip(book[name].iter_rows(), expected, strict=True):
            for cell, value in zip(cells, row, strict=True):
                assert cell.data_type != "f"
                if isinstance(value, int) and abs(value) >= 10**15:
                    assert cell.value == str(value)
                else:
                    # openpyxl leaves a carriage return as the file has it (ISO/IEC 29500-1, 22.4.2.4).
                    found = cell.value.replace("_x000D_", "\r") if isinstance(cell.value, str) else cell.value
                    assert found == (None if value == "" else value), cell.coordinate
    assert isinstance(book[said["changes"]]["A2"].value, datetime)
    assert [row[5] for row in book[said["changes"]].iter_rows(min_row=2, values_only=True)][len(HOSTILE)] == said[
        "host"
    ]


def test_each_round_has_a_chart_with_its_title(ask: Ask, tmp_path: Path) -> None:
    workbook.write(tmp_path / "book.xlsx", ask, words(LOCALES, "en"), NOW)
    with zipfile.ZipFile(tmp_path / "book.xlsx") as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/chart")]
        everything = b"".join(parts.read(name) for name in parts.namelist())
    assert len(charts) == 2
    assert all("HYPERLINK" in chart and "<c:f>'HYPERLINK" not in chart for chart in charts)
    assert not [client for client in CLIENTS if client.encode() in everything]


def test_past_what_a_sheet_holds_it_goes_on_in_a_further_one(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 10)
    workbook.write(tmp_path / "book.xlsx", ask, words(LOCALES, "en"), NOW)
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    sheets = ["Changes", "Changes 2", "Changes 3"]
    assert [name for name in book.sheetnames if name.startswith("Changes")] == sheets
    rows = [row for name in sheets for row in list(book[name].iter_rows(values_only=True))[1:]]
    assert [row[4] for row in rows] == [row[4] for row in list(tables.changes(ask, words(LOCALES, "en")))[1:]]


def test_one_round_alone(ask: Ask, tmp_path: Path) -> None:
    workbook.write(tmp_path / "book.xlsx", ask, words(LOCALES, "en"), NOW, 0)
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book["Rounds"].max_row == 2
    with pytest.raises(tables.Unknown):
        workbook.write(tmp_path / "other.xlsx", ask, words(LOCALES, "en"), NOW, 3)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not here")
def test_libreoffice_reads_both_languages_as_they_are_meant(ask: Ask, tmp_path: Path) -> None:
    """One run for both: it converts what it understood to CSV, formulas shown as such."""
    for language in ("en", "fr"):
        workbook.write(tmp_path / f"{language}.xlsx", ask, words(LOCALES, language), NOW)
    done = subprocess.run(
        [
            "soffice", f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless", "--convert-to",
            # Comma, quotes, UTF-8, from the first line, columns as they are, all sheets (its wiki, "Filter Options").
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1",
            "--outdir", str(tmp_path / "out"), str(tmp_path / "en.xlsx"), str(tmp_path / "fr.xlsx"),
        ],
        capture_output=True, text=True, timeout=100, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    for language in ("en", "fr"):
        said = words(LOCALES, language)
        path = tmp_path / "out" / f"{language}-{said['changes']}.csv"
        assert path.is_file(), done.stderr
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        expected = list(tables.changes(ask, said))
        assert head == expected[0]
        for row, meant in zip(rows, expected[1:], strict=True):
            assert row[0] == f"{meant[0]:%Y-%m-%d %H:%M:%S}"
            assert row[5].split() == str(meant[5]).split()
            assert (row[6], row[7]) == (str(meant[6]), str(meant[7]))
