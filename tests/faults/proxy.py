"""A TCP proxy that can be as bad as a network: it cuts connections with RST, falls silent, or is late."""

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

HELD: Final = 100
"""Pieces of at most 4 KB that are held in one direction."""


class Link:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._ends = client, server
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.delay = 0.0
        """Seconds that everything is late by."""

    async def carry(self, from_client: asyncio.StreamReader, from_server: asyncio.StreamReader) -> None:
        """Forward both ways until both are done."""
        client, server = self._ends
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._forward(from_client, server))
                ways.create_task(self._forward(from_server, client))
        finally:
            for end in self._ends:
                end.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held: asyncio.Queue[bytes] = asyncio.Queue(HELD)
        async with asyncio.TaskGroup() as both:
            holding = both.create_task(self._hold(reader, held))
            with suppress(OSError):
                while data := await held.get():
                    await asyncio.sleep(self.delay)
                    await self._flowing.wait()
                    writer.write(data)
                    await writer.drain()
                await self._flowing.wait()
                writer.write_eof()
            holding.cancel()

    async def _hold(self, reader: asyncio.StreamReader, held: asyncio.Queue[bytes]) -> None:
        # What was sent is delivered, however late, also if whoever sent it has left with RST since.
        with suppress(OSError):
            while data := await reader.read(4096):
                await held.put(data)
        await held.put(b"")

    def freeze(self) -> None:
        """Forward nothing more, either way, and close nothing. What comes meanwhile is held, but not without end: who
        goes on sending fills the kernel's buffers."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Go on, with all that has come meanwhile."""
        self._flowing.set()

    def reset(self) -> None:
        """Cut it: both ends get a RST, and what was on its way is gone."""
        self.thaw()
        for end in self._ends:
            cut(end)


def cut(end: asyncio.StreamWriter) -> None:
    """Close a connection with RST: a lingering time of 0 (socket(7), SO_LINGER) discards what is not sent yet."""
    if not end.transport.is_closing():
        sock: socket.socket = end.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()


class Proxy:
    """Listens on loopback and forwards to a port there; an async context manager. Who comes while nobody listens at
    that port is cut off."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.links: set[Link] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, backlog=512)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.close()
        while self.links:
            for link in self.links:
                link.reset()
            await asyncio.sleep(0.01)

    async def _accepted(self, from_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            from_server, server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            cut(client)
            return
        link = Link(client, server)
        self.links.add(link)
        try:
            await link.carry(from_client, from_server)
        finally:
            self.links.discard(link)
