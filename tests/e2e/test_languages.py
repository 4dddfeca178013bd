"""The languages: each can be chosen, and where words are longer than English ones, nothing is cut off or covered."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect

from desktop.server.pages import folder
from tests.e2e.program import Program
from tests.e2e.test_views import (
    LAN,
    NO_NETWORK,
    NOT_SAVED,
    PATIENCE,
    PHONE,
    SCREEN,
    SMALL,
    VISITED,
    WINDOW,
    Line,
    Open,
    button,
    configure,
    connected,
    host,
    is_fine,
    overflow,
    shared,
    shows,
    visit,
)

__all__ = ["host", "shared", "visit"]

NARROW: ViewportSize = {"width": 760, "height": 760}
WIDE: ViewportSize = {"width": 1366, "height": 700}

# What is wrong with the texts that can be seen: of a dialog, if one is open.
FAULTS = """() => {
    const root = [...document.querySelectorAll('dialog[open]')].pop() ?? document.body;
    const seen = [];
    const faults = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const box = text.parentElement;
        if (!text.data.trim() || !box.checkVisibility({ visibilityProperty: true })) continue;
        if (box.closest('.sr, .num, option')) continue;
        range.selectNodeContents(text);
        const frames = [];
        const lists = [];
        for (let around = box; around; around = around.parentElement) {
            const { overflowX, overflowY } = getComputedStyle(around);
            const rect = around.getBoundingClientRect();
            const isKey = around.matches('button');
            const isBox = around.matches('button, label, figcaption, dialog, h1, h2, p, li');
            if (isBox || overflowX !== 'visible') frames.push({ rect, high: isKey || overflowY === 'hidden' });
            if (overflowY === 'auto') lists.push(rect);
        }
        for (const line of range.getClientRects()) {
            const name = `"${text.data.trim()}"`;
            if (line.width < 1) continue;
            // What a list has to be scrolled to.
            if (lists.some(({ top, bottom }) => line.top < top - 2 || line.bottom > bottom + 2)) continue;
            if (line.left < -1 || line.right > innerWidth + 1) faults.push(`${name} is out of the page`);
            for (const { rect, high } of frames) {
                const isOut = line.left < rect.left - 2 || line.right > rect.right + 2
                    || (high && (line.top < rect.top - 2 || line.bottom > rect.bottom + 2));
                if (isOut) faults.push(`${name} is out of its box`);
            }
            for (const other of seen) {
                const across = Math.min(line.right, other.line.right) - Math.max(line.left, other.line.left);
                const down = Math.min(line.bottom, other.line.bottom) - Math.max(line.top, other.line.top);
                if (other.box !== box && across > 2 && down > Math.min(line.height, other.line.height) / 3) {
                    faults.push(`${name} and ${other.name} overlap`);
                }
            }
            seen.push({ box, line, name });
        }
    }
    return [...new Set(faults)];
}"""


def longer(sentence: str) -> str:
    """By a third: every third letter twice, but not in the name of a value."""
    parts = re.split(r"(\{\w+\})", sentence)
    return "".join(part if part.startswith("{") else re.sub(r"(\w?\w)(\w)", r"\1\2\2", part) for part in parts)


def pseudo(route: Route) -> None:
    """English, a third longer."""
    _, _, name = route.request.url.partition("/static/")
    english = json.loads((folder() / name).read_text("utf-8"))
    told = {
        key: sentence
        if key.startswith("language.")
        else longer(sentence)
        if isinstance(sentence, str)
        else {form: longer(told) for form, told in sentence.items()}
        for key, sentence in english.items()
    }
    route.fulfill(json=told)


@pytest.fixture(params=["de", "pseudo"])
def speak(request: pytest.FixtureRequest, visit: Open) -> Open:
    """`visit` in a language of long words."""

    def open_page(url: str, size: ViewportSize, **options: Any) -> Page:
        if request.param == "de":
            page = visit(url, size, locale="de-DE", **options)
            expect(page.locator("html")).to_have_attribute("lang", "de")
            return page
        page = visit(url, size, **options)
        page.route("**/static/locales/**/en.json", pseudo)
        page.reload()
        connected(page)
        return page

    return open_page


def is_whole(page: Page, *sizes: ViewportSize) -> None:
    """In each size; what is open stays open."""
    for size in sizes:
        page.set_viewport_size(size)
        assert overflow(page) <= 0, size
        assert page.evaluate(FAULTS) == [], size


def test_a_guests_page(shared: Program, host: Page, speak: Open) -> None:
    configure(shared, host, step=5, goal=50)
    line = Line()
    page = speak(shared.join_url, PHONE, line=line)
    page.locator(".tap.more").click()
    shows(page, 5)
    is_whole(page, PHONE, SMALL)
    page.locator("header .menu").click()
    expect(page.locator("#menu")).to_be_visible()
    is_whole(page, PHONE, SMALL)
    is_fine(page)
    page.keyboard.press("Escape")
    line.cut()
    connected(page, "down")
    page.locator(".tap.more").click()
    expect(page.locator(".note")).to_contain_text("1")
    is_whole(page, PHONE, SMALL)


def test_a_guests_page_that_is_locked(shared: Program, host: Page, speak: Open) -> None:
    page = speak(shared.join_url, PHONE)
    configure(shared, host, locked=True, goal=50)
    expect(page.locator(".tap.more")).to_be_disabled()
    is_whole(page, PHONE, SMALL)
    is_fine(page)


def test_the_hosts_page(shared: Program, host: Page, visit: Open, speak: Open) -> None:
    visit(shared.join_url)
    page = speak(shared.host_url, WINDOW, line=Line(LAN))
    expect(page.locator(".crowd li")).to_have_count(3, timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    configure(shared, host, step=25, goal=50, locked=True)
    expect(page.locator(".btn.on")).to_be_visible()
    page.locator(".acts .btn").first.click()
    page.locator(".drop:visible").first.click()
    is_whole(page, NARROW, WIDE, SMALL, WINDOW)
    is_fine(page)
    for control, dialog in [
        (".acts .btn:nth-child(2)", ".big"),
        (".link", "dialog.help"),
        (".tools .ico:last-child", "#menu"),
    ]:
        page.locator(control).click()
        expect(page.locator(dialog)).to_be_visible()
        if dialog == "dialog.help":
            expect(page.locator("dialog.help li").first).to_be_visible()
        is_whole(page, NARROW, WIDE, SMALL, WINDOW)
        if dialog == ".big":
            page.locator(".big .foot .btn:visible").first.click()
            expect(page.locator(".big .wifi")).to_be_visible()
            is_whole(page, NARROW, WIDE, SMALL, WINDOW)
        is_fine(page)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("network", [NO_NETWORK, VISITED], ids=["without a network", "with visitors"])
def test_the_hosts_page_whatever_the_network(shared: Program, host: Page, speak: Open, network: dict[str, Any]) -> None:
    went_back = {"type": "notice", "code": "went_back", "path": "/home/ada/counter 2026-11-24.db", "counter": 1234}
    line = Line(network, went_back, NOT_SAVED)
    page = speak(shared.host_url, WINDOW, line=line)
    expect(page.locator(".notice")).to_have_count(2)
    is_whole(page, NARROW, WIDE, SMALL, WINDOW)
    line.cut()
    connected(page, "down")
    is_whole(page, NARROW, WIDE, SMALL, WINDOW)


def test_the_projector(shared: Program, host: Page, speak: Open) -> None:
    configure(shared, host, goal=50)
    line = Line()
    page = speak(shared.join_url + "projector", SCREEN, line=line)
    expect(page.locator(".stage .qr").last).to_be_visible()
    is_whole(page, WIDE, NARROW, PHONE, SCREEN)
    line.cut()
    connected(page, "down")
    is_whole(page, WIDE, NARROW, PHONE, SCREEN)


def test_every_language_can_be_chosen_by_its_own_name(shared: Program, host: Page, visit: Open) -> None:
    page = visit(shared.join_url, SMALL)
    button(page, "Menu").click()
    names = page.locator("#menu select option")
    expect(names).to_have_count(len(list((folder() / "locales").glob("*.json"))))
    for name in names.all_text_contents():
        page.locator("#menu select").select_option(label=name)
        code = page.locator("#menu select").input_value()
        expect(page.locator("html")).to_have_attribute("lang", code)
        own = json.loads((folder() / "locales" / f"{code}.json").read_text("utf-8"))
        assert own["language.own"] == name
        expect(page.locator("#menu h2")).to_have_text(own["menu"])
        is_whole(page, SMALL)
        is_fine(page)


@pytest.mark.parametrize("locale", ["pt-BR", "es-419", "it-CH", "co-FR", "de-AT"])
def test_the_browsers_region_finds_its_language(shared: Program, visit: Open, locale: str) -> None:
    page = visit(shared.join_url, PHONE, locale=locale)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    is_whole(page, PHONE, SMALL)


def test_without_the_list_the_page_is_english(shared: Program, visit: Open) -> None:
    page = visit(shared.join_url, PHONE, locale="fr-FR")
    page.add_init_script("Object.defineProperty(HTMLMetaElement.prototype, 'content', { get: () => '' })")
    page.reload()
    connected(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    button(page, "Menu").click()
    expect(page.locator("#menu select option")).to_have_text(["English"])
