"""Commands that are run where they can be seen."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOP / "build"))
    return importlib.import_module("commands")


def test_a_command_is_shown_and_its_code_returned(commands: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    assert commands.call([sys.executable, "-c", "print('a b'); raise SystemExit(3)"]) == 3
    shown, said = capfd.readouterr().out.splitlines()
    assert shown.startswith("+ ") and "'" in shown
    assert said == "a b"


def test_a_command_that_is_not_there_is_told(commands: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    assert commands.call(["/nowhere/at/all"]) == 127
    assert "/nowhere/at/all does not start" in capfd.readouterr().out


def test_a_silent_command_is_seen_to_get_on(
    commands: ModuleType, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(commands, "SILENCE", 0.01)
    enough = tmp_path / "enough"

    def progress() -> str:
        told = capfd.readouterr().out
        if "seen" in told:
            enough.touch()
        return "seen"

    waits = f"import pathlib, time\nwhile not pathlib.Path({str(enough)!r}).exists(): time.sleep(0.01)"
    assert commands.call([sys.executable, "-c", waits], progress=progress) == 0
    assert enough.exists()
