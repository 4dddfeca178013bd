"""One counter, two hosts: what their pages show, and how a host begins to share without a command line."""

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from desktop.machine import preferences
from tests.desktop.engine import SERVER, Engine
from tests.e2e.program import Program

pytestmark = pytest.mark.skipif(SERVER is None, reason="there is no redis-server")

PASSWORD = "plum-7-tree"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "redis", requirepass=PASSWORD) as engine:
        yield engine


def shared(page: Page) -> None:
    """Open the settings of several hosts."""
    page.get_by_role("button", name="Settings").click()
    page.get_by_text("One counter, several hosts").click()


def typed(page: Page, url: str, name: str, password: str) -> None:
    page.get_by_label("Address of the server").fill(url)
    page.get_by_label("Name of the counter").fill(name)
    page.get_by_label("Password, if the server wants one").fill(password)
    page.get_by_role("button", name="Share", exact=True).click()


def test_a_guest_of_any_host_has_the_same_number_and_the_host_sees_the_other_room(
    tmp_path: Path, engine: Engine, join: Callable[[str], Page]
) -> None:
    options = "--headless", "--redis", engine.url, "--session", "room-12"
    environment = {"REDIS_PASSWORD": PASSWORD}
    with (
        Program(tmp_path / "a", *options, "--room", "Library", environment=environment) as one,
        Program(tmp_path / "b", *options, "--room", "Lab", environment=environment) as other,
    ):
        host, guest, elsewhere = join(one.host_url), join(one.join_url), join(other.join_url)
        expect(guest.locator(".state")).to_have_text("Live with 3 people")
        expect(elsewhere.locator(".state")).to_have_text("Live with 3 people")
        elsewhere.get_by_role("button", name="Add one").click()
        for page in (host, guest, elsewhere):
            expect(page.locator("html")).to_have_attribute("data-value", "1")
        expect(host.locator(".crowd")).to_contain_text("Lab: 1 person")
        host.get_by_role("button", name="Lock for others").click()
        expect(elsewhere.get_by_role("button", name="Add one")).to_be_disabled()
        assert one.errors == other.errors == ""


def test_a_host_types_it_once_and_the_next_start_shares(
    tmp_path: Path, engine: Engine, join: Callable[[str], Page]
) -> None:
    data = tmp_path / "data"
    with Program(data, "--headless") as program:
        page = join(program.host_url)
        shared(page)
        typed(page, engine.url, "room 12", "wrong")
        alert = page.locator(".shared [role=alert]")
        expect(alert).to_contain_text("refuses the password")
        typed(page, engine.url, "room 12", PASSWORD)
        expect(alert).to_contain_text("Start the program again: then it shares “room 12”.")
        # What is kept is told, but for the password.
        page.reload()
        shared(page)
        expect(page.get_by_label("Address of the server")).to_have_value(engine.url)
        expect(page.get_by_label("Password, if the server wants one")).to_have_value("")
    kept = preferences.load(data / "preferences.json")
    assert (kept.redis, kept.session) == (engine.url, "room 12")
    secret = data / "redis.password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert not [path.name for path in data.iterdir() if path != secret and path.is_file() and holds(path)]
    with Program(data, "--headless") as program:
        assert engine.does("EXISTS", "{lan-counter:room 12}:journal") == 1
        page = join(program.host_url)
        shared(page)
        page.get_by_role("button", name="Stop sharing").click()
        expect(page.locator(".shared [role=alert]")).to_contain_text("then it counts alone")
        assert program.errors == ""
    assert not secret.exists()


def holds(path: Path) -> bool:
    return PASSWORD.encode() in path.read_bytes()


def test_a_server_that_is_gone_leaves_a_window_to_mend_it_in(tmp_path: Path, join: Callable[[str], Page]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    preferences.change(data / "preferences.json", redis="redis://127.0.0.1:1/0", session="room-12")
    with Program(data, "--headless") as program:
        page = join(program.host_url)
        notice = page.locator(".notice")
        expect(notice).to_contain_text("this computer counts alone.")
        expect(notice).to_contain_text(re.compile("redis://127.0.0.1:1/0 can't be reached"))
        page.get_by_role("button", name="Add one").click()
        expect(page.locator("html")).to_have_attribute("data-value", "1")
        assert "This computer counts alone." in program.errors
