"""Accepting connections, until that is closed: by asyncio's own server; on Windows by a task.

There asyncio's server closes the listening socket for good when somebody is gone before they were accepted
(python/cpython#93821): a scanner of ports, or a browser that thinks better of it, and nobody could join any more.
"""

import asyncio
import errno
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from desktop.network.listening import BACKLOG

BY_TASK: Final = sys.platform == "win32"
AT_ONCE: Final = 64
"""Of those who wait to be accepted, as many as are before anybody who is in is served again."""
PAUSE: Final = 1.0
"""Seconds until it is tried again where this machine can't accept anybody; as asyncio has it."""
RESET: Final = {59, 64}
"""Windows' numbers for a connection that was reset before it was accepted, which Python has no exception for: Wine's
(ERROR_UNEXP_NET_ERR), and Windows' own (ERROR_NETNAME_DELETED)."""

Serve = Callable[[], asyncio.BaseProtocol]
"""Makes the protocol of one connection."""


class Accepting(Protocol):
    """What accepts on one socket."""

    def close(self) -> None:
        """Accept nobody any more, and close the socket, if that isn't done; whoever is in stays."""


async def accept(sock: socket.socket, serve: Serve) -> Accepting:
    """Accept on a listening socket, which belongs to what is returned."""
    if BY_TASK:
        return AcceptingTask(sock, serve)
    # To asyncio, `backlog` is both: so the kernel is told its own number afterwards.
    server = await asyncio.get_running_loop().create_server(serve, sock=sock, backlog=AT_ONCE)
    sock.listen(BACKLOG)
    return server


class AcceptingTask:
    """Accepts one after the other, whatever becomes of the one before."""

    def __init__(self, sock: socket.socket, serve: Serve) -> None:
        self._sock, self._serve = sock, serve
        sock.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._accept())

    def close(self) -> None:
        self._task.cancel()
        # A loop that knows sockets by their numbers would go on watching this one's, which is another's soon.
        with suppress(NotImplementedError, ValueError):  # it has no such numbers; it is closed
            self._loop.remove_reader(self._sock)
        self._sock.close()

    async def _accept(self) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(self._sock)
            except OSError as error:
                self._tell(error)
                # Whoever is in is served in between.
                await asyncio.sleep(0 if is_gone(error) else PAUSE)
                # What asyncio had made to be the accepted one is held by these alone, and closed with them.
                traceback.clear_frames(error.__traceback__)
                continue
            # Whoever has been accepted when this ends is in.
            await asyncio.shield(self._connect(accepted))

    async def _connect(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._serve, accepted)
        except Exception as error:
            accepted.close()
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        if not is_gone(error):
            self._loop.call_exception_handler({"message": "Somebody could not be accepted.", "exception": error})


def is_gone(error: object) -> bool:
    """Whether this says no more than that the other side has left.

    The loop's exception handler is told it too: on Windows each `sock_accept` has a task that nobody waits for.
    """
    if not isinstance(error, OSError):
        return False
    return (
        isinstance(error, ConnectionError) or error.errno == errno.ENOTCONN or getattr(error, "winerror", None) in RESET
    )
