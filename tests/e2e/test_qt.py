"""What pywebview leaves broken under Qt 6 is mended in the real window: clipboard, full screen, saving, crashes."""

import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.program import Program, until
from tests.e2e.screen import visible, window_manager, xdotool

TITLE = "LAN Counter"
UP = ("data-link", "up")


def renderers(program: Program) -> list[psutil.Process]:
    """The processes that show pages: Chromium's zygotes fork them."""
    zygotes = psutil.Process(program.process.pid).children()
    return [child for zygote in zygotes for child in zygote.children()]


@pytest.mark.parametrize("name", ["QT_API", "QT_QPA_PLATFORM_PLUGIN_PATH"])
def test_another_qt_in_the_environment_leads_nowhere(
    data: Path, screen: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "/nowhere")
    with Program(data, screen=screen) as program:
        until(lambda: program.health["people"] == 1, within=30)
        assert program.end() == 143
        assert program.errors == ""


def test_a_page_may_write_to_the_clipboard(program: Program, native: Page, screen: str) -> None:
    # Only one that has the keyboard may, so somebody has to give it to the window.
    with window_manager(screen):
        expect(native.locator("html")).to_have_attribute(*UP, timeout=15_000)
        xdotool(screen, "windowactivate", "--sync", visible(screen, TITLE)[0])
        until(lambda: bool(native.evaluate("() => document.hasFocus()")))
        wrote = "navigator.clipboard.writeText('copied').then(() => 'done', (error) => String(error))"
        assert native.evaluate(f"() => {wrote}") == "done"


def test_the_projector_fills_the_screen_and_gives_it_back(program: Program, native: Page, screen: str) -> None:
    def width() -> int:
        shell = xdotool(screen, "getwindowgeometry", "--shell", visible(screen, TITLE)[0])
        return int(dict(line.split("=") for line in shell.split())["WIDTH"])

    with window_manager(screen):
        expect(native.locator("html")).to_have_attribute(*UP, timeout=15_000)
        before = width()
        native.get_by_role("button", name="Projector").click()
        until(lambda: width() == 1280)
        assert native.evaluate("() => document.fullscreenElement !== null")
        native.evaluate("() => document.exitFullscreen()")
        until(lambda: width() == before)


def test_a_link_opens_in_the_real_browser_and_the_window_stays(
    data: Path, screen: str, playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, browser = tmp_path / "opened", tmp_path / "xdg-open"
    browser.write_text(f'#!/bin/sh\necho "$1 $LD_LIBRARY_PATH $QT_PLUGIN_PATH$MESA_SHADER_CACHE_DIR" > {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/theirs")
    monkeypatch.delenv("QT_PLUGIN_PATH", raising=False)
    with Program(data, screen=screen) as program:
        until(lambda: program.debugging_url is not None, within=30)
        assert program.debugging_url
        connection = playwright.chromium.connect_over_cdp(program.debugging_url, no_defaults=True, is_local=True)
        until(lambda: bool(connection.contexts[0].pages))
        page = connection.contexts[0].pages[0]
        page.locator("a.url").click(timeout=15_000)
        until(lambda: opened.exists() and opened.read_text() == f"{program.join_url} /theirs \n")
        expect(page.locator("main.host")).to_be_visible()
        connection.close()


def test_a_download_asks_where_to_and_is_saved(
    data: Path, screen: str, playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / "Downloads").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Program(data, screen=screen) as program:
        until(lambda: program.debugging_url is not None, within=30)
        assert program.debugging_url
        connection = playwright.chromium.connect_over_cdp(program.debugging_url, no_defaults=True, is_local=True)
        until(lambda: bool(connection.contexts[0].pages))
        page = connection.contexts[0].pages[0]
        expect(page.locator("html")).to_have_attribute(*UP, timeout=15_000)
        page.evaluate(
            """() => {
                const link = document.createElement('a');
                link.href = URL.createObjectURL(new Blob(['1,2,3']));
                link.download = 'counts.csv';
                link.click();
            }"""
        )
        saved = tmp_path / "home" / "Downloads" / "counts.csv"

        def accepted() -> bool:
            press = ["xdotool", "key", "Return"]
            subprocess.run(press, env={**os.environ, "DISPLAY": screen}, check=True)
            return saved.exists()

        until(accepted)
        until(lambda: saved.read_text() == "1,2,3")
        connection.close()
        assert program.end() == 143
        assert program.errors == ""


def is_saved(screen: str, folder: Path, ending: str, begin: bytes) -> bool:
    """Whether a file is there, and begins so; until then the dialog is told to go on, once it has the keyboard."""
    saved = [path for path in folder.iterdir() if path.suffix == ending]
    if not saved:
        xdotool(screen, "key", "Return")
    return bool(saved) and saved[0].read_bytes().startswith(begin)


def test_what_happened_is_taken_along_by_the_windows_own_dialog(
    data: Path, screen: str, playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = tmp_path / "home" / "Downloads"
    downloads.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with Program(data, screen=screen) as program:
        until(lambda: program.debugging_url is not None, within=30)
        assert program.debugging_url
        connection = playwright.chromium.connect_over_cdp(program.debugging_url, no_defaults=True, is_local=True)
        until(lambda: bool(connection.contexts[0].pages))
        page = connection.contexts[0].pages[0]
        expect(page.locator("html")).to_have_attribute(*UP, timeout=15_000)
        page.get_by_role("button", name="Add one").click()
        page.get_by_role("button", name="Reset to 0").click()
        page.get_by_role("button", name="Rounds 1").click(timeout=15_000)
        for item, ending, begin in (("Workbook", ".xlsx", b"PK"), ("This plot, as PNG", ".png", b"\x89PNG")):
            page.get_by_role("button", name="Take along").click()
            page.get_by_role("menuitem", name=item).click()
            until(partial(is_saved, screen, downloads, ending, begin))
        connection.close()
        assert program.end() == 143
        assert program.errors == ""


def test_the_page_is_loaded_again_after_a_crash(data: Path, screen: str) -> None:
    with Program(data, screen=screen) as program:
        until(lambda: program.health["people"] == 1, within=30)
        (crashed,) = renderers(program)
        crashed.send_signal(signal.SIGKILL)
        until(lambda: any(process != crashed for process in renderers(program)))
        until(lambda: program.health["people"] == 1, within=30)
        assert "crashed" in program.errors
        assert program.end() == 143


@pytest.mark.parametrize(
    "asked",
    ["wayland", "wayland;xcb", "wayland-egl", "wayland-egl;xcb", "XCB", " xcb ", ";", "eglfs", "linuxfb", "nonsense"],
)
def test_the_window_opens_whatever_platform_is_asked_for(data: Path, screen: str, asked: str) -> None:
    with Program(data, screen=screen, environment={"QT_QPA_PLATFORM": asked}) as program:
        until(lambda: program.health["people"] == 1, within=30)
        until(lambda: len(visible(screen, TITLE)) == 1)
        assert program.end() == 143
        assert program.errors == ""


NOT_IN_THE_BINARY = pytest.mark.skipif("APP_BINARY" in os.environ, reason="the binary leaves it out")


@pytest.mark.parametrize(
    "asked", ["offscreen", "offscreen:configfile=/nowhere", pytest.param("minimal", marks=NOT_IN_THE_BINARY)]
)
def test_a_platform_that_needs_no_screen_is_taken_as_asked_for(data: Path, screen: str, asked: str) -> None:
    with Program(data, screen=screen, environment={"QT_QPA_PLATFORM": asked}) as program:
        until(lambda: program.health["people"] == 1, within=30)
        assert visible(screen, TITLE) == []
        assert program.end() == 143


@pytest.mark.parametrize("asked", ["", "xcb", "wayland-egl", "eglfs", "nonsense;"])
def test_without_a_screen_the_counter_runs_on_and_says_why(data: Path, asked: str) -> None:
    with Program(data, environment={"QT_QPA_PLATFORM": asked}) as program:
        until(lambda: "No window: there is no screen" in program.errors)
        assert program.health["status"] == "ok"
        assert program.end() == 143
        assert program.errors.count("\n") == 1
