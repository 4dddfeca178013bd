"""Firewalls as they answer on each system; the answers are written down here as those systems' manuals give them."""

import sys
from pathlib import Path

import pytest

from desktop.network.addresses import Address, Kind
from desktop.network.firewall import Firewall, State, ask, firewalls, quoted


class Answers:
    """Commands and what they print; a command that isn't listed isn't there."""

    def __init__(self, **answers: str) -> None:
        self._answers = answers

    def __call__(self, command: list[str]) -> str | None:
        line = " ".join(command)
        return next((answer for word, answer in self._answers.items() if word.replace("_", "-") in line), None)


WIFI = Address("192.168.1.42", "wlan0", Kind.PRIVATE, True, prefix=24)


def linux(tmp_path: Path, **answers: str) -> list[Firewall]:
    return firewalls(8000, WIFI, Answers(**answers), "linux", tmp_path)


def test_a_machine_without_a_firewall_has_none(tmp_path: Path) -> None:
    assert linux(tmp_path) == []


@pytest.fixture
def ufw(tmp_path: Path) -> Path:
    folder = tmp_path / "ufw"
    folder.mkdir()
    (folder / "ufw.conf").write_text("# comment\nENABLED=yes\nLOGLEVEL=low\n")
    return folder


def test_ufw_that_is_off_is_said_to_be_off(ufw: Path, tmp_path: Path) -> None:
    (ufw / "ufw.conf").write_text("ENABLED=no\n")
    assert linux(tmp_path) == [Firewall("ufw", State.OFF)]


def test_ufw_whose_rules_only_root_may_read_is_unknown(ufw: Path, tmp_path: Path) -> None:
    assert linux(tmp_path) == [Firewall("ufw", State.UNKNOWN, "sudo ufw allow 8000/tcp")]


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("allow tcp 8000 0.0.0.0/0 any 0.0.0.0/0 in", State.ALLOWS),
        ("allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in", State.BLOCKS),
        ("limit tcp 8000 0.0.0.0/0 any 0.0.0.0/0 in", State.UNKNOWN),
    ],
)
def test_ufw_lets_in_what_its_rules_name(ufw: Path, tmp_path: Path, rule: str, state: State) -> None:
    (ufw / "user.rules").write_text(f"*filter\n### RULES ###\n\n### tuple ### {rule}\n-A ufw-user-input …\n")
    (found,) = linux(tmp_path)
    assert found == Firewall("ufw", state, None if state is State.ALLOWS else "sudo ufw prepend allow 8000/tcp")


@pytest.mark.parametrize(
    ("ports", "state"),
    [
        ("8000/tcp", State.ALLOWS),
        ("22/tcp 7990-8010/tcp", State.ALLOWS),
        ("8000/udp 80/tcp", State.BLOCKS),
        ("", State.BLOCKS),
    ],
)
def test_firewalld_lets_in_what_it_lists(tmp_path: Path, ports: str, state: State) -> None:
    (found,) = linux(tmp_path, is_active="active", zone_of="home", list_ports=ports)
    assert (found.product, found.state) == ("firewalld", state)


class Zones:
    """A firewalld with zones: which ports each lets in, and which is the default one."""

    def __init__(self, zone_of: str | None, default: str, **ports: str) -> None:
        self._zone_of, self._default, self._ports = zone_of, default, ports

    def __call__(self, command: list[str]) -> str | None:
        match command:
            case ["systemctl", "is-active", "firewalld"]:
                return "active"
            case ["firewall-cmd", "--get-zone-of-interface=wlan0"]:
                return self._zone_of
            case ["firewall-cmd", "--get-default-zone"]:
                return self._default
            case ["firewall-cmd", zone, "--list-ports"]:
                return self._ports[zone.removeprefix("--zone=")]
        return None


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        (Zones("home", "public", home="8000/tcp", public=""), Firewall("firewalld", State.ALLOWS)),
        (
            Zones("home", "public", home="22/tcp", public="8000/tcp"),
            Firewall("firewalld", State.BLOCKS, "sudo firewall-cmd --zone=home --add-port=8000/tcp"),
        ),
        (
            Zones("no zone", "public", public=""),
            Firewall("firewalld", State.BLOCKS, "sudo firewall-cmd --zone=public --add-port=8000/tcp"),
        ),
        (Zones(None, "FedoraWorkstation", FedoraWorkstation="1025-65535/tcp"), Firewall("firewalld", State.ALLOWS)),
    ],
)
def test_firewalld_is_asked_for_the_zone_of_the_adapter_on_display(
    tmp_path: Path, zones: Zones, expected: Firewall
) -> None:
    assert firewalls(8000, WIFI, zones, "linux", tmp_path) == [expected]


@pytest.mark.parametrize(
    ("whole", "state"),
    [
        ("trusted (active)\n  target: ACCEPT\n  rich rules: ", State.ALLOWS),
        ("public (active)\n  target: default\n  rich rules: \n\trule family=ipv4 accept", State.UNKNOWN),
        ("public (active)\n  target: default\n  rich rules: ", State.BLOCKS),
        ("drop (active)\n  target: DROP\n  rich rules: ", State.BLOCKS),
    ],
)
def test_firewalld_may_let_in_by_more_than_ports(tmp_path: Path, whole: str, state: State) -> None:
    (found,) = linux(tmp_path, is_active="active", zone_of="x", list_ports="", list_all=whole)
    assert found.state is state


def test_firewalld_that_may_not_be_asked_is_unknown_and_one_that_sleeps_is_none(tmp_path: Path) -> None:
    (found,) = linux(tmp_path, is_active="active")
    assert found == Firewall("firewalld", State.UNKNOWN, "sudo firewall-cmd --add-port=8000/tcp")
    assert linux(tmp_path, is_active="inactive") == []


@pytest.mark.parametrize(
    ("enabled", "category", "rules", "state"),
    [
        ("Private,Public", "Public", "Allow:Private", State.BLOCKS),
        ("Private,Public", "Public", "Allow:Private, Public", State.ALLOWS),
        ("Private,Public", "Private", "Allow:Any", State.ALLOWS),
        ("Private,Public", "Private", "Allow:Private;Block:Private", State.BLOCKS),
        ("Private,Public", "Private", "", State.BLOCKS),
        ("Public", "Private", "", State.OFF),
        ("Domain,Public", "DomainAuthenticated", "Allow:Domain", State.ALLOWS),
        ("Domain,Private,Public", "DomainAuthenticated", "Allow:Private", State.BLOCKS),
    ],
)
def test_windows_goes_by_the_network_and_the_rules_for_this_program(
    enabled: str, category: str, rules: str, state: State
) -> None:
    answers = Answers(NetFirewallProfile=enabled, NetConnectionProfile=category, ApplicationFilter=rules)
    (found,) = firewalls(8000, WIFI, answers, "win32")
    assert found.state is state


def test_windows_is_asked_for_the_network_of_the_adapter_on_display() -> None:
    def ask(command: list[str]) -> str:
        if "NetFirewallProfile" in command[-1]:
            return "Private,Public"
        if "NetConnectionProfile" in command[-1]:
            return "Private" if "-InterfaceAlias 'wlan0'" in command[-1] else "Public"
        return "Allow:Private"

    assert firewalls(8000, WIFI, ask, "win32") == [Firewall("Windows, Private", State.ALLOWS)]
    assert firewalls(8000, None, ask, "win32") == [Firewall("Windows, Public", State.BLOCKS)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C:\\LAN Counter.exe", "'C:\\LAN Counter.exe'"),
        ("C:\\O'Brien's\\x.exe", "'C:\\O''Brien''s\\x.exe'"),
        ("C:\\O\u2019Brien\\x.exe", "'C:\\O\u2019\u2019Brien\\x.exe'"),
        ("a\u2018b\u201ac\u201bd", "'a\u2018\u2018b\u201a\u201ac\u201b\u201bd'"),
        ('$(calc);"`', "'$(calc);\"`'"),
    ],
)
def test_a_quote_in_a_path_ends_no_text_of_powershells(text: str, expected: str) -> None:
    assert quoted(text) == expected


def test_the_programs_own_path_is_asked_for_whatever_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(command: list[str]) -> str:
        asked.append(command[-1])
        return "Private"

    monkeypatch.setattr(sys, "executable", "C:\\Users\\O'Brien\\LAN Counter.exe")
    firewalls(8000, WIFI, ask, "win32")
    assert "-Program 'C:\\Users\\O''Brien\\LAN Counter.exe'" in asked[-1]


def test_windows_that_does_not_answer_is_unknown() -> None:
    assert firewalls(8000, WIFI, Answers(), "win32") == [Firewall("Windows", State.UNKNOWN)]


@pytest.mark.parametrize(
    ("state", "block_all", "app", "expected"),
    [
        ("Firewall is disabled. (State = 0)", "", "", State.OFF),
        ("Firewall is enabled. (State = 1)", "Block all DISABLED!", "Incoming connection is permitted", State.ALLOWS),
        ("Firewall is enabled. (State = 1)", "Block all DISABLED!", "Incoming connection is blocked", State.BLOCKS),
        ("Firewall is enabled. (State = 1)", "Block all DISABLED!", "The application is not known", State.UNKNOWN),
        ("Firewall is enabled. (State = 2)", "Firewall is set to block all", "is permitted", State.BLOCKS),
    ],
)
def test_macos_goes_by_the_application_firewall(state: str, block_all: str, app: str, expected: State) -> None:
    answers = Answers(getglobalstate=state, getblockall=block_all, getappblocked=app)
    assert [found.state for found in firewalls(8000, WIFI, answers, "darwin")] == [expected]


def test_a_command_that_is_not_there_or_fails_has_no_answer() -> None:
    assert ask(["no-such-command-at-all"]) is None
    assert ask([sys.executable, "-c", "print('active'); raise SystemExit(1)"]) is None
    assert ask([sys.executable, "-c", "print('active')"]) == "active"
