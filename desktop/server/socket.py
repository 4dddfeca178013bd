"""One WebSocket after its handshake: the protocol of its connection in place of aiohttp's.

aiohttp's own would cost each client two tasks, a queue and the request with all its headers, for as long as it stays;
and each message two turns of the loop. Here bytes that come become messages at once, and a frame for everybody is made
once and handed to the system for each. (Measured with 3,000 clients: 3.3 KiB each, and 16 with aiohttp's.)
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from os import write
from typing import Final, Protocol

from desktop.core.protocol import MESSAGE_LIMIT
from desktop.server.frames import CLOSE, PING, Frame, FrameError, Frames, answer_to_close, frame

CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a client has to answer a close frame."""
UNSENT_LIMIT: Final = 4_096
"""Bytes that wait in the kernel, at most, besides those that are on their way."""
INBOX: Final = memoryview(bytearray(2 * MESSAGE_LIMIT))
"""Where the system puts what comes, of whichever client: no more of it is read at once, so nobody makes much wait
here; and what is read is taken out before the loop goes on."""
DIRECT: Final = sys.platform != "win32"
"""Whether a socket is a descriptor that can be written to: with nothing waiting in the transport, that is what the
transport would do, for less. (aiofastnet 1.2, asyncio's transports in C, costs a little less still, and keeps 5 KiB
more for each: build/dev.py bench --only delivery --only memory.)"""


class Events(Protocol):
    """Who is told what happens."""

    def receive(self, socket: "Socket", text: str) -> None:
        """A text came."""

    def heard(self, socket: "Socket", ping: bytes | None = None) -> None:
        """Something else came: a ping, with its payload, a pong, or a part of a text."""

    def drained(self, socket: "Socket") -> None:
        """What had to wait has left."""

    def leave(self, socket: "Socket") -> None:
        """It says goodbye, or has broken the rules: nothing more will come."""

    def lost(self, socket: "Socket") -> None:
        """The connection is gone, from whichever side."""


class Socket(asyncio.BufferedProtocol):
    """Takes the connection `transport` over; `gone` is called once it is."""

    __slots__ = (
        "_closing",
        "_deaf",
        "_descriptor",
        "_direct",
        "_events",
        "_frames",
        "_gone",
        "_timer",
        "_transport",
        "stalled",
    )

    def __init__(self, transport: asyncio.Transport, events: Events, gone: Callable[[], None]) -> None:
        self._transport = transport
        self._events = events
        self._gone = gone
        kernels = transport.get_extra_info("socket")
        self._descriptor = kernels.fileno()
        self._direct = DIRECT
        """Whether a frame may go past the transport: nothing waits in it, and the descriptor is still this one's."""
        self._frames = Frames(MESSAGE_LIMIT)
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._deaf = False
        self.stalled = False
        """Whether some of what was written has to wait."""
        # A state is not held back until the one before is acknowledged, which takes some systems 40 ms (RFC 9293,
        # section 3.7.4). asyncio sees to it for a socket that says that it is TCP's; an accepted one doesn't.
        kernels.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What the network is too slow for waits here, where the newest state takes its place: not in the kernel, whose
        # buffers hold thousands (tcp(7)).
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            kernels.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_LIMIT)
        transport.set_protocol(self)
        # So that it is told at once whenever something has to wait, and when nothing has to any more.
        transport.set_write_buffer_limits(high=0)

    def begin(self, hasty: bytes) -> None:
        """Begin to read; `hasty` is what has come already."""
        self._frames.feed(hasty)
        self._read()
        if not (self._timer or self.stalled):
            self._transport.resume_reading()

    # --- written ---

    def write(self, frame: bytes) -> bool:
        """Hand a frame to the kernel; False if some of it has to wait. A connection that is gone takes it silently."""
        if self._direct:
            try:
                sent = write(self._descriptor, frame)
            except OSError:
                pass  # Full, or broken: the transport waits, or finds out.
            else:
                if sent == len(frame):
                    return True
                frame = frame[sent:]
        if not self._transport.is_closing():
            self._transport.write(frame)
        return not self.stalled

    def pause(self, seconds: float) -> None:
        """Read nothing for so long: what comes meanwhile waits in the kernel, and then at the sender."""
        if self._timer is None and not self._closing:
            self._transport.pause_reading()
            self._timer = asyncio.get_running_loop().call_later(seconds, self._read_on)

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and drop the connection once that is answered, or after CLOSE_TIMEOUT."""
        if not self._closing:
            self._end(code, reason)
            if not self.stalled:
                self._transport.resume_reading()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._direct = False
        self._transport.abort()

    def _end(self, code: int, reason: str) -> None:
        self._closing = True
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self.abort)
        self.write(frame(CLOSE, code.to_bytes(2) + reason.encode()))

    # --- read ---

    def _read(self) -> None:
        try:
            while not (self._timer or self.stalled) and (found := self._frames.next()) is not None:
                if isinstance(found, str):
                    self._events.receive(self, found)
                else:
                    self._control(found)
        except FrameError as error:
            self._fail(error)

    def _fail(self, error: FrameError) -> None:
        """Fail the connection (RFC 6455, section 7.1.7). What still comes is taken and thrown away: to close at once
        would make the system forget the reason before it has arrived."""
        self._deaf = True
        self._events.leave(self)
        self._end(error.code, str(error))
        self._transport.write_eof()

    def _control(self, found: Frame) -> None:
        if found.first == CLOSE:
            code = answer_to_close(found.payload)
            self._events.leave(self)
            self._end(code, "")
            self._transport.close()
        else:
            self._events.heard(self, found.payload if found.first == PING else None)

    def _read_on(self) -> None:
        self._timer = None
        if not self.stalled:
            self._read()
        if not (self._timer or self.stalled):
            self._transport.resume_reading()

    def _await_farewell(self) -> None:
        """Only the answer to our close frame counts now; the server ends the connection (RFC 6455, section 7.1.1)."""
        try:
            while (found := self._frames.next()) is not None:
                if isinstance(found, Frame) and found.first == CLOSE:
                    self._transport.close()
                    return
        except FrameError:
            self._deaf = True

    # --- what asyncio calls ---

    def get_buffer(self, sizehint: int) -> memoryview:
        return INBOX

    def buffer_updated(self, nbytes: int) -> None:
        if self._deaf:
            return
        self._frames.feed(bytes(INBOX[:nbytes]))
        if self._closing:
            self._await_farewell()
        else:
            self._read()

    def pause_writing(self) -> None:
        # Who takes nothing is not listened to either: each ping would add an answer to what waits.
        self.stalled = True
        self._direct = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self.stalled = False
        self._direct = DIRECT
        self._events.drained(self)
        if self._closing:
            self._transport.resume_reading()
        elif self._timer is None:
            self._read_on()

    def connection_lost(self, exc: Exception | None) -> None:
        # The transport closes it now, and the next to connect may get the same number.
        self._direct = False
        if self._timer:
            self._timer.cancel()
        self._events.lost(self)
        self._gone()
