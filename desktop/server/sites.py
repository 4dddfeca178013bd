"""Where a server listens, moved while people are connected."""

import asyncio
import socket
from collections.abc import Callable, Collection, Iterable, Sequence

from desktop.network.accepting import Accepting, accept
from desktop.network.listening import EVERYWHERE, LOOPBACK, listen_at_first


class Sites:
    """Where a server listens: on loopback all the time, and on one address that others can reach; or everywhere."""

    def __init__(self, port: int, gate: Callable[[], asyncio.BaseProtocol]) -> None:
        """`gate` makes the protocol of each connection."""
        self._port = port
        self._gate = gate
        self._servers: dict[str, Accepting] = {}
        self._port_at: dict[str, int] = {}
        self._ports = {port}

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept connections on these listening sockets."""
        for sock in sockets:
            await self._open(sock)

    def stop(self) -> None:
        """Accept nobody any more."""
        for server in self._servers.values():
            server.close()

    async def _open(self, sock: socket.socket) -> None:
        self._servers[sock.getsockname()[0]] = await accept(sock, self._gate)

    async def move(self, address: str | None, ports: Iterable[int] = ()) -> int:
        """Listen on this address instead of any other but loopback's; on None on loopback alone.

        Returns the port: the one it listens on already, or else the first of `ports` that is free there (loopback's if
        none is given). The new one listens before the old one stops, and whoever is connected stays so. Raises
        ListenError: then nothing has changed.
        """
        if address and not self._is_reached(address):
            sock = listen_at_first(address, ports or [self._port])
            await self._open(sock)
            self._port_at[address] = sock.getsockname()[1]
            self._ports.add(self._port_at[address])
        for other in [other for other in self._servers if other not in (address, LOOPBACK, EVERYWHERE)]:
            self._port_at.pop(other, None)
            self._servers.pop(other).close()
        return self._port_at.get(address, self._port) if address else self._port

    @property
    def ports(self) -> Collection[int]:
        """All that it has listened on: whoever is connected stays so when the address moves."""
        return self._ports

    def _is_reached(self, address: str) -> bool:
        return address in self._servers or (EVERYWHERE in self._servers and ":" not in address)
