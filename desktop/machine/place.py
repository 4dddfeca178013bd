"""The folder that the program works in: the person's; or one for this run, where that can't be used."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from desktop.machine.instance import FolderError, Running, only_one_in

log = logging.getLogger(__name__)


class Place(NamedTuple):
    folder: Path
    leave_word: Callable[[Running], None]
    """Tells whoever comes second where this one is."""
    lasts: bool
    """Whether the folder is still there for the next run."""


@contextmanager
def place(wanted: Path) -> Iterator[Place]:
    """Hold the folder `wanted`, or else a temporary one, and say why in the log.

    Raises AlreadyRunning, and FolderError if there is no temporary one either.
    """
    with ExitStack() as stack:
        try:
            found = Place(wanted, stack.enter_context(only_one_in(wanted)), True)
        except FolderError as error:
            try:
                name = stack.enter_context(tempfile.TemporaryDirectory("", "lan-counter-", ignore_cleanup_errors=True))
            except OSError:
                raise error from None
            log.warning("%s", error)
            found = Place(Path(name), stack.enter_context(only_one_in(Path(name))), False)
        yield found
