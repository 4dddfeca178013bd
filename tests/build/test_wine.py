"""What is kept for Wine, and when it is made anew; `python3 build/dev.py windows` runs it."""

import importlib
import re
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from tests.build.stand_ins import Commands

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def wine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, on an empty folder; there is a Wine."""
    monkeypatch.syspath_prepend(str(TOP / "build"))
    module = importlib.import_module("wine")
    monkeypatch.setattr(module, "PLACE", tmp_path / "kept")
    for name in ("FOLDER", "WHEELS", "PREFIX", "SOURCE"):
        monkeypatch.setattr(module, name, tmp_path / "kept" / name.lower())
    monkeypatch.setattr(module, "WINE", str(TOP / "LICENSE"))
    return module


@pytest.fixture
def steps(wine: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, by its name."""
    done: list[str] = []
    for name in ("provide_python", "provide_wheels", "copy"):
        monkeypatch.setattr(wine, name, lambda name=name: done.append(name))

    def run(*command: str, cwd: Path) -> int:
        done.append(command[0])
        return 0

    monkeypatch.setattr(wine, "wine", run)
    return done


AGAIN = ["copy", "wineboot"]
WHOLE = ["provide_python", "provide_wheels", "wineboot", "reg", *AGAIN]


def test_what_is_there_stays_and_the_sources_are_copied_each_time(wine: ModuleType, steps: list[str]) -> None:
    wine.provide()
    assert steps == WHOLE
    wine.provide()
    assert steps == [*WHOLE, *AGAIN]


def test_with_other_requirements_all_is_made_anew(
    wine: ModuleType, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wine.provide()
    (wine.PLACE / "made").write_text("of the old packages")
    monkeypatch.setattr(wine, "fingerprint", lambda *names: "other")
    wine.provide()
    assert steps == WHOLE * 2
    assert not (wine.PLACE / "made").exists()


def test_what_was_interrupted_is_done_again(
    wine: ModuleType, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise importlib.import_module("commands").Stop("no network")

    with monkeypatch.context() as patched, pytest.raises(importlib.import_module("commands").Stop):
        patched.setattr(wine, "provide_wheels", interrupted)
        wine.provide()
    steps.clear()
    wine.provide()
    assert steps == WHOLE


def test_without_wine_it_says_so(wine: ModuleType, steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wine, "WINE", "/nowhere/wine64")
    with pytest.raises(importlib.import_module("commands").Stop, match="Wine is missing"):
        wine.provide()
    assert steps == []


def test_every_package_that_windows_needs_has_its_version(wine: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip reads no markers but its own system's: what those would ask for stands in the list."""
    asked: list[list[str]] = []
    monkeypatch.setattr(wine, "pip", lambda *words: asked.append(list(words)))
    wine.provide_wheels()
    pinned = {
        name.lower()
        for path in (wine.CONSTRAINTS, wine.WINDOWS_CONSTRAINTS)
        for name in re.findall(r"^([\w.-]+)==", path.read_text("utf-8"), re.MULTILINE)
    }
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    for name in [*project["dependencies"], *wine.TOOLS, *wine.windows_own(), wine.BARE, wine.BUILT]:
        assert re.split(r"[>=]", name)[0].lower() in pinned, name
    assert {"pythonnet", "pefile", "pywin32-ctypes", "colorama"} <= set(asked[0])
    tools = {re.split(r"[>=;]", line)[0] for line in project["optional-dependencies"]["dev"]}
    assert set(wine.TOOLS) - tools == {"packaging"}, "that is pytest's; the others are what the tests take elsewhere"


def test_packages_that_cannot_be_had_stop_it(wine: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wine, "call", Commands(1))
    with pytest.raises(importlib.import_module("commands").Stop, match="could not be had"):
        wine.pip("download", "nothing")


def test_the_sources_are_copied_without_what_was_made_of_them(
    wine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "top"
    (top / "desktop" / "__pycache__").mkdir(parents=True)
    (top / "desktop" / "__pycache__" / "cli.pyc").write_text("of another Python")
    (top / "desktop" / "cli.py").write_text("new")
    (top / "LICENSE").write_text("MIT")
    monkeypatch.setattr(wine, "TOP", top)
    monkeypatch.setattr(wine, "PARTS", ("desktop", "LICENSE"))
    (wine.SOURCE / "desktop").mkdir(parents=True)
    (wine.SOURCE / "desktop" / "gone.py").write_text("old")
    (wine.SOURCE / "dist").mkdir()
    wine.copy()
    there = {path.relative_to(wine.SOURCE).as_posix() for path in wine.SOURCE.rglob("*")}
    assert there == {"desktop", "desktop/cli.py", "LICENSE", "dist"}


def test_a_fingerprint_is_of_names_and_contents(
    wine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wine, "TOP", tmp_path)
    (tmp_path / "desktop" / "__pycache__").mkdir(parents=True)
    file = tmp_path / "desktop" / "cli.py"
    file.write_text("a")
    first = wine.fingerprint("desktop")
    (tmp_path / "desktop" / "__pycache__" / "cli.pyc").write_text("made")
    assert wine.fingerprint("desktop") == first
    file.write_text("b")
    assert wine.fingerprint("desktop") != first
    file.write_text("a")
    file.rename(tmp_path / "desktop" / "other.py")
    assert wine.fingerprint("desktop") != first


def test_wine_finds_no_screen(wine: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    found = wine.environment()
    assert not {"DISPLAY", "WAYLAND_DISPLAY"} & set(found)
    assert found["WINEPREFIX"].endswith("prefix")


def test_a_path_is_windows_own(wine: ModuleType) -> None:
    assert wine.windows(Path("/home/ada/lan counter")) == r"Z:\home\ada\lan counter"


@pytest.mark.unix
def test_what_a_program_of_windows_prints_and_ends_with_is_passed_on(
    wine: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A shell stands in for Wine."""
    monkeypatch.setattr(wine, "WINE", "/bin/sh")
    program = tmp_path / "a program.exe"
    program.write_text('echo "$1"; echo no >&2; test -p /dev/stdout && exit 7')
    assert wine.wine(str(program), "yes", cwd=tmp_path) == 7
    assert capfd.readouterr().out.splitlines()[1:] == ["yes", "no"]
    with (tmp_path / "said").open("w") as said:
        done = subprocess.run(
            [wine.starter(program, tmp_path), "yes"], stdout=said, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 7
