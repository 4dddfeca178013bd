"""One WebSocket as the hub has it: written to without waiting, listened to when it takes what it is sent."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import aiohttp
import pytest
from aiohttp import WSMsgType

import desktop.server.gate
import desktop.server.socket
import desktop.server.websockets
from desktop.server.socket import PING, TEXT, UNSENT_LIMIT, Socket, frame
from tests.desktop.support import CLOSE, PATIENCE, RawSocket, Serve, Served, raw_socket, true


class Line:
    """A counter, and one classic client made of bytes, or aiohttp's, as either side sees it."""

    def __init__(self, served: Served, stack: AsyncExitStack) -> None:
        self.served = served
        self._stack = stack

    async def raw(self, receive_buffer: int | None = None) -> tuple[RawSocket, Socket]:
        """A client after its first state, and the server's end."""
        raw = await self._stack.enter_async_context(raw_socket(self.served.port, receive_buffer))
        await raw.handshake(self.served.port)
        assert await raw.hear() == (TEXT, b'{"counter":0}')
        return raw, self.end

    async def proper(self) -> tuple[aiohttp.ClientWebSocketResponse, Socket]:
        client = await self.served.connect(protocol=None, autoping=False)
        await client.hear()
        return client.ws, self.end

    @property
    def end(self) -> Socket:
        (end,) = self.served.hub.sockets
        return end


@pytest.fixture
async def line(serve: Serve) -> AsyncIterator[Line]:
    served = await serve()
    async with AsyncExitStack() as stack:
        yield Line(served, stack)


def fill(end: Socket, payload: bytes) -> int:
    """Write until something has to wait; returns how many frames that were."""
    count = 0
    while not end.slowed:
        end.write(frame(TEXT, payload))
        count += 1
    return count


# --- written ---


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 4_096, 65_535, 65_536, 100_000])
async def test_a_frame_of_any_length_is_decoded_by_a_proper_client(line: Line, length: int) -> None:
    client, end = await line.proper()
    text = ("0123456789" * (length // 10 + 1))[:length]

    end.write(frame(TEXT, text.encode()))
    end.write(frame(PING, b"?"))
    end.write(frame(TEXT, b"the next one"))

    heard = [await client.receive(PATIENCE) for _ in range(3)]
    assert [(found.type, found.data) for found in heard] == [
        (WSMsgType.TEXT, text),
        (WSMsgType.PING, b"?"),
        (WSMsgType.TEXT, "the next one"),
    ]


async def test_what_could_not_leave_at_once_comes_out_whole_and_in_order_and_it_is_told_when_all_has_left(
    line: Line,
) -> None:
    raw, end = await line.raw(receive_buffer=4096)
    written = [bytes((65 + number % 26,)) * 60_000 for number in range(100)]

    for payload in written:
        end.write(frame(TEXT, payload))
    assert end.slowed

    assert [await raw.hear() for _ in written] == [(TEXT, payload) for payload in written]
    await true(lambda: not end.slowed)
    end.write(frame(TEXT, b"and again"))
    assert not end.slowed
    assert await raw.hear() == (TEXT, b"and again")


async def test_a_connection_that_is_gone_takes_everything_silently(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    raw, end = await line.raw()

    end.abort()
    for _ in range(20):  # asyncio would warn of the fifth
        end.write(frame(TEXT, b"nobody is there"))
    await true(lambda: not line.served.hub.sockets)
    end.write(frame(TEXT, b"nobody is there"))
    await end.close(1001, "")

    assert await raw.hear() == (0, b"")
    assert not caplog.records


@pytest.mark.unix  # Windows has no such limit
async def test_what_the_network_is_too_slow_for_does_not_wait_in_the_kernel_nor_for_an_acknowledgement(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[socket.socket] = []
    upgrade = desktop.server.gate.Connection.upgrade

    def watched(connection: desktop.server.gate.Connection, end: Socket) -> None:
        seen.append(connection.transport.get_extra_info("socket"))
        upgrade(connection, end)

    monkeypatch.setattr(desktop.server.gate.Connection, "upgrade", watched)
    await line.raw()
    (kernels,) = seen
    assert kernels.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT_LIMIT
    assert kernels.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- read ---


async def test_who_is_paused_is_read_on_later_and_loses_nothing(line: Line) -> None:
    raw, end = await line.raw()
    began = asyncio.get_running_loop().time()
    end.pause(0.2)
    for number in (1, 2, 3):
        await raw.say(TEXT, b'{"counter":%d}' % number)
    assert await raw.hear() == (TEXT, b'{"counter":1}')
    while await raw.hear() != (TEXT, b'{"counter":3}'):
        pass
    assert asyncio.get_running_loop().time() - began >= 0.2


async def test_who_takes_nothing_is_not_listened_to_until_they_do(line: Line) -> None:
    raw, end = await line.raw(receive_buffer=4096)
    payload = b"x" * 60_000
    count = 0
    # Some systems' kernels take more a moment later.
    with pytest.raises(TimeoutError):
        while True:
            count += fill(end, payload)
            async with asyncio.timeout(0.3):
                await true(lambda: not end.slowed)
    await raw.say(TEXT, b"?")
    await raw.say(TEXT, b'{"counter":7}')
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await true(lambda: line.served.hub.room.counter.value == 7)

    for _ in range(count):
        assert await raw.hear() == (TEXT, payload)
    await true(lambda: line.served.hub.room.counter.value == 7)


BEGINNING, FRAGMENT, END = b"\x01\x80\0\0\0\0", b"\x00\x80\0\0\0\0", b"\x80\x80\0\0\0\0"


@pytest.mark.parametrize("message", [b"", END])
async def test_who_sends_fragments_and_hardly_a_message_is_dropped(line: Line, message: bytes) -> None:
    raw, _ = await line.raw()
    with suppress(ConnectionError):
        for _ in range(100):
            await raw.send(BEGINNING + FRAGMENT * 10_000 + message)
    while (await raw.hear())[0]:
        pass
    await true(lambda: not line.served.hub.sockets)


async def test_a_message_may_have_as_many_fragments_as_bytes_and_the_next_one_too(line: Line) -> None:
    raw, _ = await line.raw()
    for value in (1, 2, 3):
        text = b'{"counter":%d' % value + b" " * 4_083 + b"}"
        bytes_ = b"".join(b"\x00\x81\0\0\0\0%c" % byte for byte in text)
        await raw.send(BEGINNING + bytes_ + END)
        assert await raw.hear() == (TEXT, b'{"counter":%d}' % value)


async def test_a_hundred_of_the_longest_messages_at_once_are_all_heard(line: Line) -> None:
    raw, _ = await line.raw()
    text = b'{"counter":%d'
    whole = [(text % value).ljust(4_095) + b"}" for value in range(1, 101)]
    await raw.send(b"".join(b"\x81\xfe\x10\x00\0\0\0\0" + one for one in whole))
    while (heard := await raw.hear()) != (TEXT, b'{"counter":100}'):
        assert heard[0] == TEXT


# --- the end ---


async def test_closing_tells_the_code_and_the_reason_and_the_answer_ends_it(line: Line) -> None:
    raw, end = await line.raw()
    closing = asyncio.create_task(end.close(1008, "Zu viele Nachrichten: müde."))

    assert await raw.hear() == (CLOSE, (1008).to_bytes(2) + "Zu viele Nachrichten: müde.".encode())
    await raw.say(TEXT, b'{"counter":7}')
    await raw.say(CLOSE, (1008).to_bytes(2))
    assert await raw.hear() == (0, b"")
    await closing
    await true(lambda: not line.served.hub.sockets)
    assert line.served.hub.room.counter.value == 0


async def test_who_is_slow_is_told_too_when_the_server_stops(line: Line) -> None:
    raw, end = await line.raw(receive_buffer=4096)
    payload = b"x" * 60_000
    count = fill(end, payload)
    ending = asyncio.ensure_future(line.served.stop())
    await true(lambda: line.served.hub.closing)
    for _ in range(count):
        assert await raw.hear() == (TEXT, payload)
    assert await raw.hear() == (CLOSE, (1001).to_bytes(2) + b"The server is stopping.")
    assert await raw.hear() == (0, b"")
    await ending


@pytest.mark.parametrize("taking", [True, False])
async def test_a_client_that_does_not_answer_a_close_is_dropped(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, taking: bool
) -> None:
    for module in (desktop.server.socket, desktop.server.websockets):
        monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.1)
    served = await serve()
    async with AsyncExitStack() as stack:
        line = Line(served, stack)
        _, end = await line.raw(receive_buffer=4096)
        if not taking:
            fill(end, b"x" * 60_000)
        await end.close(1001, "")
        await true(lambda: not served.hub.sockets)


async def test_who_never_stops_after_a_broken_frame_is_dropped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.server.websockets, "CLOSE_TIMEOUT", 0.2)
    served = await serve()
    async with AsyncExitStack() as stack:
        raw, _ = await Line(served, stack).raw()
        await raw.say(0x83, b"?")
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await raw.send(b"x" * 1_000)
                    await asyncio.sleep(0.005)
        await true(lambda: not served.hub.sockets)
