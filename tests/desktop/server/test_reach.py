"""Where others join, as addresses come, go and are chosen; on a network that the test makes up."""

import asyncio
from typing import cast

import pytest

from desktop.core.protocol import Network
from desktop.network import addresses
from desktop.network.addresses import Address, Kind
from desktop.network.mdns import LocalName
from desktop.server import reach
from desktop.server.reach import Reach, url
from desktop.server.sites import ListenError, Sites
from tests.desktop.support import true

WIFI = Address("192.168.1.42", "wlan0", Kind.PRIVATE, True)
CABLE = Address("10.20.4.7", "eth0", Kind.PRIVATE, False)
V6 = Address("fd00::7", "eth1", Kind.PRIVATE, False)


class Stage:
    """A Reach, and everything around it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, fixed: str | None = None, interface: str | None = None):
        self.found: list[Address] = []
        self.moves: list[str | None] = []
        self.unlistenable: set[str] = set()
        self.held: list[str | None] = []
        self.told: list[Network] = []
        self.remembered: list[str] = []
        monkeypatch.setattr(addresses, "current", lambda: list(self.found))
        self.reach = Reach(
            cast(Sites, self),
            cast(LocalName, self),
            8000,
            fixed=fixed,
            interface=interface,
            announce=self.told.append,
            remember=self.remembered.append,
        )

    # As Sites
    async def move(self, address: str | None) -> None:
        if address in self.unlistenable:
            raise ListenError("Taken.")
        self.moves.append(address)

    # As LocalName
    async def hold(self, address: str) -> str | None:
        self.held.append(address)
        return "lan-counter.local"

    async def release(self) -> None:
        self.held.append(None)

    async def look(self, *found: Address) -> Network:
        self.found = list(found)
        await self.reach.look()
        return self.told[-1]


async def test_without_a_network_nobody_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    told = await stage.look()
    assert (told.join, told.reach, told.addresses) == (None, "none", [])
    assert stage.reach.join is None


async def test_the_best_address_is_shown_with_all_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    told = await stage.look(WIFI, CABLE)
    assert (told.join, told.reach) == ("http://192.168.1.42:8000/", "lan")
    assert told.name == "http://lan-counter.local:8000/"
    assert isinstance(told.addresses, list)
    assert [(a.address, a.interface, a.kind, a.chosen) for a in told.addresses] == [
        ("192.168.1.42", "wlan0", "private", True),
        ("10.20.4.7", "eth0", "private", False),
    ]


async def test_what_has_not_changed_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI)
    told = len(stage.told)
    await stage.look(WIFI)
    assert len(stage.told) == told
    assert stage.moves == ["192.168.1.42"]


async def test_when_the_address_goes_the_next_one_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI, CABLE)
    assert (await stage.look(CABLE)).join == "http://10.20.4.7:8000/"
    told = await stage.look()
    assert (told.join, told.name) == (None, None)
    assert stage.moves == ["192.168.1.42", "10.20.4.7", None]
    assert stage.held[-1] is None


async def test_another_address_that_comes_changes_the_list_and_not_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI)
    told = await stage.look(WIFI, CABLE)
    assert told.join == "http://192.168.1.42:8000/"
    assert isinstance(told.addresses, list) and len(told.addresses) == 2
    assert set(stage.moves) == {"192.168.1.42"}


async def test_the_hosts_choice_is_kept_and_comes_back_with_its_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI, CABLE)
    assert await stage.reach.choose("10.20.4.7")
    assert stage.reach.join == "http://10.20.4.7:8000/"
    assert stage.remembered == ["eth0"]
    assert (await stage.look(WIFI)).join == "http://192.168.1.42:8000/"
    again = Address("10.20.9.9", "eth0", Kind.PRIVATE, False)
    assert (await stage.look(WIFI, again)).join == "http://10.20.9.9:8000/"


async def test_a_choice_of_an_earlier_start_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, interface="eth0")
    assert (await stage.look(WIFI, CABLE)).join == "http://10.20.4.7:8000/"


async def test_an_address_of_somebody_else_cannot_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI)
    assert not await stage.reach.choose("192.168.1.77")
    assert stage.remembered == []


async def test_an_address_that_cannot_be_listened_on_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI)
    stage.unlistenable = {"10.20.4.7"}
    await stage.look(WIFI, CABLE)
    assert not await stage.reach.choose("10.20.4.7")
    assert stage.reach.join == "http://192.168.1.42:8000/"
    stage.unlistenable = set()
    assert (await stage.look(WIFI, CABLE)).join == "http://10.20.4.7:8000/"


async def test_an_address_that_was_asked_for_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, fixed="10.20.4.7")
    assert (await stage.look(WIFI)).join is None
    assert (await stage.look(WIFI, CABLE)).join == "http://10.20.4.7:8000/"
    assert not await stage.reach.choose("192.168.1.42")


async def test_for_this_machine_only_no_address_matters_and_no_name_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, fixed="127.0.0.1")
    told = await stage.look(WIFI)
    assert (told.join, told.reach, told.addresses) == ("http://127.0.0.1:8000/", "local", [])
    assert stage.held == [None]


async def test_an_ipv6_address_is_written_as_a_browser_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    told = await stage.look(V6)
    assert (told.join, told.name) == ("http://[fd00::7]:8000/", None)
    assert url("::1", 80) == "http://[::1]:80/"


async def test_devices_are_told_once_and_this_machine_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI)
    for device in ("127.0.0.1", "192.168.1.42", "192.168.1.77", "192.168.1.77"):
        stage.reach.visited(device, "192.168.1.42")
    devices = stage.told[-1].devices
    assert isinstance(devices, list)
    assert [(d.address, d.via) for d in devices] == [("192.168.1.77", "192.168.1.42")]
    told = len(stage.told)
    stage.reach.visited("192.168.1.77", "192.168.1.42")
    assert len(stage.told) == told


async def test_whatever_goes_wrong_the_addresses_are_followed_on_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = 0

    def current() -> list[Address]:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise RuntimeError("no interfaces today")
        return [WIFI]

    stage = Stage(monkeypatch)
    monkeypatch.setattr(addresses, "current", current)
    monkeypatch.setattr(reach, "LOOK_EVERY", 0)
    following = asyncio.create_task(stage.reach.follow())
    await true(lambda: stage.told)
    following.cancel()
    assert stage.told[0].join == "http://192.168.1.42:8000/"
    assert len(caplog.records) == 1
