"""A journal that other hosts write to as well: what it has besides, and which journal a start takes."""

import logging
import os
import socket
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar, runtime_checkable
from urllib.parse import unquote, urlsplit

from desktop.core.answers import Elsewhere, Notice
from desktop.core.operations import AnyOperation, Settings
from desktop.core.rounds import NOBODY, Present
from desktop.journal import Deliver, Journal, JournalError, Kept
from desktop.machine import preferences

if TYPE_CHECKING:
    from desktop.journal.redis import RedisJournal

T = TypeVar("T")

log = logging.getLogger(__name__)

SCHEMES: Final = ("redis", "rediss", "unix")
SESSION: Final = "counter"
"""What is shared where no name is given."""
NAME_LIMIT: Final = 64
ENVIRONMENT: Final = "REDIS_PASSWORD"
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

    def try_out(self) -> None:
        """See whether it could be opened, change nothing, and let go of it. Raises JournalError."""


class Session(NamedTuple):
    """Which counter to share: at `url` the one called `session`, as the host `room`."""

    url: str
    session: str
    room: str
    password: str | None

    def __repr__(self) -> str:
        return f"Session({self.session!r})"


def checked_url(text: str) -> str:
    """A server's URL, as typed. Raises ValueError, whose text goes on a sentence, and has no password."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        whole = parts.scheme in SCHEMES and place and parts.port != 0
    except ValueError:
        whole = None
    if not whole:
        raise ValueError("this is no address like redis://192.168.1.5:6379/0")
    return text


def checked_name(text: str) -> str:
    """What a session or a room is called, as typed. Raises ValueError, whose text goes on a sentence."""
    text = text.strip()
    # Braces would end the part of a key that decides which of a cluster's servers has it.
    if not text or len(text) > NAME_LIMIT or not text.isprintable() or set("{}") & set(text):
        raise ValueError(f"a name has 1 to {NAME_LIMIT} characters that can be seen, without {{ and }}")
    return text


def without_password(url: str) -> tuple[str, str]:
    """A URL without the password that is in it, and that, "" for none."""
    login, at, place = urlsplit(url).netloc.rpartition("@")
    user, _, secret = login.partition(":")
    return url.replace(f"{login}{at}{place}", f"{user}{at}{place}" if user else place, 1), unquote(secret)


def own_room() -> str:
    """What this host is called among the others, where nothing else is asked for."""
    return socket.gethostname().partition(".")[0][:NAME_LIMIT] or "?"


def password(file: Path | None) -> str | None:
    """The server's password: from the file if one is named, else from the environment. Raises JournalError."""
    if file is None:
        return os.environ.get(ENVIRONMENT) or None
    try:
        return file.read_text("utf-8").strip() or None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise JournalError(f"The password can't be read from {file}: {reason}.") from error


def kept_password(folder: Path) -> Path:
    """The file for the password that was typed into the window: beside the preferences, not in them, and for its owner
    alone."""
    return folder / "redis.password"


def keep(folder: Path, url: str | None, session: str, secret: str | None) -> None:
    """What the next start shares; no `url`: nothing. `secret` replaces the password; None: it stays. Raises OSError."""
    file = kept_password(folder)
    if url:
        url, inside = without_password(url)
        secret = inside or secret
    if url is None or secret == "":
        file.unlink(missing_ok=True)
    elif secret:
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(secret)
    preferences.change(folder / "preferences.json", redis=url, session=session if url else None)


def kept(folder: Path, room: str) -> Session:
    """What was typed into the window. Raises JournalError."""
    known, file = preferences.load(folder / "preferences.json"), kept_password(folder)
    secret = password(file if file.exists() else None)
    return Session(known.redis or "", known.session or SESSION, room, secret)


def tried(session: Session) -> None:
    """See whether the counter could be shared so. Raises JournalError."""
    shared(session, Path()).try_out()


def copy_history(session: Session, file: Path) -> None:
    """Write a session's history into a new SQLite file. Raises JournalError."""
    shared(session, Path()).copy_history(file)


def shared(session: Session, folder: Path) -> "RedisJournal":
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

    def try_out(self) -> None:
        self._made().try_out()

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        return self._journal.append(operations, present)

    def see(self, here: int) -> None:
        self._journal.see(here)

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        return self._journal.read(query)

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        self._journal.witness(last, value, revision, settings)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        return self._journal.snapshot(state, last)

    def close(self) -> None:
        self._journal.close()
