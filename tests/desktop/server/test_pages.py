"""The page's files over HTTP, from a small folder."""

import asyncio
import gzip
import html
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from desktop.journal.memory import MemoryJournal
from desktop.server.pages import Pages, accepted, folder
from tests.desktop.support import Serve, Served, page_folder
from tests.desktop.support import served as counter


@pytest.fixture
async def served(serve: Serve) -> Served:
    return await serve()


@pytest.fixture
def web_folder(tmp_path: Path, served: Served) -> Path:
    return tmp_path / "web"


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


async def get(served: Served, path: str, **headers: str) -> Answer:
    """The answer as it came: nothing is unpacked."""
    async with served.session.get(
        served.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()}, auto_decompress=False
    ) as answer:
        return Answer(answer.status, answer.headers, await answer.read())


@pytest.mark.parametrize("path", ["/", "/static/index.html", "/projector", "/lab"])
async def test_the_page_has_one_body_at_all_its_addresses(served: Served, web_folder: Path, path: str) -> None:
    answer = await get(served, path, Accept_Encoding="identity")

    assert answer.status == 200
    assert answer.body == (web_folder / "index.html").read_bytes()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Content-Encoding" not in answer.headers


async def test_the_page_is_told_its_languages_by_their_own_names(tmp_path: Path) -> None:
    web = page_folder(tmp_path / "web")
    (web / "index.html").write_text('<!doctype html><meta name="languages">', "utf-8")
    etags = set()
    for code, own in (("co", "Corsu"), ("oc-x", 'l\u2019"oc" & <lenga>')):
        (web / "locales").mkdir(exist_ok=True)
        (web / "locales" / f"{code}.json").write_text(json.dumps({"language.own": own, "app": "LAN Counter"}), "utf-8")
        async with counter(MemoryJournal(), Pages(web)) as served:
            answer = await get(served, "/", Accept_Encoding="identity")
            etags.add(answer.headers["ETag"])
            same = await get(served, "/static/index.html", If_None_Match=answer.headers["ETag"])
            assert same.status == 304
    assert len(etags) == 2
    (listed,) = re.findall('<meta name="languages" content="([^"]*)">', answer.body.decode())
    assert json.loads(html.unescape(listed)) == {"co": "Corsu", "oc-x": 'l\u2019"oc" & <lenga>'}
    assert "<lenga>" not in listed


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("short.css", "text/css; charset=utf-8"),
        ("fonts/plaque.woff2", "font/woff2"),
    ],
)
async def test_a_file_has_the_type_that_a_browser_insists_on(
    served: Served, web_folder: Path, name: str, kind: str
) -> None:
    answer = await get(served, f"/static/{name}")

    assert answer.headers["Content-Type"] == kind


async def test_text_is_compressed_for_whoever_takes_that(served: Served, web_folder: Path) -> None:
    plain = (web_folder / "app.js").read_bytes()

    answer = await get(served, "/static/app.js", Accept_Encoding="br, gzip;q=0.8")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.body) < len(plain)
    assert gzip.decompress(answer.body) == plain
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["gzip;q=0", "br, GZIP ; q = 0.000", "identity", "xgzip", ""])
async def test_whoever_does_not_take_gzip_is_not_sent_it(served: Served, web_folder: Path, accepted: str) -> None:
    answer = await get(served, "/static/app.js", Accept_Encoding=accepted)

    assert "Content-Encoding" not in answer.headers
    assert answer.body == (web_folder / "app.js").read_bytes()


@pytest.mark.parametrize(
    ("header", "listed"),
    [
        ("", [""]),
        ("fr", ["fr"]),
        ("en;q=0.5, fr-CA, DE ; q = 0.7", ["fr-ca", "de", "en"]),
        ("fr;q=0.8,en;q=0.8", ["fr", "en"]),
        ("text/html;level=1;q=0.3, */*;q=0, text/plain", ["text/plain", "text/html"]),
        ("en;q=0.000, fr;q=1.0, de;q=nan, es;q=2;q=0.1", ["fr", "de", "es"]),
        (",,;q=1,;;", ["", "", "", ""]),
    ],
)
def test_what_is_accepted_comes_in_the_order_of_its_weights(header: str, listed: list[str]) -> None:
    assert accepted(header) == listed


@pytest.mark.parametrize("name", ["fonts/plaque.woff2", "short.css"])
async def test_what_compression_makes_no_smaller_is_sent_as_it_is(served: Served, web_folder: Path, name: str) -> None:
    answer = await get(served, f"/static/{name}", Accept_Encoding="gzip")

    assert "Content-Encoding" not in answer.headers
    assert answer.body == (web_folder / name).read_bytes()


async def test_a_browser_that_has_the_file_already_is_told_so(served: Served) -> None:
    first = await get(served, "/static/app.js")

    again = await get(served, "/static/app.js", If_None_Match=first.headers["ETag"])
    other = await get(served, "/static/short.css", If_None_Match=first.headers["ETag"])

    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.status == 200


async def test_another_content_has_another_tag(tmp_path: Path) -> None:
    tags = []
    (tmp_path / "index.html").touch()
    for content in ("one", "two", "one"):
        (tmp_path / "app.js").write_text(content)
        app = web.Application()
        app.add_routes(Pages(tmp_path).routes())
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/static/app.js")
            tags.append(answer.headers["ETag"])

    assert tags[0] == tags[2] != tags[1]


async def test_pages_are_asked_for_again_and_what_is_vendored_is_kept(served: Served) -> None:
    assert (await get(served, "/")).headers["Cache-Control"] == "no-cache"
    assert (await get(served, "/static/app.js")).headers["Cache-Control"] == "no-cache"
    assert "immutable" in (await get(served, "/static/vendor/alpine-3.js")).headers["Cache-Control"]


async def test_only_the_folder_of_that_name_inside_is_vendored(tmp_path: Path) -> None:
    app = web.Application()
    app.add_routes(Pages(page_folder(tmp_path / "vendor" / "web")).routes())

    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/static/app.js")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/health"])
async def test_head_is_answered_without_a_body(served: Served, path: str) -> None:
    whole = await get(served, path, Accept_Encoding="identity")

    head = await served.exchange(f"HEAD {path} HTTP/1.1", f"Host: 127.0.0.1:{served.port}")

    top, _, body = head.partition("\r\n\r\n")
    assert top.startswith("HTTP/1.1 200 ")
    assert f"Content-Length: {len(whole.body)}" in top
    assert body == ""


@pytest.mark.parametrize(
    "path",
    [
        "/static/../desktop/cli.py",
        "/static/../../counter.db",
        "/static/%2e%2e/counter.db",
        "/static/..%2fcounter.db",
        "/static/%2e%2e%2fcounter.db",
        "/static/..%5ccounter.db",
        "/static/./app.js/../../counter.db",
        "/static//counter.db",
        "/../counter.db",
        "/counter.db",
        "/static/app.js%00.css",
        "/static/vendor",
        "/static/vendor/",
        "/static/",
        "/static",
        "/app.js",
    ],
)
async def test_nothing_else_can_be_asked_for(served: Served, path: str) -> None:
    answer = await served.exchange(f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{served.port}")

    assert answer.startswith("HTTP/1.1 404 ")
    assert "Traceback" not in answer


async def test_files_are_read_once(served: Served, web_folder: Path) -> None:
    before = await get(served, "/static/app.js")
    await asyncio.to_thread((web_folder / "app.js").write_text, "changed")

    assert (await get(served, "/static/app.js")).body == before.body


def test_the_real_page_is_found() -> None:
    assert (folder() / "index.html").is_file()


async def test_a_script_within_the_page_is_let_in_by_its_hash_and_nothing_else_is(tmp_path: Path) -> None:
    web = page_folder(tmp_path / "web")
    (web / "index.html").write_bytes(b"<!doctype html><script>\r\nlet a = 1;\r\n</script><script src='x.js'></script>")
    digest = b64encode(sha256(b"\nlet a = 1;\n").digest()).decode()
    async with counter(MemoryJournal(), Pages(web)) as served:
        answer = await get(served, "/")
        assert f"script-src 'self' 'sha256-{digest}';" in answer.headers["Content-Security-Policy"]
        again = await get(served, "/", If_None_Match=answer.headers["ETag"])
        assert again.status == 304
        assert digest in again.headers["Content-Security-Policy"]
        assert "script-src 'self';" in (await get(served, "/static/app.js")).headers["Content-Security-Policy"]


async def test_what_is_said_to_who_reads_the_source_is_not_served(tmp_path: Path) -> None:
    web = page_folder(tmp_path / "web")
    for name in ("README.md", "vendor/README.md"):
        (web / name).write_text("How it is made.")
    async with counter(MemoryJournal(), Pages(web)) as served:
        for name in ("README.md", "vendor/README.md"):
            assert (await get(served, f"/static/{name}")).status == 404
