"""Every connection as it comes: how many there may be, and how long they may take to ask something.

Each has a place, and a place is

    new       accepted; nothing whole has been asked yet. NEW_LIMIT of them at once, NEW_SECONDS each
    asking    a request is being answered, ASKING_SECONDS at most
    idle      kept for the next request; the one that has been idle for longest makes place if there is none
    upgraded  a WebSocket: from then on somebody else's affair, but that it takes a place

What somebody says first decides who is to answer. A handshake that comes whole, as every browser's does, becomes a
WebSocket there and then; all else is HTTP.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from desktop.machine.descriptors import HOST_PLACES
from desktop.server.socket import INBOX

NEW_LIMIT: Final = 100
NEW_SECONDS: Final = 10.0
TURNS: Final = 8
"""Of the event loop, in which what somebody has sent is certainly read and understood: a whole school may arrive at
once, on a machine that is slow to read what all have asked long since."""
ASKING_SECONDS: Final = 60.0
LOOK_PAUSE: Final = 0.5


class State(Enum):
    """See the head of this module."""

    NEW = auto()
    ASKING = auto()
    IDLE = auto()
    UPGRADED = auto()


class Place:
    """What one connection is doing, and from where."""

    __slots__ = ("_gate", "local", "own", "peer", "state", "transport")

    def __init__(self, gate: "Gate", transport: asyncio.Transport) -> None:
        self._gate = gate
        self.transport = transport
        self.state: State | None = None
        """None as long as it doesn't count, and once it counts no longer."""
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self.peer: str | None = peer[0] if peer else None
        self.own: str | None = own[0] if own else None
        """The other side's address, and ours; None if it was gone as soon as it came."""
        self.local = all(address and _is_loopback(address) for address in (self.peer, self.own))
        """Whether it comes from this machine: both ends are on loopback."""

    def move(self, state: State) -> None:
        """It does something else now."""
        if self.state:
            self._gate.moved(self, state)

    def leave(self) -> None:
        """It counts no longer."""
        if self.state:
            self._gate.moved(self, None)

    def drop(self) -> None:
        """Close the connection at once, without a word."""
        self.leave()
        self.transport.abort()


class Gate:
    """Makes the protocol of each connection, `places` of them at most.

    `upgrade` is given a place and what came first, and says whether it has made a WebSocket of that; `serve` makes the
    protocol for all else.
    """

    def __init__(
        self, upgrade: Callable[[Place, bytes], bool], serve: Callable[[Place], asyncio.Protocol], places: int
    ) -> None:
        self._upgrade = upgrade
        self._serve = serve
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._since: dict[State, dict[Place, float]] = {state: {} for state in State if state is not State.UPGRADED}
        self._upgraded = 0
        self._look: asyncio.TimerHandle | None = None

    def __call__(self) -> "Door":
        return Door(self)

    def __len__(self) -> int:
        """Open connections."""
        return sum(map(len, self._since.values())) + self._upgraded

    def came(self, transport: asyncio.Transport) -> Place:
        """A connection was accepted: it, or another one, may have to go."""
        place = Place(self, transport)
        if len(self) >= self._places + (HOST_PLACES if place.local else 0):
            for state in (State.IDLE, State.NEW):
                if self._since[state]:
                    next(iter(self._since[state])).drop()
                    break
            else:
                place.drop()
                return place
        self.moved(place, State.NEW)
        return place

    def spoke(self, place: Place, data: bytes) -> None:
        """The first that a connection says."""
        if not self._upgrade(place, data):
            protocol = self._serve(place)
            place.transport.set_protocol(protocol)
            protocol.connection_made(place.transport)
            protocol.data_received(data)

    def moved(self, place: Place, state: State | None) -> None:
        """What a connection does has changed; None if it is gone."""
        before, place.state = place.state, state
        if before is State.UPGRADED:
            self._upgraded -= 1
        elif before:
            del self._since[before][place]
        if state is State.UPGRADED:
            self._upgraded += 1
        elif state:
            self._since[state][place] = self._loop.time()
            self._look_soon()

    def close(self) -> None:
        """Drop who has said nothing yet."""
        for place in list(self._since[State.NEW]):
            place.drop()
        if self._look:
            self._look.cancel()

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

    def _drop_silent(self, places: list[Place], turns: int) -> None:
        """Drop those that are still new after so many turns of the loop."""
        if turns:
            self._loop.call_soon(self._drop_silent, places, turns - 1)
            return
        new = self._since[State.NEW]
        for place in places:
            if place in new and len(new) > NEW_LIMIT:
                place.drop()

    def _drop_older(self, state: State, than: float) -> None:
        # In the order in which they came to this state.
        for place, since in list(self._since[state].items()):
            if since > than:
                break
            place.drop()


class Door(asyncio.BufferedProtocol):
    """The protocol of each connection until it says something."""

    __slots__ = ("_gate", "_place")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._place = self._gate.came(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return INBOX

    def buffer_updated(self, nbytes: int) -> None:
        data, protocol = bytes(INBOX[:nbytes]), self._place.transport.get_protocol()
        if protocol is self:
            self._gate.spoke(self._place, data)
        # Windows reads more at once, and brings it in parts to the protocol that the first was for.
        elif isinstance(protocol, asyncio.BufferedProtocol):
            protocol.buffer_updated(nbytes)
        elif isinstance(protocol, asyncio.Protocol):
            protocol.data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._place.leave()


@lru_cache(maxsize=512)
def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
