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
import re
from collections.abc import Callable
from enum import Enum, auto
from itertools import chain
from typing import Final

from aiohttp.web import Request

from desktop.core.protocol import MESSAGE_LIMIT
from desktop.machine.descriptors import HOST_PLACES
from desktop.network.names import is_loopback
from desktop.server.socket import Socket

NEW_LIMIT: Final = 100
NEW_SECONDS: Final = 10.0
ASKING_SECONDS: Final = 60.0
LOOK_PAUSE: Final = 0.5
TURNS: Final = 8
"""Of the event loop, in which what somebody has sent is certainly read and understood: a whole school may arrive at
once, on a machine that is slow to read what all have asked long since."""
UNHEARD_LIMIT: Final = 576 * 1024
"""Bytes a second that make no message: a little more than aiohttp keeps of those that may not be read yet."""
INBOX: Final = memoryview(bytearray(2 * MESSAGE_LIMIT))
"""Where the system puts what comes, of whoever: no more of it is read at once, so nobody makes much wait here; asyncio
would take 256 KiB for each. What is read is taken out before the loop goes on."""
ASKED_LIMIT: Final = 8_192
FOREIGN: Final = re.compile(rb"\A(\s*[A-Z]+ )[^/ ]\S*(?= HTTP/)")
"""The method and the target of a request that is meant for a proxy (RFC 9112, section 3.2)."""


class State(Enum):
    """See the head of this module."""

    NEW = auto()
    ASKING = auto()
    IDLE = auto()
    UPGRADED = auto()


class Connection(asyncio.BufferedProtocol):
    """What asyncio knows of a connection; aiohttp's protocol is behind it."""

    __slots__ = (
        "_gate", "_inner", "_second", "_socket", "asked", "asked_at", "ended", "local", "opening", "own", "peer",
        "state", "tap", "transport", "unheard",
    )  # fmt: skip

    def __init__(self, gate: "Gate", inner: asyncio.Protocol) -> None:
        self._gate = gate
        self._inner = inner
        self._socket: Socket | None = None
        self._second = 0.0
        """When the second began whose bytes are counted; 0 if there were none yet."""
        self.unheard = 0
        """Bytes of it that came and were not read as a message: of fragments aiohttp tells nobody."""
        self.asked, self.asked_at = b"", 0.0
        """The head of the newest request, as far as ASKED_LIMIT, and when it began to come."""
        self.opening: tuple[float, bytes, float, bytes] | None = None
        """Of the handshake when it was asked for, and answered, and the lines that matter of both."""
        self.tap: Callable[[bytes], None] | None = None
        """What is told all that comes."""
        self.ended = False
        """Whether nothing more will come, though something may be answered."""
        self.state: State | None = None
        """None as long as it doesn't count, and once it counts no longer."""

    def move(self, state: State | None) -> None:
        """It does something else now; None if it is gone."""
        if state is not State.ASKING:
            self.asked = b""
        if self.state:
            self._gate.put(self, state)

    def upgrade(self, socket: Socket) -> None:
        """It is a WebSocket now, which is told at once whenever something has to wait."""
        self.move(State.UPGRADED)
        self._socket = socket
        socket.connection = self
        self.transport.set_write_buffer_limits(high=0)
        if self.ended:
            self.transport.close()

    def drop(self) -> None:
        """Close it at once, without a word."""
        self.move(None)
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
        self._inner.connection_made(transport)
        self._gate.came(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return INBOX

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(INBOX[:nbytes])
        if self.state is State.IDLE:
            self.move(State.NEW)
        if self.tap is not None:
            self.tap(data)
        now = asyncio.get_running_loop().time()
        if self.state is State.NEW:
            if not self.asked:
                self.asked_at = now
            if len(self.asked) < ASKED_LIMIT:
                self.asked += data
            # We are no proxy, for whatever target; and to some that can't be read aiohttp finds no answer.
            data = FOREIGN.sub(rb"\1http://elsewhere/", data)
        if now - self._second >= 1.0:
            self._second, self.unheard = now, 0
        self.unheard += nbytes
        if self.unheard > UNHEARD_LIMIT:
            self.drop()
            return
        self._inner.data_received(data)

    def eof_received(self) -> bool:
        self.ended = True
        self._inner.eof_received()
        # What was asked is answered all the same (RFC 9112, section 9.6).
        return self._second > 0 and self.state in (State.NEW, State.ASKING)

    def pause_writing(self) -> None:
        self._inner.pause_writing()
        if self._socket:
            self._socket.held()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
        if self._socket:
            self._socket.released()

    def connection_lost(self, exc: Exception | None) -> None:
        self.move(None)
        self._inner.connection_lost(exc)
        if self._socket:
            self._socket.released()


def connection_of(request: Request) -> Connection:
    """By which a request has come. Raises ConnectionError if it is gone."""
    connection = request.transport.get_protocol() if request.transport else None
    if not isinstance(connection, Connection):
        raise ConnectionResetError("It is gone.")
    return connection


class Gate:
    """Makes the protocol of each connection, and knows them all."""

    def __init__(self, places: int) -> None:
        """`places` is how many connections there may be, and some more from this machine."""
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._since: dict[State, dict[Connection, float]] = {state: {} for state in State}
        """Who is in each state, and since when: those first who have been in it for longest."""

    def open(self, serve: Callable[[], asyncio.Protocol]) -> None:
        """From now on connections are served by what `serve` makes: aiohttp's protocol."""
        self._serve = serve
        self._looking = self._loop.create_task(self._look())

    def close(self) -> None:
        """Look after nobody any more."""
        self._looking.cancel()

    def __call__(self) -> Connection:
        return Connection(self, self._serve())

    def came(self, connection: Connection) -> None:
        """A connection was accepted: it, or another one, may have to go."""
        if sum(map(len, self._since.values())) >= self._places + (HOST_PLACES if connection.local else 0):
            oldest = next(chain(self._since[State.IDLE], self._since[State.NEW]), connection)
            oldest.drop()
            if oldest is connection:
                return
        self.put(connection, State.NEW)

    def put(self, connection: Connection, state: State | None) -> None:
        """What a connection does has changed; None if it is gone."""
        if connection.state:
            del self._since[connection.state][connection]
        connection.state = state
        if state:
            self._since[state][connection] = self._loop.time()

    async def _look(self) -> None:
        new = self._since[State.NEW]
        while True:
            await asyncio.sleep(LOOK_PAUSE)
            for state, seconds in ((State.NEW, NEW_SECONDS), (State.ASKING, ASKING_SECONDS)):
                for connection, since in list(self._since[state].items()):
                    if since < self._loop.time() - seconds:
                        connection.drop()
            too_many = list(new)[:-NEW_LIMIT]
            for _ in range(TURNS if too_many else 0):
                await asyncio.sleep(0)
            for connection in too_many:
                if connection in new and len(new) > NEW_LIMIT:
                    connection.drop()
