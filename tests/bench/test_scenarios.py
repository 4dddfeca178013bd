"""The load generator against the real server."""

import shutil

import pytest

from tests.bench.scenarios import V1, Load, Side, run
from tests.bench.servers import HERE, OURS, commands, compiled, running

pytestmark = pytest.mark.skipif(
    not (shutil.which("gcc") and shutil.which("taskset")), reason="the load generator is C: it needs gcc"
)


def test_every_click_is_counted_once_and_told_to_all() -> None:
    assert compiled("load", HERE / "load.c")
    with running(commands()[0][OURS]) as (port, pid, started):
        found = run(Load(20, 5, 10, 1), V1, port, pid, started)
        assert found["clicks"] >= 50
        assert (found["lost"], found["unanswered"], found["closed"]) == (0, 0, 0)
        assert found["value"] == found["clicks"]
        assert found["agree_ms"] is not None and found["cpu_us"] > 0
        assert found["frames"] >= 20
        assert found["start_ms"] > found["join_ms"] > 0

        # One clicker: then the way to the last listener is known of every click. In the other dialect, on the same
        # counter.
        again = run(Load(20, 1, 20, 1), Side(OURS), port, pid, started)
        assert again["value"] == found["value"] + again["clicks"]
        assert again["last_p50"] >= again["own_p50"] > 0


def test_a_server_that_is_not_there_is_said_to_be() -> None:
    assert compiled("load", HERE / "load.c")
    with pytest.raises(RuntimeError, match="load: "):
        run(Load(2, 1, 1, 0.1), V1, 1, 0, 0)
