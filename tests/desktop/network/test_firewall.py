"""Firewalls as they answer on each system; the answers are written down here as those systems' manuals give them."""

from pathlib import Path

import pytest

from desktop.network.firewall import Firewall, State, ask, firewalls


class Answers:
    """Commands and what they print; a command that isn't listed isn't there."""

    def __init__(self, **answers: str) -> None:
        self._answers = answers

    def __call__(self, command: list[str]) -> str | None:
        line = " ".join(command)
        return next((answer for word, answer in self._answers.items() if word.replace("_", "-") in line), None)


def linux(tmp_path: Path, **answers: str) -> list[Firewall]:
    return firewalls(8000, Answers(**answers), "linux", tmp_path)


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
        ("### tuple ### allow tcp 8000 0.0.0.0/0 any 0.0.0.0/0 in", State.ALLOWS),
        ("### tuple ### allow any 8000 0.0.0.0/0 any 0.0.0.0/0 in", State.ALLOWS),
        ("### tuple ### allow udp 8000 0.0.0.0/0 any 0.0.0.0/0 in", State.BLOCKS),
        ("### tuple ### allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in", State.BLOCKS),
        ("### tuple ### deny tcp 8000 0.0.0.0/0 any 0.0.0.0/0 in", State.BLOCKS),
        ("### tuple ### allow tcp 8000 0.0.0.0/0 any 10.0.0.1 in", State.BLOCKS),
    ],
)
def test_ufw_lets_in_what_its_rules_name(ufw: Path, tmp_path: Path, rule: str, state: State) -> None:
    (ufw / "user.rules").write_text(f"*filter\n### RULES ###\n\n{rule}\n-A ufw-user-input …\n")
    (found,) = linux(tmp_path)
    assert found.state is state
    assert (found.remedy is None) == (state is State.ALLOWS)


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
    (found,) = linux(tmp_path, is_active="active", list_ports=ports)
    assert (found.product, found.state) == ("firewalld", state)


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
    ],
)
def test_windows_goes_by_the_network_and_the_rules_for_this_program(
    enabled: str, category: str, rules: str, state: State
) -> None:
    answers = Answers(NetFirewallProfile=enabled, NetConnectionProfile=category, ApplicationFilter=rules)
    (found,) = firewalls(8000, answers, "win32")
    assert found.state is state


def test_windows_that_does_not_answer_is_unknown() -> None:
    assert firewalls(8000, Answers(), "win32") == [Firewall("Windows", State.UNKNOWN)]


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
    assert [found.state for found in firewalls(8000, answers, "darwin")] == [expected]


def test_a_command_that_is_not_there_or_fails_has_no_answer() -> None:
    assert ask(["no-such-command-at-all"]) is None
    assert ask(["false"]) is None
    assert ask(["echo", "active"]) == "active"
