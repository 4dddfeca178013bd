"""What the server's tests share: a counter that is served, and clients that say what they wait for."""

import asyncio
import json
import os
import socket
import sqlite3
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from desktop.core.counter import AnyOperation
from desktop.core.protocol import V1
from desktop.core.room import Room
from desktop.core.rounds import NOBODY, Present
from desktop.journal import Journal, JournalError
from desktop.journal.sqlite import SqliteJournal
from desktop.launcher import on_error
from desktop.network.listening import listen
from desktop.server.app import application
from desktop.server.astray import Astray
from desktop.server.gate import Gate
from desktop.server.guard import Guard
from desktop.server.hub import Hub
from desktop.server.pages import Pages, folder
from desktop.server.sites import Sites

PATIENCE = 30.0
"""Seconds until a test gives up: far more than anything here takes."""
SECRET = "the-secret-of-the-host"
ADA = "ada_" + "A" * 20
BOB = "bob_" + "B" * 20
CLOSE, PONG = 0x88, 0x8A
"""First bytes of frames."""


class Client:
    """A WebSocket, by what it says and hears."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def say(self, **message: Any) -> None:
        await self.ws.send_str(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(PATIENCE):
            message = await self.ws.receive()
        assert message.type is WSMsgType.TEXT, f"closed with {self.ws.close_code}"
        heard: dict[str, Any] = json.loads(message.data)
        return heard

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """The next message that has these."""
        while True:
            heard = await self.hear()
            if wanted.items() <= {k: v for k, v in heard.items() if k in wanted}.items():
                return heard

    async def heard_so_far(self) -> list[dict[str, Any]]:
        """All messages that the server sent before it answers now."""
        await self.say(type="ping", at=-1)
        heard = []
        while (message := await self.hear()) != {"type": "pong", "at": -1}:
            heard.append(message)
        return heard

    async def hello(self, client: str = ADA, **more: Any) -> dict[str, Any]:
        """Say who it is; returns the answer."""
        await self.say(type="hello", client=client, **more)
        while True:
            heard = await self.hear()
            if heard["type"] == "state" and "ack" in heard:
                return heard

    async def closed(self) -> int | None:
        """The code that it is closed with, whatever comes before."""
        async with asyncio.timeout(PATIENCE):
            while not self.ws.closed:
                await self.ws.receive()
        return self.ws.close_code


class RawSocket:
    """A WebSocket client made of bytes: for what a proper one would never send, or would hide."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._received = b""

    async def handshake(self, port: int, *headers: str) -> bytes:
        """Returns the answer's head."""
        await self.ask(port, *headers)
        return await self.head()

    async def ask(self, port: int, *headers: str) -> None:
        """The handshake's request."""
        lines = [
            "GET /ws HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *headers,
        ]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    def reset(self) -> None:
        """Cut the connection with RST (socket(7), SO_LINGER)."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def shut(self) -> None:
        """Say that nothing more will come, and go on listening."""
        self._sock.shutdown(socket.SHUT_WR)

    async def head(self) -> bytes:
        """The head of an answer."""
        while b"\r\n\r\n" not in self._received:
            await self.receive_some()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        return head

    def forget(self) -> bytes:
        """What has come, and wasn't read."""
        rest, self._received = self._received, b""
        return rest

    async def send(self, data: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def say(self, first: int, payload: bytes) -> None:
        """A frame, whose first byte is `first`, masked with zeros."""
        length = len(payload)
        size = bytes((0x80 | length,)) if length < 126 else bytes((0x80 | 126,)) + length.to_bytes(2)
        await self.send(bytes((first,)) + size + bytes(4) + payload)

    async def hear(self) -> tuple[int, bytes]:
        """The next frame: its first byte, and its payload. (0, b"") if the connection is gone."""
        try:
            while (found := self._frame()) is None:
                await self.receive_some()
        except ConnectionError:
            return 0, b""
        return found

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._received
        if len(data) < 2:
            return None
        assert data[1] < 0x80, "a server doesn't mask"
        start = {126: 4, 127: 10}.get(data[1], 2)
        length = data[1] if start == 2 else int.from_bytes(data[2:start])
        if len(data) < start + length:
            return None
        self._received = data[start + length :]
        return data[0], data[start : start + length]

    async def receive(self) -> bytes:
        """Whatever comes next."""
        await self.receive_some()
        return self.forget()

    async def receive_some(self) -> None:
        """Wait until more has come."""
        async with asyncio.timeout(PATIENCE):
            data = await asyncio.get_running_loop().sock_recv(self._sock, 1 << 16)
        if not data:
            raise ConnectionResetError
        self._received += data


@asynccontextmanager
async def raw_socket(port: int, receive_buffer: int | None = None) -> AsyncIterator[RawSocket]:
    """Connected, before the handshake."""
    with socket.socket() as sock:
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        yield RawSocket(sock)


class Served:
    """A counter in this test's own event loop."""

    def __init__(
        self, hub: Hub, port: int, session: aiohttp.ClientSession, stop: Callable[[], Awaitable[None]]
    ) -> None:
        """`stop` ends it early, in the launcher's order."""
        self.hub = hub
        self.stop = stop
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.session = session

    async def connect(self, protocol: str | None = V1, **options: Any) -> Client:
        """A client that has not said hello."""
        protocols = (protocol,) if protocol else ()
        return Client(await self.session.ws_connect(f"{self.url}/ws", protocols=protocols, **options))

    async def page(self, client: str = ADA, **hello: Any) -> Client:
        """A page of ours, after its hello."""
        page = await self.connect()
        await page.hello(client, **hello)
        return page

    async def host(self) -> Client:
        return await self.page("host" + "H" * 20, host=SECRET)

    async def classic(self) -> Client:
        """A classic client that has heard the first state."""
        client = await self.connect(protocol=None)
        await client.hear()
        return client

    async def exchange(self, request_line: str, *headers: str) -> str:
        """What is answered to exactly this request."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(
                "\r\n".join([request_line, *headers, "Connection: close", "", ""]).encode(errors="surrogateescape")
            )
            async with asyncio.timeout(PATIENCE):
                return (await reader.read()).decode()
        finally:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def served(
    journal: Journal,
    pages: Pages,
    sock: socket.socket | None = None,
    connections: int = 1_000,
    places: int = 1_000,
    routes: Sequence[web.RouteDef] = (),
    late: Callable[[Room], Sequence[web.RouteDef]] = lambda room: (),
    join: str | None = "http://192.168.1.42:8000/",
    origins: Sequence[str] = (),
) -> AsyncIterator[Served]:
    """Serve a counter on loopback, put together as the launcher does it, and some more routes, `late` those that need
    its room; `join` is on display."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(on_error)
    hub: Hub

    def deliver(operations: Sequence[AnyOperation], last: int) -> None:
        loop.call_soon_threadsafe(hub.recorded, operations, last)

    kept = journal.open(deliver)
    hub = Hub(Room(kept.counter, epoch=kept.epoch, secret=SECRET, run="test"), journal, kept.last)
    sock = sock or listen(["127.0.0.1"], 0)[0]
    port = sock.getsockname()[1]
    guard = Guard(port, lambda: None, lambda device, via: None)
    gate = Gate(places)
    astray = Astray(folder() / "locales" / "host", lambda: join)
    runner = application(hub, guard, astray, connections, [*pages.routes(), *routes, *late(hub.room)], origins)
    await runner.setup()
    assert runner.server
    gate.open(runner.server)
    sites = Sites(port, gate)
    await sites.start([sock])
    hub.bots.port = port
    stopped = False

    async def stop() -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            await hub.close()
            sites.stop()
            gate.close()
            await runner.cleanup()

    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield Served(hub, port, session, stop)
    finally:
        await stop()
        journal.close()


Serve = Callable[..., Awaitable[Served]]
"""What the fixture `serve` gives: serves until the test ends, with another journal, socket or limit if need be."""


class FailingJournal(SqliteJournal):
    """A journal that can't write while it is `broken`, because of `error`."""

    broken = False
    error: Exception = JournalError("The disk is full.")

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        return self._failed() if self.broken else super().append(operations, present)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._failed() if self.broken else super().snapshot(state, last)

    def _failed(self) -> Future[None]:
        future: Future[None] = Future()
        future.set_exception(self.error)
        return future


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Nothing can be written to the database meanwhile: whoever tries waits."""
    holder = sqlite3.connect(database, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        yield
    finally:
        holder.close()


def rows(database: Path, query: str) -> list[Any]:
    """What a query finds, seen by another program."""
    reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return reader.execute(query).fetchall()
    finally:
        reader.close()


def change(database: Path, statement: str) -> None:
    """Another program writes into the database."""
    db = sqlite3.connect(database, isolation_level=None)
    try:
        db.execute(statement)
    finally:
        db.close()


async def true(condition: Callable[[], object]) -> None:
    """Wait until it is."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - of whatever is waited for
            await asyncio.sleep(0.005)


def page_folder(folder: Path) -> Path:
    """Make a small `web/`."""
    (folder / "vendor").mkdir(parents=True)
    (folder / "fonts").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Counter</title>" + "<p>café</p>" * 50, "utf-8")
    (folder / "app.js").write_text("export const answer = 42;\n" * 20)
    (folder / "short.css").write_text("a{}")
    (folder / "fonts" / "plaque.woff2").write_bytes(os.urandom(200))
    (folder / "vendor" / "alpine-3.js").write_text("export {};\n" * 20)
    return folder
