"""Listening sockets, all on one port: opened together or not at all, and moved while people are connected."""

import asyncio
import errno
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from aiohttp import web

from desktop.server.gate import Gate, Place
from desktop.server.http import serving
from desktop.server.ports import ANY, BLOCKED, candidates

BACKLOG: Final = 4_096
"""Connections that the kernel keeps until they are accepted: a whole school at once. Who finds no place there tries
again only after a second."""
AT_ONCE: Final = 64
"""Of these, as many as are accepted before anybody who is in is served again."""
ANY_TRIES: Final = 20
"""How often the system is asked for any free port: the one it gives may be taken on another address."""
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"
"""All of this machine's IPv4 addresses."""


class ListenError(Exception):
    """Can't listen there; the text says why, in a sentence."""


class PortTakenError(ListenError):
    """Another program listens there, or the system keeps the port: another port may do."""


class NotHereError(ListenError):
    """This machine doesn't have the address, or not yet (an IPv6 address is first asked for: RFC 4862, section 5.4)."""


def listen(
    addresses: Sequence[str], port: int | None, last: int | None = None, wished: str | None = None
) -> list[socket.socket]:
    """A listening socket for each address, all on one port: on `port`; without one on the `last` one used, or else on
    the first of PORTS_TRIED from PORT on that is free, or else on any. `wished` is one more address, left out where it
    can't be listened at: nobody has asked for it.

    Raises ListenError.
    """
    if port is not None:
        return _listen_on(addresses, port, wished)
    for candidate in candidates(*([last] if last else ())):
        try:
            return _listen_on(addresses, candidate, wished)
        except PortTakenError as error:
            taken = error
    if wished:
        return listen(addresses, None, last)
    raise taken


def _listen_on(addresses: Sequence[str], port: int, wished: str | None = None) -> list[socket.socket]:
    for _ in range(ANY_TRIES):
        try:
            opened = _listen_at_all(addresses, port, wished)
        except PortTakenError as error:
            if port != ANY:
                raise
            taken = error
            continue
        if port != ANY or opened[0].getsockname()[1] not in BLOCKED:
            return opened
        _close(opened)
        taken = PortTakenError("The only free ports are ones that browsers refuse.")
    raise taken


def _listen_at_all(addresses: Sequence[str], port: int, wished: str | None) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        for address in addresses:
            opened.append(listen_at(address, port))
            port = opened[0].getsockname()[1]  # the one that the system chose, if it was asked to
        if wished and wished not in addresses:
            opened.append(listen_at(wished, port))
    except BaseException as error:
        if len(opened) == len(addresses) and isinstance(error, ListenError) and not isinstance(error, PortTakenError):
            return opened
        _close(opened)
        raise
    return opened


def _close(opened: Sequence[socket.socket]) -> None:
    for sock in opened:
        sock.close()


def _listen_at_first(address: str, ports: Iterable[int]) -> socket.socket:
    for port in ports:
        try:
            return _listen_on([address], port)[0]
        except PortTakenError as error:
            taken = error
    raise taken


def listen_at(address: str, port: int) -> socket.socket:
    """One listening socket. Raises ListenError."""
    sock = None
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        # Elsewhere than on Windows this allows to listen again right after a restart; there it would allow two servers.
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError as error:
        if sock:
            sock.close()
        raise _explained(error, address, port) from error
    return sock


def _explained(error: OSError, address: str, port: int) -> ListenError:
    match error:
        case PermissionError() if 0 < port < 1024:
            return PortTakenError(f"Port {port} needs rights that this program doesn't have. Choose one above 1023.")
        case PermissionError():
            # Hyper-V, WSL and Docker reserve whole ranges on Windows (netsh int ipv4 show excludedportrange tcp).
            return PortTakenError(f"Port {port} is kept back by this system. Choose another one with --port.")
        case OSError(errno=errno.EADDRINUSE):
            return PortTakenError(f"Port {port} is taken by another program. Choose another one with --port.")
        case OSError(errno=errno.EADDRNOTAVAIL):
            return NotHereError(f"This machine doesn't have the address {address}.")
    return ListenError(f"Can't listen on {address}, port {port}: {error.strerror or error}.")


class Site(web.BaseSite):
    """One listening socket, whose connections come through a gate."""

    __slots__ = ("_gate", "_sock")

    def __init__(self, runner: web.BaseRunner, sock: socket.socket, gate: Gate) -> None:
        super().__init__(runner, backlog=BACKLOG)
        self._sock = sock
        self._gate = gate

    @property
    def name(self) -> str:
        host, port = self._sock.getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        await super().start()
        # To asyncio, `backlog` is both: so the kernel is told its own number afterwards.
        self._server = await asyncio.get_running_loop().create_server(self._gate, sock=self._sock, backlog=AT_ONCE)
        self._sock.listen(BACKLOG)


class Sites:
    """Where a server listens: on loopback all the time, and on one address that others can reach; or everywhere."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sites: dict[str, Site] = {}
        self._port_at: dict[str, int] = {}
        self._ports = {port}

    async def start(
        self,
        runner: web.AppRunner,
        sockets: Sequence[socket.socket],
        most: int,
        upgrade: Callable[[Place, bytes], bool] = lambda place, data: False,
    ) -> None:
        """Accept connections for this server on these listening sockets, `most` of them at once; `upgrade` may take
        one by what it says first."""
        assert runner.server
        self._runner = runner
        self._gate = Gate(upgrade, serving(runner.server), most)
        for sock in sockets:
            await self._open(sock)

    async def stop(self) -> None:
        """Accept nobody any more, and let go of all."""
        await self._runner.cleanup()
        self._gate.close()

    async def _open(self, sock: socket.socket) -> None:
        site = Site(self._runner, sock, self._gate)
        await site.start()
        self._sites[sock.getsockname()[0]] = site

    async def move(self, address: str | None, ports: Iterable[int] = ()) -> int:
        """Listen on this address instead of any other but loopback's; on None on loopback alone.

        Returns the port: the one it listens on already, or else the first of `ports` that is free there (loopback's if
        none is given). The new one listens before the old one stops, and whoever is connected stays so. Raises
        ListenError: then nothing has changed.
        """
        port = self._port
        if address and not self._is_reached(address):
            sock = _listen_at_first(address, ports or [port])
            await self._open(sock)
            self._port_at[address] = sock.getsockname()[1]
            self._ports.add(self._port_at[address])
        for other in [other for other in self._sites if other not in (address, LOOPBACK, EVERYWHERE)]:
            self._port_at.pop(other, None)
            await self._sites.pop(other).stop()
        return self._port_at.get(address, port) if address else port

    @property
    def ports(self) -> Collection[int]:
        """All that it has listened on: whoever is connected stays so when the address moves."""
        return self._ports

    def _is_reached(self, address: str) -> bool:
        return address in self._sites or (EVERYWHERE in self._sites and ":" not in address)
