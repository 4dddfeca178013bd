"""How others get in, over HTTP: the address as a code for everybody, and what only the host may ask for.

The host proves it with the secret as a bearer token (RFC 6750), over loopback, and from our own page if from a page.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Protocol, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web import (
    HTTPBadRequest,
    HTTPConflict,
    HTTPForbidden,
    HTTPNotFound,
    HTTPSeeOther,
    Request,
    Response,
    StreamResponse,
)
from msgspec import Meta, Struct

from desktop.network.addresses import Address
from desktop.network.firewall import firewalls
from desktop.server.codes import address_code, wifi_code
from desktop.server.gate import connection_of
from desktop.server.guard import proves

T = TypeVar("T")

NO_STORE = {"Cache-Control": "no-store"}


class Reach(Protocol):
    """Where others join."""

    @property
    def join(self) -> str | None:
        """The address of the page for them, None without a network."""

    @property
    def port(self) -> int:
        """The port that they join at."""

    @property
    def shown(self) -> Address | None:
        """The address that they join at, as this machine has it."""

    async def choose(self, address: str) -> bool:
        """Let them join at this address of this machine; False if that can't be."""


class Wifi(Struct, frozen=True):
    """A network's name, up to 32 bytes (IEEE 802.11, 9.4.2.2), and its password, up to 63 characters, or none."""

    name: Annotated[str, Meta(min_length=1, max_length=32)]
    password: Annotated[str, Meta(max_length=63)] = ""


class Choice(Struct, frozen=True):
    address: str


class Joining:
    """The routes."""

    def __init__(self, reach: Reach, secret: str, forward: tuple[str, Callable[[], bool]], tickets: set[str]) -> None:
        """`forward` is the token that brings the window forward, and what does it: False if there is no window.
        Each of the `tickets` makes a browser on this machine the host's, once."""
        self._reach = reach
        self._secret = secret
        self._forward_token, self._forward = forward
        self._tickets = tickets

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/join.svg", self._code),
            web.get("/host/enter/{ticket}", self._enter, allow_head=False),
            web.get("/host/help", guarded_by(self._help, self._secret)),
            web.post("/host/address", guarded_by(self._choose, self._secret)),
            web.post("/host/wifi.svg", guarded_by(self._wifi, self._secret)),
            web.post("/host/forward", guarded_by(self._come_forward, self._forward_token)),
        ]

    async def _code(self, request: Request) -> StreamResponse:
        if self._reach.join is None:
            raise HTTPNotFound(text="There is no network to join on.", headers=NO_STORE)
        return _svg(address_code(self._reach.join))

    async def _enter(self, request: Request) -> StreamResponse:
        """To the host's page. A ticket may be seen by others who use this machine, so it is worth nothing twice."""
        ticket = request.match_info["ticket"]
        if not connection_of(request).local or ticket not in self._tickets:
            raise HTTPNotFound(text="This way in has been used. The program prints another, after Host:.")
        self._tickets.discard(ticket)
        raise HTTPSeeOther(f"/#host={self._secret}", headers=NO_STORE)

    async def _help(self, request: Request) -> StreamResponse:
        """The firewalls of this machine. Asking them takes a moment, so not in this thread."""
        found = await asyncio.to_thread(firewalls, self._reach.port, self._reach.shown)
        return web.json_response({"firewalls": [firewall._asdict() for firewall in found]}, headers=NO_STORE)

    async def _choose(self, request: Request) -> StreamResponse:
        choice = await body(request, Choice)
        if not await self._reach.choose(choice.address):
            raise HTTPConflict(text="Others can't join at this address.")
        return Response(status=204)

    async def _come_forward(self, request: Request) -> StreamResponse:
        if not self._forward():
            raise HTTPConflict(text="There is no window.")
        return Response(status=204)

    async def _wifi(self, request: Request) -> StreamResponse:
        # Nothing of it is kept: the page that asks has the code, and the code has the password.
        wifi = await body(request, Wifi)
        return _svg(wifi_code(wifi.name, wifi.password))


def guarded_by(handler: Handler, token: str) -> Handler:
    """Let only who has this token ask for it."""

    async def guarded(request: Request) -> StreamResponse:
        if not proves(request, token):
            raise HTTPForbidden(text="Only the host may ask for this.")
        return await handler(request)

    return guarded


async def body(request: Request, kind: type[T]) -> T:
    """What was sent, as JSON. Raises HTTPBadRequest."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (ValueError, RecursionError, web.RequestPayloadError) as error:
        raise HTTPBadRequest(text=f"This can't be read: {str(error)[:200]}") from None


def _svg(image: bytes) -> Response:
    return Response(body=image, content_type="image/svg+xml", headers=NO_STORE)
