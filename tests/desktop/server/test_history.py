"""What happened, over HTTP: for all, and for the host."""

import json
from typing import Any

import pytest
from aiohttp import web

from desktop.core.operations import Add
from desktop.core.room import Room
from desktop.core.rounds import Present
from desktop.journal import Journal
from desktop.journal.memory import MemoryJournal
from desktop.journal.sqlite import SqliteJournal
from desktop.server.history import History
from desktop.server.pages import folder
from desktop.server.takeaway import Takeaway
from tests.desktop.support import ADA, PATIENCE, SECRET, Client, Serve, Served


class Past:
    """A counter that is served with its history."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.ops: dict[int, int] = {}

    async def do(self, page: Client, **message: Any) -> None:
        """An operation that is acknowledged."""
        op = self.ops[id(page)] = self.ops.get(id(page), 0) + 1
        await page.say(op=op, **message)
        while (await page.until(type="state")).get("ack", -1) < op:
            pass

    async def get(self, path: str, *, host: bool = False, method: str = "GET", **headers: str) -> tuple[int, str]:
        sent = {"Authorization": f"Bearer {SECRET}", **headers} if host else headers
        async with self.served.session.request(method, self.served.url + path, headers=sent) as answer:
            return answer.status, await answer.text()

    async def json(self, path: str, *, host: bool = False) -> Any:
        status, text = await self.get(path, host=host)
        assert status == 200, text
        return json.loads(text)


@pytest.fixture(params=["saved", "memory"])
async def past(serve: Serve, request: pytest.FixtureRequest, database: Any) -> Past:
    journal: Journal = SqliteJournal(database) if request.param == "saved" else MemoryJournal()
    return await served_past(serve, journal)


async def served_past(serve: Serve, journal: Journal) -> Past:
    taking = Takeaway(journal, SECRET, folder() / "locales").routes()

    def routes(room: Room) -> list[web.RouteDef]:
        return [*History(lambda: room, journal, SECRET).routes(), *taking]

    return Past(await serve(journal=journal, late=routes))


async def lesson(past: Past) -> tuple[Client, Client]:
    host, ada = await past.served.host(), await past.served.page(ADA, name="Ada")
    await past.do(host, type="configure", settings={"title": "Who walks?", "goal": 5})
    await past.do(ada, type="add", delta=7)
    await past.do(ada, type="add", delta=-1)
    await past.do(host, type="reset")
    await past.do(host, type="configure", settings={"title": "Who takes the bus?", "goal": None})
    await past.do(ada, type="add", delta=2)
    return host, ada


async def test_all_hear_what_and_when_and_the_host_who_it_was(past: Past) -> None:
    await lesson(past)
    told, hosts = await past.json("/history.json"), await past.json("/history.json", host=True)
    assert [(one["value"], one["delta"], one["kind"]) for one in told["changes"]] == [
        (7, 7, "add"), (6, -1, "add"), (0, -6, "reset"), (2, 2, "add"),
    ]  # fmt: skip
    assert (told["before"], told["value"], told["rounds"], told["live"], told["revision"]) == (0, 2, 1, True, 6)
    assert all(told["from"] < one["at"] <= told["to"] for one in told["changes"])
    assert [one["n"] for one in told["people"]][-1:] == [2]
    assert "who" not in told["changes"][0] and "names" not in told and "Ada" not in str(told)
    assert hosts["changes"][0]["who"]["name"] == "Ada"
    assert hosts["changes"][2]["who"]["role"] == "host"
    assert hosts["names"] is True
    assert ADA not in str(hosts)


async def test_the_running_round_and_one_that_has_ended_are_told_alone(past: Past) -> None:
    await lesson(past)
    running = await past.json("/history.json?range=round")
    assert [one["value"] for one in running["changes"]] == [2]
    assert (running["goal"], running["live"]) == (None, True)
    ended = await past.json("/history.json?round=0")
    assert [one["value"] for one in ended["changes"]] == [7, 6]
    assert (ended["goal"], ended["live"], ended["before"]) == (5, False, 0)
    for stretch in ("five", "today"):
        assert len((await past.json(f"/history.json?range={stretch}"))["changes"]) == 4


async def test_rounds_are_told_with_who_took_part(past: Past) -> None:
    await lesson(past)
    running, ended = await past.json("/rounds.json")
    assert (running["number"], running["title"], running["live"], running["value"]) == (
        2,
        "Who takes the bus?",
        True,
        2,
    )
    assert (ended["round"], ended["title"], ended["value"], ended["low"], ended["high"]) == (0, "Who walks?", 6, 0, 7)
    assert (ended["goal"], ended["reached"], ended["people"], ended["here"], ended["live"]) == (5, True, 1, 2, False)
    assert await past.json("/rounds.json?last=1") == [running]
    assert await past.json("/rounds.json?round=0") == ended
    hosts = await past.json("/rounds.json?round=0", host=True)
    assert [(one["name"], one["role"], one["added"]) for one in hosts["added"]] == [("Ada", "guest", 6)]


async def test_a_title_given_later_sticks_and_names_are_forgotten(past: Past) -> None:
    host, ada = await lesson(past)
    await past.do(host, type="title", round=0, title="Walkers")
    await past.do(host, type="undo")
    await past.do(host, type="forget")
    ended = await past.json("/rounds.json?round=0", host=True)
    assert (ended["title"], ended["added"][0]["name"]) == ("Walkers", "")
    assert (await past.json("/history.json", host=True))["names"] is False
    await past.do(ada, type="add", delta=1)
    assert (await past.json("/history.json", host=True))["names"] is True


@pytest.mark.parametrize("message", [{"type": "title", "round": 0, "title": "x"}, {"type": "forget"}])
async def test_guests_name_no_round_and_make_nobody_forget(past: Past, message: dict[str, Any]) -> None:
    _, ada = await lesson(past)
    await ada.say(op=4, **message)
    assert (await ada.until(type="error"))["code"] == "not_host"
    assert (await past.json("/rounds.json?round=0"))["title"] == "Who walks?"
    assert (await past.json("/history.json", host=True))["names"] is True


BAD = [
    "/history.json?range=week", "/history.json?range=", "/history.json?round=-1", "/history.json?round=1.5",
    "/history.json?round=٣", "/rounds.json?last=many", "/rounds.json?round=", "/rounds.json?round=99999999999999999999",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD)
async def test_a_bad_parameter_is_named_in_a_sentence(past: Past, path: str) -> None:
    status, text = await past.get(path)
    assert status == 400
    assert text.endswith(".") and text.startswith(("range", "round", "last"))


@pytest.mark.parametrize("path", ["/history.json?round=3", "/rounds.json?round=3"])
async def test_a_round_that_is_not_there_is_not_found(past: Past, path: str) -> None:
    assert await past.get(path) == (404, "There is no such round.")


@pytest.mark.parametrize("path", ["/history.json", "/rounds.json"])
async def test_head_says_what_get_would_and_nothing_is_kept(past: Past, path: str) -> None:
    async with past.served.session.head(past.served.url + path) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "application/json", b"")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_history_that_cannot_be_read_is_said_to_be(serve: Serve, database: Any) -> None:
    past = await served_past(serve, SqliteJournal(database))
    for name in database.parent.glob("counter.db*"):
        name.unlink()
    status, text = await past.get("/history.json")
    assert status == 503
    assert text.startswith("The history can't be read just now.")


async def test_the_history_is_there_after_a_restart(serve: Serve, database: Any) -> None:
    journal = SqliteJournal(database)
    journal.open(lambda operations, last: None)
    journal.append([Add(ADA, 1, False, 4)], Present(1, {})).result(PATIENCE)
    journal.close()
    past = await served_past(serve, SqliteJournal(database))
    assert [one["value"] for one in (await past.json("/history.json"))["changes"]] == [4]


async def test_what_the_projector_shows_is_a_setting_that_a_start_begins_without(past: Past) -> None:
    host, ada = await lesson(past)
    await past.do(host, type="configure", settings={"compare": 3})
    while "settings" not in (state := await ada.until(type="state")) or state["settings"]["compare"] != 3:
        pass
    await host.say(type="configure", op=past.ops[id(host)] + 1, settings={"compare": 9})
    assert (await host.until(type="error"))["code"] == "out_of_range"
