"""The folder that the program works in: the person's; or one for this run, where that can't be used."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import platformdirs

from desktop.machine.instance import FolderError, Running, only_one_in

log = logging.getLogger(__name__)


class Place(NamedTuple):
    folder: Path
    leave_word: Callable[[Running], None]
    """Tells whoever comes second where this one is."""
    lasts: bool
    """Whether the folder is still there for the next run."""


def persons_folder(name: str = "LAN Counter") -> Path:
    """Where this system keeps what programs keep for a person, in a folder of that `name`. Raises FolderError."""
    try:
        found = platformdirs.user_data_path(name, appauthor=False)
    # Which one, platformdirs doesn't promise: without a home it has been a RuntimeError, and a path that begins with ~.
    except (RuntimeError, KeyError, OSError):
        found = Path()
    if not found.is_absolute():
        raise FolderError("There is no home folder: HOME is not set, and the system knows none for this user.")
    return found


@contextmanager
def place(wanted: Path | None) -> Iterator[Place]:
    """Hold the folder `wanted` (None: the person's own), or else a temporary one, and say why in the log.

    Raises AlreadyRunning, and FolderError if there is no temporary one either.
    """
    with ExitStack() as stack:
        try:
            folder = wanted or persons_folder()
            found = Place(folder, stack.enter_context(only_one_in(folder)), True)
        except FolderError as error:
            try:
                name = stack.enter_context(tempfile.TemporaryDirectory("", "lan-counter-", ignore_cleanup_errors=True))
            except OSError:
                raise error from None
            log.warning("%s", error)
            found = Place(Path(name), stack.enter_context(only_one_in(Path(name))), False)
        yield found


def log_file(wanted: Path | None) -> Path | None:
    """The log's place in the folder `wanted` (None: the person's own); None if there is no such folder."""
    try:
        return (wanted or persons_folder()) / "log.txt"
    except FolderError:
        return None
