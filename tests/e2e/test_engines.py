"""The page in the three engines that browsers have: joining, counting, coming back, the menu, the host's page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.conftest import CHROMIUM_OPTIONS
from tests.e2e.engines import ENTER, Chromium, Engine, firefox, webkit
from tests.e2e.program import Program, browser, until
from tests.e2e.screen import private_screen


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    home = tmp_path / "browser"
    home.mkdir()
    if request.param == "firefox":
        with firefox(home) as running:
            yield running
    elif request.param == "webkit":
        with private_screen() as screen, webkit(home, screen) as running:
            yield running
    else:
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(executable_path=browser(), args=CHROMIUM_OPTIONS)
            yield Chromium(launched.new_page(locale="en-US"))
            launched.close()


def says(engine: Engine, selector: str, wanted: str) -> None:
    """Wait until the first of these elements that can be seen has this text."""
    script = """
        const seen = [...document.querySelectorAll(arguments[0])].find((element) => element.getClientRects().length);
        return seen ? seen.textContent : '';
    """
    until(lambda: wanted in engine.run(script, selector))


def is_told(engine: Engine, name: str, wanted: str) -> None:
    """Wait until the page's own element has this value."""
    until(lambda: engine.run(f"return document.documentElement.dataset.{name}") == wanted)


def test_join_count_come_back_choose_and_host(engine: Engine, data: Path) -> None:
    with Program(data, "--headless") as program:
        engine.open(program.join_url)
        is_told(engine, "link", "up")
        says(engine, ".state", "Live with 1 person")

        for selector in (".tap.more", ".tap.more", ".tap.less", ".tap.more"):
            engine.click(selector)
        is_told(engine, "value", "2")
        engine.type("+")
        is_told(engine, "value", "3")
        engine.tap(".tap.more", 5, resting=".plate")
        is_told(engine, "value", "8")
        engine.tap(".tap.more", 3, resting=".tap.more")
        is_told(engine, "value", "12")
        until(lambda: program.counter == 12)

        engine.click("header .menu")
        until(lambda: engine.run("return document.activeElement.id") == "name")
        engine.type("Ada" + ENTER)
        until(lambda: engine.run("return document.querySelector('#menu') === null"))
        port = program.port

    is_told(engine, "link", "down")
    says(engine, ".state", "Connection lost")
    engine.click(".tap.more")
    says(engine, ".note", "1 click kept on this device.")
    with Program(data, "--headless", port=port) as program:
        is_told(engine, "link", "up")
        until(lambda: program.counter == 13)

        # From elsewhere: to a browser, the address of the host's page is a place in the guest's.
        engine.open(program.join_url + "health")
        engine.open(program.host_url)
        is_told(engine, "link", "up")
        says(engine, ".people .fig", "1")
        assert engine.run("return document.querySelector('#main').className") == "host"
        until(lambda: bool(engine.run("return document.querySelector('.join .qr').naturalWidth")))
        engine.click(".rules .btn:nth-child(2)")
        is_told(engine, "value", "0")
        engine.click(".rules .btn:first-child")
        is_told(engine, "value", "13")
        until(lambda: program.counter == 13)
