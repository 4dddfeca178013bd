"""The lost click in real browsers: a class taps, loses, and finds its counter as it was."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, WebSocketRoute, expect

from tests.e2e.program import Program
from tests.e2e.test_views import (
    LOOKS,
    PATIENCE,
    PHONE,
    SCREEN,
    SMALL,
    WINDOW,
    ask,
    button,
    connected,
    is_fine,
    overflow,
    shows,
)

SHORT = 4
LONG = 30
"""Seconds of a half that is stopped before its end."""


class Wire:
    """A page's connection: it asks for a lesson that is as long as the test wants, and can be cut."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._routes: list[WebSocketRoute] = []
        self.said: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []

    def open(self, route: WebSocketRoute) -> None:
        self._routes.append(route)
        server = route.connect_to_server()

        def say(text: str | bytes) -> None:
            message = json.loads(text)
            self.said.append(message)
            if message.get("do") == "start":
                message["seconds"] = self._seconds
            server.send(json.dumps(message))

        def tell(text: str | bytes) -> None:
            self.heard.append(json.loads(text))
            route.send(text)

        route.on_message(say)
        server.on_message(tell)

    def drop(self) -> None:
        """Close it; the next one is let through."""
        routes, self._routes = self._routes, []
        for route in routes:
            route.close()


class Class:
    """One counter, and everybody's browsers, each with its wire."""

    def __init__(self, program: Program, chromium: Browser, watch: Callable[[Page], Page]) -> None:
        self.program = program
        self._chromium = chromium
        self._watch = watch
        self._contexts: list[Any] = []
        self.wires: dict[Page, Wire] = {}

    def open(self, url: str, size: ViewportSize, seconds: float = SHORT, watched: bool = True, **options: Any) -> Page:
        context = self._chromium.new_context(viewport=size, **{"locale": "en-US", **options})
        self._contexts.append(context)
        page = context.new_page()
        if watched:
            self._watch(page)
        wire = self.wires[page] = Wire(seconds)
        page.route_web_socket("**/ws", wire.open)
        page.goto(url)
        connected(page)
        return page

    def host(self, **options: Any) -> Page:
        return self.open(self.program.host_url, WINDOW, **options)

    def guest(self, size: ViewportSize = PHONE, **options: Any) -> Page:
        return self.open(self.program.join_url, size, **options)

    def projector(self, **options: Any) -> Page:
        return self.open(self.program.join_url + "projector", SCREEN, **options)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with Program(tmp_path_factory.mktemp("lesson") / "data", "--headless") as running:
        yield running


@pytest.fixture
def room(shared: Program, chromium: Browser, watch: Callable[[Page], Page]) -> Iterator[Class]:
    """A class whose counter stands at 42."""
    room = Class(shared, chromium, watch)
    host = room.host()
    settings = {"title": "Hands raised", "step": 5, "goal": 50}
    ask(shared, host, {"type": "configure", "settings": settings}, {"type": "set", "value": 42})
    shows(host, 42)
    host.close()
    yield room
    # Whatever became of it, the next finds none.
    last = room.host(watched=False)
    last.evaluate("document.documentElement._x_dataStack[0].say({ type: 'lesson', do: 'stop' })")
    expect(last.locator("#main")).to_be_visible(timeout=PATIENCE)
    room.close()


def prepare(host: Page) -> None:
    host.locator(".tools .ico:last-child").click()
    host.locator("#menu [x-text=\"t('lesson.open')\"]").click()
    expect(host.locator(".before")).to_be_visible(timeout=PATIENCE)


def start(host: Page, bots: int = 0) -> None:
    prepare(host)
    host.locator(f".bots input[value='{bots}']").check(force=True)
    host.locator(".begin .go").click()
    expect(host.locator(".during")).to_be_visible(timeout=PATIENCE)


def stop(host: Page) -> None:
    button(host, "Stop").click()
    expect(host.locator("#main")).to_be_visible(timeout=PATIENCE)


def tap(page: Page, times: int = 3) -> None:
    """Taps so fast that nothing comes between them."""
    page.locator(".lesson .tap").evaluate("(key, times) => { while (times--) key.click(); }", times)


def half_two(page: Page) -> None:
    page.locator("[data-stage=two] .tap").wait_for(timeout=2 * PATIENCE)


def ended(*pages: Page) -> None:
    for page in pages:
        page.locator(".ended, .over, .stage.taught .word").first.wait_for(timeout=2 * PATIENCE)


def numbers(text: str | None) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", text or "")]


@LOOKS
def test_a_class_loses_in_the_first_half_and_not_in_the_second(
    room: Class, scheme: str, locale: str, tmp_path: Path
) -> None:
    """And axe finds nothing on any screen of its end, each fits, and the figures can be saved."""
    looks = {"color_scheme": scheme, "locale": locale}
    host, phone, projector = room.host(**looks), room.guest(SMALL, has_touch=True, **looks), room.projector(**looks)
    before = room.program.health
    everybody = (host, phone, projector)
    start(host, bots=30)
    for page in everybody:
        expect(page.locator(".lesson main")).to_be_visible(timeout=PATIENCE)
    tap(phone)
    half_two(phone)
    tap(phone)
    ended(*everybody)
    for page in everybody:
        is_fine(page)
        assert overflow(page) <= 0

    lost, none = (numbers(plate.text_content())[0] for plate in host.locator(".pair .num").all())
    (made, counted), (made_then, counted_then) = (numbers(sum.text_content()) for sum in host.locator(".pair p").all())
    assert lost == made - counted > 0
    assert none == 0 == made_then - counted_then
    assert numbers(projector.locator(".taught h1").text_content()) == [made, counted]
    assert numbers(projector.locator(".stage.taught .num").text_content()) == [lost]
    figures = [message for message in room.wires[host].heard if message.get("stage") == "end"][-1]
    assert [points[-1] for points in figures["halves"]] == [[made, counted], [made_then, counted_then]]
    assert figures["bots"] == 30
    # All that the phone added is there, and it knows.
    assert numbers(phone.locator(".over .num").last.text_content()) == [3, 3]
    if phone.locator(".over .link").is_visible():
        phone.locator(".over .link").click()
        expect(phone.locator(".over .cross svg")).to_be_visible()
        is_fine(phone)
    for page in (host, phone):
        page.set_viewport_size(SMALL)
        assert overflow(page) <= 0
    phone.locator(".over .go").click()
    if locale == "en-US":
        with host.expect_download() as saving:
            button(host, "Save the figures").click()
        saving.value.save_as(tmp_path / "figures.json")
        saved = json.loads((tmp_path / "figures.json").read_text())
        assert (saved["bots"], saved["two"]["lost"]) == (30, 0)
        button(host, "Once more").click()
        expect(host.locator(".before")).to_be_focused()
        button(host, "Close").click()
        expect(host.locator(".tools .ico:last-child")).to_be_focused()
        # The figures stay on the wall until the next lesson, or its end.
        expect(projector.locator(".stage.taught")).to_be_visible()
    else:
        host.locator(".ended .go").click()
        expect(projector.locator(".stage:not(.taught)")).to_be_visible(timeout=PATIENCE)
    for page in (host, phone):
        expect(page.locator("#main")).to_be_visible()
        shows(page, 42)
    after = room.program.health
    assert (after["counter"], after["revision"]) == (before["counter"], before["revision"])


@LOOKS
def test_axe_finds_nothing_while_all_tap_and_each_screen_fits(room: Class, scheme: str, locale: str) -> None:
    looks = {"color_scheme": scheme, "locale": locale}
    host = room.host(seconds=LONG, **looks)
    phone, projector = room.guest(SMALL, has_touch=True, **looks), room.projector(**looks)
    prepare(host)
    is_fine(host)
    assert overflow(host) <= 0
    host.locator(".bots input[value='10']").check(force=True)
    host.locator(".begin .go").click()
    for page in (host, phone, projector):
        expect(page.locator(".lesson main")).to_be_visible(timeout=PATIENCE)
    tap(phone)
    tap(host)
    for page in (host, phone, projector):
        is_fine(page)
        assert overflow(page) <= 0
    host.set_viewport_size(SMALL)
    assert overflow(host) <= 0


def test_a_page_taps_as_the_originals_does_and_then_as_this_one(room: Class) -> None:
    host, page = room.host(), room.guest()
    start(host)
    expect(page.locator(".lesson main")).to_be_visible(timeout=PATIENCE)
    tap(page, 2)
    expect(host.locator(".during .plate")).to_have_attribute("aria-label", "2", timeout=PATIENCE)
    page.keyboard.press("+")
    page.keyboard.press("-")
    half_two(page)
    tap(page, 2)
    page.keyboard.press("ArrowUp")
    ended(host)
    said = [message for message in room.wires[page].said if message["type"] == "taps"]
    sets = [message["set"]["counter"] for message in said if "set" in message]
    adds = [message["add"] for message in said if "add" in message]
    assert sets[0] == 2
    assert sets[-1] == 3
    assert [add["op"] for add in adds] == list(range(1, len(adds) + 1))
    assert sum(add["delta"] for add in adds) == 3
    # The counter's own way: nothing of it was used.
    assert not [message for message in room.wires[page].said if message["type"] == "add"]


def test_who_comes_late_joins_in_and_the_host_stops_from_a_page_that_was_loaded_anew(room: Class) -> None:
    host, page = room.host(seconds=LONG), room.guest()
    start(host)
    tap(page)
    late = room.guest()
    expect(late.locator(".lesson .tap")).to_be_enabled(timeout=PATIENCE)
    expect(late.locator(".lesson .plate")).to_have_attribute("aria-label", "3", timeout=PATIENCE)
    host.reload()
    expect(host.locator(".during")).to_be_visible(timeout=PATIENCE)
    stop(host)
    for guest in (page, late):
        expect(guest.locator("#main")).to_be_visible(timeout=PATIENCE)
        shows(guest, 42)


def test_a_page_that_loses_its_connection_finds_its_lesson_again_and_all_that_it_added(room: Class) -> None:
    host, page = room.host(), room.guest()
    start(host)
    tap(page, 2)
    half_two(page)
    room.wires[page].drop()
    connected(page, "down")
    tap(page, 4)
    connected(page)
    ended(host, page)
    assert numbers(page.locator(".over .num").last.text_content()) == [4, 4]
    assert numbers(host.locator(".pair p").last.text_content()) == [4, 4]


def test_the_counters_own_clicks_are_kept_meanwhile(room: Class) -> None:
    host, page = room.host(seconds=LONG), room.guest()
    room.wires[page].drop()
    connected(page, "down")
    page.locator("#main .tap.more").click()
    connected(page)
    start(host)
    tap(page)
    stop(host)
    shows(page, 47)
    shows(host, 47)


def test_a_page_that_the_lesson_does_not_reach_goes_on_counting(room: Class) -> None:
    host, page = room.host(seconds=LONG), room.guest(watched=False)
    page.route("**/lesson/lesson.js", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        start(host)
    page.locator("#main .tap.more").click()
    shows(page, 47)
    expect(page.locator("#main .note")).to_contain_text("You added 5")
    stop(host)


def test_without_a_lesson_nothing_of_it_is_loaded(room: Class) -> None:
    asked: list[str] = []
    page = room.guest()
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    connected(page)
    page.locator("header .menu").click()
    expect(page.locator("#menu")).to_be_visible()
    assert not [url for url in asked if "/lesson/" in url]
