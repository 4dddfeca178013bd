"""HTTP: the page, /health, and the handshake of /ws."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web import HTTPBadRequest, HTTPForbidden, HTTPServiceUnavailable, Request, StreamResponse

from desktop import __version__
from desktop.core.protocol import MESSAGE_LIMIT, V1
from desktop.server.gate import Handshake, Upgraded, answered, asked, local, upgraded
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
ASCII: Final = ("Sec-WebSocket-Key", "Sec-WebSocket-Version")
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
    app.add_routes(
        [
            web.get("/ws", _Connections(hub, connections).open, allow_head=False),
            web.get("/health", _health(hub)),
            *routes,
        ]
    )
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
        """One WebSocket's handshake."""
        if not same_origin(request):
            raise HTTPForbidden(text="A page of another site may not open this socket.")
        if not self._place_for(request):
            raise HTTPServiceUnavailable(text="There is no place left just now.", headers={"Retry-After": "10"})
        offers = ",".join(request.headers.getall("Sec-WebSocket-Protocol", [])).split(",")
        v1 = V1 in map(str.strip, offers)
        # Messages are short: to compress them would cost memory and time, and save nothing.
        handshake = Handshake(compress=False)
        if v1:  # of several lines of offers aiohttp would read the first
            handshake.headers["Sec-WebSocket-Protocol"] = V1
        # What aiohttp lets pass, or stumbles over (RFC 6455, section 4.1).
        if request.version < HttpVersion11 or not all(request.headers.get(name, "").isascii() for name in ASCII):
            raise HTTPBadRequest(text="A handshake is in HTTP/1.1, and its key and version in ASCII.")
        try:
            await handshake.prepare(request)
        except ConnectionError:  # gone before it could be answered; aiohttp bears that for an ordinary answer only
            return web.Response()
        connection = upgraded(request)
        if connection and self._hub.closing:
            connection.transport.abort()
            connection.gone()
        elif connection:
            self._connected(connection, request.remote, v1)
        return handshake

    def _connected(self, connection: Upgraded, remote: str | None, v1: bool) -> None:
        self._from[remote] += 1
        socket = Socket(connection.transport, self._hub, partial(self._gone, remote, connection.gone))
        self._hub.join(socket, v1=v1, local=local(connection.transport))
        socket.begin(connection.hasty)

    def _gone(self, remote: str | None, leave: Callable[[], None]) -> None:
        leave()
        self._from[remote] -= 1
        if not self._from[remote]:
            del self._from[remote]
