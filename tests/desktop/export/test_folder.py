"""`--export`."""

import csv
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from desktop.core.operations import Add, AnyOperation
from desktop.core.rounds import Present, Who
from desktop.export.folder import ExportError, export, export_shared
from desktop.journal import JournalError, files
from desktop.journal.redis import RedisJournal
from desktop.journal.shared import Session
from desktop.journal.sqlite import SqliteJournal
from tests.desktop.engine import SERVER, Engine
from tests.desktop.export.past import CLIENTS, LOCALES, START, filled
from tests.desktop.journal.test_schema import old
from tests.desktop.support import PATIENCE, change

NOW = START + 100.0


def nothing(operations: Sequence[AnyOperation], last: int) -> None:
    pass


def test_all_files_are_written_whether_or_not_the_folder_is_there(database: Path, tmp_path: Path) -> None:
    filled(database)
    for _ in range(2):
        paths = export(database, tmp_path / "a" / "b", LOCALES, "en", NOW)
    assert sorted((tmp_path / "a" / "b").iterdir()) == sorted(paths)
    assert [path.suffix for path in paths] == [".xlsx", ".csv", ".csv"]
    assert openpyxl.load_workbook(paths[0])["Rounds"].max_row == 3
    with paths[2].open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == len(CLIENTS) + 5


def test_beside_a_program_that_runs_what_is_acknowledged_is_there(database: Path, tmp_path: Path) -> None:
    journal = SqliteJournal(database)
    journal.open(nothing)
    try:
        journal.append([Add(CLIENTS[0], 1, False, 5)]).result(PATIENCE)
        _, _, changes = export(database, tmp_path / "out", LOCALES, "en", NOW)
        assert changes.read_text("utf-8").count("\n") == 2
        journal.append([Add(CLIENTS[0], 2, False, 5)]).result(PATIENCE)
    finally:
        journal.close()


@pytest.mark.skipif(SERVER is None, reason="there is no redis-server")
def test_what_several_hosts_share_is_there_whether_or_not_one_of_them_runs(tmp_path: Path) -> None:
    with Engine(tmp_path / "redis") as engine:
        session = Session(engine.url, "room-12", "", None)
        with pytest.raises(JournalError, match="no such counter"):
            export_shared(session, tmp_path / "out", LOCALES, "en", NOW)
        journal = RedisJournal(session._replace(room="A"), tmp_path)
        journal.open(nothing)
        journal.follow(lambda *_: None, lambda _: None)
        try:
            with pytest.raises(ExportError, match="nothing has been counted in room-12 yet"):
                export_shared(session, tmp_path / "out", LOCALES, "en", NOW)
            who = Who(1, "Ada", "guest")
            journal.append([Add(CLIENTS[0], 1, False, 5)], Present(1, {CLIENTS[0]: who})).result(PATIENCE)
        finally:
            journal.close()
        _, _, changes = export_shared(session, tmp_path / "out", LOCALES, "en", NOW)
        assert "Ada" in changes.read_text("utf-8")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_an_older_program_is_read_and_left_as_it_is(database: Path, tmp_path: Path, version: int) -> None:
    old(database, version)
    before = database.read_bytes()
    _, rounds, _ = export(database, tmp_path / "out", LOCALES, "en", NOW)
    assert rounds.read_text("utf-8").count("\n") == 2
    assert database.read_bytes() == before


def test_where_nothing_was_counted_there_is_nothing_to_take(database: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"counter\.db does not exist\.$"):
        export(database, tmp_path / "out", LOCALES, "en", NOW)
    SqliteJournal(database).open(nothing)
    with pytest.raises(ExportError, match=r"nothing has been counted in .*counter\.db yet\.$"):
        export(database, tmp_path / "out", LOCALES, "en", NOW)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_to_is_named(database: Path, tmp_path: Path) -> None:
    filled(database)
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"file can't be written to: .+\.$"):
        export(database, tmp_path / "file", LOCALES, "en", NOW)


@pytest.mark.parametrize("content", [b"no database" * 100, b"SQLite format 3\0" + bytes(100)])
def test_a_file_that_cannot_be_read_is_named(database: Path, tmp_path: Path, content: bytes) -> None:
    database.write_bytes(content)
    with pytest.raises(ExportError, match=r"counter\.db can't be read: .+\.$"):
        export(database, tmp_path / "out", LOCALES, "en", NOW)


def test_a_file_of_a_newer_program_is_refused(database: Path, tmp_path: Path) -> None:
    filled(database)
    change(database, f"PRAGMA user_version = {files.FORMAT + 1}")
    with pytest.raises(ExportError, match=r"newer LAN Counter\.$"):
        export(database, tmp_path / "out", LOCALES, "en", NOW)


def test_what_fails_halfway_leaves_nothing_behind(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(database)

    def broken(*arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("desktop.journal.reading.piece", broken)
    with pytest.raises(ExportError, match="disk I/O error"):
        export(database, tmp_path / "out", LOCALES, "en", NOW)
    assert list((tmp_path / "out").iterdir()) == []
