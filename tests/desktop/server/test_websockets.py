"""Who gets a WebSocket, however its handshake comes, and what becomes of it until its end."""

import logging
from contextlib import suppress

import aiohttp
import pytest

import desktop.server.gate
from desktop.server.socket import PING, TEXT
from tests.desktop.support import ADA, CLOSE, PONG, SECRET, RawSocket, Serve, Served, raw_socket, true

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
WAYS = ("first", "behind an empty line", "on a connection that was used before")


@pytest.fixture
async def served(serve: Serve) -> Served:
    return await serve()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How a handshake comes."""
    return str(request.param)


async def opened(
    raw: RawSocket,
    port: int,
    way: str,
    *more: str,
    ask: str = "GET /ws HTTP/1.1",
    host: str | None = None,
    version: str = "13",
    key: str = KEY,
) -> bytes:
    """The head of the answer to a handshake that comes this way."""
    if way == WAYS[1]:
        await raw.send(b"\r\n")
    if way == WAYS[2]:
        await raw.send(f"HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
    lines = [
        ask,
        f"Host: {host or f'127.0.0.1:{port}'}",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        f"Sec-WebSocket-Version: {version}",
        f"Sec-WebSocket-Key: {key}",
        *more,
    ]
    await raw.send("\r\n".join([*lines, "", ""]).encode())
    return await raw.head()


async def status(served: Served, way: str, *more: str, **others: str) -> int:
    """The status of that answer."""
    async with raw_socket(served.port) as raw:
        return int((await opened(raw, served.port, way, *more, **others))[9:12])


# --- what is a handshake ---


async def test_the_answer_has_the_keys_hash_and_nothing_that_was_not_asked_for(served: Served, way: str) -> None:
    async with raw_socket(served.port) as raw:
        head = await opened(raw, served.port, way, "Sec-WebSocket-Extensions: permessage-deflate")
        first, *lines = head.decode().split("\r\n")
        assert first == "HTTP/1.1 101 Switching Protocols"
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        assert (headers["upgrade"].lower(), headers["connection"].lower()) == ("websocket", "upgrade")
        assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of RFC 6455, section 1.3
        assert not {"sec-websocket-extensions", "sec-websocket-protocol"} & headers.keys()
        assert await raw.hear() == (TEXT, b'{"counter":0}')


@pytest.mark.parametrize(
    ("ask", "version", "key", "code"),
    [
        ("GET /ws HTTP/1.1", "13", "dGhlIHNhbXBsZSBub25jZQé=", 400),
        ("GET /ws HTTP/1.1", "13", "c2hvcnQ=", 400),
        ("GET /ws HTTP/1.1", "13", f"!{KEY}", 400),
        ("GET /ws HTTP/1.1", "13", KEY.rstrip("="), 400),
        ("GET /ws HTTP/1.1", "13", "", 400),
        ("GET /ws HTTP/1.1", "7", KEY, 426),
        ("GET /ws HTTP/1.1", "13, 8", KEY, 426),
        ("GET /ws HTTP/1.1", "", KEY, 426),
        ("GET /ws HTTP/1.1", "é", KEY, 426),
        ("GET /ws HTTP/1.1", "8", KEY, 426),
        ("GET /ws HTTP/1.0", "13", KEY, 400),
        ("HEAD /ws HTTP/1.1", "13", KEY, 405),
        ("POST /ws HTTP/1.1", "13", KEY, 405),
        ("GET http://evil.example/ws HTTP/1.1", "13", KEY, 421),
        (f"GET http://xn--{70 * 'a'}/ws HTTP/1.1", "13", KEY, 421),
        ("GET http://us:99999/ws HTTP/1.1", "13", KEY, 421),
        ("OPTIONS * HTTP/1.1", "13", KEY, 421),
        ("GET /wss HTTP/1.1", "13", KEY, 404),
        ("GET /ws?x HTTP/1.1", "13", KEY, 101),
        ("GET /ws HTTP/1.1", "13", KEY, 101),
    ],
)
async def test_a_handshake_that_is_none_is_refused(
    served: Served, way: str, ask: str, version: str, key: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert await status(served, way, ask=ask, version=version, key=key) == code
    assert not caplog.records


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("Content-Length: 0", 400),
        ("Content-Length: 4", 400),
        ("Transfer-Encoding: chunked", 400),
        (f"Sec-WebSocket-Key: {KEY}", 400),
        ("Sec-WebSocket-Version: 8", 426),
        ("Sec-WebSocket-Version: 13", 426),
    ],
)
async def test_a_handshake_with_a_body_or_with_anything_twice_is_refused(
    served: Served, way: str, more: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert await status(served, way, more) == code
    assert not caplog.records


@pytest.mark.parametrize(
    "lost", ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
)
async def test_a_handshake_that_lacks_something_is_refused_with_our_headers(served: Served, lost: str) -> None:
    head = (HANDSHAKE % served.port).decode()
    answer = await served.exchange(*head.replace(f"{lost}\r\n", "").rstrip().split("\r\n"))
    assert answer.startswith("HTTP/1.1 400 ")
    assert "\r\nServer: LAN-Counter\r\n" in answer


async def test_who_speaks_another_version_is_told_ours_and_may_ask_again(served: Served, way: str) -> None:
    async with raw_socket(served.port) as raw:
        head = await opened(raw, served.port, way, version="12")
        assert head.startswith(b"HTTP/1.1 426 ")
        for header in (b"Sec-WebSocket-Version: 13", b"Upgrade: websocket", b"Connection: Upgrade"):
            assert head.lower().count(b"\r\n" + header.lower()) == 1
        body = raw.forget()
        while body != b"The version of WebSockets that is spoken here is 13.":
            body += await raw.receive()
        assert (await opened(raw, served.port, "first")).startswith(b"HTTP/1.1 101 ")


async def test_our_dialect_may_be_offered_among_others_and_in_any_line(
    served: Served, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    for offers in (["chat, lan-counter.v1"], ["chat", "lan-counter.v1"]):
        async with raw_socket(served.port) as raw:
            head = await opened(raw, served.port, way, *(f"Sec-WebSocket-Protocol: {offer}" for offer in offers))
            assert b"Sec-WebSocket-Protocol: lan-counter.v1" in head
    async with raw_socket(served.port) as raw:
        assert b"Sec-WebSocket-Protocol" not in await opened(raw, served.port, way, "Sec-WebSocket-Protocol: chat")
        assert await raw.hear() == (TEXT, b'{"counter":0}')
    assert not caplog.records


async def test_a_plain_request_for_the_socket_is_no_handshake(served: Served) -> None:
    async with served.session.get(f"{served.url}/ws") as answer:
        assert answer.status == 400
        assert await answer.text() == "Here is a WebSocket, and nothing else."
    assert served.hub.room.people == 0


async def test_a_client_that_is_gone_before_its_handshake_is_answered_is_no_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    for before in (b"", b"\r\n"):
        async with raw_socket(served.port) as raw:
            # Before the server has a turn: it learns of both at once, as one does that was busy or asleep.
            await raw.send(before)
            await raw.ask(served.port)
            raw.reset()
    await served.page()

    await true(lambda: served.hub.room.people == 1)
    assert not caplog.records


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"
POSTED = b"POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 4\r\n\r\n\r\n\r\n"
SET_7 = b'\x81\x8d\0\0\0\0{"counter":7}'


@pytest.mark.parametrize("before", [b"", b"\r\n\r\n", REQUEST, REQUEST * 3, POSTED, POSTED + REQUEST])
async def test_frames_right_behind_a_handshake_are_read_whatever_is_before_it(served: Served, before: bytes) -> None:
    async with raw_socket(served.port) as raw:
        asked = before + HANDSHAKE
        await raw.send(asked.replace(b"%d", str(served.port).encode()) + SET_7)
        heard = b""
        while not heard.endswith(b'\x81\x0d{"counter":7}'):
            heard += await raw.receive()
        assert heard.count(b"HTTP/1.1 101 ") == 1


async def test_a_handshake_and_frames_may_come_in_pieces(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        for byte in HANDSHAKE % served.port:
            await raw.send(bytes((byte,)))
        assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
        assert await raw.hear() == (TEXT, b'{"counter":0}')
        for byte in SET_7:
            await raw.send(bytes((byte,)))
        assert await raw.hear() == (TEXT, b'{"counter":7}')


# --- for whom it is ---


async def test_a_socket_is_opened_for_our_own_page_and_for_what_is_no_page(served: Served, way: str) -> None:
    for host in (f"127.0.0.1:{served.port}", f"localhost:{served.port}", f"LocalHost.:{served.port}"):
        assert await status(served, way, host=host) == 101
        assert await status(served, way, f"Origin: http://{host}", host=host) == 101
        assert await status(served, way, f"Origin: http://{host.lower()}", host=host) == 101


async def test_a_page_of_another_site_gets_no_socket(served: Served, way: str) -> None:
    host = f"127.0.0.1:{served.port}"
    us = f"http://{host}"
    for origins in (
        ["null"],
        [""],
        ["file://"],
        ["http://evil.example"],
        [f"http://evil.example:{served.port}"],
        ["http://127.0.0.1"],
        [f"http://127.0.0.1:{served.port - 1}"],
        [f"http://localhost:{served.port}"],
        [f"https://{host}"],
        [f"{us}/"],
        [f"{us}.evil.example"],
        [us, us],
        [us, "http://evil.example"],
        [f"{us}, http://evil.example"],
    ):
        assert await status(served, way, *(f"Origin: {origin}" for origin in origins)) == 403, origins
    assert served.hub.room.people == 0


async def test_a_handshake_that_names_somebody_else_or_two_is_refused(served: Served, way: str) -> None:
    assert await status(served, way, host=f"evil.example:{served.port}") == 421
    assert await status(served, way, host="127.0.0.1:1") == 421
    assert await status(served, way, f"Host: 127.0.0.1:{served.port}") in (400, 421)
    assert served.hub.room.people == 0


# --- how many there may be ---


async def test_when_every_place_is_taken_the_next_is_told_to_come_back_and_gets_the_page_all_the_same(
    serve: Serve, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.server.gate, "is_loopback", lambda address: False)
    served = await serve(connections=2)
    first, second = await served.page(ADA), await served.page()

    async with raw_socket(served.port) as raw:
        head = await opened(raw, served.port, way)
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 10\r\n" in head
        assert b"\r\nServer: LAN-Counter\r\n" in head
    async with served.session.get(f"{served.url}/") as page:
        assert page.status == 200
    async with served.session.get(f"{served.url}/health") as health:
        assert (await health.json())["full"] is True

    await first.ws.close()
    await second.until(people=1)
    async with served.session.get(f"{served.url}/health") as health:
        assert "full" not in await health.json()
    assert await status(served, way) == 101


async def test_this_machine_s_own_get_in_where_nobody_else_does(
    serve: Serve, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = await serve(connections=1)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(desktop.server.gate, "is_loopback", lambda address: False)
        inside = await served.page(ADA)
        assert await status(served, way) == 503

    assert await status(served, way) == 101
    host = await served.host()
    assert not (inside.ws.closed or host.ws.closed)


async def test_nobody_s_one_address_takes_the_last_places(
    serve: Serve, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.server.gate, "is_loopback", lambda address: False)
    served = await serve(connections=10)
    greedy = [await served.page() for _ in range(9)]
    assert await status(served, way) == 503

    connector = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with (
        aiohttp.ClientSession(connector=connector) as elsewhere,
        elsewhere.ws_connect(f"{served.url}/ws") as ws,
    ):
        assert await ws.receive_json() == {"counter": 0}
    for page in greedy:
        await page.ws.close()
    await true(lambda: not served.hub.sockets)
    assert await status(served, way) == 101


async def test_a_server_that_is_stopping_opens_no_more(served: Served, way: str) -> None:
    served.hub.closing = True
    assert await status(served, way) == 503
    served.hub.closing = False


# --- from then on ---


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4003, 4999])
async def test_a_goodbye_is_answered_with_its_own_code_and_the_connection_ends(served: Served, code: int) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()
        await raw.say(CLOSE, code.to_bytes(2) + b"enough")
        assert await raw.hear() == (CLOSE, code.to_bytes(2))
        assert await raw.hear() == (0, b"")
        await true(lambda: not served.hub.sockets)


async def test_nobody_who_has_said_goodbye_is_heard_any_more(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()
        await raw.send(b"\x88\x80\0\0\0\0" + SET_7)
        assert await raw.hear() == (CLOSE, (1000).to_bytes(2))
    await true(lambda: not served.hub.sockets)
    assert served.hub.room.counter.value == 0


async def test_what_is_no_text_is_refused_and_what_still_comes_is_not_heard(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()
        await raw.send(b"\x82\x81\0\0\0\0?" + SET_7)
        first, payload = await raw.hear()
        assert (first, payload) == (CLOSE, (1003).to_bytes(2) + b"Only text is understood here.")
    await true(lambda: not served.hub.sockets)
    assert served.hub.room.counter.value == 0


async def test_pings_are_answered_with_what_they_bring(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()
        await raw.say(PING, b"what?")
        assert await raw.hear() == (PONG, b"what?")


async def test_a_handshake_before_a_half_close_is_answered_and_what_is_right_behind_it_counts(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.send(HANDSHAKE % served.port + SET_7)
        raw.shut()
        assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
        while (await raw.hear())[0]:
            pass
    await true(lambda: served.hub.room.counter.value == 7 and not served.hub.sockets)


async def test_two_handshakes_at_once_are_one_and_a_broken_frame(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.send(HANDSHAKE % served.port * 2)
        assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
        assert await raw.hear() == (TEXT, b'{"counter":0}')
        assert await raw.hear() == (CLOSE, (1002).to_bytes(2))
        assert await raw.hear() == (0, b"")


async def test_a_frame_that_is_not_masked_is_taken(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.send(b'\x81\x0d{"counter":7}')
        await true(lambda: served.hub.room.counter.value == 7)


async def test_half_closed_is_gone(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        raw.shut()
        while (await raw.hear())[0] != 0:
            pass
    await true(lambda: not served.hub.sockets)


async def test_nothing_is_compressed_though_the_client_offers_it(served: Served) -> None:
    client = await served.connect(compress=15)
    await client.hear()
    assert not client.ws.compress
    await client.hello()


async def test_a_subprotocol_that_nobody_here_speaks_is_no_line_in_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with suppress(aiohttp.WSServerHandshakeError):
        await served.connect(protocol="chat")
    assert not caplog.records


OTHERS = ["null", "http://127.0.0.1:5500", "file://"]


async def test_pages_that_are_allowed_to_get_a_socket_and_no_others(serve: Serve, way: str) -> None:
    served = await serve(origins=OTHERS)
    for origin in (*OTHERS, "HTTP://127.0.0.1:5500", "Null"):
        assert await status(served, way, f"Origin: {origin}") == 101, origin
    assert await status(served, way, f"Origin: http://127.0.0.1:{served.port}") == 101
    assert await status(served, way) == 101
    for origins in (
        ["http://127.0.0.1:5501"],
        ["http://127.0.0.1"],
        ["https://127.0.0.1:5500"],
        ["http://127.0.0.1:5500/"],
        ["http://127.0.0.1:5500.evil.example"],
        ["file:///"],
        [""],
        ["null", "null"],
        ["null, http://127.0.0.1:5500"],
    ):
        assert await status(served, way, *(f"Origin: {origin}" for origin in origins)) == 403, origins


@pytest.mark.parametrize("origin", OTHERS)
async def test_they_are_guests_whatever_they_know(serve: Serve, origin: str) -> None:
    served = await serve(origins=OTHERS)
    page = await served.connect(headers={"Origin": origin})
    await page.say(type="hello", client=ADA, host=SECRET)
    assert (await page.until(type="error"))["code"] == "not_host"
    assert (await page.until(ack=0))["role"] == "guest"
    await page.say(type="reset", op=1)
    assert (await page.until(type="error", op=1))["code"] == "not_host"
    await page.say(type="add", op=2, delta=5)
    await page.until(ack=2, counter=5)
    classic = await served.connect(protocol=None, headers={"Origin": origin})
    await classic.hear()
    await classic.say(counter=7)
    assert await classic.hear() == {"counter": 7}


async def test_whoever_is_refused_is_told_of_the_option(served: Served) -> None:
    answer = await served.exchange("GET /ws HTTP/1.1", f"Host: 127.0.0.1:{served.port}", "Origin: null")
    assert answer.startswith("HTTP/1.1 403 ")
    assert "--allow-origin" in answer
