"""What a page says in a lesson: see the head of `protocol`."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from desktop.core.counter import VALUE_LIMIT
from desktop.core.lesson import HALF

BOTS_LIMIT: Final = 30
TAPS_LIMIT: Final = 10_000
"""That somebody may have made in a half: more than fingers can."""

Number = Annotated[int, Meta(ge=0, le=VALUE_LIMIT)]
Moment = Annotated[float, Meta(ge=0, le=VALUE_LIMIT)]


class Lesson(Struct, frozen=True, tag_field="type", tag="lesson"):
    """What the host asks for; "look" may be asked by all."""

    do: Literal["start", "stop", "bots", "look"]
    bots: Annotated[int, Meta(ge=0, le=BOTS_LIMIT)] = 0
    seconds: Annotated[float, Meta(ge=2, le=60)] = HALF


class LastSet(Struct, frozen=True):
    """In the original's way: the number that the page shows."""

    counter: Number
    seen: Number
    at: Moment


class Told(Struct, frozen=True):
    """When the page first heard from the server after it had sent its number."""

    revision: Number
    at: Moment


class Addition(Struct, frozen=True):
    """In this program's way."""

    op: Annotated[int, Meta(ge=1, le=VALUE_LIMIT)]
    delta: Annotated[int, Meta(ge=1, le=TAPS_LIMIT)]


class Taps(Struct, frozen=True, tag_field="type", tag="taps"):
    """How many taps a page has made in a half, and perhaps what it makes of them."""

    lesson: Number
    half: Literal[1, 2]
    made: Annotated[int, Meta(ge=0, le=TAPS_LIMIT)]
    set: LastSet | None = None
    told: Told | None = None
    add: Addition | None = None
