"""Accepting one after the other, whatever becomes of the one before; by both ways, also where only one is used."""

import asyncio
import errno
import gc
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from desktop.network import accepting as module
from desktop.network.accepting import AcceptingTask, accept, is_gone
from desktop.network.listening import LOOPBACK, listen
from tests.desktop.network.test_listening import listens
from tests.desktop.support import PATIENCE, true

RESETS = 50


class Echo(asyncio.Protocol):
    """Says again what it hears, and counts who is in."""

    def __init__(self, here: set["Echo"]) -> None:
        self._here = here

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._here.add(self)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._here.remove(self)


@pytest.fixture(params=[False, True], ids=["server", "task"], autouse=True)
def by_task(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if module.BY_TASK and not request.param:
        pytest.skip("It ends at the first reset: that is why there is the other.")
    monkeypatch.setattr(module, "BY_TASK", request.param)
    return bool(request.param)


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What the loop's exception handler is told."""
    found: list[dict[str, Any]] = []
    yield found


@asynccontextmanager
async def accepting(told: list[dict[str, Any]]) -> AsyncIterator[tuple[int, set[Echo], Callable[[], None]]]:
    """Yields the port, who is in, and what closes it."""
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: told.append({"exception": context["exception"]})
    )
    here: set[Echo] = set()
    (sock,) = listen([LOOPBACK], 0)
    server = await accept(sock, lambda: Echo(here))
    try:
        yield sock.getsockname()[1], here, server.close
    finally:
        server.close()
        for echo in list(here):
            echo.transport.abort()
        await true(lambda: not here)


def connected(port: int) -> socket.socket:
    return socket.create_connection((LOOPBACK, port), PATIENCE)


def reset(sock: socket.socket) -> None:
    """Cut it with RST (socket(7), SO_LINGER)."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


async def answers(port: int) -> bool:
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(b"here")
        answered = await reader.readexactly(4) == b"here"
        writer.transport.abort()
        return answered


async def test_whoever_comes_is_served_and_stays_when_nobody_more_is_accepted(told: list[dict[str, Any]]) -> None:
    async with accepting(told) as (port, here, close):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        await true(lambda: here)
        close()
        assert not listens(LOOPBACK, port)
        writer.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        writer.transport.abort()
    assert not told


async def test_whoever_is_accepted_in_the_very_turn_in_which_it_ends_is_in() -> None:
    here: set[Echo] = set()
    ends: list[Callable[[], None]] = []

    class Last(Echo):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            ends[0]()

    (sock,) = listen([LOOPBACK], 0)
    server = await accept(sock, lambda: Last(here))
    ends.append(server.close)
    assert await answers(sock.getsockname()[1])
    await true(lambda: not here)


async def test_who_is_gone_before_being_accepted_keeps_nobody_out(told: list[dict[str, Any]]) -> None:
    async with accepting(told) as (port, here, _):
        for _ in range(RESETS):
            # Without a turn of the loop in between: none of these is accepted before it is gone.
            for late in [connected(port) for _ in range(3)]:
                reset(late)
            assert await answers(port)
        await true(lambda: not here)
    assert not [context for context in told if not is_gone(context.get("exception"))]


def sockets() -> int:
    """How many are open in this process."""
    found = [thing for thing in gc.get_objects() if isinstance(thing, socket.socket)]
    return sum(sock.fileno() != -1 for sock in found)


async def test_none_that_was_half_accepted_is_left(told: list[dict[str, Any]]) -> None:
    gc.collect()
    gc.disable()
    try:
        async with accepting(told) as (port, here, _):
            assert await answers(port)
            await true(lambda: not here)
            before = sockets()
            for _ in range(RESETS):
                reset(connected(port))
            assert await answers(port)
            await true(lambda: not here and sockets() <= before)
    finally:
        gc.enable()


async def test_many_at_once_are_all_served_while_others_are_reset(told: list[dict[str, Any]]) -> None:
    async with accepting(told) as (port, _, _):

        def resets() -> None:
            for _ in range(RESETS):
                reset(connected(port))

        served = asyncio.gather(*(answers(port) for _ in range(RESETS)))
        await asyncio.gather(*(asyncio.to_thread(resets) for _ in range(2)))
        assert all(await served)


async def test_who_waits_when_it_ends_is_closed(told: list[dict[str, Any]]) -> None:
    async with accepting(told) as (port, here, close):
        with connected(port) as waiting:
            close()
            assert await asyncio.to_thread(is_closed, waiting)
        assert not here and not told


def is_closed(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


# --- what a system may answer ---


def windows(number: int) -> OSError:
    """As Python raises it there."""

    class Error(OSError):
        winerror = number

    return Error(errno.EINVAL, "")


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (ConnectionResetError(), True),
        (ConnectionAbortedError(errno.ECONNABORTED, ""), True),
        (OSError(errno.ENOTCONN, ""), True),
        (windows(59), True),
        (windows(64), True),
        (windows(1450), False),
        (OSError(errno.EMFILE, ""), False),
        (OSError(errno.EINVAL, ""), False),
        (LookupError(), False),
        (None, False),
    ],
)
def test_who_has_left_is_known_by_the_error(error: BaseException | None, is_it: bool) -> None:
    assert is_gone(error) == is_it


class Listening:
    """Stands in for the loop's accepting: fails with each of these, then waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
        self.errors = list(errors)
        self.failed = 0
        monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", self._accept)

    async def _accept(self, sock: socket.socket) -> None:
        if not self.errors:
            await asyncio.Event().wait()
        self.failed += 1
        raise self.errors.pop(0)


async def test_who_is_gone_is_nothing_to_tell_or_to_wait_for(
    monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(module, "BY_TASK", True)
    monkeypatch.setattr(module, "PAUSE", PATIENCE)
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    system = Listening(monkeypatch, *(ConnectionResetError() for _ in range(100)))
    async with accepting(told):
        turn()
        await true(lambda: system.failed == 100)
        assert turns >= 100, "the others are served in between"
    assert not told


async def test_what_is_this_machines_own_is_told_and_tried_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, told: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr(module, "BY_TASK", True)
    monkeypatch.setattr(module, "PAUSE", 0.1)
    used_up = OSError(errno.EMFILE, "Too many open files")
    system = Listening(monkeypatch, used_up, used_up)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with accepting(told):
        await true(lambda: system.failed == 2)
        assert loop.time() - begun >= 0.05, "whose clock may tick no more often than every 16 ms"
    assert [context["exception"] for context in told] == [used_up, used_up]


async def test_one_that_cannot_be_served_is_closed_and_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    here: set[Echo] = set()
    tries = iter([LookupError("no protocol"), None])

    def serve() -> Echo:
        if error := next(tries):
            raise error
        return Echo(here)

    (sock,) = listen([LOOPBACK], 0)
    server = AcceptingTask(sock, serve)
    try:
        port = sock.getsockname()[1]
        with connected(port) as first:
            assert await asyncio.to_thread(is_closed, first)
        assert await answers(port)
        assert [type(context["exception"]) for context in told] == [LookupError]
    finally:
        server.close()
        await true(lambda: not here)
