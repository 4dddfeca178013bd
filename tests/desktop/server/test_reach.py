"""Where others join, as addresses come, go and are chosen; on a network that the test makes up."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from msgspec import UNSET

from desktop.core.answers import Network, Trouble
from desktop.network import addresses
from desktop.network.addresses import Address, Kind
from desktop.network.choice import NOTHING, Choice
from desktop.network.listening import NotHereError, PortTakenError
from desktop.network.mdns import LocalName
from desktop.network.names import url
from desktop.server import reach
from desktop.server.reach import Reach
from desktop.server.sites import Sites
from tests.desktop.support import true

WIFI = Address("192.168.1.42", "wlan0", Kind.PRIVATE, True)
CABLE = Address("10.20.4.7", "eth0", Kind.PRIVATE, False)
V6 = Address("fd00::7", "eth1", Kind.PRIVATE, False)
SECOND, OWN_V6 = WIFI._replace(ip="192.168.1.43", default=False), WIFI._replace(ip="fd00::8", default=False)
WLAN, DOCK = WIFI._replace(default=False, wireless=True), CABLE._replace(default=True)


class Stage:
    """A Reach, and everything around it."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *,
        fixed: str | None = None,
        choice: Choice = NOTHING,
        shown: str | None = None,
    ) -> None:
        self.found: list[Address] = []
        self.moves: list[str | None] = []
        self.at: str | None = shown
        self.taken: dict[str, set[int]] = {}
        """By address, the ports that other programs have there."""
        self.not_here: set[str] = set()
        self.held: list[str | None] = []
        self.told: list[Network] = []
        self.remembered: list[Choice] = []
        monkeypatch.setattr(addresses, "current", lambda: list(self.found))
        self.reach = Reach(
            cast(Sites, self),
            cast(LocalName, self),
            8000,
            fixed=fixed,
            choice=choice,
            shown=shown,
            announce=self.told.append,
            remember=self.remembered.append,
        )

    # As Sites
    async def move(self, address: str | None, ports: Sequence[int] = ()) -> int:
        if address == self.at:
            return self.port
        if address in self.not_here:
            raise NotHereError("Not yet.")
        free = [port for port in ports if port not in self.taken.get(address or "", ())]
        if address and not free:
            raise PortTakenError("Taken.")
        self.at, self.port = address, (free[0] or 49_152) if address else 8000
        self.moves.append(address)
        return self.port

    port = 8000

    # As LocalName
    async def hold(self, address: str, port: int) -> str | None:
        self.held.append(f"{address}:{port}")
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
    assert stage.remembered == [Choice("10.20.4.7", "eth0")]
    assert (await stage.look(WIFI)).join == "http://192.168.1.42:8000/"
    again = Address("10.20.9.9", "eth0", Kind.PRIVATE, False)
    assert (await stage.look(WIFI, again)).join == "http://10.20.9.9:8000/"


@pytest.mark.parametrize("choice", [Choice("10.20.4.7", "eth0"), Choice(None, "eth0"), Choice("10.20.4.7", "enp9s0")])
async def test_a_choice_of_an_earlier_start_is_followed(monkeypatch: pytest.MonkeyPatch, choice: Choice) -> None:
    stage = Stage(monkeypatch, choice=choice)
    assert (await stage.look(WIFI, CABLE)).join == "http://10.20.4.7:8000/"


@pytest.mark.parametrize("other", [SECOND, OWN_V6])
async def test_every_address_of_an_adapter_can_be_chosen(monkeypatch: pytest.MonkeyPatch, other: Address) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI, SECOND, OWN_V6)
    assert await stage.reach.choose(other.ip)
    assert stage.reach.join == url(other.ip, 8000)
    assert stage.remembered == [Choice(other.ip, "wlan0")]
    assert (await stage.look(WIFI, SECOND, OWN_V6, CABLE)).join == url(other.ip, 8000)


async def test_the_name_follows_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI, CABLE)
    await stage.reach.choose(CABLE.ip)
    assert stage.told[-1].name is None
    told = await stage.look(WIFI, CABLE)
    assert (told.join, told.name) == ("http://10.20.4.7:8000/", "http://lan-counter.local:8000/")
    assert stage.held[-2:] == [None, "10.20.4.7:8000"]


async def test_a_name_that_comes_when_the_address_has_changed_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    held = stage.hold

    async def hold(address: str, port: int) -> str | None:
        if address == WIFI.ip:
            await stage.reach.choose(CABLE.ip)
        return await held(address, port)

    monkeypatch.setattr(stage, "hold", hold)
    told = await stage.look(WIFI, CABLE)
    assert (told.join, told.name) == ("http://10.20.4.7:8000/", None)
    assert (await stage.look(WIFI, CABLE)).name


async def test_an_address_of_somebody_else_cannot_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI)
    assert not await stage.reach.choose("192.168.1.77")
    assert stage.remembered == []


# --- what works stays ---


def offered(told: Network) -> tuple[str, str, int] | None:
    return (told.offer.address, told.offer.interface, told.offer.came) if told.offer else None


async def test_a_better_address_is_offered_and_taken_by_the_host_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    assert offered(await stage.look(WLAN)) is None
    for device in ("192.168.1.77", "192.168.1.78"):
        stage.reach.visited(device, WLAN.ip)
    told = await stage.look(DOCK, WLAN)
    assert told.join == "http://192.168.1.42:8000/"
    assert offered(told) == ("10.20.4.7", "eth0", 2)
    stage.reach.visited("192.168.1.79", WLAN.ip)
    assert offered(stage.told[-1]) == ("10.20.4.7", "eth0", 3)
    assert await stage.reach.choose(DOCK.ip)
    assert stage.told[-1].join == "http://10.20.4.7:8000/"
    assert not stage.told[-1].offer and not stage.told[-1].trouble


async def test_one_that_the_host_declines_is_offered_no_more_but_the_next_one_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WLAN)
    assert offered(await stage.look(DOCK, WLAN))
    assert await stage.reach.choose(WLAN.ip)
    assert offered(stage.told[-1]) is None
    await stage.look(WLAN)
    assert offered(await stage.look(DOCK, WLAN)) is None
    again = DOCK._replace(ip="10.20.4.8")
    assert offered(await stage.look(again, WLAN)) == ("10.20.4.8", "eth0", 0)


async def test_what_was_better_when_the_host_chose_is_not_offered_at_the_next_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(monkeypatch, choice=Choice(WLAN.ip, "wlan0"), shown=WLAN.ip)
    told = await stage.look(DOCK, WLAN)
    assert (told.join, offered(told)) == ("http://192.168.1.42:8000/", None)


async def test_the_address_of_the_start_is_on_display_already(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, shown=WLAN.ip)
    assert stage.reach.join == "http://192.168.1.42:8000/"
    told = await stage.look(DOCK, WLAN)
    assert (told.join, offered(told)) == ("http://192.168.1.42:8000/", ("10.20.4.7", "eth0", 0))
    assert stage.moves == []
    assert stage.held == [None, "192.168.1.42:8000"]


async def test_a_vpn_that_takes_the_default_route_away_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WIFI)
    tunnel = Address("10.8.0.6", "tun0", Kind.TUNNEL, True)
    told = await stage.look(WIFI._replace(default=False), tunnel)
    assert (told.join, offered(told)) == ("http://192.168.1.42:8000/", None)


async def test_an_address_that_is_gone_is_never_shown_and_the_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WLAN, CABLE)
    told = await stage.look(CABLE)
    assert told.join == "http://10.20.4.7:8000/"
    assert told.trouble == Trouble(code="gone", address=WLAN.ip, interface="wlan0")
    # It stands until the host settles for an address.
    assert (await stage.look(CABLE, SECOND)).trouble
    assert await stage.reach.choose(CABLE.ip)
    assert not stage.told[-1].trouble


async def test_one_that_devices_have_come_by_is_taken_again_when_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    await stage.look(WLAN, CABLE)
    stage.reach.visited("192.168.1.77", WLAN.ip)
    assert (await stage.look(CABLE)).join == "http://10.20.4.7:8000/"
    told = await stage.look(WLAN, CABLE)
    assert (told.join, told.trouble) == ("http://192.168.1.42:8000/", UNSET)
    assert (await stage.look(CABLE)).trouble
    stage.reach.visited("10.20.4.9", CABLE.ip)
    told = await stage.look(WLAN, CABLE)
    assert (told.join, told.trouble) == ("http://10.20.4.7:8000/", UNSET), "it is gone no longer"


async def test_after_no_network_at_all_what_has_changed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    assert not (await stage.look()).trouble
    assert not (await stage.look(WLAN)).trouble
    assert not (await stage.look()).trouble
    assert not (await stage.look(WLAN)).trouble
    await stage.look()
    assert (await stage.look(CABLE)).trouble == Trouble(code="gone", address=WLAN.ip, interface="wlan0")


# --- ports ---


async def test_where_the_port_is_taken_at_the_new_address_another_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    stage.taken = {CABLE.ip: {8000}}
    await stage.look(WLAN)
    told = await stage.look(CABLE)
    assert (told.join, told.name) == ("http://10.20.4.7:8001/", "http://lan-counter.local:8001/")
    assert told.trouble == Trouble(code="gone", address=WLAN.ip, interface="wlan0", port=8000, found=8001)
    assert (stage.reach.port, stage.reach.shown) == (8001, CABLE)
    assert stage.held[-1] == "10.20.4.7:8001"
    assert (await stage.look(WLAN)).join == "http://192.168.1.42:8000/"


async def test_by_itself_it_finds_any_port_rather_than_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    stage.taken = {CABLE.ip: set(range(8000, 8020))}
    await stage.look(WLAN)
    assert (await stage.look(CABLE)).join == "http://10.20.4.7:49152/"


async def test_an_address_that_the_host_chose_and_nobody_can_join_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    stage.taken = {CABLE.ip: set(range(8000, 8020))}
    await stage.look(WIFI, CABLE)
    assert not await stage.reach.choose(CABLE.ip)
    told = stage.told[-1]
    assert told.join == "http://192.168.1.42:8000/"
    assert told.trouble == Trouble(code="not_listening", address=CABLE.ip, interface="eth0", first=8000, last=8019)
    assert stage.remembered == []
    # The host tries again, with one that is free.
    stage.taken = {CABLE.ip: {8000}}
    assert await stage.reach.choose(CABLE.ip)
    told = stage.told[-1]
    assert told.join == "http://10.20.4.7:8001/"
    assert told.trouble == Trouble(code="port_taken", address=CABLE.ip, interface="eth0", port=8000, found=8001)
    assert await stage.reach.choose(CABLE.ip)
    assert not stage.told[-1].trouble


async def test_one_that_is_not_ready_is_told_without_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    stage.not_here = {CABLE.ip}
    await stage.look(WIFI, CABLE)
    assert not await stage.reach.choose(CABLE.ip)
    assert stage.told[-1].trouble == Trouble(code="not_listening", address=CABLE.ip, interface="eth0")


async def test_an_address_that_is_not_ready_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    stage.not_here = {V6.ip}
    docker = Address("172.17.0.1", "docker0", Kind.VIRTUAL, False)
    told = await stage.look(V6._replace(ready=False), docker)
    assert (told.join, told.reach) == (None, "none"), "nobody joins at a makeshift meanwhile"
    assert isinstance(told.addresses, list)
    assert [a.address for a in told.addresses] == [docker.ip], "and only what can be chosen is in the list"
    said = len(stage.told)
    await stage.look(V6._replace(ready=False), docker)
    assert len(stage.told) == said, "and it is said once"
    stage.not_here = set()
    assert (await stage.look(V6, docker)).join == "http://[fd00::7]:8000/"


async def test_what_is_on_display_stays_while_the_hosts_choice_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, choice=Choice(V6.ip, "eth1"))
    stage.not_here = {V6.ip}
    docker = Address("172.17.0.1", "docker0", Kind.VIRTUAL, False)
    await stage.look(docker)
    assert (await stage.look(V6, docker)).join == "http://172.17.0.1:8000/"
    assert stage.moves == [docker.ip]
    stage.not_here = set()
    assert (await stage.look(V6, docker)).join == "http://[fd00::7]:8000/"


async def test_meanwhile_another_likely_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch)
    stage.not_here = {WIFI.ip}
    assert (await stage.look(WIFI, CABLE)).join == "http://10.20.4.7:8000/"


async def test_an_address_that_was_asked_for_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, fixed="10.20.4.7")
    assert (await stage.look(WIFI)).join is None
    told = await stage.look(WIFI, CABLE)
    assert told.join == "http://10.20.4.7:8000/"
    assert isinstance(told.addresses, list)
    assert [a.address for a in told.addresses] == ["10.20.4.7"], "what can't be chosen is not offered"
    assert not await stage.reach.choose("192.168.1.42")
    assert await stage.reach.choose("10.20.4.7")
    assert stage.remembered == []


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
