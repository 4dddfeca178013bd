"""Files that get lost on the way, and browsers that are too old: the page asks again by itself, or says what to do."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.e2e.program import Program, until

PATIENCE = 30_000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One server for all."""
    with Program(tmp_path_factory.mktemp("lost") / "data", "--headless") as running:
        yield running


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser."""
    made = chromium.new_context(viewport={"width": 390, "height": 844}, locale="en-US")
    yield made
    made.close()


def go(page: Page, url: str) -> None:
    page.goto(url, wait_until="commit")


def is_whole(page: Page) -> None:
    """The number stands there, in its typeface and with every style."""
    expect(page.locator("html")).to_have_attribute("data-value", re.compile(r"\d"), timeout=PATIENCE)
    expect(page.locator(".unstarted")).to_have_count(0)
    until(lambda: bool(page.evaluate("[...document.fonts].some(({ status }) => status === 'loaded')")))
    until(lambda: bool(page.evaluate("[...document.querySelectorAll('[rel=stylesheet]')].every(({ sheet }) => sheet)")))


def files(page: Page, url: str) -> list[str]:
    """The addresses of all files of a page, itself apart."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    go(page, url)
    is_whole(page)
    return sorted({request.url for request in asked if "/static/" in request.url and "favicon" not in request.url})


def without_its_first(page: Page, file: str) -> None:
    """Reset the first request of one file."""

    def reset(route: Route) -> None:
        route.abort("connectionreset")

    page.route(file, reset, times=1)


@pytest.mark.parametrize("part", range(4))
def test_whichever_file_is_lost_the_page_gets_whole_by_itself(
    shared: Program, context: BrowserContext, part: int
) -> None:
    # The host's page has all files that there are.
    known = files(context.new_page(), shared.host_url)
    assert len(known) > 40
    pages = {}
    # Not all pages at once.
    for file in known[part::4]:
        pages[file] = context.new_page()
        without_its_first(pages[file], file)
        go(pages[file], shared.host_url)
    for page in pages.values():
        is_whole(page)
        expect(page.locator("#project")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("file", ["menu.js", "menu.css"])
def test_a_guests_menu_that_is_lost_comes_without_the_page_being_loaded_again(
    shared: Program, context: BrowserContext, file: str
) -> None:
    page = context.new_page()
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    lost: list[str] = []

    def reset_at_first(route: Route) -> None:
        lost.append(route.request.url)
        if len(lost) < 3:
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route(f"**/views/{file}*", reset_at_first)
    go(page, shared.join_url)
    page.locator("header .menu").click(timeout=PATIENCE)
    expect(page.get_by_label("Your name")).to_be_visible(timeout=PATIENCE)
    assert len(loads) == 1
    assert len(lost) == 3


@pytest.mark.parametrize("view", ["guest", "host"])
def test_a_network_that_goes_after_the_first_answer_is_waited_for(
    shared: Program, context: BrowserContext, view: str
) -> None:
    page, away = context.new_page(), True

    def pass_on(route: Route) -> None:
        if away and not route.request.is_navigation_request():
            route.abort("internetdisconnected")
        else:
            route.fallback()

    page.route("**", pass_on)
    go(page, shared.join_url if view == "guest" else shared.host_url)
    # Seen, not measured: the words that stand there meanwhile take their time to appear.
    expect(page.get_by_role("heading", name="This page did not start")).to_be_visible()
    away = False
    is_whole(page)
    if view == "host":
        expect(page.locator("#project")).to_be_visible(timeout=PATIENCE)


def test_a_file_that_never_comes_leaves_words_in_both_languages(shared: Program, context: BrowserContext) -> None:
    page = context.new_page()
    page.route("**/logic.js", lambda route: route.abort("connectionreset"))
    go(page, shared.join_url)
    for heading, link in (
        ("This page did not start", "Load again"),
        ("Cette page n\u2019a pas démarré", "Recharger"),
    ):
        expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("link", name=link)).to_be_visible()
    expect(page.locator("#main")).to_be_hidden()


@pytest.mark.parametrize("kind", ["no scripts", "no modules", "no top-level await"])
def test_an_old_browser_is_told_what_to_do(shared: Program, chromium: Browser, kind: str) -> None:
    context = chromium.new_context(java_script_enabled=kind != "no scripts")
    page = context.new_page()
    if kind == "no modules":
        # An old browser takes their kind for one of data.
        page.route(shared.join_url, lambda route: spoiled(route, 'type="module" src', 'type="old" src'))
    if kind == "no top-level await":
        page.route("**/app.js", lambda route: spoiled(route, "= await Promise", "= async await Promise"))
    go(page, shared.join_url)
    expect(page.get_by_text("The browser may be too old")).to_be_visible(timeout=PATIENCE)
    assert page.url == shared.join_url
    page.unroute_all(behavior="wait")  # it may just be loading once more
    context.close()


def spoiled(route: Route, what: str, instead: str) -> None:
    """Answer with a file in which one thing is different."""
    answer = route.fetch()
    body = answer.text()
    assert what in body
    route.fulfill(response=answer, body=body.replace(what, instead))
