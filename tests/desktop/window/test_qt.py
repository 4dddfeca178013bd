"""Saying why Qt can't open a window here. What it then does with one is in e2e/test_window.py."""

from pathlib import Path

import pytest

from desktop.window import qt


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_screen_it_is_said_that_there_is_none(no_screen: None) -> None:
    reason = qt.unavailable()
    assert reason is not None
    assert "DISPLAY is not set" in reason


@pytest.mark.unix
def test_a_screen_that_does_not_answer_is_named(no_screen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99999")
    reason = qt.unavailable()
    assert reason is not None
    assert ":99999 does not answer" in reason


def test_a_wayland_display_without_a_socket_is_named(
    no_screen: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    reason = qt.unavailable()
    assert reason is not None
    assert "wayland-7 has no socket" in reason


@pytest.mark.unix
def test_offscreen_needs_no_screen(no_screen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert qt.unavailable() is None


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
    reason = qt.unavailable()
    assert reason is not None
    assert library in reason
    assert reason.endswith(f"`apt install {package}`.")
