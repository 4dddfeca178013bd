"""Rounds: what a reset ends, and what an undo of it opens again."""

import pytest

from desktop.core.counter import Add, AnyOperation, Configure, Counter, Forget, Reset, Set, SettingsChange, Title, Undo
from desktop.core.rounds import Change, Round, Rounds


class Played:
    """A counter that is followed; what has ended is kept as the journal would."""

    def __init__(self) -> None:
        self.kept: dict[int, Round] = {}
        self.rounds = Rounds(Counter(), Round(id=0), self.kept.get)
        self.op = 0
        self.at = 0

    def do(self, kind: type[AnyOperation], *arguments: object) -> Change | Forget | None:
        self.op += 1
        self.at += 10
        happened = self.rounds.apply(kind("host", self.op, True, *arguments), self.at, here=self.op)  # type: ignore[arg-type]
        if isinstance(happened, Change) and happened.reopened is not None:
            del self.kept[happened.reopened]
        self.kept.update(self.rounds.touched)
        self.rounds.touched.clear()
        return happened

    @property
    def running(self) -> Round:
        return self.rounds.running


@pytest.fixture
def played() -> Played:
    return Played()


def test_a_round_knows_its_bounds_its_times_and_how_many_were_here(played: Played) -> None:
    for delta in (5, -8, 4):
        played.do(Add, delta)
    one = played.running
    assert (one.value, one.low, one.high, one.first, one.last, one.changes, one.here) == (1, -3, 5, 10, 30, 3, 3)


def test_where_each_may_add_only_so_much_a_round_knows_how_many_persons_took_part(played: Played) -> None:
    played.do(Add, 5)
    assert played.running.took is None
    played.do(Configure, SettingsChange(each=1))
    for page, delta, voter in (("a", 1, "ada"), ("b", 1, "bob"), ("anew", -1, "ada"), ("c", 1, "cem")):
        played.at += 10
        played.rounds.apply(Add(page, 1, False, delta, None, voter), played.at, here=4)
    assert played.running.took == 2
    played.do(Reset)
    assert (played.kept[0].took, played.running.took) == (2, None)
    played.do(Undo)
    assert played.running.took == 2


def test_a_reset_ends_a_round_and_leaves_its_value(played: Played) -> None:
    played.do(Add, 5)
    change = played.do(Reset)
    assert isinstance(change, Change)
    assert (change.value, change.delta, change.kind, change.round, change.counts) == (0, -5, "reset", 0, False)
    assert (played.kept[0].value, played.kept[0].last) == (5, 10)
    assert (played.running.id, played.running.value, played.running.first) == (2, 0, None)


def test_an_undo_of_the_reset_opens_the_round_again_with_all_that_happened_meanwhile(played: Played) -> None:
    played.do(Add, 5)
    played.do(Reset)
    played.do(Add, -2)
    played.do(Undo)
    change = played.do(Undo)
    assert isinstance(change, Change)
    assert (change.value, change.delta, change.kind, change.round, change.reopened) == (5, 5, "undo", 0, 2)
    one = played.running
    assert (one.id, one.value, one.low, one.high, one.changes) == (0, 5, -2, 5, 4)
    assert list(played.kept) == [0]


def test_a_round_ends_with_the_title_it_had_and_a_title_given_later_sticks(played: Played) -> None:
    played.do(Configure, SettingsChange(title="Who walks?", goal=3))
    played.do(Reset)
    played.do(Configure, SettingsChange(title="Who takes the bus?"))
    played.do(Title, 0, "Walkers")
    assert (played.kept[0].title, played.kept[0].own, played.kept[0].goal) == ("Who walks?", "Walkers", 3)
    assert (played.running.title, played.running.own) == ("Who takes the bus?", None)


def test_a_title_for_a_round_that_is_not_there_names_none(played: Played) -> None:
    played.do(Add, 1)
    played.do(Reset)
    played.do(Title, 1, "None")
    assert [one.own for one in played.kept.values()] == [None, None]


def test_what_is_refused_is_no_change(played: Played) -> None:
    assert played.do(Add, 0) is None
    assert played.do(Undo) is None
    assert played.running.changes == 0


def test_forgetting_is_told_and_changes_no_round(played: Played) -> None:
    played.do(Set, 3)
    assert isinstance(played.do(Forget), Forget)
    assert played.running.value == 3


@pytest.mark.parametrize(
    ("value", "goal", "reached"),
    [
        (5, 5, True), (6, 5, True), (4, 5, False), (-5, -4, True), (-3, -4, False), (5, -4, False), (0, 0, True),
        (1, 0, False), (1, None, False),
    ],
)  # fmt: skip
def test_a_goal_is_reached_at_it_and_past_it(value: int, goal: int | None, reached: bool) -> None:
    assert Round(id=0, value=value, goal=goal).reaches() is reached
