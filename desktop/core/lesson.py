"""The lost click: a class taps twice, on a scratch counter of its own, and sees how many of its taps were counted.

    ONE -> REST -> TWO -> LAST -> END -> OVER

ONE is the original's way: a page sends the number that it shows, and that is what the number is then. TWO is this
program's: a page sends what it adds, numbered. In REST and LAST nobody taps, and what is on its way arrives; so it does
in END, where the figures are shown. OVER is the end of it, at any moment if the host wants so.

Whose taps are in the number of the first half? A number that raises it adds taps of who sent it, at most as many as
they had tapped since the number that they had seen; one that lowers it takes the newest away.

Times are seconds of any monotonic clock, passed in; what is told of a half is in ms since it began.
"""

from collections import Counter as Tally
from collections import deque
from enum import StrEnum
from itertools import pairwise
from math import inf
from typing import Final, NamedTuple

HALF: Final = 20.0
REST: Final = 5.0
LAST: Final = 1.5
SHOWN: Final = 600.0
"""Seconds that the figures are shown to who does not go back before: nobody is held if the host has left."""
SAMPLES: Final = 80
"""Points of a half's plot."""
RECENT: Final = 32
"""Numbers that are kept to be looked for as one that another crossed."""


class Stage(StrEnum):
    """See the head of this module."""

    ONE = "one"
    REST = "rest"
    TWO = "two"
    LAST = "last"
    END = "end"
    OVER = "over"


class Crossing(NamedTuple):
    """Two real messages: both pages showed `before` and sent `after`, having tapped `taps` times. `sent` and `got` are
    when each left its page and came to the server, `told` when the second page first heard of the other's number. What
    is a page's own is by its own clock, set by what the server told it."""

    before: int
    after: int
    taps: int
    sent: tuple[float, float]
    got: tuple[float, float]
    told: float


class _Set(NamedTuple):
    """A number that came: the revision that it made, and what the number had been."""

    who: str
    revision: int
    value: int
    old: int
    base: int
    sent: float
    got: float


class Half:
    """A scratch counter, who tapped how often, and how both grew."""

    def __init__(self) -> None:
        self.counter = 0
        self.revision = 0
        self.made = 0
        self.points: list[tuple[int, int]] = [(0, 0)]
        """Taps made and counted, at the beginning and at each sample."""
        self._made: dict[str, int] = {}
        self._counted: Tally[str] = Tally()

    @property
    def people(self) -> set[str]:
        """Who has tapped."""
        return {who for who, made in self._made.items() if made}

    def of(self, who: str) -> tuple[int, int]:
        """How many taps somebody made, and how many of them are in the number."""
        return self._made.get(who, 0), self._counted[who]

    def tally(self, who: str, made: int) -> bool:
        """Somebody has made so many taps in all; whether that is news. What comes late, or again, takes none away."""
        more = max(0, made - self._made.get(who, 0))
        self._made[who] = self._made.get(who, 0) + more
        self.made += more
        return more > 0


class Overwritten(Half):
    """The original's way: the last number wins."""

    def __init__(self) -> None:
        super().__init__()
        self.crossing: Crossing | None = None
        self._values = [0]
        """By their revision."""
        self._stack: list[tuple[str, int]] = []
        """Whose taps the number is made of; of "" are those that were lost before."""
        self._recent: deque[_Set] = deque(maxlen=RECENT)
        self._crossed: deque[tuple[_Set, _Set]] = deque(maxlen=RECENT)
        """Of which the second's page has yet to say when it heard of the first."""

    def set(self, who: str, value: int, seen: int, sent: float, got: float) -> None:
        """A number came, from a page that had last heard of the revision `seen`."""
        old, base = self.counter, self._values[max(0, min(seen, self.revision))]
        self._own(who, value - old, value - base)
        self.counter = value
        self.revision += 1
        self._values.append(value)
        new = _Set(who, self.revision, value, old, base, min(max(0.0, sent), got), got)
        for other in reversed(self._recent):
            if seen < other.revision and _alike(other, new):
                self._crossed.append((other, new))
                break
        self._recent.append(new)

    def told(self, who: str, revision: int, at: float) -> None:
        """A page heard of a revision, the first since it had sent a number."""
        for pair in [pair for pair in self._crossed if pair[1].who == who]:
            self._crossed.remove(pair)
            first, second = pair
            if revision >= first.revision and at > max(second.sent, first.got):
                found = Crossing(
                    before=first.old,
                    after=first.value,
                    taps=first.value - first.old,
                    sent=(first.sent, second.sent),
                    got=(first.got, second.got),
                    told=at,
                )
                if self.crossing is None or _clearer(found) > _clearer(self.crossing):
                    self.crossing = found

    def _own(self, who: str, rise: int, tapped: int) -> None:
        made, counted = self.of(who)
        own = max(0, min(rise, tapped, made - counted))
        for owner, more in (("", rise - own), (who, own)) if rise > 0 else ():
            if more:
                self._stack.append((owner, more))
                self._counted[owner] += more
        while rise < 0:
            owner, taps = self._stack.pop()
            less = min(taps, -rise)
            self._counted[owner] -= less
            rise += less
            if taps > less:
                self._stack.append((owner, taps - less))


def _alike(first: _Set, second: _Set) -> bool:
    """Whether two pages made the same of the same, and the second's number so changed nothing."""
    same = first.who != second.who and first.value == second.value
    return same and first.old == first.base == second.base and second.old == second.value > first.old


def _clearer(crossing: Crossing) -> tuple[bool, float]:
    """What makes a drawing of it easier to read: one tap each, and times that lie apart."""
    times = sorted((*crossing.sent, *crossing.got, crossing.told))
    return crossing.taps == 1, min(later - sooner for sooner, later in pairwise(times))


class Added(Half):
    """This program's way: what is added once is added once."""

    def __init__(self) -> None:
        super().__init__()
        self._decided: dict[str, int] = {}

    def decided(self, who: str) -> int:
        """The number of somebody's newest addition."""
        return self._decided.get(who, 0)

    def add(self, who: str, op: int, delta: int) -> bool:
        """An addition came; False if it is one that came before, or one is missing before it."""
        if op != self.decided(who) + 1:
            return False
        self._decided[who] = op
        self._counted[who] += delta
        self.counter += delta
        self.revision += 1
        made, counted = self.of(who)
        self.tally(who, max(made, counted))
        return True


class Lesson:
    """One lesson from its start on: `number` names it."""

    def __init__(
        self,
        number: int,
        now: float,
        *,
        half: float = HALF,
        rest: float = REST,
        last: float = LAST,
        shown: float = SHOWN,
    ) -> None:
        self.number = number
        self.half = half
        self.one = Overwritten()
        self.two = Added()
        self._lasts = {Stage.ONE: half, Stage.REST: rest, Stage.TWO: half, Stage.LAST: last, Stage.END: shown}
        self._enter(Stage.ONE, now)

    @property
    def now(self) -> Half:
        """The half that is on the plate."""
        return self.one if self.stage in (Stage.ONE, Stage.REST) else self.two

    @property
    def is_tapped(self) -> bool:
        """Whether it is the time to tap."""
        return self.stage in (Stage.ONE, Stage.TWO)

    def left(self, now: float) -> float:
        """Seconds until the next stage."""
        return max(0.0, self._ends - now)

    def at(self, now: float) -> float:
        """Ms since the half began that is tapped, or was the last."""
        return (now - self._began) * 1_000

    def due(self) -> float:
        """When to call `go_on`; inf once it is over."""
        if not self.is_tapped:
            return self._ends
        return min(self._ends, self._began + len(self.now.points) * self.half / SAMPLES)

    def go_on(self, now: float) -> bool:
        """Do what is due: sample, or go to the next stage; whether anything was."""
        gone = False
        while self.due() <= now and self.stage is not Stage.OVER:
            gone = True
            points = self.now.points
            if self.is_tapped and len(points) <= SAMPLES:
                points.append((self.now.made, self.now.counter))
            if self._ends <= now and (not self.is_tapped or len(points) > SAMPLES):
                # What arrived after the last sample is a part of it.
                if self.stage in (Stage.REST, Stage.LAST):
                    self._settle()
                stages = list(Stage)
                self._enter(stages[stages.index(self.stage) + 1], self._ends)
        return gone

    def stop(self, now: float) -> None:
        """The host wants no more of it."""
        self._enter(Stage.OVER, now)

    # --- what pages say ---

    def tally(self, half: int, who: str, made: int) -> bool:
        """See Half.tally; also when it comes late."""
        news = (self.one if half == 1 else self.two).tally(who, made)
        return self._late(news)

    def set(self, who: str, value: int, seen: int, sent: float, now: float) -> bool:
        """A page's number; False if its time is over."""
        if self.stage not in (Stage.ONE, Stage.REST):
            return False
        self.one.set(who, value, seen, sent, self.at(now))
        return True

    def add(self, who: str, op: int, delta: int) -> bool:
        """A page's addition; False if it counts for nothing."""
        if self.stage in (Stage.ONE, Stage.REST, Stage.OVER):
            return False
        return self._late(self.two.add(who, op, delta))

    def _late(self, news: bool) -> bool:
        if news and self.stage is Stage.END:
            self._settle()
        return news

    def _settle(self) -> None:
        for half in (self.one, self.two):
            if len(half.points) > SAMPLES:
                half.points[SAMPLES] = (half.made, half.counter)

    def _enter(self, stage: Stage, now: float) -> None:
        self.stage = stage
        if stage in (Stage.ONE, Stage.TWO):
            self._began = now
        self._ends = now + self._lasts[stage] if stage in self._lasts else inf
