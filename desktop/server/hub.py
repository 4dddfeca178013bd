"""The hub does what the room says: it owns the sockets, keeps the beat and talks to the journal.

Everything here runs in one event loop, and nothing waits between an event and the commands it led to.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from math import inf
from typing import Final

import msgspec

from desktop.core.answers import Elsewhere, Error, Network, encode
from desktop.core.commands import Bots, Close, Command, Heartbeat, Pause, Record, Send, Watch
from desktop.core.operations import AnyOperation
from desktop.core.protocol import SENTENCES, Code
from desktop.core.room import Room
from desktop.journal import Journal, JournalError
from desktop.server import bots
from desktop.server.socket import PING, TEXT, Socket, frame
from desktop.server.tap import Taps

log = logging.getLogger(__name__)

RESTART: Final = 1012
"""The close code "service restart": come again (registered with IANA, RFC 6455, section 11.7)."""
PRESENCE_PAUSE: Final = 10.0
"""Seconds from one number of people here to the next that the journal is told without a click."""
WITNESS_PAUSE: Final = 0.25
"""Seconds that the journal's witness may lag behind."""
SNAPSHOT_EVERY: Final = 10_000
"""Entries: as many as a start may have to replay."""


class Hub:
    """Binds one room to sockets and a journal. Made, and used, in a running event loop."""

    def __init__(self, room: Room, journal: Journal, last: int) -> None:
        """`last` is the number of the journal's newest entry."""
        self.room = room
        self._journal = journal
        self._last = last
        self._kept = last
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.sockets: set[Socket] = set()
        """Of those who are in the room."""
        self.taps = Taps(self._loop)
        self.bots = bots.Bots()
        self._closing: set[asyncio.Task[None]] = set()
        self._appending: Future[None] | None = None
        self._failing = False
        self._witnessing: asyncio.TimerHandle | None = None
        self._network: Network | None = None
        self._counting: asyncio.TimerHandle | None = None
        self._seen = 0
        self.closing = False

    # --- events ---

    def join(self, socket: Socket, *, v1: bool, local: bool, watch: bool = False, bot: bool = False) -> None:
        """A handshake is done; who comes by it may `watch` from the start, and may be a `bot` of a lesson."""
        self.sockets.add(socket)
        watching = [Watch(socket, "", True)] if watch else []
        self._do([*watching, self.room.join(socket, self._loop.time(), v1=v1, local=local, bot=bot)])

    def receive(self, socket: Socket, text: str) -> None:
        """A text message came."""
        if socket in self.room and not self.closing:
            commands = self.room.receive(socket, text, self._loop.time())
            if self.taps.open and not commands:
                self.taps.came()
            self._do(commands)

    def heard(self, socket: Socket) -> None:
        """A sign of life came."""
        if socket in self.room:
            self._do(self.room.heard(socket, self._loop.time()))

    def stalled(self, socket: Socket) -> None:
        """Some of what was written has to wait."""
        self.room.stalled(socket, self._loop.time())

    def drained(self, socket: Socket) -> None:
        """What had to wait has left."""
        if socket in self.room:
            self.room.drained(socket, self._loop.time())
            self._schedule()
            self.taps.drained(socket)

    def leave(self, socket: Socket) -> None:
        """Nothing more will come."""
        if socket in self.sockets:
            self.sockets.remove(socket)
            self.taps.leave(socket)
            self.room.leave(socket, self._loop.time())
            self._schedule()

    def announce(self, network: Network) -> None:
        """Others join at another address now."""
        self._network = network
        self._do(self.room.announce(network))

    def meet(self, elsewhere: Sequence[Elsewhere]) -> None:
        """So many are with the other hosts that share the counter."""
        self.room.meet(elsewhere)
        self._schedule()

    def renew(self, room: Room, last: int) -> None:
        """The journal has another history now, and `room` what it begins with: everybody is sent there anew."""
        for socket in list(self.sockets):
            self._perform(Close(socket, RESTART, "The counter begins anew."))
        self.room, self._last, self._kept, self._failing = room, last, last, False
        if self._network:
            self.announce(self._network)
        self._schedule()

    def recorded(self, operations: Sequence[AnyOperation], last: int) -> None:
        """The journal has made these durable."""
        self._last = last
        self._failing = False
        if self.taps.open:
            self.taps.recorded(operations)
        self._do(self.room.recorded(operations, self._loop.time()))
        if self._witnessing is None:
            self._witnessing = self._loop.call_later(WITNESS_PAUSE, self._witness)
        if last - self._kept >= SNAPSHOT_EVERY:
            self._keep()

    async def close(self) -> None:
        """Finish what has arrived, then tell everybody that the server goes away: 1001, at once and together."""
        self.closing = True
        await self.bots.close()
        while not self._failing:
            pending = self._appending
            if pending and not pending.done():
                with suppress(Exception):  # which `_failed` is told
                    await asyncio.wrap_future(pending)
            await asyncio.sleep(0)  # in which what was delivered is taken
            self.room.hurry()
            if not self._tick() and pending is self._appending:
                break
        if self._timer:
            self._timer.cancel()
        for socket in list(self.sockets):
            self._perform(Close(socket, 1001, "The server is stopping."))
        if self._closing:
            await asyncio.wait(self._closing)
        if self._counting:
            self._counting.cancel()
        self._journal.see(0)
        if self._witnessing:
            self._witnessing.cancel()
            self._witness()
        if self._last > self._kept and not self._failing:
            await asyncio.wait([self._keep()])

    # --- commands ---

    def _do(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self._perform(command)
        self._schedule()

    def _perform(self, command: Command) -> None:
        match command:
            case Send(sockets, message):
                data = frame(TEXT, message)
                for socket in sockets:
                    socket.write(data)
            case Record(operations, present):
                self.taps.recording()
                self._appending = self._journal.append(operations, present)
                self._appending.add_done_callback(self._appended)
            case Pause(socket, seconds):
                socket.pause(seconds)
            case Watch(socket, client, wire):
                if not self.taps.watch(socket, client, wire):
                    full = Error(code=Code.FULL, message=SENTENCES[Code.FULL])
                    self._perform(Send((socket,), encode(full)))
            case Bots(wanted):
                self.bots.want(wanted)
            case Heartbeat(sockets):
                data = frame(PING, b"")
                for socket in sockets:
                    socket.write(data)
            case Close(socket, None):
                self.leave(socket)
                socket.abort()
            case Close(socket, int(code), reason):
                self.leave(socket)
                closing = self._loop.create_task(socket.close(code, reason))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

    # --- the beat ---

    def _schedule(self) -> None:
        """Call `_tick` when the room wants it; never within this call, so that what comes together is done together."""
        if self._counting is None and self.room.people != self._seen:
            self._counting = self._loop.call_later(PRESENCE_PAUSE, self._count)
        due = self.room.due()
        if self._timer is None or due < self._timer.when():
            if self._timer:
                self._timer.cancel()
            self._timer = self._loop.call_at(due, self._tick) if due < inf else None

    def _tick(self) -> bool:
        """Do what is due; False if nothing was."""
        self._timer = None
        started = self._loop.time()
        if self.taps.open:
            self.taps.beat()
        self.room.hour = int(time.time() // 3600)
        commands = self.room.tick(started)
        for command in commands:
            self._perform(command)
        if any(isinstance(command, Send) for command in commands):
            self.room.flushed(started, self._loop.time())
            if self.taps.open:
                self.taps.told(commands)
        self._schedule()
        return bool(commands)

    # --- the journal ---

    def _appended(self, done: Future[None]) -> None:
        # In the journal's thread. What was recorded has been delivered already.
        if error := done.exception():
            self._loop.call_soon_threadsafe(self._failed, error)

    def _failed(self, error: BaseException) -> None:
        if not self._failing:
            self._failing = True
            # Anything but a JournalError is a mistake of ours, and wants to be found; it is no reason to drop anything.
            mistake = None if isinstance(error, JournalError) else error
            log.error("%s What is counted meanwhile is kept, and tried again every second.", error, exc_info=mistake)
        self._do(self.room.failed(self._loop.time()))

    def _witness(self) -> None:
        self._witnessing = None
        counter = self.room.counter
        self._journal.witness(self._last, counter.value, counter.revision, counter.settings)

    def _count(self) -> None:
        self._counting = None
        self._seen = self.room.people
        self._journal.see(self._seen)

    def _keep(self) -> asyncio.Future[None]:
        """Keep a snapshot: the next start needn't replay what is in it."""
        self._kept = self._last
        keeping = asyncio.wrap_future(self._journal.snapshot(msgspec.json.encode(self.room.counter), self._last))
        keeping.add_done_callback(self._snapshot_kept)
        return keeping

    def _snapshot_kept(self, done: asyncio.Future[None]) -> None:
        # Without it the next start only takes longer.
        if error := done.exception():
            log.warning("No snapshot: %s", error)
