"""How others get in, over HTTP: what everybody may ask for, and what only the host may."""

import json
from typing import Any

import aiohttp
import pytest

from desktop.network.addresses import Address, Kind
from desktop.network.firewall import Firewall, State
from desktop.network.listening import listen
from desktop.server import joining
from desktop.server.joining import Joining
from tests.desktop.support import Serve

SECRET, FORWARD, TICKET = "s" * 43, "f" * 43, "t" * 43


class Reach:
    """A network with two addresses."""

    def __init__(self) -> None:
        self.join: str | None = "http://192.168.1.42:8000/"
        self.window = True
        self.port = 8001
        self.shown: Address | None = Address("192.168.1.42", "wlan0", Kind.PRIVATE, True)

    async def choose(self, address: str) -> bool:
        if address != "10.20.4.7":
            return False
        self.join = "http://10.20.4.7:8000/"
        return True


class Client:
    def __init__(self, session: aiohttp.ClientSession, reach: Reach, port: int) -> None:
        self.session = session
        self.reach = reach
        self.port = port

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(method, url, data=data, headers=headers) as answer:
            return answer.status, await answer.read()

    async def ask_as_host(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        return await self.ask(method, path, body, **{"Authorization": f"Bearer {SECRET}", **headers})


@pytest.fixture
async def client(serve: Serve) -> Client:
    (sock,) = listen(["127.0.0.1"], 0)
    port, reach = sock.getsockname()[1], Reach()
    joining = Joining(reach, SECRET, (FORWARD, lambda: reach.window), {TICKET})
    served = await serve(sock=sock, routes=joining.routes())
    return Client(served.session, reach, port)


async def test_the_code_is_everybodys_and_follows_the_address(client: Client) -> None:
    status, first = await client.ask("GET", "/join.svg")
    assert status == 200
    assert first.startswith(b"<svg")
    client.reach.join = "http://10.20.4.7:8000/"
    assert (await client.ask("GET", "/join.svg"))[1] != first


async def test_without_a_network_there_is_no_code(client: Client) -> None:
    client.reach.join = None
    assert (await client.ask("GET", "/join.svg"))[0] == 404


ASKED = [
    ("GET", "/host/help", None),
    ("POST", "/host/address", {"address": "10.20.4.7"}),
    ("POST", "/host/wifi.svg", {"name": "School", "password": "secret"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": SECRET},
        {"Authorization": "Bearer é"},
        {"Authorization": f"Bearer {SECRET}", "Origin": "http://evil.example"},
        {"Authorization": f"Bearer {SECRET}", "Origin": "null"},
    ],
)
async def test_nobody_but_the_host_gets_in(
    client: Client, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    assert (await client.ask(method, path, body, **headers))[0] == 403
    assert client.reach.join == "http://192.168.1.42:8000/"


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
async def test_the_host_gets_in_from_our_page_too(client: Client, method: str, path: str, body: Any) -> None:
    status, _ = await client.ask_as_host(method, path, body, Origin=f"http://127.0.0.1:{client.port}")
    assert status in (200, 204)


async def test_the_host_chooses_an_address_of_this_machine(client: Client) -> None:
    assert (await client.ask_as_host("POST", "/host/address", {"address": "10.20.4.7"}))[0] == 204
    assert client.reach.join == "http://10.20.4.7:8000/"
    assert (await client.ask_as_host("POST", "/host/address", {"address": "10.9.9.9"}))[0] == 409


@pytest.mark.parametrize("path", ["/host/address", "/host/wifi.svg"])
@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"{}", b'{"address":5,"name":5}', b'{"name":""}', b"\xff"])
async def test_what_cannot_be_read_is_said_to_be_so(client: Client, path: str, body: bytes) -> None:
    status, answer = await client.ask_as_host("POST", path, body)
    assert status == 400
    assert answer.startswith(b"This can't be read")


async def test_a_wifi_whose_name_or_password_is_too_long_has_no_code(client: Client) -> None:
    for wifi in ({"name": "x" * 33}, {"name": "x", "password": "x" * 64}):
        assert (await client.ask_as_host("POST", "/host/wifi.svg", wifi))[0] == 400


async def test_help_names_the_firewalls(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Firewall("ufw", State.BLOCKS, "sudo ufw allow 8001/tcp")]
    asked = (client.reach.port, client.reach.shown)
    monkeypatch.setattr(joining, "firewalls", lambda *about: found if about == asked else [])
    status, answer = await client.ask_as_host("GET", "/host/help")
    assert json.loads(answer) == {
        "firewalls": [{"product": "ufw", "state": "blocks", "remedy": "sudo ufw allow 8001/tcp"}]
    }
    assert status == 200


async def test_a_second_start_brings_the_window_forward_and_may_do_nothing_else(client: Client) -> None:
    token = {"Authorization": f"Bearer {FORWARD}"}
    assert (await client.ask("POST", "/host/forward", **token))[0] == 204
    assert (await client.ask("GET", "/host/help", **token))[0] == 403
    assert (await client.ask_as_host("POST", "/host/forward"))[0] == 403
    client.reach.window = False
    assert (await client.ask("POST", "/host/forward", **token))[0] == 409


async def test_a_ticket_leads_to_the_hosts_page_once(client: Client) -> None:
    url = f"http://127.0.0.1:{client.port}/host/enter/"
    for ticket in ("x" * 43, SECRET):
        async with client.session.get(url + ticket, allow_redirects=False) as answer:
            assert answer.status == 404
    async with client.session.get(url + TICKET, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/#host={SECRET}")
        assert answer.headers["Cache-Control"] == "no-store"
    async with client.session.get(url + TICKET, allow_redirects=False) as answer:
        assert answer.status == 404
        assert "Location" not in answer.headers
