"""One WebSocket of aiohttp's, written to without waiting.

A frame for everybody is made once, and handed to the transport of each: no task and no copy per client. Nothing is
compressed and each write is a whole frame, so ours stand between aiohttp's own as they should.
"""

import asyncio
import socket
from typing import TYPE_CHECKING, Final

from aiohttp import web

from desktop.server.gate import Connection

if TYPE_CHECKING:
    from desktop.server.hub import Hub

CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a client has to answer a close frame."""
UNSENT_LIMIT: Final = 4_096
"""Bytes that wait in the kernel, at most, besides those that are on their way."""
UNHEARD_LIMIT: Final = 1 << 16
"""Bytes that may come without a message in them: twice what the longest takes if each of its bytes is a fragment."""
STALL_PAUSE: Final = 0.1
"""Seconds until somebody who takes nothing may be listened to again."""

TEXT: Final = 0x81
PING: Final = 0x89
PONG: Final = 0x8A
"""First bytes of whole frames: FIN and the opcode (RFC 6455, section 5.2)."""


def frame(first: int, payload: bytes) -> bytes:
    """A server's whole frame, unmasked; `first` is its first byte, the payload shorter than 64 KiB."""
    length = len(payload)
    return bytes((first, length) if length < 126 else (first, 126, *length.to_bytes(2))) + payload


class Socket:
    """A prepared WebSocketResponse and the connection under it."""

    __slots__ = ("_hub", "_pause", "_transport", "_unheard", "_waiting", "_ws", "closing", "stalled")

    def __init__(self, ws: web.WebSocketResponse, connection: Connection, hub: "Hub") -> None:
        self._ws = ws
        self._transport = connection.transport
        self._hub = hub
        self._pause = 0.0
        self._unheard = 0
        self._waiting = False
        self.closing = False
        self.stalled = False
        """Whether some of what was written has to wait."""
        # What the network is too slow for waits here, where the newest state takes its place: not in the kernel, whose
        # buffers hold thousands (tcp(7)).
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            kernels = self._transport.get_extra_info("socket")
            kernels.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_LIMIT)
        connection.upgrade(self)

    def write(self, frame: bytes) -> bool:
        """Hand a frame over; False if some of it has to wait. A connection that is gone takes it silently."""
        if not self._transport.is_closing():
            self._transport.write(frame)
        return not self.stalled

    # --- what the gate tells ---

    def came(self, nbytes: int) -> bool:
        # aiohttp tells nobody of fragments, of which somebody may send any number that make no message.
        self._unheard += nbytes
        return self._waiting or self._unheard <= UNHEARD_LIMIT

    def held(self) -> None:
        self.stalled = True

    def released(self) -> None:
        self.stalled = False
        self._hub.drained(self)

    # --- read and closed ---

    def pause(self, seconds: float) -> None:
        """Read nothing for so long: what comes meanwhile waits in aiohttp, then in the kernel, then at the sender."""
        self._pause = seconds

    async def readable(self) -> None:
        """A message has been read: wait until more may be. Who takes nothing is not listened to either: each ping would
        add an answer to what waits."""
        while (self._pause or self.stalled) and not self._transport.is_closing():
            self._waiting, pause, self._pause = True, self._pause, 0.0
            await asyncio.sleep(pause or STALL_PAUSE)
        self._waiting, self._unheard = False, 0

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye, and drop the connection once that is answered, or after CLOSE_TIMEOUT."""
        self.closing = True
        await self._ws.close(code=code, message=reason.encode(), drain=False)
        self.abort()

    def abort(self) -> None:
        """Drop the connection at once."""
        self.closing = True
        self._transport.abort()
