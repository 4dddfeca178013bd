"""Every connection as it comes: how many there may be, and how long they may take to ask something.

A connection is

    new       nothing whole has been asked yet. NEW_LIMIT of them at once, NEW_SECONDS each
    asking    a request is being answered, ASKING_SECONDS at most
    idle      kept for the next request; the one that has been idle for longest makes place if there is none
    upgraded  a WebSocket: from then on somebody else's affair, but that it takes a place

aiohttp serves each of them, but tells nobody who asks nothing, who sends too much, or who takes nothing. So asyncio
knows a protocol of ours, which looks, and hands all on to aiohttp's behind it.
"""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Protocol

from aiohttp import web
from aiohttp.web import Request

from desktop.core.protocol import MESSAGE_LIMIT
from desktop.machine.descriptors import HOST_PLACES
from desktop.network.names import is_loopback

NEW_LIMIT: Final = 100
NEW_SECONDS: Final = 10.0
ASKING_SECONDS: Final = 60.0
LOOK_PAUSE: Final = 0.5
"""Seconds between two looks. Who is new at both had the time to ask: a whole school may arrive at once, on a machine
that is slow to read what all have asked long since."""
INBOX: Final = memoryview(bytearray(2 * MESSAGE_LIMIT))
"""Where the system puts what comes, of whoever: no more of it is read at once, so nobody makes much wait here; asyncio
would take 256 KiB for each. What is read is taken out before the loop goes on."""


class State(Enum):
    """See the head of this module."""

    NEW = auto()
    ASKING = auto()
    IDLE = auto()
    UPGRADED = auto()


class Upgraded(Protocol):
    """What a connection is told of once it is a WebSocket."""

    def came(self, nbytes: int) -> bool:
        """So much has come; False if it has to be dropped for that."""

    def held(self) -> None:
        """Something that was written has to wait."""

    def released(self) -> None:
        """Nothing has to wait any more."""


class Connection(asyncio.BufferedProtocol):
    """What asyncio knows of a connection; aiohttp's protocol is behind it."""

    __slots__ = (
        "_gate", "_inner", "_socket", "local", "own", "peer", "since", "state", "transport",
    )  # fmt: skip

    def __init__(self, gate: "Gate", inner: asyncio.Protocol) -> None:
        self._gate = gate
        self._inner = inner
        self._socket: Upgraded | None = None
        self.state: State | None = None
        """None as long as it doesn't count, and once it counts no longer."""
        self.since = 0.0

    def move(self, state: State) -> None:
        """It does something else now."""
        if self.state:
            self._gate.moved(self, state)

    def upgrade(self, socket: Upgraded) -> None:
        """It is a WebSocket now, which is told at once whenever something has to wait."""
        self.move(State.UPGRADED)
        self._socket = socket
        self.transport.set_write_buffer_limits(high=0)

    def drop(self) -> None:
        """Close it at once, without a word."""
        self._gate.moved(self, None)
        self.transport.abort()

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self.peer: str | None = peer[0] if peer else None
        self.own: str | None = own[0] if own else None
        """The other side's address, and ours; None if it was gone as soon as it came."""
        self.local = all(address and is_loopback(address) for address in (self.peer, self.own))
        """Whether it comes from this machine: both ends are on loopback."""
        if not self._gate.came(self):
            self._inner = asyncio.Protocol()  # which is told, and does nothing
            transport.abort()
        self._inner.connection_made(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return INBOX

    def buffer_updated(self, nbytes: int) -> None:
        if self.state is State.IDLE:
            self.move(State.NEW)
        self._inner.data_received(bytes(INBOX[:nbytes]))
        if self._socket and not self._socket.came(nbytes):
            self.drop()

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()
        if self._socket:
            self._socket.held()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
        if self._socket:
            self._socket.released()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.moved(self, None)
        self._inner.connection_lost(exc)


CONNECTION: Final = web.RequestKey("connection", Connection)


class Gate:
    """Makes the protocol of each connection, and knows them all."""

    def __init__(self, places: int) -> None:
        """`places` is how many connections there may be, and some more from this machine."""
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._all: dict[asyncio.BaseTransport | None, Connection] = {}
        # In the order in which they came to their state.
        self._by: dict[State, dict[Connection, None]] = {state: {} for state in State}
        self._timer: asyncio.TimerHandle | None = None
        self._looked = 0.0

    def open(self, serve: Callable[[], asyncio.Protocol]) -> None:
        """From now on connections are served by what `serve` makes: aiohttp's protocol."""
        self._serve = serve

    def __call__(self) -> Connection:
        return Connection(self, self._serve())

    def connection(self, request: Request) -> Connection:
        """By which a request has come; kept with it, under CONNECTION. Raises ConnectionError if it is gone."""
        if request.transport not in self._all:
            raise ConnectionResetError("It is gone.")
        request[CONNECTION] = found = self._all[request.transport]
        return found

    def came(self, connection: Connection) -> bool:
        """Whether there is place for one more; another one may have to make it."""
        if len(self._all) >= self._places + (HOST_PLACES if connection.local else 0):
            waiting = next(iter(self._by[State.IDLE]), None) or next(iter(self._by[State.NEW]), None)
            if waiting is None:
                return False
            waiting.drop()
        self._all[connection.transport] = connection
        self.moved(connection, State.NEW)
        return True

    def moved(self, connection: Connection, state: State | None) -> None:
        """What a connection does has changed; None if it is gone."""
        if connection.state:
            del self._by[connection.state][connection]
        connection.state, connection.since = state, self._loop.time()
        if state is None:
            self._all.pop(connection.transport, None)
            return
        self._by[state][connection] = None
        if self._timer is None and state in (State.NEW, State.ASKING):
            self._looked = connection.since
            self._timer = self._loop.call_later(LOOK_PAUSE, self._look)

    def close(self) -> None:
        """Drop who has said nothing yet."""
        for connection in list(self._by[State.NEW]):
            connection.drop()
        if self._timer:
            self._timer.cancel()

    def _look(self) -> None:
        now, before, self._looked = self._loop.time(), self._looked, self._loop.time()
        new, asking = list(self._by[State.NEW]), list(self._by[State.ASKING])
        too_many = [connection for connection in new[:-NEW_LIMIT] if connection.since <= before]
        too_late = [connection for connection in new if connection.since <= now - NEW_SECONDS]
        too_late += [connection for connection in asking if connection.since <= now - ASKING_SECONDS]
        for connection in {*too_many, *too_late}:
            connection.drop()
        self._timer = self._loop.call_later(LOOK_PAUSE, self._look) if new or asking else None
