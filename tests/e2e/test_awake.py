"""The machine stays awake while others are in, with the whole program and a real bus."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.bus import Desktop, desktop, session_bus
from tests.e2e.classic import ClassicClient
from tests.e2e.program import Program, until
from tests.e2e.screen import window_manager


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with session_bus(tmp_path) as address, desktop(address) as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield service


def test_it_is_kept_awake_while_others_are_in_and_no_longer(data: Path, screen: str, session: Desktop) -> None:
    with Program(data, screen=screen) as program:
        until(lambda: program.health["people"] == 1, within=30)
        with ClassicClient(program.join_url) as classic:
            classic.hears(0)
            until(lambda: session.inhibited == [1])
        until(lambda: session.inhibited == [])
        with ClassicClient(program.join_url) as classic:
            classic.hears(0)
            until(lambda: session.inhibited == [2])
            assert program.end() == 143
            assert session.inhibited == []
        assert program.errors == ""


def test_a_server_without_a_window_keeps_nothing_awake(data: Path, session: Desktop) -> None:
    with Program(data, "--headless") as program, ClassicClient(program.join_url) as classic:
        classic.hears(0)
        until(lambda: program.health["people"] == 1)
        assert program.end() == 143
    assert session.times == 0


def test_it_is_kept_awake_while_the_window_is_the_projector(
    session: Desktop, data: Path, screen: str, playwright: Playwright
) -> None:
    with window_manager(screen), Program(data, screen=screen) as program:
        until(lambda: program.debugging_url is not None, within=30)
        assert program.debugging_url
        connection = playwright.chromium.connect_over_cdp(program.debugging_url, no_defaults=True, is_local=True)
        until(lambda: bool(connection.contexts[0].pages))
        page: Page = connection.contexts[0].pages[0]
        page.get_by_role("button", name="Projector").click(timeout=15_000)
        until(lambda: session.inhibited == [1])
        page.evaluate("() => document.exitFullscreen()")
        until(lambda: session.inhibited == [])
        connection.close()


@pytest.mark.parametrize("level", ["info", "warning"])
def test_where_there_is_no_bus_a_line_says_so_to_who_wants_to_know(
    data: Path, screen: str, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    with (
        Program(data, "--log-level", level, screen=screen) as program,
        ClassicClient(program.join_url) as classic,
    ):
        classic.hears(0)
        if level == "info":
            until(lambda: "This machine may fall asleep" in program.errors, within=30)
        assert program.end() == 143
        assert program.errors.count("fall asleep") == (1 if level == "info" else 0)
        assert "Traceback" not in program.errors
