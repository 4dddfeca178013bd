"""A journal that other hosts write to as well: what it has besides, and which journal a start takes."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final, NamedTuple, Protocol, runtime_checkable

from desktop.core.answers import Elsewhere, Notice
from desktop.core.counter import AnyOperation, Settings
from desktop.journal import Deliver, Journal, JournalError, Kept

log = logging.getLogger(__name__)

EXTRA: Final = "The package redis is missing, which a shared counter needs: pip install lan-counter[redis]"

Renew = Callable[[Kept, Callable[[], None]], None]
"""The history that was known has ended, and another holds, or this host has missed some of it: everything begins anew
with what is kept. The second one is called in between what was asked of the journal for the old one and for the new."""
Rooms = Callable[[Sequence[Elsewhere]], None]
"""Takes who is with the other hosts."""


@runtime_checkable
class Shared(Journal, Protocol):
    """Delivers what others record, too."""

    def follow(self, renew: Renew, rooms: Rooms) -> None:
        """From now on deliver. Both are called from the journal's own thread."""

    def present(self, people: int) -> None:
        """So many are with this host."""


class Session(NamedTuple):
    """Which counter to share: at `url` the one called `session`, as the host `room`."""

    url: str
    session: str
    room: str
    password: str | None

    def __repr__(self) -> str:
        return f"Session({self.session!r})"


def shared(session: Session, folder: Path) -> Shared:
    """The journal of a session; what this host has seen of it is kept in `folder`. Raises JournalError."""
    try:
        # Imported here: only who shares a counter needs it, or has it.
        from desktop.journal.redis import RedisJournal
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise JournalError(f"{EXTRA}.") from error
    return RedisJournal(session, folder)


class SharedIfPossible:
    """A Shared: the session's journal; or `own`, if the session's can't be opened, and the host is told so.

    For what the host has typed into the window: a word that is wrong must leave them a window to mend it in.
    """

    def __init__(self, made: Callable[[], Shared], own: Journal) -> None:
        self._made = made
        self._own = own
        self._journal: Journal = own

    def open(self, deliver: Deliver) -> Kept:
        try:
            session = self._made()
            kept = session.open(deliver)
        except JournalError as error:
            log.warning("%s This computer counts alone.", error)
            kept = self._own.open(deliver)
            return kept._replace(notices=[*kept.notices, Notice(code="not_shared", reason=str(error))])
        self._journal = session
        return kept

    def follow(self, renew: Renew, rooms: Rooms) -> None:
        if isinstance(self._journal, Shared):
            self._journal.follow(renew, rooms)

    def present(self, people: int) -> None:
        if isinstance(self._journal, Shared):
            self._journal.present(people)

    def append(self, operations: Sequence[AnyOperation]) -> Future[None]:
        return self._journal.append(operations)

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        self._journal.witness(last, value, revision, settings)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._journal.snapshot(state, last)

    def close(self) -> None:
        self._journal.close()
