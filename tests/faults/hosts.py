"""Several hosts share one counter through Redis, and everything around them fails; then the checker judges.

Each host reaches Redis through a proxy of its own, and its people reach it through another: so the network can be cut
for one host, and for some of its people. Who comes back comes back to any host, and sends there again what isn't
acknowledged. Hosts are stopped, killed in the middle of a batch, ended and started; so is Redis, which is set up so
that what is acknowledged is durable.

    python -m tests.faults.hosts --seconds 300 --people 30 --seed 7

What a host tells is what it has read of the stream, which may be less than another has: so a value is judged by what
its reader is sure that this host had read, not by what others were told elsewhere. In the end it is the same for all.
"""

import argparse
import asyncio
import random
import re
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from tests.desktop.engine import Engine
from tests.e2e.program import Program
from tests.faults.checker import Final
from tests.faults.clients import ClassicReader, Clicker, Person, Record, unlimited
from tests.faults.proxy import Link, Proxy
from tests.faults.storm import Storm, free_port

EXPECTED = re.compile(
    r"redis://\S+ (can't be reached|does not answer|is still reading|has another history)|"
    r"What is counted meanwhile is kept|Until that ends|No snapshot: redis://"
)
"""What a host may write to stderr while Redis fails."""


class Lagging(Person):
    """Reads from a host that may be behind what others have told: only what it acknowledges says how far it is."""

    async def _heard(self, ws: aiohttp.ClientWebSocketResponse, message: aiohttp.WSMessage) -> bool:
        begun = self.begun
        heard = await super()._heard(ws, message)
        if message.type is aiohttp.WSMsgType.PONG:
            self.begun = begun
        return heard

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.begun = 0.0
        await super()._listen(ws)


class Roaming(Lagging, Clicker):
    """Comes back to any of the hosts."""

    def __init__(self, places: Sequence[tuple[int, str]], *clicker: Any) -> None:
        super().__init__(*clicker)
        self._places = places

    async def _connected(self) -> None:
        port, self._host = self._choices.choice(self._places)
        self._url = f"http://127.0.0.1:{port}/ws"
        await super()._connected()

    async def _listen(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.begun = 0.0
        await super()._listen(ws)

    async def _acknowledged(self, ws: aiohttp.ClientWebSocketResponse, ack: int) -> None:
        greeted, self._hello_at = self._hello_at, 0.0 if self._hello_at is not None else None
        if ack >= self._acknowledged_to or greeted is None:
            await super()._acknowledged(ws, ack)
            return
        # This host has yet to read what another has told: so it all goes out again, and must not count again.
        self.record.counts["came to a host that was behind"] += 1
        self._hello_at = None
        self._next = ack + 1
        self._ws = ws
        await self._send(ws)

    def _told_of_an_error(self, message: dict[str, Any]) -> None:
        if message["code"] == "not_recorded":
            self.record.counts["told: kept, not yet recorded"] += 1
        else:
            super()._told_of_an_error(message)


class LaggingReader(Lagging, ClassicReader):
    pass


class Host:
    """One host: its program, and the two proxies around it."""

    def __init__(self, data: Path, room: str) -> None:
        self.data = data
        self.room = room
        self.port = free_port()
        self.people = Proxy(self.port)
        self.program: Program

    async def enter(self, stack: AsyncExitStack, engine: Engine) -> None:
        await stack.enter_async_context(self.people)
        self.redis = await stack.enter_async_context(Proxy(engine.port))
        await self.start()
        stack.callback(lambda: self.program.kill())

    async def start(self) -> None:
        url = f"redis://127.0.0.1:{self.redis.port}/0"
        options = "--headless", "--redis", url, "--session", "storm", "--room", self.room
        self.program = await asyncio.to_thread(lambda: Program(self.data, *options, port=self.port))

    @property
    def place(self) -> tuple[int, str]:
        return self.people.port, f"127.0.0.1:{self.port}"


class HostsStorm(Storm):
    """One run in the folder `data`, with as many hosts."""

    def __init__(self, data: Path, *, hosts: int, seconds: float, people: int, pause: float, seed: int) -> None:
        super().__init__(data, seconds=seconds, people=people, pause=pause, seed=seed)
        data.mkdir()
        self._hosts = [Host(data / f"host-{number}", f"room-{number}") for number in range(hosts)]
        self.record = Record()

    async def run(self) -> list[str]:
        with await asyncio.to_thread(Engine, self._data / "redis") as self._engine:
            async with AsyncExitStack() as stack:
                for host in self._hosts:
                    await host.enter(stack, self._engine)
                session = await stack.enter_async_context(aiohttp.ClientSession(connector=unlimited()))
                await self._storm(session)
                lines = "".join(host.program.errors for host in self._hosts).splitlines()
                self.errors = "\n".join(line for line in lines if not EXPECTED.search(line))
        return self._judged()

    async def _storm(self, session: aiohttp.ClientSession) -> None:
        places = [host.place for host in self._hosts]
        clickers: list[Clicker] = [
            Roaming(
                places, number, session, *places[0], self.record, random.Random(self._choices.random()), self._pause
            )
            for number in range(self._people)
        ]
        readers = [LaggingReader(number, session, *place, self.record) for number, place in enumerate(places)]
        everybody: list[Person] = [*clickers, *readers]
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
        # What everybody read is there when all begin again, on what Redis has kept.
        await asyncio.to_thread(self._engine.restart)
        for host in self._hosts:
            await asyncio.to_thread(host.program.kill)
            await host.start()
            health = await asyncio.to_thread(getattr, host.program, "health")
            self.record.note(Final(f"{host.room} after the next start", health["counter"], health["revision"]))

    # --- faults ---

    def _kinds(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self._reset,
            self._freeze,
            self._delay,
            self._stop,
            self._kill,
            self._end,
            self._cut_redis,
            self._silence_redis,
            self._slow_redis,
            self._kill_in_a_batch,
            self._restart_redis,
        ]

    async def _last(self) -> None:
        await self._slow_redis()

    def _links(self) -> list[Link]:
        return [link for host in self._hosts for link in host.people.links]

    def _one(self) -> Host:
        return self._choices.choice(self._hosts)

    async def _stop(self) -> None:
        program = self._one().program
        program.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self._choices.uniform(0.1, 1.5))
        program.process.send_signal(signal.SIGCONT)

    async def _kill(self) -> None:
        host = self._one()
        await asyncio.to_thread(host.program.kill)
        await host.start()

    async def _end(self) -> None:
        host = self._one()
        await asyncio.to_thread(host.program.end)
        await host.start()

    async def _cut_redis(self) -> None:
        """The network between one host and Redis drops its connections: what was on its way may have arrived."""
        for link in list(self._one().redis.links):
            link.reset()

    async def _silence_redis(self) -> None:
        """The network between one host and Redis is silent for a while, perhaps for longer than the host waits."""
        links = list(self._one().redis.links)
        for link in links:
            link.freeze()
        await asyncio.sleep(self._choices.uniform(0.2, 2.5))
        for link in links:
            link.thaw()

    async def _slow_redis(self) -> None:
        self._engine.pause()
        await asyncio.sleep(self._choices.uniform(0.1, 2.5))
        self._engine.go_on()

    async def _kill_in_a_batch(self) -> None:
        """There is certainly something that was sent, and isn't recorded; it may be, once nobody waits for it."""
        host = self._one()
        self._engine.pause()
        await asyncio.sleep(self._choices.uniform(0.2, 0.6))
        await asyncio.to_thread(host.program.kill)
        self._engine.go_on()
        await host.start()

    async def _restart_redis(self) -> None:
        await asyncio.to_thread(self._engine.restart)

    def _calm(self) -> None:
        for host in self._hosts:
            for link in [*host.people.links, *host.redis.links]:
                link.delay = 0.0
                link.thaw()


def main() -> int:
    """The long run, on request."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.hosts", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300, help="default: 300")
    parser.add_argument("--hosts", type=int, default=3, help="default: 3")
    parser.add_argument("--people", type=int, default=30, help="default: 30, each with 5 clicks a second")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: any")
    options = parser.parse_args()
    print(
        f"Seed {options.seed}: {options.seconds:g} s with {options.people} people at {options.hosts} hosts.", flush=True
    )
    with tempfile.TemporaryDirectory() as folder:
        storm = HostsStorm(
            Path(folder) / "data",
            hosts=options.hosts,
            seconds=options.seconds,
            people=options.people,
            pause=0.2,
            seed=options.seed,
        )
        wrong = asyncio.run(storm.run())
    print(storm.summary)
    print("\n".join(wrong) or "Every promise was kept.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
