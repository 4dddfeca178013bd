"""A connection, as the room sees it, who it is, and how often it may speak.

Times are seconds of any monotonic clock, passed in.
"""

import hmac
from collections.abc import Sequence
from math import inf
from typing import Final

from desktop.core.commands import Key
from desktop.core.rounds import Who

RATE: Final = 50.0
"""Messages a second."""
BURST: Final = 100.0
PRESSING_LIMIT: Final = 5.0
"""Seconds that somebody may go on past the rate while being read slowly."""
BAD_LIMIT: Final = 20
"""Bad messages within BAD_SPAN seconds."""
BAD_SPAN: Final = 10.0
WRONG_SECRETS: Final = 5
"""Words that are not the host's secret, after which somebody is closed."""


class Bucket:
    """A token bucket: BURST messages at once, RATE a second on the whole."""

    __slots__ = ("_at", "_pressing_since", "_tokens")

    def __init__(self, now: float) -> None:
        self._tokens = BURST
        self._at = now
        self._pressing_since: float | None = None

    def take(self, now: float) -> float:
        """One message: how many seconds to wait before reading the next, inf if it's been too much for too long."""
        self._tokens = min(BURST, self._tokens + (now - self._at) * RATE) - 1
        self._at = now
        if self._tokens >= 0:
            # Only whoever has paused for a second has stopped pressing; a reader that is slowed never gets there.
            if self._tokens >= RATE:
                self._pressing_since = None
            return 0.0
        if self._pressing_since is None:
            self._pressing_since = now
        elif now - self._pressing_since > PRESSING_LIMIT:
            return inf
        return -self._tokens / RATE


class Window:
    """Counts what went wrong within BAD_SPAN."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: Sequence[float] = ()

    def count(self, now: float) -> bool:
        """One more: True if that is one too many within the span."""
        self._times = [*(at for at in self._times if now - at < BAD_SPAN), now]
        return len(self._times) > BAD_LIMIT


class Member:
    """`key` is the hub's name for it, `client` its own and secret one once it has said hello, `voter` stands for whose
    page it is, `person` is the number by which the host knows it, `owed` what it has yet to be told, `acts` whether it
    has asked for an operation, `unread` up to which number there were, after those that could be read, only such that
    could not; a `bot` is a lesson's."""

    __slots__ = (
        "acts",
        "bad",
        "bot",
        "client",
        "heard",
        "host",
        "key",
        "local",
        "name",
        "owed",
        "person",
        "pinged",
        "rate",
        "stalled_at",
        "unread",
        "v1",
        "voter",
        "wrong_secrets",
    )

    def __init__(self, key: Key, person: int, now: float, *, v1: bool, local: bool, bot: bool = False) -> None:
        self.key = key
        self.person = person
        self.v1 = v1
        self.local = local
        self.bot = bot
        self.client = ""
        self.voter = ""
        self.name = ""
        self.host = False
        self.acts = False
        self.owed = 0
        self.unread = 0
        self.heard = now
        self.pinged = False
        self.stalled_at: float | None = None
        self.wrong_secrets = 0
        self.rate = Bucket(now)
        self.bad = Window()

    def prove(self, word: str, secret: bytes) -> bool:
        """Say a word that may be the host's secret, which makes a host; False if that was wrong too often."""
        self.host = self.local and hmac.compare_digest(word.encode(), secret)
        self.wrong_secrets += not self.host
        return self.host or self.wrong_secrets < WRONG_SECRETS

    @property
    def who(self) -> Who:
        """Who it is, as all may know."""
        return Who(self.person, self.name, "host" if self.host else "guest" if self.v1 else "classic")


class Clients(dict[str, set[Member]]):
    """The members by their `client`: a page may have several connections."""

    def name(self, member: Member, client: str) -> None:
        """A member says who it is, perhaps not for the first time."""
        if client != member.client:
            self.part(member)
            member.client, member.unread = client, 0
        self.setdefault(client, set()).add(member)

    def part(self, member: Member) -> None:
        """A member has left, or is somebody else."""
        alike = self.get(member.client, set())
        alike.discard(member)
        if not alike:
            self.pop(member.client, None)
