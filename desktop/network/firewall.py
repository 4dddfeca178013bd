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


def firewalls(port: int, ask: Ask = ask, platform: str = sys.platform, etc: Path = Path("/etc")) -> list[Firewall]:
    """The firewalls that were found here, for connections to this TCP port. Takes up to some seconds."""
    if platform == "win32":
        return _windows(ask)
    if platform == "darwin":
        return _macos(ask)
    return [*_ufw(port, etc), *_firewalld(port, ask)]


def _ufw(port: int, etc: Path) -> list[Firewall]:
    try:
        enabled = re.search(r"^ENABLED=yes", (etc / "ufw/ufw.conf").read_text(), re.M)
    except OSError:
        return []
    if not enabled:
        return [Firewall("ufw", State.OFF)]
    remedy = f"sudo ufw allow {port}/tcp"
    try:
        # The one line that ufw keeps of each rule as it was given; root alone may read it.
        rules = (etc / "ufw/user.rules").read_text()
    except OSError:
        return [Firewall("ufw", State.UNKNOWN, remedy)]
    allowed = re.search(rf"^### tuple ### allow (tcp|any) ({port}|any) 0\.0\.0\.0/0 any 0\.0\.0\.0/0 in\b", rules, re.M)
    return [Firewall("ufw", State.ALLOWS) if allowed else Firewall("ufw", State.BLOCKS, remedy)]


def _firewalld(port: int, ask: Ask) -> list[Firewall]:
    state = ask(["systemctl", "is-active", "firewalld"])
    if state != "active":
        return []
    remedy = f"sudo firewall-cmd --add-port={port}/tcp"
    ports = ask(["firewall-cmd", "--list-ports"])
    if ports is None:
        return [Firewall("firewalld", State.UNKNOWN, remedy)]
    allowed = any(_covers(entry, port) for entry in ports.split())
    return [Firewall("firewalld", State.ALLOWS) if allowed else Firewall("firewalld", State.BLOCKS, remedy)]


def _covers(entry: str, port: int) -> bool:
    """Whether an entry like 8000/tcp or 8000-8010/tcp has the port in it."""
    span = re.fullmatch(r"(\d+)(?:-(\d+))?/tcp", entry)
    return span is not None and int(span[1]) <= port <= int(span[2] or span[1])


def _windows(ask: Ask) -> list[Firewall]:
    shell = ["powershell", "-NoProfile", "-NonInteractive", "-Command"]
    enabled = ask([*shell, "(Get-NetFirewallProfile -Profile Public,Private | Where-Object Enabled).Name -join ','"])
    if enabled is None:
        return [Firewall("Windows", State.UNKNOWN)]
    profiles = ask([*shell, "(Get-NetConnectionProfile).NetworkCategory -join ','"]) or ""
    # A network that is not marked as private gets the rules for cafés, whatever was allowed at the first prompt.
    category = "Public" if "Public" in profiles else "Private"
    if category not in enabled:
        return [Firewall("Windows", State.OFF)]
    rules = ask(
        [
            *shell,
            f"(Get-NetFirewallApplicationFilter -Program '{sys.executable}' | Get-NetFirewallRule |"
            " Where-Object { $_.Enabled -eq 'True' -and $_.Direction -eq 'Inbound' } |"
            " ForEach-Object { $_.Action.ToString() + ':' + $_.Profile }) -join ';'",
        ]
    )
    if rules is None:
        return [Firewall(f"Windows, {category}", State.UNKNOWN)]
    # A rule that blocks wins over any that allows.
    about = [rule.split(":")[0] for rule in rules.split(";") if category in rule or "Any" in rule]
    if "Block" in about or "Allow" not in about:
        return [Firewall(f"Windows, {category}", State.BLOCKS)]
    return [Firewall(f"Windows, {category}", State.ALLOWS)]


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
