"""Which system packages build/ installs, and how."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from tests.build.stand_ins import Commands

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOP / "build"))
    return importlib.import_module("debian")


@pytest.fixture
def commands(debian: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    stand_in = Commands()
    monkeypatch.setattr(debian, "call", stand_in)
    return stand_in


@pytest.fixture
def bare_debian(debian: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(debian, "installed_packages", lambda names: {"libgl1"})
    monkeypatch.setattr(debian, "current_names", lambda names: names)


def test_a_package_installed_under_its_newer_name_is_not_missing(debian: ModuleType) -> None:
    assert debian.missing_packages(["libnss3", "libasound2", "libgl1"], {"libasound2t64", "libgl1"}) == ["libnss3"]


def test_root_installs_what_is_missing_and_nothing_else(
    debian: ModuleType, commands: Commands, bare_debian: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "is_root", lambda: True)
    debian.provide_packages(["libgl1", "xvfb"])
    assert commands.run == [
        ["apt-get", "update"],
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", "xvfb"],
    ]


def test_nothing_is_run_when_nothing_is_missing(debian: ModuleType, commands: Commands, bare_debian: None) -> None:
    debian.provide_packages(["libgl1"])
    assert commands.run == []


def test_who_is_not_root_is_told_the_line_to_run(
    debian: ModuleType, commands: Commands, bare_debian: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "is_root", lambda: False)
    with pytest.raises(debian.Stop, match=r"sudo apt-get update && sudo apt-get .*--no-install-recommends xvfb$"):
        debian.provide_packages(["libgl1", "xvfb"])
    assert commands.run == []


def test_a_system_gets_the_names_that_it_knows(debian: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["chromium-headless-shell", "libasound2", "xvfb"]
    monkeypatch.setattr(debian, "is_known", lambda name: name != "libasound2t64")
    assert debian.current_names(wanted) == wanted
    monkeypatch.setattr(debian, "is_known", lambda name: name != "chromium-headless-shell")
    assert debian.current_names(wanted) == ["chromium", "libasound2t64", "xvfb"]


def test_where_there_is_no_apt_the_packages_are_left_alone(
    debian: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    debian.provide_packages(["xvfb"])
    assert commands.run == []
    assert capfd.readouterr().out.count("\n") == 1


# --- a package that brings a service ---


@pytest.fixture
def policy(debian: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "policy-rc.d"
    monkeypatch.setattr(debian, "POLICY", path)
    monkeypatch.setattr(debian, "is_root", lambda: True)
    return path


def test_no_service_is_left_running(
    debian: ModuleType, bare_debian: None, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules: dict[str, str] = {}

    def call(command: list[str], **_: object) -> int:
        rules[command[0]] = policy.read_text() if policy.exists() else ""
        return 0

    monkeypatch.setattr(debian, "call", call)
    debian.provide_packages(["libgl1", "redis-server"])
    assert list(rules) == ["apt-get", "systemctl"]
    assert "exit 101" in rules["apt-get"], "while it is installed, nothing is started"
    assert not policy.exists()


def test_a_machine_that_has_rules_for_services_keeps_them(
    debian: ModuleType, commands: Commands, bare_debian: None, policy: Path
) -> None:
    policy.write_text("its own")
    debian.provide_packages(["redis-server"])
    assert policy.read_text() == "its own"
    assert commands.run[-1] == ["systemctl", "disable", "--now", "redis-server"]


def test_services_that_nobody_installed_are_left_alone(
    debian: ModuleType, commands: Commands, bare_debian: None, policy: Path
) -> None:
    debian.provide_packages(["xvfb"])
    assert [command[0] for command in commands.run] == ["apt-get", "apt-get"]


def test_who_is_not_root_is_told_how_no_service_stays(
    debian: ModuleType, bare_debian: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "is_root", lambda: False)
    with pytest.raises(debian.Stop, match=r"redis-server && sudo systemctl disable --now redis-server$"):
        debian.provide_packages(["redis-server"])
