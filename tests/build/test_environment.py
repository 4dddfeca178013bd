"""What is installed in .venv, and when."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.build.stand_ins import Commands

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, on a .venv that works and has nothing in it yet."""
    monkeypatch.syspath_prepend(str(TOP / "build"))
    module = importlib.import_module("environment")
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(module, "STAMP", tmp_path / "installed")
    monkeypatch.setattr(module, "venv_works", lambda: True)
    return module


@pytest.fixture
def commands(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    stand_in = Commands()
    monkeypatch.setattr(environment, "call", stand_in)
    return stand_in


def wanted(commands: Commands) -> list[str]:
    """What pip was told to install, each time, without the checkout's path."""
    assert all(command[1:4] == ["-m", "pip", "install"] for command in commands.run)
    return [command[-1].removeprefix(str(TOP)) for command in commands.run]


def test_it_installs_what_is_asked_for_and_no_more(environment: ModuleType, commands: Commands) -> None:
    environment.provide_venv()
    environment.provide_venv()
    assert wanted(commands) == [""]


def test_more_is_added_to_what_is_there_and_nothing_goes(environment: ModuleType, commands: Commands) -> None:
    environment.provide_venv()
    environment.provide_venv("window")
    environment.provide_venv("window", "dev")
    for extras in ([], ["window"], ["dev"], ["window", "dev"]):
        environment.provide_venv(*extras)
    assert wanted(commands) == ["", "[window]", "[dev,window]"]


def test_it_says_beforehand_how_much_it_is(
    environment: ModuleType, commands: Commands, capfd: pytest.CaptureFixture[str]
) -> None:
    for extras in ([], ["window"], ["window"], ["window", "dev"]):
        environment.provide_venv(*extras)
    told = [line for line in capfd.readouterr().out.splitlines() if "MB" in line]
    assert [int(word) for line in told for word in line.split() if word.isdigit()] == [6, 252, 92]


def test_the_other_way_round_nothing_is_installed_twice(environment: ModuleType, commands: Commands) -> None:
    for extras in (["dev"], [], ["window"], ["dev"]):
        environment.provide_venv(*extras)
    assert wanted(commands) == ["[dev]", "[dev,window]"]


def test_other_requirements_are_installed_anew(
    environment: ModuleType, commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.provide_venv("window", "dev")
    requirements = tmp_path / "pyproject.toml"
    requirements.write_text("dependencies = []")
    monkeypatch.setattr(environment, "REQUIREMENTS", (requirements, requirements))
    environment.provide_venv("window")
    assert wanted(commands) == ["[dev,window]", "[window]"]


@pytest.mark.parametrize("content", ["", "\n", "nonsense", "\xff"])
def test_a_stamp_that_says_nothing_is_none(environment: ModuleType, commands: Commands, content: str) -> None:
    environment.STAMP.write_bytes(content.encode("latin-1"))
    environment.provide_venv()
    assert wanted(commands) == [""]


def test_the_stamp_is_void_without_its_interpreter(
    environment: ModuleType, commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.provide_venv()
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "bin" / "python")
    environment.STAMP.write_text(environment.fingerprint())
    assert environment.installed(environment.STAMP, environment.fingerprint()) is None


def test_an_installation_that_fails_leaves_no_stamp_and_is_tried_on_a_new_venv(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands(1, 0, 1)  # pip fails, the new .venv is made, pip fails again
    monkeypatch.setattr(environment, "call", commands)
    environment.STAMP.write_text("of an older installation")
    with pytest.raises(importlib.import_module("commands").Stop):
        environment.provide_venv()
    assert [command[2] for command in commands.run] == ["pip", "venv", "pip"]
    assert "--clear" in commands.run[1]
    assert not environment.STAMP.exists()


def test_what_was_there_stays_where_no_more_can_be_had(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network, for instance."""
    environment.STAMP.write_text("\n".join([environment.fingerprint(), "window"]))
    commands = Commands(1)
    monkeypatch.setattr(environment, "call", commands)
    with pytest.raises(importlib.import_module("commands").Stop, match="still there"):
        environment.provide_venv("dev")
    environment.provide_venv("window")
    assert len(commands.run) == 1


def test_it_says_how_much_there_is_so_far(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "library").write_bytes(bytes(3_000_000))
    (tmp_path / "lib" / "gone").symlink_to("nowhere")
    monkeypatch.setattr(environment, "VENV", tmp_path)
    assert environment.so_far() == "3 MB are in .venv"
