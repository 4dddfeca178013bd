"""Which address is shown: the one that others can most likely reach, on the machines of people's bug reports."""

import ipaddress
import random
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import psutil
import pytest

from desktop.network import addresses
from desktop.network.addresses import Address, Kind, current, kind, ranked
from desktop.network.signs import Signs, Told


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
        ("192.168.2.1", "bridge100", Kind.PRIVATE),
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
        ("192.168.1.1", "br-lan", Kind.PRIVATE),
        # What no list of names has.
        ("10.5.0.2", "CloudflareWARP", Kind.VIRTUAL),
        ("10.168.4.1", "incusbr0", Kind.VIRTUAL),
        ("10.168.4.1", "lxdbr0", Kind.VIRTUAL),
        ("192.168.100.5", "nebula1", Kind.VIRTUAL),
        ("25.7.8.9", "ham0", Kind.VIRTUAL),
        # What ranges mean is the same whatever Python's version says of them.
        ("192.0.0.2", "en0", Kind.TUNNEL),
        ("192.0.0.9", "wlan0", Kind.TUNNEL),
        ("198.18.0.1", "eth0", Kind.TUNNEL),
        ("198.19.255.254", "eth0", Kind.TUNNEL),
        ("100.64.0.9", "wlan0", Kind.SHARED),
        ("100.127.255.254", "eth0", Kind.SHARED),
        ("100.128.0.1", "eth0", Kind.PUBLIC),
        ("192.0.2.7", "eth0", Kind.PUBLIC),
        ("192.0.1.7", "eth0", Kind.PUBLIC),
        ("172.32.0.1", "eth0", Kind.PUBLIC),
        ("2001:db8::7", "eth0", Kind.PUBLIC),
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


# --- signs ---

DEVICE, AIR = Signs(hardware=True), Signs(hardware=True, wireless=True)


@pytest.mark.parametrize(
    ("interface", "adapters", "expected"),
    [
        ("anything", {"anything": DEVICE}, Kind.PRIVATE),
        ("docker7", {"docker7": DEVICE}, Kind.PRIVATE),
        ("Ethernet 3", {"Ethernet 3": Signs(hardware=False)}, Kind.VIRTUAL),
        ("eth0", {"eth0": Signs(tunnel=True)}, Kind.TUNNEL),
        ("wwan0", {"wwan0": Signs(hardware=True, tunnel=True)}, Kind.TUNNEL),
        # A bridge is what it is made of.
        ("switch", {"switch": Signs(bridge=True, parts=("x", "veth7")), "x": DEVICE}, Kind.PRIVATE),
        ("br0", {"br0": Signs(bridge=True, parts=("vnet0", "veth7"))}, Kind.VIRTUAL),
        ("br0", {"br0": Signs(bridge=True)}, Kind.VIRTUAL),
        ("incusbr0", {"incusbr0": Signs(bridge=True, parts=("veth7",))}, Kind.VIRTUAL),
        ("br-lan", {"br-lan": Signs(bridge=True, parts=("lan1", "wl1"))}, Kind.PRIVATE),
        ("br-lan", {"br-lan": Signs(bridge=True, parts=("port",))}, Kind.PRIVATE),
        ("bridge100", {"bridge100": Signs(bridge=True, parts=("ap1",))}, Kind.PRIVATE),
        ("bridge100", {"bridge100": Signs(bridge=True, parts=("vmenet0",))}, Kind.VIRTUAL),
        # And so is what is built on another.
        ("office.7", {"office.7": Signs(parts=("x",)), "x": DEVICE}, Kind.PRIVATE),
        ("team0", {"team0": Signs(parts=("bond0",)), "bond0": Signs(parts=("x",)), "x": DEVICE}, Kind.PRIVATE),
    ],
)
def test_an_adapter_is_what_is_behind_it_whatever_its_name(
    interface: str, adapters: Mapping[str, Signs], expected: Kind
) -> None:
    assert kind("192.168.1.42", interface, adapters) is expected


@pytest.mark.parametrize(
    ("ip", "interface", "adapters", "expected"),
    [
        ("172.16.0.2", "CloudflareWARP", {}, Kind.TUNNEL),
        ("10.128.0.2", "eth0", {"eth0": DEVICE}, Kind.TUNNEL),
        ("2606:4700:110::7", "CloudflareWARP", {}, Kind.TUNNEL),
        # DHCPv6 gives such addresses.
        ("2001:db8::7", "eth0", {"eth0": DEVICE}, Kind.PUBLIC),
        ("fd00::7", "wlan0", {}, Kind.PRIVATE),
    ],
)
def test_a_mask_that_leaves_nobody_else_is_a_tunnels(
    ip: str, interface: str, adapters: Mapping[str, Signs], expected: Kind
) -> None:
    assert kind(ip, interface, adapters, alone=True) is expected


# --- machines ---

V4, V6 = socket.AF_INET, socket.AF_INET6
MASK, ONE, MASK6, ONE6 = "255.255.255.0", "255.255.255.255", "ffff:ffff:ffff:ffff::", ":".join(["ffff"] * 8)
LAN, POINT = "up,broadcast,running,multicast", "up,pointopoint,running,noarp,multicast"


class Entry(NamedTuple):
    """As psutil has an address."""

    family: int
    address: str
    netmask: str | None
    broadcast: str | None
    ptp: str | None


class Stat(NamedTuple):
    """As psutil has an adapter, of what is asked for."""

    isup: bool
    flags: str


class Machine:
    """What psutil and the system say of one; `leaves` are the addresses that packets to the outside leave from."""

    def __init__(self, told: Told, *leaves: str, **flags: str) -> None:
        self.told = told
        self.leaves = {V6 if ":" in ip else V4: ip for ip in leaves}
        self.flags = flags
        self.found: dict[str, list[Entry]] = {}

    def has(self, interface: str, ip: str, mask: str | None = MASK, ptp: str | None = None) -> "Machine":
        family = V6 if ":" in ip else V4
        self.found.setdefault(interface, []).append(Entry(family, ip, mask, None, ptp))
        return self


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Machine]]:
    machines: list[Machine] = []
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: machines[-1].found)
    monkeypatch.setattr(
        psutil,
        "net_if_stats",
        lambda: {n: Stat("running" in f or not f, f) for n, f in machines[-1].flags.items()},
    )
    monkeypatch.setattr(addresses, "told", lambda flags, found: machines[-1].told)
    monkeypatch.setattr(addresses, "_leaves_from", lambda family: machines[-1].leaves.get(family))
    yield machines


def machine(told: Told, *leaves: str, **flags: str) -> Machine:
    return Machine(told, *leaves, **flags)


MACHINES = [
    (
        "Cloudflare WARP has the default route",
        machine(Told({"wlan0": AIR, "CloudflareWARP": Signs()}), "172.16.0.2", wlan0=LAN, CloudflareWARP=LAN)
        .has("CloudflareWARP", "172.16.0.2", ONE)
        .has("wlan0", "192.168.1.42"),
        ["192.168.1.42", "172.16.0.2"],
    ),
    (
        "NetBird's and Nebula's tunnels",
        machine(
            Told({"wlan0": AIR, "wt0": Signs(tunnel=True), "nebula1": Signs(tunnel=True)}),
            "100.72.3.4",
            wlan0=LAN,
            wt0=POINT,
            nebula1=POINT,
        )
        .has("wt0", "100.72.3.4", "255.255.0.0")
        .has("nebula1", "192.168.100.5")
        .has("wlan0", "192.168.1.42"),
        ["192.168.1.42", "100.72.3.4", "192.168.100.5"],
    ),
    (
        "Incus, where there is no internet",
        machine(Told({"wlan0": AIR, "incusbr0": Signs(bridge=True, parts=("veth1",))}), wlan0=LAN, incusbr0=LAN)
        .has("incusbr0", "10.168.4.1")
        .has("wlan0", "192.168.1.42"),
        ["192.168.1.42", "10.168.4.1"],
    ),
    (
        "a Mac that shares its connection, and is on no other network",
        machine(
            Told({"bridge100": Signs(bridge=True, parts=("ap1",)), "utun3": Signs(tunnel=True)}),
            bridge100=LAN,
            utun3=POINT,
        )
        .has("utun3", "10.5.0.2", ONE)
        .has("bridge100", "192.168.2.1"),
        ["192.168.2.1", "10.5.0.2"],
    ),
    (
        "a router: its own network, and its provider's",
        machine(
            Told({"br-lan": Signs(bridge=True, parts=("lan1",)), "lan1": DEVICE, "eth1": DEVICE}),
            "100.90.1.2",
            eth1=LAN,
            **{"br-lan": LAN},
        )
        .has("eth1", "100.90.1.2", "255.192.0.0")
        .has("br-lan", "192.168.1.1"),
        ["192.168.1.1", "100.90.1.2"],
    ),
    (
        "an IPv6-mostly network: the IPv4 address is this machine's own invention",
        machine(Told({"en0": AIR}), "192.0.0.2", "2001:db8::7", en0=LAN)
        .has("en0", "192.0.0.2", ONE)
        .has("en0", "2001:db8::7", MASK6),
        ["2001:db8::7", "192.0.0.2"],
    ),
    (
        "a VPN that answers for everybody",
        machine(Told({"wlan0": AIR, "Meta": Signs()}), "198.18.0.1", wlan0=LAN, Meta="")
        .has("Meta", "198.18.0.1", "255.255.0.0")
        .has("wlan0", "192.168.1.42"),
        ["192.168.1.42", "198.18.0.1"],
    ),
    (
        "a campus that gives shared addresses, and IPv6",
        machine(Told({"wlan0": AIR}), "100.64.3.4", "2001:db8::7", wlan0=LAN)
        .has("wlan0", "2001:db8::7", MASK6)
        .has("wlan0", "100.64.3.4", "255.255.0.0"),
        ["100.64.3.4", "2001:db8::7"],
    ),
    (
        "IPv6 alone, some of it passing, beside containers",
        machine(
            Told({"wlan0": AIR, "docker0": Signs(bridge=True)}, passing={"fd00::1a2b", "2001:db8::1a2b"}),
            "2001:db8::1a2b",
            "172.17.0.1",
            wlan0=LAN,
            docker0=LAN,
        )
        .has("docker0", "172.17.0.1", "255.255.0.0")
        .has("wlan0", "2001:db8::1a2b", MASK6)
        .has("wlan0", "fd00::1a2b", MASK6)
        .has("wlan0", "2001:db8::7", ONE6)
        .has("wlan0", "fd00::7", MASK6)
        .has("wlan0", "fe80::7%wlan0", MASK6),
        ["fd00::7", "2001:db8::7", "fd00::1a2b", "2001:db8::1a2b", "172.17.0.1"],
    ),
    (
        "addresses with labels",
        machine(Told({"eth0": DEVICE}), "10.0.0.6", eth0=LAN)
        .has("eth0:1", "10.0.0.5")
        .has("eth0work", "10.0.0.6")
        .has("eth0", "10.0.0.7"),
        ["10.0.0.6", "10.0.0.5", "10.0.0.7"],
    ),
    (
        "a VPN has taken the default route away, with 0.0.0.0/1 and 128.0.0.0/1",
        machine(
            Told(
                {"eth0": DEVICE, "wlan0": AIR, "tun0": Signs(tunnel=True)},
                routes={("eth0", 4): 100, ("wlan0", 4): 600},
            ),
            "10.8.0.6",
            eth0=LAN,
            wlan0=LAN,
            tun0=POINT,
        )
        .has("wlan0", "192.168.1.42")
        .has("tun0", "10.8.0.6", ONE, "10.8.0.5")
        .has("eth0", "10.20.4.7"),
        ["10.20.4.7", "192.168.1.42", "10.8.0.6"],
    ),
    (
        "nothing leads outside: people are on the Wi-Fi",
        machine(Told({"eth0": DEVICE, "Wi-Fi": AIR}), eth0=LAN, **{"Wi-Fi": LAN})
        .has("eth0", "10.20.4.7")
        .has("Wi-Fi", "192.168.1.42"),
        ["192.168.1.42", "10.20.4.7"],
    ),
    (
        "Windows with VirtualBox, in whatever language",
        machine(
            Told({"Ethernet 2": Signs(hardware=False), "Conexão sem fio": AIR}),
            "192.168.1.42",
            **{"Ethernet 2": "", "Conexão sem fio": ""},
        )
        .has("Ethernet 2", "192.168.56.1")
        .has("Conexão sem fio", "192.168.1.42")
        .has("Conexão sem fio", "2001:db8::7", None),
        ["192.168.1.42", "2001:db8::7", "192.168.56.1"],
    ),
    (
        "one address on two adapters",
        machine(Told({"wlan0": AIR, "eth0": DEVICE}), eth0=LAN, wlan0=LAN)
        .has("eth0", "192.168.1.42")
        .has("wlan0", "192.168.1.42"),
        ["192.168.1.42"],
    ),
    (
        "an address that somebody else has, and adapters that are down",
        machine(Told({"eth0": DEVICE}, others={"2001:db8::7"}), eth0=LAN, wlan0="up,broadcast")
        .has("eth0", "2001:db8::7", MASK6)
        .has("wlan0", "192.168.1.42")
        .has("gone", "192.168.3.3")
        .has("eth0", "127.0.0.9")
        .has("eth0", "::1", ONE6),
        [],
    ),
]


@pytest.mark.parametrize(("what", "machine", "expected"), MACHINES, ids=[what for what, *_ in MACHINES])
def test_on_each_machine_the_likeliest_comes_first(
    look: list[Machine], what: str, machine: Machine, expected: list[str]
) -> None:
    look.append(machine)
    assert [address.ip for address in current()] == expected


def test_a_label_is_no_adapter_and_masks_are_told(look: list[Machine]) -> None:
    look.append(machine(Told({}), eth0=LAN).has("eth0:1", "10.0.0.5", "255.255.254.0").has("eth0", "fd00::7", MASK6))
    assert [(address.interface, address.prefix) for address in current()] == [("eth0", 23), ("eth0", 64)]


def test_an_address_that_is_not_ready_is_known(look: list[Machine]) -> None:
    look.append(machine(Told({}, unready={"fd00::7"}), eth0=LAN).has("eth0", "fd00::7", MASK6).has("eth0", "10.0.0.5"))
    assert [(address.ip, address.ready) for address in current()] == [("10.0.0.5", True), ("fd00::7", False)]


# --- finding ---


def test_what_is_found_here_can_be_opened_elsewhere() -> None:
    for address in current():
        ip = ipaddress.ip_address(address.ip)
        assert not ip.is_loopback
        with socket.socket(socket.AF_INET6 if ip.version == 6 else socket.AF_INET) as own:
            own.bind((address.ip, 0))
