"""Every connection as it comes: how many there may be, and how long they may take to ask something.

aiohttp's own protocol for a connection, with the limits that a server on a LAN needs. A connection is

    new       accepted; nothing whole has been asked yet. NEW_LIMIT of them at once, NEW_SECONDS each
    asking    a request is being answered, ASKING_SECONDS at most
    idle      kept for the next request; the one that has been idle for longest makes place if there is none
    upgraded  a WebSocket: from then on somebody else's affair, but that it takes a place
"""

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import BaseRequest, Request, StreamResponse
from yarl import URL

from desktop.server.descriptors import HOST_PLACES
from desktop.server.guard import HEADERS

NEW_LIMIT: Final = 100
NEW_SECONDS: Final = 10.0
TURNS: Final = 8
"""Of the event loop, in which what somebody has sent is certainly read and understood: a whole school may arrive at
once, on a machine that is slow to read what all have asked long since."""
ASKING_SECONDS: Final = 60.0
LOOK_PAUSE: Final = 0.5
KEEP_ALIVE: Final = 60.0
"""Seconds that an idle connection is kept for the next request."""
HEAD_LIMIT: Final = 65_536
"""Bytes of a handshake, and of what a hasty client sends right behind it, at most."""


class State(Enum):
    """See the head of this module."""

    NEW = auto()
    ASKING = auto()
    IDLE = auto()
    UPGRADED = auto()


class Upgraded(NamedTuple):
    """What is left of a connection when aiohttp has let go of it."""

    transport: asyncio.Transport
    hasty: bytes
    """What came behind the handshake."""
    gone: Callable[[], None]
    """To be called once the connection is gone: its place is free."""


class Gate:
    """Makes the protocol of each connection, `places` of them at most, for aiohttp's `server`."""

    def __init__(self, server: web.Server, places: int) -> None:
        server.request_factory = tolerant(server.request_factory)
        # It would quote what somebody has offered, however long.
        logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)
        self._server = server
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._since: dict[State, dict[Connection, float]] = {
            state: {} for state in State if state is not State.UPGRADED
        }
        self._upgraded = 0
        self._look: asyncio.TimerHandle | None = None

    def __call__(self) -> "Connection":
        return Connection(self, self._server, self._loop)

    def __len__(self) -> int:
        """Open connections."""
        return sum(map(len, self._since.values())) + self._upgraded

    def came(self, connection: "Connection", *, local: bool) -> None:
        """A connection was accepted: it, or another one, may have to go."""
        if len(self) >= self._places + (HOST_PLACES if local else 0):
            for state in (State.IDLE, State.NEW):
                if self._since[state]:
                    self._drop(next(iter(self._since[state])))
                    break
            else:
                connection.drop()
                return
        self.moved(connection, None, State.NEW)

    def moved(self, connection: "Connection", before: State | None, after: State | None) -> None:
        """What a connection does has changed."""
        if before:
            self._since[before].pop(connection, None)
        if after is State.UPGRADED:
            self._upgraded += 1
        elif after:
            self._since[after][connection] = self._loop.time()
            self._look_soon()

    def upgraded_gone(self) -> None:
        """A WebSocket is gone."""
        self._upgraded -= 1

    def _drop(self, connection: "Connection") -> None:
        connection.leave()
        connection.drop()

    def _look_soon(self) -> None:
        if self._look is None and (self._since[State.NEW] or self._since[State.ASKING]):
            self._look = self._loop.call_later(LOOK_PAUSE, self._look_at_all)

    def _look_at_all(self) -> None:
        self._look = None
        now = self._loop.time()
        new = self._since[State.NEW]
        self._drop_older(State.NEW, now - NEW_SECONDS)
        if len(new) > NEW_LIMIT:
            self._drop_silent(list(new)[:-NEW_LIMIT], TURNS)
        self._drop_older(State.ASKING, now - ASKING_SECONDS)
        self._look_soon()

    def _drop_silent(self, connections: "list[Connection]", turns: int) -> None:
        """Drop those that are still new after so many turns of the loop."""
        if turns:
            self._loop.call_soon(self._drop_silent, connections, turns - 1)
            return
        new = self._since[State.NEW]
        for connection in connections:
            if connection in new and len(new) > NEW_LIMIT:
                self._drop(connection)

    def _drop_older(self, state: State, than: float) -> None:
        # In the order in which they came to this state.
        for connection, since in list(self._since[state].items()):
            if since > than:
                break
            self._drop(connection)


class Connection(web.RequestHandler):
    """aiohttp's protocol, which tells the gate what it does."""

    __slots__ = ("_gate", "_head", "_state")

    def __init__(self, gate: Gate, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        # No access log is None, whatever its type says: as aiohttp's own runner has it.
        super().__init__(server, loop=loop, access_log=None, keepalive_timeout=KEEP_ALIVE)  # type: ignore[arg-type]
        self._gate = gate
        self._state: State | None = None
        self._head = b""

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._state = State.NEW
        self._gate.came(self, local=local(transport))

    def connection_lost(self, exc: BaseException | None) -> None:
        self.leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._state is State.IDLE:
            self._move(State.NEW)
        self._head = (self._head + data)[:HEAD_LIMIT]
        super().data_received(data)

    # --- what the application says ---

    def asked(self) -> None:
        """A whole request has come."""
        self._move(State.ASKING)

    def answered(self, length: int) -> None:
        """It was answered; its body had this length."""
        # The next one may stand right behind it.
        _, _, rest = self._head.lstrip(b"\r\n").partition(b"\r\n\r\n")
        self._head = rest[length:]
        if self._state is State.ASKING:
            self._move(State.IDLE)

    def upgraded(self) -> Upgraded | None:
        """The handshake is answered: aiohttp lets go of it, and frees all that it keeps for it. None if it is gone."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return None
        _, _, hasty = self._head.lstrip(b"\r\n").partition(b"\r\n\r\n")
        if len(self._head) == HEAD_LIMIT:
            self.drop()
            return None
        self._move(State.UPGRADED)
        self._state = None
        self._head = b""
        # So that it closes nothing when it hears that the connection is over.
        self.transport = None
        super().connection_lost(None)
        return Upgraded(transport, hasty, self._gate.upgraded_gone)

    # --- ends ---

    def leave(self) -> None:
        """It counts no longer."""
        self._move(None)

    def drop(self) -> None:
        """Close at once, without a word."""
        if self.transport:
            self.transport.abort()

    def _move(self, state: State | None) -> None:
        if self._state:
            self._gate.moved(self, self._state, state)
            self._state = state

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


def tolerant(make: Callable[..., BaseRequest]) -> Callable[..., BaseRequest]:
    """Makes requests as `make` does; those to a proxy too, whose host may be one that nobody can read: the guard is to
    refuse them all."""

    def tolerantly(message: RawRequestMessage, *more: Any) -> BaseRequest:
        return make(message if message.path.startswith("/") else message._replace(url=URL("/")), *more)

    return tolerantly


def asked(request: Request) -> None:
    """A whole request has come; `answered` is to follow."""
    if isinstance(request.protocol, Connection):
        request.protocol.asked()


def answered(request: Request) -> None:
    """It was answered, or is over."""
    if isinstance(request.protocol, Connection):
        request.protocol.answered(request.content_length or 0)


class Handshake(web.WebSocketResponse):
    """aiohttp's answer to the handshake of a WebSocket, which is not aiohttp's afterwards."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing ends here."""


def upgraded(request: Request) -> Upgraded | None:
    """The handshake of a WebSocket is done; None if it is gone already."""
    assert isinstance(request.protocol, Connection)
    return request.protocol.upgraded()


def local(transport: asyncio.BaseTransport | None) -> bool:
    """Whether both ends of a connection are on loopback."""
    if transport is None:
        return False
    ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    return all(end and _is_loopback(end[0]) for end in ends)


@lru_cache(maxsize=512)
def _is_loopback(address: str) -> bool:
    # Asked three times of every connection, and slow to find out.
    return ipaddress.ip_address(address).is_loopback
