"""Listening sockets, all on one port: opened together or not at all."""

import errno
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from desktop.network.ports import ANY, BLOCKED, candidates

BACKLOG: Final = 4_096
"""Connections that the kernel keeps until they are accepted: a whole school at once. Who finds no place there tries
again only after a second."""
ANY_TRIES: Final = 20
"""How often the system is asked for any free port: the one it gives may be taken on another address."""
EXCLUSIVE: Final[int | None] = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
"""Windows' option that lets nobody else listen there too; elsewhere nobody can."""
LINGERING: Final = 5.0
"""Seconds that a port is waited for which nobody listens on, but old connections of a program that has just ended keep:
so Windows has it with that option (learn.microsoft.com, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE")."""
PAUSE: Final = 0.1
"""Seconds from one try to the next."""
PROBE: Final = 0.2
"""Seconds that whoever listens on this machine may take to answer; Windows itself takes two to say that nobody does."""
LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"
"""All of this machine's IPv4 addresses."""


class ListenError(Exception):
    """Can't listen there; the text says why, in a sentence."""


class PortTakenError(ListenError):
    """Another program listens there, or the system keeps the port: another port may do."""


class NotHereError(ListenError):
    """This machine doesn't have the address, or not yet (an IPv6 address is first asked for: RFC 4862, section 5.4)."""


def listen_for(
    address: str | None, everywhere: bool, port: int | None, last: int | None, likeliest: str | None
) -> list[socket.socket]:
    """Listen where that was asked for, at one `address` or `everywhere`, else at the `likeliest` if that can be; and on
    loopback in any case, for the window. Ports are as for `listen`. Raises ListenError."""
    if everywhere:
        return listen([EVERYWHERE], port, last, likeliest if likeliest and ":" in likeliest else None)
    if address:
        # One may ask for loopback's own.
        return listen(list(dict.fromkeys((LOOPBACK, address))), port, last)
    return listen([LOOPBACK], port, last, likeliest)


def listen(
    addresses: Sequence[str], port: int | None, last: int | None = None, wished: str | None = None
) -> list[socket.socket]:
    """A listening socket for each address, all on one port: on `port`; without one on the `last` one used, or else on
    the first of PORTS_TRIED from PORT on that is free, or else on any. `wished` is one more address, left out where it
    can't be listened at: nobody has asked for it.

    Raises ListenError.
    """
    if port is not None:
        return _listen_again_on(addresses, port, wished)
    for candidate in candidates(*([last] if last else ())):
        try:
            return (_listen_again_on if candidate == last else _listen_on)(addresses, candidate, wished)
        except PortTakenError as error:
            taken = error
    if wished:
        return listen(addresses, None, last)
    raise taken


def reached(address: str, sockets: Iterable[socket.socket]) -> bool:
    """Whether one of these listens at this address, itself or at all of the machine's."""
    at = {sock.getsockname()[0] for sock in sockets}
    return address in at or (EVERYWHERE in at and ":" not in address)


def _listen_again_on(addresses: Sequence[str], port: int, wished: str | None) -> list[socket.socket]:
    """On a port that may have been ours until just now."""
    deadline = time.monotonic() + LINGERING
    while True:
        try:
            return _listen_on(addresses, port, wished)
        except PortTakenError as error:
            is_in_use = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
            everywhere = [*addresses, wished] if wished else addresses
            if EXCLUSIVE is None or not is_in_use or time.monotonic() > deadline or _is_served(everywhere, port):
                raise
        time.sleep(PAUSE)


def _is_served(addresses: Iterable[str], port: int) -> bool:
    """Whether somebody listens there, whom it is no use to wait for."""
    for address in addresses:
        with suppress(OSError), socket.create_connection((address, port), PROBE):
            return True
    return False


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


def listen_at_first(address: str, ports: Iterable[int]) -> socket.socket:
    """A listening socket on the first of these ports that is free there. Raises ListenError."""
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
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR if EXCLUSIVE is None else EXCLUSIVE, 1)
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
