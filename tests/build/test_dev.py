"""What build/dev.py decides; what it runs is seen by running it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.build.stand_ins import Commands

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", TOP / "build" / "dev.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def commands(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    stand_in = Commands()
    monkeypatch.setattr(dev, "call", stand_in)
    return stand_in


@pytest.fixture
def without_rights(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Debian where not all is installed, and nothing can be."""
    debian = sys.modules["debian"]
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(debian, "installed_packages", lambda names: {"libgl1"})
    monkeypatch.setattr(debian, "current_names", lambda names: names)
    monkeypatch.setattr(debian, "is_root", lambda: False)


class Needs:
    """Stands in for both kinds of installation: keeps what was asked for."""

    def __init__(self) -> None:
        self.packages: set[str] = set()
        self.extras: set[str] = set()

    def provide_packages(self, wanted: list[str]) -> None:
        self.packages |= set(wanted)

    def provide_venv(self, *extras: str) -> None:
        self.extras |= set(extras)


@pytest.fixture
def needs(dev: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Needs:
    found = Needs()
    monkeypatch.setattr(dev, "provide_packages", found.provide_packages)
    monkeypatch.setattr(dev, "provide_venv", found.provide_venv)
    monkeypatch.setattr(dev.os, "execv", lambda program, command: None)
    return found


def test_without_rights_test_stops_and_run_goes_on(
    dev: ModuleType, without_rights: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(dev, "provide_venv", lambda *extras: None)
    monkeypatch.setattr(dev.os, "execv", lambda program, command: became.append(command))
    assert dev.main(["test"]) == 1
    assert became == []
    dev.main(["run"])
    assert became == [[str(dev.PYTHON), "-m", "desktop"]]
    assert "sudo apt-get" in capfd.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="there the program is a child, not the same process")
def test_run_passes_every_option_on(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(dev, "provide_packages", lambda wanted: None)
    monkeypatch.setattr(dev, "provide_venv", lambda *extras: None)
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


@pytest.mark.parametrize(
    ("there", "root", "known", "asked"),
    [
        ((), True, True, ["chromium-headless-shell"]),
        ((), False, False, ["chromium-headless-shell"]),  # or what apt knows instead
        (("chromium",), True, True, ["chromium-headless-shell"]),
        (("chromium",), False, True, []),
        (("google-chrome",), True, False, []),
        (("chromium-headless-shell",), True, True, []),
    ],
)
def test_the_lightest_browser_is_asked_for_where_it_can_be_had_and_else_any_will_do(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], root: bool, known: bool, asked: list[str]
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: name if name in (*there, "node") else None)
    monkeypatch.setattr(dev, "version_of", lambda program: "v20.0.0")
    monkeypatch.setattr(dev, "is_root", lambda: root)
    monkeypatch.setattr(dev, "is_known", lambda package: known)
    assert dev.missing_tools() == asked


def test_every_check_runs_though_one_fails_and_pytest_is_the_last(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = Commands(1)
    monkeypatch.setattr(dev, "call", commands)
    monkeypatch.setattr(dev, "provide_packages", lambda wanted: None)
    monkeypatch.setattr(dev, "provide_venv", lambda *extras: None)
    monkeypatch.setattr(dev, "page_tests_pass", lambda: True)
    assert dev.main(["test"]) == 1
    assert [command[2] for command in commands.run] == ["ruff", "ruff", "mypy", "pytest"]


def test_arguments_go_to_pytest_alone(dev: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "provide_packages", lambda wanted: None)
    monkeypatch.setattr(dev, "provide_venv", lambda *extras: None)
    monkeypatch.chdir(TOP / "tests")
    dev.main(["test", "build/test_dev.py::test_x", "tests/desktop", "-k", "undo"])
    here = str(TOP / "tests" / "build" / "test_dev.py::test_x")
    assert commands.run == [[str(dev.PYTHON), "-m", "pytest", here, "tests/desktop", "-k", "undo"]]


def test_the_bench_runs_with_what_can_be_had(
    dev: ModuleType,
    commands: Commands,
    without_rights: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dev, "provide_venv", lambda *extras: None)
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


# --- each command brings what it takes itself ---


@pytest.mark.parametrize(
    ("command", "extras"),
    [
        (["run"], {"window"}),
        (["run", "--port", "0"], {"window"}),
        (["run", "--self-test"], {"window"}),
        (["run", "--headless"], set()),
        (["run", "--port", "0", "--headless", "--local-only"], set()),
        (["run", "--version"], set()),
        (["run", "--help"], set()),
        (["test", "tests/build"], {"window", "dev"}),
        (["binary"], {"window", "dev"}),
        (["windows"], {"window", "dev"}),
        (["windows", "test"], {"window", "dev"}),
        (["bench"], {"window", "dev"}),
    ],
)
def test_a_command_installs_the_extras_that_it_takes(
    dev: ModuleType, needs: Needs, command: list[str], extras: set[str]
) -> None:
    dev.main(command)
    assert needs.extras == extras


def test_without_a_window_nothing_of_the_windows_is_installed(dev: ModuleType, needs: Needs) -> None:
    dev.main(["run", "--headless"])
    assert needs.packages == set()
    dev.main(["run"])
    assert needs.packages == set(dev.WINDOW_PACKAGES)
    assert "xvfb" not in needs.packages


def test_wine_is_installed_for_windows_program_alone(dev: ModuleType, needs: Needs, commands: Commands) -> None:
    for command in (["run"], ["test"], ["binary"], ["bench"]):
        dev.main(command)
    assert not {"wine", "wine64"} & needs.packages
    dev.main(["windows", "test", "-x"])
    assert {"wine", "wine64"} <= needs.packages
    assert commands.run[-1][1:] == [str(TOP / "build" / "windows.py"), "test", "-x"]


def test_it_runs_from_any_folder_with_nothing_but_python(tmp_path: Path) -> None:
    # -S: without any package, this environment's own included.
    command = [sys.executable, "-S", str(TOP / "build" / "dev.py"), "--help"]
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=True)
    assert "build/dev.py run" in told.stdout


def test_a_shared_counter_brings_its_client_and_the_tests_a_server(
    dev: ModuleType, needs: Needs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    dev.main(["run", "--headless", "--redis", "redis://h"])
    assert (needs.extras, needs.packages) == ({"redis"}, set())
    for command in ("test", "bench"):
        needs.packages.clear()
        dev.main([command])
        assert "redis-server" in needs.packages
    monkeypatch.setattr(dev.shutil, "which", lambda name: "there" if name == "valkey-server" else None)
    needs.packages.clear()
    dev.main(["test"])
    assert "redis-server" not in needs.packages
