"""The native window, and saying why there is none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop import window
from tests.e2e.screen import private_screen

TOP = Path(__file__).resolve().parents[2]
# Nobody listens there: what the page does is tested with the whole program.
URL = "http://127.0.0.1:9/#host=secret-of-the-host"
ENDS_WITHIN = 60


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    with private_screen() as name:
        yield name


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def python(script: str, storage: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script that can open a window: Qt's application lasts as long as its process."""
    given = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    prelude = f"""
import sys, threading
from pathlib import Path
from desktop.window import Window, unavailable
storage = Path({str(storage)!r})
url = {URL!r}
"""
    return subprocess.run(
        [sys.executable, "-c", prelude + script],
        cwd=TOP,
        env=given | environment,
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN,
        check=False,
    )


def test_without_a_screen_it_is_said_that_there_is_none(no_screen: None) -> None:
    reason = window.unavailable()
    assert reason is not None
    assert "DISPLAY is not set" in reason


def test_a_screen_that_does_not_answer_is_named(no_screen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99999")
    reason = window.unavailable()
    assert reason is not None
    assert ":99999 does not answer" in reason


def test_a_wayland_display_without_a_socket_is_named(
    no_screen: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    reason = window.unavailable()
    assert reason is not None
    assert "wayland-7 has no socket" in reason


def test_offscreen_needs_no_screen(no_screen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert window.unavailable() is None


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libEGL.so.1", "libegl1"),
        ("libnss3.so", "libnss3"),
        ("libsmime3.so", "libnss3"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
    ],
)
def test_a_missing_library_is_named_with_its_package(
    no_screen: None, monkeypatch: pytest.MonkeyPatch, library: str, package: str
) -> None:
    def import_module(name: str) -> object:
        if name == "qtpy.QtWebEngineWidgets":
            raise ImportError(f"{library}: cannot open shared object file: No such file or directory")
        return object()

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr("importlib.import_module", import_module)
    reason = window.unavailable()
    assert reason is not None
    assert library in reason
    assert reason.endswith(f"`apt install {package}`.")


def test_a_window_closed_before_it_runs_never_opens(tmp_path: Path) -> None:
    closed = window.Window(URL, storage=tmp_path)
    closed.close()
    closed.run()
    assert list(tmp_path.iterdir()) == []


def test_a_window_opens_and_closes_without_a_word(screen: str, tmp_path: Path) -> None:
    script = """
import os, signal
from tests.e2e.program import until
from tests.e2e.screen import close_windows
assert unavailable() is None
before = signal.getsignal(signal.SIGINT)
def question():
    assert signal.getsignal(signal.SIGINT) is before
    sys.stdout.write("asked")
window = Window(url, storage=storage, question=question)
person = threading.Thread(target=until, args=[lambda: close_windows(os.environ["DISPLAY"], "LAN Counter") == 1])
person.start()
window.run()
person.join()
window.close()
"""
    ended = python(script, tmp_path / "storage", DISPLAY=screen)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "asked", "")


# In a process of its own each, at a moment that differs: as the window is asked for, built, shown.
@pytest.mark.parametrize("milliseconds", [1, 40, 120, 220, 300, 380, 460, 540])
def test_a_window_closes_at_any_moment(screen: str, tmp_path: Path, milliseconds: int) -> None:
    script = f"""
window = Window(url, storage=storage)
threading.Timer({milliseconds} / 1000, window.close).start()
window.run()
"""
    ended = python(script, tmp_path / "storage", DISPLAY=screen)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_folder_that_cannot_be_used_is_a_plain_sentence(screen: str, tmp_path: Path) -> None:
    script = """
from desktop.window import WindowError
storage.write_text("in the way")
try:
    Window(url, storage=storage).run()
except WindowError as error:
    print(error)
"""
    ended = python(script, tmp_path / "storage", DISPLAY=screen)
    assert ended.stdout.startswith("No window: its folder")
    assert "secret" not in ended.stdout + ended.stderr
