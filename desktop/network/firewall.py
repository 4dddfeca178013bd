"""This machine's firewalls: does one keep others out? Read, never changed.

Each is asked in the way that needs no rights; what can't be known without them is said to be unknown.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from desktop.network import ufw
from desktop.network.addresses import Address

ASK_TIMEOUT: Final = 5.0
"""Seconds. PowerShell alone takes one to start."""

Ask = Callable[[list[str]], str | None]
"""Runs a command; gives what it printed, None if it isn't there, failed or took too long."""


class State(StrEnum):
    BLOCKS = "blocks"
    UNKNOWN = "unknown"
    """It is on; whether it lets this program through can't be seen."""
    ALLOWS = "allows"
    OFF = "off"


class Firewall(NamedTuple):
    """One firewall; `remedy` is the command that lets others in, where there is one for a person to run."""

    product: str
    state: State
    remedy: str | None = None


def ask(command: list[str]) -> str | None:
    """Run a command that only looks."""
    # Without this a console window would flash up on Windows.
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_TIMEOUT, creationflags=flags)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def firewalls(
    port: int,
    shown: Address | None = None,
    ask: Ask = ask,
    platform: str = sys.platform,
    etc: Path = Path("/etc"),
) -> list[Firewall]:
    """The firewalls that were found here, for connections to this TCP port at the address `shown`. Takes up to some
    seconds."""
    interface = shown.interface if shown else ""
    if platform == "win32":
        return _windows(interface, ask)
    if platform == "darwin":
        return _macos(ask)
    return [*_ufw(port, shown, etc), *_firewalld(port, interface, ask)]


def _ufw(port: int, shown: Address | None, etc: Path) -> list[Firewall]:
    try:
        enabled = re.search(r"^ENABLED=yes", (etc / "ufw/ufw.conf").read_text(), re.M)
    except OSError:
        return []
    if not enabled:
        return [Firewall("ufw", State.OFF)]
    remedy = f"sudo ufw allow {port}/tcp"
    try:
        is_let_in = ufw.lets_in(etc, port, shown)
        # It is the first rule that counts, and there may be one before.
        remedy = f"sudo ufw prepend allow {port}/tcp"
    except OSError:
        is_let_in = None
    if is_let_in is None:
        return [Firewall("ufw", State.UNKNOWN, remedy)]
    return [Firewall("ufw", State.ALLOWS) if is_let_in else Firewall("ufw", State.BLOCKS, remedy)]


def _firewalld(port: int, interface: str, ask: Ask) -> list[Firewall]:
    state = ask(["systemctl", "is-active", "firewalld"])
    if state != "active":
        return []
    zone = ask(["firewall-cmd", f"--get-zone-of-interface={interface}"]) if interface else None
    if not zone or " " in zone:
        # An adapter that is in no zone is in the default one.
        zone = ask(["firewall-cmd", "--get-default-zone"])
    in_zone = [f"--zone={zone}"] if zone and " " not in zone else []
    remedy = " ".join(["sudo firewall-cmd", *in_zone, f"--add-port={port}/tcp"])
    ports = ask(["firewall-cmd", *in_zone, "--list-ports"])
    if ports is None:
        return [Firewall("firewalld", State.UNKNOWN, remedy)]
    if any(_covers(entry, port) for entry in ports.split()):
        return [Firewall("firewalld", State.ALLOWS)]
    # What else a zone may let in by: a rule of its own, or all that isn't refused (as `trusted` does).
    whole = ask(["firewall-cmd", *in_zone, "--list-all"]) or ""
    if re.search(r"^\s*target: ACCEPT$", whole, re.M):
        return [Firewall("firewalld", State.ALLOWS)]
    has_rules = re.search(r"^\s*rich rules:\s*\S", whole, re.M)
    return [Firewall("firewalld", State.UNKNOWN if has_rules else State.BLOCKS, remedy)]


def _covers(entry: str, port: int) -> bool:
    """Whether an entry like 8000/tcp or 8000-8010/tcp has the port in it."""
    span = re.fullmatch(r"(\d+)(?:-(\d+))?/tcp", entry)
    return span is not None and int(span[1]) <= port <= int(span[2] or span[1])


def _windows(interface: str, ask: Ask) -> list[Firewall]:
    def shell(command: str) -> str | None:
        return ask(["powershell", "-NoProfile", "-NonInteractive", "-Command", command])

    enabled = shell("(Get-NetFirewallProfile | Where-Object Enabled).Name -join ','")
    if enabled is None:
        return [Firewall("Windows", State.UNKNOWN)]
    all_networks = "(Get-NetConnectionProfile{}).NetworkCategory -join ','"
    found = shell(all_networks.format(f" -InterfaceAlias {quoted(interface)}")) if interface else None
    category = _profile(found or shell(all_networks.format("")) or "")
    if category not in enabled:
        return [Firewall("Windows", State.OFF)]
    rules = shell(
        f"(Get-NetFirewallApplicationFilter -Program {quoted(sys.executable)} | Get-NetFirewallRule |"
        " Where-Object { $_.Enabled -eq 'True' -and $_.Direction -eq 'Inbound' } |"
        " ForEach-Object { $_.Action.ToString() + ':' + $_.Profile }) -join ';'"
    )
    if rules is None:
        return [Firewall(f"Windows, {category}", State.UNKNOWN)]
    # A rule that blocks wins over any that allows.
    about = [rule.split(":")[0] for rule in rules.split(";") if category in rule or "Any" in rule]
    if "Block" in about or "Allow" not in about:
        return [Firewall(f"Windows, {category}", State.BLOCKS)]
    return [Firewall(f"Windows, {category}", State.ALLOWS)]


def _profile(categories: str) -> str:
    """The firewall's profile for networks of these categories: a network that is not marked as private gets the rules
    for cafés, whatever was allowed at the first prompt."""
    if "Public" in categories:
        return "Public"
    return "Domain" if "Domain" in categories else "Private"


def quoted(text: str) -> str:
    """As PowerShell reads a text word for word. Any of its single quotes ends it, unless there are two of them
    (about_Quoting_Rules; the typographic ones count too)."""
    doubled = re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text)
    return f"'{doubled}'"


def _macos(ask: Ask) -> list[Firewall]:
    tool = "/usr/libexec/ApplicationFirewall/socketfilterfw"
    state = ask([tool, "--getglobalstate"])
    if state is None:
        return [Firewall("macOS", State.UNKNOWN)]
    if "disabled" in state:
        return [Firewall("macOS", State.OFF)]
    if "block all" in (ask([tool, "--getblockall"]) or "").lower().replace("block all disabled", ""):
        return [Firewall("macOS", State.BLOCKS)]
    blocked = (ask([tool, "--getappblocked", sys.executable]) or "").lower()
    if "permitted" in blocked:
        return [Firewall("macOS", State.ALLOWS)]
    return [Firewall("macOS", State.BLOCKS if "blocked" in blocked else State.UNKNOWN)]
