"""Results to take along, for the host alone: made while they are sent, so that a million changes take no memory.

A window can send no header with what it saves, and loses what a page has in its own memory. So what is asked for gets a
path of its own, which nobody can guess: to be fetched over loopback, for a minute, more than once (macOS asks twice).

    GET /history.csv /rounds.csv /history.xlsx    language=fr, round=ID
    POST /host/take                {"what":"workbook","round":null,"language":"fr"}; what: workbook, rounds, changes.
                                   {"path":"/take/…/…"} is where it can be fetched
    POST /host/take/<file name>    keeps what a page has drawn, an SVG or PNG of up to 2 MB, in the same way
"""

import asyncio
import re
import secrets
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web import (
    HTTPBadRequest,
    HTTPNotFound,
    HTTPRequestEntityTooLarge,
    HTTPServiceUnavailable,
    HTTPUnsupportedMediaType,
    Request,
    Response,
    StreamResponse,
)
from msgspec import Struct

from desktop.export import files
from desktop.export.files import KINDS, Made
from desktop.export.tables import Unknown
from desktop.export.words import languages
from desktop.journal import Journal, JournalError
from desktop.server.gate import Connection, State, connection_of
from desktop.server.history import ask, found_round, whole_number
from desktop.server.joining import body, guarded_by

T = TypeVar("T")

LASTS: Final = 60.0
"""Seconds."""
WAITING: Final = 20
"""Things to fetch, at once."""
AT_WORK: Final = 10.0
"""Seconds from one sign to the next that a file is being made."""
DRAWN_LIMIT: Final = 2 * 1024 * 1024
"""Bytes of a picture."""
DRAWN: Final = {"image/svg+xml": ".svg", "image/png": ".png"}
UNFIT: Final = re.compile(r'[\x00-\x1f\x7f-\x9f"*/:<>?\\|]+')
"""What some system allows in no file name."""


class Wish(Struct, frozen=True):
    what: Literal["workbook", "rounds", "changes"]
    round: int | None = None
    language: str = "en"


class Drawn(NamedTuple):
    name: str
    kind: str
    content: bytes


class Takeaway:
    """The routes."""

    def __init__(self, journal: Journal, secret: str, locales: Path) -> None:
        self._journal = journal
        self._secret = secret
        self._locales = locales
        self._waiting: dict[str, tuple[float, Wish | Drawn]] = {}

    def routes(self) -> list[web.RouteDef]:
        guarded = {
            "/history.csv": self._file("changes"),
            "/rounds.csv": self._file("rounds"),
            "/history.xlsx": self._file("workbook"),
        }
        return [
            *(web.get(path, guarded_by(handler, self._secret)) for path, handler in guarded.items()),
            web.post("/host/take", guarded_by(self._take, self._secret)),
            web.post("/host/take/{name}", guarded_by(self._keep, self._secret)),
            web.get("/take/{ticket}/{name}", self._fetch),
        ]

    def _file(self, what: Literal["workbook", "rounds", "changes"]) -> Handler:
        async def file(request: Request) -> StreamResponse:
            number = whole_number(request.query, "round")
            return await self._send(request, self._checked(Wish(what, number, request.query.get("language", "en"))))

        return file

    async def _take(self, request: Request) -> StreamResponse:
        wish = self._checked(await body(request, Wish))
        if (number := wish.round) is not None:
            await ask(self._journal, lambda db: found_round(db, number))
        return self._ticket(wish, files.name(self._locales, wish.what, wish.language, time.time()))

    async def _keep(self, request: Request) -> StreamResponse:
        """What a page has drawn."""
        kind, name = request.content_type, _fit(request.match_info["name"])
        if kind not in DRAWN or not name.lower().endswith(DRAWN[kind]):
            raise HTTPUnsupportedMediaType(text="Only a picture is kept: an SVG or a PNG, named as such.")
        content = bytearray()
        async for piece in request.content.iter_any():
            content += piece
            connection_of(request).unheard -= len(piece)
            if len(content) > DRAWN_LIMIT:
                raise HTTPRequestEntityTooLarge(DRAWN_LIMIT, len(content))
        return self._ticket(Drawn(name, kind, bytes(content)), name)

    def _ticket(self, thing: Wish | Drawn, name: str) -> Response:
        now = time.monotonic()
        fresh = [(ticket, kept) for ticket, kept in self._waiting.items() if kept[0] > now]
        ticket = secrets.token_urlsafe(32)
        self._waiting = dict([*fresh[1 - WAITING :], (ticket, (now + LASTS, thing))])
        return _json({"path": f"/take/{ticket}/{quote(name, safe='')}"})

    async def _fetch(self, request: Request) -> StreamResponse:
        until, thing = self._waiting.get(request.match_info["ticket"], (0.0, None))
        if thing is None or until < time.monotonic() or not connection_of(request).local:
            raise HTTPNotFound(text="This is no longer kept: take it along again.")
        if isinstance(thing, Drawn):
            return Response(body=thing.content, headers=_headers(thing.name, thing.kind))
        return await self._send(request, thing)

    def _checked(self, wish: Wish) -> Wish:
        if wish.language not in languages(self._locales):
            raise HTTPBadRequest(text=f"language is one of {', '.join(sorted(languages(self._locales)))}.")
        return wish

    def _made(self, wish: Wish) -> Made:
        def asked(query: files.Query[T]) -> T:
            return self._journal.read(query).result()

        return files.make(asked, self._locales, wish.what, wish.language, time.time(), wish.round)

    async def _send(self, request: Request, wish: Wish) -> StreamResponse:
        made, connection = self._made(wish), connection_of(request)
        try:
            first = await _next(made.pieces, connection)
            response = StreamResponse(headers=_headers(made.name, KINDS[wish.what]))
            await response.prepare(request)
            if request.method != "HEAD":
                await response.write(first)
                while piece := await _next(made.pieces, connection):
                    await response.write(piece)
            await response.write_eof()
            return response
        except Unknown:
            raise HTTPNotFound(text="There is no such round.") from None
        except JournalError as error:
            raise HTTPServiceUnavailable(text=f"The file could not be made. {error}") from None
        finally:
            # At the end of the program it may still be made: then it ends where the journal can't be read any more.
            with suppress(ValueError):
                await asyncio.to_thread(made.pieces.close)


async def _next(pieces: Generator[bytes], connection: Connection) -> bytes:
    """The next piece, nothing at the end. However long it takes, the connection is at work."""
    task = asyncio.ensure_future(asyncio.to_thread(next, pieces, b""))
    while not (await asyncio.wait({task}, timeout=AT_WORK))[0]:
        connection.move(State.ASKING)
    connection.move(State.ASKING)
    return task.result()


def _headers(name: str, kind: str) -> dict[str, str]:
    """Of something to be saved under this name (RFC 6266, section 4.3, and RFC 8187)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {"Content-Type": kind, "Content-Disposition": named, "Cache-Control": "no-store"}


def _fit(name: str) -> str:
    return UNFIT.sub("_", name).strip(" .")[:100]


def _json(answer: object) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(body=msgspec.json.encode(answer), content_type="application/json", headers=headers)
