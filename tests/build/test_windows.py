"""What is made and tried for Windows, and where; `python3 build/dev.py windows` runs it."""

import importlib
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.build.stand_ins import Commands

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, in an empty checkout."""
    monkeypatch.syspath_prepend(str(TOP / "build"))
    module = importlib.import_module("windows")
    monkeypatch.setattr(module, "TOP", tmp_path)
    monkeypatch.setattr(module.wine, "PLACE", tmp_path / "kept")
    monkeypatch.setattr(module.wine, "SOURCE", tmp_path / "kept" / "source")
    return module


@pytest.fixture
def commands(windows: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    stand_in = Commands()
    monkeypatch.setattr(windows, "call", stand_in)
    return stand_in


class Wine:
    """Stands in for Wine: keeps the commands, and makes an archive if it is to build one."""

    def __init__(self, windows: ModuleType, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> None:
        self.run: list[tuple[str, ...]] = []
        self.ended = 0
        self._code = code
        self._dist = windows.wine.SOURCE / "dist"
        monkeypatch.setattr(windows.wine, "provide", lambda: self._dist.parent.mkdir(parents=True, exist_ok=True))
        monkeypatch.setattr(windows.wine, "wine", self._wine)
        monkeypatch.setattr(windows.wine, "end", self._end)
        monkeypatch.setattr(windows.wine, "fingerprint", lambda *names: "these sources")

    def _wine(self, *command: str) -> int:
        self.run.append(command)
        if "build/binary.py" in command:
            packed(self._dist)
        return self._code

    def _end(self) -> None:
        self.ended += 1


def packed(dist: Path) -> None:
    dist.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(dist / "LAN-Counter-1.2.3-windows-x86_64.zip", "w") as archive:
        archive.writestr("LAN-Counter/LAN-Counter.exe", "MZ")


def test_with_wine_the_archive_is_made_once_and_tried_each_time(
    windows: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(windows.sys, "platform", "linux")
    wine = Wine(windows, monkeypatch)
    assert windows.main([]) == 0
    assert [command[1:] for command in wine.run] == [("build/binary.py", "--quick")]
    assert (tmp_path / "dist" / "LAN-Counter-1.2.3-windows-x86_64.zip").exists()
    assert windows.main([]) == 0
    assert len(wine.run) == 1, "its sources are the same"
    assert [command[1:3] + command[-1:] for command in commands.run] == [["-m", "pytest", "tests/windows"]] * 2
    monkeypatch.setattr(windows.wine, "fingerprint", lambda *names: "others")
    assert windows.main([]) == 0
    assert len(wine.run) == 2
    assert wine.ended == 3, "nothing of Wine's goes on"


def test_an_archive_that_could_not_be_made_or_is_not_good_is_a_failure(
    windows: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows.sys, "platform", "linux")
    wine = Wine(windows, monkeypatch, code=1)
    assert windows.main([]) == 1
    assert windows.main([]) == 1
    assert len(wine.run) == 2, "it is made again"
    assert commands.run == []
    Wine(windows, monkeypatch)
    monkeypatch.setattr(windows, "call", Commands(1))
    assert windows.main([]) == 1


def test_what_is_tried_is_what_was_unpacked_and_how_it_is_started_is_told(
    windows: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(windows.sys, "platform", "linux")
    packed(tmp_path / "made")
    seen: dict[str, str] = {}

    def call(command: list[str], cwd: Path, env: dict[str, str]) -> int:
        seen.update(env)
        assert Path(env["WINDOWS_EXE"]).read_text() == "MZ"
        assert env["WINDOWS_EXE"] in Path(env["APP_BINARY"]).read_text()
        return 3

    monkeypatch.setattr(windows, "call", call)
    assert windows.tried(tmp_path / "made") == 3
    assert seen["WINDOWS_PYTHON"].endswith("python.exe")
    assert "WINEPREFIX" in seen
    assert not Path(seen["WINDOWS_EXE"]).exists()


def test_windows_itself_needs_no_wine(
    windows: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(windows.sys, "platform", "win32")
    wine = Wine(windows, monkeypatch)
    packed(tmp_path / "dist")
    assert windows.main([]) == 0
    assert windows.main(["test", "tests/desktop/core", "-x"]) == 0
    assert [command[1:] for command in commands.run] == [
        ["build/binary.py", "--quick"],
        ["-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "tests/windows"],
        ["-m", "pytest", "tests/desktop/core", "-x"],
    ]
    assert all(command[0] == sys.executable for command in commands.run)
    assert (wine.run, wine.ended) == ([], 0)


def test_the_tests_run_under_windows_own_python(
    windows: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows.sys, "platform", "linux")
    wine = Wine(windows, monkeypatch, code=1)
    assert windows.main(["test", "tests/desktop/core"]) == 1
    ((python, _, script, *rest),) = wine.run
    assert python.endswith("python.exe")
    assert rest == ["tests/desktop/core"]
    compile(script, "script", "exec")


def test_an_unknown_command_is_answered_with_the_usage(
    windows: ModuleType, commands: Commands, capfd: pytest.CaptureFixture[str]
) -> None:
    assert windows.main(["fly"]) == 2
    assert "windows.py test" in capfd.readouterr().err
    assert commands.run == []


def test_whatever_cannot_be_had_is_a_sentence(
    windows: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def provide() -> None:
        raise windows.Stop("Wine is missing.")

    monkeypatch.setattr(windows.sys, "platform", "linux")
    wine = Wine(windows, monkeypatch)
    monkeypatch.setattr(windows.wine, "provide", provide)
    assert windows.main([]) == 1
    assert capfd.readouterr().out == "Wine is missing.\n"
    assert wine.ended == 1
