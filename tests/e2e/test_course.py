"""The course's page in a real browser: for every sense, on every width and on paper; and its client for a console."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.program import Program, until
from tests.e2e.test_views import LOOKS, SMALL, WINDOW, connected, is_fine, overflow

A4 = 595.92
"""Points wide, as Chromium rounds it."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with Program(tmp_path_factory.mktemp("course") / "data", "--headless") as running:
        yield running


@pytest.fixture
def read(shared: Program, chromium: Browser, watch: Callable[[Page], Page]) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(path: str = "lab/course", **options: object) -> Page:
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = watch(context.new_page())
        page.goto(shared.join_url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@LOOKS
def test_axe_finds_nothing_and_it_fits_on_every_width(read: Callable[..., Page], scheme: str, locale: str) -> None:
    page = read(color_scheme=scheme, locale=locale)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    for size in (WINDOW, SMALL):
        page.set_viewport_size(size)
        assert overflow(page) <= 0
        is_fine(page)


def test_its_links_lead_to_the_other_language_and_back(read: Callable[..., Page]) -> None:
    page = read(locale="en-US")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("h1")).to_have_text("Comment un nombre arrive chez tous")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("How one number reaches everybody")
    page.get_by_role("link", name="Back to the count").click()
    connected(page)


@pytest.mark.parametrize("locale", ["en-US", "fr-FR"])
def test_it_prints_on_a_few_pages_of_a4(read: Callable[..., Page], locale: str) -> None:
    page = read(locale=locale, color_scheme="dark")
    page.emulate_media(media="print")
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    widths = {float(found) for found in re.findall(rb"/MediaBox ?\[0 0 ([\d.]+)", paper)}
    assert all(abs(width - A4) < 1 for width in widths) and widths
    assert 2 <= len(re.findall(rb"/Type ?/Page\b", paper)) <= 4
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(11, 18, 48)"


def test_the_button_prints(read: Callable[..., Page]) -> None:
    page = read(locale="en-US")
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="Print").click()
    expect(page).to_have_title("printed")


def test_the_javascript_client_joins_from_the_counters_own_console(read: Callable[..., Page], shared: Program) -> None:
    page = read()
    text = page.locator("pre[data-file='client.js']").text_content()
    assert text is not None and shared.join_url.removeprefix("http://").rstrip("/") in text
    before = shared.counter
    counter = read("")
    connected(counter)
    said: list[str] = []
    counter.on("console", lambda message: said.append(message.text))
    counter.evaluate(f"(() => {{ {text} }})()")
    until(lambda: counter.evaluate("1") == 1 and "Decided, up to 1" in said)
    assert f"Now {before + 1}" in said
    assert shared.counter == before + 1
