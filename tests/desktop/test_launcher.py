"""The server from start to end, in its thread, with the real page."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from desktop.core.answers import Elsewhere
from desktop.core.counter import Counter
from desktop.core.operations import Add, AnyOperation, Configure, Reset, Set, SettingsChange, Undo
from desktop.core.rounds import Present
from desktop.journal import Journal, JournalError, Kept
from desktop.journal.files import FORMAT
from desktop.journal.memory import MemoryJournal
from desktop.journal.shared import Renew, Rooms
from desktop.journal.sqlite import SqliteJournal
from desktop.launcher import Server, on_error
from desktop.network.listening import LOOPBACK, listen
from tests.desktop.support import ADA, PATIENCE, SECRET, Client, change, true

OPERATIONS: list[AnyOperation] = [
    Add("ada", 1, False, 5),
    Set("~classic", 0, False, 40),
    Add("bob", 1, False, 2, seen=2),
    Configure("host", 1, True, SettingsChange(title="Hands", goal=100)),
    Reset("host", 2, True),
    Add("ada", 2, False, 1, seen=1),  # stale
    Undo("host", 3, True),
    Add("ada", 2, False, 7),  # decided before
    Add("bob", 2, False, 0),  # refused
]


class Run:
    """A server in its thread, and how it ended."""

    def __init__(self, folder: Path, journal: Journal | None = None) -> None:
        self.sockets = listen([LOOPBACK], 0)
        self.port: int = self.sockets[0].getsockname()[1]
        self.journal = journal or SqliteJournal(folder / "counter.db")
        self.company: list[bool] = []
        self.server = Server(
            self.journal,
            self.sockets,
            SECRET,
            connections=100,
            fixed=LOOPBACK,
            preferences=folder / "preferences.json",
            forward=("token", lambda: False),
            company=self.company.append,
        )
        self.ended: list[BaseException | None] = []

    def start(self) -> "Run":
        self.server.start(self.ended.append)
        return self

    def stop(self) -> None:
        self.server.stop()
        self.server.join()

    def get(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path).start()
    yield run
    run.stop()


# --- from the journal ---


def test_the_counter_is_what_all_operations_made_of_it(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "counter.db")
    journal.open(lambda operations, last: None)
    journal.append(OPERATIONS).result(PATIENCE)
    journal.close()
    run = Run(tmp_path).start()
    try:
        health = msgspec.json.decode(run.get("/health")[1])
    finally:
        run.stop()

    assert (health["counter"], health["revision"]) == (42, 6)


async def test_what_was_lost_is_told_to_the_host(tmp_path: Path) -> None:
    (tmp_path / "counter.db").write_text("This is a shopping list. " * 100)
    run = Run(tmp_path).start()
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://{LOOPBACK}:{run.port}/ws", protocols=("lan-counter.v1",)) as ws,
        ):
            host = Client(ws)
            await host.hello(ADA, host=SECRET)
            told = await host.until(type="notice", code="set_aside")
    finally:
        run.stop()

    assert told["path"].startswith(str(tmp_path / "counter 2"))
    assert [notice.path for notice in run.server.notices] == [told["path"]]


# --- in its thread ---


def test_once_started_it_serves_the_page_and_the_counter(run: Run) -> None:
    status, page = run.get("/")
    assert status == 200
    assert b"<!doctype html>" in page.lower()
    assert msgspec.json.decode(run.get("/health")[1])["status"] == "ok"


async def test_the_host_is_told_where_others_join(run: Run) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{LOOPBACK}:{run.port}/ws", protocols=("lan-counter.v1",)) as ws,
    ):
        host = Client(ws)
        assert (await host.hello(ADA, host=SECRET))["role"] == "host"
        told: dict[str, Any] = await host.until(type="network", reach="local")
        assert told["join"] == f"http://{LOOPBACK}:{run.port}/"


async def test_it_is_told_whether_anybody_but_the_host_is_here(run: Run) -> None:
    address = f"http://{LOOPBACK}:{run.port}/ws"
    async with aiohttp.ClientSession() as session, session.ws_connect(address, protocols=("lan-counter.v1",)) as ws:
        await Client(ws).hello(ADA, host=SECRET)
        seen = len(run.company)
        await true(lambda: len(run.company) > seen + 1)
        assert not any(run.company)
        async with session.ws_connect(address):
            await true(lambda: run.company[-1])
        await true(lambda: not run.company[-1])


async def test_stopping_tells_everybody_and_keeps_what_they_counted(tmp_path: Path) -> None:
    run = Run(tmp_path).start()
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{LOOPBACK}:{run.port}/ws", protocols=("lan-counter.v1",)) as ws,
    ):
        page = Client(ws)
        await page.hello()
        await page.say(type="add", op=1, delta=7)
        await page.until(ack=1)
        run.server.stop()
        run.server.stop()
        assert await page.closed() == 1001
    run.server.join()

    assert run.ended == [None]
    with socket.socket() as probe:
        assert probe.connect_ex((LOOPBACK, run.port)) != 0
    again = Run(tmp_path).start()
    assert msgspec.json.decode(again.get("/health")[1])["counter"] == 7
    again.stop()


def test_the_port_can_be_listened_on_again_at_once(run: Run) -> None:
    run.get("/health")
    run.stop()

    for sock in listen([LOOPBACK], run.port):
        sock.close()


def test_stopping_after_the_end_or_before_the_start_does_nothing(run: Run, tmp_path: Path) -> None:
    run.stop()
    run.server.stop()

    never = Run(tmp_path)
    never.server.stop()
    for sock in never.sockets:
        sock.close()


def test_a_journal_that_cannot_be_opened_is_raised_at_the_start(tmp_path: Path) -> None:
    before = SqliteJournal(tmp_path / "counter.db")
    before.open(lambda operations, last: None)
    before.close()
    change(tmp_path / "counter.db", f"PRAGMA user_version = {FORMAT + 1}")
    run = Run(tmp_path)

    with pytest.raises(JournalError, match="newer LAN Counter"):
        run.start()

    run.server.join()
    assert run.ended == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("journal")]
    for sock in run.sockets:
        sock.close()


class BreakingJournal(SqliteJournal):
    """Its thread ends as if by a fault nobody thought of."""

    def close(self) -> None:
        super().close()
        raise SystemError("a fault nobody thought of")


def test_whoever_started_it_learns_what_ended_it(tmp_path: Path) -> None:
    run = Run(tmp_path, BreakingJournal(tmp_path / "counter.db")).start()

    run.stop()

    (error,) = run.ended
    assert isinstance(error, SystemError)


async def test_whoever_started_it_learns_at_once_that_its_loop_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(operations: Sequence[AnyOperation], present: Present) -> None:
        # One of the two exceptions that asyncio doesn't catch, log and go on from.
        raise SystemExit("a fault nobody thought of")

    run = Run(tmp_path)
    monkeypatch.setattr(run.journal, "append", raising)
    run.start()
    assert run.server.people == 0

    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{LOOPBACK}:{run.port}/ws") as ws,
    ):
        await true(lambda: run.server.people == 1)
        await ws.send_str('{"counter":1}')
        await true(lambda: run.ended)

    (error,) = run.ended
    assert isinstance(error, SystemExit)
    run.server.join()


async def test_who_has_left_before_being_accepted_is_nothing_to_tell(caplog: pytest.LogCaptureFixture) -> None:
    """On Windows asyncio calls it an exception that nobody has waited for."""
    for error in (ConnectionResetError("left"), LookupError("a mistake")):
        on_error(asyncio.get_running_loop(), {"message": "Task exception was never retrieved", "exception": error})
    assert "a mistake" in caplog.text and "left" not in caplog.text


class TwoHosts(MemoryJournal):
    """A journal that others write to as well: the test is the others."""

    def follow(self, renew: Renew, rooms: Rooms) -> None:
        self.renew, self.rooms = renew, rooms

    def present(self, people: int) -> None:
        self.people = people

    def try_out(self) -> None:
        pass


async def test_a_shared_journal_hears_who_is_here_and_says_who_is_elsewhere_and_what_began_anew(tmp_path: Path) -> None:
    journal = TwoHosts()
    run = Run(tmp_path, journal).start()
    moved: list[str] = []
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://{LOOPBACK}:{run.port}/ws"
            page = Client(await session.ws_connect(url, protocols=["lan-counter.v1"]))
            await page.hello()
            await true(lambda: journal.people == 1)
            journal.rooms([Elsewhere(room="Lab", people=4)])
            await page.until(people=5)
            # Who is asked whether to end the program has nothing to do with the others.
            assert run.server.people == 1
            journal.renew(Kept("another", Counter(value=42), 0), lambda: moved.append("moved"))
            assert await page.closed() == 1012
            again = Client(await session.ws_connect(url, protocols=["lan-counter.v1"]))
            state = await again.hello()
            assert (state["counter"], state["epoch"], moved) == (42, "another", ["moved"])
    finally:
        run.stop()
