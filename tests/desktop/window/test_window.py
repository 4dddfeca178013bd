"""The native window, and saying why there is none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from desktop.window import window

TOP = Path(__file__).resolve().parents[2]
# Nobody listens there: what the page does is tested with the whole program.
URL = "http://127.0.0.1:9/#host=secret-of-the-host"
ENDS_WITHIN = 60


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    # It drives X.
    from tests.e2e.screen import private_screen

    with private_screen() as name:
        yield name


def python(script: str, storage: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script that can open a window: Qt's application lasts as long as its process."""
    given = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    prelude = f"""
import sys, threading
from pathlib import Path
from desktop.window.window import Window, unavailable
storage = Path({str(storage)!r})
url = {URL!r}
"""
    # As the program itself ends: see desktop.cli.
    ending = "sys.stdout.flush(); __import__('os')._exit(0)"
    return subprocess.run(
        [sys.executable, "-c", prelude + script + ending],
        cwd=TOP,
        env=given | environment,
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN,
        check=False,
    )


def test_a_window_closed_before_it_runs_never_opens(tmp_path: Path) -> None:
    closed = window.Window(URL, storage=tmp_path)
    closed.close()
    closed.run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.unix
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
@pytest.mark.unix
@pytest.mark.parametrize("milliseconds", [1, 40, 120, 220, 300, 380, 460, 540])
def test_a_window_closes_at_any_moment(screen: str, tmp_path: Path, milliseconds: int) -> None:
    script = f"""
window = Window(url, storage=storage)
threading.Timer({milliseconds} / 1000, window.close).start()
window.run()
"""
    ended = python(script, tmp_path / "storage", DISPLAY=screen)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.unix
def test_a_folder_that_cannot_be_used_is_a_plain_sentence(screen: str, tmp_path: Path) -> None:
    script = """
from desktop.window.window import WindowError
storage.write_text("in the way")
try:
    Window(url, storage=storage).run()
except WindowError as error:
    print(error)
"""
    ended = python(script, tmp_path / "storage", DISPLAY=screen)
    assert ended.stdout.startswith("No window: its folder")
    assert "secret" not in ended.stdout + ended.stderr


@pytest.mark.unix
def test_a_web_view_that_fails_is_a_plain_sentence(screen: str, tmp_path: Path) -> None:
    script = """
import webview
from desktop.window.window import WindowError
def start(**options):
    raise RuntimeError("Failed to resolve Python.Runtime.Loader.Initialize.")
webview.start = start
try:
    Window(url, storage=storage).run()
except WindowError as error:
    print(error)
"""
    ended = python(script, tmp_path / "storage", DISPLAY=screen)
    assert ended.stdout == "No window: Failed to resolve Python.Runtime.Loader.Initialize.\n"


def test_where_pywebview_can_it_may_save_what_is_taken_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, bool] = {}
    events = MagicMock()
    opened = SimpleNamespace(events=events)
    stand_in = SimpleNamespace(settings=settings, create_window=lambda *_, **__: opened, start=lambda **_: None)
    monkeypatch.setitem(sys.modules, "webview", stand_in)
    monkeypatch.setattr(window, "LINUX", False)
    window.Window(URL, storage=tmp_path).run()
    assert settings == {"ALLOW_DOWNLOADS": True}


@pytest.mark.windows_itself  # Wine's files have no streams; to a Unix they are files of that name
def test_libraries_lose_the_mark_of_the_web_and_nothing_else(tmp_path: Path) -> None:
    names = ("lib/Python.Runtime.dll", "WebView2.dll", "page.html")
    marks = [tmp_path / f"{name}:Zone.Identifier" for name in names]
    for name, mark in zip(names, marks, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("content")
        mark.write_text("content")
    (tmp_path / "unmarked.dll").write_text("content")

    window.unblock(tmp_path)

    assert [mark.exists() for mark in marks] == [False, False, True]
    assert all((tmp_path / name).read_text() == "content" for name in (*names, "unmarked.dll"))
