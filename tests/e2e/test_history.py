"""The host's history in a real browser: plot, rounds, what is taken along, names to forget, the projector's bars."""

import csv
import io
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.program import Program, until
from tests.e2e.test_languages import FAULTS
from tests.e2e.test_views import (
    LOOKS,
    PATIENCE,
    PHONE,
    SCREEN,
    SMALL,
    WINDOW,
    Open,
    button,
    colour,
    configure,
    connected,
    is_fine,
    overflow,
    shows,
    style,
    visit,
)
from tests.e2e.told import BIG, LAPS, MANY, ONE, Rounds, Told

__all__ = ["visit"]

WIDE: ViewportSize = {"width": 1366, "height": 700}
LOW: ViewportSize = {"width": 1100, "height": 700}
LEAST: ViewportSize = {"width": 1041, "height": 640}
STACKED: ViewportSize = {"width": 1040, "height": 760}
TALL: ViewportSize = {"width": 760, "height": 1100}

CHANGES = ".history .chart"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One server for all that only look."""
    with Program(tmp_path_factory.mktemp("history") / "data", "--headless") as running:
        yield running


Look = Callable[..., Page]


@pytest.fixture
def look(shared: Program, visit: Open) -> Look:
    """A function that opens the host's page on what a `Told` tells."""

    def open_page(told: Told, size: ViewportSize = WINDOW, url: str | None = None, **options: Any) -> Page:
        return told.serve(visit(url or shared.host_url, size, watched=False, **options), host=url is None)

    return open_page


def chart(page: Page) -> Any:
    return page.locator(CHANGES)


def fits(page: Page) -> None:
    assert overflow(page) <= 0
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


def figure(page: Page) -> int:
    """How high a figure on the plate is, in pixels."""
    return round(0.7 * float(style(page.locator("#main .num"), "fontSize").removesuffix("px")))


# --- as it is meant to look ---


@pytest.mark.parametrize(("size", "height"), [(WIDE, 277), (WINDOW, 248), (LOW, 211)])
def test_the_number_is_as_large_as_it_was_meant_to_be(look: Look, size: ViewportSize, height: int) -> None:
    page = look(Told(("Hands raised", 16, [42], None)), size)
    expect(chart(page).locator(".trace")).to_be_visible()
    assert abs(figure(page) - height) <= 2
    fits(page)
    box = chart(page).bounding_box()
    plate = page.locator("#main .plate").bounding_box()
    assert box and plate
    # Under the number, over its whole width, 110 px high.
    assert (box["x"], box["width"], box["height"]) == (plate["x"], plate["width"], 110)


@pytest.mark.parametrize("size", [WIDE, WINDOW, LOW, LEAST])
def test_with_two_columns_nothing_is_scrolled(look: Look, size: ViewportSize) -> None:
    page = look(Told(*MANY), size)
    expect(chart(page).locator(".trace")).to_be_visible()
    fits(page)
    button(page, "Rounds 6").click()
    expect(page.locator(".round")).to_have_count(7)
    fits(page)
    page.locator(".round").nth(5).click()
    expect(page.locator(".givers li")).to_have_count(3)
    fits(page)


def test_stacked_it_is_number_keys_rules_history_card_people(look: Look) -> None:
    page = look(Told(*MANY), STACKED)
    order = ("#main .plate", "#main .keys", ".rules", ".history", ".join", ".crowd")
    tops = [box["y"] for box in (page.locator(one).first.bounding_box() for one in order) if box]
    assert tops == sorted(tops) and len(tops) == len(order)
    button(page, "Rounds 6").click()
    panel, history = page.locator(".panel").bounding_box(), page.locator(".history").bounding_box()
    assert panel and history and panel["y"] > history["y"] + history["height"]
    assert style(page.locator(".spans span").first, "minHeight") == "44px"


@LOOKS
def test_axe_finds_nothing_in_any_state(look: Look, scheme: str, locale: str) -> None:
    page = look(Told(*MANY), WINDOW, locale=locale, color_scheme=scheme)
    expect(chart(page).locator(".trace")).to_be_visible()
    is_fine(page)
    chart(page).focus()
    page.keyboard.press("End")
    expect(page.locator(".flag")).to_be_visible()
    is_fine(page)
    page.locator(".listing button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".listing table")).to_be_visible()
    is_fine(page)
    page.keyboard.press("Escape")
    page.locator("#rounds").click()
    expect(page.locator(".round")).to_have_count(7)
    is_fine(page)
    page.locator("#take").click()
    is_fine(page)
    page.keyboard.press("Escape")
    page.locator(".round").nth(5).click()
    expect(page.locator(".givers li")).to_have_count(3)
    is_fine(page)
    page.locator(".pencil").click()
    is_fine(page)
    page.keyboard.press("Escape")
    page.locator(".tools .ico:last-child").click()
    page.locator(".rows [role=status] >> xpath=../.. >> button").first.click()
    expect(page.locator(".ask")).to_be_visible()
    is_fine(page)


@LOOKS
@pytest.mark.parametrize("rounds", [ONE, BIG], ids=["nothing yet", "large numbers"])
def test_axe_finds_nothing_where_there_is_little_or_much(look: Look, scheme: str, locale: str, rounds: Rounds) -> None:
    page = look(Told(*rounds), WINDOW, locale=locale, color_scheme=scheme)
    expect(chart(page).locator("svg")).to_be_visible()
    is_fine(page)
    fits(page)
    page.locator("#rounds").click()
    expect(page.locator(".panel h2")).to_be_focused()
    is_fine(page)
    fits(page)


@pytest.mark.parametrize("locale", ["en-US", "fr-FR", "de-DE", "es-ES", "it-IT", "pt-BR", "co-FR"])
def test_in_every_language_nothing_is_cut_off_or_covered(look: Look, locale: str) -> None:
    # A title's end is cut off on purpose.
    told = Told(*((title if title != LAPS else "Laps", *rest) for title, *rest in MANY))  # type: ignore[arg-type]
    told.compare = 3
    page = look(told, WINDOW, locale=locale)
    expect(chart(page).locator(".trace")).to_be_visible()

    def is_whole() -> None:
        for size in (WIDE, WINDOW, STACKED, TALL, PHONE, SMALL):
            page.set_viewport_size(size)
            assert overflow(page) <= 0, size
            assert page.evaluate(FAULTS) == [], size

    is_whole()
    page.locator("#rounds").click()
    expect(page.locator(".round")).to_have_count(7)
    is_whole()
    page.locator(".round").nth(3).click()
    expect(page.locator(".givers li")).to_have_count(3)
    is_whole()
    page.locator(".tools .ico:last-child").click()
    is_whole()


def test_large_text_on_a_small_screen_cuts_nothing_off(look: Look) -> None:
    page = look(Told(*MANY), SMALL)
    page.locator("#rounds").click()
    for opened in (False, True):
        if opened:
            page.locator(".round").nth(3).click()
        for text in ("100%", "200%"):
            page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", text)
            page.set_viewport_size(PHONE)
            page.set_viewport_size(SMALL)
            assert overflow(page) <= 0, text


def test_in_forced_colours_what_is_chosen_shows_and_so_does_the_line(look: Look) -> None:
    told = Told(*MANY)
    told.compare = 3
    page = look(told, WINDOW, forced_colors="active")
    expect(chart(page).locator(".trace")).to_be_visible()
    highlight, text = colour(page, "Highlight"), colour(page, "CanvasText")
    assert style(page.locator(".spans input:checked + span").first, "backgroundColor") == highlight
    assert style(chart(page).locator(".trace"), "stroke") == text
    assert style(chart(page).locator("text").first, "fill") == text
    page.locator("#rounds").click()
    for chosen in (page.locator("#rounds"), button(page, "On the projector")):
        assert style(chosen, "backgroundColor") == highlight


def test_a_large_number_has_its_digits_on_the_axis_and_in_the_list(look: Look) -> None:
    page = look(Told(*BIG))
    chart(page).focus()
    page.keyboard.press("End")
    expect(page.locator(".flag")).to_contain_text("9,007,199,254,740,991")
    expect(page.locator(".flag")).to_contain_text("+11 by Ana María")
    page.locator("#rounds").click()
    expect(page.locator(".round .fig").last).to_have_text("−9,007,199,254,740,991")  # noqa: RUF001
    expect(page.locator(".round .fig").first).to_have_class(re.compile("wide"))


# --- the plot ---


def test_before_anything_is_counted_it_says_so(look: Look) -> None:
    page = look(Told(*ONE))
    expect(page.locator(".blank")).to_have_text("Nothing has been counted yet.")
    expect(chart(page)).to_have_accessible_name("History. Nothing has been counted yet.")
    expect(chart(page).locator(".trace, .now, .band")).to_have_count(0)
    expect(button(page, "Rounds")).to_be_visible()
    button(page, "Rounds").click()
    expect(page.locator(".panel .none")).to_contain_text("No round has ended yet.")
    expect(button(page, "Take along")).to_be_hidden()
    expect(button(page, "Show on the projector")).to_be_hidden()


def test_ranges_have_their_own_axes_and_words(look: Look) -> None:
    page = look(Told(*MANY))
    expect(chart(page)).to_have_accessible_name(re.compile(r"^This round, .* Now 42, highest 42, lowest 0\.$"))
    expect(chart(page).locator(".aim")).to_have_text("Goal 50")
    expect(chart(page).locator(".label").last).to_have_text("23 here")
    page.get_by_role("radio", name="5 minutes").click()
    expect(chart(page)).to_have_accessible_name(re.compile("^The last five minutes, "))
    expect(chart(page).locator(".aimline")).to_have_count(1)
    page.get_by_role("radio", name="All").click()
    expect(chart(page)).to_have_accessible_name(re.compile(r"^All, .*highest 1,247, lowest −12\.$"))  # noqa: RUF001
    # The quiet hours are left out, and the goal is another round's.
    expect(chart(page).locator(".foldline").first).to_be_visible()
    expect(chart(page).locator(".aim, .aimline")).to_have_count(0)
    labels = chart(page).locator("text.label").all_text_contents()
    assert any(re.fullmatch(r"\w+ \w+, \d\d:\d\d", label) for label in labels), labels


def test_one_change_can_be_chosen_by_keys_and_is_said(look: Look) -> None:
    page = look(Told(*MANY))
    flag, said = page.locator(".flag").first, page.locator(".history [role=status]")
    chart(page).focus()
    expect(chart(page)).to_have_accessible_description(
        "Left and right arrow: one change. Home and End: the first and the last."
    )
    page.keyboard.press("ArrowLeft")
    expect(flag).to_have_text(re.compile(r"^42\+13 by Ana María, \d\d:\d\d:\d\d$"))
    page.keyboard.press("ArrowLeft")
    expect(flag).to_have_text(re.compile(r"^29−2 by Guest 12, \d\d:\d\d:\d\d$"))  # noqa: RUF001
    expect(said).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\. Guest 12: −2\. 29\.$"))  # noqa: RUF001
    page.keyboard.press("Home")
    expect(flag).to_contain_text("5+5 by Guest 12")
    page.keyboard.press("End")
    expect(flag).to_contain_text("42")
    # What counts still counts.
    page.keyboard.press("Escape")
    expect(flag).to_be_hidden()
    page.keyboard.press("End")
    page.get_by_role("radio", name="All").focus()
    expect(flag).to_be_hidden()


def test_one_change_can_be_pointed_at_and_its_flag_stays_inside(look: Look) -> None:
    page = look(Told(*MANY))
    expect(chart(page).locator(".trace")).to_be_visible()
    box = chart(page).bounding_box()
    assert box
    seen = set()
    for part in range(0, 21):
        page.mouse.move(box["x"] + box["width"] * part / 20.2, box["y"] + 50)
        flag = page.locator(".flag").first
        expect(flag).to_be_visible()
        seen.add(flag.locator("b").text_content())
        its = flag.bounding_box()
        assert its and its["x"] >= box["x"] - 1 and its["x"] + its["width"] <= box["x"] + box["width"] + 1
        assert its["y"] >= box["y"] - 1
    assert len(seen) >= 5
    page.mouse.move(box["x"], box["y"] - 60)
    expect(page.locator(".flag").first).to_be_hidden()


def test_the_changes_can_be_read_as_a_list(look: Look) -> None:
    page = look(Told(*MANY))
    chart(page).focus()
    page.keyboard.press("Tab")
    opener = button(page, "The changes as a list")
    expect(opener).to_be_focused()
    box = opener.bounding_box()
    assert box and box["width"] > 60
    page.keyboard.press("Enter")
    rows = page.locator(".listing tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.first).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\+1342Ana María$"))
    fits(page)
    page.keyboard.press("Escape")
    expect(rows).to_have_count(0)
    expect(opener).to_be_focused()


CLICK = """async () => {
    const line = () => document.querySelector('.history .trace').getAttribute('d');
    const before = line();
    document.querySelector('.tap.more').click();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return [before, line()];
}"""


def test_a_click_of_the_hosts_lengthens_the_line_in_the_same_frame(look: Look) -> None:
    told = Told(*MANY)
    page = look(told)
    expect(chart(page).locator(".trace")).to_be_visible()
    asked = len(told.asked)
    before, after = page.evaluate(CLICK)
    assert before != after
    assert len(told.asked) == asked


ASKED = """() => performance.getEntriesByType('resource')
    .filter(({ name }) => /history\\.json|rounds\\.json/.test(name)).map(({ startTime }) => startTime)"""


def test_the_server_is_asked_once_a_second_at_most(look: Look) -> None:
    told = Told(*MANY)
    page = look(told)
    expect(chart(page).locator(".trace")).to_be_visible()
    button(page, "Rounds 6").click()
    expect(page.locator(".round")).to_have_count(7)
    opened = len(page.evaluate(ASKED))

    def is_asked() -> bool:
        told.changes.append(told.changes[-1] | {"at": told.now, "value": 43})
        button(page, "Add one").click()
        return len(page.evaluate(ASKED)) >= opened + 4

    until(is_asked, within=30)
    times = page.evaluate(ASKED)[opened:]
    assert min(after - before for before, after in pairwise(times)) > 900


# --- rounds ---


def test_rounds_open_in_the_cards_place_and_give_it_back(look: Look) -> None:
    page = look(Told(*MANY))
    opener = button(page, "Rounds 6")
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#rounds-title")).to_be_focused()
    expect(page.locator(".right")).to_be_hidden()
    # The number, the keys and the plot stay in use.
    for part in ("#main .plate", ".tap.more", CHANGES):
        expect(page.locator(part)).to_be_visible()
    first = page.locator(".round").first
    expect(first).to_have_text(
        re.compile(
            r"Hands raised\s*42\s*Today, .* to now\. 4 took part\s*Lowest 0, highest 42\. Goal 50 not reached yet"
        )
    )
    texts = [re.sub(r"\s+", " ", text) for text in page.locator(".round").all_inner_texts()]
    assert "Lowest −12, highest 2. Goal 10 not reached" in texts[3]  # noqa: RUF001
    assert texts[4].startswith("Round 3 ")
    assert "Lowest 0, highest 1,247. Goal 1,200 reached" in texts[5]
    button(page, "Close the rounds").click()
    expect(opener).to_be_focused()
    expect(page.locator(".right")).to_be_visible()


def test_a_round_opens_with_its_plot_and_who_added_what(look: Look) -> None:
    page = look(Told(*MANY))
    page.locator("#rounds").click()
    page.locator(".round").nth(3).click()
    expect(page.locator("#round-title")).to_have_text("For the museum, minus against")
    expect(page.locator("#round-title")).to_be_focused()
    expect(page.locator(".result .fig")).to_have_text("−12")  # noqa: RUF001
    plot = page.locator(".opened .chart")
    expect(plot.locator(".trace")).to_be_visible()
    expect(plot.locator(".aim")).to_have_text("Goal 10")
    expect(plot).to_have_accessible_name("For the museum, minus against. From 0 to −12, lowest −12, highest 2.")  # noqa: RUF001
    rows = page.locator(".givers li")
    expect(rows).to_have_text(["Guest 12+2", re.compile("^Host−7$|^Ana María−7$"), re.compile("−7$")])  # noqa: RUF001
    assert rows.first.locator(".gift").evaluate("(bar) => bar.getBoundingClientRect().width") == pytest.approx(
        96 * 2 / 7, 1
    )
    plot.focus()
    page.keyboard.press("End")
    expect(plot.locator(".flag")).to_contain_text("−12")  # noqa: RUF001
    button(page, "Back to all rounds").click()
    expect(page.locator("#rounds-title")).to_be_focused()


def test_the_menu_goes_by_keys_and_gives_the_focus_back(look: Look) -> None:
    page = look(Told(*MANY))
    page.locator("#rounds").click()
    opener = button(page, "Take along")
    opener.click()
    items = page.get_by_role("menuitem")
    expect(items).to_have_count(5)
    expect(items.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()
    page.keyboard.press("End")
    expect(items.last).to_be_focused()
    page.keyboard.press("Home")
    expect(items.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(items).to_have_count(0)
    opener.click()
    page.locator("#rounds-title").click()
    expect(items).to_have_count(0)
    page.locator(".round").nth(3).click()
    opener.click()
    expect(items).to_have_text(
        [re.compile("^Changes of this round"), re.compile("^Its plot, as SVG"), re.compile("^Its plot, as PNG")]
    )


# --- the projector ---


BARS = """() => [...document.querySelectorAll('.bars li')].map((column) => {
    const box = (name) => column.querySelector(name).getBoundingClientRect();
    const boxes = ['.bar', '.fig', '.ground', '.pole'].map(box);
    const [bar, figure, ground, all] = boxes;
    const text = column.querySelector('.fig').textContent.replace('\\u2212', '-').replace(/\\D(?=\\d{3})/, '');
    const line = ground.top + ground.height / 2;
    const { top, bottom, height: high } = bar;
    return { top, bottom, high, ground: line, wide: figure.width, room: all.width, value: Number(text) };
})"""


@LOOKS
@pytest.mark.parametrize("many", [2, 3, 8])
def test_the_projector_shows_rounds_as_bars_in_every_look(
    look: Look, shared: Program, scheme: str, locale: str, many: int
) -> None:
    told = Told(("Laps", 3000, [40, 247], None), *MANY)
    told.compare = many
    page = look(told, SCREEN, shared.join_url + "projector", locale=locale, color_scheme=scheme)
    bars = page.locator(".bars li")
    expect(bars).to_have_count(many)
    words = {2: "two", 3: "three", 8: "eight"}[many]
    if locale == "en-US":
        expect(page.locator(".compared h1")).to_have_text(f"The last {words} rounds")
        expect(bars.last).to_contain_text("still going")
    expect(bars.last.locator(".fig")).to_have_text("42")
    expect(page.locator(".going:visible")).to_have_count(1)
    expect(page.locator(".stage > .plate")).to_be_hidden()
    expect(page.locator(".stage .addr > span")).to_be_visible()
    is_fine(page)
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    measured = page.evaluate(BARS)
    # One line for all, and heights by one scale, but for the least that can be seen.
    least = 0.0055 * SCREEN["width"]
    scale = max(one["high"] / abs(one["value"]) for one in measured if one["high"] > 4 * least)
    for one in measured:
        assert abs(one["ground"] - measured[0]["ground"]) < 1
        assert one["high"] == pytest.approx(max(least, abs(one["value"]) * scale), abs=1.5)
        assert abs((one["top"] if one["value"] < 0 else one["bottom"]) - one["ground"]) < 2
        assert one["wide"] <= one["room"] + 2


@pytest.mark.parametrize("size", [SCREEN, WINDOW, TALL, {"width": 1920, "height": 1080}])
def test_bars_fit_any_projector_and_numbers_of_any_length(look: Look, shared: Program, size: ViewportSize) -> None:
    told = Told(*BIG, ("Hands", 5, [3], None))
    told.compare = 3
    page = look(told, size, shared.join_url + "projector")
    expect(page.locator(".bars li")).to_have_count(3)
    fits(page)
    for column in page.locator(".bars li").all():
        its, figure = column.bounding_box(), column.locator(".fig").bounding_box()
        assert its and figure and figure["x"] >= -1 and figure["x"] + figure["width"] <= size["width"] + 1
        assert figure["width"] <= its["width"] + 2


def test_in_forced_colours_bars_and_their_line_show(look: Look, shared: Program) -> None:
    told = Told(*MANY)
    told.compare = 4
    page = look(told, SCREEN, shared.join_url + "projector", forced_colors="active")
    text = colour(page, "CanvasText")
    expect(page.locator(".bars li")).to_have_count(4)
    assert style(page.locator(".bar:not(.minus)").first, "backgroundColor") == text
    assert style(page.locator(".bar.minus"), "backgroundColor") == colour(page, "Canvas")
    assert style(page.locator(".ground").first, "backgroundColor") == text


def test_with_reduced_motion_no_bar_grows(look: Look, shared: Program) -> None:
    told = Told(*MANY)
    told.compare = 3
    page = look(told, SCREEN, shared.join_url + "projector", reduced_motion="reduce")
    expect(page.locator(".bars li")).to_have_count(3)
    assert float(style(page.locator(".bar").first, "transitionDuration").removesuffix("s")) < 0.001


def test_a_guest_loads_nothing_of_it(shared: Program, visit: Open) -> None:
    page = visit(shared.join_url, PHONE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    connected(page)
    page.locator("header .menu").click()
    expect(page.locator("#menu")).to_be_visible()
    names = ("past", "history", "rounds", "bars", "plot", "take", "forget", "axes", "locales/host")
    assert not [url for url in asked if any(name in url for name in names)]


# --- the real server's ---


def named(program: Program, visit: Open, name: str) -> Page:
    page = visit(program.join_url, PHONE)
    button(page, "Menu").click()
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")
    return page


@pytest.fixture
def played(server: Program, visit: Open) -> tuple[Program, Page]:
    """A server with two rounds, and a third that is going: 3 of Ada's, 2 less one of the host's, nothing."""
    host = visit(server.host_url)
    configure(server, host, title="Who walks?", goal=3)
    ada = named(server, visit, "Ada")
    for _ in range(3):
        button(ada, "Add one").click()
    shows(host, 3)
    until(lambda: server.counter == 3)
    button(host, "Reset to 0").click()
    shows(ada, 0)
    configure(server, host, title="Who takes the bus?", goal=5)
    for name, value in (("Add one", 1), ("Add one", 2), ("Take one away", 1)):
        button(host, name).click()
        shows(ada, value)
    button(host, "Reset to 0").click()
    shows(ada, 0)
    configure(server, host, title="Hands raised", goal=None)
    ada.close()
    return server, host


def test_what_is_counted_is_drawn_listed_and_told(played: tuple[Program, Page], visit: Open) -> None:
    server, host = played
    button(host, "Add one").click()
    # At once, before the server has told.
    expect(chart(host).locator(".now")).to_be_visible()
    expect(button(host, "Rounds 2")).to_be_visible(timeout=PATIENCE)
    guest = visit(server.join_url, PHONE)
    button(guest, "Add one").click()
    shows(host, 2)

    def is_told() -> bool:
        chart(host).press("End")
        return "by Guest" in (host.locator(".flag").first.text_content() or "")

    until(is_told)
    expect(host.locator(".flag").first).to_have_text(re.compile(r"^2\+1 by Guest \d+, \d\d:\d\d:\d\d$"))
    button(host, "Rounds 2").click()
    rows = host.locator(".round")
    expect(rows).to_have_count(3, timeout=PATIENCE)
    texts = [re.sub(r"\s+", " ", text) for text in rows.all_inner_texts()]
    assert re.fullmatch(r"Hands raised 2 Today, \S+ to now\. 2 took part Lowest 0, highest 2", texts[0])
    assert re.fullmatch(
        r"Who takes the bus\? 1 Today, .*\. 1 took part Lowest 0, highest 2\. Goal 5 not reached", texts[1]
    )
    assert re.fullmatch(r"Who walks\? 3 Today, .*\. 1 took part Lowest 0, highest 3\. Goal 3 reached", texts[2])
    rows.nth(2).click()
    expect(host.locator(".givers li")).to_have_text(["Ada+3"], timeout=PATIENCE)
    # It is there after a reload, and after a restart it would be.
    host.reload()
    connected(host)
    expect(button(host, "Rounds 2")).to_be_visible(timeout=PATIENCE)


def test_the_panel_stays_open_over_a_reset_and_an_undo_opens_the_round_again(played: tuple[Program, Page]) -> None:
    _, host = played
    button(host, "Rounds 2").click()
    rows = host.locator(".round")
    expect(rows).to_have_count(3, timeout=PATIENCE)
    button(host, "Add one").click()
    button(host, "Reset to 0").click()
    expect(rows).to_have_count(4, timeout=PATIENCE)
    expect(button(host, "Rounds 3")).to_be_visible(timeout=PATIENCE)
    button(host, "Undo").click()
    expect(rows).to_have_count(3, timeout=PATIENCE)
    expect(rows.first).to_contain_text("Hands raised")
    shows(host, 1)


def test_a_title_given_later_sticks_to_its_round(played: tuple[Program, Page]) -> None:
    _, host = played
    button(host, "Rounds 2").click()
    host.locator(".round").nth(1).click()
    button(host, "Rename this round").click()
    field = host.get_by_label("Title of this round")
    expect(field).to_have_value("Who takes the bus?")
    host.keyboard.type("Something else")
    host.keyboard.press("Escape")
    expect(host.locator("#round-title")).to_have_text("Who takes the bus?")
    expect(button(host, "Rename this round")).to_be_focused()
    button(host, "Rename this round").click()
    host.keyboard.type("By bus, =1+1")
    host.keyboard.press("Enter")
    expect(button(host, "Rename this round")).to_be_focused()
    expect(host.locator("#round-title")).to_have_text("By bus, =1+1")
    button(host, "Back to all rounds").click()
    expect(host.locator(".round").nth(1)).to_contain_text("By bus, =1+1")
    host.reload()
    connected(host)
    button(host, "Rounds 2").click()
    expect(host.locator(".round").nth(1)).to_contain_text("By bus, =1+1", timeout=PATIENCE)
    expect(host.locator("#main h1")).to_have_text("Hands raised")


def test_rounds_are_on_the_projector_for_as_long_as_it_is_pressed(played: tuple[Program, Page], visit: Open) -> None:
    server, host = played
    projector = visit(server.join_url + "projector", SCREEN)
    button(host, "Rounds 2").click()
    button(host, "Show on the projector").click()
    expect(button(host, "On the projector")).to_have_attribute("aria-pressed", "true")
    expect(host.get_by_role("radio", name="3")).to_be_checked()
    bars = projector.locator(".bars li")
    expect(bars).to_have_count(3, timeout=PATIENCE)
    told = ("3.*Who walks", "1.*Who takes", "0.*Hands raised.*still going")
    expect(bars).to_have_text([re.compile(one, re.DOTALL) for one in told], use_inner_text=True)
    button(host, "Add one").click()
    expect(bars.last.locator(".fig")).to_have_text("1", timeout=PATIENCE)
    host.get_by_role("radio", name="2", exact=True).click()
    expect(bars).to_have_count(2, timeout=PATIENCE)
    expect(projector.locator(".compared h1")).to_have_text("The last two rounds")
    # In the host's own full screen too.
    button(host, "Projector").click()
    expect(host.locator(".bars li")).to_have_count(2, timeout=PATIENCE)
    host.keyboard.press("Escape")
    button(host, "On the projector").click()
    expect(projector.locator(".stage > .plate")).to_be_visible(timeout=PATIENCE)
    expect(bars).to_have_count(0)


def test_names_are_forgotten_after_a_question(played: tuple[Program, Page]) -> None:
    _, host = played
    expect(button(host, "Rounds 2")).to_be_visible(timeout=PATIENCE)
    button(host, "Settings").click()
    forget = host.locator(".rows").get_by_role("button", name="Forget names", exact=True)
    expect(forget).to_be_enabled()
    forget.click()
    question = host.get_by_role("dialog", name="Forget all names?")
    expect(question.get_by_role("button", name="Keep them")).to_be_focused()
    host.keyboard.press("Enter")
    expect(question).to_be_hidden()
    expect(forget).to_be_focused()
    forget.click()
    question.get_by_role("button", name="Forget names").click()
    expect(host.locator(".rows [role=status]")).to_have_text("All names are out of the history.")
    expect(host.locator(".rows [role=status]")).to_be_focused()
    expect(forget).to_be_disabled()
    button(host, "Close").click()
    button(host, "Rounds 2").click()
    host.locator(".round").nth(2).click()
    expect(host.locator(".givers li")).to_have_text(re.compile(r"^Guest \d+\+3$"), timeout=PATIENCE)
    host.reload()
    connected(host)
    expect(button(host, "Rounds 2")).to_be_visible(timeout=PATIENCE)
    button(host, "Settings").click()
    expect(forget).to_be_disabled()


def taken(page: Page, name: str) -> tuple[str, bytes]:
    """What the browser saves for one of the menu's items: its name and its bytes."""
    button(page, "Take along").click()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("menuitem", name=re.compile(f"^{name}")).click()
    expect(button(page, "Take along")).to_be_focused()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_all_of_it_can_be_taken_along(played: tuple[Program, Page]) -> None:
    _, host = played
    button(host, "Add one").click()
    expect(button(host, "Rounds 2")).to_be_visible(timeout=PATIENCE)
    button(host, "Rounds 2").click()
    name, workbook = taken(host, "Workbook")
    assert name.endswith(".xlsx") and workbook.startswith(b"PK")
    name, rounds = taken(host, "Rounds")
    assert name.endswith(".csv")
    told = list(csv.reader(io.StringIO(rounds.decode("utf-8-sig"))))
    assert len(told) == 4 and any("Who walks?" in cell for row in told for cell in row)
    _, changes = taken(host, "Changes")
    assert "Ada" in changes.decode("utf-8-sig")
    name, svg = taken(host, "This plot, as SVG")
    assert name == "Hands raised.svg"
    assert re.match(rb"<svg .*<title>Hands raised</title>", svg, re.DOTALL)
    assert b"class=" not in svg and b"<style" not in svg and b'stroke="#0b2fa8"' in svg
    name, png = taken(host, "This plot, as PNG")
    assert name == "Hands raised.png"
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    assert picture.size == (1600, 600)
    colours = {pixel for _, pixel in picture.getcolors(1 << 24) or []}
    assert (255, 255, 255) in colours and (11, 47, 168) in colours
    host.locator(".round").nth(2).click()
    name, its = taken(host, "Changes of this round")
    assert name.endswith(".csv") and its.decode("utf-8-sig").count("Ada") >= 1
    assert its.count(b"\n") < changes.count(b"\n")
    name, _ = taken(host, "Its plot, as SVG")
    assert name == "Who walks.svg"


def test_without_an_answer_the_menu_says_so(look: Look) -> None:
    page = look(Told(*MANY))
    page.locator("#rounds").click()
    page.route("**/host/take*", lambda route: route.abort())
    button(page, "Take along").click()
    page.get_by_role("menuitem", name="Workbook").click()
    expect(page.locator(".panel [role=alert]")).to_have_text("The server did not answer. Please try again.")
