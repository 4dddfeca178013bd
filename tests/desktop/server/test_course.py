"""The course's page, and the clients in it: they join a real counter."""

import asyncio
import html
import json
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from desktop.server.course import EXAMPLE, Course
from desktop.server.pages import folder
from tests.desktop.support import PATIENCE, Serve, Served, true

SNIPPETS = sorted((folder() / "course" / "snippets").glob("*"))
LINES = {"client.py": 15, "frame.py": 15, "client.js": 15, "terminal.txt": 1}


@pytest.fixture
async def course(serve: Serve) -> Served:
    """A counter whose course names the address that it has."""
    return await serve(routes=Course(folder() / "course", lambda: None).routes())


async def page(served: Served, query: str = "", **headers: str) -> str:
    async with served.session.get(f"{served.url}/lab/course{query}", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        return await answer.text()


def snippet(text: str, name: str) -> str:
    """As a student copies it out of the page."""
    found = re.search(f'<pre tabindex="0" data-file="{name}">(.*?)</pre>', text, re.DOTALL)
    assert found
    return html.unescape(found[1])


@asynccontextmanager
async def run(*command: str) -> AsyncIterator[Process]:
    started = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def line(process: Process) -> str:
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        return (await process.stdout.readline()).decode().rstrip()


@pytest.mark.parametrize(
    ("query", "wished", "language"),
    [
        ("", "", "en"),
        ("", "fr-CH,fr;q=0.9,en;q=0.8", "fr"),
        ("", "de,en", "en"),
        ("", "xx", "en"),
        ("?fr", "en", "fr"),
        ("?en", "fr", "en"),
        ("?de", "fr", "fr"),
        ("?page=1", "", "en"),
    ],
)
async def test_it_speaks_the_readers_language_and_links_to_the_other(
    course: Served, query: str, wished: str, language: str
) -> None:
    text = await page(course, query, **{"Accept-Language": wished})
    assert f'<html lang="{language}">' in text
    assert f'href="/lab/course?{({"en", "fr"} - {language}).pop()}"' in text
    assert not re.search(r"\{\{|\}\}", text)


async def test_both_languages_say_the_same_and_nothing_that_is_not_shown() -> None:
    made = Course(folder() / "course", lambda: None)
    text = (folder() / "course" / "course.html").read_text("utf-8")
    slots = set(re.findall(r"\{\{([\w.]+)\}\}", text)) - {"language", "other"}
    for language in ("en", "fr"):
        words = json.loads((folder() / "course" / "words" / f"{language}.json").read_bytes())
        assert set(words) == slots
        assert all(words.values())
    assert made.routes()


@pytest.mark.parametrize("address", ["192.168.1.42:8000", "[2001:db8::1]:8123"])
async def test_the_snippets_have_the_address_on_display(serve: Serve, address: str) -> None:
    served = await serve(routes=Course(folder() / "course", lambda: f"http://{address}/").routes())
    text = await page(served)
    assert EXAMPLE not in text
    for name in LINES:
        assert address in snippet(text, name)
        async with served.session.get(f"{served.url}/lab/course/{name}") as answer:
            assert (answer.content_type, await answer.text()) == ("text/plain", snippet(text, name))


def test_they_are_short_and_all_of_them_are_tried_here() -> None:
    assert {path.name for path in SNIPPETS} == set(LINES)
    for path in SNIPPETS:
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= LINES[path.name], path.name
        assert text.count(EXAMPLE) == 1
        assert max(map(len, text.splitlines())) <= 100


async def test_the_python_client_adds_one_and_hears_the_rest(course: Served, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(snippet(await page(course), "client.py"), "utf-8")
    async with run(sys.executable, str(script)) as client:
        assert await line(client) == "It stands at 0"
        assert await line(client) == "Now 1"
        classic = await course.classic()
        await classic.ws.send_str('{"counter": 7}')
        assert await line(client) == "Now 7"
    assert course.hub.room.counter.value == 7


async def test_the_sockets_client_reads_the_first_frame(course: Served, tmp_path: Path) -> None:
    script = tmp_path / "frame.py"
    script.write_text(snippet(await page(course), "frame.py"), "utf-8")
    async with run(sys.executable, str(script)) as client:
        async with asyncio.timeout(PATIENCE):
            out, errors = await client.communicate()
    lines = out.decode().splitlines()
    assert lines[0] == "HTTP/1.1 101 Switching Protocols"
    assert any(one.lower().startswith("sec-websocket-accept:") for one in lines)
    assert lines[-1] == '10000001 00001101 {"counter":0}'
    assert errors == b""


async def test_the_terminals_client_sets_the_number(course: Served) -> None:
    command = snippet(await page(course), "terminal.txt").split()
    assert command[0] == "python"
    async with run(sys.executable, *command[1:]) as client:
        await true(lambda: course.hub.sockets)
        assert client.stdin
        client.stdin.write(b'{"counter":7}\n')
        await client.stdin.drain()
        await true(lambda: course.hub.room.counter.value == 7)
