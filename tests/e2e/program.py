"""The whole program as a subprocess, from source or as the binary that APP_BINARY names."""

import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.request import ProxyHandler, build_opener

TOP = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 30
ENDS_WITHIN = 15
"""Seconds: bounds for a machine under load, where the program takes one or two."""
DEBUGGING = r"\nDevTools listening on ws://([\d.:]+)/\S*\n"

# Loopback, whatever proxy the environment names.
open_url = build_opener(ProxyHandler({})).open


def command(*options: str) -> list[str]:
    """The command that starts the program with these options, at the top of the checkout."""
    binary = os.environ.get("APP_BINARY")
    return [*([binary] if binary else [sys.executable, "-m", "desktop"]), *options]


class Program:
    """The program, started and accepting connections; a context manager that ends it."""

    def __init__(
        self,
        data: Path,
        *options: str,
        screen: str | None = None,
        port: int = 0,
        under: Sequence[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start it on the folder `data`, with its window on `screen`; on any free port unless one is given.

        `under` are the words of a command that runs it, if another does. `environment` is added to what it gets.
        """
        self._errors = data.with_suffix(".stderr")
        with self._errors.open("a") as errors:
            self.process = subprocess.Popen(
                [*under, *command("--local-only", "--data-dir", str(data), "--port", str(port), *options)],
                cwd=TOP,
                env={**self._environment(screen), **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.join_url = self._announced("Join: ")
            self.host_url = self._announced("Host: ")
        except BaseException:
            self.kill()
            raise
        self.port = int(self.join_url.rstrip("/").rpartition(":")[2])

    def _environment(self, screen: str | None) -> dict[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        }
        # The pages are addressed by their English words.
        environment |= {"LANGUAGE": "en", "LC_ALL": "C.UTF-8"}
        if screen is not None:
            environment |= {"DISPLAY": screen, "QTWEBENGINE_REMOTE_DEBUGGING": f"127.0.0.1:{free_port()}"}
        return environment

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def _announced(self, prefix: str) -> str:
        try:
            line = self._lines.get(timeout=STARTS_WITHIN)
        except queue.Empty:
            line = None
        assert line is not None and line.startswith(prefix), f"instead of {prefix!r}: {line!r}\n{self.errors}"
        return line.removeprefix(prefix).strip()

    @property
    def errors(self) -> str:
        """What it has written to stderr so far, without what the tests' own debugging adds."""
        return re.sub(DEBUGGING, "", self._errors.read_text())

    @property
    def debugging_url(self) -> str | None:
        """Where the window can be driven, as soon as it can."""
        told = re.search(DEBUGGING, self._errors.read_text())
        return f"http://{told[1]}" if told else None

    @property
    def health(self) -> dict[str, Any]:
        """What GET /health answers."""
        with open_url(self.join_url + "health", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    @property
    def counter(self) -> int:
        """The value that GET /health tells."""
        value: int = self.health["counter"]
        return value

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended and return the exit code."""
        return self.process.wait(ENDS_WITHIN)

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        self.process.kill()
        self.process.wait()


def until(condition: Callable[[], bool], within: float = 15) -> None:
    """Wait until `condition` holds; an AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "the condition has not come true in time"
        time.sleep(0.02)


def browser() -> str | None:
    """Find the Chromium to drive: the environment's CHROMIUM, or what is installed."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def free_port() -> int:
    # Qt takes no 0 for its debugging port.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
