"""The lab in a real browser: what it shows of the wire is what crossed it, and what it breaks comes back."""

import base64
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side
from websockets.sync.client import connect

from tests.e2e.program import Program, until

PATIENCE = 15_000
SECRET = re.compile(rb'"(client|voter)":"([^"]+)"')


class Tap:
    """Passes a browser's connections on to the program, and keeps what crossed those that are WebSockets."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.streams: list[tuple[bytearray, bytearray]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                page, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            up, down = bytearray(), bytearray()
            self.streams.append((up, down))
            for one, other, kept in ((page, server, up), (server, page, down)):
                threading.Thread(target=self._pass_on, args=(one, other, kept), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, kept: bytearray) -> None:
        # The program wants to be named as it is; a page that comes this way names the tap.
        mine, its = f"127.0.0.1:{self.port}".encode(), f"127.0.0.1:{self._port}".encode()
        try:
            while data := one.recv(65_536):
                if data.startswith(b"GET "):
                    data = data.replace(mine, its)
                kept += data
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            end.close()

    def frames(self) -> tuple[list[Frame], list[Frame]]:
        """What the page sent, and what it heard, on the newest WebSocket, as the websockets library reads it."""
        up, down = [both for both in self.streams if b"GET /ws" in both[0]][-1]
        found = []
        for side, stream in ((Side.SERVER, up), (Side.CLIENT, down)):
            protocol = Protocol(side, state=OPEN, max_size=None)
            protocol.receive_data(bytes(stream).partition(b"\r\n\r\n")[2])
            found.append([event for event in protocol.events_received() if isinstance(event, Frame)])
        return found[0], found[1]


@pytest.fixture
def tap(server: Program) -> Iterator[Tap]:
    tapping = Tap(server.port)
    yield tapping
    tapping.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens an address; what is cut on purpose may be complained about."""
    with ExitStack() as stack:

        def open_page(url: str, **options: Any) -> Page:
            context = chromium.new_context(**{"locale": "en-US", "viewport": {"width": 1280, "height": 800}} | options)
            stack.callback(context.close)
            page = context.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            stack.callback(lambda: None if not errors else pytest.fail(str(errors)))
            page.goto(url)
            return page

        yield open_page


def in_lab(page: Page) -> Page:
    """The page, once something has crossed."""
    expect(page.locator(".lab .ev .hop").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("html")).to_have_attribute("data-link", "up", timeout=PATIENCE)
    return page


def says(page: Page, text: str) -> Locator:
    return page.locator(".ev", has_text=text)


def saved(page: Page, kind: str = "As a file (JSON)") -> bytes:
    page.locator(".save summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind).click()
    return Path(download.value.path()).read_bytes()


def complaints(page: Page) -> list[str]:
    """What axe finds, once nothing moves any more."""
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => 0)))")
    if not page.evaluate("'axe' in window"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [f"{rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]]


# --- the wire ---


def test_what_is_shown_is_what_a_tap_on_the_socket_saw_and_each_field_is_as_another_reader_has_it(
    server: Program, tap: Tap, visit: Callable[..., Page]
) -> None:
    page = in_lab(visit(f"http://127.0.0.1:{tap.port}/lab"))
    other = visit(server.join_url)
    expect(other.locator("html")).to_have_attribute("data-link", "up", timeout=PATIENCE)
    for _ in range(3):
        page.locator(".lab .tap.more").click()
    expect(says(page, "Your operation 1 is decided")).to_be_visible(timeout=PATIENCE)
    other.locator(".tap.more").click()
    expect(says(page, "The number: 4")).to_be_visible(timeout=PATIENCE)

    events = json.loads(saved(page))["events"]
    sent, heard = tap.frames()
    told = [frame for frame in heard if not bytes(frame.data).startswith(b'{"type":"wire"')]
    for side, theirs in (("page", sent), ("server", told)):
        ours = [e for e in events if e["what"] == "frame" and e["from"] == side and e.get("count", 1) == 1]
        merged = sum(e["count"] - 1 for e in events if e["what"] == "frame" and e["from"] == side and "count" in e)
        assert merged == 0
        for event, frame in zip(ours, theirs, strict=False):
            shown = base64.b64decode(event["frame"])
            assert shown[0] & 0x0F == frame.opcode
            assert bool(shown[0] & 0x80) is frame.fin
            secrets = [found.span(2) for found in SECRET.finditer(frame.data)]
            start = len(shown) - len(frame.data)
            key = shown[start - 4 : start] if side == "page" else bytes(4)
            read = bytes(byte ^ key[place % 4] for place, byte in enumerate(shown[start:]))
            plain = bytearray(read)
            for begin, end in secrets:
                assert shown[start:][begin:end] == bytes(end - begin)
                plain[begin:end] = frame.data[begin:end]
            assert plain == frame.data
            assert event.get("struck", []) == [list(span) for span in sorted(secrets)]
        assert len(ours) >= len(theirs) - 1 and len(ours) >= 2
    assert {"http", "frame", "journal", "broadcast", "others", "tap"} <= {event["what"] for event in events}
    secret = {found[2].decode() for frame in sent for found in SECRET.finditer(bytes(frame.data))}
    assert len(secret) == 2
    assert not [one for one in secret if one in page.content() + json.dumps(events)]

    arrows = page.locator(".hop.ps.go").filter(has_not_text="GET /ws")
    for place, frame in enumerate(sent[: arrows.count()]):
        if arrows.count() <= place:
            break
        arrows.nth(place).click()
        field = {
            row.locator("dt").inner_text().split("\n")[0]: row.locator("code").inner_text()
            for row in page.locator(".frame .said").all()
        }
        assert field["FIN"] == str(int(frame.fin))
        assert field["RSV"] == "000"
        assert int(field["opcode"], 2) == frame.opcode
        assert field["MASK"] == "1"
        length = len(frame.data)
        assert int(field["length"], 2) == (length if length < 126 else 126)
        if length >= 126:
            assert int(field["extended length"]) == length
        assert len(bytes.fromhex(field["key"])) == 4
        if frame.opcode is Opcode.TEXT and not SECRET.search(frame.data):
            assert page.locator(".frame .whole").inner_text() == bytes(frame.data).decode()


def test_a_handshake_shows_how_accept_is_made_of_the_key(server: Program, visit: Callable[..., Page]) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    page.locator(".hop", has_text="Agrees").click()
    key, _, _, accept = page.locator(".steps code").all_inner_texts()
    expect(page.locator(".hop", has_text=key)).to_have_count(1)
    expect(page.locator(".hop", has_text=accept)).to_have_count(1)
    expect(page.locator(".frame .whole")).to_contain_text(f"Sec-WebSocket-Accept: {accept}")


def test_it_opens_over_a_page_that_runs_and_keeps_its_connection(server: Program, visit: Callable[..., Page]) -> None:
    page = visit(server.join_url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sockets: list[str] = []
    page.on("websocket", lambda one: sockets.append(one.url))
    expect(page.locator("html")).to_have_attribute("data-link", "up", timeout=PATIENCE)
    page.locator("#main .tap.more").click()
    page.locator("header .menu").click()
    expect(page.locator("#menu")).to_be_visible()
    assert not [url for url in asked if "/lab" in url]

    sockets.clear()
    page.get_by_role("button", name="On the wire").click()
    in_lab(page)
    expect(says(page, "Asks for a WebSocket")).to_have_count(1)
    page.locator(".lab .tap.more").click()
    expect(says(page, "is decided")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Back to the count").click()
    expect(page.locator("#main .plate")).to_be_visible()
    expect(page.locator(".lab")).to_have_count(0)
    expect(page.locator("header .menu")).to_be_focused()
    page.locator("#main .tap.more").click()
    until(lambda: server.counter == 3)
    assert sockets == []


def test_the_host_opens_it_from_the_tools(server: Program, visit: Callable[..., Page]) -> None:
    page = visit(server.host_url)
    page.locator(".tools").get_by_role("button", name="On the wire").click(timeout=PATIENCE)
    in_lab(page)
    page.keyboard.press("+")
    expect(page.locator(".ev", has_text="+1").first).to_be_visible()
    until(lambda: server.counter == 1)
    expect(says(page, "is decided")).to_be_visible(timeout=PATIENCE)


def test_it_opens_in_the_programs_own_window(native: Page, program: Program) -> None:
    native.locator(".tools").get_by_role("button", name="On the wire").click(timeout=PATIENCE)
    in_lab(native)
    native.locator(".lab .tap.more").click()
    expect(says(native, "Your operation 1 is decided")).to_be_visible(timeout=PATIENCE)
    native.locator(".hop", has_text="Your operation 1 is decided").click()
    expect(native.locator("aside.frame .bits")).to_be_visible()
    native.get_by_role("button", name="Back to the count").click()
    expect(native.locator("main.host .plate")).to_be_visible()


def test_the_forty_first_is_told_so(server: Program, visit: Callable[..., Page]) -> None:
    with ExitStack() as stack:
        url = f"ws://127.0.0.1:{server.port}/ws?watch"
        watchers = [stack.enter_context(connect(url, subprotocols=["lan-counter.v1"])) for _ in range(40)]  # type: ignore[list-item]
        page = visit(f"{server.join_url}lab")
        expect(page.locator(".lab .state")).to_contain_text("40 people are watching already", timeout=PATIENCE)
        page.locator(".lab .tap.more").click()
        until(lambda: server.counter == 1)
        assert len(watchers) == 40


# --- breaking it ---


def test_cut_it_is_closed_with_1006_keeps_taps_and_comes_back(server: Program, visit: Callable[..., Page]) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    page.get_by_role("button", name="Cut it").click()
    expect(says(page, "Closed without a goodbye: 1006")).to_be_visible(timeout=PATIENCE)
    expect(says(page, "The original: 3 s, always")).to_have_count(1)
    page.locator(".lab .tap.more").click()
    page.locator(".lab .tap.more").click()
    expect(says(page, "kept on this device").first).to_be_visible()
    expect(says(page, "First try")).to_have_count(1, timeout=PATIENCE)
    expect(says(page, "The kept taps: add 2. My operation 1")).to_be_visible(timeout=PATIENCE)
    expect(says(page, "Your operation 1 is decided")).to_be_visible(timeout=PATIENCE)
    assert server.counter == 2


def test_an_answer_that_is_lost_is_asked_for_again_and_counts_once(server: Program, visit: Callable[..., Page]) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    page.get_by_role("button", name="Lose an answer").click()
    page.locator(".lab .tap.more").click()
    expect(says(page, "The answer is lost").first).to_be_visible(timeout=PATIENCE)
    expect(says(page, "No answer for 4 s")).to_be_visible(timeout=PATIENCE)
    expect(says(page, "Sends it again: add 1. My operation 1")).to_be_visible(timeout=PATIENCE)
    expect(says(page, "Operation 1 is already decided: not added twice")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".lab .plate")).to_have_attribute("aria-label", re.compile("1$"))
    assert server.counter == 1


def test_frozen_what_comes_is_held_and_comes_when_it_is_let_go(server: Program, visit: Callable[..., Page]) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    other = visit(server.join_url)
    page.get_by_role("button", name="Freeze it").click()
    expect(says(page, "Frozen: what comes is held here")).to_be_visible()
    other.locator("#main .tap.more").click(timeout=PATIENCE)
    until(lambda: server.counter == 1)
    expect(page.locator(".lab .plate")).to_have_attribute("aria-label", re.compile("0$"))
    page.get_by_role("button", name="Freeze it").click()
    expect(page.locator(".lab .plate")).to_have_attribute("aria-label", re.compile("1$"), timeout=PATIENCE)
    expect(says(page, "Let go: what was held comes now")).to_be_visible()


def test_slow_it_still_counts(server: Program, visit: Callable[..., Page]) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    page.get_by_role("button", name="Slow it").click()
    page.locator(".lab .tap.more").click()
    expect(says(page, "Your operation 1 is decided")).to_be_visible(timeout=PATIENCE)
    assert server.counter == 1


# --- looking at it ---


def test_it_can_be_paused_searched_saved_and_opened_again(
    server: Program, visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    page.locator(".lab .tap.more").click()
    expect(says(page, "is decided")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Pause").click()
    before = page.locator(".ev").count()
    page.locator(".lab .tap.more").click()
    until(lambda: server.counter == 2)
    expect(page.locator(".tonow")).to_have_text(re.compile(r"^[4-9] new\. Back to now$"), timeout=PATIENCE)
    assert page.locator(".ev").count() == before

    page.get_by_role("searchbox").fill("OPERATION 1")
    expect(page.locator(".looking output")).to_have_text("2 found")
    expect(page.locator("mark")).to_have_count(2)
    page.get_by_role("searchbox").fill("")
    page.locator(".tonow").click()
    expect(says(page, "My operation 2")).to_be_visible()

    texts = page.locator(".ev").all_inner_texts()
    file = tmp_path / "wire.json"
    file.write_bytes(saved(page))
    assert b'"op"' not in file.read_bytes() or b"client" not in file.read_bytes()
    picture = saved(page, "As a picture (SVG)").decode()
    assert picture.startswith("<svg") and "My operation 2" in picture and "style=" not in picture

    again = in_lab(visit(f"{server.join_url}lab"))
    again.locator("input[type=file]").set_input_files(file)
    expect(again.locator(".lab .state")).to_have_text("A saved diagram")
    assert again.locator(".ev").all_inner_texts() == texts
    again.locator(".tonow").click()
    expect(says(again, "My operation 2")).to_have_count(0)
    file.write_text("{}")
    again.locator("input[type=file]").set_input_files(file)
    expect(again.locator(".lab .state")).to_have_text("This file is not a saved diagram")


def test_by_keyboard_it_is_one_stop_and_arrows_go_from_arrow_to_arrow(
    server: Program, visit: Callable[..., Page]
) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    page.locator(".lab .tap.more").click()
    expect(says(page, "is decided")).to_be_visible(timeout=PATIENCE)
    page.locator(".lab .tap.more").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".hop:focus")).to_have_count(1)
    assert page.locator(".hop[tabindex='0']").count() == 1
    last = page.locator(".hop:focus .say").inner_text()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".hop:focus")).to_have_attribute("aria-pressed", "true")
    assert page.locator(".hop:focus .say").inner_text() != last
    expect(page.locator("aside.frame h2")).not_to_be_empty()
    page.locator(".lab .tap.more").click()
    expect(page.locator(".tonow")).to_have_text(re.compile("^[4-9] new"), timeout=PATIENCE)
    assert server.counter == 2  # the arrows didn't count


def test_of_many_rows_some_are_in_the_page_and_the_rest_is_there_when_one_scrolls_back(
    server: Program, visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    events = [{"what": "tap", "t": number / 100, "delta": number} for number in range(1, 1_001)]
    file = tmp_path / "wire.json"
    file.write_text(json.dumps({"kind": "lan-counter.wire", "version": 1, "events": events}))
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".ev")).to_have_count(400)
    expect(page.locator(".ev").last).to_contain_text("+1,000")

    for _ in range(20):
        page.locator(".flow").evaluate("(flow) => { flow.scrollTop = 0; }")
        if page.locator(".ev").first.inner_text().endswith("+1"):
            break
        page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator(".ev").first).to_have_text(re.compile(r"\+1$"))
    expect(page.locator(".ev")).to_have_count(400)
    for _ in range(20):
        page.locator(".flow").evaluate("(flow) => { flow.scrollTop = flow.scrollHeight; }")
        page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator(".ev").last).to_contain_text("+1,000")
    page.get_by_role("searchbox").fill("+17")
    expect(page.locator(".looking output")).to_have_text("11 found")


@contextmanager
def crowd(port: int, people: int) -> Iterator[Callable[[], int]]:
    """People who click as fast as they are answered; gives what they have clicked so far."""
    ends, counts = threading.Event(), [0] * people

    def click(number: int) -> None:
        with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=["lan-counter.v1"]) as page:  # type: ignore[list-item]
            page.send(json.dumps({"type": "hello", "client": f"crowd-{number:020}"}))
            while not ends.wait(0.05):
                counts[number] += 1
                page.send(json.dumps({"type": "add", "op": counts[number], "delta": 1}))
                while json.loads(page.recv()).get("ack") != counts[number]:
                    pass

    threads = [threading.Thread(target=click, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: sum(counts)
    finally:
        ends.set()
        for thread in threads:
            thread.join(30)


def test_a_crowd_is_merged_into_few_rows_that_say_how_many(server: Program, visit: Callable[..., Page]) -> None:
    page = in_lab(visit(f"{server.join_url}lab"))
    with crowd(server.port, 12) as clicks:
        until(lambda: clicks() > 300, within=60)
        page.locator(".lab .tap.more").click()
        expect(says(page, "Your operation 1 is decided")).to_have_count(1, timeout=PATIENCE)
    made = clicks()
    until(lambda: server.counter == made + 1)
    expect(page.locator(".head.s .fig")).to_have_text(f"{made + 1:,}", timeout=PATIENCE)

    events: list[dict[str, Any]] = []

    def all_told() -> bool:
        events[:] = json.loads(saved(page))["events"]
        return made == sum(int(event.get("count", 1)) for event in events if event["what"] == "others")

    until(all_told)
    operations = sum(event["operations"] for event in events if event["what"] == "journal")
    assert operations == made + 1
    assert len(events) < made
    assert any(event.get("count", 1) > 5 for event in events if event["what"] == "frame")


@pytest.mark.parametrize(
    ("width", "height", "scheme", "locale"),
    [
        (1280, 800, "light", "en-US"),
        (1280, 800, "dark", "fr-FR"),
        (390, 844, "dark", "en-US"),
        (320, 568, "light", "fr-FR"),
    ],
)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    server: Program, visit: Callable[..., Page], width: int, height: int, scheme: str, locale: str
) -> None:
    page = in_lab(
        visit(
            f"{server.join_url}lab",
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=locale,
            reduced_motion="reduce",
        )
    )
    assert complaints(page) == []
    page.locator(".lab .tap.more").click()
    expect(page.locator(".hop.ps.go").nth(2)).to_be_visible(timeout=PATIENCE)
    page.locator(".hop.ps.go").nth(1).click()
    expect(page.locator(".frame:visible .bits")).to_be_visible()
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 900:
        expect(page.locator("dialog.frame")).to_have_attribute("open", "")
        page.keyboard.press("Escape")
        expect(page.locator(".hop:focus")).to_have_count(1)
    page.locator(".breaks .btn").first.click()
    expect(page.locator(".ev .break")).to_be_visible(timeout=PATIENCE)
    assert complaints(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
