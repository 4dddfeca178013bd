"""From figures of several rounds to medians, ratios and verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.scenarios import Scenario, Side, Target

COLUMNS = {
    "cpu_per_frame": "us/frame",
    "own_p50": "own p50",
    "own_p99": "own p99",
    "last_p99": "last p99",
    "lost": "lost",
    "join_ms": "join ms",
    "kib_each": "KiB each",
    "start_ms": "start ms",
    "load_share": "load",
}
"""The figures shown for each server; `load` is the generator's own share of its core while it measured."""
Rounds = Mapping[Side, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Row:
    """A target beside what was measured: `value` is None where it could not be, and then `met` too."""

    label: str
    limit: float
    value: float | None
    low: float | None
    high: float | None
    met: bool | None


def numbers(rounds: Rounds, side: Side, figure: str) -> list[float]:
    """One figure of each round; none at all if a round lacks it, so that a failure is not averaged away."""
    values = [found.get(figure) for found in rounds.get(side, ())]
    return [float(value) for value in values if value is not None] if None not in values else []


def judge(target: Target, rounds: Rounds) -> Row:
    """Hold the median of the rounds against the target; a ratio is taken within each round."""
    values = numbers(rounds, target.side, target.figure)
    if target.against is not None:
        others = numbers(rounds, target.against, target.figure)
        whole = len(values) == len(others) and (target.more or all(others))
        pairs = zip(values, others, strict=True) if whole else ()
        values = [ours - other if target.more else ours / other for ours, other in pairs]
    if not values:
        return Row(target.label, target.limit, None, None, None, None)
    middle = median(values)
    return Row(target.label, target.limit, middle, min(values), max(values), middle <= target.limit)


def table(scenario: Scenario, rounds: Rounds) -> str:
    """The scenario's targets and what each server did, as text."""
    lines = [f"\n{scenario.name}: {scenario.title}", f"  {'target':44}{'limit':>9}{'median':>10}{'spread':>19}"]
    for row in (judge(target, rounds) for target in scenario.targets):
        if row.value is None:
            lines.append(f"  {row.label:44}{row.limit:9.3g}{'not measured':>29}")
            continue
        spread = f"{row.low:.3g} .. {row.high:.3g}"
        lines.append(
            f"  {row.label:44}{row.limit:9.3g}{row.value:10.3g}{spread:>19}  {'met' if row.met else 'NOT MET'}"
        )
    lines.append("  " + f"{'server':28}" + "".join(f"{heading:>9}" for heading in COLUMNS.values()))
    for side in scenario.sides:
        if rounds.get(side):
            shown = [middle_or_dash(rounds, side, figure) for figure in COLUMNS]
            lines.append(f"  {side!s:28}" + "".join(f"{text:>9}" for text in shown))
    return "\n".join(lines)


def middle_or_dash(rounds: Rounds, side: Side, figure: str) -> str:
    values = numbers(rounds, side, figure)
    return f"{median(values):.3g}" if values else "-"
