"""A small LAN of network namespaces that the test makes itself: a teacher's machine and a classmate's."""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import command

TOP = Path(__file__).resolve().parents[2]
PATIENCE = 20.0

CLASSMATE = """
import asyncio, sys
import aiohttp

async def main():
    protocols = [name for name in sys.argv[2:] if name]
    async with aiohttp.ClientSession() as session, session.ws_connect(sys.argv[1], protocols=protocols) as socket:
        async def speak():
            while line := await asyncio.to_thread(sys.stdin.readline):
                await socket.send_str(line.strip())
        speaking = asyncio.create_task(speak())
        async for message in socket:
            print(message.data, flush=True)
        print("null", flush=True)
        speaking.cancel()

asyncio.run(main())
"""

LISTENER = """
import socket, sys
with socket.create_server((sys.argv[1], int(sys.argv[2]))):
    print("listening")
    sys.stdin.read()
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Machine:
    """One namespace."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ip(self, *words: str) -> None:
        ip("-n", self.name, *words)

    def plug(self, interface: str, address: str, *more: str) -> None:
        """Give an interface that is there an address, and set it up; `more` are words that go with the address."""
        self.ip("addr", "add", address, "dev", interface, *more)
        self.ip("link", "set", interface, "up")

    def unplug(self, interface: str) -> None:
        self.ip("link", "set", interface, "down")

    def runs(self, interface: str) -> bool:
        """Whether it is up, and has noticed that its other end is."""
        shown = subprocess.run(["ip", "-n", self.name, "link", "show", interface], capture_output=True, text=True)
        return "state UP" in shown.stdout

    def make(self, interface: str, kind: str = "") -> None:
        """Make an interface that leads nowhere, and is up; of this kind with a port to it, or else a bare one."""
        end = f"{interface[:9]}-end"
        self.ip("link", "add", interface if not kind else f"{end}2", "type", "veth", "peer", "name", end)
        if kind:
            self.ip("link", "add", interface, "type", kind)
            self.ip("link", "set", f"{end}2", "master", interface, "up")
        self.ip("link", "set", end, "up")
        self.ip("link", "set", interface, "up")

    def command(self, *words: str) -> list[str]:
        """The same command, on this machine."""
        return ["ip", "netns", "exec", self.name, *words]

    @contextmanager
    def running(self, data: Path, *options: str, under: Sequence[str] = ()) -> Iterator["Talker"]:
        """The program, without a window; `under` are the words of a command that runs it, if another does."""
        with talking(self.command(*under, *command("--headless", "--data-dir", str(data), *options))) as program:
            yield program

    @contextmanager
    def listening(self, address: str, port: int) -> Iterator[None]:
        """Another program has this port."""
        with talking(self.command(sys.executable, "-uc", LISTENER, address, str(port))) as listener:
            assert listener.line() == "listening"
            yield

    @contextmanager
    def client(self, url: str, protocol: str = "") -> Iterator["Talker"]:
        """A WebSocket from this machine."""
        address = url.replace("http:", "ws:") + "ws"
        with talking(self.command(sys.executable, "-c", CLASSMATE, address, protocol)) as client:
            yield client

    def fetch(self, *words: str) -> str:
        """What curl prints on this machine."""
        done = subprocess.run(self.command("curl", "-sS", "-m", "5", *words), capture_output=True, text=True)
        return done.stdout or done.stderr

    def reaches(self, url: str) -> bool:
        return '"status": "ok"' in self.fetch(f"{url}health")


class Talker:
    """A process that is spoken to and heard by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def end(self) -> None:
        """All that it said has been read, once the process has ended."""
        self._reader.join(10)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.strip())

    def line(self, wanted: Callable[[str], bool] = lambda line: True) -> str:
        """The next line that is wanted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            if wanted(line):
                return line

    def message(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The next JSON object that is wanted."""
        found: dict[str, Any] = json.loads(self.line(lambda line: bool((m := json.loads(line)) and wanted(m))))
        return found

    def say(self, **message: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()


@contextmanager
def talking(command: list[str]) -> Iterator[Talker]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    with subprocess.Popen(
        command, cwd=TOP, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        talker = Talker(process)
        try:
            yield talker
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            talker.end()


def refused() -> str | None:
    """Why this system lets nobody make such a LAN, None if it does."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root may make network namespaces"
    if not shutil.which("ip"):
        return None  # to be installed: the tests will fail
    # In some containers they can be made, but not entered.
    probe = f"probe{os.getpid()}"
    for words in (("netns", "add", probe), ("-n", probe, "link", "set", "lo", "up")):
        tried = subprocess.run(["ip", *words], capture_output=True, text=True)
        if tried.returncode:
            break
    subprocess.run(["ip", "netns", "delete", probe], capture_output=True)
    return f"no network namespaces here: {tried.stderr.strip()}" if tried.returncode else None


@contextmanager
def lan() -> Iterator[tuple[Machine, Machine]]:
    """Two machines with two cables between them, wlan0 and eth0, not yet plugged in: a teacher's and a classmate's."""
    for tool, package in (("ip", "iproute2"), ("curl", "curl")):
        if not shutil.which(tool):
            pytest.fail(f"{package} is missing: `python3 build/dev.py test` installs it.")
    names = [f"{role}{os.getpid()}" for role in ("teacher", "classmate")]
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        for interface in ("wlan0", "eth0"):
            ip(
                *("link", "add", interface, "netns", names[0]),
                *("type", "veth", "peer", "name", interface, "netns", names[1]),
            )
        yield Machine(names[0]), Machine(names[1])
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
