"""Who gets a WebSocket: the same, whether a handshake comes first on its connection, or aiohttp has to read it."""

import aiohttp
import pytest

import desktop.server.gate
from desktop.server.frames import TEXT, frame
from tests.desktop.support import ADA, RawSocket, Serve, Served, raw_socket, true

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
        assert head.decode().split("\r\n") == [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",  # of RFC 6455, section 1.3
        ]
        assert raw.forget() == frame(TEXT, b'{"counter":0}'), "in the same packet"


@pytest.mark.parametrize(
    ("ask", "version", "key", "code"),
    [
        ("GET /ws HTTP/1.1", "13", "dGhlIHNhbXBsZSBub25jZQé=", 400),
        ("GET /ws HTTP/1.1", "13", "c2hvcnQ=", 400),
        ("GET /ws HTTP/1.1", "é", KEY, 426),
        ("GET /ws HTTP/1.1", "8", KEY, 426),
        ("GET /ws HTTP/1.0", "13", KEY, 400),
        ("HEAD /ws HTTP/1.1", "13", KEY, 405),
        ("POST /ws HTTP/1.1", "13", KEY, 405),
        ("GET http://evil.example/ws HTTP/1.1", "13", KEY, 421),
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


async def test_a_handshake_with_a_body_is_refused(served: Served, way: str) -> None:
    assert await status(served, way, "Content-Length: 0") == 400


async def test_who_speaks_another_version_is_told_ours_and_may_ask_again(served: Served, way: str) -> None:
    async with raw_socket(served.port) as raw:
        head = await opened(raw, served.port, way, version="12")
        assert head.startswith(b"HTTP/1.1 426 ")
        for header in (b"Sec-WebSocket-Version: 13", b"Upgrade: websocket", b"Connection: Upgrade"):
            assert head.count(b"\r\n" + header) == 1
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

    assert served.hub.room.people == 1
    assert not caplog.records


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
    monkeypatch.setattr(desktop.server.gate, "_is_loopback", lambda address: False)
    served = await serve(connections=2)
    first, second = await served.page(ADA), await served.page()

    async with raw_socket(served.port) as raw:
        head = await opened(raw, served.port, way)
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 10\r\n" in head
    async with served.session.get(f"{served.url}/") as page:
        assert page.status == 200

    await first.ws.close()
    await second.until(people=1)
    assert await status(served, way) == 101


async def test_this_machine_s_own_get_in_where_nobody_else_does(
    serve: Serve, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = await serve(connections=1)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(desktop.server.gate, "_is_loopback", lambda address: False)
        inside = await served.page(ADA)
        assert await status(served, way) == 503

    assert await status(served, way) == 101
    host = await served.host()
    assert not (inside.ws.closed or host.ws.closed)


async def test_nobody_s_one_address_takes_the_last_places(
    serve: Serve, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.server.gate, "_is_loopback", lambda address: False)
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
