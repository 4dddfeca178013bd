"""Those who use the counter while everything around them fails. All they see goes into one history.

They are impatient: what doesn't answer within a second is left alone, half open, and may still deliver later what it
was given. So an operation that is sent again over a new connection can come in twice, and in any order.
"""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Any, Final

import aiohttp
from aiohttp import WSMsgType

from desktop.core.protocol import V1
from tests.faults.checker import Acknowledged, Event, Invoked, Read, Refused

SILENCE: Final = 1.0
"""Seconds without a word, after which a connection is given up."""
ACK_WITHIN: Final = 2.0
PING_PAUSE: Final = 0.2
DELTA_MOST: Final = 1_000


def unlimited() -> aiohttp.TCPConnector:
    """As many connections as there are people."""
    return aiohttp.TCPConnector(limit=0)


class Record:
    """What all have seen together, and what else there is to count."""

    def __init__(self) -> None:
        self.history: list[Event] = []
        self.epochs: set[str] = set()
        """The journals that the server said it has: one."""
        self.surprises: list[str] = []
        """What no server should say to clients like these."""
        self.counts: Counter[str] = Counter()

    def note(self, event: Event) -> None:
        """Something has happened, now."""
        self.history.append(event)


class Person:
    """Somebody who stays connected as well as they can. `host` is whom they ask for, with `port` they reach it."""

    name: str
    protocols: tuple[str, ...] = ()

    def __init__(self, session: aiohttp.ClientSession, port: int, host: str, record: Record) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/ws"
        self._host = host
        self.record = record
        self.answered = 0.0
        """When what was answered last was asked."""
        self.begun = 0.0
        """The newest moment that the server has heard of for sure, judging by what it said over this connection."""
        self.value: int | None = None
        """The newest that was told over this connection."""
        self.revision: int | None = None
        self._connections = 0

    @property
    def connection(self) -> str:
        return f"{self.name}/{self._connections}"

    async def stay(self) -> None:
        """Connect, again and again, until cancelled."""
        while True:
            try:
                await self._connected()
            except (OSError, aiohttp.ClientError):
                self.record.counts["failures"] += 1
            self.value = self.revision = None
            await asyncio.sleep(0.05)

    async def _connected(self) -> None:
        self._connections += 1
        self.begun = time.monotonic()
        # Nobody waits long for the answer to a close frame.
        timeout = aiohttp.ClientWSTimeout(ws_close=0.05)
        async with asyncio.timeout(SILENCE):
            ws = await self._session.ws_connect(
                self._url, protocols=self.protocols, headers={"Host": self._host}, timeout=timeout, autoping=False
            )
        try:
            self.record.counts["connections"] += 1
            await self._listen(ws)
        finally:
            await ws.close()

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        heard_at = time.monotonic()
        ping_at = 0.0
        while (now := time.monotonic()) - heard_at < SILENCE and self.patient():
            if now >= ping_at:
                # Ask all the time what is certain by now.
                await ws.ping(repr(now).encode())
                ping_at = now + PING_PAUSE
            with suppress(TimeoutError):
                message = await ws.receive(timeout=ping_at - now)
                if not await self._heard(ws, message):
                    return
                heard_at = time.monotonic()
        raise TimeoutError

    async def _heard(self, ws: aiohttp.ClientWebSocketResponse, message: aiohttp.WSMessage) -> bool:
        """Whether there is more to come."""
        match message.type:
            case WSMsgType.TEXT:
                await self.take(ws, json.loads(message.data))
            case WSMsgType.PING:
                await ws.pong(message.data)
            case WSMsgType.PONG:
                self.answered = float(message.data)
                self.begun = max(self.begun, self.answered)
            case _:
                if ws.close_code not in (None, 1000, 1001, 1006):
                    self.record.surprises.append(f"{self.connection} was closed with {ws.close_code}")
                return False
        return True

    def patient(self) -> bool:
        """Whether to stay with this connection."""
        return True

    async def take(self, ws: aiohttp.ClientWebSocketResponse, message: dict[str, Any]) -> None:
        raise NotImplementedError

    def read(self, value: int, revision: int | None) -> None:
        self.value, self.revision = value, revision
        self.record.note(Read(self.begun, time.monotonic(), self.connection, value, revision))


class ClassicReader(Person):
    """Only looks, as the course's original page does."""

    def __init__(self, number: int, session: aiohttp.ClientSession, port: int, host: str, record: Record) -> None:
        super().__init__(session, port, host, record)
        self.name = f"classic-{number}"

    async def take(self, ws: aiohttp.ClientWebSocketResponse, message: dict[str, Any]) -> None:
        if "error" in message:
            self.record.surprises.append(f"{self.connection} was told {message}")
        self.read(message["counter"], None)


class Clicker(Person):
    """Adds and subtracts, connected or not, and sends again what isn't acknowledged."""

    protocols = (V1,)

    def __init__(
        self,
        number: int,
        session: aiohttp.ClientSession,
        port: int,
        host: str,
        record: Record,
        choices: random.Random,
        pause: float,
    ) -> None:
        super().__init__(session, port, host, record)
        self.name = f"clicker-{number:015}"
        self._choices = choices
        self._pause = pause
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._clicks: list[Invoked] = []
        self._next = 1
        """The number of the next operation that goes over this connection."""
        self._sent_to = 0
        """The newest operation that went over any connection."""
        self._acknowledged_to = 0
        self._waiting_since = 0.0

    @property
    def added(self) -> int:
        """The sum of all its clicks."""
        return sum(click.delta for click in self._clicks)

    @property
    def waiting(self) -> int:
        """How many of its operations aren't acknowledged."""
        return len(self._clicks) - self._acknowledged_to

    async def click(self) -> None:
        """Click on and on, until cancelled: every `pause` seconds on the average."""
        while True:
            await asyncio.sleep(self._choices.expovariate(1 / self._pause))
            # A 0 now and then, which is refused.
            size = self._choices.randint(1, DELTA_MOST) if self._choices.random() < 0.98 else 0
            click = Invoked(time.monotonic(), self.name, len(self._clicks) + 1, size * self._choices.choice((-1, 1)))
            if not self.waiting:
                self._waiting_since = click.at
            self._clicks.append(click)
            self.record.note(click)
            if self._ws:
                with suppress(OSError, aiohttp.ClientError):
                    await self._send(self._ws)

    def patient(self) -> bool:
        return not (self._ws and self.waiting and time.monotonic() - self._waiting_since > ACK_WITHIN)

    async def _connected(self) -> None:
        self._ws = None
        try:
            await super()._connected()
        finally:
            self._ws = None

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._hello_at: float | None = time.monotonic()
        await ws.send_json({"type": "hello", "client": self.name, "name": self.name[-8:]})
        await super()._listen(ws)

    async def _send(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """Send what hasn't gone over this connection yet."""
        while self._next <= len(self._clicks):
            click = self._clicks[self._next - 1]
            self.record.counts["sent again" if click.op <= self._sent_to else "sent"] += 1
            self._sent_to = max(self._sent_to, click.op)
            self._next += 1
            await ws.send_json({"type": "add", "op": click.op, "delta": click.delta})

    async def take(self, ws: aiohttp.ClientWebSocketResponse, message: dict[str, Any]) -> None:
        if message["type"] == "error":
            self._told_of_an_error(message)
            return
        if "epoch" in message:
            self.record.epochs.add(message["epoch"])
        if "ack" in message:
            await self._acknowledged(ws, message["ack"])
        self.read(message["counter"], message["revision"])

    def _told_of_an_error(self, message: dict[str, Any]) -> None:
        op = message.get("op")
        if message["code"] == "out_of_range" and op and self._clicks[op - 1].delta == 0:
            self.record.note(Refused(time.monotonic(), self.name, op))
        else:
            self.record.surprises.append(f"{self.connection} was told {message}")

    async def _acknowledged(self, ws: aiohttp.ClientWebSocketResponse, ack: int) -> None:
        now = time.monotonic()
        self.record.note(Acknowledged(now, self.name, ack))
        if ack > self._acknowledged_to:
            self._waiting_since = now
            self._acknowledged_to = ack
        # Whoever acknowledges a click has heard of it: what it says is no older.
        for click in self._clicks[ack - 1 : ack]:
            self.begun = max(self.begun, click.at)
        if self._hello_at is not None:
            # The answer to the hello: everything beyond it goes out now, in its order.
            self.begun = max(self.begun, self._hello_at)
            self._hello_at = None
            self._waiting_since = now
            self._next = ack + 1
            self._ws = ws
            await self._send(ws)
