"""What there is to show of a watched connection, until it is sent: few events, and never a backlog.

What others do is merged while it waits, and says how many it was; what the page itself says and hears is not. Who takes
them too slowly loses events, and reads in their place how many.

Who watches is told what crosses this connection, and what the server does in between; of the messages that tell it,
nothing. 40 may watch at once, the next is told `full`. At `/ws?watch` a connection is watched from its first byte; at
`/ws?cut` there is no answer at all, as if the server were gone. All times are the server's, `now` too, in seconds of
one clock that only grows. An event is `{"what":"…","at":…}` and

    http        from, text                the request, or the answer, that made the WebSocket: the lines that matter
    frame       from, frame, struck       one that passed, in base64: as it was sent, masked if it was, but for what is
                                          `struck`: from which byte of the payload up to which one, 0 in their place. Of
                                          one that is too long only the header is there
    others      count                     messages of others that asked for an operation
    journal     operations, count, own, ms    recorded in `count` transactions, `own` of this page's, the last in `ms`
    broadcast   to, count, frame          a state went to so many others; the frame is missing if none is as all of them
    skipped     count                     states that were not sent here, since something still had to leave
    gap         count                     so many events are missing: this connection was too slow for them

with `from` "page" or "server". Where `count` is there, it stands for so many, until `until`, and the frame is the
newest one's. No bytes name anybody: what of them stays is said at the head of `wire`.
"""

from math import inf
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

SOON: Final = 0.05
"""Seconds until something of the page's own is shown."""
CALM: Final = 0.2
BUSY: Final = 1.0
"""Seconds that what others do is gathered, where little happens, and where much: nobody reads more."""
LIMIT: Final = 200
"""Events that wait, at most."""


class Event(Struct, kw_only=True, omit_defaults=True, rename={"source": "from"}):
    """See the head of this module."""

    what: str
    at: float
    until: float | UnsetType = UNSET
    source: str = ""
    text: str = ""
    frame: bytes = b""
    struck: list[tuple[int, int]] = []
    count: int = 1
    to: int = 0
    operations: int = 0
    own: int = 0
    ms: float = 0.0

    def merge(self, other: "Event") -> None:
        """One more of its kind."""
        self.until = other.at if other.until is UNSET else other.until
        self.count += other.count
        self.operations += other.operations
        self.frame, self.struck, self.to, self.ms = other.frame, other.struck, other.to, other.ms


_encode = msgspec.json.Encoder().encode


class Reel:
    """The events of one connection that wait."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._alike: dict[str, Event] = {}
        """Of what may be merged the newest, since something that may not."""
        self._since = 0.0
        self._own = False
        self._until = -inf
        """When events were taken that are as those which come now."""

    def add(self, event: Event, now: float, alike: str = "") -> None:
        """Something happened; if `alike` has a name, it may be merged with others of that name."""
        known = self._alike.get(alike)
        if known:
            known.merge(event)
            return
        if not self._events:
            self._since = now
        if len(self._events) >= LIMIT:
            self._miss(event)
            return
        self._events.append(event)
        if alike:
            self._alike[alike] = event
        else:
            self._own = True
            self._alike.clear()

    def _miss(self, event: Event) -> None:
        self._alike.clear()
        last = self._events[-1]
        if last.what == "gap":
            last.count += event.count
            last.until = event.at
        else:
            self._events.append(Event(what="gap", at=event.at, count=event.count))

    def due(self) -> float:
        """When to take them."""
        if not self._events:
            return inf
        if self._own:
            return self._since + SOON
        return self._since + (BUSY if self._since - self._until < CALM else CALM)

    def take(self, most: int, now: float) -> list[msgspec.Raw]:
        """The oldest of them, encoded, in `most` bytes; one in any case, if there is one."""
        taken: list[msgspec.Raw] = []
        for event in self._events:
            encoded = _encode(event)
            most -= len(encoded)
            if taken and most < 0:
                break
            taken.append(msgspec.Raw(encoded))
        del self._events[: len(taken)]
        self._alike.clear()
        if not self._own:
            self._until = now
        self._own = self._own and bool(self._events)
        return taken
