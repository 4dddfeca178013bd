"""What this system tells of its network adapters, beside their names and addresses: read here, judged by who asks.

Linux tells it in /sys and /proc, Windows in its registry, macOS by ifconfig.
"""

import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final, NamedTuple

ASK_TIMEOUT: Final = 5.0
"""Seconds."""
_TEMPORARY, _DUPLICATE, _DEPRECATED, _TENTATIVE = 0x01, 0x08, 0x20, 0x40
"""Of an IPv6 address (linux/if_addr.h)."""
_NO_LINK_LAYER: Final = "65534"
"""ARPHRD_NONE (linux/if_arp.h): packets and nothing around them, as in tunnels and mobile networks."""
_REJECT: Final = 0x0200
"""Of a route (linux/route.h)."""
_WINDOWS_CLASS: Final = "{4D36E972-E325-11CE-BFC1-08002BE10318}"
"""Network adapters (learn.microsoft.com, System-Defined Device Setup Classes)."""
_PHYSICAL: Final = 0x4
"""NCF_PHYSICAL, of a driver's Characteristics."""
_WIRELESS: Final = 71
"""IF_TYPE_IEEE80211, of a driver's *IfType; a hotspot of this machine's own is one too, with no device behind it."""


class Signs(NamedTuple):
    """Of one adapter; by default of one of which nothing is told."""

    hardware: bool | None = None
    """Whether there is a device behind it; None: this isn't told."""
    wireless: bool = False
    tunnel: bool = False
    """Whether it leads to one other end, or into a program."""
    bridge: bool = False
    parts: tuple[str, ...] = ()
    """The adapters that it is made of: a bridge's, or the one below a VLAN."""


class Told(NamedTuple):
    """What a system tells."""

    adapters: Mapping[str, Signs]
    passing: Collection[str] = ()
    """IPv6 addresses that will soon give way to others (RFC 8981)."""
    unready: Collection[str] = ()
    """IPv6 addresses that nothing can listen at yet: it is still asked whether anybody has them (RFC 4862, section
    5.4)."""
    others: Collection[str] = ()
    """Those that somebody has."""
    routes: Mapping[tuple[str, int], int] = {}
    """How dear the way to the outside is by each adapter and version of IP that has a default route."""


class WindowsAdapter(NamedTuple):
    """What the registry has of one."""

    name: str
    characteristics: int
    kind: int
    """Its *IfType."""


def told(flags: Mapping[str, str], addresses: Iterable[str], platform: str = sys.platform) -> Told:
    """What is told of the adapters with these flags (as psutil names them; none on Windows), and of these addresses."""
    if platform == "linux":
        return linux(flags)
    # Both take a moment, and there is news when an adapter or an address comes or goes.
    if platform == "win32":
        return windows(_registry(frozenset(flags)))
    if platform == "darwin":
        return macos(_ifconfig(frozenset(flags), frozenset(addresses)), flags)
    return Told({name: Signs(tunnel=_leads_to_one(words)) for name, words in flags.items()})


def _leads_to_one(flags: str) -> bool:
    # An address without a broadcast address is no such sign: one that was given by hand needn't have any.
    return "pointopoint" in flags or (flags != "" and "broadcast" not in flags)


# --- Linux ---


def linux(flags: Mapping[str, str], devices: Path = Path("/sys/class/net"), proc: Path = Path("/proc/net")) -> Told:
    """What the kernel tells (its Documentation/ABI/testing/sysfs-class-net; proc_net(5))."""
    passing, unready, others = set(), set(), set()
    for ip, _, _, _, state, _ in _table(proc / "if_inet6", 6):
        address = str(IPv6Address(bytes.fromhex(ip)))
        if int(state, 16) & (_TEMPORARY | _DEPRECATED):
            passing.add(address)
        if int(state, 16) & _DUPLICATE:
            others.add(address)
        elif int(state, 16) & _TENTATIVE:
            unready.add(address)
    adapters = {name: _linux(devices / name, flags[name]) for name in flags}
    return Told(adapters, passing, unready, others, _routes(proc))


def _linux(device: Path, flags: str) -> Signs:
    def has(sign: str) -> bool:
        return (device / sign).exists()

    bare = _read(device / "type").strip() == _NO_LINK_LAYER
    mobile = "DEVTYPE=wwan" in _read(device / "uevent")
    return Signs(
        hardware=True if has("device") else None,
        wireless=has("wireless") or has("phy80211"),
        tunnel=_leads_to_one(flags) or bare or mobile or has("tun_flags"),
        bridge=has("bridge"),
        parts=tuple(sorted(part.name.removeprefix("lower_") for part in device.glob("lower_*"))),
    )


def _routes(proc: Path) -> dict[tuple[str, int], int]:
    found = [
        (name, 4, int(metric), int(flags, 16))
        for name, to, _, flags, _, _, metric, mask, *_ in _table(proc / "route", 11)
        if to == mask == "00000000"
    ] + [
        (name, 6, int(metric, 16), int(flags, 16))
        for to, length, _, _, _, metric, _, _, flags, name in _table(proc / "ipv6_route", 10)
        if not int(to + length, 16)
    ]
    # The cheapest is the last to be kept.
    return {
        (name, version): metric
        for name, version, metric, flags in sorted(found, key=lambda route: -route[2])
        if not flags & _REJECT
    }


def _table(path: Path, columns: int) -> Iterator[list[str]]:
    return (fields for line in _read(path).splitlines() if len(fields := line.split()) == columns)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""


# --- macOS ---


def macos(ifconfig: str, flags: Mapping[str, str]) -> Told:
    """What ifconfig prints: the adapters that a bridge joins, and how long IPv6 addresses are good for."""
    parts: dict[str, list[str]] = {}
    passing = set()
    name = ""
    for line in ifconfig.splitlines():
        words = line.split()
        if line[:1].strip():
            name = line.partition(":")[0]
        elif words[:1] == ["member:"]:
            parts.setdefault(name, []).append(words[1])
        elif words[:1] == ["inet6"] and {"temporary", "deprecated"} & set(words):
            passing.add(words[1])
    return Told(
        {
            name: Signs(tunnel=_leads_to_one(words), bridge=name in parts, parts=tuple(parts.get(name, ())))
            for name, words in flags.items()
        },
        passing,
    )


@lru_cache(maxsize=1)
def _ifconfig(names: frozenset[str], addresses: frozenset[str]) -> str:
    try:
        return subprocess.run(["/sbin/ifconfig"], capture_output=True, text=True, timeout=ASK_TIMEOUT).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


# --- Windows ---


def windows(adapters: Iterable[WindowsAdapter]) -> Told:
    """What the adapters' drivers say of themselves (learn.microsoft.com, Specifying NDIS Version Information and the
    keywords beside it). Names are what people, or Windows in their language, have called them."""
    return Told(
        {
            name: Signs(hardware=bool(characteristics & _PHYSICAL) or kind == _WIRELESS, wireless=kind == _WIRELESS)
            for name, characteristics, kind in adapters
        }
    )


@lru_cache(maxsize=1)
def _registry(names: frozenset[str]) -> tuple[WindowsAdapter, ...]:
    return tuple(_read_registry())


def _read_registry() -> Iterator[WindowsAdapter]:
    if sys.platform != "win32":
        return
    import winreg

    control = r"SYSTEM\CurrentControlSet\Control"
    try:
        drivers = winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{control}\Class\{_WINDOWS_CLASS}")
        count = winreg.QueryInfoKey(drivers)[0]
    except OSError:
        return
    for place in range(count):
        # Some of the keys are the system's alone, and some drivers say less than others.
        try:
            with winreg.OpenKey(drivers, winreg.EnumKey(drivers, place)) as driver:
                guid = winreg.QueryValueEx(driver, "NetCfgInstanceId")[0]
                characteristics = winreg.QueryValueEx(driver, "Characteristics")[0]
                kind = winreg.QueryValueEx(driver, "*IfType")[0]
            connection = rf"{control}\Network\{_WINDOWS_CLASS}\{guid}\Connection"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, connection) as named:
                name = winreg.QueryValueEx(named, "Name")[0]
        except OSError:
            continue
        yield WindowsAdapter(str(name), int(characteristics), int(kind))
