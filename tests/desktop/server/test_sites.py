"""Listening sockets that move while people are connected; on addresses of loopback."""

import errno
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import pytest
from aiohttp import web

from desktop.server import sites as module
from desktop.server.sites import LOOPBACK, PORT, PORTS_TRIED, ListenError, PortTakenError, Sites, listen

OTHER, THIRD = "127.0.0.2", "127.0.0.3"


async def echo(request: web.Request) -> web.StreamResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data)
    return ws


@asynccontextmanager
async def sites_on(*addresses: str) -> AsyncIterator[tuple[Sites, int]]:
    app = web.Application()
    app.add_routes([web.get("/", echo)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    assert runner.server
    sockets = listen(addresses, 0)
    port = sockets[0].getsockname()[1]
    sites = Sites(port, runner.server)
    await sites.start(sockets)
    try:
        yield sites, port
    finally:
        sites.stop()
        await runner.cleanup()


def listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


async def test_the_new_address_listens_and_the_old_one_stops() -> None:
    async with sites_on(LOOPBACK, OTHER) as (sites, port):
        await sites.move(THIRD)
        assert [listens(a, port) for a in (LOOPBACK, OTHER, THIRD)] == [True, False, True]
        await sites.move(None)
        assert [listens(a, port) for a in (LOOPBACK, OTHER, THIRD)] == [True, False, False]


async def test_whoever_is_connected_stays_connected() -> None:
    async with (
        sites_on(LOOPBACK, OTHER) as (sites, port),
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://{OTHER}:{port}/") as ws,
    ):
        await sites.move(THIRD)
        await ws.send_str("still here")
        assert (await ws.receive(10)).data == "still here"


async def test_moving_to_where_it_is_changes_nothing() -> None:
    async with sites_on(LOOPBACK, OTHER) as (sites, port):
        await sites.move(OTHER)
        assert listens(OTHER, port)


async def test_an_address_whose_port_is_taken_leaves_everything_as_it_was() -> None:
    async with sites_on(LOOPBACK, OTHER) as (sites, port):
        with listen([THIRD], port)[0], pytest.raises(PortTakenError):
            await sites.move(THIRD)
        assert listens(OTHER, port)


async def test_an_address_of_no_machine_leaves_everything_as_it_was() -> None:
    async with sites_on(LOOPBACK, OTHER) as (sites, port):
        with pytest.raises(ListenError, match="doesn't have the address"):
            await sites.move("192.0.2.7")
        assert listens(OTHER, port)


# --- opening ---


@contextmanager
def listening(addresses: Sequence[str], port: int | None) -> Iterator[list[int]]:
    """Yields the ports."""
    sockets = listen(addresses, port)
    try:
        yield [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def test_all_addresses_listen_on_one_port() -> None:
    with listening([LOOPBACK, OTHER, THIRD], 0) as ports:
        assert len(ports) == 3
        assert len(set(ports)) == 1
        assert all(listens(address, ports[0]) for address in (LOOPBACK, OTHER, THIRD))


def test_the_first_free_port_is_taken() -> None:
    with listening([LOOPBACK], None) as (port,):
        assert PORT <= port < PORT + PORTS_TRIED
        for taken in range(PORT, port + 1):
            with pytest.raises(PortTakenError):
                listen([LOOPBACK], taken)


@pytest.mark.parametrize("where", [LOOPBACK, OTHER])
def test_a_port_that_is_taken_on_one_of_the_addresses_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with listening([where], 0) as (taken,):
        monkeypatch.setattr(module, "PORT", taken)
        with listening([LOOPBACK, OTHER], None) as (port, same):
            assert taken < port == same


def test_the_last_port_comes_first_where_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening([LOOPBACK], 0) as (last,):
        pass
    sockets = listen([LOOPBACK], None, last)
    with sockets[0]:
        assert sockets[0].getsockname()[1] == last
        with listen([LOOPBACK], None, last)[0] as other:
            assert other.getsockname()[1] != last


def test_when_all_of_those_are_taken_any_other_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening([LOOPBACK], 0) as (taken,):
        monkeypatch.setattr(module, "PORT", taken)
        monkeypatch.setattr(module, "PORTS_TRIED", 1)
        with listening([LOOPBACK], None) as (port,):
            assert port != taken


def test_a_port_that_is_asked_for_is_not_replaced_by_another() -> None:
    with (
        listening([LOOPBACK], 0) as (taken,),
        pytest.raises(PortTakenError, match=rf"^Port {taken} is taken by another program\. .*--port\.$"),
    ):
        listen([LOOPBACK], taken)


def test_an_address_of_no_machine_is_named() -> None:
    with pytest.raises(ListenError, match=r"^This machine doesn't have the address 192\.0\.2\.7\.$"):
        listen(["192.0.2.7"], 0)


def test_all_listen_or_none() -> None:
    with listening([THIRD], 0) as (port,):
        with pytest.raises(PortTakenError):
            listen([LOOPBACK, OTHER, THIRD], port)
        assert not listens(LOOPBACK, port)
        assert not listens(OTHER, port)
    with listening([LOOPBACK, OTHER, THIRD], port) as ports:
        assert ports == [port] * 3


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "Port 80 needs rights that this program doesn't have."),
        (OSError(errno.EIO, "Input/output error"), "Can't listen on 127.0.0.1, port 80: Input/output error."),
    ],
)
def test_whatever_else_is_in_the_way_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, error: OSError, sentence: str
) -> None:
    def bind(sock: socket.socket, address: object) -> None:
        raise error

    monkeypatch.setattr(socket.socket, "bind", bind)

    with pytest.raises(ListenError) as raised:
        listen([LOOPBACK], 80)

    assert str(raised.value).startswith(sentence)
