"""HTTP: the page, /health and /ws, each behind the guard."""

import logging
from collections.abc import Collection
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web import HTTPException, HTTPNotFound, Request, StreamResponse

from desktop import __version__
from desktop.core.protocol import MESSAGE_LIMIT
from desktop.server.astray import Astray
from desktop.server.gate import State, connection_of
from desktop.server.guard import Guard, add_headers
from desktop.server.hub import Hub
from desktop.server.websockets import WebSockets

log = logging.getLogger(__name__)

KEEP_ALIVE: Final = 60.0
"""Seconds that an idle connection is kept for the next request."""


def application(
    hub: Hub, guard: Guard, astray: Astray, limit: int, routes: list[web.RouteDef], origins: Collection[str] = ()
) -> web.AppRunner:
    """The whole server but its sockets, with `limit` WebSockets at once, from pages of `origins` too; to be set up, and
    cleaned up in the end."""
    app = web.Application(middlewares=[_entrance(guard, astray)], client_max_size=MESSAGE_LIMIT)
    websockets = WebSockets(hub, limit, origins)
    app.add_routes(
        [web.get("/ws", websockets.serve, allow_head=False), web.get("/health", _health(hub, websockets)), *routes]
    )
    app.on_response_prepare.extend((add_headers, _end))
    # aiohttp would log every request that nobody can read, and every subprotocol that is unknown here. Mistakes of ours
    # are logged at the entrance.
    for name in ("aiohttp.server", "aiohttp.websocket"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return web.AppRunner(app, shutdown_timeout=1, access_log=None, keepalive_timeout=KEEP_ALIVE)


async def _end(request: Request, response: StreamResponse) -> None:
    """Wait for no other request where none will come."""
    if connection_of(request).ended:
        response.force_close()


def _entrance(guard: Guard, astray: Astray) -> Middleware:
    @web.middleware
    async def entrance(request: Request, handler: Handler) -> StreamResponse:
        connection = connection_of(request)
        connection.move(State.ASKING)
        try:
            # Whatever else a target may be, we are no proxy (RFC 9112, section 3.2).
            is_ours = request.raw_path.startswith("/")
            if not (is_ours and guard.admits(request, connection)):
                return astray.name(request)
            if isinstance(request.match_info.http_exception, HTTPNotFound):
                return astray.path(request)
            return await handler(request)
        except (HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("No answer to %s.", request.path)
            raise
        finally:
            connection.move(State.IDLE)

    return entrance


def _health(hub: Hub, websockets: WebSockets) -> Handler:
    async def health(request: Request) -> StreamResponse:
        counter = hub.room.counter
        answer = {"status": "ok", "version": __version__, "counter": counter.value, "revision": counter.revision}
        # That there is no place is why a page gets no connection, and nothing on the way.
        full = {} if websockets.has_place_for(connection_of(request)) else {"full": True}
        return web.json_response({**answer, "people": hub.room.people, **full}, headers={"Cache-Control": "no-store"})

    return health
