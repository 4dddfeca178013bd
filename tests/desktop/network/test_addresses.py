"""Which address is shown: the one that others can most likely reach, on the machines of people's bug reports."""

import ipaddress
import random
import socket
from types import SimpleNamespace

import psutil
import pytest

from desktop.network import addresses
from desktop.network.addresses import Address, Kind, choose, current, kind, ranked


def at(ip: str, interface: str, *, default: bool = False) -> Address:
    return Address(ip, interface, kind(ip, interface), default)


@pytest.mark.parametrize(
    ("ip", "interface", "expected"),
    [
        ("192.168.1.42", "wlan0", Kind.PRIVATE),
        ("10.20.4.7", "eth0", Kind.PRIVATE),
        ("172.16.0.9", "Wi-Fi", Kind.PRIVATE),
        ("fd00::7", "enp3s0", Kind.PRIVATE),
        ("8.8.8.8", "eth0", Kind.PUBLIC),
        ("2a00:1450::1", "en0", Kind.PUBLIC),
        ("172.17.0.1", "docker0", Kind.VIRTUAL),
        ("172.18.0.1", "br-5f2d6b0f1c3a", Kind.VIRTUAL),
        ("192.168.122.1", "virbr0", Kind.VIRTUAL),
        ("192.168.56.1", "VirtualBox Host-Only Network", Kind.VIRTUAL),
        ("192.168.80.1", "VMware Network Adapter VMnet8", Kind.VIRTUAL),
        ("172.29.16.1", "vEthernet (WSL)", Kind.VIRTUAL),
        ("192.168.64.1", "bridge100", Kind.VIRTUAL),
        ("10.8.0.6", "tun0", Kind.TUNNEL),
        ("10.2.0.2", "wg0", Kind.TUNNEL),
        ("100.101.102.103", "tailscale0", Kind.TUNNEL),
        ("10.147.17.5", "ztabcdefgh", Kind.TUNNEL),
        ("10.5.0.2", "utun4", Kind.TUNNEL),
        ("10.5.0.2", "My company's VPN", Kind.TUNNEL),
        ("169.254.12.34", "eth0", Kind.LINK_LOCAL),
        ("169.254.12.34", "tun0", Kind.LINK_LOCAL),
        # A bridge that carries the real network is an ordinary interface.
        ("192.168.1.42", "br0", Kind.PRIVATE),
    ],
)
def test_what_an_address_is_shows_in_itself_and_in_its_interfaces_name(ip: str, interface: str, expected: Kind) -> None:
    assert kind(ip, interface) is expected


BEST_FIRST = [
    [at("10.0.0.5", "eth0", default=True), at("192.168.1.42", "wlan0")],
    [at("192.168.1.42", "wlan0", default=True), at("10.0.0.5", "eth0")],
    [at("192.168.1.42", "wlan0", default=True), at("172.17.0.1", "docker0"), at("169.254.3.4", "eth1")],
    # A VPN takes the default route, and not the classroom.
    [at("192.168.1.42", "wlan0"), at("10.8.0.6", "tun0", default=True)],
    [at("192.168.1.42", "wlan0"), at("172.17.0.1", "docker0", default=True), at("10.8.0.6", "tun0")],
    # A cable into nowhere has an address of its own making.
    [at("192.168.1.42", "wlan0"), at("169.254.3.4", "eth0", default=True)],
    [at("8.8.8.8", "eth0", default=True), at("192.168.1.42", "wlan0")],
    [at("192.168.1.42", "wlan0"), at("8.8.8.8", "eth0")],
    [at("192.168.1.42", "eth0"), at("fd00::7", "eth0", default=True)],
    [at("fd00::7", "eth0"), at("10.8.0.6", "tun0")],
    # Nothing tells these two apart: the same one is shown each time.
    [at("192.168.1.42", "eth0"), at("192.168.1.43", "eth0"), at("192.168.0.1", "eth1")],
]


@pytest.mark.parametrize("expected", BEST_FIRST)
def test_the_likeliest_comes_first_whatever_order_they_were_found_in(expected: list[Address]) -> None:
    for _ in range(10):
        assert ranked(random.sample(expected, len(expected))) == expected


def test_none_is_hidden() -> None:
    found = [at("169.254.3.4", "eth0"), at("172.17.0.1", "docker0"), at("10.8.0.6", "tun0")]

    assert sorted(ranked(found)) == sorted(found)
    assert ranked([]) == []


# --- choosing ---

CABLE, WIFI, DOCKER = at("10.0.0.5", "eth0", default=True), at("192.168.1.42", "wlan0"), at("172.17.0.1", "docker0")


def test_the_best_is_chosen_unless_the_host_prefers_another() -> None:
    found = [CABLE, WIFI, DOCKER]

    assert choose(found, None, None) == CABLE
    assert choose(found, None, "wlan0") == WIFI
    assert choose(found, None, "docker0") == DOCKER
    assert choose(found, None, "an interface that is unplugged") == CABLE
    assert choose([], None, "wlan0") is None


def test_an_address_that_was_asked_for_is_the_only_one() -> None:
    assert choose([CABLE, WIFI], WIFI.ip, "eth0") == WIFI
    assert choose([CABLE], WIFI.ip, None) is None


# --- finding ---


def test_what_is_found_here_can_be_opened_elsewhere() -> None:
    for address in current():
        ip = ipaddress.ip_address(address.ip)
        assert not ip.is_loopback
        assert address.kind is kind(address.ip, address.interface)
        with socket.socket(socket.AF_INET6 if ip.version == 6 else socket.AF_INET) as own:
            own.bind((address.ip, 0))


def test_only_addresses_of_interfaces_that_are_up_and_lead_elsewhere_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interfaces: dict[str, list[tuple[int, str]]] = {
        "lo": [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")],
        "eth0": [
            (socket.AF_INET, "10.0.0.5"),
            (socket.AF_INET6, "fd00::5"),
            (socket.AF_INET6, "fe80::5%eth0"),
            (psutil.AF_LINK, "00:16:3e:00:00:01"),
        ],
        "wlan0": [(socket.AF_INET, "192.168.1.42")],
        "eth1": [(socket.AF_INET, "192.168.2.2")],
        "gone": [(socket.AF_INET, "192.168.3.3")],
    }
    monkeypatch.setattr(
        psutil,
        "net_if_addrs",
        lambda: {
            name: [SimpleNamespace(family=family, address=address) for family, address in found]
            for name, found in interfaces.items()
        },
    )
    monkeypatch.setattr(
        psutil,
        "net_if_stats",
        lambda: {name: SimpleNamespace(isup=name != "eth1") for name in interfaces if name != "gone"},
    )
    monkeypatch.setattr(addresses, "_default_route_address", lambda: "192.168.1.42")

    assert current() == [
        Address("192.168.1.42", "wlan0", Kind.PRIVATE, True),
        Address("10.0.0.5", "eth0", Kind.PRIVATE, False),
        Address("fd00::5", "eth0", Kind.PRIVATE, False),
    ]
