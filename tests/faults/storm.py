"""Many clients add and subtract while everything around them fails; then a checker judges what they saw.

They reach the real program through a proxy that cuts connections with RST, falls silent or is late. The program is
stopped (SIGSTOP), kept from writing, killed (SIGKILL), ended (SIGTERM) and started again on the same folder. In the end
all is well again, and then it is killed and started once more: what everybody read must be there.

    python -m tests.faults.storm --seconds 300 --people 30 --seed 7

runs for as long as you like; the suite runs some seconds of it. A seed gives the same faults in the same order, though
not at the same instant of the program's life. Exit code 1 if a promise was broken.
"""

import argparse
import asyncio
import random
import signal
import socket
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import aiohttp

from tests.desktop.support import held
from tests.e2e.program import Program
from tests.faults.checker import Final, violations
from tests.faults.clients import ClassicReader, Clicker, Person, Record, unlimited
from tests.faults.proxy import Link, Proxy

SETTLED_WITHIN = 30.0
"""Seconds that everybody has to agree once all is well."""


class Storm:
    """One run on the folder `data`; `seconds` long, but each kind of fault happens at least once."""

    def __init__(self, data: Path, *, seconds: float, people: int, pause: float, seed: int) -> None:
        self._data = data
        self._seconds = seconds
        self._people = people
        self._pause = pause
        self._choices = random.Random(seed)
        self._port = free_port()
        self.record = Record()
        self.errors = ""
        """What the program wrote to stderr."""

    async def run(self) -> list[str]:
        """Do it; returns all that went wrong, in sentences."""
        self._program = await asyncio.to_thread(Program, self._data, "--headless", port=self._port)
        try:
            async with Proxy(self._port) as self._proxy, aiohttp.ClientSession(connector=unlimited()) as session:
                await self._storm(session)
            self.errors = self._program.errors
        finally:
            self._program.kill()
        return self._judged()

    async def _storm(self, session: aiohttp.ClientSession) -> None:
        at = self._proxy.port, f"127.0.0.1:{self._port}"
        clickers = [
            Clicker(number, session, *at, self.record, random.Random(self._choices.random()), self._pause)
            for number in range(self._people)
        ]
        everybody: list[Person] = [
            *clickers,
            *(ClassicReader(number, session, *at, self.record) for number in range(self._people // 4 + 1)),
        ]
        async with asyncio.TaskGroup() as group:
            staying = [group.create_task(person.stay()) for person in everybody]
            clicking = [group.create_task(clicker.click()) for clicker in clickers]
            await self._faults()
            for task in clicking:
                task.cancel()
            self._calm()
            await self._settle(clickers, everybody)
            for task in staying:
                task.cancel()
        await self._restart(self._program.kill)
        health = await asyncio.to_thread(lambda: self._program.health)
        self.record.note(Final("the next start", health["counter"], health["revision"]))

    async def _settle(self, clickers: list[Clicker], everybody: list[Person]) -> None:
        """Wait until all agree, or for too long; then ask everybody what they read."""
        quiet = time.monotonic()

        def settled() -> bool:
            agreed = len({person.value for person in everybody} - {None}) == 1
            heard = all(person.value is not None and person.answered > quiet for person in everybody)
            return agreed and heard and not any(clicker.waiting for clicker in clickers)

        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_WITHIN):
                while not settled():  # noqa: ASYNC110 - of whatever all have heard
                    await asyncio.sleep(0.02)
        for person in everybody:
            if person.value is None:
                self.record.surprises.append(f"{person.name} is not connected in the end")
            else:
                self.record.note(Final(person.name, person.value, person.revision))

    # --- faults ---

    async def _faults(self) -> None:
        faults = self._kinds()
        until = time.monotonic() + self._seconds
        waiting: list[Callable[[], Awaitable[None]]] = []
        while time.monotonic() < until or self.record.counts["faults"] < len(faults):
            waiting = waiting or self._choices.sample(faults, len(faults))
            await asyncio.sleep(self._choices.uniform(0.1, 0.7))
            fault = waiting.pop()
            self.record.counts["faults"] += 1
            self.record.counts[f"fault: {fault.__name__.strip('_').replace('_', ' ')}"] += 1
            await fault()
        await self._last()

    def _kinds(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self._reset,
            self._freeze,
            self._delay,
            self._stop,
            self._kill,
            self._kill_while_frozen,
            self._slow_disk,
            self._kill_while_writing,
            self._end,
        ]

    async def _last(self) -> None:
        """After a start everybody sends again what isn't acknowledged: what that would heal, must heal without it."""
        await self._slow_disk()

    def _links(self) -> list[Link]:
        return list(self._proxy.links)

    def _some(self) -> list[Link]:
        links = self._links()
        return self._choices.sample(links, self._choices.randint(len(links) // 3, len(links)))

    async def _reset(self) -> None:
        for link in self._some():
            link.reset()

    async def _freeze(self) -> None:
        frozen = self._some()
        for link in frozen:
            link.freeze()

        def thaw() -> None:
            for link in frozen:
                link.thaw()

        # Sometimes before whoever is at it loses patience, sometimes long after they came back over another one.
        asyncio.get_running_loop().call_later(self._choices.uniform(0.2, 3.0), thaw)

    async def _delay(self) -> None:
        for link in self._some():
            link.delay = self._choices.uniform(0.02, 0.3)

    async def _stop(self) -> None:
        self._program.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._choices.uniform(0.1, 1.5))
        self._program.process.send_signal(signal.SIGCONT)

    async def _kill(self) -> None:
        await self._restart(self._program.kill)

    async def _kill_while_frozen(self) -> None:
        """What is frozen is given to the one that starts, or to nobody."""
        await self._freeze()
        await self._restart(self._program.kill)

    async def _slow_disk(self) -> None:
        """Nothing can be recorded for a while, and meanwhile people are cut off and come back."""
        with held(self._data / "counter.db"):
            await asyncio.sleep(self._choices.uniform(0.05, 0.3))
            await self._reset()
            await asyncio.sleep(self._choices.uniform(0.05, 1.0))

    async def _kill_while_writing(self) -> None:
        """There is certainly something that was given to the journal, and isn't recorded."""
        with held(self._data / "counter.db"):
            await asyncio.sleep(self._choices.uniform(0.2, 0.6))
            self._program.kill()
        await self._kill()

    async def _end(self) -> None:
        await self._restart(self._program.end)

    async def _restart(self, end: Callable[[], object]) -> None:
        await asyncio.to_thread(end)
        self._program = await asyncio.to_thread(Program, self._data, "--headless", port=self._port)

    def _calm(self) -> None:
        for link in self._proxy.links:
            link.delay = 0.0
            link.thaw()

    # --- judgement ---

    def _judged(self) -> list[str]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for violation in violations(self.record.history):
            found[violation.kind].append(violation.detail)
        sentences = [f"{kind}, {len(details)} times: {'; '.join(details[:3])}" for kind, details in found.items()]
        sentences += self.record.surprises[:5]
        if len(self.record.epochs) != 1:
            sentences.append(f"one journal became {len(self.record.epochs)}")
        if self.errors:
            sentences.append(f"on stderr: {self.errors}")
        return sentences

    @property
    def summary(self) -> str:
        kinds = Counter(type(event).__name__.lower() for event in self.record.history)
        counts = {f"events: {kind}": count for kind, count in kinds.items()} | self.record.counts
        return "\n".join(f"{count:9,}  {name}" for name, count in sorted(counts.items()))


def free_port() -> int:
    """A port that nobody listens at, nor is given meanwhile: systems choose theirs from 32768 on, or even higher."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = random.SystemRandom().randrange(10_000, 30_000)
            probe.bind(("127.0.0.1", port))
            return port


def main() -> int:
    """The long run, on request."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300, help="default: 300")
    parser.add_argument("--people", type=int, default=30, help="default: 30, each with 5 clicks a second")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: any")
    options = parser.parse_args()
    print(f"Seed {options.seed}: {options.seconds:g} s with {options.people} people.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        storm = Storm(
            Path(folder) / "data", seconds=options.seconds, people=options.people, pause=0.2, seed=options.seed
        )
        wrong = asyncio.run(storm.run())
    print(storm.summary)
    print("\n".join(wrong) or "Every promise was kept.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
