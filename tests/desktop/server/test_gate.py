"""Connections before and beside the WebSockets: how many, for how long, and what they are told."""

import asyncio
import gc
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

import desktop.server.gate
from desktop.server.frames import TEXT, frame
from desktop.server.gate import (
    HEAD_LIMIT,
    NEW_LIMIT,
    Connection,
    Handshake,
    Upgraded,
    answered,
    asked,
    local,
    upgraded,
)
from desktop.server.guard import HEADERS
from desktop.server.sites import LOOPBACK, Sites, listen
from desktop.server.socket import Socket
from tests.desktop.support import PATIENCE, RawSocket, raw_socket

PLACES = 120


class Echo:
    """Says what it hears."""

    def __init__(self, taken: Upgraded) -> None:
        self.transport = taken.transport
        Socket(taken.transport, self, taken.gone).begin(taken.hasty)

    def receive(self, socket: Socket, text: str) -> None:
        socket.write(frame(TEXT, text.encode()))

    def heard(self, socket: Socket, ping: bytes | None = None) -> None: ...
    def drained(self, socket: Socket) -> None: ...
    def leave(self, socket: Socket) -> None: ...
    def lost(self, socket: Socket) -> None: ...


class Room:
    """A server with one page, a slow one, a broken one and an echo, behind the gate."""

    def __init__(self, port: int, stack: AsyncExitStack) -> None:
        self.port = port
        self._stack = stack

    async def connect(self) -> RawSocket:
        return await self._stack.enter_async_context(raw_socket(self.port))

    async def get(self, raw: RawSocket, path: str = "/") -> bytes:
        await raw.send(f"GET {path} HTTP/1.1\r\nHost: us\r\n\r\n".encode())
        return await raw.head()

    async def echo(self) -> RawSocket:
        raw = await self.connect()
        assert (await raw.handshake(self.port)).startswith(b"HTTP/1.1 101 ")
        return raw


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(text="page", headers={"Content-Length": "4"})

    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        raise AssertionError

    async def broken(request: web.Request) -> web.StreamResponse:
        raise LookupError("a mistake of ours")

    async def gone(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        raise ConnectionResetError("Cannot write to closing transport")

    async def echo(request: web.Request) -> web.StreamResponse:
        handshake = Handshake()
        await handshake.prepare(request)
        if taken := upgraded(request):
            echoes.append(Echo(taken))
        return handshake

    @web.middleware
    async def entrance(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked(request)
        try:
            return await handler(request)
        finally:
            answered(request)

    echoes: list[Echo] = []
    app = web.Application(middlewares=[entrance])
    app.add_routes(
        [
            web.get("/", page),
            web.get("/slow", slow),
            web.get("/broken", broken),
            web.get("/gone", gone),
            web.get("/ws", echo),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    (sock,) = listen([LOOPBACK], 0)
    port = sock.getsockname()[1]
    await Sites(port).start(runner, [sock], PLACES)
    try:
        async with AsyncExitStack() as stack:
            yield Room(port, stack)
    finally:
        for one in echoes:
            one.transport.abort()
        await runner.cleanup()


async def closed(raw: RawSocket) -> None:
    assert await raw.hear() == (0, b"")


# --- who has asked nothing yet ---


async def test_whoever_asks_nothing_whole_in_time_is_closed(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.gate, "NEW_SECONDS", 0.2)
    silent, slow_one, other = await room.connect(), await room.connect(), await room.echo()

    async def drip() -> None:
        try:
            while True:
                await slow_one.send(b"G")
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass

    dripping = asyncio.create_task(drip())
    await closed(silent)
    await dripping
    await other.say(TEXT, b"still here")
    assert await other.hear() == (TEXT, b"still here")


async def test_one_who_is_kept_for_the_next_request_must_then_ask_it_in_time(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.server.gate, "NEW_SECONDS", 0.3)
    raw = await room.connect()
    for _ in range(3):
        assert (await room.get(raw)).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(0.2)  # idle, which nobody minds
        raw.forget()
    await raw.send(b"GET / HTTP/1.1\r\n")
    await closed(raw)


async def test_of_too_many_who_ask_nothing_the_oldest_go_and_a_new_one_gets_in(room: Room) -> None:
    silent = [await room.connect() for _ in range(NEW_LIMIT + 10)]

    for raw in silent[:10]:
        await closed(raw)
    assert (await room.get(await room.connect())).startswith(b"HTTP/1.1 200 ")
    assert (await room.get(silent[-1])).startswith(b"HTTP/1.1 200 ")


async def test_many_who_come_at_once_and_ask_are_all_answered(room: Room) -> None:
    async def ask() -> bytes:
        return await room.get(await room.connect())

    answers = await asyncio.gather(*(ask() for _ in range(PLACES)))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)


# --- when there is no place ---


@contextmanager
def as_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(desktop.server.gate, "local", lambda transport: False)
        yield


async def test_an_idle_connection_makes_place_the_longest_idle_first(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_from_elsewhere(monkeypatch):
        idle = [await room.connect() for _ in range(PLACES)]
        for raw in idle:
            await room.get(raw)
            raw.forget()

        assert (await room.get(await room.connect())).startswith(b"HTTP/1.1 200 ")
        await closed(idle[0])
        assert (await room.get(idle[-1])).startswith(b"HTTP/1.1 200 ")


async def test_where_all_are_in_a_new_one_is_closed_but_this_machine_s_own_gets_in(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_from_elsewhere(monkeypatch):
        inside = [await room.echo() for _ in range(PLACES)]
        await closed(await room.connect())

    own = await room.echo()
    for raw in (inside[0], inside[-1], own):
        await raw.say(TEXT, b"here")
        assert await raw.hear() == (TEXT, b"here")


async def test_an_answer_that_takes_too_long_is_given_up(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.gate, "ASKING_SECONDS", 0.2)
    raw = await room.connect()
    await raw.send(b"GET /slow HTTP/1.1\r\nHost: us\r\n\r\n")
    await closed(raw)


# --- from a handshake on ---


async def test_aiohttp_frees_all_that_it_keeps_for_a_connection_that_has_become_a_websocket(room: Room) -> None:
    def kept() -> int:
        gc.collect()
        return sum(isinstance(found, Connection | web.Request | web.WebSocketResponse) for found in gc.get_objects())

    before = kept()
    inside = [await room.echo() for _ in range(10)]

    for raw in inside:
        await raw.say(TEXT, b"here")
        assert await raw.hear() == (TEXT, b"here")
    assert kept() <= before


REQUEST = b"GET / HTTP/1.1\r\nHost: us\r\n\r\n"
POSTED = b"POST / HTTP/1.1\r\nHost: us\r\nContent-Length: 4\r\n\r\n\r\n\r\n"


@pytest.mark.parametrize("before", [b"", b"\r\n\r\n", REQUEST, REQUEST * 3, POSTED, POSTED + REQUEST])
async def test_frames_right_behind_a_handshake_are_read_whatever_stands_before_it(room: Room, before: bytes) -> None:
    raw = await room.connect()
    await raw.send(
        before + b"GET /ws HTTP/1.1\r\nHost: us\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        b"\x81\x82\0\0\0\0hi"
    )
    heard = b""
    while not heard.endswith(b"\x81\x02hi"):
        heard += await raw.receive()
    assert heard.count(b"HTTP/1.1 101 ") == 1


async def test_who_leaves_makes_place(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_from_elsewhere(monkeypatch):
        inside = [await room.echo() for _ in range(PLACES)]
        await closed(await room.connect())
        for raw in inside[:3]:
            raw.reset()

        # Once the server has seen that they have gone.
        got_in = 0
        async with asyncio.timeout(PATIENCE):
            while got_in < 3:
                with suppress(ConnectionError):
                    await room.echo()
                    got_in += 1
        await closed(await room.connect())


async def test_who_sends_more_behind_a_handshake_than_anybody_would_is_dropped(room: Room) -> None:
    raw = await room.connect()
    await raw.ask(room.port)
    with suppress(ConnectionError):
        await raw.send(b"x" * 2 * HEAD_LIMIT)
        await raw.head()
    raw.forget()
    await closed(raw)


# --- what aiohttp answers by itself ---

NO_REQUEST = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"HELLO\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: us\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: us\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: us\r\nContent-Length: many\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: us\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nHost: us\r\nX: \x00\r\n\r\n",
]


@pytest.mark.parametrize("request_", NO_REQUEST, ids=lambda request: repr(request[:24]))
async def test_what_is_no_request_is_answered_with_a_sentence_and_our_headers_and_logged_nowhere(
    room: Room, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await room.connect()
    await raw.send(request_)
    head = (await raw.head()).decode()

    assert re.match(r"HTTP/1\.[01] 400 ", head)
    headers = dict(re.findall(r"^([\w-]+): (.*?)\r?$", head, re.M))
    assert HEADERS.items() <= headers.items()
    assert "aiohttp" not in head.lower()
    assert headers["Content-Type"].startswith("text/plain")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_body_that_is_not_what_its_headers_say_is_no_mistake_of_ours(
    room: Room, coding: str, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await room.connect()
    await raw.send(
        f"GET / HTTP/1.1\r\nHost: us\r\nContent-Encoding: {coding}\r\nContent-Length: 5\r\n\r\nxxxxx".encode()
    )
    assert (await raw.head()).startswith(b"HTTP/1.1 ")
    assert (await room.get(await room.connect())).startswith(b"HTTP/1.1 200 ")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_target_that_nobody_can_read_is_answered_all_the_same(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await room.connect()
    await raw.send(b"GET http://xn--" + b"a" * 70 + b"/ HTTP/1.1\r\nHost: us\r\n\r\n")
    assert (await raw.head()).startswith(b"HTTP/1.1 200 "), "only the guard refuses it"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_mistake_of_ours_is_a_500_without_its_traceback_which_is_in_the_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await room.connect()
    head = await room.get(raw, "/broken")

    assert head.startswith(b"HTTP/1.1 500 ")
    assert b"LookupError" not in head + raw.forget()
    assert "a mistake of ours" in caplog.text


async def test_whoever_leaves_in_the_midst_of_an_answer_is_no_line_in_the_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await room.connect()
    await raw.send(b"GET /gone HTTP/1.1\r\nHost: us\r\n\r\n")
    await closed(raw)

    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_connection_is_local_if_both_its_ends_are() -> None:
    class Transport(asyncio.Transport):
        def __init__(self, peer: object, own: object) -> None:
            super().__init__({"peername": peer, "sockname": own})

    here, there = ("127.0.0.1", 1), ("192.168.1.42", 1)
    assert local(Transport(here, here))
    assert local(Transport(("::1", 1, 0, 0), ("::1", 2, 0, 0)))
    assert not local(Transport(here, there))
    assert not local(Transport(there, here))
    assert not local(Transport(None, here))
    assert not local(None)


def test_the_protocol_is_still_one_that_aiohttp_offers() -> None:
    """What the gate takes over from aiohttp: its name, and the methods that it calls."""
    assert issubclass(Connection, web.RequestHandler)
    for method in ("connection_made", "connection_lost", "data_received", "handle_error", "log_exception"):
        assert callable(getattr(web.RequestHandler, method))
