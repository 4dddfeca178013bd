"""The binary beside the program from source: how soon each is there, the memory it takes, its size. Linux only."""

from __future__ import annotations

import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

TOP = Path(__file__).resolve().parent.parent
SOURCE, BINARY = "source", "binary"
ROUNDS = 7
"""Of each figure, after one round that is thrown away."""
PATIENCE = 60.0
"""Seconds that a start may take."""
LOOK_EVERY = 0.01
SETTLED_AFTER = 2.0
"""Seconds with the window open before memory is read."""
IMPORTS = "desktop.cli, webview, qtpy.QtWebEngineWidgets"
"""What a start with a window imports; all of Qt's comes with the last."""
HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

Say = Callable[[str], None]


class Row(NamedTuple):
    """One figure of both; None where one has no such thing."""

    label: str
    source: float | None
    binary: float | None


def measure(binary: Path, archive: Path, shipped: Sequence[metadata.Distribution], screen: str, say: Say) -> str:
    """Start both in turn on the X screen, and return the table. RuntimeError if one of them does not start.

    `binary` is the program in its folder, `shipped` the packages that the program from source needs.
    """
    commands = {SOURCE: [sys.executable, "-m", "desktop"], BINARY: [str(binary)]}
    figures: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="lan-counter-") as place:
        for number in range(ROUNDS + 1):
            for side, command in commands.items():
                options = ["--local-only", "--port", "0", "--data-dir", str(Path(place) / side)]
                shown, memory = with_a_window([*command, *options], screen)
                told, bare = without_a_window([*command, *options])
                say(f"{number or 'warm-up'}: {side} {1000 * shown:.0f} ms, {1000 * told:.0f} ms, {memory / 1e6:.0f} MB")
                found = {"shown": 1000 * shown, "told": 1000 * told, "memory": memory / 1e6, "bare": bare / 1e6}
                for name, value in found.items():
                    if number:
                        figures.setdefault((name, side), []).append(value)
    qt = size_of(binary.parent / "_internal" / "PySide6") / 1e6
    sources = {package.metadata["Name"]: files_of(package) / 1e6 for package in shipped}
    middle = {key: median(values) for key, values in figures.items()}
    rows = [
        Row("start until the page in the window has joined, ms", middle["shown", SOURCE], middle["shown", BINARY]),
        Row("start until a client has the number, --headless, ms", middle["told", SOURCE], middle["told", BINARY]),
        Row(f"memory with the window open, {MEMORY}, MB", middle["memory", SOURCE], middle["memory", BINARY]),
        Row(f"memory without a window, {MEMORY}, MB", middle["bare", SOURCE], middle["bare", BINARY]),
        Row("on the disk, MB (source: its packages, no Python)", sum(sources.values()), size_of(binary.parent) / 1e6),
        Row("    of it Qt", sum(size for name, size in sources.items() if name.startswith("PySide6")), qt),
        Row("the archive, MB", None, archive.stat().st_size / 1e6),
    ]
    return "\n".join([f"{machine()}; medians of {ROUNDS} rounds", table(rows), imports()])


def machine() -> str:
    """This machine in a few words."""
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{len(os.sched_getaffinity(0))} cores, {system}, Python {platform.python_version()}"


def table(rows: Sequence[Row]) -> str:
    """The rows as text, with what the binary's figure is of the source's."""
    lines = [f"{'':52}{SOURCE:>9}{BINARY:>9}{'ratio':>8}"]
    for label, source, binary in rows:
        ratio = f"{binary / source:.2f}" if source and binary is not None else ""
        shown = [f"{value:.0f}" if value is not None else "" for value in (source, binary)]
        lines.append(f"{label:52}{shown[0]:>9}{shown[1]:>9}{ratio:>8}".rstrip())
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------- starting


def with_a_window(command: Sequence[str], screen: str) -> tuple[float, float]:
    """Seconds until the page in the window has joined, and bytes of memory a little later."""
    with Started([*command], DISPLAY=screen) as started:
        connection = HTTPConnection("127.0.0.1", started.port, timeout=PATIENCE)
        started.until(lambda: b'"people":1' in answer(connection))
        seconds = started.age
        connection.close()
        time.sleep(SETTLED_AFTER)
        return seconds, memory_of(started.process.pid)


def without_a_window(command: Sequence[str]) -> tuple[float, float]:
    """Seconds until a classic client has been told the number, and bytes of memory then."""
    with Started([*command, "--headless"]) as started:
        heard = b""
        with socket.create_connection(("127.0.0.1", started.port), PATIENCE) as client:
            client.sendall(HANDSHAKE.format(host="127.0.0.1", port=started.port).encode())
            while b'{"counter":' not in heard:
                more = client.recv(4096)
                if not more:
                    raise RuntimeError(f"It has hung up: {heard!r}")
                heard += more
        seconds = started.age
        return seconds, memory_of(started.process.pid)


def answer(connection: HTTPConnection) -> bytes:
    """What GET /health says, without spaces; nothing where it can't be asked."""
    try:
        connection.request("GET", "/health")
        return connection.getresponse().read().replace(b" ", b"")
    except (OSError, HTTPException):
        connection.close()
        return b""


class Started:
    """The program while in its `with` block, as soon as it has named its port."""

    def __init__(self, command: Sequence[str], **environment: str) -> None:
        absent = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        given = {name: value for name, value in os.environ.items() if name not in absent}
        self._begun = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=TOP,
            env=given | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Started:
        assert self.process.stdout is not None
        told = re.search(r"^Join: .*:(\d+)/$", self.process.stdout.readline())
        if told is None:
            self.__exit__()
            raise RuntimeError(f"{self.process.args!r} does not start")
        self.port = int(told[1])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._begun

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until that holds; RuntimeError if it never does."""
        while not holds():
            if self.age > PATIENCE or self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args!r} shows no number")
            time.sleep(LOOK_EVERY)


# ---------------------------------------------------------------------------------------------- memory and size


MEMORY = "PSS" if Path("/proc/self/smaps_rollup").exists() else "RSS"
"""What is counted: shared pages by their share, or, on a kernel that tells no better, once for each process."""


def memory_of(pid: int) -> float:
    """Bytes of memory that a process and all below it take."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    if MEMORY == "RSS":
        return sum(process.memory_info().rss for process in family)
    return sum(pss(Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")) for process in family)


def pss(rollup: str) -> int:
    """Read the bytes out of /proc/…/smaps_rollup."""
    (found,) = re.findall(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
    return 1024 * int(found)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; links are none."""
    files = (path.lstat() for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(file.st_size for file in files)


def files_of(package: metadata.Distribution) -> int:
    """Bytes of all files that a package has installed."""
    paths = (Path(str(file.locate())) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


# ---------------------------------------------------------------------------------------------- imports


def imports() -> str:
    """What a start from source imports, and Qt's part of it, in a sentence."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {IMPORTS}"]
    runs = [
        imported(subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True).stderr)
        for _ in range(ROUNDS)
    ]
    names = IMPORTS.split(", ")
    parts = {name: median(run[name] for run in runs) for name in names}
    return (
        f"Imported at a start from source: {sum(parts.values()):.0f} ms, of them {parts[names[-1]]:.0f} ms Qt, "
        f"{parts[names[1]]:.0f} ms pywebview (python -X importtime, which slows it down)"
    )


def imported(report: str) -> Mapping[str, float]:
    """Milliseconds that each import took with all that it drew in, of those that nothing else asked for."""
    lines = re.findall(r"^import time: +\d+ \| +(\d+) \| (\S+)$", report, re.MULTILINE)
    return {name: int(micros) / 1000 for micros, name in lines}
