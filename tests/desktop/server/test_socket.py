"""Frames written past aiohttp, beside its own: the tests that tell when a change of aiohttp's breaks that."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import WSMsgType, web

import desktop.server.socket
from desktop.server.sites import listen
from desktop.server.socket import PING, PONG, TEXT, Socket, frame
from tests.desktop.support import PATIENCE, Client, Serve, raw_socket, true

Script = Callable[[web.WebSocketResponse, Socket], Awaitable[None]]

CLOSE = 0x88


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[int]:
    """A server at whose /ws the script is played; yields its port."""

    async def open(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse(compress=False, autoping=False)
        await ws.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        await script(ws, Socket(ws, request.transport))
        return ws

    app = web.Application()
    app.router.add_get("/ws", open)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    (sock,) = listen(["127.0.0.1"], 0)
    await web.SockSite(runner, sock).start()
    try:
        yield sock.getsockname()[1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def playing(script: Script, *, autoping: bool = True) -> AsyncIterator[Client]:
    """A proper client of that script."""
    async with (
        serving(script) as port,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{port}/ws", autoping=autoping) as ws,
    ):
        yield Client(ws)


async def received(client: Client) -> tuple[WSMsgType, object]:
    async with asyncio.timeout(PATIENCE):
        message = await client.ws.receive()
    return message.type, message.data


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
async def test_a_frame_of_any_length_is_decoded_by_a_proper_client(length: int) -> None:
    text = ("0123456789" * (length // 10 + 1))[:length]

    async def script(ws: web.WebSocketResponse, socket: Socket) -> None:
        socket.write(frame(TEXT, text.encode()))
        socket.write(frame(TEXT, b"the next one"))
        await ws.receive()

    async with playing(script) as client:
        assert await received(client) == (WSMsgType.TEXT, text)
        assert await received(client) == (WSMsgType.TEXT, "the next one")


async def test_frames_keep_their_order_between_those_of_aiohttp() -> None:
    async def script(ws: web.WebSocketResponse, socket: Socket) -> None:
        socket.write(frame(TEXT, b"1"))
        await ws.pong(b"2")
        socket.write(frame(PONG, b"3"))
        await ws.send_str("4")
        socket.write(frame(PING, b"5"))
        await ws.ping(b"6")
        socket.write(frame(TEXT, b"7"))
        await socket.close(4000, "8")

    async with playing(script, autoping=False) as client:
        heard = [await received(client) for _ in range(8)]
        assert heard == [
            (WSMsgType.TEXT, "1"),
            (WSMsgType.PONG, b"2"),
            (WSMsgType.PONG, b"3"),
            (WSMsgType.TEXT, "4"),
            (WSMsgType.PING, b"5"),
            (WSMsgType.PING, b"6"),
            (WSMsgType.TEXT, "7"),
            (WSMsgType.CLOSE, 4000),
        ]


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


async def test_a_client_that_does_compress_is_understood_all_the_same(serve: Serve) -> None:
    served = await serve()
    client = await served.connect(compress=15)
    await client.hear()

    await client.hello()


async def test_what_could_not_leave_at_once_comes_out_whole_and_in_order() -> None:
    written = [bytes((65 + number % 26,)) * 100_000 for number in range(100)]
    at_once: list[bool] = []
    emptied = asyncio.Event()

    async def script(ws: web.WebSocketResponse, socket: Socket) -> None:
        for payload in written:
            at_once.append(socket.write(frame(TEXT, payload)))
            at_once.append(socket.empty())
        pong = asyncio.create_task(ws.pong(b"last"))
        await true(socket.empty)
        emptied.set()
        await pong
        await ws.receive()

    async with serving(script) as port, raw_socket(port, receive_buffer=4096) as raw:
        await raw.handshake(port)
        heard = [await raw.hear() for _ in range(101)]
        async with asyncio.timeout(PATIENCE):
            await emptied.wait()

    assert at_once[-2:] == [False, False]
    assert heard == [*((TEXT, payload) for payload in written), (PONG, b"last")]


async def test_a_connection_that_is_gone_takes_everything_silently() -> None:
    taken: list[bool] = []
    done = asyncio.Event()

    async def script(ws: web.WebSocketResponse, socket: Socket) -> None:
        socket.abort()
        taken.append(socket.write(frame(TEXT, b"nobody is there")))
        await asyncio.sleep(0)
        taken.append(socket.write(frame(TEXT, b"nobody is there")))
        await socket.close(1001, "")
        done.set()

    async with serving(script) as port, raw_socket(port) as raw:
        await raw.handshake(port)
        assert await raw.hear() == (0, b"")
        async with asyncio.timeout(PATIENCE):
            await done.wait()

    assert taken == [True, True]


async def test_closing_tells_the_code_and_the_reason() -> None:
    async def script(ws: web.WebSocketResponse, socket: Socket) -> None:
        await socket.close(1008, "Zu viele Nachrichten: müde.")

    async with serving(script) as port, raw_socket(port) as raw:
        await raw.handshake(port)
        assert await raw.hear() == (CLOSE, (1008).to_bytes(2) + "Zu viele Nachrichten: müde.".encode())


async def test_a_client_that_does_not_answer_a_close_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.socket, "CLOSE_TIMEOUT", 0.1)
    took: list[float] = []

    async def script(ws: web.WebSocketResponse, socket: Socket) -> None:
        started = time.monotonic()
        await socket.close(1001, "")
        took.append(time.monotonic() - started)

    async with serving(script) as port, raw_socket(port) as raw:
        await raw.handshake(port)
        assert (await raw.hear())[0] == CLOSE
        assert await raw.hear() == (0, b"")

    assert took[0] < 8, "aiohttp alone would have waited 10 s"


async def test_a_client_that_reads_nothing_is_dropped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.socket, "CLOSE_TIMEOUT", 0.1)
    closed = asyncio.Event()

    async def script(ws: web.WebSocketResponse, socket: Socket) -> None:
        while socket.write(frame(TEXT, b"x" * 100_000)):
            pass
        await socket.close(1001, "")
        assert socket.empty()
        closed.set()

    async with serving(script) as port, raw_socket(port, receive_buffer=4096) as raw:
        await raw.handshake(port)
        async with asyncio.timeout(8):
            await closed.wait()


def test_a_frame_is_final_and_unmasked() -> None:
    assert frame(TEXT, b"Hello") == bytes.fromhex("810548656c6c6f"), "RFC 6455, section 5.7"
    assert frame(TEXT, b"x" * 256)[:4] == bytes.fromhex("817e0100")
    assert frame(TEXT, b"x" * 65_536)[:10] == bytes.fromhex("817f0000000000010000")
    assert frame(PONG, b"Hello") == bytes.fromhex("8a0548656c6c6f")
