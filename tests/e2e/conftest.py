"""The whole program, its real window and other people's browsers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

from tests.e2e.program import Program, browser, until
from tests.e2e.screen import private_screen, window_manager

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """A private X screen's name."""
    with private_screen() as name:
        yield name


@pytest.fixture
def managed(screen: str) -> Iterator[str]:
    """The screen, with a window manager."""
    with window_manager(screen):
        yield screen


# By module, not session: while it runs, its event loop bars others from this thread.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = browser()
    if path is None:
        pytest.fail("Chromium is missing: `python3 build/dev.py test` installs it.")
    launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
    yield launched
    launched.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty data folder."""
    return tmp_path / "data"


@pytest.fixture
def program(data: Path, screen: str) -> Iterator[Program]:
    """The program with its window."""
    with Program(data, screen=screen) as running:
        yield running


@pytest.fixture
def server(data: Path) -> Iterator[Program]:
    """The program without a window."""
    with Program(data, "--headless") as running:
        yield running


@pytest.fixture
def watch() -> Iterator[Callable[[Page], Page]]:
    """A function that watches a page; whatever it then complains about, fails the test in the end."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A server that has gone is the browser's complaint, not the page's.
        if message.type == "error" and "net::ERR_" not in message.text:
            complaints.append(message.text)

    def start(page: Page) -> Page:
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield start
    assert complaints == []


@pytest.fixture
def join(chromium: Browser, watch: Callable[[Page], Page]) -> Iterator[Callable[[str], Page]]:
    """A function that opens an address as one more person does, in a browser of their own."""
    contexts = []

    def open_page(url: str) -> Page:
        context = chromium.new_context(locale="en-US")
        contexts.append(context)
        page = watch(context.new_page())
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def native(program: Program, playwright: Playwright, watch: Callable[[Page], Page]) -> Iterator[Page]:
    """The page in the program's real window, as the person at it sees it."""
    until(lambda: program.debugging_url is not None or program.process.poll() is not None, within=30)
    assert program.debugging_url is not None, program.errors
    connection = playwright.chromium.connect_over_cdp(program.debugging_url, no_defaults=True, is_local=True)
    (context,) = connection.contexts
    until(lambda: bool(context.pages))
    yield watch(context.pages[0])
    connection.close()
