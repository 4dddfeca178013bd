"""One number, whoever counts and from wherever."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.classic import ClassicClient
from tests.e2e.program import Program, until

Join = Callable[[str], Page]


def shows(page: Page, value: int) -> None:
    expect(page.locator("html")).to_have_attribute("data-value", str(value), timeout=15_000)


def is_connected(page: Page, link: str = "up") -> None:
    expect(page.locator("html")).to_have_attribute("data-link", link, timeout=30_000)


def add_one(page: Page) -> None:
    page.get_by_role("button", name="Add one").click()


def test_everyone_clicks_and_all_agree_on_the_number_of_clicks(program: Program, native: Page, join: Join) -> None:
    pages = [native, join(program.join_url), join(program.join_url)]
    with ClassicClient(program.join_url) as classic:
        for page in pages:
            is_connected(page)
        for _ in range(10):
            for page in pages:
                add_one(page)
        native.get_by_role("button", name="Take one away").click()
        for page in pages:
            shows(page, 29)
        classic.hears(29)
    assert program.counter == 29


def test_what_a_classic_client_sets_is_shown_everywhere(program: Program, native: Page, join: Join) -> None:
    page = join(program.join_url)
    is_connected(page)
    is_connected(native)
    with ClassicClient(program.join_url) as classic:
        classic.hears(0)
        classic.set(1000)
        classic.hears(1000)
        shows(page, 1000)
        shows(native, 1000)
        add_one(page)
        classic.hears(1001)


def test_the_window_is_the_hosts_and_stays_so_when_loaded_again(program: Program, native: Page, join: Join) -> None:
    # Twice, so that complaints of the page's first moments are heard too.
    for _ in range(2):
        expect(native.locator("main.host")).to_be_visible(timeout=15_000)
        expect(native.locator("a.url")).to_have_attribute("href", program.join_url)
        is_connected(native)
        native.reload()
    guest = join(program.join_url)
    expect(guest.locator("main.phone")).to_be_visible()
    expect(guest.locator(".state")).to_have_text(re.compile(r"Live with \d+ people"), timeout=15_000)


def test_the_hosts_secret_is_neither_in_the_address_nor_in_a_log(program: Program, native: Page) -> None:
    is_connected(native)
    secret = program.host_url.partition("#host=")[2]
    assert secret
    assert "#" not in native.url
    assert secret not in program.errors
    family = [psutil.Process(program.process.pid)]
    family += family[0].children(recursive=True)
    assert not any(secret in part for process in family for part in process.cmdline())


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_the_number_survives_a_restart(data: Path, end: signal.Signals) -> None:
    with Program(data, "--headless") as first, ClassicClient(first.join_url) as classic:
        classic.hears(0)
        classic.set(42)
        classic.hears(42)
        revision = first.health["revision"]
        first.end(end)
    with Program(data, "--headless") as second:
        assert second.counter == 42
        assert second.health["revision"] >= revision


def test_clicks_made_while_the_server_was_away_count_exactly_once(data: Path, join: Join) -> None:
    with Program(data, "--headless") as first:
        page = join(first.join_url)
        is_connected(page)
        add_one(page)
        until(lambda: first.counter == 1)
        first.end()
    is_connected(page, "down")
    for _ in range(3):
        add_one(page)
    shows(page, 4)
    with Program(data, "--headless", port=first.port) as second:
        is_connected(page)
        until(lambda: second.counter == 4)
        # The connection keeps the order: what might have come twice would have come before this.
        add_one(page)
        until(lambda: second.counter == 5)
        shows(page, 5)


def test_health_tells_version_counter_revision_and_people(server: Program, join: Join) -> None:
    page = join(server.join_url)
    add_one(page)
    until(lambda: server.counter == 1)
    health = server.health
    assert set(health) == {"status", "version", "counter", "revision", "people"}
    assert health["status"] == "ok"
    assert health["version"]
    assert health["people"] == 1
    assert health["revision"] >= 1
    assert json.dumps(health)


def test_no_page_complains(server: Program, join: Join) -> None:
    for path in ("", "static/index.html"):
        page = join(server.join_url + path)
        is_connected(page)
        add_one(page)
    until(lambda: server.counter == 2)
