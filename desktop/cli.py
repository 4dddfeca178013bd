"""The command line: options become the parts, put together here and nowhere else."""

import argparse
import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from desktop.export.folder import ExportError, export, export_shared
from desktop.journal import Journal, JournalError, shared
from desktop.journal.memory import MemoryJournal, SavedIfPossible
from desktop.journal.sqlite import SqliteJournal
from desktop.launcher import Server
from desktop.machine import preferences
from desktop.machine.audience import Audience
from desktop.machine.awake import Awake
from desktop.machine.console import attach, leave, say
from desktop.machine.descriptors import make_room
from desktop.machine.install import InstallError, install, own_command, uninstall
from desktop.machine.instance import AlreadyRunning, FolderError, Running, hold
from desktop.machine.outside import has_desktop, open_page
from desktop.machine.place import log_file, persons_folder, place
from desktop.machine.signals import on_signals
from desktop.network import addresses
from desktop.network.choice import Choice, candidates
from desktop.network.listening import LOOPBACK, ListenError, listen_for, reached
from desktop.network.names import url
from desktop.options import OptionError, is_windowless, parse
from desktop.server.pages import folder
from desktop.window import window
from desktop.window.words import language, question_before_closing, told

log = logging.getLogger(__name__)

NOT_STARTED: Final = 2
SERVER_DIED: Final = 1
PATIENCE: Final = 20.0
"""Seconds that a second start waits for the first to have its window, or to end: on a slow disk it takes some."""
PAUSE: Final = 0.1
"""Seconds from one look at it to the next."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0 closed, 1 the server died, 2 not started, 128 + n ended by signal n."""
    audience = Audience(is_windowless(argv))
    try:
        options = parse(argv)
        audience.begin(options.log_level, log_file(options.data_dir), not options.headless)
        if options.install or options.uninstall:
            top = Path(__file__).parent.parent
            say(install(own_command(), top, folder() / "favicon.svg") if options.install else uninstall())
            return 0
        if options.self_test is not None:
            # Imported here: its client's half of aiohttp would slow every start down.
            from desktop import selftest

            return selftest.run(options.self_test)
        if options.export is not None:
            for path in _exported(options):
                say(str(path))
            return 0
        program = _Program(options, audience)
        code = program.run()
    except AlreadyRunning as error:
        say(str(error), error=True)
        if error.is_forward:
            return 0
        has_none = error.running and error.running.windowless
        audience.alert(f"{error}\n\n{'It has no window.' if has_none else 'It does not answer.'}")
        return NOT_STARTED
    except OptionError as error:
        # Into the terminal that it was typed in.
        attach()
        say(str(error), error=True)
        return NOT_STARTED
    except (InstallError, ExportError, FolderError, ListenError, JournalError) as error:
        audience.not_started(error)
        return NOT_STARTED
    except Exception:
        audience.not_started(None)
        raise
    if program.has_shown_window:
        leave(code)
    return code


def _exported(options: argparse.Namespace) -> Sequence[Path]:
    to = options.export, folder() / "locales", options.language or language(folder()), time.time()
    if options.redis:
        secret = shared.password(options.redis_password_file)
        return export_shared(shared.Session(options.redis, options.session, "", secret), *to)
    return export((options.data_dir or persons_folder()) / "counter.db", *to)


class _Program:
    """One run: the server, the window if there can be one, and whatever ends them."""

    def __init__(self, options: argparse.Namespace, audience: Audience) -> None:
        self._options = options
        self._audience = audience
        self._data = Path()
        self._code = 0
        self._ending = threading.Event()
        self._port = 0
        self._in_browser = False
        self.has_shown_window = False
        self._server: Server | None = None
        self._window: window.Window | None = None
        self._awake = Awake()

    @property
    def _preferences(self) -> Path:
        return self._data / "preferences.json"

    def run(self) -> int:
        options = self._options
        make_room(options.connections)
        on_signals(lambda number: self._end(128 + number))
        with ExitStack() as stack:
            try:
                found = hold(lambda: stack.enter_context(place(options.data_dir)), self._is_patient())
            except AlreadyRunning:
                if self._ending.is_set():
                    return self._code
                raise
            self._data = found.folder
            secret, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            likeliest = self._address()
            last = preferences.load(self._preferences).port
            sockets = listen_for(options.address, options.all_interfaces, options.port, last, likeliest)
            port = self._port = sockets[0].getsockname()[1]
            lan = likeliest if likeliest and reached(likeliest, sockets) else None
            if options.port is None:
                preferences.change(self._preferences, port=port)
            server = self._server = Server(
                self._journal(found.lasts),
                sockets,
                secret,
                connections=options.connections,
                fixed=options.address,
                shown=lan,
                preferences=self._preferences,
                forward=(token, self._come_forward),
                company=self._has_company,
                origins=options.allow_origin,
            )
            join, host = url(lan or LOOPBACK, port), f"{url(LOOPBACK, port)}#host={secret}"

            def leave_word(windowless: bool) -> None:
                found.leave_word(Running(join=join, port=port, token=token, windowless=windowless))

            def announce() -> None:
                leave_word(options.headless)
                say(f"Join: {join}")
                say(f"Host: {host}")
                for notice in server.notices:
                    self._audience.warn(told(msgspec.to_builtins(notice), folder()))
                if likeliest is None:
                    self._audience.warn("There is no network: only this machine can join.")
                elif lan is None:
                    self._audience.warn(f"Nobody can join at {likeliest} yet: it is tried again.")

            if options.headless:
                self._serve(server, announce)
            else:
                server.start(self._server_ended)
                announce()
                try:
                    self._show(host, lambda: leave_word(True))
                finally:
                    self._ending.set()
                    server.stop()
                    server.join()
                    self._awake.end()
            return self._code

    def _journal(self, lasts: bool) -> Journal:
        """This machine's own; or the one that several hosts share, if that is asked for."""
        options = self._options
        room = options.room or shared.own_room()
        if options.redis:
            secret = shared.password(options.redis_password_file)
            return shared.shared(shared.Session(options.redis, options.session, room, secret), self._data)
        own = SavedIfPossible(SqliteJournal(self._data / "counter.db")) if lasts else MemoryJournal()
        if preferences.load(self._preferences).redis is None:
            return own
        return shared.SharedIfPossible(lambda: shared.shared(shared.kept(self._data, room), self._data), own)

    def _is_patient(self) -> Callable[[], bool]:
        """What waits a moment for a first start to go on, and says whether to wait longer."""
        deadline = time.monotonic() + PATIENCE
        return lambda: not self._ending.wait(PAUSE) and time.monotonic() < deadline

    def _serve(self, server: Server, announce: Callable[[], None]) -> None:
        """Serve in this thread until the program is to end."""
        begun = False

        def started() -> None:
            nonlocal begun
            begun = True
            announce()

        if self._ending.is_set():
            server.stop()
        try:
            server.run(started)
        except Exception as error:
            if not begun:
                raise
            self._server_ended(error)

    def _address(self) -> str | None:
        """The address that others are to join at; None without a network. It may change while the program runs."""
        if self._options.address:
            return str(self._options.address)
        kept = preferences.load(self._preferences)
        found = candidates(addresses.current(), Choice(kept.address, kept.interface))
        return found[0].ip if found else None

    def _show(self, host: str, never: Callable[[], None]) -> None:
        """Open the window and return when it is closed; without one, return when the program is to end. `never` is
        called once it is sure that nothing can come forward."""
        reason = window.unavailable()
        if reason:
            self._go_on_without(reason, never)
            return
        self._window = window.Window(
            host,
            storage=self._data / "window",
            icon=folder() / "favicon.svg",
            place=preferences.load(self._preferences).window,
            question=self._question,
            on_stage=lambda there: self._awake.want("the projector in the window", there),
        )
        if self._ending.is_set():
            return
        try:
            self.has_shown_window = True
            self._window.run()
            preferences.change(self._preferences, window=self._window.place)
        except window.WindowError as error:
            self._window = None
            self._go_on_without(str(error), never)

    def _go_on_without(self, reason: str, never: Callable[[], None]) -> None:
        """Open the browser in place of the window, or say that there is none; return when the program is to end."""
        opened = self._open_browser()
        if not opened:
            never()
        browser = "The browser opens instead. " if opened else ""
        stop = "; stop it with Ctrl-C" if self._audience.reads else ""
        self._audience.warn(f"{reason} {browser}The counter runs on without it{stop}.")
        if not opened:
            at = url(self._address() or LOOPBACK, self._port)
            self._audience.alert(f"{reason}\n\nThe counter runs on without it: {at}")
        self._ending.wait()

    def _open_browser(self) -> bool:
        if self._server is None or self._ending.is_set() or not has_desktop():
            return False
        self._in_browser = open_page(url(LOOPBACK, self._port) + self._server.ticket())
        return self._in_browser

    def _question(self) -> str | None:
        """What to ask before the window closes: nothing, unless others than the window are here."""
        others = self._server.people - 1 if self._server else 0
        return question_before_closing(others, folder(), language(folder())) if others > 0 else None

    def _has_company(self, there: bool) -> None:
        """Others come, or have gone. A server without a window is looked after by somebody who knows about sleep."""
        if not self._options.headless:
            self._awake.want("others", there)

    def _come_forward(self) -> bool:
        """Show the window to whoever has started the program again; False if there is none."""
        if self._in_browser:
            return self._open_browser()
        return self._window is not None and self._window.come_forward()

    def _end(self, code: int) -> None:
        """From any thread: come to an end, with this exit code if it is the first reason to."""
        if not self._ending.is_set():
            self._code = code
            self._ending.set()
            if self._window:
                self._window.close()
            if self._server and self._options.headless:
                self._server.stop()

    def _server_ended(self, error: BaseException | None) -> None:
        if error:
            log.critical("The server has died.", exc_info=error)
            self._end(SERVER_DIED)
