"""The checker finds what it is there to find, and nothing in a history that is right."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.checker import (
    Acknowledged,
    Event,
    Final,
    Invoked,
    Kind,
    Read,
    Refused,
    violations,
)

# Ada adds 5 and, while that is on its way, Bob takes 2; later Ada's 0 is refused, and the server starts anew.
RIGHT: list[Event] = [
    Read(0, 1, "ada/1", 0, 0),
    Read(0, 1, "bob/1", 0, 0),
    Read(0, 1, "classic", 0),
    Invoked(2, "ada", 1, +5),
    Invoked(3, "bob", 1, -2),
    Read(0, 4, "classic", -2),
    Acknowledged(5, "bob", 1),
    Read(3, 5, "bob/1", -2, 1),
    Acknowledged(6, "ada", 1),
    Read(2, 6, "ada/1", 3, 2),
    Read(3, 7, "bob/1", 3, 2),
    Read(0, 7, "classic", 3),
    Invoked(8, "ada", 2, 0),
    Refused(9, "ada", 2),
    Acknowledged(9, "ada", 2),
    Read(8, 9, "ada/1", 3, 2),
    Acknowledged(11, "ada", 2),
    Read(10, 11, "ada/2", 3, 2),
    Final("ada", 3, 2),
    Final("bob", 3, 2),
    Final("classic", 3),
]


def kinds(history: list[Event]) -> set[Kind]:
    return {violation.kind for violation in violations(history)}


def test_nothing_is_found_in_a_right_history() -> None:
    assert violations(RIGHT) == []
    assert violations([]) == []


def replaced(old: Event, *new: Event) -> list[Event]:
    """The right history with one event replaced."""
    assert old in RIGHT
    return [event for was in RIGHT for event in (new if was == old else (was,))]


def ending(value: int, revision: int) -> list[Event]:
    """The right history, but everybody reads this in the end."""
    return [
        *(event for event in RIGHT if not isinstance(event, Final)),
        Final("ada", value, revision),
        Final("c", value),
    ]


@pytest.mark.parametrize(
    ("kind", "history"),
    [
        pytest.param(Kind.LOST, ending(5, 1), id="Bob's -2 is gone"),
        pytest.param(Kind.LOST, ending(-2, 1), id="Ada's +5 is gone"),
        pytest.param(Kind.TWICE, ending(8, 3), id="Ada's +5 counted twice"),
        pytest.param(Kind.TWICE, ending(1, 3), id="Bob's -2 counted twice"),
        pytest.param(Kind.IMPOSSIBLE, ending(103, 2), id="a value from nowhere"),
        pytest.param(Kind.LOST, ending(3, 1), id="two changes in one revision"),
        pytest.param(
            Kind.LOST, replaced(Acknowledged(11, "ada", 2), Acknowledged(11, "ada", 1)), id="an ack taken back"
        ),
        pytest.param(
            Kind.LOST, replaced(Read(10, 11, "ada/2", 3, 2), Read(10, 11, "ada/2", -2, 1)), id="forgotten by a restart"
        ),
        pytest.param(
            Kind.TWICE, replaced(Read(3, 7, "bob/1", 3, 2), Read(3, 7, "bob/1", 3, 3)), id="more changes than were sent"
        ),
        pytest.param(
            Kind.IMPOSSIBLE, replaced(Read(3, 7, "bob/1", 3, 2), Read(3, 7, "bob/1", 6, 2)), id="more than was added"
        ),
        pytest.param(
            Kind.IMPOSSIBLE, replaced(Read(0, 4, "classic", -2), Read(0, 4, "classic", -3)), id="less than was taken"
        ),
        pytest.param(
            Kind.IMPOSSIBLE,
            replaced(Read(0, 7, "classic", 3), Read(6.5, 7, "classic", -2)),
            id="without what was acknowledged before",
        ),
        pytest.param(
            Kind.IMPOSSIBLE, replaced(Read(0, 1, "classic", 0), Read(0, 1, "classic", 5)), id="before it was sent"
        ),
        pytest.param(
            Kind.WENT_BACK, replaced(Read(8, 9, "ada/1", 3, 2), Read(2, 9, "ada/1", -2, 1)), id="back on a connection"
        ),
        pytest.param(
            Kind.WENT_BACK,
            replaced(Read(10, 11, "ada/2", 3, 2), Read(10, 11, "ada/2", -2, 1)),
            id="back on another one",
        ),
        pytest.param(
            Kind.TWO_VALUES, replaced(Read(3, 7, "bob/1", 3, 2), Read(3, 7, "bob/1", 5, 2)), id="a revision, two values"
        ),
        pytest.param(Kind.UNASKED, replaced(Invoked(8, "ada", 2, 0)), id="acknowledged, never sent"),
        pytest.param(
            Kind.UNDECIDED,
            replaced(Invoked(8, "ada", 2, 0), Invoked(8, "ada", 2, 0), Invoked(8, "bob", 2, 1)),
            id="no ack",
        ),
        pytest.param(Kind.DIVERGED, replaced(Final("bob", 3, 2), Final("bob", -2, 1)), id="somebody stays behind"),
        pytest.param(
            Kind.DIVERGED, replaced(Final("classic", 3), Final("classic", 0)), id="a classic one stays behind"
        ),
    ],
)
def test_each_kind_of_violation_is_found(kind: Kind, history: list[Event]) -> None:
    assert kind in kinds(history)


def test_an_operation_that_is_lost_is_named() -> None:
    (found, *_) = [violation for violation in violations(ending(5, 1)) if "perhaps" in violation.detail]

    assert "bob #1 (-2)" in found.detail


def test_what_is_on_its_way_may_count_or_not() -> None:
    for value, revision in ((0, 0), (5, 1), (-2, 1), (3, 2)):
        assert not kinds([Invoked(1, "a", 1, 5), Invoked(1, "b", 1, -2), Read(0, 2, "c", value, revision)]) - {
            Kind.UNDECIDED
        }


# --- simulated counters ---


class Simulated:
    """A counter with clients of its own, and a history of all they saw. It is right; what is derived from it is not."""

    def __init__(self, choices: random.Random) -> None:
        self.choices = choices
        self.now = 0.0
        self.value = self.revision = 0
        self.decided: dict[str, int] = {}
        self.sent: dict[str, list[int]] = {"ada": [], "bob": [], "cem": []}
        self.history: list[Event] = []
        self.broken = False

    def run(self, steps: int) -> list[Event]:
        for _ in range(steps):
            self.now += 1
            self.choices.choice((self.click, self.click, self.deliver, self.deliver, self.look, self.fault))()
        for client in self.sent:
            self.settle(client)
        for client in self.sent:
            self.history.append(Final(client, self.value, self.revision))
        return self.history

    def click(self) -> None:
        client = self.choices.choice(list(self.sent))
        deltas = self.sent[client]
        # No two deltas are the same, and no few of them make up for another.
        deltas.append(self.choices.choice((-1, 1)) * 3 ** (sum(map(len, self.sent.values())) + 1))
        self.history.append(Invoked(self.now, client, len(deltas), deltas[-1]))

    def apply(self, client: str, op: int) -> None:
        if op == self.decided.get(client, 0) + 1:
            self.value += self.sent[client][op - 1]
            self.revision += 1
            self.decided[client] = op

    def deliver(self) -> None:
        """A client sends again what isn't acknowledged; the answer arrives or gets lost."""
        client = self.choices.choice(list(self.sent))
        for op in range(1, len(self.sent[client]) + 1):
            self.apply(client, op)
        if self.choices.random() < 0.5:
            self.tell(client)

    def settle(self, client: str) -> None:
        self.now += 1
        for op in range(1, len(self.sent[client]) + 1):
            self.apply(client, op)
        self.tell(client)

    def tell(self, client: str) -> None:
        if client in self.decided:
            self.history.append(Acknowledged(self.now, client, self.decided[client]))
        self.look()

    def look(self) -> None:
        self.history.append(Read(self.now - 0.5, self.now, "reader", self.value, self.revision))

    def fault(self) -> None:
        pass


class WithoutNumbers(Simulated):
    """Counts again what it has counted."""

    def fault(self) -> None:
        for client, op in self.decided.items():
            self.value += self.sent[client][op - 1]
            self.revision += 1
            self.broken = True


class Forgetful(Simulated):
    """Acknowledges, and has forgotten it after a restart; the client's number it remembers."""

    def fault(self) -> None:
        known = [client for client, op in self.decided.items() if op]
        if known and not self.broken:
            client = self.choices.choice(known)
            self.tell(client)
            self.value -= self.sent[client][self.decided[client] - 1]
            self.revision -= 1
            self.broken = True


class Skipping(Simulated):
    """Acknowledges without counting."""

    def fault(self) -> None:
        for client, deltas in self.sent.items():
            if self.decided.get(client, 0) < len(deltas):
                self.decided[client] = len(deltas)
                self.broken = True


class Inventing(Simulated):
    """Shows for a moment what nobody can have added up to."""

    def fault(self) -> None:
        most = sum(delta for deltas in self.sent.values() for delta in deltas if delta > 0)
        self.history.append(Read(self.now, self.now, "other", most + 1))
        self.broken = True


SEEDS = st.integers(0, 2**32)
STEPS = st.integers(1, 60)


@given(SEEDS, STEPS)
def test_a_right_counter_is_never_blamed(seed: int, steps: int) -> None:
    assert violations(Simulated(random.Random(seed)).run(steps)) == []


@pytest.mark.parametrize("broken", [WithoutNumbers, Forgetful, Skipping, Inventing])
def test_a_broken_counter_is_always_found(broken: Callable[[random.Random], Simulated]) -> None:
    @given(SEEDS, STEPS)
    def found_if_broken(seed: int, steps: int) -> None:
        simulated = broken(random.Random(seed))
        history = simulated.run(steps)
        assert bool(violations(history)) == simulated.broken

    found_if_broken()
