"""Bots for a lesson in which few take part: real WebSocket connections over loopback, which tap as people do.

They come in by the same door as everybody, but for a word that nobody else knows: by it the room counts them for
nobody.
"""

import asyncio
import hmac
import random
import secrets
from contextlib import suppress
from math import inf
from typing import Any, Final

import aiohttp
from aiohttp import web

from desktop.core.protocol import V1

QUIET: Final = 0.25
"""Seconds without a tap, after which the taps are sent: the page's."""
TALLY: Final = 0.5
"""Seconds after which it says how often it has tapped, if it has said nothing else."""
RUN: Final = 6
"""Taps in a row, at most, before one takes a breath."""


class Bots:
    """All that there are, in the running event loop; `port` is where the server is on loopback, once it is."""

    def __init__(self) -> None:
        self.port: int | None = None
        self._word = f"Bearer {secrets.token_urlsafe(32)}"
        self._playing: list[asyncio.Task[None]] = []

    def owns(self, request: web.Request) -> bool:
        """Whether it is one of ours that asks for a WebSocket."""
        offered = request.headers.get("Authorization", "")
        return hmac.compare_digest(offered.encode(errors="surrogateescape"), self._word.encode())

    def want(self, number: int) -> None:
        """So many take part from now on."""
        self._playing = [playing for playing in self._playing if not playing.done()]
        while len(self._playing) > number:
            self._playing.pop().cancel()
        while self.port and len(self._playing) < number:
            self._playing.append(asyncio.get_running_loop().create_task(self._play(self.port)))

    async def close(self) -> None:
        """Let all go, and wait until they have."""
        playing = self._playing
        self.want(0)
        await asyncio.gather(*playing, return_exceptions=True)

    async def _play(self, port: int) -> None:
        url, headers = f"ws://127.0.0.1:{port}/ws", {"Authorization": self._word}
        # A server without a place for it, or one that stops: a bot less.
        with suppress(aiohttp.ClientError, ConnectionError):
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(url, protocols=(V1,), headers=headers) as ws,
            ):
                await Bot(ws).play()


class Bot:
    """A page in a lesson, without a page: the rules are those of web/lesson/model.js."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        self._loop = asyncio.get_running_loop()
        self._lesson = 0
        self._stage = ""
        self._made = 0
        """Taps in this half."""
        self._gathered = 0
        """Taps that were not sent yet; in the first half those that nothing has overwritten."""
        self._op = 0
        self._counter = self._revision = 0
        self._began = inf
        """When the half began; nothing that is told of it comes too early, so the earliest is the nearest."""
        self._sent = False
        """Whether nothing was heard since a number was sent."""
        self._told: dict[str, Any] = {}
        self._said = 0.0
        self._sending: asyncio.TimerHandle | None = None
        self._saying: set[asyncio.Task[None]] = set()

    async def play(self) -> None:
        """Take part until the connection ends."""
        await self._ws.send_json({"type": "hello", "client": secrets.token_urlsafe(24)})
        tapping = self._loop.create_task(self._tap_now_and_then())
        try:
            async for message in self._ws:
                self._hear(message.json())
        finally:
            tapping.cancel()
            if self._sending:
                self._sending.cancel()

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("type") != "lesson":
            return
        self._lesson = message["lesson"]
        stage, before = message.get("stage", self._stage), self._stage
        if stage != before:
            self._stage = stage
            if stage in ("one", "two"):
                self._made = self._gathered = self._op = self._revision = 0
                self._began, self._sent, self._told = inf, False, {}
        if "left" in message and "seconds" in message:
            self._seconds = message["seconds"]
        if "left" in message and stage in ("one", "two"):
            self._began = min(self._began, self._loop.time() + message["left"] / 1_000 - self._seconds)
        if "counter" not in message or message["revision"] < self._revision:
            return
        if stage in ("one", "rest") and message["revision"] > self._revision:
            # What comes from the server is what the page shows, whatever was tapped since.
            self._gathered = 0
            if self._sent:
                self._told = {"told": {"revision": message["revision"], "at": self._at()}}
                self._sent = False
        self._counter, self._revision = message["counter"], message["revision"]

    def _at(self) -> float:
        return max(0.0, round((self._loop.time() - self._began) * 1_000, 1))

    async def _tap_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(random.uniform(0.4, 2.2))
            for _ in range(random.randint(1, RUN)):
                if self._stage not in ("one", "two"):
                    break
                self._tap()
                if self._loop.time() - self._said > TALLY:
                    self._say({})
                await asyncio.sleep(random.uniform(0.13, 0.235))

    def _tap(self) -> None:
        self._made += 1
        self._gathered += 1
        if self._sending:
            self._sending.cancel()
        self._sending = self._loop.call_later(QUIET, self._send)

    def _send(self) -> None:
        self._sending = None
        if self._stage in ("one", "rest"):
            shown = self._counter + self._gathered
            self._say({"set": {"counter": shown, "seen": self._revision, "at": self._at()}})
            self._sent = True
        else:
            self._op += 1
            self._say({"add": {"op": self._op, "delta": self._gathered}})
            self._gathered = 0

    def _say(self, what: dict[str, Any]) -> None:
        self._said = self._loop.time()
        half = 1 if self._stage in ("one", "rest") else 2
        said = {"type": "taps", "lesson": self._lesson, "half": half, "made": self._made, **what, **self._told}
        self._told = {}
        saying = self._loop.create_task(self._ws.send_json(said))
        self._saying.add(saying)
        saying.add_done_callback(self._saying.discard)
