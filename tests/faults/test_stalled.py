"""Clients that take nothing, or little: they cost next to no memory, hold nobody up, and find their way back."""

import asyncio
import json
import socket
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

import pytest
from aiohttp import web

import desktop.core.liveness
import desktop.server.websockets
from desktop.journal.sqlite import SqliteJournal
from desktop.network.listening import listen
from desktop.server.hub import Hub
from desktop.server.pages import Pages
from desktop.server.socket import PING, TEXT, Socket
from tests.desktop.support import BOB, PATIENCE, Client, RawSocket, Served, page_folder, raw_socket, served, true

STALLED = 100
PINGS = 100
V1_OFFER = "Sec-WebSocket-Protocol: lan-counter.v1"


class WatchedSocket(Socket):
    """Remembers the most that has waited in this process to be sent, and the longest that was to be sent at once."""

    all: list["WatchedSocket"]

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport, hub: Hub) -> None:
        super().__init__(ws, transport, hub)
        self.transport = transport
        self.most = self.longest = 0
        self.all.append(self)

    def write(self, frame: bytes) -> None:
        super().write(frame)
        self.most = max(self.most, self.transport.get_write_buffer_size())
        self.longest = max(self.longest, len(frame))


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """Served so that all buffers on the way to a client are small: they are full soon."""
    WatchedSocket.all = []
    monkeypatch.setattr(desktop.server.websockets, "Socket", WatchedSocket)
    (sock,) = listen(["127.0.0.1"], 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    async with served(SqliteJournal(tmp_path / "counter.db"), Pages(page_folder(tmp_path / "web")), sock) as running:
        yield running


@asynccontextmanager
async def greeted(server: Served, client: str) -> AsyncIterator[RawSocket]:
    """Somebody who has said hello, and reads nothing by themselves."""
    async with raw_socket(server.port, receive_buffer=4096) as raw:
        await raw.handshake(server.port, V1_OFFER)
        await raw.say(TEXT, json.dumps({"type": "hello", "client": client}).encode())
        yield raw


async def stall(raw: RawSocket) -> None:
    """Ask for more than fits into all buffers."""
    await raw.send((bytes((PING, 0x80 | 125)) + bytes(4) + b"x" * 125) * PINGS)


class Pressers:
    """Some who take turns in clicking: none of them clicks too fast."""

    @classmethod
    async def join(cls, server: Served) -> Self:
        return cls([await server.page(name + "P" * 20) for name in ("ada", "cem", "dora", "eve")])

    def __init__(self, pages: list[Client]) -> None:
        self._pages = pages
        self.clicks = 0

    async def press(self, times: int) -> float:
        """Each click waits for the last one's ack. Returns the median of the seconds that took."""
        took = []
        for _ in range(times):
            op, page = self.clicks // len(self._pages) + 1, self._pages[self.clicks % len(self._pages)]
            self.clicks += 1
            began = time.perf_counter()
            await page.say(type="add", op=op, delta=1)
            await page.until(ack=op)
            took.append(time.perf_counter() - began)
        return statistics.median(took)


async def test_those_who_take_nothing_cost_one_state_each_and_nobody_waits_for_them(server: Served) -> None:
    others = await Pressers.join(server)
    before = await others.press(40)
    async with AsyncExitStack() as stack:
        for number in range(STALLED):
            await stack.enter_async_context(greeted(server, f"stalled-{number:020}"))
        await true(lambda: server.hub.room.people == STALLED + 4)
        stalled = WatchedSocket.all[4:]
        while not all(one.slowed for one in stalled):
            await others.press(1)

        during = await others.press(80)

        assert all(0 < one.transport.get_write_buffer_size() <= one.most <= one.longest for one in stalled)
        assert max(one.longest for one in stalled) < 512
    await true(lambda: server.hub.room.people == 4)
    after = await others.press(40)

    # What takes turns with waiting for a hundred takes a hundred times as long.
    assert during < 4 * max(before, after)


async def test_whoever_takes_nothing_for_too_long_is_dropped_and_finds_the_way_back(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.core.liveness, "STALL_LIMIT", 1.0)
    monkeypatch.setattr(desktop.core.liveness, "CHECK_PAUSE", 0.02)
    others = await Pressers.join(server)
    async with greeted(server, BOB) as bob, greeted(server, "slow" + "S" * 20) as slow:
        await bob.say(TEXT, json.dumps({"type": "add", "op": 1, "delta": 1000}).encode())
        await stall(bob)
        reading = asyncio.create_task(read_slowly(slow))
        await true(lambda: server.hub.room.people == 6)

        # Sooner than whoever is silent is dropped.
        async with asyncio.timeout(PATIENCE):
            while server.hub.room.people == 6:
                await others.press(1)

        # Nothing of Bob is left; who takes little, but something, stays.
        bobs, slows = WatchedSocket.all[4:]
        assert bobs not in server.hub.room and bobs.transport.get_write_buffer_size() == 0
        assert slows in server.hub.room
        while (await bob.hear()) != (0, b""):
            pass
        reading.cancel()

    again = await server.connect()
    state = await again.hello(BOB)
    assert (state["ack"], state["counter"]) == (1, 1000 + others.clicks)
    await again.say(type="add", op=1, delta=1000)
    await again.say(type="add", op=2, delta=1)
    assert (await again.until(ack=2))["counter"] == 1000 + others.clicks + 1


async def read_slowly(raw: RawSocket) -> None:
    while True:
        await raw.hear()
        await asyncio.sleep(0.01)
