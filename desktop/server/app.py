"""HTTP: the page, /health, and whatever of /ws is no plain handshake."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web import HTTPMisdirectedRequest, Request, StreamResponse

from desktop import __version__
from desktop.core.protocol import MESSAGE_LIMIT
from desktop.server.guard import Guard, add_headers
from desktop.server.http import answered, asked, place_of
from desktop.server.hub import Hub
from desktop.server.opening import Opening


def application(hub: Hub, guard: Guard, opening: Opening, routes: list[web.RouteDef]) -> web.Application:
    """The whole server but its sockets."""
    app = web.Application(middlewares=[_entrance(guard)], client_max_size=MESSAGE_LIMIT)
    app.add_routes([web.get("/ws", opening.slowly, allow_head=False), web.get("/health", _health(hub)), *routes])
    app.on_response_prepare.append(add_headers)
    return app


def _entrance(guard: Guard) -> Middleware:
    @web.middleware
    async def entrance(request: Request, handler: Handler) -> StreamResponse:
        asked(request)
        try:
            # Whatever else a target may be, we are no proxy (RFC 9112, section 3.2).
            is_ours = request.raw_path.startswith("/")
            if not (is_ours and guard.admits(request.headers.getall("Host", []), place_of(request))):
                raise HTTPMisdirectedRequest(text="This server is not known by that name.")
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
