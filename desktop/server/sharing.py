"""Which counter the next start shares with other hosts: what only this machine's host may ask for, and type once.

The password goes in, and never out again.
"""

import asyncio
from pathlib import Path
from typing import Annotated

from aiohttp import web
from aiohttp.web import Request, Response, StreamResponse
from msgspec import Meta, Struct

from desktop.journal import JournalError, shared
from desktop.machine import preferences
from desktop.server.joining import NO_STORE, body, guarded_by


class Wish(Struct, frozen=True):
    """What to share; no `url`: nothing. `password` replaces the one that is kept; None: that stays."""

    url: Annotated[str, Meta(max_length=500)]
    session: Annotated[str, Meta(max_length=200)] = ""
    password: Annotated[str, Meta(max_length=500)] | None = None


class Sharing:
    """The routes. What is wished for is kept in `folder`."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._folder = folder
        self._secret = secret

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/host/sharing", guarded_by(self._kept, self._secret)),
            web.post("/host/sharing", guarded_by(self._keep, self._secret)),
        ]

    async def _kept(self, request: Request) -> StreamResponse:
        known = preferences.load(self._folder / "preferences.json")
        answer = {
            "url": known.redis or "",
            "session": known.session or shared.SESSION,
            "password": shared.kept_password(self._folder).exists(),
        }
        return web.json_response(answer, headers=NO_STORE)

    async def _keep(self, request: Request) -> StreamResponse:
        """Kept is only what works, so that whoever types it sees at once what doesn't."""
        wish = await body(request, Wish)
        try:
            if wish.url.strip():
                url, session = shared.checked_url(wish.url), shared.checked_name(wish.session)
                await asyncio.to_thread(self._try, url, session, wish.password)
                shared.keep(self._folder, url, session, wish.password)
            else:
                shared.keep(self._folder, None, "", "")
        except ValueError as error:
            return _refused(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        except JournalError as error:
            return _refused(str(error))
        except OSError as error:
            return _refused(f"This can't be kept: {error.strerror or error}.")
        return Response(status=204)

    def _try(self, url: str, session: str, password: str | None) -> None:
        """Raises JournalError."""
        if password is None:
            password = shared.kept(self._folder, "").password
        shared.tried(shared.Session(url, session, "", password))


def _refused(sentence: str) -> StreamResponse:
    """Not a mistake of the page's, so no status of its own: a word was wrong, or a server is away."""
    return web.json_response({"refused": sentence}, headers=NO_STORE)
