"""The figures: an address is as large as its place allows, wherever it is, and a number that counts stands still."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.program import Program
from tests.e2e.test_views import LAN, Line, ask, button, connected, overflow, shows

IPV4 = ["192.168.100.200:65535"]
SHORT_IPV6 = ["[2001:db8::7]:8000"]
LONG_IPV6 = ["[2001:db8:4f2a:91c0:1c2b:", "7dff:fe3a:52b1]:8000"]
SIZES = [(1920, 1080), (1366, 700), (1100, 760), (760, 900), (390, 844), (320, 568)]

LINES = """(element) => {
    const lines = new Map();
    for (const { firstChild: text } of element.querySelectorAll('span')) {
        [...text?.data ?? ''].forEach((sign, place) => {
            const range = document.createRange();
            range.setStart(text, place);
            range.setEnd(text, place + 1);
            const { top } = range.getBoundingClientRect();
            lines.set(top, (lines.get(top) ?? '') + sign);
        });
    }
    return [...lines.values()];
}"""

Open = Callable[[dict[str, Any]], Page]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with Program(tmp_path_factory.mktemp("addresses") / "data", "--headless") as running:
        yield running


@pytest.fixture
def host(shared: Program, chromium: Browser, watch: Callable[[Page], Page]) -> Iterator[Open]:
    """A function that opens the host's page on a network."""
    contexts = []

    def open_page(network: dict[str, Any]) -> Page:
        context = chromium.new_context(locale="en-US")
        contexts.append(context)
        page = watch(context.new_page())
        page.route_web_socket("**/ws", Line(network).open)
        page.goto(shared.host_url)
        connected(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def is_whole(address: Locator, lines: list[str]) -> None:
    """It is in these lines, none of them cut off, and the page is not too wide for it."""
    expect(address).to_be_visible()
    assert address.evaluate(LINES) == lines
    assert address.evaluate("(element) => element.scrollWidth - element.clientWidth") <= 0
    assert overflow(address.page) <= 0


@pytest.mark.parametrize("lines", [IPV4, SHORT_IPV6, LONG_IPV6], ids=["IPv4", "short IPv6", "long IPv6"])
def test_an_address_is_shown_whole_and_breaks_after_a_colon_only(host: Open, lines: list[str]) -> None:
    page = host(LAN | {"join": f"http://{''.join(lines)}/"})
    page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('refused')); }")
    page.evaluate("document.fonts.ready")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        is_whole(page.locator(".join > .url"), lines)
        button(page, "Enlarge").click()
        big = page.locator("dialog.big")
        expect(big).to_be_visible()
        is_whole(big.locator(".url"), lines)
        box = big.bounding_box()
        assert box and box["x"] >= 0 and box["y"] >= 0
        assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
        if height > 600:
            assert big.evaluate("(element) => element.scrollHeight - element.clientHeight") <= 0
        page.keyboard.press("Escape")
        button(page, "Projector").click()
        is_whole(page.locator(".addr > .fig"), lines)
        page.keyboard.press("Escape")
        expect(page.locator("#main")).to_be_visible()


def test_the_number_stands_still_while_it_counts(shared: Program, host: Open) -> None:
    page = host(LAN)
    boxes = []
    for value in (11_111, 44_444, 77_777):
        ask(shared, page, {"type": "set", "value": value})
        shows(page, value)
        figures = page.locator("#main .num .d")
        # What rolls is there twice, until it has rolled.
        expect(page.locator("#main .num .g")).to_have_count(0)
        boxes.append([figure.bounding_box() for figure in figures.all()])
    assert boxes[0] == boxes[1] == boxes[2]
    assert len(boxes[0]) == len("11,111")
