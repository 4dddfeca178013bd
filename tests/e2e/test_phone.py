"""A person's phone: fingers, keys, names, and what it says when something is broken."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, WebSocketRoute, expect

from tests.e2e.program import Program, until
from tests.e2e.test_views import (
    LOOKS,
    PATIENCE,
    PHONE,
    SMALL,
    ask,
    button,
    configure,
    connected,
    is_fine,
    overflow,
    shows,
)

Open = Callable[..., Page]
Point = tuple[float, float]
LONG_NAME = "Maximiliane-Alexandrina von Hohenfels-Babenberg"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with Program(tmp_path_factory.mktemp("phone") / "data", "--headless") as running:
        yield running


@pytest.fixture
def visit(shared: Program, chromium: Browser) -> Iterator[Open]:
    """A function that opens a phone with the counter at 0, after `before` was done to its page."""
    contexts = []

    def open_phone(
        url: str = shared.join_url,
        before: Callable[[Page], object] = lambda page: None,
        link: str = "up",
        **options: Any,
    ) -> Page:
        wanted = {"viewport": PHONE, "locale": "en-US", "has_touch": True, "is_mobile": True, **options}
        context = chromium.new_context(**wanted)
        contexts.append(context)
        page = context.new_page()
        before(page)
        page.goto(url)
        connected(page, link)
        return page

    yield open_phone
    for context in contexts:
        context.close()


@pytest.fixture
def phone(shared: Program, visit: Open) -> Page:
    page = visit()
    settings = {"title": "Hands raised", "step": 1, "goal": None, "locked": False}
    ask(shared, page, {"type": "configure", "settings": settings}, {"type": "set", "value": 0})
    shows(page, 0)
    return page


class Glass:
    """Fingers, by name, on what a phone shows."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._touch: CDPSession = page.context.new_cdp_session(page)
        self._fingers: dict[str, Point] = {}

    def at(self, selector: str, x: float = 0, y: float = 0) -> Point:
        """A place, by pixels from an element's middle."""
        box = self._page.locator(selector).bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 + y

    def down(self, **places: Point) -> None:
        """Fingers come down, all at once: `one=…, two=…`."""
        self._fingers |= places
        self._tell("touchStart", self._fingers)

    def move(self, finger: str, place: Point) -> None:
        self._fingers[finger] = place
        self._tell("touchMove", self._fingers)

    def up(self, finger: str) -> None:
        self._tell("touchEnd", {finger: self._fingers.pop(finger)})

    def cancel(self) -> None:
        """The system takes all fingers for itself."""
        self._fingers.clear()
        self._tell("touchCancel", {})

    def _tell(self, what: str, fingers: dict[str, Point]) -> None:
        numbers = {"one": 1, "two": 2, "three": 3}
        points = [{"id": numbers[finger], "x": x, "y": y} for finger, (x, y) in fingers.items()]
        self._touch.send("Input.dispatchTouchEvent", {"type": what, "touchPoints": points})


@pytest.fixture
def glass(phone: Page) -> Glass:
    return Glass(phone)


def settled(page: Page, value: int, program: Program) -> None:
    """It shows this, and goes on to, and so does the server."""
    shows(page, value)
    # Asked of the page, too, so that what passes through this test does.
    until(lambda: page.evaluate("true") and program.counter == value)
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 400))")
    shows(page, value)


# --- fingers ---


def test_two_thumbs_drumming_on_a_key_count_each_time(phone: Page, glass: Glass, shared: Program) -> None:
    left, right = glass.at(".tap.more", -40), glass.at(".tap.more", 40)
    glass.down(one=left)
    for _ in range(11):
        glass.down(two=right)
        glass.up("one")
        glass.down(one=left)
        glass.up("two")
    glass.up("one")
    settled(phone, 23, shared)


def test_two_thumbs_in_turn_on_both_keys(phone: Page, glass: Glass, shared: Program) -> None:
    for _ in range(5):
        glass.down(one=glass.at(".tap.more"))
        glass.down(two=glass.at(".tap.less"))
        glass.up("one")
        glass.down(one=glass.at(".tap.more"))
        glass.up("one")
        glass.up("two")
    settled(phone, 5, shared)


@pytest.mark.parametrize("where", [".plate", ".note", "header h1"])
def test_a_finger_that_rests_anywhere_stops_no_tap(phone: Page, glass: Glass, shared: Program, where: str) -> None:
    glass.down(one=glass.at(where))
    for _ in range(11):
        glass.down(two=glass.at(".tap.more"))
        glass.up("two")
    glass.up("one")
    settled(phone, 11, shared)
    assert phone.evaluate("[visualViewport.scale, scrollY, String(getSelection())]") == [1, 0, ""]


def test_a_finger_that_rests_on_the_key_itself_counts_when_it_is_lifted(
    phone: Page, glass: Glass, shared: Program
) -> None:
    glass.down(one=glass.at(".tap.more", -40))
    for _ in range(3):
        glass.down(two=glass.at(".tap.more", 40))
        glass.up("two")
    shows(phone, 3)
    glass.up("one")
    settled(phone, 4, shared)


def test_fingers_that_come_down_at_the_same_moment_count_each(phone: Page, glass: Glass, shared: Program) -> None:
    glass.down(one=glass.at(".tap.more", -40), two=glass.at(".tap.more", 40), three=glass.at(".tap.less"))
    for finger in ("two", "one", "three"):
        glass.up(finger)
    settled(phone, 1, shared)


@pytest.mark.parametrize(
    ("way", "counts"),
    [
        ([(10, 5), (20, 0)], 1),
        ([(0, 20), (0, 40)], 1),
        ([(0, -60), (0, 0)], 1),
        ([(0, -100), (0, -200)], 0),
        ([(-80, 0), (-200, 0)], 0),
    ],
    ids=["slides", "slides down", "comes back", "leaves", "goes to the other key"],
)
def test_a_tap_may_slide_but_not_leave(
    phone: Page, glass: Glass, shared: Program, way: list[Point], counts: int
) -> None:
    glass.down(one=glass.at(".tap.more"))
    for x, y in way:
        glass.move("one", glass.at(".tap.more", x, y))
    glass.up("one")
    settled(phone, counts, shared)


def test_what_the_system_takes_counts_nothing(phone: Page, glass: Glass, shared: Program) -> None:
    glass.down(one=glass.at(".tap.more"))
    glass.cancel()
    settled(phone, 0, shared)
    phone.locator(".tap.more").tap()
    settled(phone, 1, shared)


def test_a_long_press_counts_once_and_opens_nothing(phone: Page, glass: Glass, shared: Program) -> None:
    phone.evaluate(
        "addEventListener('contextmenu', (event) => { document.title = `open: ${!event.defaultPrevented}`; })"
    )
    glass.down(one=glass.at(".tap.more"))
    phone.evaluate("new Promise((resolve) => setTimeout(resolve, 1200))")
    glass.up("one")
    settled(phone, 1, shared)
    assert "open: true" not in phone.title()
    assert phone.evaluate("String(getSelection())") == ""


def test_a_key_that_is_locked_in_the_middle_of_a_press_counts_nothing(
    phone: Page, glass: Glass, shared: Program
) -> None:
    glass.down(one=glass.at(".tap.more"))
    configure(shared, phone, locked=True)
    expect(phone.locator(".tap.more")).to_be_disabled()
    glass.up("one")
    glass.down(one=glass.at(".tap.more"))
    configure(shared, phone, locked=False)
    expect(phone.locator(".tap.more")).to_be_enabled()
    glass.up("one")
    settled(phone, 0, shared)


def test_mouse_keys_screen_readers_and_fingers_count_once_each(phone: Page, shared: Program) -> None:
    key = phone.locator(".tap.more")
    key.tap()
    key.click()
    key.tap()
    key.press("Enter")
    key.press("Space")
    key.evaluate("(element) => element.click()")
    key.tap()
    key.evaluate("(element) => element.dispatchEvent(new MouseEvent('click', { bubbles: true }))")
    settled(phone, 8, shared)


def test_neither_two_taps_nor_two_fingers_on_keys_zoom(phone: Page, glass: Glass) -> None:
    for selector in (".tap.more", ".keys", ".plate"):
        for _ in range(2):
            phone.touchscreen.tap(*glass.at(selector))
    glass.down(one=glass.at(".tap.more"))
    glass.down(two=glass.at(".plate"))
    for step in range(10):
        glass.move("two", glass.at(".plate", 0, -10 * step))
    glass.up("two")
    glass.up("one")
    assert phone.evaluate("visualViewport.scale") == 1


def test_a_page_that_is_too_high_still_scrolls(shared: Program, visit: Open) -> None:
    page = visit(viewport={"width": 340, "height": 390})
    glass = Glass(page)
    glass.down(one=glass.at(".plate", 0, 60))
    for step in range(1, 8):
        glass.move("one", (glass.at("body")[0], 200 - 20 * step))
    glass.up("one")
    until(lambda: page.evaluate("scrollY") > 0)


# --- keys ---


@pytest.mark.parametrize("key", ["Enter", "Space", "+"])
def test_a_key_that_is_held_counts_once(phone: Page, shared: Program, key: str) -> None:
    phone.locator(".tap.more").focus()
    for _ in range(12):
        phone.keyboard.down(key)
    phone.keyboard.up(key)
    settled(phone, 1, shared)


def test_a_held_enter_undoes_once(phone: Page, shared: Program, visit: Open) -> None:
    host = visit(shared.host_url, viewport={"width": 1100, "height": 760}, is_mobile=False)
    for value in (1, 2, 3):
        ask(shared, host, {"type": "set", "value": value})
    button(host, "Undo").focus()
    for _ in range(12):
        host.keyboard.down("Enter")
    host.keyboard.up("Enter")
    settled(host, 2, shared)


def test_arrows_scroll_where_the_page_does_and_count_where_nothing_does(phone: Page, shared: Program) -> None:
    phone.keyboard.press("ArrowUp")
    settled(phone, 1, shared)
    phone.set_viewport_size({"width": 340, "height": 390})
    phone.keyboard.press("ArrowDown")
    until(lambda: phone.evaluate("scrollY") > 0)
    phone.keyboard.press("+")
    settled(phone, 2, shared)


def composing(page: Page, text: str) -> None:
    """An input method has begun to write in the field that has the focus."""
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


@pytest.mark.parametrize("key", ["Escape", "Enter"])
def test_what_an_input_method_takes_closes_no_dialog(phone: Page, key: str) -> None:
    button(phone, "Menu").click()
    phone.get_by_label("Your name").focus()
    composing(phone, "\u306b\u307b")
    phone.keyboard.press(key)
    expect(phone.locator("#menu")).to_be_visible()
    phone.keyboard.insert_text("\u65e5\u672c")
    phone.keyboard.press(key)
    expect(phone.locator("#menu")).to_be_hidden()


def title(host: Page) -> Locator:
    return host.get_by_role("textbox", name="What is counted")


@pytest.mark.parametrize("key", ["Escape", "Enter"])
def test_nor_does_it_end_the_title(shared: Program, phone: Page, visit: Open, key: str) -> None:
    host = visit(shared.host_url, viewport={"width": 1100, "height": 760}, is_mobile=False)
    button(host, "Rename what is counted").click()
    composing(host, "\u306b\u307b")
    host.keyboard.press(key)
    expect(title(host)).to_be_focused()
    host.keyboard.insert_text("\u65e5\u672c")
    host.keyboard.press(key)
    expect(button(host, "Rename what is counted")).to_be_focused()
    expect(phone.locator("h1")).to_have_text("\u65e5\u672c" if key == "Enter" else "Hands raised")


# --- names ---


def call(page: Page, name: str) -> None:
    button(page, "Menu").click()
    page.get_by_label("Your name").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("#menu")).to_be_hidden()


def named(name: str) -> Callable[[Page], object]:
    """An earlier page has kept this name."""
    return lambda page: page.add_init_script(f"localStorage.name ??= {json.dumps(name)}")


def test_a_name_that_is_too_long_is_cut_and_the_person_told(phone: Page, shared: Program) -> None:
    call(phone, LONG_NAME)
    expect(phone.locator(".note")).to_have_text(
        "Your name was too long. The host sees \u201cMaximiliane-Alexandrina von Hohenfels-Ba\u201d. Change it"
    )
    button(phone, "Change it").click()
    expect(phone.get_by_label("Your name")).to_have_value(LONG_NAME[:40])
    expect(phone.get_by_label("Your name")).to_be_focused()
    phone.keyboard.press("Escape")
    phone.locator(".tap.more").tap()
    settled(phone, 1, shared)
    expect(phone.locator(".note")).to_have_text("You added 1")


@pytest.mark.parametrize("name", ["\u200b\u200b", "\u2800", "\u3164", "\u202e\u2066"])
def test_a_name_that_cannot_be_seen_is_none_and_the_person_told(
    phone: Page, shared: Program, visit: Open, name: str
) -> None:
    host = visit(shared.host_url, viewport={"width": 1100, "height": 760}, is_mobile=False)
    call(phone, name)
    expect(phone.locator(".note")).to_have_text(
        re.compile(r"^Your name could not be seen\. The host sees you as Guest \d+\. Change it$")
    )
    (guest,) = re.findall(r"Guest \d+", phone.locator(".note").text_content() or "")
    expect(host.get_by_role("listitem").filter(has_text=guest)).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize(
    ("kept", "name"),
    [(LONG_NAME, LONG_NAME[:40]), ("x" * 39 + "\ud83d", "x" * 39), ("\U0001f680" * 41, "\U0001f680" * 40)],
)
def test_a_name_that_an_earlier_page_has_kept_costs_no_click(
    shared: Program, phone: Page, visit: Open, kept: str, name: str
) -> None:
    host = visit(shared.host_url, viewport={"width": 1100, "height": 760}, is_mobile=False)
    page = visit(before=named(kept))
    page.locator(".tap.more").tap()
    settled(page, 1, shared)
    expect(host.get_by_role("listitem").filter(has_text=name)).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("localStorage.name") == name


def test_a_title_cut_through_a_sign_is_whole_and_the_next_click_counts(
    shared: Program, phone: Page, visit: Open
) -> None:
    host = visit(shared.host_url, viewport={"width": 1100, "height": 760}, is_mobile=False)
    button(host, "Rename what is counted").click()
    title(host).evaluate("(field) => { field.value = 'Laps \ud83d'; }")
    host.keyboard.press("Enter")
    host.keyboard.press("+")
    settled(host, 1, shared)
    expect(phone.locator("h1")).to_have_text("Laps")
    button(host, "Rename what is counted").click()
    title(host).fill("\U0001f680" * 100)
    host.keyboard.press("Enter")
    expect(phone.locator("h1")).to_have_text("\U0001f680" * 80)
    expect(host.locator(".note")).not_to_contain_text("refused")


class Refusing:
    """A server that can't read what a page says, once for each kind of message."""

    def __init__(self, *kinds: str) -> None:
        self._left = set(kinds)
        self.closed: list[int | None] = []

    def open(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def say(text: str | bytes) -> None:
            message = json.loads(text)
            if message["type"] in self._left:
                self._left.remove(message["type"])
                message |= {"client": 5, "settings": 5}
            server.send(json.dumps(message))

        def end(code: int | None, reason: str | None) -> None:
            self.closed.append(code)
            route.close(code=code or 1000)

        route.on_message(say)
        server.on_close(end)


def test_a_hello_that_is_refused_costs_no_click(shared: Program, phone: Page, visit: Open) -> None:
    refusing = Refusing("hello")

    def before(page: Page) -> None:
        named("Ada")(page)
        page.route_web_socket("**/ws", refusing.open)

    page = visit(before=before)
    expect(page.locator(".note")).to_have_text(
        re.compile(r"^Your name could not be seen\. The host sees you as Guest \d+\. Change it$")
    )
    page.locator(".tap.more").tap()
    settled(page, 1, shared)


def test_settings_that_are_refused_leave_no_gap(shared: Program, phone: Page, visit: Open) -> None:
    refusing = Refusing("configure")
    host = visit(
        shared.host_url,
        lambda page: page.route_web_socket("**/ws", refusing.open),
        viewport={"width": 1100, "height": 760},
        is_mobile=False,
    )
    button(host, "Lock for others").click()
    expect(host.locator(".note")).to_have_text("The server refused that.")
    for _ in range(3):
        button(host, "Add one").click()
    settled(host, 3, shared)
    expect(host.locator(".note")).to_have_text("You added 3")
    button(host, "Lock for others").click()
    expect(phone.locator(".note")).to_contain_text("View only")
    assert refusing.closed == []


# --- which thing is broken ---


def blocked(page: Page) -> None:
    page.route_web_socket("**/ws", lambda route: route.close())


def silent(page: Page) -> None:
    """Nothing of the server gets through any more."""
    blocked(page)
    page.route("**/health", lambda route: route.abort())


@LOOKS
def test_where_pages_get_through_but_no_connection_the_page_says_so(
    shared: Program, phone: Page, visit: Open, scheme: str, locale: str
) -> None:
    configure(shared, phone, goal=50)
    page = visit(before=blocked, link="down", color_scheme=scheme, locale=locale)
    words = (
        ("Something blocks the live connection", "No live connection", "Next try in ")
        if locale.startswith("en")
        else ("Quelque chose bloque la connexion en direct", "Pas de connexion en direct", "Nouvel essai dans ")
    )
    expect(page.get_by_role("heading", name=words[0])).to_be_visible()
    expect(page.locator(".state")).to_have_text(words[1])
    expect(page.locator(".note")).to_have_text(re.compile(rf"^{words[2]}\d+ s$"))
    expect(page.locator("[role=status]").first).to_contain_text(words[0], timeout=PATIENCE)
    for hidden in (".plate", ".goal", ".num"):
        expect(page.locator(hidden).first).to_be_hidden()
    for key in (".more", ".less"):
        expect(page.locator(key)).to_be_disabled()
    is_fine(page)
    for size in (SMALL, PHONE):
        page.set_viewport_size(size)
        assert overflow(page) <= 0
    page.unroute_all()


def test_after_a_minute_it_says_what_else_may_help(shared: Program, visit: Open) -> None:
    def later(page: Page) -> None:
        blocked(page)
        page.clock.install()

    page = visit(before=later, link="down")
    expect(page.locator(".vacant")).to_contain_text("Switch it off, or use another network.")
    otherwise = page.get_by_text("Another browser or another device may get through.")

    def said_five_seconds_later() -> bool:
        page.clock.run_for(5_000)
        return otherwise.is_visible()

    # The server's answers take their own time in between.
    until(said_five_seconds_later)


def test_where_nothing_gets_through_nothing_is_said_to_be_in_the_way(shared: Program, visit: Open) -> None:
    page = visit(before=silent, link="down")
    expect(page.get_by_role("heading", name="Waiting for the server")).to_be_visible()
    expect(page.locator(".state")).to_have_text("No live connection")


@pytest.mark.parametrize("answer", ["<h1>Sign in</h1>", '{"status":"ok","full":true}'], ids=["a portal", "full"])
def test_where_another_answers_or_there_is_no_place_nothing_is_said_to_be_in_the_way(
    shared: Program, visit: Open, answer: str
) -> None:
    def portal(page: Page) -> None:
        blocked(page)
        page.route("**/health", lambda route: route.fulfill(body=answer))

    page = visit(before=portal, link="down")
    expect(page.get_by_role("heading", name="Waiting for the server")).to_be_visible()


def test_once_it_gets_through_the_plate_is_hung(shared: Program, phone: Page, visit: Open) -> None:
    is_open = False

    def open_line(route: WebSocketRoute) -> None:
        if is_open:
            route.connect_to_server()
        else:
            route.close()

    page = visit(before=lambda page: page.route_web_socket("**/ws", open_line), link="down")
    expect(page.get_by_role("heading", name="Something blocks the live connection")).to_be_visible()
    is_open = True
    page.evaluate("dispatchEvent(new Event('online'))")
    connected(page)
    expect(page.locator(".plate")).to_be_visible()
    expect(page.locator(".vacant")).to_be_hidden()
    page.locator(".tap.more").tap()
    settled(page, 1, shared)


def test_a_connection_that_was_there_is_lost_and_its_plate_stays(shared: Program, phone: Page, visit: Open) -> None:
    routes: list[WebSocketRoute] = []
    is_open = True

    def line(route: WebSocketRoute) -> None:
        if is_open:
            routes.append(route)
            route.connect_to_server()
        else:
            route.close()

    page = visit(before=lambda page: page.route_web_socket("**/ws", line))
    is_open = False
    routes[0].close()
    connected(page, "down")
    expect(page.locator(".state")).to_contain_text("Connection lost")
    expect(page.locator(".plate")).to_be_visible()
    expect(page.locator(".vacant")).to_be_hidden()
    expect(page.locator(".note")).to_contain_text("Something blocks the live connection.", timeout=PATIENCE)
    page.locator(".tap.more").tap()
    expect(page.locator(".note")).to_contain_text("1 click kept on this device.")
    is_open = True
    page.locator(".tap.more").tap()
    connected(page)
    settled(page, 2, shared)


@LOOKS
def test_who_is_removed_has_no_plate_any_more(
    shared: Program, phone: Page, visit: Open, scheme: str, locale: str
) -> None:
    page = visit(color_scheme=scheme, locale=locale)
    for _ in range(3):
        page.locator(".tap.more").tap()
    settled(page, 3, shared)
    host = visit(shared.host_url, viewport={"width": 1100, "height": 760}, is_mobile=False)
    row = host.get_by_role("listitem").filter(has_text="+3")
    row.locator(".drop").click()
    row.locator(".drop").click()
    expect(page.locator(".vacant.gone")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".plate")).to_be_hidden()
    expect(page.locator(".note")).to_have_text(re.compile(r"^(You added|Vous avez ajouté) 3$"))
    assert "3" not in page.title()
    is_fine(page)


# --- who can't see it ---


def test_the_number_is_found_by_touch_and_said_once(phone: Page, shared: Program) -> None:
    configure(shared, phone, goal=50)
    for _ in range(2):
        phone.locator(".tap.more").tap()
    settled(phone, 2, shared)
    plate = phone.get_by_role("img", name="Hands raised: 2. Goal: 50", exact=True)
    expect(plate).to_be_visible()
    box, number = plate.bounding_box(), phone.locator(".num").bounding_box()
    assert box and number
    assert box["x"] < number["x"] and number["x"] + number["width"] < box["x"] + box["width"]
    told = phone.locator("body").aria_snapshot()
    assert len(re.findall(r"Hands raised: 2", told)) == 2, "the plate, and what was announced"


def test_a_number_is_no_telephones(phone: Page) -> None:
    expect(phone.locator("meta[name=format-detection]")).to_have_attribute("content", re.compile("telephone=no"))
