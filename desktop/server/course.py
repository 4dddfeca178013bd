"""The course's page: a walk through the exercise, in the reader's language, and with this counter's address in it."""

import json
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.web import Request, Response

from desktop.server.guard import ADMITTED
from desktop.server.pages import accepted

EXAMPLE: Final = "127.0.0.1:8000"
"""The address in the snippets, as they lie there: it gives way to the one that others join at."""
SLOT: Final = re.compile(r"\{\{([\w. ]+)\}\}")


class Course:
    """`folder` has the page, its words in each language and its snippets; `join` gives the address on display."""

    def __init__(self, folder: Path, join: Callable[[], str | None]) -> None:
        self._page = (folder / "course.html").read_text("utf-8")
        self._words = {path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob("words/*.json"))}
        self._snippets = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("snippets/*"))}
        self._join = join

    def routes(self) -> list[web.RouteDef]:
        snippets = (web.get(f"/lab/course/{name}", self._snippet) for name in self._snippets)
        return [web.get("/lab/course", self._course), *snippets]

    async def _course(self, request: Request) -> Response:
        language = self._language(request)
        words = self._words[language]
        other = next(code for code in self._words if code != language)

        def fill(slot: re.Match[str]) -> str:
            kind, _, name = slot[1].partition(" ")
            if kind == "snippet":
                return escape(self._addressed(name, request), quote=False)
            return {"language": language, "other": other}.get(kind) or self._sentence(words, kind)

        return Response(text=SLOT.sub(fill, self._page), content_type="text/html", headers={"Vary": "Accept-Language"})

    async def _snippet(self, request: Request) -> Response:
        return Response(text=self._addressed(request.path.rpartition("/")[2], request), content_type="text/plain")

    def _language(self, request: Request) -> str:
        """What the address asks for, else the browser."""
        wished = [tag.partition("-")[0] for tag in accepted(request.headers.get("Accept-Language", ""))]
        return next((code for code in [*request.query, *wished] if code in self._words), "en")

    def _sentence(self, words: dict[str, str], key: str) -> str:
        return escape(words[key]).replace("{code}", '<code>{"counter":7}</code>')

    def _addressed(self, name: str, request: Request) -> str:
        """A snippet, with the address on display, or the one that was asked, in it."""
        join = self._join() or f"http://{request[ADMITTED]}/"
        return self._snippets[name].replace(EXAMPLE, join.removeprefix("http://").rstrip("/"))
