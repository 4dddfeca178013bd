"""Who comes astray: by a name that isn't ours, or to a path that no page has. They are told where the counter is."""

import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

from aiohttp.web import HTTPFound, Request, Response

from desktop.server.guard import ADMITTED
from desktop.server.pages import accepted

LONGEST: Final = 80
PAGE: Final = """<!doctype html>
<html lang="{}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{}
<title>{}</title>
<main class="plain">{}</main>
"""
STYLES: Final = "".join(f'<link rel="stylesheet" href="/static/{name}.css">' for name in ("tokens", "views/plain"))


class Astray:
    """`join` gives the address on display, if there is one; the sentences are in the folder `locales`."""

    def __init__(self, locales: Path, join: Callable[[], str | None]) -> None:
        self._words = {path.stem: json.loads(path.read_bytes()) for path in locales.glob("*.json")}
        self._join = join

    def path(self, request: Request) -> Response:
        """Lead to the page that is meant, if only slashes or capitals differ; else say that there is none. Raises
        HTTPFound: what it leads to is a path of ours, and nothing of the request is in it."""
        ours = {"/index.html": "/"} | {one.canonical.lower(): one.canonical for one in request.app.router.resources()}
        meant = re.sub("/+", "/", request.path).rstrip("/").lower() or "/"
        if meant in ours and request.method in ("GET", "HEAD"):
            raise HTTPFound(ours[meant])
        # Whoever came here may well stay here, if nothing is on display.
        return self._told(request, 404, "path", request.path, STYLES, self._join() or f"http://{request[ADMITTED]}/")

    def name(self, request: Request) -> Response:
        """Say that the server isn't known by that name: with no style sheet, since nothing else is served there."""
        return self._told(request, 421, "name", request.headers.get("Host", ""), "", self._join())

    def _told(self, request: Request, status: int, what: str, called: str, styles: str, join: str | None) -> Response:
        wished = (tag.partition("-")[0] for tag in accepted(request.headers.get("Accept-Language", "")))
        language = next((tag for tag in wished if tag in self._words), "en")
        title, why, at = (self._words[language][f"plain.{key}"] for key in (what, f"{what}.why", "at"))
        if "text/html" not in accepted(request.headers.get("Accept", "")):
            return Response(status=status, text=f"{title}. {at} {join}\n" if join else f"{title}.\n")
        # What can't be seen may hide what can, or turn it round; and half a pair of surrogates is no UTF-8.
        seen = "".join(sign for sign in called if sign.isprintable())
        code = f'<code dir="auto">{escape(seen[:LONGEST])}{"…" * (len(seen) > LONGEST)}</code>'
        body = f"<h1>{escape(title)}</h1>\n"
        if seen:
            body += f"<p>{escape(why).replace('{named}', code)}</p>\n"
        if join:
            address, url = escape(join.removeprefix("http://").removesuffix("/")), escape(join)
            body += f'<a class="to" href="{url}"><span>{escape(at)}</span> <span class="fig">{address}</span></a>'
        return Response(status=status, text=PAGE.format(language, styles, title, body), content_type="text/html")
