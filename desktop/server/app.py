"""HTTP: the page, /health, and the handshake of /ws."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web import HTTPForbidden, HTTPServiceUnavailable, Request, StreamResponse

from desktop import __version__
from desktop.core.protocol import MESSAGE_LIMIT, V1
from desktop.server.guard import add_headers, local, same_origin
from desktop.server.hub import Hub
from desktop.server.socket import Socket

CONNECTION_LIMIT: Final = 5_000


def application(
    hub: Hub, routes: list[web.RouteDef], guard: Middleware, visited: Callable[[str, str], None]
) -> web.Application:
    """The whole server but its sockets. `visited` is told which device reached which of our addresses."""
    app = web.Application(middlewares=[guard, _visits(visited)])
    app.add_routes([web.get("/ws", _Connections(hub).open), web.get("/health", _health(hub)), *routes])
    app.on_response_prepare.append(add_headers)
    return app


def _visits(visited: Callable[[str, str], None]) -> Middleware:
    @web.middleware
    async def note(request: Request, handler: Handler) -> StreamResponse:
        if request.transport:
            peer, own = (request.transport.get_extra_info(end) for end in ("peername", "sockname"))
            if peer and own:
                visited(peer[0], own[0])
        return await handler(request)

    return note


def _health(hub: Hub) -> Handler:
    async def health(request: Request) -> StreamResponse:
        counter = hub.room.counter
        answer = {"status": "ok", "version": __version__, "counter": counter.value, "revision": counter.revision}
        return web.json_response({**answer, "people": hub.room.people}, headers={"Cache-Control": "no-store"})

    return health


class _Connections:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def open(self, request: Request) -> StreamResponse:
        """One WebSocket, from handshake to end."""
        hub = self._hub
        if not same_origin(request):
            raise HTTPForbidden(text="A page of another site may not open this socket.")
        if hub.closing or hub.room.connections >= CONNECTION_LIMIT:
            raise HTTPServiceUnavailable(text="There is no place left just now.", headers={"Retry-After": "10"})
        v1 = V1 in [offer.strip() for offer in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        ws = web.WebSocketResponse(
            protocols=(V1,) if v1 else (),
            compress=False,  # messages are short: it would cost memory and time, and save nothing
            autoping=False,  # so that pongs are seen, as signs of life
            max_msg_size=MESSAGE_LIMIT + 1,  # aiohttp refuses what is as long as this
        )
        await ws.prepare(request)
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):  # gone during the handshake
            return ws
        socket = Socket(ws, transport)
        hub.join(socket, v1=v1, local=local(transport))
        try:
            await self._read(ws, socket)
        finally:
            hub.leave(socket)
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
            if not socket.writable.is_set():
                await socket.writable.wait()
