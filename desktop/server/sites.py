"""Listening sockets, all on one port: opened together or not at all, and moved while people are connected."""

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from typing import Final

BACKLOG: Final = 4_096
"""Connections that the kernel keeps until they are accepted: a whole school at once. Who finds no place there tries
again only after a second."""
AT_ONCE: Final = 64
"""Of these, as many as are accepted before anybody who is in is served again."""
PORT: Final = 8000
PORTS_TRIED: Final = 20
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"
"""All of this machine's IPv4 addresses."""


class ListenError(Exception):
    """Can't listen there; the text says why, in a sentence."""


class PortTakenError(ListenError):
    """Another program listens there."""


def listen(addresses: Sequence[str], port: int | None, last: int | None = None) -> list[socket.socket]:
    """A listening socket for each address, all on one port: on `port`; without one on the `last` one used, or else on
    the first of PORTS_TRIED from PORT on that is free, or else on any.

    Raises ListenError.
    """
    if port is not None:
        return _listen_on(addresses, port)
    for candidate in (*([last] if last else ()), *range(PORT, PORT + PORTS_TRIED)):
        try:
            return _listen_on(addresses, candidate)
        except PortTakenError:
            continue
    return _listen_on(addresses, 0)


def _listen_on(addresses: Sequence[str], port: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        for address in addresses:
            opened.append(listen_at(address, port))
            port = opened[0].getsockname()[1]  # the one that the system chose, if it was asked to (0)
    except BaseException:
        for sock in opened:
            sock.close()
        raise
    return opened


def listen_at(address: str, port: int) -> socket.socket:
    """One listening socket. Raises ListenError."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        # Elsewhere than on Windows this allows to listen again right after a restart; there it would allow two servers.
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _explained(error, address, port) from error
    return sock


def _explained(error: OSError, address: str, port: int) -> ListenError:
    match error:
        case PermissionError():
            return ListenError(f"Port {port} needs rights that this program doesn't have. Choose one above 1023.")
        case OSError(errno=errno.EADDRINUSE):
            return PortTakenError(f"Port {port} is taken by another program. Choose another one with --port.")
        case OSError(errno=errno.EADDRNOTAVAIL):
            return ListenError(f"This machine doesn't have the address {address}.")
    return ListenError(f"Can't listen on {address}, port {port}: {error.strerror or error}.")


class Sites:
    """Where a server listens: on loopback all the time, and on one address that others can reach; or everywhere."""

    def __init__(self, port: int, gate: Callable[[], asyncio.BaseProtocol]) -> None:
        """`gate` makes the protocol of each connection."""
        self._port = port
        self._gate = gate
        self._servers: dict[str, asyncio.Server] = {}

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on these listening sockets."""
        for sock in sockets:
            await self._open(sock)

    def stop(self) -> None:
        """Accept nobody any more."""
        for server in self._servers.values():
            server.close()

    async def _open(self, sock: socket.socket) -> None:
        # To asyncio, `backlog` is both: so the kernel is told its own number afterwards.
        server = await asyncio.get_running_loop().create_server(self._gate, sock=sock, backlog=AT_ONCE)
        sock.listen(BACKLOG)
        self._servers[sock.getsockname()[0]] = server

    async def move(self, address: str | None) -> None:
        """Listen on this address instead of any other but loopback's; on None on loopback alone.

        The new one listens before the old one stops, and whoever is connected stays so. Raises ListenError: then
        nothing has changed.
        """
        if address and not self._is_reached(address):
            await self._open(listen_at(address, self._port))
        for other in [other for other in self._servers if other not in (address, LOOPBACK, EVERYWHERE)]:
            self._servers.pop(other).close()

    def _is_reached(self, address: str) -> bool:
        return address in self._servers or (EVERYWHERE in self._servers and ":" not in address)
