"""The page in browsers that lack what its style sheets would rather have: Chrome 89 to 104, Safari 15.

What they don't know is renamed to what no browser knows, so that Chromium reads it by the same rules as they do.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, Request, Route, ViewportSize, expect

from tests.e2e.program import Program
from tests.e2e.test_views import ask, configure, connected, overflow, shows

UNHEARD_OF = {
    r"(?<=\d)(cq[whib]|cqmin|cqmax|[dsl]v[wh])\b": "unheard",
    r":has\(": ":unheard-of(",
    r":focus-visible\b": ":unheard-of",
    r"\bsafe (?=center|end)": "unheard-of ",
    r"(?<=overflow-wrap: )anywhere\b": "unheard-of",
    r"(?<![-\w])(container-type|text-wrap|accent-color|appearance|translate|rotate|scale)(?=:)": "unheard-of",
}
"""What is new since then, by the expressions that find it."""

SIZES: dict[str, list[tuple[int, int]]] = {
    "": [(320, 568), (360, 640), (390, 844), (640, 360), (844, 390), (768, 1024), (1366, 700)],
    "host": [(1100, 760), (1366, 700), (1920, 1080), (760, 900), (390, 844)],
    "projector": [(1920, 1080), (1024, 768), (1280, 720), (768, 1024)],
}
LARGE_ENOUGH = 0.6
"""Of the size that the number has in a browser of today."""

MEASURE = """() => {
    const num = [...document.querySelectorAll('.num')].find((element) => element.getClientRects().length);
    const rim = num.parentNode;
    const size = parseFloat(getComputedStyle(num).fontSize);
    const [inner, outer] = [num, rim].map((element) => element.getBoundingClientRect());
    // Below the line, commas hang; a goal has the rim's foot for itself.
    const foot = outer.bottom - parseFloat(getComputedStyle(rim).paddingBottom);
    const hangs = /[,.]/.test(num.textContent) ? .12 * size : 0;
    return {
        size,
        beside: Math.max(outer.left - inner.left, inner.right - outer.right),
        above: Math.max(outer.top - inner.top, inner.bottom + hangs - foot),
    };
}"""


class Number(NamedTuple):
    """How a page shows its number: its size, and by how many pixels it juts out of its plate."""

    size: float
    beside: float
    above: float


def old(text: str) -> str:
    """A style sheet as a browser of then understands it."""
    for new, nonsense in UNHEARD_OF.items():
        text = re.sub(new, nonsense, text)
    return text


def age(route: Route, request: Request) -> None:
    """Serve what is asked for as it is to a browser of then; it knows no dialogs either."""
    if request.resource_type not in ("stylesheet", "document") and not request.url.endswith(".html"):
        route.continue_()
        return
    answer = route.fetch()
    text = answer.text()
    if request.resource_type == "stylesheet":
        text = old(text)
    # A new name for the element, in the rules about it, too.
    route.fulfill(response=answer, body=re.sub(r"(?<=<)dialog\b|(?<=</)dialog\b|(?m:^)dialog\b", "old-dialog", text))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with Program(tmp_path_factory.mktemp("old") / "data", "--headless") as running:
        yield running


Open = Callable[..., Page]


@pytest.fixture
def visit(shared: Program, chromium: Browser) -> Iterator[Open]:
    """A function that opens a view in a browser of then, or of today."""
    contexts = []

    def open_view(view: str, is_old: bool = True, size: ViewportSize | None = None, **options: Any) -> Page:
        # A document that a test serves comes from nowhere, to the browser: it has to be allowed to ask its own server.
        context = chromium.new_context(viewport=size, locale="en-US", permissions=["local-network-access"], **options)
        contexts.append(context)
        page = context.new_page()
        if is_old:
            page.route("**/*", age)
        page.goto({"": shared.join_url, "host": shared.host_url, "projector": shared.join_url + "projector"}[view])
        connected(page)
        return page

    yield open_view
    for context in contexts:
        context.close()


def number(page: Page) -> Number:
    return Number(**page.evaluate(MEASURE))


def judge(then: Page, now: Page, size: tuple[int, int]) -> str:
    """What is wrong with the number in a browser of then, beside one of today; nothing: an empty text."""
    for page in (then, now):
        page.set_viewport_size({"width": size[0], "height": size[1]})
    shown, wanted = number(then), number(now)
    what = f"{then.locator('.num').last.text_content()} at {size}: {shown}, today {wanted}"
    if overflow(then) > 0:
        return f"the page is {overflow(then)} too wide; {what}"
    if max(shown.beside, shown.above) > 0.5:
        return f"juts out; {what}"
    return f"too small; {what}" if shown.size < LARGE_ENOUGH * wanted.size else ""


@pytest.mark.parametrize("view", SIZES)
def test_the_number_is_large_and_within_its_plate_however_many_figures(shared: Program, visit: Open, view: str) -> None:
    then, now = visit(view), visit(view, is_old=False)
    assert number(then).size > 0
    found = []
    for figures in range(1, 17):
        value = int("1234567890123456"[:figures]) * (-1) ** figures
        configure(shared, now, goal=50 if figures % 3 else None)
        ask(shared, now, {"type": "set", "value": value})
        for page in (then, now):
            shows(page, value)
            expect(page.locator(".aims:visible")).to_have_count(1 if figures % 3 else 0)
        found += [judge(then, now, size) for size in SIZES[view]]
    assert "\n".join(filter(None, found)) == ""


def test_a_phone_shows_all_at_once(shared: Program, visit: Open) -> None:
    page = visit("")
    ask(shared, page, {"type": "set", "value": 42})
    shows(page, 42)
    for width, height in [(320, 568), (360, 640), (390, 844), (640, 360), (844, 390)]:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0, (width, height)


@pytest.mark.parametrize("size", [(390, 844), (640, 360), (768, 1024)])
def test_what_a_click_counts_fits_its_key(shared: Program, visit: Open, size: tuple[int, int]) -> None:
    then, now = visit(""), visit("", is_old=False)
    for step in (2, 25, 1000):
        configure(shared, now, step=step)
        for page in (then, now):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            expect(page.locator(".tap.more .fig")).to_contain_text(re.compile(f"{step:,}"))
        boxes = [page.locator(".tap.more .fig").bounding_box() for page in (then, now)]
        key = then.locator(".tap.more").bounding_box()
        assert boxes[0] and boxes[1] and key
        assert key["x"] < boxes[0]["x"] and boxes[0]["x"] + boxes[0]["width"] < key["x"] + key["width"]
        assert boxes[0]["width"] > 0.8 * boxes[1]["width"]
    configure(shared, now, step=1)


@pytest.mark.parametrize("size", [(1100, 760), (760, 900), (390, 844)])
def test_the_address_fills_the_card(visit: Open, size: tuple[int, int]) -> None:
    then, now = (visit("host", is_old, {"width": size[0], "height": size[1]}) for is_old in (True, False))
    widths = []
    for page in (then, now):
        address = page.locator(".join > .url")
        expect(address).to_contain_text(":")
        widths.append(address.evaluate("(element) => parseFloat(getComputedStyle(element).fontSize)"))
        assert address.evaluate("(element) => element.scrollWidth - element.clientWidth") <= 0
        assert address.evaluate("(element) => element.getClientRects().length") == 1
    assert 0.85 * widths[1] < widths[0] <= widths[1]


def test_a_dialog_that_is_closed_is_not_seen(visit: Open) -> None:
    page = visit("host")
    closed = page.locator("old-dialog")
    assert closed.count() > 0
    for dialog in closed.all():
        expect(dialog).to_be_hidden()
