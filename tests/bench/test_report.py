"""From rounds to verdicts."""

import pytest

from tests.bench.report import judge, table
from tests.bench.scenarios import FLOOR_SIDE, SCENARIOS, V1, Target, flat

RATIO = Target("CPU", "cpu", 1.4, V1, FLOOR_SIDE)


def test_a_ratio_is_taken_within_each_round_and_the_median_is_judged() -> None:
    # The machine was twice as slow in the second round: the ratio doesn't see it.
    row = judge(RATIO, {V1: [{"cpu": 6}, {"cpu": 12}, {"cpu": 9}], FLOOR_SIDE: [{"cpu": 5}, {"cpu": 10}, {"cpu": 5}]})
    assert (row.value, row.low, row.high, row.met) == (1.2, 1.2, 1.8, True)


def test_what_one_is_more_than_another_may_be_the_figure_too() -> None:
    target = Target("memory", "kib", 64, V1, FLOOR_SIDE, more=True)
    assert judge(target, {V1: [{"kib": 100}], FLOOR_SIDE: [{"kib": 0}]}).value == 100


def test_past_the_limit_is_not_met_and_at_it_is() -> None:
    target = Target("lost", "lost", 0, V1)
    assert judge(target, {V1: [{"lost": 0}]}).met is True
    assert judge(target, {V1: [{"lost": 1}]}).met is False


@pytest.mark.parametrize(
    "rounds",
    [
        {},
        {V1: [{"cpu": 6}]},
        {V1: [{"cpu": 6}], FLOOR_SIDE: [{}]},
        {V1: [{"cpu": 6}, {"cpu": None}], FLOOR_SIDE: [{"cpu": 5}, {"cpu": 5}]},
        {V1: [{"cpu": 6}], FLOOR_SIDE: [{"cpu": 0}]},
    ],
)
def test_what_failed_in_any_round_is_no_verdict(rounds: dict[object, list[dict[str, float]]]) -> None:
    row = judge(RATIO, rounds)  # type: ignore[arg-type]
    assert row.value is None and row.met is None


def test_every_target_has_its_line_measured_or_not() -> None:
    for scenario in SCENARIOS:
        text = table(scenario, {})
        assert text.count("not measured") == len(scenario.targets)


def test_the_generators_figures_are_flattened() -> None:
    own = {"p50": 1.0, "p99": 2.0, "max": 3.0}
    found = flat({"own": own, "last": None, "cpu_us": 500, "frames": 100, "load_us": 1e6, "seconds": 4})
    assert (found["own_p99"], found["cpu_per_frame"], found["load_share"]) == (2.0, 5.0, 0.25)
    assert flat({"cpu_us": 500, "frames": 0, "load_us": 0, "seconds": 1})["cpu_per_frame"] is None
