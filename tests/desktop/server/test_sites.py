"""Listening sockets that move while people are connected; on addresses of loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from desktop.network.listening import LOOPBACK, NotHereError, PortTakenError, listen
from desktop.network.ports import ANY
from desktop.server.sites import Sites
from tests.desktop.network.test_listening import OTHER, THIRD, listens


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


async def test_where_its_port_is_taken_another_is_found_and_told() -> None:
    async with sites_on(LOOPBACK, OTHER) as (sites, port):
        with listen([THIRD], port)[0]:
            found = await sites.move(THIRD, [port, ANY])
            assert found != port
            assert [listens(*at) for at in ((LOOPBACK, port), (OTHER, port), (THIRD, found))] == [True, False, True]
            assert await sites.move(THIRD, [ANY]) == found, "it listens there already"
            assert set(sites.ports) == {port, found}
            assert await sites.move(OTHER) == port
            assert not listens(THIRD, found)


async def test_an_address_of_no_machine_leaves_everything_as_it_was() -> None:
    async with sites_on(LOOPBACK, OTHER) as (sites, port):
        with pytest.raises(NotHereError, match="doesn't have the address"):
            await sites.move("192.0.2.7")
        assert listens(OTHER, port)
