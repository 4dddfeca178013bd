"""The wire of a lesson, and what a page says in it.

The lesson (see `lesson` and `taps`) has scratch counters of its own: nothing of it is an operation, and the journal
knows nothing of it. The host starts it, for `seconds` a half (2 to 60, 20 without) and with so many `bots` (0 to 30),
which it may change, and stops it, at any moment. A new one can be started once the figures are shown, else the one that
there is goes on. `taps` say in each half how many somebody has made there in all, and may have

    half 1    "set":{"counter":44,"seen":17,"at":1444}    the number that the page shows, the revision that it has
                                                          seen, and when it sends this, in ms since the half began
              "told":{"revision":18,"at":1508}            which one it heard of first after the last "set", and when
    half 2    "add":{"op":5,"delta":3}                    numbered by page and lesson, from 1 without gaps

What is of another lesson, or comes too late, says nothing. On the beat everybody is told what has changed: `counter`
and `revision` of the scratch counter, `ack` (the newest "add" that is decided) to whom it is, with each sample `stage`
(one, rest, two, last, end, over), `left` (ms until the next one) and `point` (half, place, taps made, counted). At a
new stage, after hello and to who asks to "look", there is all of it: `seconds`, `halves` (the points), `people` and
`bots` that have tapped; in the end `where` (see `answers.Where`), and `mine` (taps made and counted, by half). Where
there is no lesson, who asks to look is told that it is over.
"""

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
