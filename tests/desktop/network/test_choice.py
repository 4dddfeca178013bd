"""Where others join, as addresses come and go: what works stays, and what is better is offered."""

import pytest

from desktop.network.addresses import Address, Kind, kind, ranked
from desktop.network.choice import DEVICES_LIMIT, Choice, Visits, better, candidates


def at(ip: str, interface: str, *, default: bool = False) -> Address:
    return Address(ip, interface, kind(ip, interface), default)


WIFI, CABLE = at("192.168.1.42", "wlan0"), at("10.20.4.7", "eth0", default=True)
SECOND, V6 = at("192.168.1.43", "wlan0"), at("fd00::7", "wlan0")
DOCKER, TUNNEL = at("172.17.0.1", "docker0"), at("10.8.0.6", "tun0", default=True)
MADE_UP = at("169.254.3.4", "wlan0")
NONE = Choice()


def first(*found: Address, choice: Choice = NONE, **now: object) -> Address:
    return candidates(ranked(found), choice, **now)[0]  # type: ignore[arg-type]


def chosen(address: Address) -> Choice:
    return Choice(address.ip, address.interface)


# --- at a start ---


def test_the_likeliest_is_first_and_the_others_follow() -> None:
    assert candidates(ranked([WIFI, CABLE, DOCKER]), NONE) == [CABLE, WIFI, DOCKER]
    assert candidates([], NONE) == []


@pytest.mark.parametrize(
    ("choice", "found", "expected"),
    [
        # Every address that is offered can be chosen, those of one adapter too.
        (chosen(WIFI), [CABLE, WIFI, SECOND, V6], WIFI),
        (chosen(SECOND), [CABLE, WIFI, SECOND, V6], SECOND),
        (chosen(V6), [CABLE, WIFI, SECOND, V6], V6),
        (chosen(DOCKER), [CABLE, WIFI, DOCKER], DOCKER),
        # The address is gone, the adapter isn't, or the other way round.
        (Choice("192.168.9.9", "wlan0"), [CABLE, WIFI, SECOND, V6], WIFI),
        (Choice(WIFI.ip, "wlp3s0"), [CABLE, WIFI, SECOND], WIFI),
        (Choice(CABLE.ip, "wlan0"), [CABLE, WIFI], CABLE),
        # Both are.
        (Choice("192.168.9.9", "wlp3s0"), [CABLE, WIFI], CABLE),
        # What a file of an older program has.
        (Choice(None, "wlan0"), [CABLE, WIFI, V6], WIFI),
        (NONE, [CABLE, WIFI], CABLE),
        # Its adapter is there, and its network isn't.
        (chosen(WIFI), [CABLE, MADE_UP], CABLE),
        (chosen(MADE_UP), [CABLE, MADE_UP], MADE_UP),
    ],
)
def test_the_hosts_choice_is_kept_until_address_and_adapter_are_gone(
    choice: Choice, found: list[Address], expected: Address
) -> None:
    assert first(*found, choice=choice) == expected


# --- later ---


@pytest.mark.parametrize("others", [[CABLE], [TUNNEL], [SECOND, V6], [CABLE, TUNNEL, SECOND, V6, DOCKER]])
@pytest.mark.parametrize("visited", [(), (WIFI.ip,)])
@pytest.mark.parametrize("choice", [NONE, chosen(WIFI), Choice(None, "wlan0"), Choice("192.168.9.9", "wlan0")])
def test_the_address_on_display_stays_whatever_better_one_appears(
    others: list[Address], visited: tuple[str, ...], choice: Choice
) -> None:
    assert first(WIFI, *others, choice=choice, shown=WIFI.ip, visited=visited) == WIFI


def test_even_an_unlikely_one_stays_and_one_whose_adapter_was_renamed() -> None:
    assert first(DOCKER, WIFI, shown=DOCKER.ip) == DOCKER
    assert first(WIFI._replace(interface="wlp3s0"), CABLE, shown=WIFI.ip).ip == WIFI.ip


def test_when_it_is_gone_the_network_that_people_are_on_comes_before_a_better_one() -> None:
    left = chosen(WIFI)
    assert first(CABLE, DOCKER, shown=WIFI.ip, left=left) == CABLE
    assert first(CABLE, SECOND, shown=WIFI.ip, left=left) == SECOND
    assert first(CABLE, MADE_UP, shown=WIFI.ip, left=left) == CABLE
    assert first(CABLE, WIFI, shown=None, left=left) == WIFI


def test_one_that_devices_have_comes_back_until_they_have_come_by_the_next() -> None:
    left = chosen(WIFI)
    assert first(CABLE, WIFI, shown=CABLE.ip, left=left) == CABLE
    assert first(CABLE, WIFI, shown=CABLE.ip, left=left, visited={WIFI.ip}) == WIFI
    assert first(CABLE, WIFI, shown=CABLE.ip, left=left, visited={WIFI.ip, CABLE.ip}) == CABLE
    assert first(CABLE, SECOND, shown=CABLE.ip, left=left, visited={WIFI.ip}) == CABLE


def test_a_makeshift_gives_way_to_what_was_there_before() -> None:
    assert first(DOCKER, WIFI, shown=DOCKER.ip, left=chosen(WIFI)) == WIFI
    assert first(DOCKER, WIFI, shown=DOCKER.ip, left=chosen(WIFI), visited={DOCKER.ip}) == DOCKER


def test_the_hosts_choice_that_appears_is_taken_unless_somebody_has_come_by_another() -> None:
    assert first(CABLE, WIFI, choice=chosen(WIFI), shown=CABLE.ip) == WIFI
    assert first(CABLE, WIFI, choice=chosen(WIFI), shown=CABLE.ip, visited={CABLE.ip}) == CABLE
    assert candidates([CABLE, WIFI], chosen(WIFI), CABLE.ip) == [WIFI, CABLE]


# --- offered ---


def test_a_better_address_is_offered() -> None:
    assert better(ranked([CABLE, WIFI]), WIFI.ip) == CABLE
    assert better(ranked([DOCKER, V6]), DOCKER.ip) == V6
    assert better(ranked([CABLE, WIFI]), CABLE.ip) is None


@pytest.mark.parametrize(
    "other", [TUNNEL, DOCKER, SECOND, V6, at("192.168.1.5", "wlan1"), at("8.8.8.8", "eth0"), MADE_UP]
)
def test_one_that_others_can_reach_no_better_is_not(other: Address) -> None:
    assert better(ranked([WIFI, other]), WIFI.ip) is None


def test_what_the_host_has_declined_is_not_offered_again() -> None:
    assert better(ranked([CABLE, WIFI]), WIFI.ip, {CABLE.ip}) is None
    other = at("10.20.4.8", "eth1", default=True)
    assert better(ranked([CABLE, WIFI, other]), WIFI.ip, {CABLE.ip}) == other


def test_what_nobody_can_join_at_yet_is_waited_for_and_not_offered() -> None:
    coming = V6._replace(ready=False)
    assert candidates(ranked([DOCKER, coming]), NONE) == [coming, DOCKER]
    assert better(ranked([DOCKER, coming]), DOCKER.ip) is None


def test_without_an_address_on_display_there_is_nothing_to_be_better_than() -> None:
    assert better([CABLE], None) is None
    assert better([CABLE], WIFI.ip) is None


def test_kinds_are_as_the_addresses_say() -> None:
    assert [a.kind for a in (WIFI, CABLE, DOCKER, TUNNEL, MADE_UP)] == [
        Kind.PRIVATE,
        Kind.PRIVATE,
        Kind.VIRTUAL,
        Kind.TUNNEL,
        Kind.LINK_LOCAL,
    ]


def test_a_device_is_kept_with_its_first_address_until_it_comes_by_the_one_on_display() -> None:
    visits = Visits()
    assert visits.note("phone", "10.0.0.1", "10.0.0.2")
    assert not visits.note("phone", "10.0.0.1", "10.0.0.2")
    assert not visits.note("phone", "10.0.0.3", "10.0.0.2")
    assert visits.devices == {"phone": "10.0.0.1"}
    assert visits.note("phone", "10.0.0.2", "10.0.0.2")
    assert visits.devices == {"phone": "10.0.0.2"}
    assert visits.addresses == {"10.0.0.1", "10.0.0.2", "10.0.0.3"}


def test_no_more_devices_are_kept_than_can_be_shown() -> None:
    visits = Visits()
    news = [visits.note(f"10.1.{n // 256}.{n % 256}", "10.0.0.1", "10.0.0.1") for n in range(DEVICES_LIMIT + 1)]
    assert news == [True] * DEVICES_LIMIT + [False]
    assert not visits.note("late", "10.0.0.2", "10.0.0.2")
    assert len(visits.devices) == DEVICES_LIMIT
    assert visits.addresses == {"10.0.0.1", "10.0.0.2"}
