"""HTTP: the page, /health, and the handshake of /ws."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web import HTTPBadRequest, HTTPForbidden, HTTPServiceUnavailable, Request, StreamResponse

from desktop import __version__
from desktop.core.protocol import MESSAGE_LIMIT, V1
from desktop.server.gate import answered, asked, local, upgraded
from desktop.server.guard import add_headers, same_origin
from desktop.server.hub import Hub
from desktop.server.socket import Socket

CONNECTION_LIMIT: Final = 5_000
"""WebSockets at once, where nothing else is asked for."""
RESERVED: Final = 50
"""Of these, as many as nobody's one address can take, but no more than a tenth: a school may be one address, and so may
somebody who fills it."""
LOCAL_PLACES: Final = 4
"""WebSockets from this machine beyond the limit: the host's own must always get in."""
PLAIN_PLACES: Final = 500
"""Connections at once that only fetch the page's files."""


def application(
    hub: Hub,
    routes: list[web.RouteDef],
    guard: Callable[[Request], None],
    visited: Callable[[str, str], None],
    connections: int,
) -> web.Application:
    """The whole server but its sockets. `guard` raises what a request is refused with; `visited` is told which device
    reached which of our addresses; `connections` is how many WebSockets there may be."""
    app = web.Application(middlewares=[_entrance(guard, visited)], client_max_size=MESSAGE_LIMIT)
    app.add_routes([web.get("/ws", _Connections(hub, connections).open), web.get("/health", _health(hub)), *routes])
    app.on_response_prepare.append(add_headers)
    return app


def _entrance(guard: Callable[[Request], None], visited: Callable[[str, str], None]) -> Middleware:
    # One for all: a WebSocket lives as long within it, and each more would cost every connection its frame.
    @web.middleware
    async def entrance(request: Request, handler: Handler) -> StreamResponse:
        asked(request)
        try:
            guard(request)
            if request.transport:
                peer, own = (request.transport.get_extra_info(end) for end in ("peername", "sockname"))
                if peer and own:
                    visited(peer[0], own[0])
            return await handler(request)
        finally:
            answered(request)

    return entrance


def _health(hub: Hub) -> Handler:
    async def health(request: Request) -> StreamResponse:
        counter = hub.room.counter
        answer = {"status": "ok", "version": __version__, "counter": counter.value, "revision": counter.revision}
        return web.json_response({**answer, "people": hub.room.people}, headers={"Cache-Control": "no-store"})

    return health


class _Connections:
    def __init__(self, hub: Hub, limit: int) -> None:
        self._hub = hub
        self._limit = limit
        self._limit_of_one = limit - min(RESERVED, limit // 10)
        self._from: Counter[str | None] = Counter()

    def _place_for(self, request: Request) -> bool:
        """Whether one more may come in, and from there."""
        taken = len(self._hub.sockets)
        if self._hub.closing:
            return False
        if local(request.transport):
            return taken < self._limit + LOCAL_PLACES
        return taken < self._limit and self._from[request.remote] < self._limit_of_one

    async def open(self, request: Request) -> StreamResponse:
        """One WebSocket, from handshake to end."""
        hub = self._hub
        if not same_origin(request):
            raise HTTPForbidden(text="A page of another site may not open this socket.")
        if not self._place_for(request):
            raise HTTPServiceUnavailable(text="There is no place left just now.", headers={"Retry-After": "10"})
        v1 = V1 in [offer.strip() for offer in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        ws = web.WebSocketResponse(
            protocols=(V1,) if v1 else (),
            compress=False,  # messages are short: it would cost memory and time, and save nothing
            autoping=False,  # so that pongs are seen, as signs of life
            autoclose=False,  # aiohttp would answer every close with 1000; its code is echoed (RFC 6455, section 5.5.1)
            max_msg_size=MESSAGE_LIMIT + 1,  # aiohttp refuses what is as long as this
        )
        # b64decode raises something else than aiohttp expects for it.
        if not request.headers.get("Sec-WebSocket-Key", "").isascii():
            raise HTTPBadRequest(text="The key of a handshake is ASCII.")
        try:
            await ws.prepare(request)
        except ConnectionError:  # gone before it could be answered; aiohttp bears that for an ordinary answer only
            return web.Response()
        upgraded(request)
        ws.headers.clear()  # sent, and otherwise kept as long as the connection
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):  # gone during the handshake
            return ws
        socket = Socket(ws, transport)
        self._from[request.remote] += 1
        hub.join(socket, v1=v1, local=local(transport))
        try:
            await self._read(ws, socket)
            if not socket.closing:
                await socket.close(_answered(ws.close_code), "")
        finally:
            hub.leave(socket)
            self._from[request.remote] -= 1
            if not self._from[request.remote]:
                del self._from[request.remote]
            if socket.closing:
                await asyncio.wait([socket.closing])
        return ws

    async def _read(self, ws: web.WebSocketResponse, socket: Socket) -> None:
        async for message in ws:
            match message.type:
                case WSMsgType.TEXT:
                    self._hub.receive(socket, message.data)
                case WSMsgType.PING:
                    self._hub.heard(socket, message.data)
                case WSMsgType.PONG:
                    self._hub.heard(socket)
                case WSMsgType.BINARY:
                    self._hub.refuse(socket, 1003, "Only text is understood here.")
            # What isn't read now waits in the kernel, and then at the sender.
            if socket.paused:
                await asyncio.sleep(socket.paused)
                socket.paused = 0.0
            if socket.writable:
                await socket.writable


def _answered(code: int | None) -> int:
    """With which code to answer a close frame of this one: its own, unless it may not be on the wire (RFC 6455,
    section 7.4). aiohttp has refused the others."""
    if not code:
        return 1000
    return 1002 if code == 1006 or code >= 5000 else code
