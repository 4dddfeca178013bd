"""The lesson with real connections: bots are nobody, and who sees every message counts as the lesson does."""

import asyncio
import json
from typing import Any

import pytest

from tests.desktop.support import ADA, Client, Serve, Served, true

SHORT = 2
BOTS = 30


class Checker:
    """Sees all that comes to the server, in its order, and knows nothing of the lesson's code."""

    def __init__(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[tuple[Any, dict[str, Any]]] = []
        receive = served.hub.receive

        def watched(socket: Any, text: str) -> None:
            self.said.append((socket, json.loads(text)))
            receive(socket, text)

        monkeypatch.setattr(served.hub, "receive", watched)

    def _of(self, half: int) -> list[tuple[Any, dict[str, Any]]]:
        return [(who, said) for who, said in self.said if said["type"] == "taps" and said["half"] == half]

    def made(self, half: int) -> int:
        newest: dict[Any, int] = {who: said["made"] for who, said in self._of(half)}
        return sum(newest.values())

    @property
    def overwritten(self) -> int:
        """What the last number of all says."""
        return [int(said["set"]["counter"]) for _, said in self._of(1) if "set" in said][-1]

    @property
    def added(self) -> int:
        return sum(
            {(who, said["add"]["op"]): said["add"]["delta"] for who, said in self._of(2) if "add" in said}.values()
        )


async def ended(client: Client) -> dict[str, Any]:
    """All there is to know of a lesson, at its end."""
    return await client.until(stage="end")


async def test_a_lesson_loses_what_a_checker_outside_counts_as_lost_and_then_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = await serve()
    checker = Checker(served, monkeypatch)
    host = await served.host()
    await host.say(type="add", op=1, delta=42)
    await host.until(ack=1)
    before = served.hub.room.counter.revision

    await host.say(type="lesson", do="start", bots=BOTS, seconds=SHORT)
    figures = await ended(host)

    (made, counted), (then_made, then_counted) = (points[-1] for points in figures["halves"])
    assert (made, counted) == (checker.made(1), checker.overwritten)
    assert (then_made, then_counted) == (checker.made(2), checker.added)
    assert made > counted > 0
    assert then_made == then_counted > 0
    assert (figures["people"], figures["bots"]) == (0, BOTS)
    counter = served.hub.room.counter
    assert (counter.value, counter.revision) == (42, before)


async def test_bots_are_nobody_and_leave_with_the_lesson(serve: Serve) -> None:
    served = await serve()
    host = await served.host()
    await host.until(type="roster")
    told: list[dict[str, Any]] = []

    await host.say(type="lesson", do="start", bots=BOTS, seconds=SHORT)
    while len(served.hub.sockets) < 1 + BOTS:
        told.append(await host.hear())
    told += await host.heard_so_far()
    assert served.hub.room.people == 1
    assert not served.hub.room.has_company
    await host.say(type="lesson", do="bots", bots=5)
    await true(lambda: len(served.hub.sockets) == 1 + 5)
    told.append(await host.until(type="lesson", stage="one"))
    await host.say(type="lesson", do="stop")
    told.append(await host.until(type="lesson", stage="over"))
    await true(lambda: len(served.hub.sockets) == 1)

    assert {message["people"] for message in told if message["type"] == "state" and "people" in message} <= {1}
    assert all(len(message["people"]) == 1 for message in told if message["type"] == "roster")


@pytest.mark.parametrize("word", ["", "Bearer ", "Bearer guess", "Basic \xe9"])
async def test_nobody_else_is_a_bot(serve: Serve, word: str) -> None:
    served = await serve()
    client = await served.connect(headers={"Authorization": word})
    await client.hello(ADA)
    assert served.hub.room.people == 1


async def test_a_server_that_stops_lets_its_bots_go(serve: Serve) -> None:
    served = await serve()
    host = await served.host()
    await host.say(type="lesson", do="start", bots=BOTS)
    await true(lambda: len(served.hub.sockets) > BOTS // 2)
    assert (await asyncio.gather(host.closed(), served.stop()))[0] == 1001


async def test_without_an_address_of_its_own_a_server_has_no_bots(serve: Serve) -> None:
    served = await serve()
    served.hub.bots.port = None
    served.hub.bots.want(BOTS)
    assert await (await served.page()).heard_so_far() == []


async def test_a_page_that_comes_back_finds_its_lesson_again(serve: Serve) -> None:
    served = await serve()
    host, page = await served.host(), await served.page()
    await host.say(type="lesson", do="start", seconds=SHORT)
    number = (await page.until(stage="one"))["lesson"]
    await page.say(type="taps", lesson=number, half=1, made=3, set={"counter": 3, "seen": 0, "at": 100})
    await page.until(counter=3, type="lesson")
    await page.ws.close()
    page = await served.connect()
    await page.say(type="hello", client=ADA)
    found = await page.until(type="lesson")
    assert (found["lesson"], found["stage"], found["counter"]) == (number, "one", 3)
    assert "ack" in found


async def test_classic_clients_keep_the_real_counter(serve: Serve) -> None:
    served = await serve()
    host, classic = await served.host(), await served.classic()
    await host.say(type="lesson", do="start", seconds=SHORT)
    await host.until(stage="one")
    await classic.ws.send_str('{"counter": 7}')
    assert await classic.until(counter=7) == {"counter": 7}
    assert (await host.until(type="state", counter=7))["counter"] == 7
