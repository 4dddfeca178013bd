"""The witness: a small file beside a journal that says how far it had come.

SQLite says nothing about a database that was emptied, or of a log whose header is damaged: it only forgets. A journal
that is behind its witness has lost something; and what is known then is enough to go on with the number.

It is written after what it tells of has reached the disk, so it is never ahead of the journal, and now and then only,
so it may be behind. It is replaced whole, and written through before it takes the old one's place: an empty file is
never seen there. The folder is not: if a power cut undoes the renaming, the older witness is there, which is allowed.
"""

import os
import zlib
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from desktop.core.counter import Counter
from desktop.core.operations import Settings

LEAP: Final = 1_000_000
"""What the revision of a counter that goes on from its witness is ahead of it: more than the journal may have been."""


class Witness(Struct, frozen=True, kw_only=True):
    epoch: str
    last: int
    """The number of the journal's newest entry."""
    value: int
    revision: int
    settings: Settings

    @classmethod
    def of(cls, epoch: str, last: int, counter: Counter) -> "Witness":
        """What the counter is after entry `last`."""
        return cls(epoch=epoch, last=last, value=counter.value, revision=counter.revision, settings=counter.settings)

    def has_seen_more_than(self, epoch: str, last: int, counter: Counter) -> bool:
        """Whether a journal has lost something; or is another one, behind what everybody has seen."""
        return last < self.last if epoch == self.epoch else counter.revision < self.revision

    def successor(self) -> Counter:
        """The counter to go on with; nobody has seen as high a revision of the one that is lost."""
        return Counter(value=self.value, revision=self.revision + LEAP, settings=self.settings)


def read(path: Path) -> Witness | None:
    """The witness in this file; None if there is none, or none that can be trusted."""
    try:
        text, checksum, _ = path.read_bytes().split(b"\n")
        return _decode(text) if checksum == _checksum(text) else None
    except (OSError, ValueError):
        return None


def write(path: Path, witness: Witness) -> None:
    """Replace the witness in this file. Raises OSError; the old one stays then."""
    text = _encode(witness)
    new = path.with_name(f"{path.name}-new")
    try:
        with new.open("wb") as file:
            file.write(b"\n".join((text, _checksum(text), b"")))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Witness).decode


def _checksum(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)
