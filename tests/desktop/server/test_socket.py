"""A WebSocket once aiohttp has let go of it, written to directly and, as on Windows, through its transport: the tests
that tell when a change of aiohttp's or asyncio's breaks that."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest
from aiohttp import WSMsgType, web

import desktop.server.socket
from desktop.server.frames import CLOSE, PARTS, PING, PONG, TEXT, frame
from desktop.server.gate import Place
from desktop.server.handshake import accept, read
from desktop.server.sites import LOOPBACK, Sites, listen
from desktop.server.socket import UNSENT_LIMIT, Socket
from tests.desktop.support import PATIENCE, RawSocket, Serve, raw_socket, true


class Peer:
    """Somebody's connection, as the server sees it: what is told of it, in order."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.socket: Socket
        self.kernels: socket.socket
        self.on_text: Callable[[Socket, str], None] = lambda socket, text: None

    def receive(self, socket: Socket, text: str) -> None:
        self.told.append(text)
        self.on_text(socket, text)

    def heard(self, socket: Socket, ping: bytes | None = None) -> None:
        self.told.append(("heard", ping))

    def drained(self, socket: Socket) -> None:
        self.told.append("drained")

    def leave(self, socket: Socket) -> None:
        self.told.append("left")

    def lost(self, socket: Socket) -> None:
        self.told.append("lost")

    def gone(self) -> None:
        self.told.append("gone")


class Door:
    """A server whose every client becomes a Peer."""

    def __init__(self, port: int, stack: AsyncExitStack) -> None:
        self.port = port
        self.peers: list[Peer] = []
        self.all: list[Peer] = []
        self._stack = stack

    def open(self, place: Place, data: bytes) -> bool:
        found = read(data)
        assert found
        headers, hasty = found
        peer = Peer()
        peer.kernels = place.transport.get_extra_info("socket")
        peer.socket = Socket(place.transport, peer, peer.gone)
        self.peers.append(peer)
        self.all.append(peer)
        peer.socket.write(accept(headers, None))
        peer.socket.begin(hasty)
        return True

    async def raw(self, receive_buffer: int | None = None) -> tuple[RawSocket, Peer]:
        """A client made of bytes, after its handshake."""
        raw = await self._stack.enter_async_context(raw_socket(self.port, receive_buffer))
        await raw.handshake(self.port)
        await true(lambda: self.peers)
        return raw, self.peers.pop()

    async def proper(self) -> tuple[aiohttp.ClientWebSocketResponse, Peer]:
        """aiohttp's client."""
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        url = f"http://127.0.0.1:{self.port}/ws"
        ws = await self._stack.enter_async_context(session.ws_connect(url, autoping=False))
        await true(lambda: self.peers)
        return ws, self.peers.pop()


@pytest.fixture(params=[True, False], ids=["directly", "by its transport"])
async def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(desktop.server.socket, "DIRECT", request.param)
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=1)
    (sock,) = listen([LOOPBACK], 0)
    port = sock.getsockname()[1]
    async with AsyncExitStack() as stack:
        made = Door(port, stack)
        await runner.setup()
        await Sites(port).start(runner, [sock], 100, made.open)
        yield made
    for peer in made.all:
        peer.socket.abort()
    await true(lambda: all("gone" in peer.told for peer in made.all))
    await runner.cleanup()


# --- written ---


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
async def test_a_frame_of_any_length_is_decoded_by_a_proper_client(door: Door, length: int) -> None:
    client, peer = await door.proper()
    text = ("0123456789" * (length // 10 + 1))[:length]

    peer.socket.write(frame(TEXT, text.encode()))
    peer.socket.write(frame(PING, b"?"))
    peer.socket.write(frame(TEXT, b"the next one"))

    heard = [await client.receive(PATIENCE) for _ in range(3)]
    assert [(found.type, found.data) for found in heard] == [
        (WSMsgType.TEXT, text),
        (WSMsgType.PING, b"?"),
        (WSMsgType.TEXT, "the next one"),
    ]


async def test_what_could_not_leave_at_once_comes_out_whole_and_in_order_and_it_is_told_when_all_has_left(
    door: Door,
) -> None:
    raw, peer = await door.raw(receive_buffer=4096)
    written = [bytes((65 + number % 26,)) * 100_000 for number in range(100)]

    at_once = [peer.socket.write(frame(TEXT, payload)) for payload in written]
    assert at_once[0] or not any(at_once), "what leaves at once leaves before what has to wait"
    assert not at_once[-1]
    assert peer.told == []

    assert [await raw.hear() for _ in written] == [(TEXT, payload) for payload in written]
    await true(lambda: peer.told == ["drained"])
    assert peer.socket.write(frame(TEXT, b"and again"))


async def test_a_connection_that_is_gone_takes_everything_silently(door: Door) -> None:
    raw, peer = await door.raw()

    peer.socket.abort()
    assert peer.socket.write(frame(TEXT, b"nobody is there"))
    await true(lambda: peer.told == ["lost", "gone"])
    assert peer.socket.write(frame(TEXT, b"nobody is there"))
    peer.socket.close(1001, "")

    assert await raw.hear() == (0, b"")
    assert peer.told == ["lost", "gone"]


# --- read ---


async def test_what_comes_is_told_in_order(door: Door) -> None:
    client, peer = await door.proper()

    await client.send_str("one")
    await client.ping(b"two")
    await client.pong(b"three")
    await client.send_str("four" * 1000)

    await true(lambda: len(peer.told) == 4)
    assert peer.told == ["one", ("heard", b"two"), ("heard", None), "four" * 1000]


async def test_many_parts_of_a_text_are_a_sign_of_life_so_that_nobody_sends_parts_for_ever(door: Door) -> None:
    raw, peer = await door.raw()

    await raw.say(0x01, b"ab")
    for _ in range(PARTS):
        await raw.say(0x00, b"")
    await raw.say(0x80, b"c")

    await true(lambda: peer.told == [("heard", None), "abc"])


async def test_what_the_network_is_too_slow_for_does_not_wait_in_the_kernel(door: Door) -> None:
    _, peer = await door.raw()
    assert peer.kernels.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT_LIMIT


async def test_a_frame_is_not_held_back_until_the_one_before_is_acknowledged(door: Door) -> None:
    _, peer = await door.raw()
    assert peer.kernels.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_who_is_paused_is_read_on_later_and_loses_nothing(door: Door) -> None:
    raw, peer = await door.raw()
    peer.on_text = lambda socket, text: socket.pause(0.05)
    began = asyncio.get_running_loop().time()

    for number in range(4):
        await raw.say(TEXT, str(number).encode())

    await true(lambda: len(peer.told) == 4)
    assert peer.told == ["0", "1", "2", "3"]
    assert asyncio.get_running_loop().time() - began >= 0.15


async def test_who_takes_nothing_is_not_listened_to_until_they_do(door: Door) -> None:
    raw, peer = await door.raw(receive_buffer=4096)
    payload = b"x" * 100_000
    count = 1
    while peer.socket.write(frame(TEXT, payload)):
        count += 1

    await raw.say(TEXT, b"is anybody there?")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await true(lambda: peer.told)

    for _ in range(count):
        assert await raw.hear() == (TEXT, payload)
    await true(lambda: peer.told == ["drained", "is anybody there?"])


async def test_frames_right_behind_the_handshake_are_read_too(door: Door) -> None:
    async with raw_socket(door.port) as raw:
        await raw.send(
            b"GET /ws HTTP/1.1\r\nHost: us\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            b"\x81\x82\0\0\0\0hi\x81\x82\0\0"
        )
        assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
        await raw.send(b"\0\0ho")
        await true(lambda: door.peers and door.peers[0].told == ["hi", "ho"])


# --- the end ---


async def test_closing_tells_the_code_and_the_reason_and_the_answer_ends_it(door: Door) -> None:
    raw, peer = await door.raw()
    peer.socket.close(1008, "Zu viele Nachrichten: müde.")

    assert await raw.hear() == (CLOSE, (1008).to_bytes(2) + "Zu viele Nachrichten: müde.".encode())
    await raw.say(TEXT, b"too late")
    await raw.say(CLOSE, (1008).to_bytes(2))
    assert await raw.hear() == (0, b"")
    await true(lambda: peer.told == ["lost", "gone"])


async def test_a_goodbye_is_answered_with_its_own_code(door: Door) -> None:
    raw, peer = await door.raw()

    await raw.say(CLOSE, (4003).to_bytes(2) + b"enough")

    assert await raw.hear() == (CLOSE, (4003).to_bytes(2))
    assert await raw.hear() == (0, b"")
    await true(lambda: peer.told == ["left", "lost", "gone"])


async def test_a_broken_frame_fails_with_its_code_and_what_still_comes_is_thrown_away(door: Door) -> None:
    raw, peer = await door.raw()

    await raw.say(0x83, b"?")
    await raw.say(TEXT, b"and more")

    first, payload = await raw.hear()
    assert (first, payload[:2]) == (CLOSE, (1002).to_bytes(2))
    assert await raw.hear() == (0, b"")
    raw.shut()
    await true(lambda: peer.told == ["left", "lost", "gone"])


async def test_who_never_stops_after_a_broken_frame_is_dropped(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.socket, "CLOSE_TIMEOUT", 0.2)
    raw, peer = await door.raw()
    await raw.say(0x83, b"?")

    with pytest.raises(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while True:
                await raw.send(b"x" * 100_000)
                await asyncio.sleep(0)

    await true(lambda: peer.told == ["left", "lost", "gone"])


@pytest.mark.parametrize("taking", [True, False])
async def test_a_client_that_does_not_answer_a_close_is_dropped(
    door: Door, monkeypatch: pytest.MonkeyPatch, taking: bool
) -> None:
    monkeypatch.setattr(desktop.server.socket, "CLOSE_TIMEOUT", 0.1)
    _, peer = await door.raw(receive_buffer=4096)
    while not taking and peer.socket.write(frame(TEXT, b"x" * 100_000)):
        pass

    peer.socket.close(1001, "")

    await true(lambda: peer.told == ["lost", "gone"])


async def test_a_client_that_vanishes_is_told_once(door: Door) -> None:
    raw, peer = await door.raw()
    await raw.say(TEXT, b"here")
    await true(lambda: peer.told)

    raw.reset()

    await true(lambda: peer.told == ["here", "lost", "gone"])


# --- in the whole server ---


async def test_nothing_is_compressed_though_the_client_offers_it(serve: Serve) -> None:
    served = await serve()
    async with raw_socket(served.port) as raw:
        head = await raw.handshake(
            served.port, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "Accept-Encoding: gzip"
        )
        assert b" 101 " in head
        assert b"extensions" not in head.lower()
        assert await raw.hear() == (TEXT, b'{"counter":0}')

        await raw.say(PING, b"!")
        assert await raw.hear() == (PONG, b"!")
        await raw.say(TEXT, b'{"counter":1}')
        assert await raw.hear() == (TEXT, b'{"counter":1}')


async def test_a_client_that_offers_to_compress_is_understood_all_the_same(serve: Serve) -> None:
    served = await serve()
    client = await served.connect(compress=15)
    await client.hear()

    await client.hello()
