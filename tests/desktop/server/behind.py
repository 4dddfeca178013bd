"""A small server behind the gate, put together as the launcher does it, for the tests of its parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from desktop.server.frames import TEXT, frame
from desktop.server.gate import Place, State
from desktop.server.handshake import accept, read
from desktop.server.http import Answered, answered, asked, let_go, place_of
from desktop.server.sites import LOOPBACK, Sites, listen
from desktop.server.socket import Socket
from tests.desktop.support import RawSocket, raw_socket

PLACES = 120


class Echo:
    """Says what it hears."""

    def __init__(self, place: Place, answer: bytes, hasty: bytes) -> None:
        self.transport = place.transport
        place.move(State.UPGRADED)
        socket = Socket(place.transport, self, place.leave)
        socket.write(answer)
        socket.begin(hasty)

    def receive(self, socket: Socket, text: str) -> None:
        socket.write(frame(TEXT, text.encode()))

    def heard(self, socket: Socket, ping: bytes | None = None) -> None: ...
    def drained(self, socket: Socket) -> None: ...
    def leave(self, socket: Socket) -> None: ...
    def lost(self, socket: Socket) -> None: ...


class Behind:
    """A page, a slow one, a broken one and an echo."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._echoes: list[Echo] = []
        self.port = 0
        self.spoke = 0
        """Connections that have said something."""

    async def connect(self) -> RawSocket:
        return await self._stack.enter_async_context(raw_socket(self.port))

    async def get(self, raw: RawSocket, path: str = "/") -> bytes:
        await raw.send(f"GET {path} HTTP/1.1\r\nHost: us\r\n\r\n".encode())
        return await raw.head()

    async def echo(self) -> RawSocket:
        """A WebSocket."""
        raw = await self.connect()
        assert (await raw.handshake(self.port)).startswith(b"HTTP/1.1 101 ")
        return raw

    async def echo_on_kept(self) -> RawSocket:
        """A WebSocket on a connection over which something else was asked before."""
        raw = await self.connect()
        assert (await self.get(raw)).startswith(b"HTTP/1.1 200 ")
        raw.forget()
        assert (await raw.handshake(self.port)).startswith(b"HTTP/1.1 101 ")
        return raw

    async def run(self) -> None:
        app = web.Application(middlewares=[_entrance])
        app.add_routes(
            [
                web.get("/", _page),
                web.get("/slow", _slow),
                web.get("/broken", _broken),
                web.get("/gone", _gone),
                web.get("/ws", self._slowly),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        (sock,) = listen([LOOPBACK], 0)
        self.port = sock.getsockname()[1]
        self._sites = Sites(self.port)
        await self._sites.start(runner, [sock], PLACES, self._at_once)

    async def stop(self) -> None:
        for echo in self._echoes:
            echo.transport.abort()
        await self._sites.stop()

    def _at_once(self, place: Place, data: bytes) -> bool:
        self.spoke += 1
        found = read(data)
        if found:
            headers, hasty = found
            self._echoes.append(Echo(place, accept(headers, None), hasty))
        return found is not None

    async def _slowly(self, request: web.Request) -> web.StreamResponse:
        answer = accept({name.lower(): [value] for name, value in request.headers.items()}, None)
        if (hasty := let_go(request)) is not None:
            self._echoes.append(Echo(place_of(request), answer, hasty))
        return Answered()


@asynccontextmanager
async def behind_gate() -> AsyncIterator[Behind]:
    async with AsyncExitStack() as stack:
        behind = Behind(stack)
        await behind.run()
        stack.push_async_callback(behind.stop)
        yield behind


async def closed(raw: RawSocket) -> None:
    """The server closes this one, without a word."""
    assert await raw.hear() == (0, b"")


@web.middleware
async def _entrance(request: web.Request, handler: Handler) -> web.StreamResponse:
    asked(request)
    try:
        return await handler(request)
    finally:
        answered(request)


async def _page(request: web.Request) -> web.StreamResponse:
    return web.Response(text="page", headers={"Content-Length": "4"})


async def _slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    raise AssertionError


async def _broken(request: web.Request) -> web.StreamResponse:
    raise LookupError("a mistake of ours")


async def _gone(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    raise ConnectionResetError("Cannot write to closing transport")
