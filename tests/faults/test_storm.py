"""Some seconds of the storm: the real program keeps its promises while everything around it fails."""

import random
from pathlib import Path

import pytest

from tests.faults.storm import Storm


@pytest.mark.unix
async def test_no_click_is_lost_or_counted_twice_whatever_fails(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    storm = Storm(tmp_path / "data", seconds=3, people=8, pause=0.1, seed=seed)

    wrong = await storm.run()

    again = f"python -m tests.faults.storm --seed {seed}"
    assert not wrong, "\n".join([*wrong, again])
    counts = storm.record.counts
    # The storm did what it is for: operations went out twice, and everybody came back several times.
    assert counts["sent"] > 100 and counts["sent again"] > 0, storm.summary
    assert counts["connections"] > 3 * (8 + 3), storm.summary
