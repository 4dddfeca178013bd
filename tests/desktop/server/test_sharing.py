"""Which counter the next start shares: the host's alone, tried at once, and the password never comes out again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.journal import shared
from desktop.server.sharing import Sharing
from tests.desktop.engine import SERVER, Engine
from tests.desktop.support import Serve, Served

pytestmark = pytest.mark.skipif(SERVER is None, reason="there is no redis-server")

SECRET = "s" * 43
PASSWORD = "plum-7-tree"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "redis", requirepass=PASSWORD) as engine:
        yield engine


@pytest.fixture
async def server(serve: Serve, tmp_path: Path) -> Served:
    return await serve(routes=Sharing(tmp_path, SECRET).routes())


async def ask(server: Served, wish: Any = None, secret: str = SECRET) -> tuple[int, Any]:
    """Ask for what is kept, or wish for something."""
    method, body = ("GET", None) if wish is None else ("POST", json.dumps(wish).encode())
    headers = {"Authorization": f"Bearer {secret}"}
    async with server.session.request(method, f"{server.url}/host/sharing", data=body, headers=headers) as answer:
        text = await answer.text()
        assert PASSWORD not in text
        return answer.status, json.loads(text) if answer.content_type == "application/json" else text


async def test_at_first_nothing_is_shared(server: Served) -> None:
    assert await ask(server) == (200, {"url": "", "session": "counter", "password": False})


async def test_what_works_is_kept_and_told_but_for_the_password(server: Served, engine: Engine, tmp_path: Path) -> None:
    wish = {"url": f" {engine.url} ", "session": "room 12", "password": PASSWORD}
    assert (await ask(server, wish))[0] == 204
    assert await ask(server) == (200, {"url": engine.url, "session": "room 12", "password": True})
    assert shared.kept(tmp_path, "A").password == PASSWORD
    # The name alone may change.
    assert (await ask(server, {"url": engine.url, "session": "room 13"}))[0] == 204
    assert shared.kept(tmp_path, "A") == shared.Session(engine.url, "room 13", "A", PASSWORD)
    assert engine.does("KEYS", "*:journal") == [], "trying it out has begun nothing"


async def test_nothing_is_kept_that_does_not_work(server: Served, engine: Engine) -> None:
    for wish, said in (
        ({"url": engine.url, "session": "room", "password": "pear"}, "refuses the password."),
        ({"url": engine.url, "session": "room"}, "wants a password:"),
        ({"url": "redis://127.0.0.1:1", "session": "room"}, "can't be reached: Connection refused."),
        ({"url": "http://h", "session": "room"}, "This is no address like redis://"),
        ({"url": engine.url, "session": "{}", "password": PASSWORD}, "A name has 1 to 64 characters"),
    ):
        status, answer = await ask(server, wish)
        assert status == 200 and said in answer["refused"]
    assert (await ask(server))[1]["url"] == ""


async def test_it_ends_and_the_password_is_gone(server: Served, engine: Engine, tmp_path: Path) -> None:
    await ask(server, {"url": engine.url, "session": "room", "password": PASSWORD})
    assert (await ask(server, {"url": ""}))[0] == 204
    assert await ask(server) == (200, {"url": "", "session": "counter", "password": False})
    assert not shared.kept_password(tmp_path).exists()


async def test_only_the_host_may_ask(server: Served) -> None:
    assert (await ask(server, secret="x" * 43))[0] == 403
    assert (await ask(server, {"url": ""}, secret="x" * 43))[0] == 403


@pytest.mark.parametrize("wish", [{}, {"url": 1}, {"url": "x" * 501}, []])
async def test_what_can_not_be_read_is_refused(server: Served, wish: Any) -> None:
    assert (await ask(server, wish))[0] == 400
