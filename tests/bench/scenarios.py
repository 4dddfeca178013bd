"""What is measured: the loads, and the rows of the target table that are read from them."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from tests.bench import page
from tests.bench.servers import AIOHTTP, BROADCAST, FLOOR, LOAD_CORE, MADE, NCHAN, NODE, ORIGINAL, OURS

Figures = dict[str, Any]
"""What load.c printed for one run."""
LOAD_ENDS_WITHIN = 150


@dataclass(frozen=True)
class Load:
    """One use of the load generator: as many connections, of which some click `rate` times a second each."""

    connections: int
    clickers: int
    rate: float
    seconds: float
    window: int = 64
    """Handshakes under way at once."""


@dataclass(frozen=True)
class Side:
    """A server under a load, in one dialect: classic, v1 or deflate."""

    server: str
    dialect: str = "classic"
    frozen: bool = False
    """One of the connections takes nothing while the others click."""

    def __str__(self) -> str:
        name = self.server if self.dialect == "classic" else f"{self.server} ({self.dialect})"
        return f"{name}, one frozen" if self.frozen else name


@dataclass(frozen=True)
class Target:
    """One figure of ours that is held against a limit, in its own unit or, with `against`, as a ratio to another's, or
    as what it is more than that."""

    label: str
    figure: str
    limit: float
    side: Side
    against: Side | None = None
    more: bool = False


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    load: Load
    sides: tuple[Side, ...]
    targets: tuple[Target, ...]
    page: bool = False
    """What the page does in a browser, not what the load sees."""


V1 = Side(OURS, "v1")
CLASSIC = Side(OURS)
FLOOR_SIDE = Side(FLOOR)
BROWSERS = Side(ORIGINAL, "deflate")
FROZEN = Side(OURS, "v1", frozen=True)

SCENARIOS = (
    Scenario(
        "delivery",
        "1,000 listen, 20 changes a second",
        Load(1000, 1, 20, 4),
        (V1, CLASSIC, FLOOR_SIDE, Side(ORIGINAL), BROWSERS, Side(BROADCAST), Side(AIOHTTP), Side(NODE), Side(NCHAN)),
        (
            Target("CPU per state, to the C floor", "cpu_per_frame", 1.6, V1, FLOOR_SIDE),
            Target("CPU per state, to Node ws", "cpu_per_frame", 0.9, V1, Side(NODE)),
            Target("CPU per state, to websockets' broadcast", "cpu_per_frame", 1, V1, Side(BROADCAST)),
            Target("CPU per state, to plain aiohttp", "cpu_per_frame", 1, V1, Side(AIOHTTP)),
            Target("CPU per state, to the original", "cpu_per_frame", 1, V1, Side(ORIGINAL)),
        ),
    ),
    Scenario(
        "thirty",
        "30 people, 2 clicks a second each",
        Load(30, 30, 2, 5),
        (V1, Side(ORIGINAL)),
        (
            Target("own ack p50, ms", "own_p50", 2, V1),
            Target("own ack p99, ms", "own_p99", 10, V1),
            Target("lost clicks", "lost", 0, V1),
        ),
    ),
    Scenario(
        "three-hundred",
        "300 people, 2 clicks a second each: a large lecture",
        Load(300, 300, 2, 5),
        (V1, Side(ORIGINAL)),
        (
            Target("own ack p50, ms", "own_p50", 8, V1),
            Target("own ack p99, ms", "own_p99", 20, V1),
            Target("lost clicks", "lost", 0, V1),
        ),
    ),
    Scenario(
        "storm",
        "1,000 people, 10 clicks a second each",
        Load(1000, 1000, 10, 4),
        (V1, FLOOR_SIDE),
        (
            Target("lost clicks", "lost", 0, V1),
            Target("own ack p50, ms", "own_p50", 15, V1),
            Target("own ack p99, ms", "own_p99", 60, V1),
            Target("all agree after the last click, ms", "agree_ms", 25, V1),
        ),
    ),
    Scenario(
        "three-thousand",
        "3,000 people, 2 clicks a second each",
        Load(3000, 3000, 2, 5),
        (V1,),
        (
            Target("own ack p99, ms", "own_p99", 100, V1),
            Target("lost clicks", "lost", 0, V1),
        ),
    ),
    Scenario(
        "join",
        "1,000 join at once, until all have the value",
        Load(1000, 1, 1, 0.2, window=1000),
        (V1, CLASSIC, Side(ORIGINAL)),
        (Target("until all have it, to the original", "join_ms", 0.6, V1, Side(ORIGINAL)),),
    ),
    Scenario(
        "memory",
        "3,000 connected, nobody clicks",
        Load(3000, 0, 0, 0.5),
        (V1, Side(ORIGINAL)),
        (Target("memory each, to the original", "kib_each", 0.55, V1, Side(ORIGINAL)),),
    ),
    Scenario(
        "idle",
        "300 connected, nobody clicks",
        Load(300, 0, 0, 22),  # long enough for the pings after 20 s of silence
        (V1,),
        (Target("CPU, percent of a core", "server_percent", 0.5, V1),),
    ),
    Scenario(
        "page",
        "300 changes a second arrive at the page in Chromium",
        Load(page.CLICKERS, page.CLICKERS, page.RATE, page.SECONDS),
        (V1,),
        (
            Target("frames a second short of 60", "frames_missed", 1, V1),
            Target("longest task, ms", "longest_task", 50, V1),
        ),
        page=True,
    ),
    Scenario(
        "start",
        "from the start of the process to the first value over a WebSocket",
        Load(1, 0, 0, 0.1),
        (V1, Side(ORIGINAL)),
        (Target("until the first value, to the original", "start_ms", 0.9, V1, Side(ORIGINAL)),),
    ),
    Scenario(
        "frozen",
        "100 listen, 10 click 12 times a second each, one takes nothing",
        Load(111, 10, 12, 20),
        (V1, FROZEN),
        (
            Target("own ack p99 of the others, to all awake", "own_p99", 1.1, FROZEN, V1),
            Target("memory that it costs, KiB", "grown_kib", 64, FROZEN, V1, more=True),
            Target("until it has the newest state, ms", "woken_ms", 10, FROZEN),
        ),
    ),
)


def run(load: Load, side: Side, port: int, pid: int, started: float) -> Figures:
    """Put the load on a server and return the figures; RuntimeError with the reason if it can't be done."""
    shape = (load.connections, load.clickers, load.rate, load.seconds, load.window, int(side.frozen))
    command = ["taskset", "-c", str(LOAD_CORE), str(MADE / "load"), str(port), str(pid), side.dialect]
    try:
        done = subprocess.run(
            [*command, *map(str, shape)], capture_output=True, text=True, check=False, timeout=LOAD_ENDS_WITHIN
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"the load did not end within {LOAD_ENDS_WITHIN} s") from None
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or f"exit code {done.returncode}")
    figures = flat(json.loads(done.stdout))
    if side.dialect == "deflate":
        figures["lost"] = None  # its frames are counted, not read
    figures["start_ms"] = figures["joined_at"] - started * 1e3  # both by the system's monotonic clock
    return figures


def flat(found: dict[str, Any]) -> Figures:
    """Derive the figures that targets name: `own_p99` from {"own": {"p99": …}}, CPU per frame, the load's own share."""
    figures: Figures = {}
    for name, value in found.items():
        if isinstance(value, dict):
            figures |= {f"{name}_{part}": number for part, number in value.items()}
        else:
            figures[name] = value
    figures["cpu_per_frame"] = found["cpu_us"] / found["frames"] if found["frames"] else None
    if figures.get("own_max") is not None:
        figures["own_stall"] = figures["own_max"] - figures["own_p50"]
    figures["load_share"] = found["load_us"] / (found["seconds"] * 1e6)
    figures["server_percent"] = found["cpu_us"] / (found["seconds"] * 1e4)
    return figures
