"""What those are told who come by a wrong name, or to a wrong path."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest

from desktop.server.pages import folder
from tests.desktop.support import Serve, Served

BROWSER = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JOIN = "http://192.168.1.42:8000/"
LOCALES = {path.stem: json.loads(path.read_text("utf-8")) for path in (folder() / "locales" / "host").glob("*.json")}
LONG = "/" + "a" * 2_000


class Answer(NamedTuple):
    status: int
    head: str
    body: str


@pytest.fixture
async def served(serve: Serve) -> Served:
    return await serve()


async def ask(served: Served, path: str, *headers: str, host: str | None = None, method: str = "GET") -> Answer:
    line = f"Host: {host or f'127.0.0.1:{served.port}'}"
    head, _, body = (await served.exchange(f"{method} {path} HTTP/1.1", line, *headers)).partition("\r\n\r\n")
    return Answer(int(head.split()[1]), head, body)


class Reader(HTMLParser):
    """The elements of a page by name, where it links to, and what is read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


# --- a path that a page has, but for slashes and capitals ---


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/Static/index.html", "/static/index.html"),
        ("/projector/", "/projector"),
        ("//", "/"),
        ("/INDEX.HTML", "/"),
        ("/index.html", "/"),
        ("/Projector", "/projector"),
        ("//projector///", "/projector"),
        ("/%50rojector", "/projector"),
        ("/projector%2F", "/projector"),
        ("/static//app.js", "/static/app.js"),
        ("/health/", "/health"),
        ("/Projector?to=http://evil.example/", "/projector"),
        ("/projector/?a=%0d%0aSet-Cookie:b", "/projector"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_slashes_and_capitals_lead_to_the_page_that_is_meant(
    served: Served, path: str, meant: str, method: str
) -> None:
    answer = await ask(served, path, BROWSER, method=method)
    assert answer.status == 302
    assert re.findall(r"(?im)^location: (.*?)\r?$", answer.head) == [meant]
    assert (await ask(served, meant)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/",
        "//evil.example/projector",
        "///evil.example",
        "/\\evil.example",
        "/%2F%2Fevil.example/",
        "/http://evil.example/",
        "/projector/evil",
        "/projector%00",
        "/static/",
        "/countr",
        "/static/../projector/x",
    ],
)
async def test_nothing_leads_elsewhere(served: Served, path: str) -> None:
    answer = await ask(served, path, BROWSER)
    assert answer.status == 404
    assert "\nlocation:" not in answer.head.lower()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_who_reads_is_led(served: Served, method: str) -> None:
    assert (await ask(served, "/projector/", BROWSER, method=method)).status == 404


# --- a wrong path ---


async def test_a_wrong_path_is_named_and_the_address_on_display_linked(served: Served) -> None:
    answer = await ask(served, "/countr?a=1", BROWSER)
    page = Reader(answer.body)
    assert answer.status == 404
    assert "content-type: text/html; charset=utf-8" in answer.head.lower()
    assert "cache-control: no-store" in answer.head.lower()
    assert "The address ends in /countr, which is not a page of the counter." in page.text
    assert "The counter is at 192.168.1.42:8000" in page.text
    assert JOIN in page.links
    assert "script" not in page.tags
    for link in page.links:
        assert link == JOIN or (folder() / str(link).removeprefix("/static/")).is_file()


async def test_what_is_asked_for_as_something_else_is_told_in_plain_text(served: Served) -> None:
    for accept in ("Accept: */*", "Accept: image/*, */*;q=0.5", "Accept: text/html;q=0, text/plain", "X-None: x"):
        answer = await ask(served, "/countr", accept)
        assert answer.status == 404
        assert "content-type: text/plain; charset=utf-8" in answer.head.lower()
        assert answer.body == f"There is no page here. The counter is at {JOIN}\n"


async def test_without_an_address_on_display_whoever_is_here_stays_here(serve: Serve) -> None:
    served = await serve(join=None)
    answer = await ask(served, "/countr", BROWSER, host=f"localhost:{served.port}")
    assert f"http://localhost:{served.port}/" in Reader(answer.body).links
    elsewhere = await ask(served, "/", BROWSER, host="evil.example")
    assert Reader(elsewhere.body).links == []
    assert (await ask(served, "/", host="evil.example")).body == "The counter has another address.\n"


@pytest.mark.parametrize(
    ("wished", "language"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("en;q=0.2, fr;q=0.7", "fr"),
        ("xx, FR;q=0.1", "fr"),
        ("fr;q=0, en", "en"),
        ("xx", "en"),
        ("../../etc/passwd, <script>", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
async def test_the_page_speaks_the_browsers_language(served: Served, wished: str, language: str) -> None:
    for path, host in (("/countr", None), ("/", "teacher.fritz.box:8000")):
        answer = await ask(served, path, BROWSER, f"Accept-Language: {wished}", host=host)
        assert f'<html lang="{language}">' in answer.body
        assert LOCALES[language]["plain.at"] in answer.body


async def test_every_language_that_there_is_has_its_page(served: Served) -> None:
    for language, sentences in LOCALES.items():
        answer = await ask(served, "/countr", BROWSER, f"Accept-Language: {language}")
        assert f"<h1>{sentences['plain.path']}</h1>" in unescape(answer.body)
        assert sentences["plain.path.why"].count("{named}") == sentences["plain.name.why"].count("{named}") == 1
        assert "{" not in answer.body


# --- a wrong name ---


@pytest.mark.parametrize("name", ["teacher.fritz.box", "teacher.lan", "evil.example", "127.0.0.1.nip.io"])
@pytest.mark.parametrize("path", ["/", "/projector/", "/static/index.html", "/countr", "/join.svg"])
async def test_whoever_comes_by_another_name_is_told_the_address_and_nothing_else(
    served: Served, name: str, path: str
) -> None:
    answer = await ask(served, path, BROWSER, host=f"{name}:{served.port}")
    page = Reader(answer.body)
    assert answer.status == 421
    assert f"It does not answer to the name {name}:{served.port}." in page.text
    # Whatever else it named would be refused there.
    assert page.links == [JOIN]
    assert "script" not in page.tags
    assert "\nlocation:" not in answer.head.lower()
    assert "content-security-policy: default-src 'self'" in answer.head.lower()


# --- hostile ---


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img/src=x/onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</code></p><a/href=http://evil.example>",
    "&lt;b&gt;&#60;",
    "{named}{title}{0}",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "%22%3E%3Csvg/onload=alert(1)%3E",
    "%E2%80%AEgpj.exe%E2%81%A6x",
    "%00%01%1b[31m%7f%0d%0aX-Bad:%201",
    "%ff%fe%c0%80",
    "%ed%a0%80",
    "\u202etxt.exe",
    "\udcff\udcc0\udc80",
    "caf\u00e9",
    "%D9%85%D8%B1%D8%AD%D8%A8%D8%A7",
    LONG,
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_is_hostile_is_shown_and_does_nothing(served: Served, text: str) -> None:
    harmless = {"html", "meta", "link", "title", "main", "h1", "p", "code", "a", "span"}
    for path, host in ((f"/{text}", None), ("/", f"{text}:{served.port}")):
        answer = await ask(served, path, BROWSER, host=host)
        # aiohttp's own parser refuses some of it.
        assert answer.status in (400, 404 if host is None else 421)
        assert "x-bad" not in answer.head.lower()
        if answer.status == 400:
            continue
        page = Reader(answer.body)
        assert set(page.tags) <= harmless
        assert page.tags.count("a") == 1
        assert set(page.links) <= {JOIN, "/static/tokens.css", "/static/views/plain.css"}
        assert not re.search(
            "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", answer.body
        )
        assert len(answer.body) < 2_000


async def test_a_long_path_is_cut_where_it_is_shown(served: Served) -> None:
    page = Reader((await ask(served, LONG, BROWSER)).body)
    assert f"{LONG[:80]}\u2026" in page.text
    assert LONG[:81] not in page.text
    assert "\u2026" not in Reader((await ask(served, LONG[:80], BROWSER)).body).text


def test_the_pages_style_is_whole_without_the_rest() -> None:
    style = (folder() / "views" / "plain.css").read_text("utf-8")
    defined = set(re.findall(r"(--[\w-]+):", (folder() / "tokens.css").read_text("utf-8")))
    assert set(re.findall(r"var\((--[\w-]+)", style)) <= defined
    assert "url(" not in style
    assert Path(folder() / "fonts" / "figures.woff2").is_file()
