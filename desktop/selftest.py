"""The program tests itself: `--self-test` is for a binary on a machine where nobody can look inside.

Everything is the real thing, on loopback and in a temporary folder: what the person has counted is never touched.
"""

import asyncio
import hashlib
import platform
import re
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aiohttp

from desktop import __version__
from desktop.core.protocol import V1
from desktop.journal import JournalError, shared
from desktop.journal.sqlite import SqliteJournal
from desktop.launcher import Server
from desktop.machine.console import leave, say
from desktop.network.listening import LOOPBACK, listen
from desktop.network.mdns import LocalName
from desktop.network.names import url
from desktop.server.pages import files, folder
from desktop.window import window

PATIENCE: Final = 20.0
"""Seconds that an answer may take."""
WINDOW_PATIENCE: Final = 90.0
"""Seconds in which the window must have opened, loaded its page and counted a click; slow where it is new to a disk."""
SECRET: Final = "the-secret-of-the-self-test"
MORE: Final = """
(function click() {
  if (document.documentElement.dataset.value) document.querySelector('.tap.more').click();
  else setTimeout(click, 50);
})()"""
"""Its page counts no click before it shows the number, which is a moment after it has joined."""

Tell = Callable[[str], None]


class _Broken(Exception):
    """A check has failed; the text says how."""


def telling(say: Tell, report: str) -> Tell:
    """What says each line and, if there is to be a report, appends it to that file."""

    def tell(line: str) -> None:
        say(line)
        if report:
            with Path(report).open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    return tell


def run(report: str) -> int:
    """Test, print each line and append it to the file `report`, if one is named; returns the exit code. Once a window
    was open it ends the process with it."""
    test = SelfTest(telling(say, report))
    code = test.run()
    if test.has_shown_window:
        leave(code)
    return code


class SelfTest:
    """One run. Each check is told as a line: `ok`, `none` where this machine lacks what it needs, or `FAIL`."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._failed = False
        self._checks = (
            ("server", self._serves),
            ("journal", self._keeps),
            ("shared", self._shares),
            (".local name", self._is_named),
            ("window", self._shows),
        )
        self.has_shown_window = False

    def run(self) -> int:
        """Run every check; returns the exit code, 0 or 1. Belongs to the main thread, because of the window."""
        self._tell(f"LAN Counter {__version__} on {platform.platform()}, Python {platform.python_version()}")
        with tempfile.TemporaryDirectory(prefix="lan-counter-", ignore_cleanup_errors=True) as name:
            data = Path(name)
            for check, steps in self._checks:
                self._check(check, lambda steps=steps: steps(data))  # type: ignore[misc]
        self._tell("The self-test has failed." if self._failed else "The self-test has passed.")
        return int(self._failed)

    def _check(self, name: str, steps: Callable[[], str | None]) -> None:
        try:
            missing = steps()
        except Exception as error:
            self._failed = True
            self._tell(f"FAIL  {name}: {error or type(error).__name__}")
        else:
            self._tell(f"none  {name}: {missing}" if missing else f"ok    {name}")

    def _serves(self, data: Path) -> None:
        """Page, codes and both dialects; leaves 42 in the journal."""
        with _Serving(data) as server:
            asyncio.run(self._ask(server.url))

    async def _ask(self, base: str) -> None:
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(base, timeout=timeout, trust_env=False) as session:
            for name, steps in (("page", _page), ("codes", _codes), ("classic", _classic), (V1, _v1)):
                try:
                    await asyncio.wait_for(steps(session), PATIENCE)
                except Exception as error:
                    raise _Broken(f"{name}: {error or type(error).__name__}") from error
                self._tell(f"ok    {name}")

    def _keeps(self, data: Path) -> None:
        """What was counted is there again."""
        with _Serving(data) as server:
            value = asyncio.run(_health(server.url))["counter"]
        _expect(value == 42, f"42 was counted, and {value} is kept")

    def _shares(self, data: Path) -> str | None:
        """Has what reaches Redis, and says that there is none at this port, which nobody listens at."""
        try:
            shared.tried(shared.Session("redis://127.0.0.1:1/0", "self-test", "self-test", None))
        except JournalError as error:
            if shared.EXTRA in str(error):
                return shared.EXTRA
            _expect("can't be reached" in str(error), str(error))
        return None

    def _is_named(self, data: Path) -> str | None:
        """Holds a name, on loopback; the library's compiled parts are only found missing when it works."""

        async def hold() -> str | None:
            name = LocalName(1)
            held = await name.hold(LOOPBACK)
            await name.release()
            return held

        return None if asyncio.run(hold()) else "this machine's loopback carries no multicast"

    def _shows(self, data: Path) -> str | None:
        """Opens the window, and clicks in its page; returns why that can't be."""
        missing = window.unavailable()
        if missing:
            return missing
        with _Serving(data) as server:
            before = asyncio.run(_health(server.url))["counter"]
            shown = window.Window(f"{server.url}#host={SECRET}", storage=data / "window")
            problem: list[str] = []

            def click() -> None:
                try:
                    _until(lambda: asyncio.run(_health(server.url))["people"] == 1, "the page has not loaded")
                    shown.run_script(MORE)
                    _until(lambda: asyncio.run(_health(server.url))["counter"] == before + 1, "a click was not counted")
                except Exception as error:
                    problem.append(str(error))
                shown.close()

            clicking = threading.Thread(target=click, name="click")
            clicking.start()
            self.has_shown_window = True
            try:
                shown.run()
            except window.WindowError as error:
                return str(error)
            clicking.join()
        _expect(not problem, "".join(problem))
        return None


class _Serving:
    """The server on a free port of loopback, while in its `with` block."""

    def __init__(self, data: Path) -> None:
        sockets = listen([LOOPBACK], 0)
        self.url = url(LOOPBACK, sockets[0].getsockname()[1])
        self._server = Server(
            SqliteJournal(data / "counter.db"),
            sockets,
            SECRET,
            connections=10,
            fixed=LOOPBACK,
            preferences=data / "preferences.json",
            forward=("", lambda: False),
        )

    def __enter__(self) -> "_Serving":
        self._server.start(lambda error: None)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._server.join()


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise _Broken(otherwise)


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WINDOW_PATIENCE
    while not holds():
        _expect(time.monotonic() < deadline, f"{otherwise} within {WINDOW_PATIENCE:.0f} s")
        time.sleep(0.05)


async def _health(base: str) -> dict[str, Any]:
    async with aiohttp.ClientSession(trust_env=False) as session, session.get(f"{base}health") as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def _page(session: aiohttp.ClientSession) -> None:
    """Every file of the page as it was shipped, and what is vendored as its checksums say."""
    web = folder()
    names = [path.as_posix() for path in files(web)]
    for path, name in [("/", "index.html"), *((f"/static/{name}", name) for name in names)]:
        async with session.get(path) as answer:
            _expect(answer.status == 200, f"{path} is answered with {answer.status}")
            # The page itself has got the list of languages.
            served = re.sub(rb'(?<=<meta name="languages") content="[^"]*"', b"", await answer.read())
            _expect(served == (web / name).read_bytes(), f"{path} is not what was shipped")
    for line in (web / "vendor" / "checksums.txt").read_text("ascii").splitlines():
        digest, name = line.split()
        async with session.get(f"/static/vendor/{name}") as answer:
            found = hashlib.sha256(await answer.read()).hexdigest()
        _expect(found == digest, f"{name} is not the file that was vendored")


async def _codes(session: aiohttp.ClientSession) -> None:
    async with session.get("/join.svg") as answer:
        code = await answer.read()
    _expect(answer.status == 200 and b"<path" in code, f"/join.svg is answered with {answer.status}")


async def _classic(session: aiohttp.ClientSession) -> None:
    async with session.ws_connect("/ws") as socket:
        heard = await socket.receive_json()
        _expect(heard == {"counter": 0}, f"at first it says {heard}")
        await socket.send_json({"counter": 41})
        heard = await socket.receive_json()
        _expect(heard == {"counter": 41}, f"after setting 41 it says {heard}")


async def _v1(session: aiohttp.ClientSession) -> None:
    async with session.ws_connect("/ws", protocols=(V1,)) as socket:
        await socket.send_json({"type": "hello", "client": "selftest" + "0" * 16})
        await socket.send_json({"type": "add", "op": 1, "delta": 1})
        while True:
            heard = await socket.receive_json()
            _expect(heard["type"] != "error", f"adding is answered with {heard}")
            if heard.get("ack") == 1:
                break
    _expect(heard["counter"] == 42, f"41 and 1 are {heard['counter']}")
