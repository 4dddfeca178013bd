"""Which platforms Qt is given. What it makes of them is in ../../e2e/test_qt.py."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from desktop.window.platforms import answering, debian_package, loadable

pytestmark = pytest.mark.unix


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    # It drives X.
    from tests.e2e.screen import private_screen

    with private_screen() as name:
        yield name


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def x11(monkeypatch: pytest.MonkeyPatch, screen: str) -> None:
    monkeypatch.setenv("DISPLAY", screen)


REGISTRY = (2).to_bytes(4, sys.byteorder)


@contextmanager
def compositor(path: Path, answer: bytes | None) -> Iterator[None]:
    """Listens there until it is asked no more, and answers: its registry begins by the object's number."""

    def serve() -> None:
        # Shut down, it accepts no more.
        with suppress(OSError):
            while True:
                with listening.accept()[0] as connection, suppress(ConnectionError):
                    asked = connection.recv(12, socket.MSG_WAITALL)
                    assert asked[:4] == (1).to_bytes(4, sys.byteorder), "wl_display"
                    if answer is None:
                        connection.recv(1)
                    else:
                        connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        serving = threading.Thread(target=serve)
        serving.start()
        yield
        listening.shutdown(socket.SHUT_RDWR)
        serving.join()


@pytest.fixture
def wayland(tmp_path: Path) -> Iterator[None]:
    with compositor(tmp_path / "wayland-0", REGISTRY + bytes(24)):
        yield


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", ["xcb"]),
        ("xcb", ["xcb"]),
        ("XCB", ["xcb"]),
        (" xcb ", ["xcb"]),
        ("wayland", ["xcb"]),
        ("wayland;xcb", ["xcb"]),
        ("wayland-egl", ["xcb"]),
        ("wayland-egl;xcb", ["xcb"]),
        ("xcb:name=value;wayland", ["xcb:name=value", "xcb"]),
        ("eglfs", ["xcb"]),
        ("eglfs;offscreen", ["offscreen", "xcb"]),
        ("linuxfb:fb=/dev/fb0", ["xcb"]),
        ("minimalegl", ["xcb"]),
        ("vkkhrdisplay", ["xcb"]),
        ("nonsense", ["xcb"]),
        (";", ["xcb"]),
        (":", ["xcb"]),
        (";;:;", ["xcb"]),
        (":xcb", ["xcb"]),
        ("\udcff", ["xcb"]),
        ("minimal", ["minimal", "xcb"]),
        ("vnc:port=5901:size=800x600", ["vnc:port=5901:size=800x600", "xcb"]),
        ("offscreen:configfile=/nowhere", ["offscreen", "xcb"]),
    ],
)
@pytest.mark.usefixtures("x11")
def test_it_gets_what_works_of_what_is_asked_for_or_else_its_default(
    monkeypatch: pytest.MonkeyPatch, asked: str, given: list[str]
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", asked)
    assert answering()[0] == given
    assert loadable(given) == given


@pytest.mark.usefixtures("x11", "wayland")
@pytest.mark.parametrize(
    ("environment", "given"),
    [
        ({}, ["xcb", "wayland"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ["wayland", "xcb"]),
        ({"XDG_SESSION_TYPE": "wayland"}, ["wayland", "xcb"]),
        ({"XDG_SESSION_TYPE": "x11", "WAYLAND_DISPLAY": "wayland-0"}, ["wayland", "xcb"]),
        ({"XDG_SESSION_TYPE": "x11"}, ["xcb", "wayland"]),
        ({"QT_QPA_PLATFORM": "wayland"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "wayland-egl"}, ["wayland-egl", "xcb", "wayland"]),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": "wayland-0"}, ["xcb", "wayland"]),
    ],
)
def test_where_both_are_there_it_is_the_sessions_unless_one_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], given: list[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert answering()[0] == given


def test_an_absolute_display_stands_for_itself(monkeypatch: pytest.MonkeyPatch, wayland: None, tmp_path: Path) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", str(tmp_path / "wayland-0"))
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert answering()[0] == ["wayland"]


def test_a_socket_that_a_compositor_has_left_is_no_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "wayland-1"))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-1")
    assert answering() == ([], "DISPLAY is not set; WAYLAND_DISPLAY wayland-1 does not answer")


@pytest.mark.parametrize("answer", [None, b"", b"no", b"HTTP/1.1 400 Bad Request"])
def test_what_only_listens_there_is_no_compositor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: bytes | None
) -> None:
    """Qt would wait for it for ever, or end the process."""
    monkeypatch.setattr("desktop.window.platforms.PATIENCE", 0.2)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-1")
    with compositor(tmp_path / "wayland-1", answer):
        assert answering() == ([], "DISPLAY is not set; WAYLAND_DISPLAY wayland-1 does not answer")


def test_without_any_screen_only_what_needs_none_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering() == ([], "DISPLAY is not set; WAYLAND_DISPLAY is not set")
    monkeypatch.setenv("QT_QPA_PLATFORM", "eglfs;OffScreen:x")
    assert answering()[0] == ["offscreen:x"]


def test_a_plugin_that_cannot_be_loaded_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: str) -> None:
        if path.endswith("libqxcb.so"):
            raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("ctypes.CDLL", load)
    assert loadable(["xcb", "wayland"]) == ["wayland"]
    with pytest.raises(OSError, match=r"libxcb-cursor\.so\.0"):
        loadable(["xcb"])


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libEGL.so.1", "libegl1"),
        ("libsmime3.so", "libnss3"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ],
)
def test_a_library_is_named_with_its_debian_package(library: str, package: str) -> None:
    assert debian_package(library) == package
