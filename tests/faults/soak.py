"""People join, click and leave all the time, and what the program uses doesn't grow.

    python -m tests.faults.soak --seconds 300 --people 300

runs against the real program; the suite runs some seconds of it. Every second it looks at the program's memory, file
descriptors and threads: the last third must be level with the middle one (the first is for warming up). When all have
left, no descriptor and no thread is left either, the value is exactly the sum of all clicks, and nothing was written to
stderr. Exit code 1 if not.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp
import psutil

from tests.e2e.program import Program
from tests.faults.checker import Event
from tests.faults.clients import Clicker, Record, unlimited

CLICK_PAUSE = 10.0
"""Seconds between two clicks of one person, on the average."""
STAY = 1.0, 8.0
AWAY = 0.5, 3.0
"""Seconds, at least and at most."""
LEFT_WITHIN = 30.0
MEMORY_NOISE = 0.02, 1_000_000
"""What memory may differ by: a share, and bytes."""
COUNT_NOISE = 0.05, 5
"""What the descriptors may differ by: people come and go at random."""


class Sample(NamedTuple):
    """What the program uses at a moment."""

    memory: int
    """Resident, in bytes."""
    descriptors: int
    threads: int


class Usage:
    """Samples of a process, and what they say."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        third = len(samples) // 3
        self.middle = _medians(samples[third : 2 * third])
        self.last = _medians(samples[2 * third :])

    def growth(self) -> Iterator[str]:
        """What has grown from the middle third to the last one, by more than noise, in sentences."""
        for name, (share, least) in zip(Sample._fields, (MEMORY_NOISE, COUNT_NOISE, (0, 0)), strict=True):
            before, after = getattr(self.middle, name), getattr(self.last, name)
            if after > before * (1 + share) + least:
                yield f"{name} grew from {before:,} to {after:,}"

    def __str__(self) -> str:
        return "; ".join(
            f"{name} {getattr(self.middle, name):,} -> {getattr(self.last, name):,}" for name in Sample._fields
        )


def _medians(samples: Sequence[Sample]) -> Sample:
    return Sample(*(round(statistics.median(values)) for values in zip(*samples, strict=True)))


class Tally(Record):
    """Keeps no history: it would grow here instead."""

    def note(self, event: Event) -> None:
        self.counts[type(event).__name__.lower()] += 1


class Visitor(Clicker):
    """Joins, stays for some seconds, leaves, and comes back."""

    async def stay(self) -> None:
        while True:
            staying = asyncio.create_task(super().stay())
            try:
                await asyncio.sleep(self._choices.uniform(*STAY))
            finally:
                staying.cancel()
                await asyncio.wait([staying])
            self.record.counts["visits"] += 1
            await asyncio.sleep(self._choices.uniform(*AWAY))

    async def leave_at_last(self) -> None:
        """Stay until all is acknowledged, then leave for good."""
        staying = asyncio.create_task(super().stay())
        try:
            async with asyncio.timeout(LEFT_WITHIN):
                while self.waiting:  # noqa: ASYNC110 - of whatever it hears
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.record.surprises.append(f"{self.name} still waits for {self.waiting} acks")
        finally:
            staying.cancel()
            await asyncio.wait([staying])


class Soak:
    """One run against a program of its own, on the folder `data`."""

    def __init__(self, data: Path, *, seconds: float, people: int, seed: int) -> None:
        self._data = data
        self._seconds = seconds
        self._people = people
        self._choices = random.Random(seed)
        self.record = Tally()
        self.samples: list[Sample] = []

    async def run(self) -> list[str]:
        """Do it; returns all that went wrong but growth, in sentences."""
        program = await asyncio.to_thread(Program, self._data, "--headless")
        try:
            process = psutil.Process(program.process.pid)
            # What the first connection makes for good is not a leak.
            await asyncio.to_thread(lambda: program.health)
            before = sample(process)
            added = await self._visits(program.port, process)
            wrong = [*self.record.surprises[:5], *await self._left_behind(process, before)]
            health = await asyncio.to_thread(lambda: program.health)
            if (health["counter"], health["people"]) != (added, 0):
                wrong.append(f"{health}, but {added} were added and all have left")
            if program.errors:
                wrong.append(f"on stderr: {program.errors}")
            return wrong
        finally:
            program.kill()

    async def _visits(self, port: int, process: psutil.Process) -> int:
        """Returns the sum of what was added."""
        async with aiohttp.ClientSession(connector=unlimited()) as session:
            visitors = [
                Visitor(
                    number,
                    session,
                    port,
                    f"127.0.0.1:{port}",
                    self.record,
                    random.Random(self._choices.random()),
                    CLICK_PAUSE,
                )
                for number in range(self._people)
            ]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(does()) for visitor in visitors for does in (visitor.stay, visitor.click)]
                await self._watch(process)
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*(visitor.leave_at_last() for visitor in visitors))
        return sum(visitor.added for visitor in visitors)

    async def _watch(self, process: psutil.Process) -> None:
        until = time.monotonic() + self._seconds
        while time.monotonic() < until:
            await asyncio.sleep(1)
            self.samples.append(sample(process))

    async def _left_behind(self, process: psutil.Process, before: Sample) -> list[str]:
        """What is still there, though everybody has left."""
        deadline = time.monotonic() + LEFT_WITHIN
        while found := list(_more(before, sample(process))):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.1)
        return found


def _more(before: Sample, after: Sample) -> Iterator[str]:
    for name in ("descriptors", "threads"):
        if getattr(after, name) > getattr(before, name):
            yield f"{name}: {getattr(before, name)} before, {getattr(after, name)} when all have left"


def sample(process: psutil.Process) -> Sample:
    """What it uses now."""
    with process.oneshot():
        return Sample(process.memory_info().rss, process.num_fds(), process.num_threads())


def main() -> int:
    """The long run, on request."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--seconds", type=float, default=300, help="default: 300; at least 60 to tell growth from noise"
    )
    parser.add_argument("--people", type=int, default=300, help="default: 300")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: any")
    options = parser.parse_args()
    print(f"Seed {options.seed}: {options.seconds:g} s with {options.people} people.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder) / "data", seconds=options.seconds, people=options.people, seed=options.seed)
        wrong = asyncio.run(soak.run())
    usage = Usage(soak.samples)
    wrong += usage.growth()
    print("\n".join(f"{count:9,}  {name}" for name, count in sorted(soak.record.counts.items())))
    memory = ", ".join(f"{found.memory / 1e6:.1f}" for found in soak.samples[:: max(1, len(soak.samples) // 15)])
    print(f"Memory over time, in MB: {memory}.")
    print(f"Medians of the middle and the last third: {usage}.")
    print("\n".join(wrong) or "All is level, nothing is lost, and nothing was written to stderr.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
