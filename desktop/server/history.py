"""What happened, over HTTP: for all what and when, for the host who it was, too.

Times are whole milliseconds since the epoch. The host proves it with `Authorization: Bearer <secret>`, over loopback.

    GET /history.json?range=all    for all; range: round (the running one), five (minutes), today, all; or round=ID
        {"now","revision","round":ID of the running one,"rounds":how many have ended,"from","to","before":value at from,
         "value":at to,"goal","live","changes":[{"at","delta","value","kind":"add"}],"people":[{"at","n"}]}
        at most 500 changes, from < at <= to; of each column the first, lowest, highest and last. kind: add, set, reset,
        undo, or several: older than 30 days, and in one. The host gets "who":{"name","person","role"} with each,
        and "names": whether there are any
    GET /rounds.json?last=N        for all, the newest first; an ID is the revision of the reset that began it, or 0
        [{"round":ID,"number","title","from","to","value","low","high","people":who took part,"here":most who were here,
          "goal","reached","live"}]
        round=ID: that one alone; for the host with "added":[{"name","person","role","added"}]

What can be taken along is in `takeaway`.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.web import HTTPBadRequest, HTTPNotFound, HTTPServiceUnavailable, Request, Response, StreamResponse

from desktop.core.operations import VALUE_LIMIT
from desktop.core.room import Room
from desktop.journal import Journal, JournalError, reading
from desktop.journal.reading import Numbered
from desktop.server.guard import proves

T = TypeVar("T")

FIVE_MINUTES: Final = 300_000
"""Milliseconds."""
RANGES: Final = ("round", "five", "today", "all")
MOST: Final = 1_000
"""Rounds that are told at once."""


class History:
    """The routes."""

    def __init__(self, room: Callable[[], Room], journal: Journal, secret: str) -> None:
        """`room` gives the one that there is: another history has another."""
        self._room = room
        self._journal = journal
        self._secret = secret

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/history.json", self._history), web.get("/rounds.json", self._rounds)]

    async def _history(self, request: Request) -> StreamResponse:
        number, stretch = whole_number(request.query, "round"), request.query.get("range", "all")
        if stretch not in RANGES:
            raise HTTPBadRequest(text=f"range is one of {', '.join(RANGES)}.")
        now, is_host = int(time.time() * 1000), proves(request, self._secret)
        found = await ask(self._journal, lambda db: _told(db, stretch, number, now, is_host))
        counter = self._room().counter
        if found["live"]:
            found["goal"] = counter.settings.goal
        return _json({"now": now, "revision": counter.revision, **found})

    async def _rounds(self, request: Request) -> StreamResponse:
        number, last = whole_number(request.query, "round"), whole_number(request.query, "last")
        is_host = proves(request, self._secret)
        if number is not None:
            return _json(await ask(self._journal, lambda db: _with_shares(db, number, is_host)))
        newest = MOST if last is None else min(last, MOST)
        return _json(await ask(self._journal, lambda db: [_round(one) for one in reading.rounds(db, newest)]))


async def ask(journal: Journal, query: Callable[[sqlite3.Connection], T]) -> T:
    """What a query finds in the history. Raises HTTPServiceUnavailable if it can't be read just now."""
    try:
        return await asyncio.wrap_future(journal.read(query))
    except JournalError as error:
        raise HTTPServiceUnavailable(text=f"The history can't be read just now. {error}") from None


def whole_number(query: Mapping[str, str], name: str) -> int | None:
    """A parameter, None where it is missing. Raises HTTPBadRequest."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= VALUE_LIMIT):
        raise HTTPBadRequest(text=f"{name} is a whole number, 0 or more.")
    return int(text)


def found_round(db: sqlite3.Connection, number: int) -> Numbered:
    """The round of this id. Raises HTTPNotFound."""
    if found := reading.one(db, number):
        return found
    raise HTTPNotFound(text="There is no such round.")


def _told(db: sqlite3.Connection, stretch: str, number: int | None, now: int, is_host: bool) -> dict[str, Any]:
    running = reading.rounds(db, 1)[0]
    one = running if number is None else found_round(db, number)
    live = one.end is None
    if number is not None or stretch == "round":
        span = reading.span_of(db, one, now)
    elif stretch == "all":
        span = reading.whole(db, now)
    else:
        midnight = datetime.fromtimestamp(now / 1000).replace(hour=0, minute=0, second=0, microsecond=0)
        start = now - FIVE_MINUTES if stretch == "five" else int(midnight.timestamp() * 1000)
        span = reading.span(db, start, now)
    told = {
        "round": running.round.id,
        "rounds": reading.ended(db),
        "from": span.start,
        "to": span.end,
        "before": span.before,
        "value": span.changes[-1].value if span.changes else span.before,
        "goal": one.round.goal,
        "live": live,
        "changes": [_change(entry, is_host) for entry in span.changes],
        "people": [{"at": at, "n": here} for at, here in span.people],
    }
    return {**told, "names": reading.has_names(db)} if is_host else told


def _change(entry: reading.Entry, is_host: bool) -> dict[str, Any]:
    change = {"at": entry.at, "delta": entry.delta, "value": entry.value, "kind": entry.kind}
    return {**change, "who": entry.who._asdict()} if is_host and entry.who else change


def _round(one: Numbered) -> dict[str, Any]:
    kept = one.round
    return {
        "round": kept.id,
        "number": one.number,
        "title": one.title,
        "from": kept.first,
        "to": kept.last,
        "value": kept.value,
        "low": kept.low,
        "high": kept.high,
        "people": one.people,
        "here": kept.here,
        "goal": kept.goal,
        "reached": kept.reaches(),
        "live": one.end is None,
    }


def _with_shares(db: sqlite3.Connection, number: int, is_host: bool) -> dict[str, Any]:
    told = _round(found_round(db, number))
    if is_host:
        told["added"] = [{**who._asdict(), "added": added} for who, added in reading.shares(db, number)]
    return told


def _json(answer: dict[str, Any] | Sequence[dict[str, Any]]) -> Response:
    body = msgspec.json.encode(answer)
    return Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})
