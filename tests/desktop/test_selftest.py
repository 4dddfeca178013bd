"""The self-test: it passes on a good program, and finds what is broken. With a window: dev.py binary."""

import shutil
from pathlib import Path

import pytest
from aiohttp.web import Request, Response

from desktop import launcher, selftest
from desktop.journal.sqlite import SqliteJournal
from desktop.selftest import SelfTest
from desktop.server import pages
from desktop.server.pages import folder


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def test_a_good_program_passes_with_a_line_for_each_check(no_screen: None) -> None:
    lines: list[str] = []
    assert SelfTest(lines.append).run() == 0
    assert lines[0].startswith("LAN Counter ")
    named = {line[6:].partition(":")[0]: line[:6].strip() for line in lines[1:-1]}
    served = ["page", "codes", "classic", "lan-counter.v1", "server"]
    assert list(named) == [*served, "journal", "shared", ".local name", "window"]
    assert named.pop("window") == "none"
    # A machine whose loopback carries no multicast says so.
    assert named.pop(".local name") in ("ok", "none")
    assert set(named.values()) == {"ok"}
    assert lines[-1] == "The self-test has passed."


def failures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(SelfTest, "_is_named", lambda *_: None)
    lines: list[str] = []
    assert SelfTest(lines.append).run() == 1
    assert lines[-1] == "The self-test has failed."
    return [line for line in lines if line.startswith("FAIL")]


def test_a_vendored_file_that_has_changed_is_found(
    no_screen: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = tmp_path / "web"
    shutil.copytree(folder(), web)
    (file,) = (web / "vendor").glob("*.js")
    file.write_text(file.read_text("utf-8") + " ")
    for module in (selftest, launcher):
        monkeypatch.setattr(module, "folder", lambda: web)
    assert f"FAIL  server: page: {file.name} is not the file that was vendored" in failures(monkeypatch)


def test_a_page_that_is_not_what_was_shipped_is_found(no_screen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = pages.Page._answer

    def changed(page: pages.Page, request: Request) -> Response:
        return Response(body=page.body + b" ") if request.path == "/" else answer(page, request)

    monkeypatch.setattr(pages.Page, "_answer", changed)
    assert failures(monkeypatch)[0] == "FAIL  server: page: / is not what was shipped"


def test_a_journal_that_keeps_nothing_is_found(
    no_screen: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = (tmp_path / f"{number}.db" for number in range(9))
    monkeypatch.setattr(selftest, "SqliteJournal", lambda path: SqliteJournal(next(fresh)))
    assert failures(monkeypatch) == ["FAIL  journal: 42 was counted, and 0 is kept"]
