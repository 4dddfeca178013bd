"""A real redis-server of the tests' own, on loopback and in a folder of theirs; nothing of the system's is touched."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import redis

from tests.e2e.program import free_port

STARTS_WITHIN = 20.0
DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
"""With these what is acknowledged is durable."""
SERVER = shutil.which("redis-server") or shutil.which("valkey-server")


class Engine:
    """The server; a context manager that ends it. `settings` are redis.conf's."""

    def __init__(self, folder: Path, **settings: str) -> None:
        assert SERVER, "build/dev.py installs redis-server"
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._settings = DURABLE | {name.replace("_", "-"): value for name, value in settings.items()}
        self._password = settings.get("requirepass")
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again, on what it has kept."""
        assert SERVER
        words = [word for name, value in self._settings.items() for word in (f"--{name}", value)]
        fixed = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        self.process = subprocess.Popen(
            [SERVER, *fixed, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + STARTS_WITHIN
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except (redis.ConnectionError, redis.ResponseError):
                    assert time.monotonic() < deadline and self.process.poll() is None, "redis-server does not start"
                    time.sleep(0.02)

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, host="127.0.0.1", password=self._password)

    def does(self, *command: str | int) -> Any:
        """What it answers to one command."""
        with self.client() as client:
            return client.execute_command(*command)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a power cut would, but for what the system has not written yet."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)
            self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
