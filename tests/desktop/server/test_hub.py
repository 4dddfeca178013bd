"""The hub with real sockets and a real journal: what is recorded together, told together, and never held up."""

import asyncio
import json
import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import desktop.core.intake
import desktop.core.liveness
import desktop.core.member
import desktop.core.outgoing
import desktop.core.room
import desktop.server.hub
from desktop.core import answers
from desktop.core.counter import Counter as State
from desktop.core.operations import AnyOperation, Settings
from desktop.core.room import Room
from desktop.core.rounds import NOBODY, Present
from desktop.journal.sqlite import SqliteJournal
from desktop.journal.witness import Witness, read
from desktop.network.listening import listen
from desktop.server.socket import PING, TEXT, Socket, frame
from tests.desktop.support import ADA, BOB, PATIENCE, PONG, SECRET, FailingJournal, Serve, held, raw_socket, rows, true

CLASS = 100


def names(count: int) -> list[str]:
    return [f"client-{number:020}" for number in range(count)]


# --- one beat ---


async def test_clicks_of_a_whole_class_are_recorded_in_a_few_batches_and_everybody_converges(
    serve: Serve, database: Path
) -> None:
    served = await serve()
    pages = [await served.page(name) for name in names(CLASS)]

    with held(database):
        for page in pages:
            await page.say(type="add", op=1, delta=1)
        for page in pages:
            assert not [message for message in await page.heard_so_far() if message.get("ack")]

    for page in pages:
        assert (await page.until(ack=1))["counter"] == CLASS
    # The first clicks went off at once; all the others arrived while those were being written.
    assert len(rows(database, "SELECT last FROM batch")) <= 2


class Costs:
    """Counts what happens: encodings, frames made, writes, commits and tasks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, database: Path) -> None:
        self._database = database
        self._commits = 0
        self.counts: Counter[str] = Counter()
        for module in (desktop.core.outgoing, desktop.core.room):
            monkeypatch.setattr(module, "encode", self._counting("encodings", answers.encode))
        monkeypatch.setattr(desktop.server.hub, "frame", self._counting("frames", frame))
        monkeypatch.setattr(Socket, "write", self._counting("writes", Socket.write))
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "create_task", self._counting("tasks", loop.create_task))

    def _counting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self.counts[name] += 1
            return function(*given, **named)

        return counted

    def start(self) -> None:
        self.counts.clear()
        self._commits = len(rows(self._database, "SELECT last FROM batch"))

    @property
    def since(self) -> dict[str, int]:
        return {**self.counts, "commits": len(rows(self._database, "SELECT last FROM batch")) - self._commits}


async def test_a_beat_costs_a_commit_a_write_for_each_and_an_encoding_for_each_who_clicked_and_one_for_the_others(
    serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = await serve()
    costs = Costs(monkeypatch, database)
    clicking = [await served.page(name) for name in names(30)]
    sockets = list(served.hub.sockets)
    assert len(sockets) == 30
    listening = [await served.connect() for _ in range(20)]
    for page in (*clicking, *listening):
        await page.until(people=50)

    costs.start()
    # Within one turn of the loop, as they come in a storm.
    for socket_ in sockets:
        served.hub.receive(socket_, '{"type":"add","op":1,"delta":1}')
    for page in (*clicking, *listening):
        await page.until(counter=30)

    assert costs.since == {"encodings": 31, "frames": 31, "writes": 50, "commits": 1}


async def test_a_storm_of_clicks_costs_each_client_far_fewer_messages_than_there_are_clicks(
    serve: Serve, database: Path
) -> None:
    served = await serve()
    pages = [await served.page(name) for name in names(20)]
    clicks = 50

    async def click(number: int) -> int:
        page = pages[number]
        for op in range(1, clicks + 1):
            await page.say(type="add", op=op, delta=1)
        heard = 1
        while (await page.hear()).get("counter") != 20 * clicks:
            heard += 1
        return heard

    async with asyncio.timeout(PATIENCE):
        heard = await asyncio.gather(*map(click, range(20)))

    assert max(heard) < 20 * clicks / 4
    assert len(rows(database, "SELECT last FROM batch")) < 20 * clicks / 4
    assert rows(database, "SELECT max(last) FROM batch") == [(20 * clicks + 1,)], "all, and the hour"


async def test_a_click_of_one_is_told_to_all_in_both_dialects(serve: Serve) -> None:
    served = await serve()
    ada, bob, classic = await served.page(ADA), await served.page(BOB), await served.classic()

    await ada.say(type="add", op=1, delta=7)

    assert (await ada.until(counter=7))["ack"] == 1
    assert "ack" not in await bob.until(counter=7)
    assert await classic.hear() == {"counter": 7}


# --- acknowledged means durable ---


async def test_nothing_is_acknowledged_or_shown_before_it_is_durable(serve: Serve, database: Path) -> None:
    served = await serve()
    ada, bob = await served.page(ADA), await served.page(BOB)

    with held(database):
        await ada.say(type="add", op=1, delta=7)
        told = await ada.heard_so_far() + await bob.heard_so_far()
        assert all(message.get("counter", 0) == 0 and not message.get("ack") for message in told)
        assert served.hub.room.counter.value == 0

    await ada.until(ack=1, counter=7)
    assert rows(database, "SELECT last FROM batch") == [(2,)], "the hour comes before it"


async def test_a_mistake_in_a_journal_is_logged_with_its_place_and_drops_nothing(
    serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desktop.core.intake, "RETRY_PAUSE", 0.05)
    journal = FailingJournal(database)
    served = await serve(journal)
    ada = await served.page(ADA)

    journal.broken, journal.error = True, RuntimeError("a mistake of ours")
    await ada.say(type="add", op=1, delta=1)
    assert (await ada.until(type="error"))["code"] == "not_recorded"
    assert "RuntimeError: a mistake of ours" in caplog.text

    journal.broken = False
    assert (await ada.until(ack=1))["counter"] == 1


async def test_a_journal_that_fails_is_told_and_what_was_sent_meanwhile_counts_once_it_works_again(
    serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desktop.core.intake, "RETRY_PAUSE", 0.05)
    journal = FailingJournal(database)
    served = await serve(journal)
    ada, bob = await served.page(ADA), await served.page(BOB)
    classic = await served.classic()

    journal.broken = True
    await ada.say(type="add", op=1, delta=1)
    error = await ada.until(type="error")
    assert (error["code"], error["op"]) == ("not_recorded", 1)
    await ada.say(type="add", op=2, delta=10)
    await bob.say(type="add", op=1, delta=100)
    assert (await bob.until(type="error"))["code"] == "not_recorded"
    await classic.say(counter=1000)
    assert (await classic.hear())["error"]["code"] == "not_recorded"
    told = await ada.heard_so_far() + await bob.heard_so_far()
    assert all(message.get("counter", 0) == 0 and not message.get("ack") for message in told)

    journal.broken = False
    assert (await ada.until(ack=2))["counter"] == 1000
    assert (await bob.until(ack=1))["counter"] == 1000
    await ada.say(type="add", op=3, delta=1)
    await ada.until(ack=3, counter=1001)
    assert await classic.hear() in ({"counter": 1000}, {"counter": 1001})
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1, "told once an outage"

    journal.broken = True
    await ada.say(type="add", op=4, delta=1)
    assert (await ada.until(type="error"))["op"] == 4
    journal.broken = False
    await ada.until(ack=4)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


async def test_a_journal_that_is_only_slow_is_no_failure(serve: Serve, database: Path) -> None:
    served = await serve()
    ada = await served.page(ADA)

    with held(database):
        await ada.say(type="add", op=1, delta=1)
        assert not [message for message in await ada.heard_so_far() if message["type"] == "error"]
    await ada.until(ack=1)


# --- a client that doesn't read ---


async def test_a_client_that_stops_reading_holds_nobody_up_and_then_gets_the_newest_state_only(serve: Serve) -> None:
    (sock,) = listen(["127.0.0.1"], 0)
    # Every buffer on the way to the client is small, so that it is full soon.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    served = await serve(sock=sock)
    ada = await served.page(ADA)
    async with raw_socket(served.port, receive_buffer=4096) as stalled:
        await stalled.handshake(served.port, "Sec-WebSocket-Protocol: lan-counter.v1")
        await stalled.say(TEXT, json.dumps({"type": "hello", "client": BOB}).encode())
        before = 90
        for at in range(before):
            await stalled.say(PING, f"{at:0125}".encode())

        changes = 200
        for op in range(1, changes + 1):
            await ada.say(type="add", op=op, delta=1)
            await ada.until(ack=op)

        states: list[dict[str, int]] = []
        pongs = 0
        while not states or states[-1]["counter"] != changes or pongs < before:
            first, payload = await stalled.hear()
            if first == PONG:
                pongs += 1
            elif (message := json.loads(payload))["type"] == "state":
                states.append(message)

        revisions = [state["revision"] for state in states]
        assert revisions == sorted(revisions)
        assert len(states) < changes / 4
        assert revisions[-1] == changes

        await ada.say(type="add", op=changes + 1, delta=1)
        assert json.loads((await stalled.hear())[1])["counter"] == changes + 1


async def test_an_ack_waits_for_a_client_that_stops_reading(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.core.member, "BURST", 1_000.0)
    (sock,) = listen(["127.0.0.1"], 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    served = await serve(sock=sock)
    async with raw_socket(served.port, receive_buffer=4096) as stalled:
        await stalled.handshake(served.port, "Sec-WebSocket-Protocol: lan-counter.v1")
        await stalled.say(TEXT, json.dumps({"type": "hello", "client": BOB}).encode())
        for op in range(1, 41):
            await stalled.say(TEXT, json.dumps({"type": "add", "op": op, "delta": 1}).encode())
            for at in range(10):
                await stalled.say(PING, f"{at:0125}".encode())

        newest = {"ack": 0}
        while newest["ack"] < 40:
            first, payload = await stalled.hear()
            assert first, "the connection was closed"
            message = json.loads(payload) if first == TEXT else {}
            if "ack" in message:
                assert message["ack"] >= newest["ack"]
                newest = message
        assert newest["counter"] == 40


async def test_what_waits_for_a_client_that_stops_reading_stays_bounded(serve: Serve) -> None:
    (sock,) = listen(["127.0.0.1"], 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    served = await serve(sock=sock)
    async with raw_socket(served.port, receive_buffer=4096) as stalled:
        await stalled.handshake(served.port, "Sec-WebSocket-Protocol: lan-counter.v1")
        # Each ping asks for an answer of its size, and no answer is read: so at last no ping may be read either, and
        # their sender gets stuck once the kernel's buffers are full, which takes a few MB.
        pings = (bytes((PING, 0x80 | 125)) + bytes(4) + b"x" * 125) * 1000
        sent = 0
        with suppress(TimeoutError):
            while sent < 30_000_000:
                async with asyncio.timeout(0.5):
                    await stalled.send(pings)
                sent += len(pings)
        assert sent < 30_000_000


# --- who speaks too fast, and who is silent ---


async def test_whoever_speaks_too_fast_is_read_more_slowly_and_loses_nothing(serve: Serve) -> None:
    served = await serve()
    ada = await served.page(ADA)
    clicks = 150

    for op in range(1, clicks + 1):
        await ada.say(type="add", op=op, delta=1)
    assert await served.page(BOB)  # Others join and are served meanwhile.

    await ada.until(ack=clicks, counter=clicks)


async def test_whoever_goes_on_speaking_too_fast_is_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.core.member, "PRESSING_LIMIT", 0.1)
    served = await serve()
    ada = await served.page(ADA)

    for at in range(200):
        await ada.say(type="ping", at=at)

    assert await ada.closed() == 1008


async def test_whoever_is_silent_is_asked_and_then_dropped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.core.liveness, "CHECK_PAUSE", 0.02)
    monkeypatch.setattr(desktop.core.liveness, "PING_AFTER", 0.05)
    monkeypatch.setattr(desktop.core.liveness, "SILENCE_LIMIT", 1.0)
    served = await serve()
    ada = await served.page(ADA)
    answering = asyncio.create_task(ada.until(counter=1))  # aiohttp answers pings while it reads
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        heard = []
        while (found := await raw.hear()) != (0, b""):
            heard.append(found)
    await true(lambda: served.hub.room.people == 1)

    assert (PING, b"") in heard
    await ada.say(type="add", op=1, delta=1)
    await answering


async def test_whoever_has_gone_is_no_longer_counted(serve: Serve) -> None:
    served = await serve()
    ada, bob = await served.page(ADA), await served.page(BOB)
    await ada.until(people=2)

    await bob.ws.close()

    await ada.until(people=1)


# --- snapshots and the end ---


async def test_a_snapshot_is_kept_now_and_then_and_is_the_state_after_its_entry(
    serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.server.hub, "SNAPSHOT_EVERY", 3)
    served = await serve()
    ada = await served.page(ADA)
    for op in range(1, 8):
        await ada.say(type="add", op=op, delta=op)
        await ada.until(ack=op)
    await true(lambda: rows(database, "SELECT last FROM snapshot") == [(6,)])

    ((state,),) = rows(database, "SELECT state FROM snapshot")
    assert json.loads(state)["value"] == 1 + 2 + 3 + 4 + 5, "and the hour"


async def test_without_a_snapshot_the_counting_goes_on(
    serve: Serve, database: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desktop.server.hub, "SNAPSHOT_EVERY", 1)
    journal = FailingJournal(database)
    monkeypatch.setattr(journal, "append", lambda *batch: SqliteJournal.append(journal, *batch))
    journal.broken = True
    served = await serve(journal)
    ada = await served.page(ADA)

    await ada.say(type="add", op=1, delta=1)
    await ada.until(ack=1)
    await ada.say(type="add", op=2, delta=1)
    await ada.until(ack=2)

    assert "No snapshot: The disk is full." in caplog.text


class WatchedJournal(SqliteJournal):
    """A journal that says when it was given something."""

    batches = 0

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        self.batches += 1
        return super().append(operations, present)


async def test_at_the_end_what_has_arrived_is_recorded_and_everybody_is_told(serve: Serve, database: Path) -> None:
    journal = WatchedJournal(database)
    served = await serve(journal)
    ada, bob, classic = await served.page(ADA), await served.page(BOB), await served.classic()

    with held(database):
        await ada.say(type="add", op=1, delta=1)
        await true(lambda: journal.batches)  # The first batch is being written …
        await bob.say(type="add", op=1, delta=10)
        await bob.heard_so_far()  # … and this one waits for the next.
        ending = asyncio.create_task(served.hub.close())
        await true(lambda: served.hub.closing)
    codes = await asyncio.gather(*(client.closed() for client in (ada, bob, classic)))
    await ending

    assert codes == [1001, 1001, 1001]
    assert journal.batches == 2
    again = SqliteJournal(database)
    kept = again.open(lambda operations, last: None)
    again.close()
    assert kept.counter.value == 11
    assert rows(database, "SELECT last FROM snapshot") == [(3,)], "a snapshot was kept, so that the next start is quick"


async def test_the_journal_s_witness_knows_how_far_the_counter_has_come(serve: Serve, database: Path) -> None:
    served = await serve()
    ada = await served.page(ADA)
    witness = database.with_suffix(".witness")

    await ada.say(type="add", op=1, delta=5)
    await true(witness.exists)
    assert read(witness) == Witness(epoch=served.hub.room.epoch, last=2, value=5, revision=1, settings=Settings())

    await ada.say(type="add", op=2, delta=-2)
    await ada.until(ack=2)
    await served.hub.close()
    await true(lambda: (found := read(witness)) and found.last == 3)
    assert read(witness) == Witness(epoch=served.hub.room.epoch, last=3, value=3, revision=2, settings=Settings())


async def test_at_the_end_nobody_waits_for_a_journal_that_fails(serve: Serve, database: Path) -> None:
    journal = FailingJournal(database)
    served = await serve(journal)
    ada = await served.page(ADA)
    journal.broken = True
    await ada.say(type="add", op=1, delta=1)
    await ada.until(type="error")

    ending = asyncio.create_task(served.hub.close())

    assert await ada.closed() == 1001
    async with asyncio.timeout(PATIENCE):
        await ending


async def test_at_the_end_nobody_waits_long_for_a_client_that_does_not_answer(serve: Serve) -> None:
    served = await serve()
    async with raw_socket(served.port) as raw, asyncio.timeout(8):
        await raw.handshake(served.port)
        await served.hub.close()
        heard = [await raw.hear() for _ in range(3)]

    assert heard == [(TEXT, b'{"counter":0}'), (0x88, (1001).to_bytes(2) + b"The server is stopping."), (0, b"")]


async def test_whoever_comes_while_the_server_stops_is_told_to_come_back(serve: Serve) -> None:
    served = await serve()
    await served.hub.close()

    async with served.session.get(f"{served.url}/ws") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")


# --- several hosts ---


async def test_another_history_sends_everybody_there_anew(serve: Serve) -> None:
    served = await serve()
    page, classic = await served.page(), await served.classic()
    served.hub.announce(answers.Network(join="http://192.168.1.42:8000/", reach="lan"))
    await page.say(type="add", op=1, delta=1)
    await page.until(ack=1)
    served.hub.renew(Room(State(value=42), epoch="another", secret=SECRET, run="other"), 7)
    assert [await page.closed(), await classic.closed()] == [1012, 1012]
    host = await served.host()
    # Where others join is known to the new room too.
    assert (await host.until(type="network"))["join"] == "http://192.168.1.42:8000/"
    again = await served.connect()
    state = await again.hello(ADA)
    assert (state["counter"], state["epoch"], state["ack"]) == (42, "another", 0)
    await again.say(type="add", op=1, delta=1)
    assert (await again.until(ack=1))["counter"] == 43


async def test_who_is_elsewhere_is_told_without_anybody_clicking(serve: Serve) -> None:
    served = await serve()
    page = await served.page()
    served.hub.meet([answers.Elsewhere(room="Lab", people=4)])
    assert (await page.until(people=5))["people"] == 5
