"""The server in an event loop of its own, in a thread or not: started and stopped in the right order.

Start: journal, room, hub, sites. Stop: what has arrived is recorded, everybody is told (1001), sites, journal.
"""

import asyncio
import errno
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

import msgspec
from aiohttp import web

from desktop.core.counter import AnyOperation, Counter
from desktop.core.protocol import Network
from desktop.core.room import Room
from desktop.journal import Journal, JournalError, Kept
from desktop.server.app import application
from desktop.server.hub import Hub
from desktop.server.pages import Pages, folder

BACKLOG: Final = 512
"""Connections that the kernel keeps until they are accepted: a whole school at once."""
PORT: Final = 8000
PORTS_TRIED: Final = 20


class StartError(Exception):
    """The program can't start as it was asked to; the text says why, in a sentence."""


def listen(addresses: Sequence[str], port: int | None) -> list[socket.socket]:
    """A listening socket for each address, all on one port: on `port`, or on the first that is free from PORT on.

    Raises StartError.
    """
    if port is not None:
        return _listen_on(addresses, port)
    for candidate in range(PORT, PORT + PORTS_TRIED):
        try:
            return _listen_on(addresses, candidate)
        except PortTakenError:
            continue
    raise StartError(f"The ports {PORT} to {PORT + PORTS_TRIED - 1} are all taken. Choose another one with --port.")


class PortTakenError(StartError):
    """Another program listens there."""


def _listen_on(addresses: Sequence[str], port: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        for address in addresses:
            opened.append(_listen_at(address, port))
            port = opened[0].getsockname()[1]  # the one that the system chose, if it was asked to (0)
    except BaseException:
        for sock in opened:
            sock.close()
        raise
    return opened


def _listen_at(address: str, port: int) -> socket.socket:
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


def _explained(error: OSError, address: str, port: int) -> StartError:
    match error:
        case PermissionError():
            return StartError(f"Port {port} needs rights that this program doesn't have. Choose one above 1023.")
        case OSError(errno=errno.EADDRINUSE):
            return PortTakenError(f"Port {port} is taken by another program. Choose another one with --port.")
        case OSError(errno=errno.EADDRNOTAVAIL):
            return StartError(f"This machine doesn't have the address {address}.")
    return StartError(f"Can't listen on {address}, port {port}: {error.strerror or error}.")


class Server:
    """One counter on some listening sockets."""

    def __init__(self, journal: Journal, sockets: Sequence[socket.socket], secret: str, network: Network) -> None:
        self._journal = journal
        self._sockets = sockets
        self._secret = secret
        self._network = network
        self._started: Future[None] = Future()
        self._ended: Callable[[BaseException | None], None] = lambda error: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    def start(self, ended: Callable[[BaseException | None], None]) -> None:
        """Run in a thread of its own; returns once connections are accepted.

        `ended` is called in that thread when the server has stopped, with the error that ended it if there was one.
        Raises JournalError.
        """
        self._ended = ended
        self._thread.start()
        self._started.result()

    def stop(self) -> None:
        """From any thread, also twice: stop serving. Returns at once."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    def join(self) -> None:
        """Wait until all is let go of."""
        self._thread.join()

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            failure = error
        if not self._started.done():
            self._started.set_exception(failure or RuntimeError("The server ended before it began."))
        else:
            self._ended(failure)

    async def _serve(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        hub: Hub

        def deliver(operations: Sequence[AnyOperation], last: int) -> None:
            loop.call_soon_threadsafe(hub.recorded, operations, last)

        kept = self._journal.open(deliver)
        try:
            room = Room(restored(kept), epoch=kept.epoch, secret=self._secret, run=secrets.token_urlsafe(6))
            hub = Hub(room, self._journal, kept.last)
            hub.announce(self._network)
            port = self._sockets[0].getsockname()[1]
            # A client keeps its connection for the next file of the page; a minute later it is only a place taken.
            runner = web.AppRunner(
                application(hub, Pages(folder()), port), access_log=None, keepalive_timeout=60, shutdown_timeout=1
            )
            await runner.setup()
            try:
                for sock in self._sockets:
                    await web.SockSite(runner, sock, backlog=BACKLOG).start()
                self._started.set_result(None)
                await self._stop.wait()
            finally:
                await hub.close()
                await runner.cleanup()
        finally:
            self._journal.close()


def restored(kept: Kept) -> Counter:
    """The counter as the journal kept it. Raises JournalError."""
    try:
        counter = msgspec.json.decode(kept.state, type=Counter) if kept.state else Counter()
    except msgspec.MsgspecError as error:
        raise JournalError(f"The snapshot can't be read: {error}.") from error
    for operation in kept.operations:
        counter.apply(operation)
    return counter
