"""What of Qt's platforms the window can open on here: QT_QPA_PLATFORM as Qt reads it, less what Qt would abort on.

Qt ends the whole process, server and all, where none of the platforms that it is to try works. So each is looked at
first, and it gets those that do; where nothing of what the person has asked for does, those it would try unasked.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

VARIABLE = "QT_QPA_PLATFORM"
PATIENCE = 1.0
"""Seconds that a compositor has to answer."""
WAYLAND = ("wayland", "wayland-egl", "wayland-brcm")
"""All of them one plugin's."""
SCREENLESS = ("offscreen", "minimal", "vnc")
"""These work everywhere; linuxfb, eglfs and the like on devices that only Qt itself can find, or abort."""

# Debian names most library packages by one rule; these are the exceptions among what Qt needs.
DEBIAN_PACKAGES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libnssutil3.so": "libnss3",
    "libsmime3.so": "libnss3",
}


def answering() -> tuple[list[str], str]:
    """The platforms whose screen is there, in the order to try them, each with its arguments; and why others have
    none."""
    x11, wayland = _x11_problem(), _wayland_problem()
    problems = {"xcb": x11, **dict.fromkeys(WAYLAND, wayland), **dict.fromkeys(SCREENLESS)}
    entries = dict.fromkeys((*_asked(), *_unasked()))
    found = [entry for entry in entries if problems.get(name := entry.split(":")[0], name) is None]
    return found, "; ".join(problem for problem in (x11, wayland) if problem)


def loadable(entries: Sequence[str]) -> list[str]:
    """Those of some platforms whose plugin can be loaded. Raises OSError, the first's problem, if none can."""
    package = importlib.import_module("PySide6").__file__ or ""
    folder = Path(package).parent / "Qt" / "plugins" / "platforms"
    found, problems = [], []
    for entry in entries:
        name = entry.split(":")[0]
        try:
            ctypes.CDLL(str(folder / f"libq{'wayland' if name in WAYLAND else name}.so"))
            found.append(entry)
        except OSError as problem:
            problems.append(problem)
    if not found:
        raise problems[0]
    return found


def debian_package(library: str) -> str:
    """Name the package that holds `library` by Debian's rule: libxkbcommon-x11.so.0 is in libxkbcommon-x11-0."""
    if library in DEBIAN_PACKAGES:
        return DEBIAN_PACKAGES[library]
    name, _, version = library.partition(".so")
    version = version.lstrip(".")
    hyphen = "-" if version and name[-1].isdigit() else ""
    return f"{name}{hyphen}{version}".lower()


def _asked() -> Iterator[str]:
    """What the person asks for, as Qt takes it apart (qguiapplication.cpp, init_platform)."""
    for entry in os.environ.get(VARIABLE, "").split(";"):
        name, *arguments = [part for part in entry.split(":") if part] or [""]
        # Where offscreen's file is missing, or is no JSON, it aborts as well.
        yield ":".join([name.lower(), *(word for word in arguments if not word.startswith("configfile="))])


def _unasked() -> tuple[str, str]:
    """What Qt tries where nothing is asked for."""
    is_wayland = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland"
    return ("wayland", "xcb") if is_wayland else ("xcb", "wayland")


def _x11_problem() -> str | None:
    display = os.environ.get("DISPLAY")
    if not display:
        return "DISPLAY is not set"
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        package = debian_package("libxcb.so.1")
        return f"the library libxcb.so.1 is missing, which comes with `apt install {package}` on Debian and Ubuntu"
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"DISPLAY {display} does not answer" if failed else None


def _wayland_problem() -> str | None:
    display = os.environ.get("WAYLAND_DISPLAY")
    # Unset, it is this one; an absolute one stands for itself: joining keeps it (wl_display_connect).
    path = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere") / (display or "wayland-0")
    # What only listens there would keep Qt waiting for ever, or end it: so a compositor is asked for its registry
    # (wl_display, request 1), and tells of each thing there is by that object's events.
    registry, size, request = 2, 12, 1
    try:
        if not path.is_socket():
            return f"WAYLAND_DISPLAY {display} has no socket" if display else "WAYLAND_DISPLAY is not set"
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.settimeout(PATIENCE)
            probe.connect(str(path))
            probe.sendall(struct.pack("=III", 1, size << 16 | request, registry))
            (sender,) = struct.unpack("=I", probe.recv(4, socket.MSG_WAITALL))
    except (OSError, struct.error):
        sender = 0
    return None if sender == registry else f"WAYLAND_DISPLAY {path.name} does not answer"


def use_own_qt() -> None:
    """Keep away from another Qt, whatever the environment names: its binding, or its platforms' plugins."""
    os.environ["QT_API"] = "pyside6"
    for name in ("FORCE_QT_API", "QT_QPA_PLATFORM_PLUGIN_PATH"):
        os.environ.pop(name, None)
