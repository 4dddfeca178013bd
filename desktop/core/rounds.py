"""Rounds, and the changes in them: what the history says of the operations that the counter has decided.

A reset ends a round and begins the next, which is known by that reset's revision; the first one by 0. An undo of the
reset opens the round again: what happened meanwhile is part of it then. Who asked for what is no matter of the
counter's, so nothing here has a say in what it decides.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import Struct

from desktop.core.counter import AnyOperation, Configure, Counter, Forget, Reset, Title, Undo, Verdict


class Who(NamedTuple):
    """Somebody, as they were known to all when they asked for something."""

    person: int
    name: str
    role: str
    """host, guest or classic."""


class Present(NamedTuple):
    """What the history keeps beside a batch: how many are here, and who the clients are whose operations it has."""

    here: int = 0
    who: Mapping[str, Who] = {}


NOBODY = Present()


class Change(NamedTuple):
    """What one operation made of the value."""

    revision: int
    at: int
    """Milliseconds since the epoch."""
    value: int
    delta: int
    kind: str
    """The operation's: add, set, reset, undo …"""
    client: str
    round: int
    """The one that it is in; a reset is in the one it ends."""
    counts: bool
    """Whether it is anybody's share of the round's value: a reset isn't, and neither is taking it back."""
    reopened: int | None = None
    """The round that is no more, as its reset was taken back: all that happened in it is in this one."""


class Round(Struct, kw_only=True):
    """`first` and `last` are when it changed, in milliseconds; `here` is the most who were."""

    id: int
    begin: int = 0
    """The value that it began with."""
    title: str = ""
    """The counter's, as long as it was going."""
    own: str | None = None
    """The one that it was given later."""
    first: int | None = None
    last: int | None = None
    value: int = 0
    low: int = 0
    high: int = 0
    changes: int = 0
    here: int = 0
    goal: int | None = None
    took: int | None = None
    """How many had added something at its end, where there was a limit for each person; else that is not known of
    persons, but of their pages."""

    def reaches(self) -> bool:
        """Whether its value is at its goal, or past it."""
        if self.goal is None:
            return False
        return self.value / self.goal >= 1 if self.goal else self.value == 0


class Rounds:
    """Follows a counter, which it owns, from one change to the next."""

    def __init__(self, counter: Counter, running: Round, load: Callable[[int], Round | None]) -> None:
        """`running` is the counter's round; `load` finds one that has ended."""
        self.counter = counter
        self.running = running
        self._load = load
        self.touched: dict[int, Round] = {}
        """The rounds that have changed since this was last emptied."""

    def apply(self, operation: AnyOperation, at: int, here: int) -> Change | Forget | None:
        """Let the counter decide an operation, and say what came of it: None if it was nothing of the value's."""
        counter, running = self.counter, self.running
        value, reset, reopened = counter.value, counter.reset_revision, None
        if counter.apply(operation) is not Verdict.APPLIED:
            return None
        match operation:
            case Configure():
                running.title, running.goal = counter.settings.title, counter.settings.goal
                self._touch(running)
                return None
            case Title(round=number, title=title):
                named = running if number == running.id else self.touched.get(number) or self._load(number)
                if named:
                    named.own = title
                    self._touch(named)
                return None
            case Forget():
                return operation
            case Undo() if counter.reset_revision != reset:
                reopened = running.id
                self._reopen()
                running = self.running
                self._changed(at, here)
            case Reset():
                self._touch(running)
                self._begin()
            case _:
                self._changed(at, here)
        counts = reopened is None and not isinstance(operation, Reset)
        kind, delta = type(operation).__name__.lower(), counter.value - value
        return Change(counter.revision, at, counter.value, delta, kind, operation.client, running.id, counts, reopened)

    def _changed(self, at: int, here: int) -> None:
        one, value = self.running, self.counter.value
        one.first = at if one.first is None else one.first
        one.last, one.value = at, value
        one.low, one.high, one.here = min(one.low, value), max(one.high, value), max(one.here, here)
        one.changes += 1
        if self.counter.settings.each is not None:
            one.took = len(self.counter.hands)
        self._touch(one)

    def _begin(self) -> None:
        counter = self.counter
        self.running = Round(
            id=counter.reset_revision,
            begin=counter.value,
            value=counter.value,
            title=counter.settings.title,
            goal=counter.settings.goal,
        )
        self._touch(self.running)

    def _reopen(self) -> None:
        gone, number = self.running, self.counter.reset_revision
        one = self.touched.get(number) or self._load(number) or Round(id=number)
        self.touched.pop(gone.id, None)
        one.title, one.goal = gone.title, gone.goal
        one.first = gone.first if one.first is None else one.first
        one.low, one.high = min(one.low, gone.low), max(one.high, gone.high)
        one.changes += gone.changes
        one.here = max(one.here, gone.here)
        self.running = one

    def _touch(self, one: Round) -> None:
        self.touched[one.id] = one
