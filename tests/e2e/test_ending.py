"""However the program ends, it says so to everyone, and to its caller by the exit code."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.classic import ClassicClient
from tests.e2e.program import Program, until
from tests.e2e.screen import answer, close_windows, visible

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
TITLE = "LAN Counter"


def test_closing_the_window_ends_the_program_and_tells_everyone(
    program: Program, native: Page, screen: str, join: Callable[[str], Page]
) -> None:
    page = join(program.join_url)
    expect(page.locator("html")).to_have_attribute("data-link", "up", timeout=15_000)
    expect(native.locator("html")).to_have_attribute("data-link", "up", timeout=15_000)
    with ClassicClient(program.join_url) as classic:
        classic.hears(0)
        assert close_windows(screen, TITLE) == 1
        until(lambda: len(visible(screen, TITLE)) == 2)
        answer(screen, "alt+y", lambda: program.process.poll() is not None)
        assert program.ended() == 0
        assert classic.is_closed() == 1001
    expect(page.locator("html")).to_have_attribute("data-link", "down", timeout=15_000)
    assert program.errors == ""


@SIGNALS
def test_a_signal_ends_the_program_with_its_window(program: Program, native: Page, number: int) -> None:
    expect(native.locator("html")).to_have_attribute("data-link", "up", timeout=15_000)
    assert program.end(number) == 128 + number
    assert program.errors == ""


@SIGNALS
def test_a_signal_ends_the_program_while_its_window_is_being_built(program: Program, number: int) -> None:
    assert program.end(number) == 128 + number


@SIGNALS
def test_a_signal_ends_the_program_without_a_window(server: Program, number: int) -> None:
    with ClassicClient(server.join_url) as classic:
        classic.hears(0)
        assert server.end(number) == 128 + number
        assert classic.is_closed() == 1001
    assert server.errors == ""


def test_without_a_screen_it_says_why_and_serves_on(data: Path) -> None:
    with Program(data) as program:
        until(lambda: program.errors.endswith("\n"))
        assert program.errors.startswith("No window: there is no screen")
        assert program.errors.count("\n") == 1
        assert program.counter == 0
        assert program.end() == 143
