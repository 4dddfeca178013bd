"""No click is lost and none counts twice, whatever becomes of the page that it was made on."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize, expect

from tests.e2e.program import Program, until

PATIENCE = 30_000
PHONE: ViewportSize = {"width": 390, "height": 844}
Person = Callable[..., BrowserContext]

FORBIDDEN = """Object.defineProperty(window, 'localStorage', {
    get() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
});"""
AHEAD = """{
    const now = performance.now.bind(performance);
    window.ahead = 0; // ms
    performance.now = () => now() + window.ahead;
}"""
COUNTS_SOCKETS = """
window.made = 0;
window.WebSocket = class extends WebSocket {
    constructor(...how) {
        super(...how);
        window.made += 1;
    }
};"""
FULL = """
for (let size = 2 ** 20; size >= 1; size /= 2) {
    try {
        for (let i = 0; i < 99; i += 1) localStorage.setItem(`${size} ${i}`, 'x'.repeat(size));
    } catch { /* Less, then. */ }
}"""


@pytest.fixture
def person(chromium: Browser, watch: Callable[[Page], Page]) -> Iterator[Person]:
    """A function that gives one more person a browser; its pages share what it stores."""
    contexts = []

    def watched(page: Page) -> None:
        watch(page)

    def start(**options: Any) -> BrowserContext:
        context = chromium.new_context(**{"locale": "en-US", "viewport": PHONE, **options})
        context.on("page", watched)
        contexts.append(context)
        return context

    yield start
    for context in contexts:
        context.close()


def visit(context: BrowserContext, program: Program, script: str = "") -> Page:
    page = context.new_page()
    page.add_init_script(script)
    page.goto(program.join_url)
    is_connected(page)
    return page


def is_connected(page: Page, link: str = "up") -> None:
    expect(page.locator("html")).to_have_attribute("data-link", link, timeout=PATIENCE)


def shows(page: Page, value: int) -> None:
    expect(page.locator("html")).to_have_attribute("data-value", str(value), timeout=PATIENCE)


def says(page: Page, text: str) -> None:
    expect(page.locator(".note")).to_contain_text(text, timeout=PATIENCE)


def add(page: Page, clicks: int = 1) -> None:
    for _ in range(clicks):
        page.locator(".tap.more").click()


def kept(page: Page) -> list[str]:
    """The texts of all outboxes that this page's browser has."""
    entries: dict[str, str] = page.evaluate("({ ...localStorage })")
    return [text for key, text in entries.items() if key.startswith("outbox.")]


def is_all_counted(page: Page, program: Program, value: int) -> None:
    """Nothing is kept any more, and the number is right: what comes twice would have come before one more click."""
    until(lambda: kept(page) == [], within=PATIENCE / 1_000)
    assert program.counter == value
    add(page)
    until(lambda: program.counter == value + 1)


def wake(*pages: Page) -> None:
    """The network is there again: no need to wait for the next try."""
    for page in pages:
        page.evaluate("dispatchEvent(new Event('online'))")


def waits(page: Page) -> None:
    """As long as a page waits that has come upon an outbox, by this page's own clock."""
    page.evaluate("window.ahead = 20_000; dispatchEvent(new Event('pageshow'));")


def is_down(page: Page, program: Program) -> None:
    program.end(signal.SIGKILL)
    is_connected(page, "down")


def test_what_a_closed_page_kept_another_one_counts_and_says_so(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person()
        page = visit(browser, first)
        add(page)
        until(lambda: first.counter == 1)
        is_down(page, first)
        add(page, 3)
        says(page, "3 clicks kept")
        page.close()
    with Program(data, "--headless", port=first.port) as second:
        page = visit(browser, second)
        says(page, "3 clicks from before are counted now.")
        shows(page, 4)
        is_all_counted(page, second, 4)


def test_what_a_page_kept_counts_when_it_is_loaded_again(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        page = visit(person(), first)
        is_down(page, first)
        add(page, 2)
        # Reloaded now, Chromium would show a page of its own, which reloads itself whenever it likes to.
        page.goto("about:blank")
    with Program(data, "--headless", port=first.port) as second:
        page.goto(second.join_url)
        says(page, "2 clicks from before are counted now.")
        is_all_counted(page, second, 2)


def test_another_tab_that_is_open_counts_what_a_closed_one_kept(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person()
        page, other = visit(browser, first), visit(browser, first)
        is_down(page, first)
        add(page, 2)
        add(other)
        page.close()
    with Program(data, "--headless", port=first.port) as second:
        wake(other)
        says(other, "2 clicks from before are counted now.")
        is_all_counted(other, second, 3)


def test_a_page_left_at_once_after_a_click_has_sent_it(server: Program, person: Person) -> None:
    page = visit(person(), server)
    # In one task: no time passes between the click and the leaving.
    page.evaluate("document.querySelector('.tap.more').click(); location.href = 'about:blank';")
    until(lambda: server.counter == 1)
    page.wait_for_url("about:blank")
    page.goto(server.join_url)
    is_connected(page)
    is_all_counted(page, server, 1)


def test_a_tab_and_its_duplicate_count_apart(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        page = visit(person(), first)
        add(page)
        until(lambda: first.counter == 1)
        with page.expect_popup() as opened:
            page.evaluate("window.open(location.href); null")
        double = opened.value
        is_connected(double)
        is_down(page, first)
        add(page, 2)
        add(double, 3)
    with Program(data, "--headless", port=first.port) as second:
        wake(page, double)
        until(lambda: second.counter == 6)
        is_all_counted(page, second, 6)


def test_clicks_count_where_storage_is_forbidden_or_full_or_cleared(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        page, other = visit(person(), first, FORBIDDEN), visit(person(), first)
        other.evaluate(FULL)
        is_down(page, first)
        is_connected(other, "down")
        add(page, 2)
        add(other, 2)
        assert kept(other) == []
        other.evaluate("localStorage.clear()")
        add(other)
        assert len(kept(other)) == 1
        other.evaluate("localStorage.clear()")
    with Program(data, "--headless", port=first.port) as second:
        for some in (page, other):
            is_connected(some)
        until(lambda: second.counter == 5)
        is_all_counted(other, second, 5)


def test_clicks_for_another_counter_are_dropped_and_the_person_is_told(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person()
        page, other = visit(browser, first), visit(browser, first)
        is_down(page, first)
        add(page, 2)
        add(other)
        page.close()
    with Program(data.with_name("another"), "--headless", port=first.port) as second:
        says(other, "1 click was not counted. The count was started afresh.")
        says(other, "2 clicks were not counted. The count was started afresh.")
        shows(other, 0)
        is_all_counted(other, second, 0)


def test_clicks_older_than_a_reset_are_refused_and_the_person_is_told(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person()
        page = visit(browser, first)
        add(page)
        until(lambda: first.counter == 1)
        is_down(page, first)
        add(page, 2)
        page.close()
    with Program(data, "--headless", port=first.port) as second:
        host = person(viewport={"width": 1100, "height": 800}).new_page()
        host.goto(second.host_url)
        host.get_by_role("button", name="Reset to 0").click()
        until(lambda: second.counter == 0)
        page = visit(browser, second)
        says(page, "2 clicks from before were not counted. The count was reset in the meantime.")
        is_all_counted(page, second, 0)


def test_what_a_page_kept_that_crashed_another_one_counts_once_it_is_sure_of_that(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person()
        page, other = visit(browser, first), visit(browser, first, AHEAD)
        is_down(page, first)
        add(page, 2)
        with page.expect_event("crash"), pytest.raises(Error):
            page.goto("chrome://crash")
    with Program(data, "--headless", port=first.port) as second:
        wake(other)
        is_connected(other)
        assert second.counter == 0
        waits(other)
        says(other, "2 clicks from before are counted now.")
        is_all_counted(other, second, 2)


def test_a_frozen_page_whose_clicks_another_one_has_sent_goes_on_from_there(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person()
        page, other = visit(browser, first, AHEAD), visit(browser, first, AHEAD)
        debugger = browser.new_cdp_session(page)
        debugger.send("Debugger.enable")
        is_down(page, first)
        add(page, 2)
        # It stands still from its next step on, for as long as the other one waits.
        page.evaluate("window.ahead = 20_000")
        debugger.send("Debugger.pause")
    with Program(data, "--headless", port=first.port) as second:
        is_connected(other)
        waits(other)
        says(other, "2 clicks from before are counted now.")
        debugger.send("Debugger.resume")
        add(page, 3)
        until(lambda: second.counter == 5)
        is_connected(page)
        shows(page, 5)
        is_all_counted(page, second, 5)


def test_a_page_that_is_come_back_to_counts_what_was_kept_once(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person()
        page, other = visit(browser, first), visit(browser, first)
        is_down(page, first)
        add(page, 2)
        page.goto("about:blank")
    with Program(data, "--headless", port=first.port) as second:
        until(lambda: second.counter == 2)
        page.go_back()
        is_connected(page)
        add(page, 3)
        until(lambda: second.counter == 5)
        shows(page, 5)
        is_all_counted(other, second, 5)


def test_what_cannot_be_read_is_removed_and_the_page_works(server: Program, person: Person) -> None:
    page = visit(person(), server)
    page.evaluate("""
        localStorage.setItem('outbox.0123456789-0123456789-1', '{"epoch":');
        localStorage.setItem('outbox.<b>', '[]');
        for (let i = 0; i < 3000; i += 1) localStorage.setItem(`outbox.0123456789-0123456789-${i}`, 'null');
        localStorage.setItem('name', 'Ada');
    """)
    page.reload()
    says(page, "Clicks from before could not be read. They may not have been counted.")
    add(page)
    until(lambda: server.counter == 1)
    assert page.evaluate("localStorage.getItem('name')") == "Ada"


def test_the_hosts_secret_is_never_kept_and_what_a_host_asks_for_neither(data: Path, person: Person) -> None:
    with Program(data, "--headless") as first:
        browser = person(viewport={"width": 1100, "height": 800})
        host = browser.new_page()
        host.goto(first.host_url)
        is_connected(host)
        is_down(host, first)
        add(host, 2)
        host.get_by_role("button", name="Reset to 0").click()
        add(host, 3)
        shows(host, 3)
        secret = first.host_url.partition("#host=")[2]
        assert len(kept(host)) == 1
        assert secret and secret not in host.evaluate("JSON.stringify({ ...localStorage })")
        assert [clicks for *_, clicks in json.loads(kept(host)[0])["ops"]] == [2]
    with Program(data, "--headless", port=first.port) as second:
        host.close()
        page = visit(browser, second)
        says(page, "2 clicks from before are counted now.")
        is_all_counted(page, second, 2)


def test_whatever_says_that_there_may_be_a_network_again_is_a_reason_to_try_at_once(
    server: Program, person: Person
) -> None:
    page = visit(person(), server, COUNTS_SOCKETS)
    is_down(page, server)
    tried = "(action) => { const before = made; new Function(action)(); return made - before; }"
    for action in (
        "dispatchEvent(new Event('online'))",
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
        "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))",
        "document.querySelector('.tap.more').click()",
    ):
        expect(page.locator(".state")).to_contain_text("next try in", timeout=PATIENCE)
        assert page.evaluate(tried, action) == 1, action


def test_a_server_that_stands_still_is_noticed_and_what_was_clicked_counts_once(
    server: Program, person: Person
) -> None:
    page = visit(person(), server)
    server.process.send_signal(signal.SIGSTOP)
    try:
        add(page)
        is_connected(page, "down")
        add(page, 2)
        says(page, "3 clicks kept")
    finally:
        server.process.send_signal(signal.SIGCONT)
    is_connected(page)
    shows(page, 3)
    is_all_counted(page, server, 3)
