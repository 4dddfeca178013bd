"""One WebSocket of aiohttp's, written to without waiting.

A frame for everybody is made once, and handed to the transport of each: no task and no copy per client. Nothing is
compressed and each write is a whole frame, so ours stand between aiohttp's own as they should.
"""

import asyncio
import socket
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from desktop.server.gate import Connection
    from desktop.server.hub import Hub

CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a client has to take a close frame, and to answer it."""
UNSENT_LIMIT: Final = 4_096
"""Bytes that wait in the kernel, at most, besides those that are on their way."""

TEXT: Final = 0x81
PING: Final = 0x89
"""First bytes of whole frames: FIN and the opcode (RFC 6455, section 5.2)."""


def frame(first: int, payload: bytes) -> bytes:
    """A server's whole frame, unmasked; `first` is its first byte."""
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    return (
        bytes((first, 126) if length < 1 << 16 else (first, 127))
        + length.to_bytes(2 if length < 1 << 16 else 8)
        + payload
    )


class Socket:
    """A WebSocketResponse and the transport under it."""

    __slots__ = ("_drained", "_hub", "_pause", "_transport", "_ws", "connection")

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport, hub: "Hub") -> None:
        self._ws = ws
        self._transport = transport
        self._hub = hub
        self._pause = 0.0
        self.connection: Connection | None = None
        """By which it came, once it is open."""
        self._drained: asyncio.Event | None = None
        """What is awaited while some of what was written has to wait."""
        # What the network is too slow for waits here, where the newest state takes its place: not in the kernel, whose
        # buffers hold thousands (tcp(7)).
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            kernels = transport.get_extra_info("socket")
            kernels.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_LIMIT)

    def write(self, frame: bytes) -> None:
        """Hand a frame over. A connection that is gone takes it silently."""
        if not self._transport.is_closing():
            self._transport.write(frame)

    # --- what the connection tells ---

    def held(self) -> None:
        """Some of what was written has to wait."""
        self._drained = asyncio.Event()
        self._hub.stalled(self)

    def released(self) -> None:
        """Nothing has to wait any more."""
        if self._drained:
            self._drained.set()
            self._drained = None
            self._hub.drained(self)

    @property
    def is_held(self) -> bool:
        """Whether some of what was written has to wait."""
        return self._drained is not None

    # --- read and closed ---

    def pause(self, seconds: float) -> None:
        """Read nothing for so long: what comes meanwhile waits in aiohttp, then in the kernel, then at the sender."""
        self._pause = seconds

    @property
    def slowed(self) -> bool:
        """Whether `readable` has to be awaited before more is read."""
        return self._drained is not None or self._pause > 0

    async def readable(self) -> None:
        """Wait until more may be read. Who takes nothing is not listened to either: each ping would add an answer to
        what waits."""
        if self._pause:
            pause, self._pause = self._pause, 0.0
            await asyncio.sleep(pause)
        while self._drained:
            await self._drained.wait()

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye, and wait until that has left; after CLOSE_TIMEOUT the connection is dropped."""
        if not self._ws.closed:
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self._transport.abort)
            await self._ws.close(code=code, message=reason.encode(), drain=False)
        while self._drained:
            await self._drained.wait()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._transport.abort()
