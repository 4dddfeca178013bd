"""HTTP: the page, /health, and the handshake of /ws; and the guard before all of them."""

import asyncio
import ipaddress
import socket as sockets
from typing import Final
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web import HTTPForbidden, HTTPMisdirectedRequest, HTTPServiceUnavailable, Request, StreamResponse

from desktop import __version__
from desktop.core.protocol import MESSAGE_LIMIT, V1
from desktop.server.hub import Hub
from desktop.server.pages import Pages
from desktop.server.socket import Socket

CONNECTION_LIMIT: Final = 5_000

HEADERS: Final = {
    # `ws:` beside 'self' for older Safari, which doesn't count a socket to the page's own host as 'self'.
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ws:; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "LAN-Counter",
}


def application(hub: Hub, pages: Pages, port: int) -> web.Application:
    """The whole server but its sockets. `port` is the one it listens on."""
    app = web.Application(middlewares=[_guard(port, _own_names())])
    app.add_routes([web.get("/ws", _Connections(hub).open), web.get("/health", _health(hub)), *pages.routes()])
    app.on_response_prepare.append(_add_headers)
    return app


async def _add_headers(request: Request, response: StreamResponse) -> None:
    response.headers.update(HEADERS)


def _health(hub: Hub) -> Handler:
    async def health(request: Request) -> StreamResponse:
        counter = hub.room.counter
        answer = {"status": "ok", "version": __version__, "counter": counter.value, "revision": counter.revision}
        return web.json_response({**answer, "people": hub.room.people}, headers={"Cache-Control": "no-store"})

    return health


# --- the guard ---


def _guard(port: int, names: frozenset[str]) -> Middleware:
    """Ends DNS rebinding: a page of another site can only get here under that site's name, which is none of ours."""

    @web.middleware
    async def guard(request: Request, handler: Handler) -> StreamResponse:
        if not addressed_to_us(request.headers.getall("Host", []), port, names):
            raise HTTPMisdirectedRequest(text="This server is not known by that name.")
        return await handler(request)

    return guard


def addressed_to_us(hosts: list[str], port: int, names: frozenset[str]) -> bool:
    """Whether there is one Host header, and it names us: any literal address (rebinding needs a name), or one of
    `names`, in any case and with or without a trailing dot; with our port."""
    try:
        (host,) = hosts
        url = urlsplit(f"http://{host}")
        if url.netloc != host or "@" in host or (url.port or 80) != port or not url.hostname:
            return False
        return url.hostname.removesuffix(".") in names or bool(ipaddress.ip_address(url.hostname))
    except ValueError:
        return False


def _own_names() -> frozenset[str]:
    own = sockets.gethostname().lower().removesuffix(".local")
    return frozenset({"localhost", own, f"{own}.local"})


def same_origin(origins: list[str], host: str) -> bool:
    """Whether the handshake comes from our own page, or from no page at all (then nobody is being tricked)."""
    return not origins or [origin.lower() for origin in origins] == [f"http://{host.lower()}"]


# --- /ws ---


class _Connections:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def open(self, request: Request) -> StreamResponse:
        """One WebSocket, from handshake to end."""
        hub = self._hub
        if not same_origin(request.headers.getall("Origin", []), request.headers["Host"]):
            raise HTTPForbidden(text="A page of another site may not open this socket.")
        if hub.closing or hub.room.people >= CONNECTION_LIMIT:
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
        hub.join(socket, v1=v1, local=_local(transport))
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


def _local(transport: asyncio.Transport) -> bool:
    """Whether both ends are on loopback."""
    ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    return all(end and ipaddress.ip_address(end[0]).is_loopback for end in ends)
