"""The three views in a real browser: what each shows and lets people do, in both languages and for every sense."""

import io
import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, WebSocket, WebSocketRoute, expect

from tests.e2e.program import Program, until

PHONE: ViewportSize = {"width": 390, "height": 844}
LYING: ViewportSize = {"width": 844, "height": 390}
SMALL: ViewportSize = {"width": 320, "height": 568}
WINDOW: ViewportSize = {"width": 1100, "height": 760}
SCREEN: ViewportSize = {"width": 1280, "height": 720}
PATIENCE = 15_000

LAN: dict[str, Any] = {
    "type": "network",
    "join": "http://192.168.1.42:8000/",
    "reach": "lan",
    "name": "http://lan-counter.local:8000/",
    "addresses": [
        {"address": "192.168.1.42", "interface": "Wi-Fi", "kind": "private", "chosen": True},
        {"address": "172.17.0.1", "interface": "docker0", "kind": "virtual", "chosen": False},
    ],
    "devices": [],
}
NO_NETWORK: dict[str, Any] = LAN | {"join": None, "reach": "none", "name": None, "addresses": []}
WIRELESS = {"address": "192.168.1.42", "interface": "Wi-Fi", "kind": "private", "chosen": True}
WIRED = {"address": "10.20.4.7", "interface": "Ethernet", "kind": "shared", "chosen": False}
BOTH: dict[str, Any] = LAN | {"addresses": [WIRELESS, WIRED], "name": None}
MOVED: dict[str, Any] = BOTH | {
    "join": "http://10.20.4.7:8001/",
    "addresses": [WIRED | {"chosen": True}, WIRELESS | {"chosen": False}],
}
OFFERED: dict[str, Any] = BOTH | {"offer": {"address": "10.20.4.7", "interface": "Ethernet", "came": 12}}
GONE: dict[str, Any] = MOVED | {
    "trouble": {"code": "gone", "address": "192.168.1.42", "interface": "Wi-Fi", "port": 8000, "found": 8001}
}
PORT_TAKEN: dict[str, Any] = MOVED | {
    "trouble": {"code": "port_taken", "address": "10.20.4.7", "interface": "Ethernet", "port": 8000, "found": 8001}
}
REFUSED: dict[str, Any] = BOTH | {
    "trouble": {
        "code": "not_listening",
        "address": "10.20.4.7",
        "interface": "Ethernet",
        "first": 8000,
        "last": 8009,
    }
}
IPV6 = "2001:db8:4f2a:91c0:1c2b:7dff:fe3a:52b1"
ONLY_IPV6: dict[str, Any] = LAN | {"join": f"http://[{IPV6}]:8000/", "addresses": [WIRELESS | {"address": IPV6}]}
CARDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "offer": (OFFERED, "Ethernet is there now: 10.20.4.7.", "Ethernet est là maintenant\u00a0: 10.20.4.7."),
    "gone": (GONE, "The address has changed.", "L\u2019adresse a changé."),
    "port taken": (PORT_TAKEN, "The port is 8001 here.", "Ici, le port est 8001."),
    "refused": (REFUSED, "Nobody can join at 10.20.4.7.", "Personne ne peut rejoindre à 10.20.4.7."),
    "only IPv6": (ONLY_IPV6, "Long to type: scan the code", "Longue à taper\u00a0: scannez le code"),
    "no network": (NO_NETWORK, "No network found.", "Aucun réseau trouvé."),
}
NOT_SAVED: dict[str, Any] = {"type": "notice", "code": "not_saved"}
VISITED: dict[str, Any] = LAN | {"devices": [{"address": "192.168.1.77", "via": "192.168.1.42"}]}

# Each colour scheme and each language, in every state.
LOOKS = pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "fr-FR")])

Open = Callable[..., Page]


class Line:
    """A page's connection: it can tell of a network that this machine need not have, and be cut."""

    def __init__(self, network: dict[str, Any] = LAN, *notices: dict[str, Any]) -> None:
        self._network = json.dumps(network)
        self._notices = [json.dumps(notice) for notice in notices]
        self._routes: list[WebSocketRoute] = []
        self._is_cut = False

    def open(self, route: WebSocketRoute) -> None:
        """Pass on what is said on it."""
        if self._is_cut:
            route.close()
            return
        self._routes.append(route)
        server = route.connect_to_server()

        def tell(told: str | bytes) -> None:
            if json.loads(told)["type"] != "network":
                route.send(told)
                return
            for message in (self._network, *self._notices):
                route.send(message)

        server.on_message(tell)

    def tell(self, network: dict[str, Any]) -> None:
        """Where others join is this now."""
        self._network = json.dumps(network)
        for route in self._routes:
            route.send(self._network)

    def drop(self) -> None:
        """Close it; the next one is let through."""
        routes, self._routes = self._routes, []
        for route in routes:
            route.close()

    def cut(self) -> None:
        """Close it, and let no other be opened."""
        self._is_cut = True
        for route in self._routes:
            route.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One server for all that leave it running."""
    with Program(tmp_path_factory.mktemp("views") / "data", "--headless") as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, watch: Callable[[Page], Page]) -> Iterator[Open]:
    """A function that opens an address in a browser of its own, and waits until it is connected."""
    contexts = []

    def open_page(
        url: str,
        size: ViewportSize = WINDOW,
        line: Line | None = None,
        locale: str = "en-US",
        watched: bool = True,
        **options: Any,
    ) -> Page:
        context = chromium.new_context(viewport=size, locale=locale, **options)
        contexts.append(context)
        page = context.new_page()
        if watched:
            watch(page)
        if line:
            page.route_web_socket("**/ws", line.open)
        page.goto(url)
        connected(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def host(shared: Program, visit: Open) -> Page:
    """The host's page, of a counter as it is at first."""
    page = visit(shared.host_url)
    settings = {"title": "Hands raised", "step": 1, "goal": None, "locked": False, "classic": True, "each": None}
    ask(shared, page, {"type": "configure", "settings": settings}, {"type": "set", "value": 0})
    shows(page, 0)
    return page


ASK = """async ([url, host, messages]) => {
    const socket = new WebSocket(url, 'lan-counter.v1');
    await new Promise((resolve) => { socket.onopen = resolve; });
    const decided = new Promise((resolve) => {
        socket.onmessage = ({ data }) => JSON.parse(data).ack === messages.length && resolve();
    });
    const client = crypto.getRandomValues(new Uint32Array(5)).join('-');
    socket.send(JSON.stringify({ type: 'hello', client, host }));
    messages.forEach((message, i) => socket.send(JSON.stringify({ ...message, op: i + 1 })));
    await decided;
    socket.close();
}"""


def ask(program: Program, page: Page, *messages: dict[str, Any]) -> None:
    """Another host asks for operations, and waits until they are decided."""
    url, _, secret = program.host_url.partition("#host=")
    page.evaluate(ASK, [url.replace("http:", "ws:") + "ws", secret, list(messages)])


def configure(program: Program, page: Page, **settings: Any) -> None:
    ask(program, page, {"type": "configure", "settings": settings})


def connected(page: Page, link: str = "up") -> None:
    expect(page.locator("html")).to_have_attribute("data-link", link, timeout=PATIENCE)


def shows(page: Page, value: int) -> None:
    expect(page.locator("html")).to_have_attribute("data-value", str(value), timeout=PATIENCE)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def code(picture: Locator) -> list[str]:
    """What a camera reads in a QR code's picture, with the white that is around it on the page."""
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    around = {"x": box["x"] - 12, "y": box["y"] - 12, "width": box["width"] + 24, "height": box["height"] + 24}
    shot = picture.page.screenshot(clip=around)  # type: ignore[arg-type]
    return [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)))]


def complaints(page: Page) -> list[str]:
    """What axe finds, by rule and element."""
    if not page.evaluate("'axe' in window"):
        # By the debugger: the page's Content-Security-Policy lets no script in.
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]]


def is_fine(page: Page) -> None:
    # Colours that are still changing would be judged half-way.
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => 0)))")
    assert complaints(page) == []


def colour(page: Page, name: str) -> str:
    """What a system colour is, as computed styles have it."""
    probe = "(name) => { const p = document.body.appendChild(document.createElement('i')); p.style.color = name; "
    probe += "const { color } = getComputedStyle(p); p.remove(); return color; }"
    return str(page.evaluate(probe, name))


def style(element: Locator, name: str) -> str:
    return str(element.evaluate(f"(element) => getComputedStyle(element).{name}"))


def overflow(page: Page) -> int:
    """By how many pixels the page is too wide."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


# --- everybody's senses ---


@LOOKS
def test_axe_finds_nothing_in_a_guests_page(shared: Program, host: Page, visit: Open, scheme: str, locale: str) -> None:
    line = Line()
    page = visit(shared.join_url, PHONE, line, locale, color_scheme=scheme)
    is_fine(page)
    page.locator("header .menu").click()
    expect(page.locator("#menu")).to_be_visible()
    is_fine(page)
    page.keyboard.press("Escape")
    configure(shared, host, locked=True, goal=50, step=5)
    expect(page.locator(".tap.more")).to_be_disabled()
    is_fine(page)
    line.cut()
    connected(page, "down")
    is_fine(page)


@LOOKS
def test_axe_finds_nothing_in_the_hosts_page(
    shared: Program, host: Page, visit: Open, scheme: str, locale: str
) -> None:
    visit(shared.join_url)
    configure(shared, host, goal=50, step=25, locked=True)
    line = Line()
    page = visit(shared.host_url, WINDOW, line, locale, color_scheme=scheme)
    expect(page.locator(".crowd li")).to_have_count(3, timeout=PATIENCE)
    is_fine(page)
    opened = [
        (".acts .btn:nth-child(2)", ".big"),
        (".link", "dialog.help"),
        (".tools .ico:last-child", "#menu"),
    ]
    for control, dialog in opened:
        page.locator(control).click()
        expect(page.locator(dialog)).to_be_visible()
        if dialog == "dialog.help":
            expect(page.locator("dialog.help li").first).to_be_visible()
        is_fine(page)
        page.keyboard.press("Escape")
        expect(page.locator(control)).to_be_focused()
    page.locator(".naming .ico").click()
    is_fine(page)
    page.keyboard.press("Escape")
    page.locator(".drop:visible").first.click()
    is_fine(page)
    line.cut()
    connected(page, "down")
    is_fine(page)


@LOOKS
def test_what_became_of_the_kept_counter_is_told_until_the_host_has_read_it(
    shared: Program, host: Page, visit: Open, scheme: str, locale: str
) -> None:
    path = "/home/ada/.local/share/LAN Counter/counter 2026-11-24 13.50.12.db"
    line = Line(LAN, {"type": "notice", "code": "set_aside", "path": path, "counter": 1234}, NOT_SAVED)
    page = visit(shared.host_url, WINDOW, line, locale, color_scheme=scheme)
    notices = page.locator(".notice")
    expect(notices).to_have_count(2)
    expect(notices.first).to_contain_text(path)
    expect(notices.first).to_contain_text(re.compile(r"\b1\D?234\b"))
    is_fine(page)
    for size in (SMALL, WINDOW):
        page.set_viewport_size(size)
        assert overflow(page) <= 0
    notices.first.get_by_role("button").click()
    expect(notices).to_have_count(1)
    # A nothing that is saved stays nothing saved: no button, and it is back with the connection.
    expect(notices.get_by_role("button")).to_have_count(0)
    line.drop()
    connected(page, "down")
    connected(page)
    expect(notices).to_have_count(1)
    expect(notices).to_have_text(re.compile("Nothing is being saved|Rien n\u2019est enregistré"))
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


@pytest.mark.parametrize("network", [NO_NETWORK, VISITED], ids=["without a network", "with visitors"])
def test_axe_finds_nothing_whatever_the_network(
    shared: Program, host: Page, visit: Open, network: dict[str, Any]
) -> None:
    page = visit(shared.host_url, line=Line(network))
    if network["devices"]:
        page.locator("summary").click()
        expect(page.get_by_text("192.168.1.77, at 192.168.1.42")).to_be_visible()
    else:
        expect(page.locator(".join > .lead")).to_have_text("No network found.")
    is_fine(page)


@LOOKS
def test_axe_finds_nothing_on_the_projector(shared: Program, host: Page, visit: Open, scheme: str, locale: str) -> None:
    configure(shared, host, goal=50)
    line = Line()
    page = visit(shared.join_url + "projector", SCREEN, line, locale, color_scheme=scheme)
    expect(page.locator(".stage .qr").last).to_be_visible()
    is_fine(page)
    line.cut()
    connected(page, "down")
    is_fine(page)


@pytest.mark.parametrize("view", ["guest", "host", "projector"])
def test_nothing_is_cut_off_on_a_small_screen_nor_with_large_text(
    shared: Program, host: Page, visit: Open, view: str
) -> None:
    configure(shared, host, title="Étudiants qui ont terminé l\u2019exercice 3, question subsidiaire comprise", goal=50)
    ask(shared, host, {"type": "set", "value": -1_234_567})
    urls = {"guest": shared.join_url, "host": shared.host_url, "projector": shared.join_url + "projector"}
    page = visit(urls[view], line=Line())
    for size in (SMALL, PHONE, LYING, WINDOW):
        page.set_viewport_size(size)
        for text in ("100%", "200%"):
            page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", text)
            assert overflow(page) <= 0, f"{size}, {text}"
            for key in ("less", "more") if view != "projector" else ():
                box = page.locator(f".tap.{key}").bounding_box()
                assert box is not None
                assert box["width"] >= 44 and box["height"] >= 44
                assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]


def test_where_there_is_room_nothing_needs_to_be_scrolled(shared: Program, visit: Open) -> None:
    for url, size in (
        (shared.join_url, PHONE),
        (shared.host_url, WINDOW),
        (shared.join_url + "projector", SCREEN),
    ):
        page = visit(url, size, line=Line())
        assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


def test_the_menu_fits_a_small_screen_with_large_text(shared: Program, visit: Open) -> None:
    page = visit(shared.join_url, SMALL)
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    page.locator("header .menu").click()
    expect(page.locator("#menu")).to_be_visible()
    assert page.evaluate("document.getElementById('menu').scrollWidth <= document.getElementById('menu').clientWidth")
    assert overflow(page) <= 0


def test_the_keys_count_and_can_be_switched_off(shared: Program, host: Page, visit: Open) -> None:
    page = visit(shared.join_url)
    shows(page, 0)
    for key in ("+", "ArrowUp", "+"):
        page.keyboard.press(key)
    for key in ("-", "Control+ArrowUp"):
        page.keyboard.press(key)
    shows(page, 2)
    page.locator("header .menu").click()
    page.get_by_role("switch").press("Space")
    page.keyboard.press("+")
    page.keyboard.press("Escape")
    expect(page.locator("header .menu")).to_be_focused()
    page.keyboard.press("+")
    page.reload()
    connected(page)
    page.keyboard.press("+")
    button(page, "Add one").press("Enter")
    until(lambda: shared.counter == 3)
    shows(page, 3)


def test_after_choosing_a_step_the_keys_still_count_and_arrows_choose(host: Page) -> None:
    host.get_by_role("radio", name="5", exact=True).click()
    host.keyboard.press("+")
    shows(host, 5)
    host.keyboard.press("ArrowRight")
    expect(host.get_by_role("radio", name="10")).to_be_checked()
    shows(host, 5)


def test_changes_are_announced(shared: Program, host: Page, visit: Open) -> None:
    page = visit(shared.join_url)
    button(page, "Add one").click()
    expect(page.locator("[role=status]").first).to_have_text("Hands raised: 1", timeout=PATIENCE)


# --- languages ---


def test_the_page_speaks_the_browsers_language(shared: Program, host: Page, visit: Open) -> None:
    ask(shared, host, {"type": "set", "value": 1042})
    page = visit(shared.join_url, PHONE, locale="fr-CA")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator(".state")).to_have_text(re.compile(r"^En direct avec \d+ personnes?$"))
    expect(button(page, "Ajouter un")).to_be_visible()
    expect(page).to_have_title("1\u202f042 · Hands raised")


def test_the_language_can_be_switched_live_and_is_kept(shared: Program, host: Page, visit: Open) -> None:
    ask(shared, host, {"type": "set", "value": 1042})
    page = visit(shared.join_url, PHONE)
    expect(page.locator(".plate .num")).to_have_text("1,042")
    button(page, "Menu").click()
    page.get_by_label("Language").select_option("fr")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_label("Votre nom")).to_be_visible()
    button(page, "Fermer").click()
    expect(page.locator(".plate .num")).to_have_text("1\u202f042")
    page.reload()
    connected(page)
    expect(button(page, "Ajouter un")).to_be_visible()


def test_the_hosts_whole_page_follows_the_switch(host: Page) -> None:
    button(host, "Settings").click()
    host.get_by_label("Language").select_option("fr")
    button(host, "Fermer").click()
    for name in ("Annuler", "Remettre à 0", "Verrouiller", "Projecteur", "Réglages", "Copier"):
        expect(button(host, name)).to_be_visible()


# --- the host's controls ---


def test_undo_reset_set_title_and_goal(shared: Program, host: Page, visit: Open) -> None:
    guest = visit(shared.join_url, PHONE)
    button(host, "Settings").click()
    host.get_by_label("Set the number to").fill("40")
    button(host, "Set").click()
    shows(guest, 40)
    host.get_by_label("Goal").fill("42")
    host.keyboard.press("Enter")
    button(host, "Close").click()
    for page in (host, guest):
        expect(page.locator("#main .goal")).to_have_text("Goal: 42", timeout=PATIENCE)

    button(host, "Rename what is counted").click()
    host.keyboard.type("Laps")
    host.keyboard.press("Enter")
    expect(button(host, "Rename what is counted")).to_be_focused()
    expect(guest.locator("h1")).to_have_text("Laps", timeout=PATIENCE)
    expect(guest).to_have_title("40 · Laps")

    for _ in range(2):
        button(guest, "Add one").click()
    for page in (host, guest):
        expect(page.locator("#main .note")).to_contain_text("Goal reached: 42", timeout=PATIENCE)

    button(host, "Reset to 0").click()
    shows(guest, 0)
    button(host, "Undo").click()
    shows(guest, 42)


def test_undo_without_anything_to_undo_says_so(data: Path, visit: Open) -> None:
    with Program(data, "--headless") as program:
        page = visit(program.host_url)
        button(page, "Undo").click()
        expect(page.locator(".note")).to_have_text("Nothing to undo.", timeout=PATIENCE)


def test_a_title_is_left_as_it_was(host: Page) -> None:
    button(host, "Rename what is counted").click()
    host.keyboard.type("Something else")
    host.keyboard.press("Escape")
    expect(host.locator("#main h1")).to_have_text("Hands raised")
    expect(button(host, "Rename what is counted")).to_be_focused()


def test_any_step_from_1_to_1000(shared: Program, host: Page, visit: Open) -> None:
    guest = visit(shared.join_url, PHONE)
    button(host, "Settings").click()
    field = host.get_by_role("spinbutton", name="Each click counts")
    field.fill("1001")
    field.press("Tab")
    expect(guest.locator(".tap.more")).to_have_accessible_name("Add one")
    field.fill("25")
    field.press("Tab")
    expect(button(guest, "Add 25")).to_be_visible(timeout=PATIENCE)
    button(host, "Close").click()
    expect(host.get_by_role("radio", name="25")).to_be_checked()


def test_what_the_host_types_stays_while_others_click(shared: Program, host: Page, visit: Open) -> None:
    guest = visit(shared.join_url, PHONE)
    button(host, "Settings").click()
    step = host.get_by_role("spinbutton", name="Each click counts")
    step.fill("25")
    button(guest, "Add one").click()
    shows(host, 1)
    expect(step).to_have_value("25")
    step.press("Tab")
    expect(button(guest, "Add 25")).to_be_visible(timeout=PATIENCE)
    goal = host.get_by_role("spinbutton", name="Goal")
    goal.fill("50")
    button(guest, "Add 25").click()
    shows(host, 26)
    expect(goal).to_have_value("50")
    goal.press("Tab")
    expect(guest.locator(".goal")).to_contain_text("50", timeout=PATIENCE)


def test_a_guest_sees_the_lock_and_who_has_locked(shared: Program, host: Page, visit: Open) -> None:
    guest = visit(shared.join_url, PHONE)
    button(host, "Lock for others").click()
    expect(guest.locator(".note")).to_have_text("View only. The host has locked the count.", timeout=PATIENCE)
    expect(button(guest, "Add one")).to_be_disabled()
    button(host, "Add one").click()
    shows(guest, 1)
    button(host, "Locked for others").click()
    expect(button(guest, "Add one")).to_be_enabled(timeout=PATIENCE)


def test_classic_clients_can_be_kept_from_setting(host: Page) -> None:
    button(host, "Settings").click()
    switch = host.get_by_role("switch", name=re.compile("Classic clients"))
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    host.reload()
    connected(host)
    button(host, "Settings").click()
    expect(host.get_by_role("switch", name=re.compile("Classic clients"))).not_to_be_checked()


def test_who_is_removed_is_told_and_stays_away(shared: Program, host: Page, visit: Open) -> None:
    guest = visit(shared.join_url, PHONE)
    button(guest, "Menu").click()
    guest.get_by_label("Your name").fill("Ada")
    guest.keyboard.press("Enter")
    for _ in range(3):
        button(guest, "Add one").click()
    row = host.get_by_role("listitem").filter(has_text="Ada")
    expect(row).to_contain_text("+3", timeout=PATIENCE)

    button(host, "Remove Ada").click()
    button(host, "Remove?").click()
    expect(guest.get_by_role("heading", name="The host has removed you")).to_be_visible(timeout=PATIENCE)
    expect(guest.locator(".vacant")).to_contain_text("What you added still counts.")
    expect(guest.locator(".note")).to_have_text("You added 3")
    expect(guest.locator(".state")).to_have_text("Not connected any more")
    expect(row).to_have_count(0, timeout=PATIENCE)
    expect(host.locator(".crowd > ul")).to_be_focused()
    expect(button(guest, "Add one")).to_be_disabled()
    sockets: list[WebSocket] = []
    guest.on("websocket", lambda socket: sockets.append(socket))
    guest.evaluate("['online', 'pageshow'].forEach((name) => dispatchEvent(new Event(name)))")
    guest.keyboard.press("+")
    shows(host, 3)
    assert sockets == []


def test_without_an_answer_the_host_is_told(host: Page, shared: Program, visit: Open) -> None:
    page = visit(shared.host_url, line=Line())
    page.route("**/host/**", lambda route: route.abort())
    page.get_by_label("Address others can reach").select_option("172.17.0.1")
    expect(page.get_by_role("alert").filter(has_text="The server did not answer.")).to_be_visible()
    expect(page.get_by_label("Address others can reach")).to_have_value("192.168.1.42")
    button(page, "Nobody can join?").click()
    expect(page.locator("dialog.help [role=status]")).to_have_text("The server did not answer. Please try again.")


def test_an_address_that_cannot_be_joined_at_is_refused_in_plain_words(shared: Program, visit: Open) -> None:
    # The browser itself reports the answer, 409, to the console.
    page = visit(shared.host_url, line=Line(), watched=False)
    page.get_by_label("Address others can reach").select_option("172.17.0.1")
    expect(page.get_by_role("alert").filter(has_text="Others can\u2019t join at that address.")).to_be_visible()


def test_the_causes_are_told_until_somebody_is_here(shared: Program, visit: Open) -> None:
    page = visit(shared.host_url, line=Line())
    button(page, "Nobody can join?").click()
    expect(page.get_by_role("heading", name="The Wi-Fi may keep devices apart")).to_be_visible(timeout=PATIENCE)
    page = visit(shared.host_url, line=Line(VISITED))
    expect(page.get_by_text("1 device has reached this computer")).to_be_visible()
    # A device, but nobody: pages get through, and what is live doesn't.
    button(page, "Nobody can join?").click()
    expect(page.locator("dialog.help h3").first).to_have_text(
        "A proxy, a VPN or an antivirus may stop what is live", timeout=PATIENCE
    )
    page.keyboard.press("Escape")
    visit(shared.join_url)
    expect(button(page, "Nobody can join?")).to_be_hidden(timeout=PATIENCE)


# --- joining ---


@LOOKS
@pytest.mark.parametrize("card", CARDS)
def test_the_card_tells_its_news_in_every_look(
    shared: Program, host: Page, visit: Open, scheme: str, locale: str, card: str
) -> None:
    network, english, french = CARDS[card]
    page = visit(shared.host_url, WINDOW, Line(network), locale, color_scheme=scheme)
    expect(page.locator(".join")).to_contain_text(english if locale == "en-US" else french)
    is_fine(page)
    # The card grows, and the people's list gives way.
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    assert page.locator(".join").evaluate("(card) => card.scrollWidth <= card.clientWidth")
    page.set_viewport_size(SMALL)
    assert overflow(page) <= 0
    is_fine(page)


@pytest.mark.parametrize(
    ("network", "answer", "address"),
    [
        (OFFERED, "Move there", "10.20.4.7"),
        (OFFERED, "Stay here", "192.168.1.42"),
        (REFUSED, "Try again", "10.20.4.7"),
    ],
)
def test_one_click_on_the_cards_news_asks_for_an_address(
    shared: Program, visit: Open, network: dict[str, Any], answer: str, address: str
) -> None:
    line = Line(network)
    page = visit(shared.host_url, line=line)
    asked: list[Any] = []

    def take(route: Route) -> None:
        asked.append(route.request.post_data_json)
        line.tell(BOTH)
        route.fulfill(status=204)

    page.route("**/host/address", take)
    button(page, answer).click()
    expect(page.locator(".tiding")).to_have_count(0)
    # What was clicked is gone: the focus is not lost with it.
    expect(page.locator(".join > .url")).to_be_focused()
    assert asked == [{"address": address}]


def test_trouble_is_told_until_it_is_read_and_whatever_comes_then_is_told_again(shared: Program, visit: Open) -> None:
    line = Line(GONE | {"offer": OFFERED["offer"]})
    page = visit(shared.host_url, line=line)
    news = page.locator(".tiding")
    expect(news).to_contain_text("Another program has port 8000 at the new one, so it is 8001 now.")
    button(page, "OK").click()
    expect(news).to_contain_text("Ethernet is there now")
    expect(page.locator(".join > .url")).to_be_focused()
    # The same, told anew for another reason, or on another connection.
    line.tell(GONE | {"devices": VISITED["devices"]})
    expect(news).to_have_count(0)
    line.drop()
    connected(page, "down")
    connected(page)
    expect(news).to_have_count(0)
    line.tell(REFUSED)
    expect(news).to_contain_text("Other programs have the ports there, 8000 to 8009.")
    button(page, "OK").click()
    line.tell(BOTH)
    expect(news).to_have_count(0)
    line.tell(REFUSED)
    expect(news).to_contain_text("Nobody can join at 10.20.4.7.")


def test_a_refusal_is_told_once_and_told_again_when_it_comes_again(shared: Program, visit: Open) -> None:
    # The browser itself reports the answer, 409, to the console.
    line = Line(BOTH)
    page = visit(shared.host_url, line=line, watched=False)

    def refuse(route: Route) -> None:
        line.tell(REFUSED)
        route.fulfill(status=409)

    page.route("**/host/address", refuse)
    for _ in range(2):
        page.get_by_label("Address others can reach").select_option("10.20.4.7")
        expect(page.locator(".tiding")).to_contain_text("Nobody can join at 10.20.4.7.")
        expect(page.locator(".join > [role=alert]")).to_be_empty()
        expect(page.get_by_label("Address others can reach")).to_have_value("192.168.1.42")
        button(page, "Try again").click()
        expect(page.locator(".tiding")).to_contain_text("Nobody can join at 10.20.4.7.")
        button(page, "OK").click()
        expect(page.locator(".tiding")).to_have_count(0)


def test_in_forced_colours_the_codes_are_read_and_what_is_chosen_shows(
    shared: Program, host: Page, visit: Open
) -> None:
    configure(shared, host, locked=True, step=5)
    page = visit(shared.host_url, color_scheme="dark", forced_colors="active")
    highlight = colour(page, "Highlight")
    assert style(page.locator("body"), "backgroundColor") == "rgb(0, 0, 0)"
    assert code(page.locator(".row .qr")) == [shared.join_url]
    for chosen in (page.locator(".step input:checked + span"), button(page, "Locked for others")):
        assert style(chosen, "backgroundColor") == highlight
    assert style(page.locator(".step input:not(:checked) + span").first, "backgroundColor") != highlight
    page.keyboard.press("Tab")
    assert style(page.locator(":focus"), "outlineColor") == highlight
    button(page, "Enlarge").click()
    assert code(page.locator(".big .qr").last) == [shared.join_url]
    page.keyboard.press("Escape")
    button(page, "Settings").click()
    for switch in page.get_by_role("switch").all():
        assert style(switch, "appearance") == "auto"
    assert style(page.get_by_label("Language"), "appearance") == "auto"
    page.keyboard.press("Escape")
    button(page, "Projector").click()
    expect(page.locator(".stage .qr").last).to_be_visible()
    until(lambda: code(page.locator(".stage .qr").last) == [shared.join_url])


@pytest.mark.parametrize("size", [WINDOW, SCREEN, SMALL])
def test_a_codes_quiet_zone_covers_nothing(shared: Program, visit: Open, size: ViewportSize) -> None:
    page = visit(shared.host_url, size)
    assert code(page.locator(".row .qr")) == [shared.join_url]
    button(page, "Enlarge").click()
    at_its_foot = """(title) => {
        const { left, width, bottom } = title.getBoundingClientRect();
        return title.contains(document.elementFromPoint(left + width / 2, bottom - 1));
    }"""
    assert page.locator(".big .url").evaluate(at_its_foot)
    assert page.locator(".big").evaluate("(big) => big.scrollWidth <= big.clientWidth")
    assert code(page.locator(".big .qr").last) == [shared.join_url]


def test_the_codes_on_the_host_card_and_on_the_projector_are_the_join_address(
    shared: Program, host: Page, visit: Open
) -> None:
    expect(host.locator(".join .qr").first).to_be_visible()
    assert code(host.locator(".row .qr")) == [shared.join_url]
    button(host, "Enlarge").click()
    assert code(host.locator(".big .qr").last) == [shared.join_url]
    host.keyboard.press("Escape")
    projector = visit(shared.join_url + "projector", SCREEN)
    expect(projector.locator(".stage .qr").last).to_be_visible()
    assert code(projector.locator(".stage .qr").last) == [shared.join_url]


def test_the_wifis_own_code_comes_first_and_is_kept_in_memory_only(shared: Program, visit: Open) -> None:
    page = visit(shared.host_url, line=Line())
    button(page, "Enlarge").click()
    button(page, "Add the Wi-Fi\u2019s code").click()
    page.get_by_label("Wi-Fi name").fill("Room 12")
    page.get_by_label("Wi-Fi password").fill("correct horse")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Join the Wi-Fi Room 12")).to_be_visible(timeout=PATIENCE)
    until(lambda: bool(code(page.locator(".big .qr").first)))
    (wifi,) = code(page.locator(".big .qr").first)
    assert wifi.startswith("WIFI:") and "Room 12" in wifi and "correct horse" in wifi
    page.keyboard.press("Escape")
    button(page, "Projector").click()
    expect(page.locator(".stage .qr").first).to_be_visible()
    # It is fetched, drawn and comes in.
    until(lambda: code(page.locator(".stage .qr").first) == [wifi])
    assert "horse" not in page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    page.reload()
    connected(page)
    button(page, "Enlarge").click()
    expect(button(page, "Add the Wi-Fi\u2019s code")).to_be_visible()


# --- astray ---


@LOOKS
def test_at_a_wrong_path_there_is_a_page_that_leads_to_the_counter(
    shared: Program, chromium: Browser, scheme: str, locale: str
) -> None:
    looks: list[dict[str, Any]] = [{"color_scheme": scheme}, {"color_scheme": scheme, "forced_colors": "active"}]
    for colours in looks:
        context = chromium.new_context(viewport=SMALL, locale=locale, **colours)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023
        answer = page.goto(shared.join_url + "countr" + "y" * 100)
        assert answer is not None and answer.status == 404
        expect(page.locator("h1")).to_have_text(
            "There is no page here" if locale == "en-US" else "Il n\u2019y a pas de page ici"
        )
        expect(page.locator("code")).to_contain_text("/countryyy")
        is_fine(page)
        assert overflow(page) <= 0
        page.set_viewport_size(WINDOW)
        assert overflow(page) <= 0
        assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
        assert not [url for url in asked if url.endswith(".js")]
        page.locator("a.to").click()
        expect(page).to_have_url(shared.join_url)
        connected(page)
        context.close()


def test_slashes_and_capitals_in_an_address_that_was_typed_make_no_difference(shared: Program, visit: Open) -> None:
    for typed in ("/Projector/", "//projector"):
        page = visit(shared.join_url.removesuffix("/") + typed, SCREEN)
        expect(page).to_have_url(shared.join_url + "projector")
        expect(page.locator(".stage")).to_be_visible()


# --- the projector ---


def test_the_projector_has_no_controls(shared: Program, host: Page, visit: Open) -> None:
    page = visit(shared.join_url + "projector#host=" + shared.host_url.partition("#host=")[2], SCREEN)
    expect(page.locator(".stage h1")).to_have_text("Hands raised")
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)
    page.keyboard.press("+")
    button(host, "Add one").click()
    shows(page, 1)
    until(lambda: shared.counter == 1)


@pytest.mark.parametrize("refused", [False, True], ids=["full screen", "full screen refused"])
def test_the_host_shows_the_projector_and_returns(host: Page, refused: bool) -> None:
    if refused:
        host.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('refused')); }")
    button(host, "Projector").click()
    expect(host.locator(".stage")).to_be_visible()
    expect(host.locator("#main")).to_be_hidden()
    host.keyboard.press("+")
    shows(host, 1)
    host.keyboard.press("Escape")
    expect(host.locator("#main")).to_be_visible()
    expect(button(host, "Projector")).to_be_focused()
    host.wait_for_function("document.fullscreenElement === null")


def test_without_a_server_every_view_says_so(data: Path, visit: Open) -> None:
    with Program(data, "--headless") as program:
        pages = [visit(program.join_url, PHONE), visit(program.host_url), visit(program.join_url + "projector", SCREEN)]
    guest, host, projector = pages
    for page in pages:
        connected(page, "down")
    for page in (guest, host):
        expect(page.locator("#main .state")).to_contain_text("Connection lost")
    expect(projector.get_by_text("Waiting for the server")).to_be_visible()
    button(guest, "Add one").click()
    expect(guest.locator(".note")).to_contain_text("1 click kept on this device.")
