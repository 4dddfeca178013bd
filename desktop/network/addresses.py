"""This machine's addresses: which of them others on the network can most likely reach.

Ranked as people's bug reports ask for: the interface of the default route first, private ranges before public ones, and
virtual, VPN and link-local ones last. None is hidden.
"""

import ipaddress
import re
import socket
from enum import IntEnum
from typing import NamedTuple

import psutil

# Names that the makers of bridges, virtual machines and tunnels give their interfaces.
_VIRTUAL = re.compile(
    r"docker|br-|virbr|veth|vmnet|vmware|vbox|virtualbox|hyper-v|vethernet|wsl|lxc|lxd|podman|cni|flannel|bridge\d",
    re.I,
)
_TUNNEL = re.compile(r"tun\d|tap\d|wg\d|utun|ppp\d|tailscale|zerotier|\bzt|vpn|nordlynx|proton|ipsec|gpd\d", re.I)


class Kind(IntEnum):
    """What an address is, the likeliest to be reached by others first."""

    PRIVATE = 0
    PUBLIC = 1
    VIRTUAL = 2
    TUNNEL = 3
    LINK_LOCAL = 4


class Address(NamedTuple):
    """An address of this machine and the interface that has it."""

    ip: str
    interface: str
    kind: Kind
    default: bool
    """Whether the default route goes through it."""


def current() -> list[Address]:
    """All addresses that others could reach, the best first; none without a network."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    default = _default_route_address()
    found = [
        Address(entry.address, interface, kind(entry.address, interface), entry.address == default)
        for interface, entries in psutil.net_if_addrs().items()
        if interface in up
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6) and _opens(entry.address)
    ]
    return ranked(found)


def _opens(ip: str) -> bool:
    """Whether a browser elsewhere could open it: with a link-local IPv6 one it would have to name its own interface."""
    address = ipaddress.ip_address(ip)
    return not address.is_loopback and not (address.version == 6 and address.is_link_local)


def ranked(found: list[Address]) -> list[Address]:
    """The best first. A tunnel takes the default route over without taking the classroom along, so kinds come first
    where the route goes through one of the last kinds. IPv4 before IPv6: it is what people can type."""
    return sorted(found, key=lambda a: (a.kind >= Kind.VIRTUAL, ":" in a.ip, not a.default, a.kind, a.interface, a.ip))


def choose(found: list[Address], fixed: str | None, interface: str | None) -> Address | None:
    """The address that others are to join at: `fixed` or none; else `interface`'s if it has one; else the best."""
    if fixed:
        return next((address for address in found if address.ip == fixed), None)
    return next((address for address in found if address.interface == interface), found[0] if found else None)


def kind(ip: str, interface: str) -> Kind:
    """What an address on an interface of that name is."""
    address = ipaddress.ip_address(ip)
    if address.is_link_local:
        return Kind.LINK_LOCAL
    if _TUNNEL.search(interface):
        return Kind.TUNNEL
    if _VIRTUAL.match(interface):
        return Kind.VIRTUAL
    return Kind.PRIVATE if address.is_private else Kind.PUBLIC


def _default_route_address() -> str | None:
    """The address that packets to the outside leave from. Connecting a datagram socket sends nothing; it only asks the
    routing table (192.0.2.1 is nobody's: RFC 5737)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return address
