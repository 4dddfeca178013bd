"""What the room wants done. The hub does it, in this order, without waiting in between."""

from collections.abc import Sequence
from typing import Any, NamedTuple

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


Command = Record | Send | Close | Heartbeat | Pause
