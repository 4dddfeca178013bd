"""The proxy is as bad as it says, and no worse."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.desktop.support import PATIENCE, true
from tests.faults.proxy import Proxy

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Target:
    """A server that keeps its connections as they are."""

    def __init__(self) -> None:
        self.accepted: asyncio.Queue[Ends] = asyncio.Queue()

    async def keep(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.accepted.put((reader, writer))


@pytest.fixture
async def target() -> AsyncIterator[tuple[Target, asyncio.Server]]:
    kept = Target()
    server = await asyncio.start_server(kept.keep, "127.0.0.1", 0)
    yield kept, server
    server.close()


@pytest.fixture
async def proxy(target: tuple[Target, asyncio.Server]) -> AsyncIterator[Proxy]:
    async with asyncio.timeout(PATIENCE), Proxy(target[1].sockets[0].getsockname()[1]) as running:
        yield running


@pytest.fixture
async def ends(target: tuple[Target, asyncio.Server], proxy: Proxy) -> AsyncIterator[tuple[Ends, Ends]]:
    """Of one connection through the proxy: the client's, and the server's."""
    near = await asyncio.open_connection("127.0.0.1", proxy.port)
    far = await target[0].accepted.get()
    yield near, far
    for _, writer in (near, far):
        writer.transport.abort()


async def test_it_forwards_both_ways_and_the_end_too(proxy: Proxy, ends: tuple[Ends, Ends]) -> None:
    (from_far, to_far), (from_near, to_near) = ends
    to_far.write(b"ping")
    assert await from_near.readexactly(4) == b"ping"
    to_near.write(b"pong")
    assert await from_far.readexactly(4) == b"pong"

    to_far.write_eof()
    assert await from_near.read() == b""
    to_near.write_eof()
    assert await from_far.read() == b""
    await true(lambda: not proxy.links)


async def test_what_is_frozen_arrives_later_also_if_whoever_sent_it_has_gone(
    proxy: Proxy, ends: tuple[Ends, Ends]
) -> None:
    (_, to_far), (from_near, to_near) = ends
    (link,) = proxy.links
    link.freeze()
    to_far.write(b"late")
    to_near.write(b"unread")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await from_near.read(1)
    to_far.transport.abort()

    link.thaw()

    assert await from_near.read() == b"late"


@pytest.mark.unix  # on Windows asyncio says goodbye before it closes, whatever SO_LINGER says
async def test_reset_is_felt_at_both_ends(proxy: Proxy, ends: tuple[Ends, Ends]) -> None:
    (from_far, _), (from_near, _) = ends
    (link,) = proxy.links
    link.reset()

    for reader in (from_far, from_near):
        with pytest.raises(ConnectionResetError):
            await reader.read()
    await true(lambda: not proxy.links)


@pytest.mark.unix  # as above
async def test_where_nobody_listens_whoever_comes_is_cut_off(
    target: tuple[Target, asyncio.Server], proxy: Proxy
) -> None:
    target[1].close()

    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
