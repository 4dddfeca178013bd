"""Connections before and beside the WebSockets: how many, and for how long."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from typing import Any

import pytest
from aiohttp import web

import desktop.server.gate
from desktop.server.gate import INBOX, NEW_LIMIT, UNHEARD_LIMIT, Connection, Gate, State
from desktop.server.socket import TEXT
from tests.desktop.support import PATIENCE, RawSocket, Serve, raw_socket

PLACES = 120


async def slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    raise AssertionError


class Door:
    """A counter's door, and who comes to it."""

    def __init__(self, port: int, stack: AsyncExitStack) -> None:
        self.port = port
        self._stack = stack

    async def connect(self) -> RawSocket:
        return await self._stack.enter_async_context(raw_socket(self.port))

    async def get(self, raw: RawSocket, path: str = "/health") -> bytes:
        """The head of the answer; the rest is forgotten."""
        await raw.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        head = await raw.head()
        while not raw.forget().endswith(b"}"):
            await raw.receive_some()
        return head

    async def classic(self) -> RawSocket:
        """A WebSocket that has heard the first state."""
        raw = await self.connect()
        assert (await raw.handshake(self.port)).startswith(b"HTTP/1.1 101 ")
        assert (await raw.hear())[0] == TEXT
        return raw


@pytest.fixture
async def door(serve: Serve) -> AsyncIterator[Door]:
    served = await serve(places=PLACES, routes=[web.get("/slow", slow)])
    async with AsyncExitStack() as stack:
        yield Door(served.port, stack)


async def closed(raw: RawSocket) -> None:
    """The server closes this one, without a word."""
    assert await raw.hear() == (0, b"")


async def is_in(raw: RawSocket) -> None:
    """Whoever has this WebSocket can count."""
    await raw.say(TEXT, b"?")
    while b"malformed" not in (heard := await raw.hear())[1]:
        assert heard[0] == TEXT


# --- who has asked nothing yet ---


async def test_whoever_asks_nothing_whole_in_time_is_closed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.gate, "NEW_SECONDS", 0.2)
    silent, slow_one, other = await door.connect(), await door.connect(), await door.classic()

    async def drip() -> None:
        with suppress(ConnectionError):
            while True:
                await slow_one.send(b"G")
                await asyncio.sleep(0.01)

    dripping = asyncio.create_task(drip())
    await closed(silent)
    await dripping
    await is_in(other)


async def test_one_who_is_kept_for_the_next_request_must_then_ask_it_in_time(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.server.gate, "NEW_SECONDS", 0.3)
    raw = await door.connect()
    for _ in range(3):
        assert (await door.get(raw)).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(0.2)  # idle, which nobody minds
    await raw.send(b"GET / HTTP/1.1\r\n")
    await closed(raw)


async def test_of_too_many_who_ask_nothing_the_oldest_go_and_a_new_one_gets_in(door: Door) -> None:
    silent = [await door.connect() for _ in range(NEW_LIMIT + 10)]

    for raw in silent[:10]:
        await closed(raw)
    assert (await door.get(await door.connect())).startswith(b"HTTP/1.1 200 ")
    assert (await door.get(silent[-1])).startswith(b"HTTP/1.1 200 ")


async def test_many_who_come_at_once_and_ask_are_all_answered(door: Door) -> None:
    async def ask() -> bytes:
        return await door.get(await door.connect())

    answers = await asyncio.gather(*(ask() for _ in range(PLACES)))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)


async def test_who_has_asked_before_anybody_looked_is_not_taken_for_silent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow the loop is: here nobody may be silent, and everybody is looked at all the time."""
    monkeypatch.setattr(desktop.server.gate, "LOOK_PAUSE", 0.0)
    monkeypatch.setattr(desktop.server.gate, "NEW_LIMIT", 0)
    served = await serve()
    with ExitStack() as stack:
        asking = [stack.enter_context(socket.create_connection(("127.0.0.1", served.port))) for _ in range(50)]
        for sock in asking:
            sock.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
            sock.setblocking(False)
        for sock in asking:
            async with asyncio.timeout(PATIENCE):
                answer = await asyncio.get_running_loop().sock_recv(sock, 1 << 16)
            assert answer.startswith(b"HTTP/1.1 200 ")


async def test_400_who_ask_nothing_and_never_stop_coming_keep_nobody_out(serve: Serve) -> None:
    served = await serve()
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(raw_socket(served.port)) for _ in range(400)]
        page = await served.page()
        await asyncio.gather(*(closed(raw) for raw in silent[: 400 - NEW_LIMIT]))
        await page.say(type="add", op=1, delta=1)
        await page.until(ack=1)


# --- when there is no place ---


@contextmanager
def as_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(desktop.server.gate, "is_loopback", lambda address: False)
        yield


async def test_an_idle_connection_makes_place_the_longest_idle_first(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_from_elsewhere(monkeypatch):
        idle = [await door.connect() for _ in range(PLACES)]
        for raw in idle:
            await door.get(raw)

        assert (await door.get(await door.connect())).startswith(b"HTTP/1.1 200 ")
        await closed(idle[0])
        assert (await door.get(idle[-1])).startswith(b"HTTP/1.1 200 ")


async def test_where_all_are_in_a_new_one_is_closed_but_this_machine_s_own_gets_in(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = await serve(places=3)
    async with AsyncExitStack() as stack:
        door = Door(served.port, stack)
        with as_from_elsewhere(monkeypatch):
            inside = [await door.classic() for _ in range(3)]
            await closed(await door.connect())

        own = await door.classic()
        for raw in (*inside, own):
            await is_in(raw)


async def test_who_leaves_makes_place(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = await serve(places=5)
    async with AsyncExitStack() as stack:
        door = Door(served.port, stack)
        with as_from_elsewhere(monkeypatch):
            inside = [await door.classic() for _ in range(5)]
            await closed(await door.connect())
            for raw in inside[:3]:
                raw.reset()

            # Once the server has seen that they have gone.
            got_in = 0
            async with asyncio.timeout(PATIENCE):
                while got_in < 3:
                    with suppress(ConnectionError):
                        await door.classic()
                        got_in += 1
            await closed(await door.connect())


async def test_an_answer_that_takes_too_long_is_given_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.gate, "ASKING_SECONDS", 0.2)
    raw = await door.connect()
    await raw.send(f"GET /slow HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n\r\n".encode())
    await closed(raw)


async def test_who_has_said_nothing_is_closed_when_the_server_stops(serve: Serve) -> None:
    served = await serve()
    async with raw_socket(served.port) as silent:
        async with served.session.get(f"{served.url}/health"):
            await served.stop()
        await closed(silent)


# --- where it is from ---


class Told(asyncio.Protocol):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        self.told.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")


class Lost(asyncio.Transport):
    """A transport that can be aborted, and nothing else."""

    aborted = False

    def abort(self) -> None:
        self.aborted = True


def come(gate: Gate, **extra: Any) -> tuple[Connection, Lost]:
    connection, transport = gate(), Lost(extra)
    connection.connection_made(transport)
    return connection, transport


@pytest.mark.parametrize(
    ("peer", "own", "local"),
    [
        (("127.0.0.1", 1), ("127.0.0.1", 2), True),
        (("::1", 1, 0, 0), ("::1", 2, 0, 0), True),
        (("127.0.0.1", 1), ("192.168.1.42", 2), False),
        (("192.168.1.42", 1), ("127.0.0.1", 2), False),
        (None, ("127.0.0.1", 2), False),
        (None, None, False),
    ],
)
async def test_a_connection_is_local_if_both_its_ends_are(peer: object, own: object, local: bool) -> None:
    gate = Gate(1)
    gate.open(Told)
    assert come(gate, peername=peer, sockname=own)[0].local is local


async def test_all_is_handed_on_also_where_a_system_brings_what_it_has_read_in_parts() -> None:
    gate, told = Gate(1), Told()
    gate.open(lambda: told)
    connection, _ = come(gate)
    for part in (b"first", b"second"):
        connection.get_buffer(-1)[: len(part)] = part
        connection.buffer_updated(len(part))
    connection.connection_lost(None)
    assert told.told == ["made", b"first", b"second", "lost"]
    assert connection.state is None


async def test_as_much_may_be_brought_at_once_as_may_wait_to_be_read_and_no_more() -> None:
    """Windows brings more in one turn of the loop than anybody can read in it."""
    gate, told = Gate(1), Told()
    gate.open(lambda: told)
    connection, transport = come(gate)
    connection.move(State.UPGRADED)
    for _ in range(512 * 1024 // len(INBOX)):
        connection.buffer_updated(len(INBOX))
    assert not transport.aborted
    for _ in range(UNHEARD_LIMIT // len(INBOX)):
        connection.buffer_updated(len(INBOX))
    assert transport.aborted


async def test_one_for_whom_there_is_no_place_is_closed_and_never_counts() -> None:
    gate = Gate(1)
    gate.open(Told)
    connection, kept = come(gate)
    connection.move(State.UPGRADED)
    refused, transport = come(gate)
    refused.move(State.ASKING)
    assert (kept.aborted, transport.aborted, refused.state) == (False, True, None)


async def test_a_host_that_nobody_can_read_is_told_to_nobody() -> None:
    """aiohttp would end with an error of its own, and without an answer."""
    gate, told = Gate(1), Told()
    gate.open(lambda: told)
    connection, _ = come(gate)
    parts = (b"GET http://xn--\x80/ HTTP/1.1\r\n", b"Host: us\r\n", b"X: GET http://x/ HTTP/1.1\r\n\r\n")
    for part in parts:
        connection.get_buffer(-1)[: len(part)] = part
        connection.buffer_updated(len(part))
    assert told.told[1:] == [b"GET http://elsewhere/ HTTP/1.1\r\n", *parts[1:]]
