"""This machine's addresses: which of them others on the network can most likely reach.

Judged by what the system tells of an adapter (signs.py), and by its name only where nothing is told: the names that
makers of tunnels and virtual machines think of can't be listed. Ranked as people's bug reports ask for: the adapter of
the default route first, private ranges before public ones, and virtual, VPN and link-local ones last. None is hidden.
"""

import ipaddress
import re
import socket
from collections.abc import Collection, Mapping
from enum import IntEnum
from typing import Final, NamedTuple

import psutil

from desktop.network.signs import Signs, told

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE: Final = [*map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))]
"""RFC 1918, RFC 4193."""
SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
"""RFC 6598: between a provider and its customers, and in some campus networks."""
STAND_INS: Final = [*map(ipaddress.ip_network, ("192.0.0.0/24", "198.18.0.0/15"))]
"""What this machine alone takes for an address: its end of a translation to IPv6 (RFC 7335), or of a VPN that answers
for everybody (out of RFC 2544's range for tests)."""

_NETWORK: Final = re.compile(
    r"wl|wi-?fi|en[\ddopsx]|eth(\d|ernet)|em\d|p\d+p\d|usb\d|lan\d|ap\d|bond\d|vlan\d|br\d|br-lan$|bridge\d|local area",
    re.I,
)
"""How systems name the adapters of networks that people are on: the last sign, a container's only one."""
_BRIDGE: Final = re.compile(r"br-lan$|bridge\d")
"""Bridges that are there for people: a router's, and a Mac's that shares its connection."""
_WIRELESS: Final = re.compile(r"wl|wi-?fi|ap\d", re.I)
_TUNNEL: Final = re.compile(
    r"tun\d|tap\d|wg\d|utun|ppp\d|tailscale|zerotier|\bzt|vpn|nordlynx|proton|ipsec|gpd\d", re.I
)
NO_ROUTE: Final = 1 << 32
"""Dearer than any way out."""


class Kind(IntEnum):
    """What an address is, the likeliest to be reached by others first."""

    PRIVATE = 0
    PUBLIC = 1
    SHARED = 2
    VIRTUAL = 3
    TUNNEL = 4
    LINK_LOCAL = 5


class Address(NamedTuple):
    """An address of this machine and the adapter that has it."""

    ip: str
    interface: str
    kind: Kind
    default: bool
    """Whether what goes to the outside leaves from it; from its adapter, if it is IPv6."""
    route: int = NO_ROUTE
    """How dear its adapter's own way out is: a VPN may have taken over without it being any worse."""
    wireless: bool = False
    passing: bool = False
    """Whether another will soon take its place."""
    ready: bool = True
    """Whether anything can listen at it yet."""
    prefix: int | None = None
    """The bits that its network's addresses share, if the system tells."""

    @property
    def unlikely(self) -> bool:
        """Whether others can hardly reach it."""
        return self.kind >= Kind.VIRTUAL


def current() -> list[Address]:
    """All addresses that others could reach, the best first, each once; none without a network."""
    stats = psutil.net_if_stats()
    entries = [
        (_adapter(label, stats), entry)
        for label, entries in psutil.net_if_addrs().items()
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    ]
    system = told({name: stat.flags for name, stat in stats.items()}, [entry.address for _, entry in entries])
    leaving = {4: _leaves_from(socket.AF_INET), 6: _leaves_from(socket.AF_INET6)}
    leaving_adapters = {name for name, entry in entries if entry.address == leaving[6]}
    found = []
    for interface, entry in entries:
        if interface not in stats or not stats[interface].isup or entry.address in system.others:
            continue
        address = ipaddress.ip_address(entry.address)
        if not _opens(address):
            continue
        prefix = _prefix(entry.netmask)
        alone = prefix == address.max_prefixlen or entry.ptp is not None
        found.append(
            Address(
                entry.address,
                interface,
                kind(entry.address, interface, system.adapters, alone=alone),
                interface in leaving_adapters if address.version == 6 else entry.address == leaving[4],
                system.routes.get((interface, address.version), NO_ROUTE),
                system.adapters.get(interface, Signs()).wireless or bool(_WIRELESS.match(interface)),
                entry.address in system.passing,
                entry.address not in system.unready,
                prefix,
            )
        )
    best: dict[str, Address] = {}
    for one in ranked(found):
        best.setdefault(one.ip, one)
    return list(best.values())


def _adapter(label: str, adapters: Collection[str]) -> str:
    """The adapter that has an address: Linux may give the address a name of its own, which only begins with the
    adapter's (ip-address(8), label)."""
    if label in adapters:
        return label
    return max((name for name in adapters if label.startswith(name)), key=len, default=label)


def _prefix(netmask: str | None) -> int | None:
    return int(ipaddress.ip_address(netmask)).bit_count() if netmask else None


def _opens(address: IPAddress) -> bool:
    """Whether a browser elsewhere could open it: with a link-local IPv6 one it would have to name its own interface."""
    return not address.is_loopback and not (address.version == 6 and address.is_link_local)


def likelihood(address: Address) -> tuple[int, ...]:
    """How likely others can reach it, the lower the likelier. A tunnel takes the default route over without taking the
    classroom along, so what an adapter is comes first. IPv4 before IPv6: it is what people can type."""
    return (
        address.unlikely,
        ":" in address.ip,
        address.kind is Kind.SHARED,
        not address.default,
        address.route,
        address.passing,
        address.kind,
        not address.wireless,
    )


def ranked(found: Collection[Address]) -> list[Address]:
    """The best first; of those that nothing tells apart the same one each time."""
    return sorted(found, key=lambda address: (likelihood(address), address.interface, address.ip))


def kind(ip: str, interface: str, adapters: Mapping[str, Signs] | None = None, *, alone: bool = False) -> Kind:
    """What an address on that one of these adapters is; `alone` if its mask leaves nobody else on its network."""
    address = ipaddress.ip_address(ip)
    adapters = adapters or {}
    if address.is_link_local:
        return Kind.LINK_LOCAL
    if any(address in network for network in STAND_INS) or adapters.get(interface, Signs()).tunnel:
        return Kind.TUNNEL
    if not _has_people(interface, adapters):
        return Kind.TUNNEL if alone or _TUNNEL.search(interface) else Kind.VIRTUAL
    # What a DHCPv6 server gives is alone by its mask, and among others all the same (RFC 8415, section 18.2.10.1).
    if alone and address.version == 4:
        return Kind.TUNNEL
    if any(address in network for network in PRIVATE):
        return Kind.PRIVATE
    return Kind.SHARED if address in SHARED else Kind.PUBLIC


def _has_people(interface: str, adapters: Mapping[str, Signs]) -> bool:
    """Whether an adapter leads to a network that people are on: it has a device, or is made of one that has."""
    signs = adapters.get(interface, Signs())
    if signs.hardware is not None:
        return signs.hardware
    if signs.parts and any(_has_people(part, adapters) for part in signs.parts):
        return True
    if signs.bridge or signs.parts:
        return bool(_BRIDGE.match(interface)) and not any(part.startswith("vmenet") for part in signs.parts)
    return bool(_NETWORK.match(interface))


def _leaves_from(family: socket.AddressFamily) -> str | None:
    """The address that packets to the outside leave from. Connecting a datagram socket sends nothing; it only asks the
    routing table (for addresses that are nobody's: RFC 5737, RFC 3849)."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
            address: str = probe.getsockname()[0]
            return address
    except OSError:
        return None
