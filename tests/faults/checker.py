"""Whether a counter kept its promises, judged by what its clients saw: pure, after the counter of Jepsen's checker.

A history goes in, violations come out. Nothing is known of the server but what it told, and when:

- what was acknowledged is in the value from then on, once; what was only sent may be in it, or not yet
- so every value that was read lies between what was acknowledged before and what had been sent by then
- a revision is one value, and no revision comes after a newer one was read
- in the end everybody reads the same, and that is the sum of everything

Times are seconds of one monotonic clock. A counter begins with value 0 and revision 0. Each operation makes one
revision, unless it is refused, as one of 0 always is. (Jepsen: `jepsen.checker/counter`, which knows additions alone,
and no revisions.)
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import accumulate
from math import inf
from typing import NamedTuple


class Invoked(NamedTuple):
    """A client is about to send an operation for the first time; each numbers its own from 1."""

    at: float
    client: str
    op: int
    delta: int


class Acknowledged(NamedTuple):
    """A client was told that its operations up to this one are decided."""

    at: float
    client: str
    op: int


class Refused(NamedTuple):
    """A client was told that this operation of its doesn't count."""

    at: float
    client: str
    op: int


class Read(NamedTuple):
    """A value that came over a connection. It was true at some moment from `begun` on: the newest moment that the
    server must have heard of when it told this (the connection's opening, or what this answers or follows)."""

    begun: float
    at: float
    connection: str
    value: int
    revision: int | None = None


class Final(NamedTuple):
    """What somebody reads once everything is well again and nobody does anything."""

    reader: str
    value: int
    revision: int | None = None


Event = Invoked | Acknowledged | Refused | Read | Final


class Kind(StrEnum):
    LOST = "acknowledged, and lost"
    TWICE = "counted more than once"
    IMPOSSIBLE = "a value that could not be"
    WENT_BACK = "a revision older than one that was read before"
    TWO_VALUES = "two values with one revision"
    UNASKED = "acknowledged before it was sent"
    UNDECIDED = "never acknowledged"
    DIVERGED = "not the same for all in the end"


class Violation(NamedTuple):
    kind: Kind
    detail: str


def violations(history: Sequence[Event]) -> list[Violation]:
    """What went wrong, in no particular order. `history` is in the order of its times; Final comes last."""
    operations = _Operations(history)
    reads = [event for event in history if isinstance(event, Read)]
    finals = [event for event in history if isinstance(event, Final)]
    return [*operations.violations, *_order(reads), *_bounds(operations, reads), *_end(operations, finals)]


class _Operation(NamedTuple):
    """What became of an operation: `decided` is when its client knew, inf if never."""

    invoked: float
    decided: float
    delta: int
    name: str


class _Operations:
    """All operations that were not refused."""

    def __init__(self, history: Iterable[Event]) -> None:
        self.violations: list[Violation] = []
        invoked: dict[tuple[str, int], Invoked] = {}
        refused: set[tuple[str, int]] = set()
        decided: dict[tuple[str, int], float] = {}
        newest: dict[str, int] = {}
        for event in history:
            match event:
                case Invoked(_, client, op):
                    invoked[client, op] = event
                case Refused(_, client, op):
                    refused.add((client, op))
                case Acknowledged(at, client, op):
                    before = newest.get(client, 0)
                    if op < before:
                        self._found(Kind.LOST, f"{client} was told ack={op} after ack={before}")
                    for number in range(before + 1, op + 1):
                        if (client, number) not in invoked:
                            self._found(Kind.UNASKED, f"{client} #{number}")
                        decided[client, number] = at
                    newest[client] = max(op, before)
        self.all = [
            _Operation(event.at, decided.get(key, inf), event.delta, f"{event.client} #{event.op} ({event.delta:+})")
            for key, event in invoked.items()
            if key not in refused and event.delta
        ]

    def _found(self, kind: Kind, detail: str) -> None:
        self.violations.append(Violation(kind, detail))


class _Total:
    """A running total over time."""

    def __init__(self, amounts: Iterable[tuple[float, int]]) -> None:
        ordered = sorted(amounts)
        self._times = [at for at, _ in ordered]
        self._totals = [0, *accumulate(amount for _, amount in ordered)]

    def before(self, time: float) -> int:
        return self._totals[bisect_left(self._times, time)]

    def up_to(self, time: float) -> int:
        return self._totals[bisect_right(self._times, time)]


def _order(reads: Iterable[Read]) -> Iterable[Violation]:
    values: dict[int, int] = {}
    on_connection: dict[str, int] = {}
    times: list[float] = []
    newest: list[int] = [-1]
    for read in reads:
        if read.revision is None:
            continue
        known = values.setdefault(read.revision, read.value)
        if known != read.value:
            yield Violation(Kind.TWO_VALUES, f"{known} and {read.value} with revision {read.revision}")
        # What the server answers to somebody is no older than what it has told anybody before it was asked.
        least = max(on_connection.get(read.connection, -1), newest[bisect_left(times, read.begun)])
        if read.revision < least:
            yield Violation(Kind.WENT_BACK, f"{read}, after revision {least}")
        on_connection[read.connection] = read.revision
        times.append(read.at)
        newest.append(max(newest[-1], read.revision))


def _bounds(operations: _Operations, reads: Iterable[Read]) -> Iterable[Violation]:
    settled = _Total((operation.decided, operation.delta) for operation in operations.all)
    settled_count = _Total((operation.decided, 1) for operation in operations.all)
    invoked_count = _Total((operation.invoked, 1) for operation in operations.all)
    ups = [operation for operation in operations.all if operation.delta > 0]
    downs = [operation for operation in operations.all if operation.delta < 0]
    ups_invoked, ups_settled = (_Total((getattr(op, when), op.delta) for op in ups) for when in ("invoked", "decided"))
    downs_invoked, downs_settled = (
        _Total((getattr(op, when), op.delta) for op in downs) for when in ("invoked", "decided")
    )
    for read in reads:
        sure = settled.before(read.begun)
        least = sure + downs_invoked.up_to(read.at) - downs_settled.before(read.begun)
        most = sure + ups_invoked.up_to(read.at) - ups_settled.before(read.begun)
        if not least <= read.value <= most:
            yield Violation(Kind.IMPOSSIBLE, f"{read}, not from {least} to {most}")
        if read.revision is not None:
            if read.revision < settled_count.before(read.begun):
                yield Violation(Kind.LOST, f"{read}, when {settled_count.before(read.begun)} were acknowledged")
            if read.revision > invoked_count.up_to(read.at):
                yield Violation(Kind.TWICE, f"{read}, when {invoked_count.up_to(read.at)} had been sent")


def _end(operations: _Operations, finals: Sequence[Final]) -> Iterable[Violation]:
    undecided = [operation for operation in operations.all if operation.decided == inf]
    yield from (Violation(Kind.UNDECIDED, operation.name) for operation in undecided)
    for what, seen in (
        ("values", {final.value for final in finals}),
        ("revisions", {final.revision for final in finals if final.revision is not None}),
    ):
        if len(seen) > 1:
            yield Violation(Kind.DIVERGED, f"{what} {sorted(seen)}: {list(finals)}")
    if undecided:
        return
    wanted, count = sum(operation.delta for operation in operations.all), len(operations.all)
    for final in finals:
        if final.value != wanted or final.revision not in (None, count):
            yield _blamed(operations, final, wanted, count)


def _blamed(operations: _Operations, final: Final, wanted: int, count: int) -> Violation:
    """What the end value is missing, or has too much of: by the number of changes, else by what would explain it."""
    missing = wanted - final.value
    lost = [operation.name for operation in operations.all if operation.delta == missing]
    twice = [operation.name for operation in operations.all if operation.delta == -missing]
    changes = count if final.revision is None else final.revision
    if changes != count:
        kind = Kind.LOST if changes < count else Kind.TWICE
    else:
        kind = Kind.LOST if lost else Kind.TWICE if twice else Kind.IMPOSSIBLE
    likely = {Kind.LOST: lost, Kind.TWICE: twice, Kind.IMPOSSIBLE: []}[kind][:3]
    return Violation(kind, f"{final}, not {wanted} after {count} changes; perhaps {likely or 'several'}")
