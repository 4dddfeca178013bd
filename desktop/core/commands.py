"""What the room wants done. The hub does it, in this order, without waiting in between."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from desktop.core.counter import AnyOperation
from desktop.core.rounds import NOBODY, Present

Key = Any
"""What the hub calls a connection: hashable, and opaque here."""


class Record(NamedTuple):
    """Give these operations to the journal as one batch."""

    operations: Sequence[AnyOperation]
    present: Present = NOBODY


class Send(NamedTuple):
    """Send one text message to each of these members."""

    keys: Sequence[Key]
    message: bytes


FULL: Final = 1013
"""The close code "try again later" (registered with IANA, RFC 6455, section 11.7)."""
REMOVED: Final = 4003
"""The close code for somebody whom the host has removed (private use, RFC 6455, section 7.4.2)."""


class Close(NamedTuple):
    """Close with a code of RFC 6455, section 7.4.1; without one, drop the connection: nobody is listening."""

    key: Key
    code: int | None
    reason: str = ""


class Heartbeat(NamedTuple):
    """Send a ping frame: whoever is there answers by itself."""

    keys: Sequence[Key]


class Pause(NamedTuple):
    """Take nothing more from this member for some seconds."""

    key: Key
    seconds: float


class Watch(NamedTuple):
    """Tell this member, whose client it is, of its own connection; or stop that."""

    key: Key
    client: str
    wire: bool


class Bots(NamedTuple):
    """Let so many bots take part in the lesson, from now on."""

    wanted: int


Command = Record | Send | Close | Heartbeat | Pause | Watch | Bots
