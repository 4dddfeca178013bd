"""Which of many changes a plot needs: of each of its columns the first, the lowest, the highest and the last.

Time in which nothing happened takes no columns, as it takes no room on the page; and what happened fast gets more of
them than the time it took.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

QUIET: Final = 20 * 60_000
"""Milliseconds without a change, past which time is left out; or a 20th of all."""


def thinned(points: Sequence[tuple[int, int, int]], most: int) -> list[int]:
    """The revisions of at most `most` of these (revision, time, value), in order: the very first and last, the lowest
    and the highest are among them."""
    if len(points) <= most:
        return [revision for revision, _, _ in points]
    quiet = max(QUIET, (points[-1][1] - points[0][1]) // 20)
    steps = [0.0]
    for (_, before, _), (_, at, _) in pairwise(points):
        steps.append(max(0, at - before) if at - before <= quiet else 0)
    total, count, columns = sum(steps) or 1.0, len(points), most // 4
    kept: list[int] = []
    passed, column = 0.0, -1
    first = low = high = last = points[0]
    for place, point in enumerate(points):
        passed += steps[place]
        its = min(columns - 1, int(columns * (passed / total + place / count) / 2))
        if its != column:
            if column >= 0:
                kept += sorted({first[0], low[0], high[0], last[0]})
            column, first, low, high = its, point, point, point
        elif point[2] < low[2]:
            low = point
        elif point[2] > high[2]:
            high = point
        last = point
    return [*kept, *sorted({first[0], low[0], high[0], last[0]})]
