"""Other programs, played by scripts that write down what they were given."""

import sys
import time
from pathlib import Path

import pytest

from desktop.machine import outside
from tests.desktop.support import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these are the programs of a Linux desktop")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where programs are found; each that is made there writes its arguments and environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr(outside, "GIVEN", {})
    return folder


def install(folder: Path, name: str) -> Path:
    """Make a program; returns the file that it will write."""
    noted = folder / f"{name}.txt"
    program = folder / name
    echo = 'echo "$@" "[$LD_LIBRARY_PATH$QT_STYLE_OVERRIDE]"'
    program.write_text(f"#!/bin/sh\n{echo} > {noted}.new\n/bin/mv {noted}.new {noted}\n")
    program.chmod(0o755)
    return noted


def written(file: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return file.read_text()


def test_the_browser_gets_the_address_and_its_own_libraries(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = install(programs, "xdg-open")
    given = {"LD_LIBRARY_PATH": "/binary/_internal", "LD_LIBRARY_PATH_ORIG": "/theirs"}
    monkeypatch.setattr(outside, "GIVEN", given)
    monkeypatch.setenv("QT_STYLE_OVERRIDE", "set later, for our own Qt")
    assert outside.open_page("http://127.0.0.1:8000/")
    assert written(noted) == "http://127.0.0.1:8000/ [/theirs]\n"


def test_without_a_browser_or_a_screen_nothing_is_opened(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outside.open_page("http://127.0.0.1:8000/")
    noted = install(programs, "xdg-open")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not outside.open_page("http://127.0.0.1:8000/")
    assert not noted.exists()


def test_the_binarys_libraries_are_for_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outside.environment({"LD_LIBRARY_PATH": "/mine", "A": "b"}) == {"LD_LIBRARY_PATH": "/mine", "A": "b"}
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert outside.environment({"LD_LIBRARY_PATH": "/binary", "A": "b"}) == {"A": "b"}


def test_a_message_is_shown_with_what_there_is(programs: Path) -> None:
    assert not outside.alert("It has not started.")
    noted = install(programs, "kdialog")
    assert outside.alert("It has not started.")
    assert written(noted).startswith("--title LAN Counter --error It has not started.")
