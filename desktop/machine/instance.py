"""One program per data folder: a second start finds the first, and asks it to come forward.

A lock of the operating system's, not a note of a process id: whatever ends the first program frees it.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import filelock
import msgspec
from msgspec import Struct

T = TypeVar("T")

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = 5.0
"""Seconds."""
ATTEMPTS = 10
ATTEMPTS_PAUSE = 0.01
"""Seconds; to read the note takes less."""


class FolderError(Exception):
    """The data folder can't be used; the text says why, in a sentence."""


class Running(Struct, frozen=True, kw_only=True):
    """What the first program leaves for the second: `token` allows to bring its window forward, and nothing else.
    `windowless` once it is sure that there never will be one."""

    join: str
    port: int
    token: str
    windowless: bool = False


class AlreadyRunning(Exception):
    """Another program holds the folder; `running` says which, if it has said so yet; `is_forward` whether its window
    has come forward."""

    is_forward = False

    def __init__(self, running: Running | None) -> None:
        super().__init__(f"LAN Counter is already running{f': {running.join}' if running else '.'}")
        self.running = running


@contextmanager
def only_one_in(folder: Path) -> Iterator[Callable[[Running], None]]:
    """Hold the data folder; yields a function that leaves word for whoever comes second.

    Raises AlreadyRunning, FolderError.
    """
    note = folder / "running.json"
    try:
        # For nobody else who uses this machine.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / "lock")
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise AlreadyRunning(_read(note)) from None
    except OSError as error:
        raise FolderError(f"The folder {folder} can't be used: {error.strerror or error}.") from error
    try:
        # What one that was killed has left is no word of this one's.
        with suppress(OSError):
            note.unlink(missing_ok=True)
        yield lambda running: _write(note, running)
    finally:
        # Windows lets nobody delete what a second one is just reading.
        with suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def hold(attempt: Callable[[], T], wait: Callable[[], bool]) -> T:
    """What `attempt` gives, which raises AlreadyRunning while another program holds the folder.

    That one may be about to start, or to end: so both are tried, its window and `attempt`, again and again, until
    it is sure that it has none, or `wait`, which is called in between, says that this has taken long enough (False).
    Raises AlreadyRunning, once its window has come forward or will not.
    """
    while True:
        try:
            return attempt()
        except AlreadyRunning as error:
            first = error.running
            answer = bring_forward(first) if first else None
            error.is_forward = answer is True
            is_final = error.is_forward or (answer is False and first and first.windowless)
            if is_final or not wait():
                raise


def bring_forward(running: Running) -> bool | None:
    """Ask the program for its window; False if it says that it has none, None if it doesn't answer."""
    request = Request(
        f"http://127.0.0.1:{running.port}/host/forward",
        method="POST",
        headers={"Authorization": f"Bearer {running.token}"},
    )
    try:
        # Loopback, whatever proxy the environment names.
        with build_opener(ProxyHandler({})).open(request, timeout=ANSWER_TIMEOUT) as answer:
            return True if answer.status == HTTPStatus.NO_CONTENT else None
    except HTTPError as error:
        with error:
            return False if error.code == HTTPStatus.CONFLICT else None
    # The last two for what somebody has written into the file.
    except (URLError, HTTPException, OSError, ValueError, OverflowError):
        return None


def _read(note: Path) -> Running | None:
    try:
        return msgspec.json.decode(note.read_bytes(), type=Running)
    except (OSError, ValueError):
        return None


def _write(note: Path, running: Running) -> None:
    # At once, so that a reader never finds half of it; and for nobody else's eyes, from its first moment on.
    fresh = note.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(running))
        _replace(fresh, note)
    except OSError as error:
        # The second one will know less; the first one runs.
        log.warning("%s can't be written: %s", note, error)


def _replace(fresh: Path, note: Path) -> None:
    """Windows refuses it while a second program reads the note, as one that waits does again and again."""
    for _ in range(ATTEMPTS - 1):
        try:
            fresh.replace(note)
            return
        except PermissionError:
            time.sleep(ATTEMPTS_PAUSE)
    fresh.replace(note)
