"""Results to take along, over HTTP."""

import asyncio
import csv
import io
import json
from typing import Any

import aiohttp
import openpyxl
import pytest

from desktop.journal.sqlite import SqliteJournal
from desktop.server import takeaway
from tests.desktop.server.test_history import Past, lesson, served_past
from tests.desktop.support import ADA, SECRET, Serve

HOST = {"Authorization": f"Bearer {SECRET}"}
FILES = ["/history.csv", "/rounds.csv", "/history.xlsx"]


@pytest.fixture
async def past(serve: Serve, database: Any) -> Past:
    past = await served_past(serve, SqliteJournal(database))
    await lesson(past)
    return past


async def fetched(past: Past, path: str, **headers: str) -> tuple[int, Any, bytes]:
    async with past.served.session.get(past.served.url + path, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


async def post(past: Past, path: str, body: bytes, **headers: str) -> tuple[int, str]:
    async with past.served.session.post(
        past.served.url + path, data=io.BytesIO(body), headers={**HOST, **headers}
    ) as answer:
        return answer.status, await answer.text()


async def wished(past: Past, **wish: Any) -> str:
    status, text = await post(past, "/host/take", json.dumps(wish).encode())
    assert status == 200, text
    path: str = json.loads(text)["path"]
    return path


async def test_the_host_gets_every_change_with_who_it_was(past: Past) -> None:
    status, headers, body = await fetched(past, "/history.csv", **HOST)
    assert status == 200
    assert headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert headers["Content-Disposition"].startswith('attachment; filename="LAN Counter ')
    assert headers["Cache-Control"] == "no-store"
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert [(row[5], row[6], row[7], row[8]) for row in rows[1:]] == [
        ("Ada", "7", "7", "added"),
        ("Ada", "-1", "6", "added"),
        ("Host", "-6", "0", "reset"),
        ("Ada", "2", "2", "added"),
    ]
    assert ADA.encode() not in body


async def test_in_french_the_separator_is_another(past: Past) -> None:
    _, headers, body = await fetched(past, "/rounds.csv?language=fr", **HOST)
    assert body.startswith("\ufeffManche;Titre;".encode())
    assert "Manches.csv" in headers["Content-Disposition"]


async def test_a_workbook_and_one_round_of_it(past: Past) -> None:
    for path, rows in (("/history.xlsx", 5), ("/history.xlsx?round=0", 4)):
        _, _, body = await fetched(past, path, **HOST)
        assert openpyxl.load_workbook(io.BytesIO(body))["Changes"].max_row == rows


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {SECRET}"},
        {**HOST, "Origin": "http://evil.example"},
        {**HOST, "Origin": "null"},
    ],
)
async def test_nobody_else_gets_them(past: Past, path: str, headers: dict[str, str]) -> None:
    status, _, body = await fetched(past, path, **headers)
    assert (status, body) == (403, b"Only the host may ask for this.")
    async with past.served.session.post(past.served.url + "/host/take", data=b"{}", headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("path", FILES)
async def test_what_is_asked_wrongly_is_named(past: Past, path: str) -> None:
    assert (await fetched(past, f"{path}?language=xx", **HOST))[0] == 400
    assert (await fetched(past, f"{path}?round=x", **HOST))[0] == 400
    assert (await fetched(past, f"{path}?round=3", **HOST))[0] == 404
    async with past.served.session.head(past.served.url + path, headers=HOST) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"{}", 400), (b'{"what":"all"}', 400), (b'{"what":"rounds","language":"xx"}', 400),
     (b'{"what":"rounds","round":3}', 404), (b'{"what":"rounds","round":-1}', 404)],
)  # fmt: skip
async def test_a_wish_that_cannot_be_met_is_refused_at_once(past: Past, body: bytes, status: int) -> None:
    assert (await post(past, "/host/take", body))[0] == status


@pytest.mark.parametrize("what", ["workbook", "rounds", "changes"])
async def test_a_wish_has_a_path_that_needs_no_header_and_is_good_more_than_once(past: Past, what: str) -> None:
    path = await wished(past, what=what, language="fr")
    first, second = await fetched(past, path), await fetched(past, path)
    assert first[0] == second[0] == 200
    assert "attachment" in first[1]["Content-Disposition"]
    if what != "workbook":
        assert first[2] == second[2]
        assert b";" in first[2]


async def test_after_a_minute_it_is_good_no_more(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeaway, "LASTS", -1.0)
    assert (await fetched(past, await wished(past, what="rounds")))[0] == 404
    assert (await fetched(past, "/take/guessed/rounds.csv"))[0] == 404


async def test_so_many_wait_at_once_and_the_oldest_gives_way(past: Past) -> None:
    first = await wished(past, what="rounds")
    for _ in range(takeaway.WAITING):
        last = await wished(past, what="rounds")
    assert (await fetched(past, first))[0] == 404
    assert (await fetched(past, last))[0] == 200


async def test_what_a_page_has_drawn_is_kept_for_it(past: Past) -> None:
    drawn = b"<svg>" + b"x" * 1_900_000 + b"</svg>"
    status, text = await post(past, "/host/take/a%20%22plot%22.svg", drawn, **{"Content-Type": "image/svg+xml"})
    assert status == 200
    status, headers, body = await fetched(past, json.loads(text)["path"])
    assert (status, body) == (200, drawn)
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["Content-Disposition"] == "attachment; filename=\"a _plot_.svg\"; filename*=UTF-8''a%20_plot_.svg"


@pytest.mark.parametrize(
    ("name", "kind", "size", "status"),
    [("a.svg", "text/html", 9, 415), ("a.html", "image/svg+xml", 9, 415), ("a.png", "image/svg+xml", 9, 415),
     ("a.png", "image/png", takeaway.DRAWN_LIMIT + 1, 413)],
)  # fmt: skip
async def test_nothing_but_pictures_of_some_size_is_kept(
    past: Past, name: str, kind: str, size: int, status: int
) -> None:
    try:
        assert (await post(past, f"/host/take/{name}", b"x" * size, **{"Content-Type": kind}))[0] == status
    except aiohttp.ClientError:  # that is still sending what nobody reads any more
        assert status == 413


async def test_while_a_file_is_made_others_are_answered(past: Past) -> None:
    path = await wished(past, what="workbook")
    making = asyncio.create_task(fetched(past, path))
    assert (await past.get("/rounds.json"))[0] == 200
    assert (await making)[0] == 200
