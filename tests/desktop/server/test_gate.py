"""Connections before and beside the WebSockets: how many, and for how long."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

import desktop.server.gate
from desktop.server.frames import TEXT
from desktop.server.gate import NEW_LIMIT, Gate, Place
from desktop.server.socket import INBOX
from tests.desktop.server.behind import PLACES, Behind, closed
from tests.desktop.support import PATIENCE

# --- who has asked nothing yet ---


async def test_whoever_asks_nothing_whole_in_time_is_closed(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.gate, "NEW_SECONDS", 0.2)
    silent, slow_one, other = await behind.connect(), await behind.connect(), await behind.echo()

    async def drip() -> None:
        try:
            while True:
                await slow_one.send(b"G")
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass

    dripping = asyncio.create_task(drip())
    await closed(silent)
    await dripping
    await other.say(TEXT, b"still here")
    assert await other.hear() == (TEXT, b"still here")


async def test_one_who_is_kept_for_the_next_request_must_then_ask_it_in_time(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.server.gate, "NEW_SECONDS", 0.3)
    raw = await behind.connect()
    for _ in range(3):
        assert (await behind.get(raw)).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(0.2)  # idle, which nobody minds
        raw.forget()
    await raw.send(b"GET / HTTP/1.1\r\n")
    await closed(raw)


async def test_of_too_many_who_ask_nothing_the_oldest_go_and_a_new_one_gets_in(behind: Behind) -> None:
    silent = [await behind.connect() for _ in range(NEW_LIMIT + 10)]

    for raw in silent[:10]:
        await closed(raw)
    assert (await behind.get(await behind.connect())).startswith(b"HTTP/1.1 200 ")
    assert (await behind.get(silent[-1])).startswith(b"HTTP/1.1 200 ")


async def test_many_who_come_at_once_and_ask_are_all_answered(behind: Behind) -> None:
    async def ask() -> bytes:
        return await behind.get(await behind.connect())

    answers = await asyncio.gather(*(ask() for _ in range(PLACES)))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)


# --- when there is no place ---


@contextmanager
def as_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(desktop.server.gate, "_is_loopback", lambda address: False)
        yield


async def test_an_idle_connection_makes_place_the_longest_idle_first(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_from_elsewhere(monkeypatch):
        idle = [await behind.connect() for _ in range(PLACES)]
        for raw in idle:
            await behind.get(raw)
            raw.forget()

        assert (await behind.get(await behind.connect())).startswith(b"HTTP/1.1 200 ")
        await closed(idle[0])
        assert (await behind.get(idle[-1])).startswith(b"HTTP/1.1 200 ")


async def test_where_all_are_in_a_new_one_is_closed_but_this_machine_s_own_gets_in(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_from_elsewhere(monkeypatch):
        inside = [await behind.echo() for _ in range(PLACES)]
        await closed(await behind.connect())

    own = await behind.echo()
    for raw in (inside[0], inside[-1], own):
        await raw.say(TEXT, b"here")
        assert await raw.hear() == (TEXT, b"here")


async def test_an_answer_that_takes_too_long_is_given_up(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.gate, "ASKING_SECONDS", 0.2)
    raw = await behind.connect()
    await raw.send(b"GET /slow HTTP/1.1\r\nHost: us\r\n\r\n")
    await closed(raw)


async def test_who_leaves_makes_place(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_from_elsewhere(monkeypatch):
        inside = [await behind.echo() for _ in range(PLACES)]
        await closed(await behind.connect())
        for raw in inside[:3]:
            raw.reset()

        # Once the server has seen that they have gone.
        got_in = 0
        async with asyncio.timeout(PATIENCE):
            while got_in < 3:
                with suppress(ConnectionError):
                    await behind.echo()
                    got_in += 1
        await closed(await behind.connect())


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
    gate = Gate(lambda place, data: False, lambda place: asyncio.Protocol(), 1)
    place = Place(gate, asyncio.Transport({"peername": peer, "sockname": own}))
    assert place.local is local


async def test_who_has_said_nothing_is_closed_when_the_server_stops(behind: Behind) -> None:
    silent = await behind.connect()
    await behind.get(await behind.connect())
    await behind.stop()
    await closed(silent)


class Told(asyncio.Protocol):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.received.append(data)


class ToldInBuffer(Told, asyncio.BufferedProtocol):
    def get_buffer(self, sizehint: int) -> memoryview:
        return INBOX

    def buffer_updated(self, nbytes: int) -> None:
        self.received.append(bytes(INBOX[:nbytes]))


class Switching(asyncio.Transport):
    """A transport that has a protocol, and nothing else."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol


@pytest.mark.parametrize("upgraded", [False, True])
async def test_what_is_brought_in_parts_to_the_door_reaches_who_has_taken_over(upgraded: bool) -> None:
    """As asyncio does on Windows: it has read more than fits, and goes on with the protocol that it began with."""
    taker = ToldInBuffer() if upgraded else Told()

    def upgrade(place: Place, data: bytes) -> bool:
        if upgraded:
            taker.received.append(data)
            place.transport.set_protocol(taker)
        return upgraded

    transport = Switching()
    door = Gate(upgrade, lambda place: taker, 1)()
    transport.set_protocol(door)
    door.connection_made(transport)
    for part in (b"first", b"second"):
        buffer = door.get_buffer(-1)
        buffer[: len(part)] = part
        door.buffer_updated(len(part))
    assert taker.received == [b"first", b"second"]
