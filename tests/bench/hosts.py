"""Several hosts that share one counter through Redis: what a state and an operation cost as hosts are added, and how
long a click takes to the last listener through another host.

All hosts have one core together, the load and Redis the other: so what counts is CPU time, not wall time. Redis is set
up so that what is acknowledged is durable.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import aiohttp
import psutil

from desktop.core.protocol import V1 as PROTOCOL
from desktop.journal.redis_keys import APPEND, FORMAT, Keys
from tests.bench.scenarios import V1, Figures, Load, run
from tests.bench.servers import LOAD_CORE, OURS, Command, commands, running
from tests.desktop.engine import SERVER, Engine

NAME: Final = "hosts"
ALONE: Final = "alone"
"""One host with its own journal, in place of Redis."""
COUNTS: Final = (ALONE, "1", "2", "3")
LISTENERS, CHANGES = 600, 24
"""In all: listeners, and changes a second."""
PEOPLE, RATE = 300, 2
"""In all: people who click, and how often a second each."""
WATCHING, CLICKS = 50, 40
"""Listeners of one host, and clicks through another."""
APPENDS: Final = "appends"
CONNECTIONS: Final = (1, 3, 20)
COLUMNS: Final = {
    "state_us": "us/state",
    "state_ratio": "to 1",
    "operation_us": "us/click",
    "redis_us": "Redis",
    "own_p50": "own p50",
    "own_p99": "own p99",
    "other_p50": "other p50",
    "other_p99": "other p99",
}
Found = dict[str, list[Figures]]


def measure(rounds: int, quick: bool) -> Found:
    """Each round takes every number of hosts once; a ratio is taken within it."""
    found: Found = {count: [] for count in COUNTS}
    syncs = "always", "everysec"
    found[APPENDS] = [{sync: {str(n): appends(n, appendfsync=sync) for n in CONNECTIONS} for sync in syncs}]
    for _ in range(rounds):
        one: Figures = {}
        for count in COUNTS:
            figures = _measured(count, 1.5 if quick else 4.0)
            one = figures if count == "1" else one
            figures["state_ratio"] = figures["state_us"] / one["state_us"] if one else None
            found[count].append(figures)
    return found


def table(found: Mapping[str, Sequence[Figures]]) -> str:
    lines = [
        f"\n{NAME}: {LISTENERS} listen, {CHANGES} changes a second; {PEOPLE} people click {RATE} times a second each;",
        f"  and {CLICKS} clicks through the first host, until {WATCHING} listeners of the last have each, ms",
        f"  {'hosts':10}" + "".join(f"{heading:>11}" for heading in COLUMNS.values()),
    ]
    for count, rounds in found.items():
        if count == APPENDS:
            continue
        cells = []
        for figure in COLUMNS:
            values = [figures[figure] for figures in rounds if figures.get(figure) is not None]
            cells.append(f"{median(values):11.3g}" if values else f"{'-':>11}")
        lines.append(f"  {count:10}" + "".join(cells))
    for sync, rates in found[APPENDS][0].items() if found.get(APPENDS) else ():
        told = ", ".join(f"{rate:,.0f} from {n}" for n, rate in rates.items() if rate)
        lines.append(
            f"  batches of 5 clicks a second that one Redis takes, appendfsync {sync}: {told or 'not measured'}"
        )
    return "\n".join(lines)


def why_not() -> str | None:
    """Why it can't be measured here."""
    return None if SERVER else "redis-server is not installed"


def _measured(count: str, seconds: float) -> Figures:
    hosts = 1 if count == ALONE else int(count)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lan-counter-bench-")))
        engine = stack.enter_context(Engine(folder / "redis"))
        os.sched_setaffinity(engine.process.pid, {LOAD_CORE})
        shared = () if count == ALONE else ("--redis", engine.url, "--session", "bench")
        servers = [stack.enter_context(running(_with(*shared, "--room", f"{host}"))) for host in range(hosts)]
        listening = _loaded(servers, Load(LISTENERS // hosts, 1, CHANGES / hosts, seconds))
        redis = psutil.Process(engine.process.pid)
        spent = sum(redis.cpu_times()[:2])
        clicking = _loaded(servers, Load(PEOPLE // hosts, PEOPLE // hosts, RATE, seconds))
        spent = sum(redis.cpu_times()[:2]) - spent
        ports = [port for port, _, _ in servers]
        times = asyncio.run(_across(ports[0], ports[-1]))
    clicks = sum(one["clicks"] for one in clicking)
    own = sorted(one["own_p50"] for one in clicking), sorted(one["own_p99"] for one in clicking)
    return {
        "state_us": sum(one["cpu_us"] for one in listening) / sum(one["frames"] for one in listening),
        "operation_us": sum(one["cpu_us"] for one in clicking) / clicks,
        "redis_us": None if count == ALONE else spent * 1e6 / clicks,
        "own_p50": median(own[0]),
        "own_p99": own[1][-1],
        "other_p50": median(times),
        "other_p99": quantiles(times, n=100)[-1],
    }


def _with(*options: str) -> Command:
    start = commands()[0][OURS]
    return lambda data: [*start(data), *options]


def _loaded(servers: Sequence[tuple[int, int, float]], load: Load) -> list[Figures]:
    """Put the same load on each of them, at once."""
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(lambda server: run(load, V1, *server), servers))


def appends(connections: int, **settings: str) -> float | None:
    """How many batches of five operations a second one Redis takes, from so many connections that do nothing else."""
    tool = shutil.which("redis-benchmark") or shutil.which("valkey-benchmark")
    if tool is None:
        return None
    batch = json.dumps([["add", f"client-{number:020}", 17, False, 1, 4711] for number in range(5)])
    keys = Keys.of("bench")
    with tempfile.TemporaryDirectory(prefix="lan-counter-bench-") as folder, Engine(Path(folder), **settings) as engine:
        engine.does("HSET", keys.journal, "format", FORMAT, "epoch", "e", "last", 0, "batch", "e")
        engine.does("XADD", keys.entries, "0-1", "b", "e")
        # Each with another host's name: one that repeats its count is answered, and appends nothing.
        places = [keys.journal, keys.entries, keys.batches, keys.names]
        script = ["EVAL", APPEND, "4", *places, str(FORMAT), "e", "__rand_int__"]
        who = json.dumps([5, [[number, f"token{number:03}", "guest"] for number in range(5)]])
        names = [word for number in range(5) for word in (f"token{number:03}", f"Name {number}")]
        load = ["-p", str(engine.port), "-c", str(connections), "-n", "10000", "-r", "1000000000", "-q"]
        told = subprocess.run(
            [tool, *load, *script, "1", "5", batch, "0", who, "0", *names], capture_output=True, text=True, check=True
        )
        assert engine.does("XLEN", keys.entries) > 9_900
    return float(re.findall(r"([\d.]+) requests per second", told.stdout)[-1])


async def _across(port: int, other: int) -> list[float]:
    """Milliseconds from each click at one port until the last listener at the other has it."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def connect(to: int) -> aiohttp.ClientWebSocketResponse:
            return await session.ws_connect(f"http://127.0.0.1:{to}/ws", protocols=(PROTOCOL,))

        await _quiet(session, {port, other})
        clicker = await connect(port)
        await clicker.send_json({"type": "hello", "client": "c" * 22})
        listeners = [await connect(other) for _ in range(WATCHING)]
        value = await _until(clicker, "ack", 0)
        times = []
        for op in range(1, CLICKS + 1):
            began = time.monotonic()
            await clicker.send_json({"type": "add", "op": op, "delta": 1})
            await asyncio.gather(*(_until(listener, "counter", value + op) for listener in listeners))
            times.append((time.monotonic() - began) * 1e3)
            await _until(clicker, "ack", op)
            await asyncio.sleep(0.02)
        return times


async def _quiet(session: aiohttp.ClientSession, ports: Collection[int]) -> None:
    """Wait until all have the same, and that does not change: what came before is counted."""
    before: list[int] = []
    while True:
        answers = [await session.get(f"http://127.0.0.1:{port}/health") for port in ports]
        now = [(await answer.json())["counter"] for answer in answers]
        if now == before and len(set(now)) == 1:
            return
        before = now
        await asyncio.sleep(0.5)


async def _until(ws: aiohttp.ClientWebSocketResponse, key: str, least: int) -> int:
    """Wait for as much of this; returns the counter then."""
    while True:
        heard: dict[str, Any] = json.loads((await ws.receive(timeout=10)).data)
        if heard.get(key, -1) >= least:
            return int(heard["counter"])
