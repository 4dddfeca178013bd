"""Some seconds of the storm over several hosts: what one host promises holds for all, whatever fails between them."""

import random
from pathlib import Path

import pytest

from tests.desktop.engine import SERVER
from tests.faults.hosts import HostsStorm


@pytest.mark.unix
@pytest.mark.skipif(SERVER is None, reason="there is no redis-server")
async def test_no_click_is_lost_or_counted_twice_at_whichever_host(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    storm = HostsStorm(tmp_path / "data", hosts=3, seconds=3, people=8, pause=0.1, seed=seed)

    wrong = await storm.run()

    again = f"python -m tests.faults.hosts --seed {seed}"
    assert not wrong, "\n".join([*wrong, again])
    counts = storm.record.counts
    # The storm did what it is for: operations went out twice, and everybody came back several times.
    assert counts["sent"] > 100 and counts["sent again"] > 0, storm.summary
    assert counts["connections"] > 2 * (8 + 3), storm.summary
