"""The command line: options become the parts, put together here and nowhere else."""

import argparse
import logging
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import platformdirs

from desktop.journal import JournalError
from desktop.journal.memory import MemoryJournal, SavedIfPossible
from desktop.journal.sqlite import SqliteJournal
from desktop.launcher import Server
from desktop.machine import logs, preferences
from desktop.machine.descriptors import make_room
from desktop.machine.install import InstallError, install, own_command, uninstall
from desktop.machine.instance import AlreadyRunning, FolderError, Running, bring_forward
from desktop.machine.outside import alert, has_console, has_desktop, open_page
from desktop.machine.place import place
from desktop.machine.signals import on_signals
from desktop.network import addresses
from desktop.network.choice import Choice, candidates
from desktop.network.listening import EVERYWHERE, LOOPBACK, ListenError, listen
from desktop.options import OptionError, parse
from desktop.server.pages import folder
from desktop.server.reach import url
from desktop.window import window
from desktop.window.words import language, question_before_closing, told

log = logging.getLogger(__name__)

NOT_STARTED: Final = 2
SERVER_DIED: Final = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0 closed, 1 the server died, 2 not started, 128 + n ended by signal n."""
    file: Path | None = None
    try:
        options = parse(argv)
        # Started by a double-click: nobody reads what is printed.
        alone = not (options.headless or has_console())
        file = (options.data_dir or _data_folder()) / "log.txt" if alone else None
        logs.begin(options.log_level, file)
        if options.install or options.uninstall:
            top = Path(__file__).parent.parent
            say(install(own_command(), top, folder() / "favicon.svg") if options.install else uninstall())
            return 0
        if options.self_test is not None:
            return _test_itself(options.self_test)
        program = _Program(options)
        code = program.run()
    except AlreadyRunning as error:
        say(str(error), error=True)
        if error.running and bring_forward(error.running):
            return 0
        if file:
            alert(f"{error}\n\nIt has no window.")
        return NOT_STARTED
    except (OptionError, InstallError, FolderError, ListenError, JournalError) as error:
        say(str(error), error=True)
        if file:
            log.error("%s", error)
            alert(f"LAN Counter has not started. {error}\n\nThe log: {file}")
        return NOT_STARTED
    except Exception:
        if file:
            log.critical("Not started.", exc_info=True)
            alert(f"LAN Counter has not started, because of a mistake in it.\n\nThe log: {file}")
        raise
    if program.has_shown_window:
        _leave(code)
    return code


def _test_itself(report: str) -> int:
    # Imported here: its client's half of aiohttp would slow every start down.
    from desktop.selftest import SelfTest, telling

    test = SelfTest(telling(say, report))
    code = test.run()
    if test.has_shown_window:
        _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End the process without taking it apart: everything of ours is closed, and threads of Qt's that live on into
    Python's own ending have been seen to crash there (4 times in 1,800, where the window had just opened)."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def say(line: str, *, error: bool = False) -> None:
    """Print one line, at once. A terminal that has gone, or never was there, is no reason to stop."""
    stream = sys.stderr if error else sys.stdout
    try:
        print(line, file=stream, flush=True)
    except (OSError, ValueError):
        # What stays in the stream would be written again at the exit, and turn its code into 120: so it goes nowhere
        # (docs.python.org, "Note on SIGPIPE").
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _data_folder() -> Path:
    return platformdirs.user_data_path("LAN Counter", appauthor=False)


class _Program:
    """One run: the server, the window if there can be one, and whatever ends them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._data = options.data_dir or _data_folder()
        self._code = 0
        self._ending = threading.Event()
        self._port = 0
        self._in_browser = False
        self.has_shown_window = False
        self._server: Server | None = None
        self._window: window.Window | None = None

    @property
    def _preferences(self) -> Path:
        return self._data / "preferences.json"

    def run(self) -> int:
        options = self._options
        with place(self._data) as found:
            self._data = found.folder
            make_room(options.connections)
            on_signals(lambda number: self._end(128 + number))
            secret, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            likeliest = self._address()
            sockets = self._listen(likeliest)
            port = self._port = sockets[0].getsockname()[1]
            listening = {sock.getsockname()[0] for sock in sockets}
            is_reached = likeliest in listening or (EVERYWHERE in listening and ":" not in (likeliest or ""))
            lan = likeliest if is_reached else None
            if options.port is None:
                preferences.change(self._preferences, port=port)
            server = self._server = Server(
                SavedIfPossible(SqliteJournal(self._data / "counter.db")) if found.lasts else MemoryJournal(),
                sockets,
                secret,
                connections=options.connections,
                fixed=options.address,
                shown=lan,
                preferences=self._preferences,
                forward=(token, self._come_forward),
                origins=options.allow_origin,
            )
            join, host = url(lan or LOOPBACK, port), f"{url(LOOPBACK, port)}#host={secret}"

            def announce() -> None:
                found.leave_word(Running(join=join, port=port, token=token))
                say(f"Join: {join}")
                say(f"Host: {host}")
                for notice in server.notices:
                    say(told(msgspec.to_builtins(notice), folder()), error=True)
                if likeliest is None:
                    say("There is no network: only this machine can join.", error=True)
                elif lan is None:
                    say(f"Nobody can join at {likeliest} yet: it is tried again.", error=True)

            if options.headless:
                self._serve(server, announce)
            else:
                server.start(self._server_ended)
                announce()
                try:
                    self._show(host)
                finally:
                    self._ending.set()
                    server.stop()
                    server.join()
            return self._code

    def _listen(self, likeliest: str | None) -> list[socket.socket]:
        """Listen where that was asked for, and at the likeliest address if that can be."""
        options, last = self._options, preferences.load(self._preferences).port
        if options.all_interfaces:
            return listen([EVERYWHERE], options.port, last, likeliest if likeliest and ":" in likeliest else None)
        # Loopback comes with it, for the window; and one may ask for loopback's own.
        if options.address:
            return listen(list(dict.fromkeys((LOOPBACK, options.address))), options.port, last)
        return listen([LOOPBACK], options.port, last, likeliest)

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

    def _show(self, host: str) -> None:
        """Open the window and return when it is closed; without one, return when the program is to end."""
        reason = window.unavailable()
        if reason:
            self._go_on_without(reason)
            return
        self._window = window.Window(
            host,
            storage=self._data / "window",
            icon=folder() / "favicon.svg",
            place=preferences.load(self._preferences).window,
            question=self._question,
        )
        if self._ending.is_set():
            return
        try:
            self.has_shown_window = True
            self._window.run()
            preferences.change(self._preferences, window=self._window.place)
        except window.WindowError as error:
            self._go_on_without(str(error))

    def _go_on_without(self, reason: str) -> None:
        """Open the browser in place of the window, or say that there is none; return when the program is to end."""
        opened = self._open_browser()
        browser = "The browser opens instead. " if opened else ""
        say(f"{reason} {browser}The counter runs on without it; stop it with Ctrl-C.", error=True)
        if not has_console():
            log.warning("%s", reason)
            if not opened:
                alert(f"{reason}\n\nThe counter runs on without it: {url(self._address() or LOOPBACK, self._port)}")
        self._ending.wait()

    def _open_browser(self) -> bool:
        if self._server is None or self._ending.is_set() or not has_desktop():
            return False
        self._in_browser = open_page(url(LOOPBACK, self._port) + self._server.ticket())
        return self._in_browser

    def _question(self) -> str | None:
        """What to ask before the window closes: nothing, unless others than the window are here."""
        others = self._server.people - 1 if self._server else 0
        return question_before_closing(others, folder(), language()) if others > 0 else None

    def _come_forward(self) -> bool:
        """Show the window to whoever has started the program again; False if there is none."""
        if self._in_browser:
            return self._open_browser()
        if self._window is None:
            return False
        self._window.come_forward()
        return True

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
