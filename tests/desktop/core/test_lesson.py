"""The lesson's rules, as scripts of what happens; and what holds for any order of it."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.lesson import SAMPLES, Added, Half, Lesson, Overwritten, Stage

ADA, BOB, CLEO = "ada", "bob", "cleo"
HALF, REST, LAST, SHOWN = 8.0, 4.0, 2.0, 100.0


def begun(now: float = 100.0) -> Lesson:
    return Lesson(1, now, half=HALF, rest=REST, last=LAST, shown=SHOWN)


def passed(lesson: Lesson, seconds: float, now: float = 100.0) -> Lesson:
    lesson.go_on(now + seconds)
    return lesson


# --- stages ---


def test_the_stages_follow_each_other_at_their_times() -> None:
    lesson, met = begun(), []
    while lesson.stage is not Stage.OVER:
        met.append((lesson.stage, lesson.due() if not lesson.is_tapped else None))
        stage = lesson.stage
        while lesson.stage is stage:
            assert lesson.go_on(lesson.due())
    begins = [None, 100 + HALF + REST, None, 100 + 2 * HALF + REST + LAST, 100 + 2 * HALF + REST + LAST + SHOWN]
    assert met == list(zip(list(Stage)[:-1], begins, strict=True))
    assert lesson.due() == inf
    assert not lesson.go_on(1e9)


def test_a_machine_that_slept_finds_all_of_it_gone_by() -> None:
    assert passed(begun(), 1e6).stage is Stage.OVER


def test_a_host_stops_it_at_any_moment() -> None:
    for seconds in (0, HALF, HALF + REST, 2 * HALF + REST, 2 * HALF + REST + LAST):
        lesson = passed(begun(), seconds)
        lesson.stop(100 + seconds)
        assert (lesson.stage, lesson.due()) == (Stage.OVER, inf)
        assert not lesson.add(ADA, 1, 1)
        assert not lesson.set(ADA, 1, 0, 0, 100 + seconds)


def test_each_half_has_its_samples_and_the_last_has_what_came_late() -> None:
    lesson = begun()
    lesson.tally(1, ADA, 3)
    passed(lesson, HALF / 2)
    assert len(lesson.one.points) == 1 + SAMPLES / 2
    passed(lesson, HALF)
    assert lesson.stage is Stage.REST
    assert len(lesson.one.points) == 1 + SAMPLES
    assert lesson.set(ADA, 3, 0, 0, 100 + HALF + 0.2)
    passed(lesson, HALF + REST)
    assert lesson.one.points[0] == (0, 0)
    assert lesson.one.points[1:SAMPLES] == [(3, 0)] * (SAMPLES - 1)
    assert lesson.one.points[SAMPLES] == (3, 3)


def test_what_comes_when_its_half_is_over_overwrites_nothing_but_an_addition_counts() -> None:
    lesson = passed(begun(), HALF + REST)
    assert not lesson.set(ADA, 9, 0, 0, 100 + HALF + REST)
    assert lesson.add(ADA, 1, 2)
    passed(lesson, 2 * HALF + REST + LAST)
    assert lesson.stage is Stage.END
    assert lesson.add(BOB, 1, 3)
    assert lesson.tally(1, BOB, 4)
    assert (lesson.two.points[SAMPLES], lesson.one.points[SAMPLES]) == ((5, 5), (4, 0))


def test_nothing_is_added_before_its_half() -> None:
    assert not begun().add(ADA, 1, 1)
    assert not passed(begun(), HALF).add(ADA, 1, 1)


# --- the original's way ---


def test_the_last_number_wins() -> None:
    half = Overwritten()
    half.tally(ADA, 2)
    half.tally(BOB, 1)
    half.set(ADA, 2, 0, 10, 20)
    half.set(BOB, 1, 0, 15, 25)
    assert (half.counter, half.revision, half.made) == (1, 2, 3)
    assert (half.of(ADA), half.of(BOB)) == ((2, 1), (1, 0))


def test_a_lower_number_takes_the_newest_taps_away() -> None:
    half = Overwritten()
    for who, taps, value, seen in ((ADA, 2, 2, 0), (BOB, 3, 5, 1), (CLEO, 1, 3, 1)):
        half.tally(who, taps)
        half.set(who, value, seen, 0, 0)
    assert [half.of(who)[1] for who in (ADA, BOB, CLEO)] == [2, 1, 0]


def test_taps_that_were_lost_and_come_back_with_anothers_number_are_nobodys() -> None:
    half = Overwritten()
    half.tally(ADA, 5)
    half.tally(BOB, 1)
    half.set(ADA, 5, 0, 0, 0)
    half.set(BOB, 0, 0, 0, 0)
    half.set(BOB, 6, 1, 0, 0)
    assert (half.of(ADA)[1], half.of(BOB)[1], half.counter) == (0, 1, 6)


def test_nobody_owns_more_than_they_tapped() -> None:
    half = Overwritten()
    half.tally(ADA, 1)
    half.set(ADA, 1_000_000, 0, 0, 0)
    assert half.of(ADA) == (1, 1)


# --- two messages that cross ---


def crossed(*, told: tuple[int, float] = (1, 40.0), second: int = 1, seen: int = 0) -> Overwritten:
    half = Overwritten()
    half.set(ADA, 1, 0, 10, 20)
    half.set(BOB, second, seen, 15, 30)
    half.told(BOB, *told)
    return half


def test_two_pages_that_make_the_same_of_the_same_have_crossed() -> None:
    found = crossed().crossing
    assert found is not None
    assert found._asdict() == {
        "before": 0, "after": 1, "taps": 1, "sent": (10, 15), "got": (20, 30), "told": 40,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"seen": 1}, "it had heard of the first"),
        ({"second": 2}, "it made something else of it"),
        ({"told": (0, 40.0)}, "it has not heard of the first yet"),
        ({"told": (1, 12.0)}, "it says that it heard before it sent"),
        ({"told": (1, 18.0)}, "it says that it heard before the server did"),
    ],
)
def test_else_they_have_not(what: dict[str, object], why: str) -> None:
    assert crossed(**what).crossing is None, why  # type: ignore[arg-type]


def test_a_page_crosses_not_itself() -> None:
    half = Overwritten()
    half.set(ADA, 1, 0, 10, 20)
    half.set(ADA, 1, 0, 15, 30)
    half.told(ADA, 1, 40)
    assert half.crossing is None


def test_one_tap_each_is_easier_to_read_and_so_are_times_that_lie_apart() -> None:
    half = Overwritten()
    revision = 0
    for before, taps, apart in ((0, 2, 50.0), (2, 1, 1.0), (3, 1, 9.0), (4, 1, 5.0)):
        begin = 1_000.0 * revision
        half.set(ADA, before + taps, revision, begin, begin + 2 * apart)
        half.set(BOB, before + taps, revision, begin + apart, begin + 3 * apart)
        half.told(BOB, revision + 1, begin + 4 * apart)
        revision += 2
    assert half.crossing is not None
    assert (half.crossing.before, half.crossing.after) == (3, 4)


def test_no_page_sends_before_the_half_began_or_after_it_came() -> None:
    half = Overwritten()
    half.set(ADA, 1, 0, -5, 20)
    half.set(BOB, 1, 0, 99, 30)
    half.told(BOB, 2, 40)
    assert half.crossing is not None
    assert half.crossing.sent == (0, 30)


# --- this program's way ---


def test_an_addition_counts_once_and_none_after_a_gap() -> None:
    half = Added()
    assert half.add(ADA, 1, 2)
    assert not half.add(ADA, 1, 2)
    assert not half.add(ADA, 3, 1)
    assert half.add(ADA, 2, 1)
    assert half.add(BOB, 1, 4)
    assert (half.counter, half.revision, half.made) == (7, 3, 7)
    assert (half.of(ADA), half.decided(ADA), half.decided(CLEO)) == ((3, 3), 2, 0)


def test_a_tally_that_comes_late_or_again_takes_nothing_away() -> None:
    half = Half()
    assert half.tally(ADA, 5)
    assert not half.tally(ADA, 3)
    assert not half.tally(ADA, 5)
    assert half.made == 5
    half.tally(BOB, 0)
    assert half.people == {ADA}


# --- whatever happens ---

SOMEBODY = st.sampled_from([ADA, BOB, CLEO])


@given(st.lists(st.tuples(SOMEBODY, st.integers(0, 30), st.integers(0, 40), st.integers(-3, 50), st.floats(0, 1e5))))
def test_of_any_numbers_the_counts_add_up_to_the_last(sets: list[tuple[str, int, int, int, float]]) -> None:
    half = Overwritten()
    made: dict[str, int] = {}
    for who, taps, value, seen, sent in sets:
        made[who] = max(made.get(who, 0), taps)
        half.tally(who, taps)
        half.set(who, value, seen, sent, 5e4)
        half.told(who, seen, sent)
    owned = [half.of(who)[1] for who in (ADA, BOB, CLEO)]
    assert half.counter == (sets[-1][2] if sets else 0) == sum(owned) + half.of("")[1]
    assert all(0 <= half.of(who)[1] <= half.of(who)[0] == made.get(who, 0) for who in (ADA, BOB, CLEO))
    assert half.revision == len(sets)
    if crossing := half.crossing:
        assert crossing.before < crossing.after
        assert crossing.sent[0] <= crossing.got[0] < crossing.told > crossing.sent[1] <= crossing.got[1]


@given(st.lists(st.tuples(SOMEBODY, st.integers(1, 9)), max_size=60), st.data())
def test_of_any_additions_cut_and_repeated_in_any_way_each_counts_once(
    taps: list[tuple[str, int]], data: st.DataObject
) -> None:
    half = Added()
    sent: dict[str, list[int]] = {}
    for who, delta in taps:
        sent.setdefault(who, []).append(delta)
        # What was lost on the way is sent again: from any number on.
        first = data.draw(st.integers(1, half.decided(who) + 1))
        for op in range(first, len(sent[who]) + 1):
            half.add(who, op, sent[who][op - 1])
    assert half.counter == half.made == sum(delta for _, delta in taps)
    assert {who: half.of(who) for who in sent} == {who: (sum(all_), sum(all_)) for who, all_ in sent.items()}


@given(st.lists(st.floats(0.001, 7), max_size=60))
def test_however_rarely_it_is_looked_at_each_half_has_all_its_samples(pauses: list[float]) -> None:
    lesson, now = begun(), 100.0
    for pause in pauses:
        now += pause
        lesson.go_on(now)
        assert lesson.due() > now
        assert 0 <= lesson.left(now) <= SHOWN
    reached = list(Stage).index(lesson.stage)
    for place, half in ((1, lesson.one), (3, lesson.two)):
        assert len(half.points) == 1 + SAMPLES or reached < place
        assert len(half.points) <= 1 + SAMPLES
