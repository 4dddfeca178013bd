"""One WebSocket of aiohttp's, written to without waiting.

A frame is made once and handed to the transport of each connection: the only way of aiohttp's public interface that
costs no task and no copy per client. That the frames come out whole, in order and uncompressed between aiohttp's own
is tested, so that a change of aiohttp's shows.
"""

import asyncio
from typing import Final

from aiohttp import web

CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a client has to answer a close frame."""

TEXT: Final = 0x81
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole, unmasked frame with FIN set (RFC 6455, section 5.2). `opcode` is the first byte."""
    length = len(payload)
    if length < 126:
        return bytes((opcode, length)) + payload
    if length < 1 << 16:
        return bytes((opcode, 126)) + length.to_bytes(2) + payload
    return bytes((opcode, 127)) + length.to_bytes(8) + payload


class Socket:
    """A prepared WebSocketResponse and the transport under it."""

    __slots__ = ("_is_closing", "_transport", "_waiting", "_write", "_ws", "closing", "paused", "writable")

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._ws = ws
        self._transport = transport
        # Bound once: these are called for every frame of every client.
        self._write = transport.write
        self._waiting = transport.get_write_buffer_size
        self._is_closing = transport.is_closing
        self.paused = 0.0
        """Seconds to wait before reading on."""
        self.closing: asyncio.Task[None] | None = None
        self.writable: asyncio.Future[None] | None = None
        """Done once all that was written has left; None if it has."""

    def write(self, frame: bytes) -> bool:
        """Hand a frame to the kernel; False if some of it has to wait. A connection that is gone takes it silently."""
        if not self._is_closing():
            self._write(frame)
        return not self._waiting()

    def hold(self) -> None:
        """Some of it has to wait: read no more until then."""
        if self.writable is None:
            self.writable = asyncio.get_running_loop().create_future()

    def release(self) -> None:
        """All has left, or nobody is there any more: read on."""
        if self.writable and not self.writable.done():
            self.writable.set_result(None)
        self.writable = None

    def empty(self) -> bool:
        """Whether all that was written has left this process."""
        return not self._waiting()

    async def close(self, code: int, reason: str) -> None:
        """Close politely, within CLOSE_TIMEOUT, then for good."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._ws.close(code=code, message=reason.encode())
        except TimeoutError:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._transport.abort()
