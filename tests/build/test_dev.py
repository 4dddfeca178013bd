"""What build/dev.py decides; what it runs is seen by running it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", TOP / "build" / "dev.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Commands:
    """Stands in for `call`: keeps the commands and answers with the next of the exit codes, 0 when none is left."""

    def __init__(self, *codes: int) -> None:
        self.run: list[list[str]] = []
        self._codes = list(codes)

    def __call__(self, command: list[str], **_: object) -> int:
        self.run.append(command)
        return self._codes.pop(0) if self._codes else 0


@pytest.fixture
def commands(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    stand_in = Commands()
    monkeypatch.setattr(dev, "call", stand_in)
    return stand_in


@pytest.fixture
def bare_debian(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev, "installed_packages", lambda names: {"libgl1"})
    monkeypatch.setattr(dev, "current_names", lambda names: names)


def test_a_package_installed_under_its_newer_name_is_not_missing(dev: ModuleType) -> None:
    assert dev.missing_packages(["libnss3", "libasound2", "libgl1"], {"libasound2t64", "libgl1"}) == ["libnss3"]


def test_root_installs_what_is_missing_and_nothing_else(
    dev: ModuleType, commands: Commands, bare_debian: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "is_root", lambda: True)
    dev.provide_packages(["libgl1", "xvfb"])
    assert commands.run == [
        ["apt-get", "update"],
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", "xvfb"],
    ]


def test_nothing_is_run_when_nothing_is_missing(dev: ModuleType, commands: Commands, bare_debian: None) -> None:
    dev.provide_packages(["libgl1"])
    assert commands.run == []


def test_who_is_not_root_is_told_the_line_to_run(
    dev: ModuleType, commands: Commands, bare_debian: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "is_root", lambda: False)
    with pytest.raises(dev.Stop, match=r"sudo apt-get update && sudo apt-get .*--no-install-recommends xvfb$"):
        dev.provide_packages(["libgl1", "xvfb"])
    assert commands.run == []


def test_without_rights_test_stops_and_run_goes_on(
    dev: ModuleType, bare_debian: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(dev, "is_root", lambda: False)
    monkeypatch.setattr(dev, "provide_venv", lambda: None)
    monkeypatch.setattr(dev.os, "execv", lambda program, command: became.append(command))
    assert dev.main(["test"]) == 1
    assert became == []
    dev.main(["run"])
    assert became == [[str(dev.PYTHON), "-m", "desktop"]]
    assert "sudo apt-get" in capfd.readouterr().out


def test_where_there_is_no_apt_the_packages_are_left_alone(
    dev: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    dev.provide_packages(["xvfb"])
    assert commands.run == []
    assert capfd.readouterr().out.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there the program is a child, not the same process")
def test_run_passes_every_option_on(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(dev, "provide_packages", lambda wanted: None)
    monkeypatch.setattr(dev, "provide_venv", lambda: None)
    monkeypatch.setattr(dev.os, "execv", lambda program, command: became.append(command))
    dev.main(["run", "--headless", "--port", "8001", "-h"])
    assert became == [[str(dev.PYTHON), "-m", "desktop", "--headless", "--port", "8001", "-h"]]


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["fly"], 2), (["--help"], 0)])
def test_an_unknown_command_is_answered_with_the_usage(
    dev: ModuleType, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert dev.main(arguments) == code
    output = capfd.readouterr()
    assert "build/dev.py run" in (output.err if code else output.out)


def test_an_older_python_gets_one_sentence(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (3, 10, 12))
    assert dev.main(["run"]) == 1
    assert "needs Python 3.11" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("version", "major"), [("v20.20.2", 20), ("18.13.0", 18), ("v4.8.2", 4), ("", 0), ("not found", 0)]
)
def test_the_version_of_node_is_read(dev: ModuleType, version: str, major: int) -> None:
    assert dev.node_major(version) == major


def test_the_stamp_is_good_only_for_what_was_installed(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    stamp = tmp_path / "installed"
    assert not dev.is_current(stamp, dev.fingerprint())
    stamp.write_text(dev.fingerprint())
    assert dev.is_current(stamp, dev.fingerprint())
    requirements = tmp_path / "pyproject.toml"
    requirements.write_text("dependencies = []")
    monkeypatch.setattr(dev, "REQUIREMENTS", (requirements,))
    assert not dev.is_current(stamp, dev.fingerprint())


def test_the_stamp_is_void_without_its_interpreter(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "PYTHON", tmp_path / "bin" / "python")
    stamp = tmp_path / "installed"
    stamp.write_text(dev.fingerprint())
    assert not dev.is_current(stamp, dev.fingerprint())


def test_an_installation_that_fails_leaves_no_stamp_and_is_tried_on_a_new_venv(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands(1, 0, 1)  # pip fails, the new .venv is made, pip fails again
    monkeypatch.setattr(dev, "call", commands)
    monkeypatch.setattr(dev, "venv_works", lambda: True)
    monkeypatch.setattr(dev, "STAMP", tmp_path / "installed")
    dev.STAMP.write_text("of an older installation")
    with pytest.raises(dev.Stop):
        dev.provide_venv()
    assert [command[2] for command in commands.run] == ["pip", "venv", "pip"]
    assert "--clear" in commands.run[1]
    assert not dev.STAMP.exists()


def test_every_check_runs_though_one_fails_and_pytest_is_the_last(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands(1)
    monkeypatch.setattr(dev, "call", commands)
    monkeypatch.setattr(dev, "provide_packages", lambda wanted: None)
    monkeypatch.setattr(dev, "provide_venv", lambda: None)
    monkeypatch.setattr(dev, "page_tests_pass", lambda: True)
    assert dev.main(["test"]) == 1
    assert [command[2] for command in commands.run] == ["ruff", "ruff", "mypy", "pytest"]


def test_arguments_go_to_pytest_alone(dev: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "provide_packages", lambda wanted: None)
    monkeypatch.setattr(dev, "provide_venv", lambda: None)
    monkeypatch.chdir(TOP / "tests")
    dev.main(["test", "build/test_dev.py::test_x", "tests/desktop", "-k", "undo"])
    here = str(TOP / "tests" / "build" / "test_dev.py::test_x")
    assert commands.run == [[str(dev.PYTHON), "-m", "pytest", here, "tests/desktop", "-k", "undo"]]


def test_the_bench_runs_with_what_can_be_had(
    dev: ModuleType,
    commands: Commands,
    bare_debian: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dev, "is_root", lambda: False)
    monkeypatch.setattr(dev, "provide_venv", lambda: None)
    monkeypatch.setattr(dev, "missing_tools", lambda: [])
    assert dev.main(["bench", "--quick"]) == 0
    assert commands.run == [[str(dev.PYTHON), "-m", "tests.bench", "--quick"]]
    assert "gcc libc6-dev" in capfd.readouterr().out


def test_no_page_test_at_all_is_a_failure(
    dev: ModuleType, commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "TOP", tmp_path)
    assert not dev.page_tests_pass()
    assert commands.run == []
