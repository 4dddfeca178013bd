"""What ufw, the firewall that Ubuntu comes with, does with a connection: read from the rules that it keeps.

Of each rule it keeps a line as it was given (ufw's backend_iptables.py, _write_rules):

    ### tuple ### allow tcp 80,8000:8010 0.0.0.0/0 any 192.168.0.0/16 in_wlan0
                  what      to port      to        from              which way, and by which adapter

An application's name and `-`, or `-` and a name, may come before the last word: its ports are where ports always are.
The first rule that matches decides; where none does, the policy.
"""

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from desktop.network.addresses import Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Rule(NamedTuple):
    action: str
    protocol: str
    port: str
    to: str
    from_port: str
    source: str
    way: str


def lets_in(etc: Path, port: int, shown: Address | None) -> bool | None:
    """Whether others can reach this TCP port at the address `shown`; None if that can't be known.

    Raises OSError where the rules can't be read: they are root's.
    """
    is_v6 = shown is not None and ":" in shown.ip
    settings = _read(etc / "default/ufw")
    if is_v6 and _setting(settings, "IPV6").lower() == "no":
        return False
    rules = (etc / ("ufw/user6.rules" if is_v6 else "ufw/user.rules")).read_text(errors="replace")
    verdicts: set[bool | None] = set()
    for rule in _rules(rules):
        matches = _matches(rule, port, shown) if rule else None
        if matches is False:
            continue
        # What is limited gets in six times in 30 seconds (ufw(8)): a page alone opens as many connections.
        verdicts.add({"allow": True, "deny": False, "reject": False}.get(rule.action) if rule else None)
        if matches:
            break
    else:
        policy = _setting(settings, "DEFAULT_INPUT_POLICY").upper() or "DROP"
        verdicts.add({"ACCEPT": True, "DROP": False, "REJECT": False}.get(policy))
    return verdicts.pop() if len(verdicts) == 1 else None


def _rules(text: str) -> Iterator[_Rule | None]:
    """The rules for what comes in; None for one that can't be read."""
    for line in re.findall(r"^### tuple ###\s*(.*)", text, re.M):
        words = line.partition(" comment=")[0].split()
        # Before it knew of directions it kept none.
        way = words.pop() if len(words) in (7, 9) else "in"
        if len(words) not in (6, 8):
            yield None
            continue
        action, protocol, ports, to, from_port, source = words[:6]
        rule = _Rule(action.partition("_")[0], protocol, ports, to, from_port, source, way)
        if rule.way.startswith("in") and not rule.action.startswith("route:"):
            yield rule


def _matches(rule: _Rule, port: int, shown: Address | None) -> bool | None:
    """Whether a rule is about everybody who comes to this port; None where it is about some, or nobody knows."""
    adapter = rule.way.partition("_")[2]
    parts = (
        rule.protocol in ("tcp", "any"),
        _has_port(rule.port, port),
        _is_ours(rule.to, shown),
        rule.from_port == "any" or None,
        _is_everybody(rule.source, shown),
        not adapter or (adapter == shown.interface if shown else None),
    )
    if False in parts:
        return False
    return None if None in parts else True


def _has_port(ports: str, port: int) -> bool | None:
    if ports == "any":
        return True
    spans = [re.fullmatch(r"(\d+)(?::(\d+))?", span) for span in ports.split(",")]
    if any(span and int(span[1]) <= port <= int(span[2] or span[1]) for span in spans):
        return True
    return False if all(spans) else None


def _is_ours(to: str, shown: Address | None) -> bool | None:
    network = _network(to)
    if network is None:
        return None
    if network.prefixlen == 0:
        return True
    return ipaddress.ip_address(shown.ip) in network if shown else None


def _is_everybody(source: str, shown: Address | None) -> bool | None:
    """Whether a rule for what comes from `source` is about all on our network, or none (False), or some (None)."""
    network = _network(source)
    if network is None:
        return None
    if network.prefixlen == 0:
        return True
    if shown is None or shown.prefix is None:
        return None
    ours = ipaddress.ip_network(f"{shown.ip}/{shown.prefix}", strict=False)
    if ours.version != network.version or not ours.overlaps(network):
        return False
    return True if network.prefixlen <= ours.prefixlen else None


def _network(text: str) -> Network | None:
    if text == "any":
        return ipaddress.ip_network("0.0.0.0/0")
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _setting(text: str, name: str) -> str:
    found = re.search(rf'^\s*{name}\s*=\s*"?(\w*)', text, re.M)
    return found[1] if found else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
