"""What a plot of many changes is made from."""

from hypothesis import given
from hypothesis import strategies as st

from desktop.journal.thinning import thinned

Points = list[tuple[int, int, int]]
POINTS = st.lists(st.tuples(st.integers(-5, 5_000_000), st.integers(-1000, 1000)), min_size=1, max_size=300)


def numbered(points: list[tuple[int, int]]) -> Points:
    return [(number, at, value) for number, (at, value) in enumerate(points)]


@given(POINTS, st.integers(8, 100))
def test_never_too_many_and_never_without_the_ends_and_the_extremes(points: list[tuple[int, int]], most: int) -> None:
    given = numbered(points)
    kept = thinned(given, most)
    assert len(kept) <= most
    assert kept == sorted(set(kept))
    assert kept[0] == 0 and kept[-1] == len(points) - 1
    values = [points[place][1] for place in kept]
    assert min(values) == min(value for _, value in points)
    assert max(values) == max(value for _, value in points)


def test_few_are_all_kept() -> None:
    assert thinned([(7, 0, 0), (9, 0, 0)], 8) == [7, 9]


def test_a_night_without_a_change_takes_no_columns() -> None:
    day = 86_400_000
    evening, morning = (
        [(n, n * 1000, n % 7) for n in range(500)],
        [(500 + n, day + n * 1000, n % 5) for n in range(500)],
    )
    kept = thinned([*evening, *morning], 80)
    assert 30 < sum(number < 500 for number in kept) < 50


def test_a_burst_gets_more_than_the_time_it_took() -> None:
    slow = [(n, n * 1000, n % 7) for n in range(500)]
    burst = [(500 + n, 500_000 + n, n % 7) for n in range(500)]
    assert sum(number >= 500 for number in thinned([*slow, *burst], 80)) > 10
