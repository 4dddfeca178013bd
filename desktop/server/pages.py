"""The page's files, read once and kept in memory: nothing outside `web/` can be asked for, as nothing else is here.

Compressed once, at the first request: a plain http page on a LAN gets gzip and nothing better.
"""

import gzip
import hashlib
import html
import json
import mimetypes
import re
from base64 import b64encode
from functools import cached_property
from pathlib import Path

from aiohttp import web
from aiohttp.web import Request, Response

from desktop.server.guard import INLINE

REVALIDATE = "no-cache"
FOREVER = "public, max-age=31536000, immutable"

# Some systems' tables don't know, or get wrong, what a browser insists on.
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".json": "application/json",
         ".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain"}  # fmt: skip
WEIGHT = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)")
SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Page:
    """One file; the page itself has its languages put in, code to name: there is a file for each."""

    def __init__(self, path: Path, cache: str) -> None:
        self.body = path.read_bytes()
        if path.name == "index.html":
            locales = sorted(path.parent.glob("locales/*.json"))
            names = {file.stem: json.loads(file.read_bytes())["language.own"] for file in locales}
            listed = html.escape(json.dumps(names, ensure_ascii=False)).encode()
            self.body = self.body.replace(b'<meta name="languages"', b'<meta name="languages" content="%s"' % listed)
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind in ("application/json", "image/svg+xml")
        self.headers = {
            "Content-Type": f"{kind}; charset=utf-8" if text else kind,
            "Cache-Control": cache,
            # Weak: the same for the compressed bytes.
            "ETag": f'W/"{hashlib.sha256(self.body).hexdigest()[:16]}"',
            "Vary": "Accept-Encoding",
        }
        # As a browser hashes them: with its own line ends.
        scripts = (script.replace(b"\r\n", b"\n") for script in SCRIPT.findall(self.body))
        self.inline = [f"'sha256-{b64encode(hashlib.sha256(script).digest()).decode()}'" for script in scripts]

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.body, 9, mtime=0)

    async def answer(self, request: Request) -> Response:
        """The file, or 304 if the browser has it already. Under INLINE it tells what its policy has to let in."""
        response = self._answer(request)
        response[INLINE] = self.inline
        return response

    def _answer(self, request: Request) -> Response:
        if self.headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status=304, headers={k: v for k, v in self.headers.items() if k != "Content-Type"})
        if "gzip" in accepted(request.headers.get("Accept-Encoding", "")) and len(self.compressed) < len(self.body):
            return Response(body=self.compressed, headers={**self.headers, "Content-Encoding": "gzip"})
        return Response(body=self.body, headers=self.headers)


def files(folder: Path) -> list[Path]:
    """What is served of a folder, relative to it: all but what is said there to who reads the source."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "README.md")
    return sorted(path.relative_to(folder) for path in found)


def accepted(header: str) -> list[str]:
    """What a header of the Accept family lists, in lower case, the best first, and without what has a weight of 0 (RFC
    9110, sections 12.4.2 and 12.5)."""

    def weight(offer: str) -> float:
        found = WEIGHT.search(offer)
        return float(found[1]) if found else 1

    offers = sorted(header.lower().split(","), key=weight, reverse=True)
    return [offer.partition(";")[0].strip() for offer in offers if weight(offer)]


class Pages:
    """All files of a folder, under `/static/`; its `index.html` is `/`, `/projector` for the back of a room, and
    `/lab` for the wire."""

    def __init__(self, folder: Path) -> None:
        # What is vendored has its version in its name, so it never changes under that name.
        self._pages = {
            name.as_posix(): Page(folder / name, FOREVER if name.parts[0] == "vendor" else REVALIDATE)
            for name in files(folder)
        }

    def routes(self) -> list[web.RouteDef]:
        index = self._pages["index.html"].answer
        static = (web.get(f"/static/{name}", page.answer) for name, page in self._pages.items())
        return [web.get("/", index), web.get("/projector", index), web.get("/lab", index), *static]


def folder() -> Path:
    """Where the page's files are: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    return next(place for place in (package / "web", package.parent / "web") if (place / "index.html").is_file())
