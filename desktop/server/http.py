"""HTTP is aiohttp's: its own protocol for a connection, which tells the gate what it does, and says in our words what
aiohttp would say in its own. Here is all that we know of its inside; test_http.py fails when that changes."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import BaseRequest, Request, StreamResponse
from yarl import URL

from desktop.server.gate import Place, State
from desktop.server.guard import HEADERS

KEEP_ALIVE: Final = 60.0
"""Seconds that an idle connection is kept for the next request."""
HEAD_LIMIT: Final = 65_536
"""Bytes of requests not answered yet, and of what a hasty client sends right behind a handshake, at most."""


def serving(server: web.Server) -> Callable[[Place], "Connection"]:
    """What makes the protocol of a connection for this server."""
    server.request_factory = _tolerant(server.request_factory)
    loop = asyncio.get_running_loop()
    return lambda place: Connection(place, server, loop)


class Connection(web.RequestHandler):
    """aiohttp's protocol."""

    __slots__ = ("_cut", "_head", "place")

    def __init__(self, place: Place, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        # No access log is None, whatever its type says: as aiohttp's own runner has it.
        super().__init__(server, loop=loop, access_log=None, keepalive_timeout=KEEP_ALIVE)  # type: ignore[arg-type]
        self.place = place
        self._head = b""
        self._cut = False
        """Whether more has come than was kept."""

    # --- what asyncio calls ---

    def connection_lost(self, exc: BaseException | None) -> None:
        self.place.leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.place.state is State.IDLE:
            self.place.move(State.NEW)
        self._cut = self._cut or len(self._head) + len(data) > HEAD_LIMIT
        self._head = b"" if self._cut else self._head + data
        super().data_received(data)

    # --- what the application says ---

    def asked(self) -> None:
        """A whole request has come."""
        self.place.move(State.ASKING)

    def answered(self, length: int) -> None:
        """It was answered; its body had this length."""
        # The next one may stand right behind it.
        _, _, rest = self._head.lstrip(b"\r\n").partition(b"\r\n\r\n")
        self._head = rest[length:]
        if self.place.state is State.ASKING:
            self.place.move(State.IDLE)

    def let_go(self) -> bytes | None:
        """aiohttp lets go of the connection, and frees all that it keeps for it; what came behind the request. None if
        the connection is gone."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return None
        if self._cut:
            self.place.drop()
            return None
        _, _, hasty = self._head.lstrip(b"\r\n").partition(b"\r\n\r\n")
        # So that it closes nothing when it hears that the connection is over.
        self.transport = None
        super().connection_lost(None)
        return hasty

    # --- aiohttp's own answers to what is no request ---

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """A mistake, unless it's the other side's: a body that isn't what its headers say."""
        if not isinstance(kw.get("exc_info"), HttpProcessingError | web.RequestPayloadError):
            super().log_exception(*args, **kw)

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> StreamResponse:
        """The answer to what can't be read (400), or was answered by a mistake of ours (500): a sentence, and no
        version of anything."""
        # Whoever leaves in the midst of an answer is no mistake of ours.
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(exc, ConnectionError):
            self.log_exception("A request could not be answered: %s", request.path, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("A part of the answer has been sent already.")
        answer = web.Response(status=status, text=f"{HTTPStatus(status).phrase}.", headers=HEADERS)
        answer.force_close()
        return answer


class Answered(StreamResponse):
    """To aiohttp, the answer to a request whose connection is not aiohttp's any more."""

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send no head: it has been answered."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Send no end either."""


def _tolerant(make: Callable[..., BaseRequest]) -> Callable[..., BaseRequest]:
    """Makes requests as `make` does; those to a proxy too, whose host may be one that nobody can read: the guard is to
    refuse them all."""

    def tolerantly(message: RawRequestMessage, *more: Any) -> BaseRequest:
        return make(message if message.path.startswith("/") else message._replace(url=URL("/")), *more)

    return tolerantly


def asked(request: Request) -> None:
    """A whole request has come; `answered` is to follow."""
    _connection(request).asked()


def answered(request: Request) -> None:
    """It was answered, or is over."""
    _connection(request).answered(request.content_length or 0)


def place_of(request: Request) -> Place:
    """Where it comes from."""
    return _connection(request).place


def let_go(request: Request) -> bytes | None:
    """The connection is to be something else: what came behind the request. None if it is gone."""
    return _connection(request).let_go()


def _connection(request: Request) -> Connection:
    assert isinstance(request.protocol, Connection)
    return request.protocol
