"""Who is admitted. What the server answers to requests is in test_app.py."""

from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp.test_utils import make_mocked_request
from aiohttp.web import Request, Response

from desktop.server.gate import Connection
from desktop.server.guard import Guard, add_headers


def admitted(guard: Guard, host: str) -> Request | None:
    """A request with this Host header, if it is admitted."""
    request = make_mocked_request("GET", "/", {"Host": host})
    connection = cast(Connection, SimpleNamespace(peer="192.168.1.77", own="192.168.1.42"))
    return request if guard.admits(request, connection) else None


def test_where_another_port_had_to_be_found_that_one_is_ours_too() -> None:
    others: set[int] = set()
    guard = Guard(8000, lambda: None, lambda device, via: None, lambda: others)
    assert not admitted(guard, "192.168.1.42:8001")
    others.add(8001)
    assert admitted(guard, "192.168.1.42:8001")
    assert admitted(guard, "127.0.0.1:8000")
    assert not admitted(guard, "192.168.1.42:8002")


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.168.1.42:8000", " ws://192.168.1.42:8000"),
        ("LocalHost.:8000", " ws://LocalHost.:8000"),
        ("[fd00::7]:8000", ""),
        ("evil.example:8000", ""),
        ("192.168.1.42:8000; script-src *", ""),
    ],
)
async def test_a_page_may_open_the_socket_of_the_host_that_it_came_from_and_no_other(host: str, source: str) -> None:
    guard, response = Guard(8000, lambda: None, lambda device, via: None), Response()
    request = admitted(guard, host) or make_mocked_request("GET", "/", {"Host": host})
    await add_headers(request, response)
    policy = response.headers["Content-Security-Policy"]
    assert f"connect-src 'self'{source};" in policy
    assert "form-action 'none'" in policy
