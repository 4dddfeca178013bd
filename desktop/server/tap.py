"""One connection as it is watched by its own page: what crosses it is taken where it passes, in front of aiohttp.

Nothing of this is there for a connection that nobody watches: what comes is handed on after one look (`gate`), and
only while somebody watches does a function of ours stand in front of the transport's `write`, by which all that is sent
goes, whoever sends it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from desktop.core.answers import Wire, encode
from desktop.core.commands import Command, Send
from desktop.core.counter import Age, AnyOperation
from desktop.core.reel import Event, Reel
from desktop.core.wire import CLOSE, PAGE, SERVER, Frame, Lane, opening
from desktop.server.gate import Connection
from desktop.server.socket import TEXT, Socket, frame

WATCH_LIMIT: Final = 40
"""Who may watch at once."""
MOST: Final = 4_096
"""Bytes of events in one message: what comes after it doesn't wait long, however slow the network."""
PAUSE: Final = 0.1
"""Seconds after a message, or after something had to wait, in which states go first."""
_STATE: Final = b'{"type":"state"'
_CLASSIC: Final = b'{"counter":'


@contextmanager
def _overheard(transport: asyncio.Transport, hear: Callable[[bytes], None]) -> Iterator[None]:
    """All that is written meanwhile is told, too."""
    write = transport.write

    def told(data: bytes) -> None:
        write(data)
        hear(bytes(data))

    transport.write = told  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del transport.write  # so it is the transport's own again


async def opened(connection: Connection, answering: Awaitable[object]) -> None:
    """Keep, while a handshake is answered, what matters of it: whoever comes to watch later wants to see it, too."""
    answer = bytearray()
    with _overheard(connection.transport, answer.extend):
        await answering
    now = asyncio.get_running_loop().time()
    connection.opening = connection.asked_at, opening(connection.asked), now, opening(bytes(answer))


def _kind(name: str, message: bytes) -> str:
    """By which name a state is merged with others: those that only say how many are here with their like."""
    if b'"ack":' in message or b'"settings":' in message:
        return ""
    return f"{name} of people" if b'"people":' in message else name


class Tap:
    """On the connection of one socket, whose client it is known to be."""

    def __init__(self, socket: Socket, connection: Connection, client: str, loop: asyncio.AbstractEventLoop) -> None:
        self.client = client
        self.told = False
        """Whether in this beat it was told that an operation of its own is decided."""
        self.states, self.state_at = 0, 0.0
        """How many it was sent in this beat, and when the last."""
        self._socket = socket
        self._connection = connection
        self._loop = loop
        self._write = connection.transport.write
        self._from_page, self._from_server = Lane(PAGE, sure=not client), Lane(SERVER)
        self._reel = Reel()
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._over = False
        if connection.opening:
            asked_at, asked, answered_at, answered = connection.opening
            self.add(Event(what="http", at=asked_at, source=PAGE, text=asked.decode()))
            self.add(Event(what="http", at=answered_at, source=SERVER, text=answered.decode()))
        connection.tap = self._received
        connection.transport.write = self._sent  # type: ignore[method-assign, assignment]

    def close(self) -> None:
        """Nobody watches any more."""
        self.leave()
        if self._connection.tap == self._received:
            self._connection.tap = None
            del self._connection.transport.write  # so it is the transport's own again

    def leave(self) -> None:
        """Nothing more comes but the end."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    # --- what crosses ---

    def _received(self, data: bytes) -> None:
        for one in self._from_page.take(data, self._loop.time()):
            self._show(PAGE, one)
            if one.said.get("type") == "hello":
                self.client = str(one.said.get("client"))

    def _sent(self, data: bytes) -> None:
        frames = self._from_server.take(bytes(data), self._loop.time())
        for one in frames:
            self._show(SERVER, one)
        if any(one.opcode == CLOSE for one in frames):
            self._flush()
            self._over = True  # behind it nothing may be sent (RFC 6455, section 5.5.1)
        self._write(data)

    def _show(self, source: str, one: Frame) -> None:
        is_state = source == SERVER and one.said.get("type") == "state"
        alike = ""
        if is_state:
            self.states += 1
            self.state_at = one.at
            alike = _kind("state", one.data)
            self.told = self.told or not alike
        self.add(Event(what="frame", at=one.at, source=source, frame=one.data, struck=list(one.struck)), alike)

    # --- what is told of it ---

    def add(self, event: Event, alike: str = "") -> None:
        """Something to show has happened; what has the same name as another may be merged with it."""
        self._reel.add(event, self._loop.time(), alike)
        self._schedule()

    def drained(self) -> None:
        """What had to wait has left; the states that waited go first."""
        self._not_before = self._loop.time() + PAUSE
        self._schedule()

    def _schedule(self) -> None:
        due = max(self._reel.due(), self._not_before)
        if self._socket.is_held or (self._timer and self._timer.when() <= due):
            return
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._flush) if due < float("inf") else None

    def _flush(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._over or self._socket.is_held or self._connection.transport.is_closing():
            return
        if events := self._reel.take(MOST, now):
            self._not_before = now + PAUSE / 2
            self._write(frame(TEXT, encode(Wire(now=now, events=events))))
        self._schedule()


class Taps:
    """All who watch, and what the hub tells them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.open: dict[Socket, Tap] = {}
        self._loop = loop
        self._came: float | None = None
        self._began = (0.0, 0.0)
        """When the first of a batch came, and when it went to the journal."""

    def watch(self, socket: Socket, client: str, wire: bool) -> bool:
        """Begin, or stop; False if there is no place."""
        if not wire:
            if tap := self.open.pop(socket, None):
                tap.close()
        elif socket not in self.open and socket.connection:
            if len(self.open) >= WATCH_LIMIT:
                return False
            self.open[socket] = Tap(socket, socket.connection, client, self._loop)
        return True

    def leave(self, socket: Socket) -> None:
        """Its place is free; it may still be told the end."""
        if tap := self.open.pop(socket, None):
            tap.leave()

    def drained(self, socket: Socket) -> None:
        """What was written has left."""
        if tap := self.open.get(socket):
            tap.drained()

    def came(self) -> None:
        """Somebody asked for an operation."""
        if self._came is None:
            self._came = self._loop.time()

    def recording(self) -> None:
        """What came is given to the journal."""
        now = self._loop.time()
        self._began, self._came = (self._came or now, now), None

    def recorded(self, operations: Sequence[AnyOperation]) -> None:
        """The journal has given back what it was given."""
        (came, began), now = self._began, self._loop.time()
        operations = [operation for operation in operations if not isinstance(operation, Age)]  # which is nobody's
        for tap in self.open.values():
            own = sum(operation.client == tap.client for operation in operations)
            others = len(operations) - own
            if others:
                tap.add(Event(what="others", at=came, until=began, source=PAGE, count=others), "others")
            ms = round((now - began) * 1_000, 3)
            tap.add(Event(what="journal", at=now, operations=len(operations), own=own, ms=ms), "" if own else "journal")

    def beat(self) -> None:
        """One begins."""
        for tap in self.open.values():
            tap.states, tap.told = 0, False

    def told(self, commands: Sequence[Command]) -> None:
        """What was sent in this beat."""
        states = [c for c in commands if isinstance(c, Send) and c.message.startswith((_STATE, _CLASSIC))]
        if not states:
            return
        now = self._loop.time()
        total = sum(len(send.keys) for send in states)
        common = max(states, key=lambda send: len(send.keys)) if any(len(s.keys) > 1 for s in states) else None
        data = frame(TEXT, common.message) if common else b""
        for socket, tap in self.open.items():
            if to := total - tap.states:
                alike = "" if tap.told else _kind("broadcast", data)
                at = tap.state_at if tap.states else now
                tap.add(Event(what="broadcast", at=at, source=SERVER, to=to, frame=data), alike)
            if not tap.states and socket.is_held:
                tap.add(Event(what="skipped", at=now, source=SERVER), "skipped")
