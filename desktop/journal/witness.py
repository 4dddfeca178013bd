"""A small second file beside the journal's, which remembers how far the counter had come.

SQLite says nothing when its file was emptied, or the header of its log is damaged: it begins anew, or goes back to an
older state. So at the start the journal is held against this witness. It is written after the journal, never before:
it may lag behind, and it is never ahead of what is durable.
"""

from pathlib import Path

import msgspec
from msgspec import Struct


class Witness(Struct, frozen=True, kw_only=True):
    """What was durable: entry `last` of the journal `epoch`, and the counter after it."""

    epoch: str
    last: int
    value: int
    revision: int


def read(path: Path) -> Witness | None:
    """What the file says; None if there is none, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Witness)
    except (OSError, ValueError):
        return None


def write(path: Path, witness: Witness) -> None:
    """Replace the file, wholly or not at all. Raises OSError.

    It isn't forced to the disk: after a power cut an older one may stand there, which only sees less.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(msgspec.json.encode(witness))
    fresh.replace(path)
