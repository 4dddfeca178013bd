"""What is left of the program on a machine where it has been."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.program import Program, until
from tests.e2e.screen import close_windows

XDG = ("CACHE", "CONFIG", "DATA", "STATE")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty home of somebody, with a folder for what is temporary."""
    folder = tmp_path / "home"
    (folder / "tmp").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    for name in XDG:
        # Mesa looks there, and else not into HOME, but into the home that is in the list of users.
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    return folder


def test_nothing_is_left_but_the_data_folder(
    home: Path, data: Path, program: Program, native: Page, screen: str
) -> None:
    native.get_by_role("button", name="Add one").click(timeout=15_000)
    until(lambda: program.counter == 1)
    assert close_windows(screen, "LAN Counter") == 1
    assert program.ended() == 0
    assert [path.relative_to(home).as_posix() for path in home.rglob("*")] == ["tmp"]
    assert {"counter.db", "preferences.json", "window"} <= {path.name for path in data.iterdir()}
