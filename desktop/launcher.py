"""The server in an event loop of its own, in a thread or not: started and stopped in the right order.

Start: journal, room, hub, sites. Stop: what has arrived is recorded, everybody is told (1001), sites, journal.
"""

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from desktop.core.answers import Elsewhere, Notice
from desktop.core.operations import AnyOperation
from desktop.core.room import Room
from desktop.journal import Journal, Kept
from desktop.journal.shared import Shared
from desktop.machine import preferences
from desktop.machine.descriptors import on_loop_error, places
from desktop.network.accepting import is_gone
from desktop.network.choice import Choice
from desktop.network.mdns import LocalName
from desktop.server.app import application
from desktop.server.astray import Astray
from desktop.server.course import Course
from desktop.server.gate import Gate
from desktop.server.guard import Guard
from desktop.server.history import History
from desktop.server.hub import Hub
from desktop.server.joining import Joining
from desktop.server.pages import Pages, folder
from desktop.server.reach import Reach
from desktop.server.sharing import Sharing
from desktop.server.sites import Sites
from desktop.server.takeaway import Takeaway

COMPANY_PAUSE: Final = 1.0
"""Seconds from one look at who is here to the next, for what needs no more haste."""


def on_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's exception handler: who has left before being accepted is nothing to tell."""
    if not is_gone(context.get("exception")):
        on_loop_error(loop, context)


class Server:
    """One counter on some listening sockets."""

    def __init__(
        self,
        journal: Journal,
        sockets: Sequence[socket.socket],
        secret: str,
        *,
        connections: int,
        fixed: str | None = None,
        shown: str | None = None,
        preferences: Path,
        forward: tuple[str, Callable[[], bool]],
        company: Callable[[bool], None] = lambda there: None,
        origins: Collection[str] = (),
    ) -> None:
        """`sockets` listen on one port; `connections` is how many WebSockets there may be at once, and `origins` whose
        pages besides our own may open them. `fixed` is the only address that others may join at (None: the likeliest,
        or what the host chooses; that is kept in the file `preferences`), `shown` the one that they are told to join at
        from the start. `forward` is the token that brings the window forward, and what does it, in the server's
        thread. `company` is told there, every second, whether anybody but the host is here; it must not wait."""
        self._journal = journal
        self._sockets = sockets
        self._secret = secret
        self._connections = connections
        self._origins = origins
        self._fixed = fixed
        self._shown = shown
        self._forward = forward
        self._company = company
        self._preferences = preferences
        self._tickets: set[str] = set()
        self.notices: Sequence[Notice] = ()
        """What the host must know of the counter that was kept, once the server has started."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hub: Hub | None = None
        self._stop = asyncio.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self, ended: Callable[[BaseException | None], None]) -> None:
        """Run in a thread of its own; returns once connections are accepted.

        `ended` is called in that thread when the server has stopped, with the error that ended it if there was one.
        Raises JournalError.
        """
        started: Future[None] = Future()

        def run() -> None:
            failure: BaseException | None = None
            try:
                self.run(lambda: started.set_result(None))
            except BaseException as error:
                failure = error
            if started.done():
                ended(failure)
            else:
                started.set_exception(failure or RuntimeError("The server ended before it began."))

        self._thread = threading.Thread(target=run, name="server", daemon=True)
        self._thread.start()
        started.result()

    def run(self, started: Callable[[], None]) -> None:
        """Run in this thread until stopped; `started` is called once connections are accepted. Raises JournalError."""
        asyncio.run(self._serve(started))

    @property
    def people(self) -> int:
        """How many are with this host, from any thread."""
        return self._hub.room.here if self._hub else 0

    def ticket(self) -> str:
        """Make a path of the page that makes the first browser on this machine to open it the host's; any thread."""
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket)
        return f"host/enter/{ticket}"

    def stop(self) -> None:
        """From any thread, at any moment, also twice: stop serving. Returns at once."""
        self._stopping = True
        if self._loop:
            # A loop that has been closed meanwhile says so by this error.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)

    def join(self) -> None:
        """Wait until the thread has let go of everything."""
        if self._thread:
            self._thread.join()

    async def _serve(self, started: Callable[[], None]) -> None:
        loop = self._loop = asyncio.get_running_loop()
        loop.set_exception_handler(on_error)
        # Before there was a loop, nobody could be woken in it.
        if self._stopping:
            self._stop.set()
        hub: Hub

        def deliver(operations: Sequence[AnyOperation], last: int) -> None:
            loop.call_soon_threadsafe(hub.recorded, operations, last)

        kept = self._journal.open(deliver)
        watching: asyncio.Task[None] | None = None
        try:
            self.notices = kept.notices
            hub = self._hub = Hub(self._made(kept), self._journal, kept.last)
            if isinstance(self._journal, Shared):
                self._share(self._journal, hub, loop)
            watching = loop.create_task(self._watch(hub))
            await self._listen(hub, started)
        finally:
            if watching:
                watching.cancel()
            self._journal.close()

    def _made(self, kept: Kept) -> Room:
        """The room for what the journal has."""
        run = secrets.token_urlsafe(6)
        return Room(kept.counter, epoch=kept.epoch, secret=self._secret, run=run, notices=kept.notices)

    def _share(self, journal: Shared, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        """Let the journal deliver what other hosts record."""

        def renew(kept: Kept, move: Callable[[], None]) -> None:
            def begin() -> None:
                move()
                hub.renew(self._made(kept), kept.last)

            loop.call_soon_threadsafe(begin)

        def meet(elsewhere: Sequence[Elsewhere]) -> None:
            loop.call_soon_threadsafe(hub.meet, elsewhere)

        journal.follow(renew, meet)

    async def _watch(self, hub: Hub) -> None:
        while True:
            self._company(hub.room.has_company)
            if isinstance(self._journal, Shared):
                self._journal.present(hub.room.here)
            await asyncio.sleep(COMPANY_PAUSE)

    async def _listen(self, hub: Hub, started: Callable[[], None]) -> None:
        """Serve until it is time to stop."""
        port = self._sockets[0].getsockname()[1]
        # Where the system allows fewer connections than are wanted, some of them are still for the page.
        fit = places(self._connections)
        connections = min(self._connections, fit - fit // 10)
        gate = Gate(fit)
        sites, name, kept = Sites(port, gate), LocalName(port), preferences.load(self._preferences)
        reach = Reach(
            sites,
            name,
            port,
            fixed=self._fixed,
            choice=Choice(kept.address, kept.interface),
            shown=self._shown,
            announce=hub.announce,
            remember=lambda choice: preferences.change(self._preferences, **choice._asdict()),
        )
        routes = [
            *Joining(reach, self._secret, self._forward, self._tickets).routes(),
            *Sharing(self._preferences.parent, self._secret).routes(),
            *Course(folder() / "course", lambda: reach.join).routes(),
            *History(lambda: hub.room, self._journal, self._secret).routes(),
            *Takeaway(self._journal, self._secret, folder() / "locales").routes(),
            *Pages(folder()).routes(),
        ]
        guard = Guard(port, lambda: reach.local_name, reach.visited, lambda: sites.ports)
        astray = Astray(folder() / "locales" / "host", lambda: reach.join)
        runner = application(hub, guard, astray, connections, routes, self._origins)
        await runner.setup()
        assert runner.server
        gate.open(runner.server)
        following: asyncio.Task[None] | None = None
        try:
            await sites.start(self._sockets)
            following = asyncio.create_task(reach.follow())
            hub.bots.port = port
            started()
            await self._stop.wait()
        finally:
            if following:
                following.cancel()
            await hub.close()
            sites.stop()
            gate.close()
            await runner.cleanup()
            await name.release()
