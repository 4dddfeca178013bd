"""`--export`: everything to take along, written into a folder, whether or not the program is running beside it."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Final, TypeVar

from desktop.export import files
from desktop.export.files import What
from desktop.journal import JournalError, history, reading, schema, shared
from desktop.journal import files as journals
from desktop.journal.shared import Session

T = TypeVar("T")

EVERYTHING: Final[Sequence[What]] = ("workbook", "rounds", "changes")


class ExportError(Exception):
    """Nothing could be written; the text says why, in a sentence."""


def export_shared(session: Session, folder: Path, locales: Path, language: str, now: float) -> list[Path]:
    """The same of a counter that several hosts share, from what the server has. Raises JournalError, too."""
    with tempfile.TemporaryDirectory(prefix="lan-counter-") as made:
        database = Path(made) / "history.db"
        shared.copy_history(session, database)
        return export(database, folder, locales, language, now, name=session.session)


def export(
    database: Path, folder: Path, locales: Path, language: str, now: float, name: str | None = None
) -> list[Path]:
    """Write all files; returns their paths. What is there under the same name is replaced, each file at once. `name`
    is what the database is called.

    Raises ExportError.
    """
    name = name or str(database)
    if not database.is_file():
        raise ExportError(f"There is nothing to take along: {database} does not exist.")
    with ExitStack() as stack:
        try:
            db = stack.enter_context(closing(_opened(database, stack)))

            def ask(query: Callable[[sqlite3.Connection], T]) -> T:
                return query(db)

            if not ask(lambda db: db.execute("SELECT 1 FROM change LIMIT 1").fetchone()):
                raise ExportError(f"There is nothing to take along: nothing has been counted in {name} yet.")
        except (sqlite3.Error, JournalError) as error:
            raise ExportError(f"{name} can't be read: {str(error).rstrip('.')}.") from error
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return [_write(folder, files.make(ask, locales, what, language, now)) for what in EVERYTHING]
        except OSError as error:
            raise ExportError(f"{folder} can't be written to: {error.strerror or error}.") from error
        except (sqlite3.Error, JournalError) as error:
            raise ExportError(f"{name} can't be read: {str(error).rstrip('.')}.") from error


def _write(folder: Path, made: files.Made) -> Path:
    path = folder / made.name
    handle, new = tempfile.mkstemp(dir=folder, prefix=".lan-counter-")
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in made.pieces:
                file.write(piece)
        # As any other file of the person's, and not for them alone as a temporary one is.
        umask = os.umask(0)
        os.umask(umask)
        Path(new).chmod(0o666 & ~umask)
        return Path(new).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(new).unlink()
        raise


def _opened(database: Path, stack: ExitStack) -> sqlite3.Connection:
    """The history in a file; of one of an older format it is made beside it, as the file is left as it is."""
    db = reading.connect(database)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version >= journals.SINCE_HISTORY:
        if version > journals.FORMAT:
            db.close()
            raise JournalError("it was written by a newer LAN Counter")
        return db
    stack.callback(db.close)
    made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lan-counter-"))) / "history.db"
    new = sqlite3.connect(made, isolation_level=None)
    if version:
        new.executescript(f"BEGIN; {history.SCHEMA}")
        schema.take_on(db, new, "")
        new.execute("COMMIT")
    else:
        new.executescript(history.SCHEMA)
    return new
