"""The native window: the only module that imports webview, and only once a window is wanted.

The address carries the host's secret in its fragment, so it is never logged here, and never passed to a function of
pywebview's that logs it.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZE = (1100, 760)
SMALLEST = (360, 480)
BACKGROUND = "#f1f4f9"
RELOAD_AFTER_CRASH_MS = 500

# Debian names most library packages by one rule; these are the exceptions among what Qt needs.
DEBIAN_PACKAGES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libnssutil3.so": "libnss3",
    "libsmime3.so": "libnss3",
}

log = logging.getLogger(__name__)


class WindowError(Exception):
    """The window could not be opened; the message is one plain sentence for the person."""


def unavailable() -> str | None:
    """Say in one plain sentence why no window can open here and what helps, or return None if one can.

    On Linux Qt ends the whole process where it finds no screen or lacks a library, so both are looked at first,
    without creating anything of Qt's.
    """
    try:
        importlib.import_module("webview")
    except ImportError:
        return "No window: pywebview is not installed; install the program again with its dependencies."
    return _qt_unavailable() if sys.platform == "linux" else None


class Window:
    """One native window showing one page. `run` belongs to the main thread, `close` to any thread."""

    def __init__(
        self,
        url: str,
        *,
        title: str = "LAN Counter",
        storage: Path,
        on_shown: Callable[[], None] | None = None,
    ) -> None:
        """Prepare a window on `url`; what the page keeps (localStorage) goes to the folder `storage`.

        `on_shown` is called once, from a thread of its own, when the window is on the screen.
        """
        self._url = url
        self._title = title
        self._storage = storage
        self._on_shown = on_shown
        self._window: Any = None
        self._renderer = ""
        self._lock = threading.Lock()
        self._shown = False
        self._closing = False

    def run(self) -> None:
        """Show the window, and return when the person or `close` has closed it; at once if `close` came first.

        Must be called from the main thread, once in a process. Signal handlers are as they were while the window is
        open. Raises WindowError if the backend cannot open a window.
        """
        if self._closing:
            return
        try:
            self._storage.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise WindowError(f"No window: its folder {self._storage} can't be used ({problem.strerror}).") from problem
        _prepare_environment()
        import webview

        # Its records reach the program's log through the root logger; a handler of its own would say them twice.
        logging.getLogger("pywebview").handlers.clear()
        self._window = webview.create_window(
            self._title,
            self._url,
            width=SIZE[0],
            height=SIZE[1],
            min_size=SMALLEST,
            background_color=BACKGROUND,
            text_select=True,
        )
        handler = signal.getsignal(signal.SIGINT)
        events = self._window.events
        events.initialized += self._goes_on_with
        events.before_show += lambda: self._before_show(handler)
        events.shown += self._has_been_shown
        try:
            webview.start(
                gui="qt" if sys.platform == "linux" else None,
                private_mode=False,
                storage_path=str(self._storage),
            )
        except webview.WebViewException as problem:
            raise WindowError(f"No window: {problem}") from problem
        if self._renderer == "mshtml":
            raise WindowError(
                "No window: the WebView2 runtime is missing; install it from Microsoft, or use a browser."
            )

    def close(self) -> None:
        """Close the window without a question, at any moment, from any thread; `run` then returns soon."""
        with self._lock:
            must_destroy = self._shown and not self._closing
            self._closing = True
        if must_destroy:
            self._window.destroy()

    def _goes_on_with(self, renderer: str) -> bool:
        """Tell pywebview, which has loaded `renderer`, whether to build the window."""
        self._renderer = renderer
        # mshtml is the old Internet Explorer, taken where WebView2 is missing: it cannot run the page.
        return not self._closing and renderer != "mshtml"

    def _before_show(self, handler: Any) -> None:
        # pywebview has just taken SIGINT for itself, and would lose one that comes while the window is being built.
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if sys.platform == "linux":
            _mend_qt(self._window.native)

    def _has_been_shown(self) -> None:
        with self._lock:
            # pywebview says so again whenever a hidden or minimised window comes back.
            if self._shown:
                return
            self._shown = True
            must_destroy = self._closing
        if must_destroy:
            self._window.destroy()
        elif self._on_shown is not None:
            self._on_shown()


def _prepare_environment() -> None:
    """Set what Qt reads from the environment; what the person has set stays, but for the sandbox of root."""
    if sys.platform != "linux":
        return
    if os.geteuid() == 0:
        # Chromium ends the process rather than run as root in its sandbox.
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    # Qt and Chromium report every absent driver and bus. "js" is the page's console, which can name the address.
    os.environ.setdefault("QT_LOGGING_RULES", "*.debug=false;*.info=false;*.warning=false;js=false")
    os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--log-level=3")


def _qt_unavailable() -> str | None:
    screen = _screen_problem()
    if screen is not None:
        return screen
    try:
        # QtWebEngine draws in the most libraries. Nothing is wasted: opening the window imports the same.
        importlib.import_module("qtpy.QtWebEngineWidgets")
        for plugin in _platform_plugins():
            ctypes.CDLL(str(plugin))
    except (ImportError, OSError) as problem:
        return _explain(str(problem))
    return None


def _asked_platform() -> str:
    return re.split("[:;]", os.environ.get("QT_QPA_PLATFORM", ""))[0]


def _screen_problem() -> str | None:
    platform = _asked_platform()
    if platform not in ("", "xcb", "wayland"):
        return None
    x11 = "X11 is not asked for" if platform == "wayland" else _x11_problem()
    wayland = "Wayland is not asked for" if platform == "xcb" else _wayland_problem()
    if x11 is None or wayland is None:
        return None
    return f"No window: there is no screen to open it on ({x11}; {wayland})."


def _x11_problem() -> str | None:
    display = os.environ.get("DISPLAY")
    if not display:
        return "DISPLAY is not set"
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return "the library libxcb.so.1 is missing"
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"DISPLAY {display} does not answer" if failed else None


def _wayland_problem() -> str | None:
    display = os.environ.get("WAYLAND_DISPLAY")
    if not display:
        return "WAYLAND_DISPLAY is not set"
    # An absolute WAYLAND_DISPLAY stands for itself: joining keeps it.
    socket = Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / display
    return None if socket.is_socket() else f"WAYLAND_DISPLAY {display} has no socket"


def _platform_plugins() -> list[Path]:
    """List the plugins of Qt's that the chosen platform loads: Qt ends the process if one of them cannot be."""
    platform = _asked_platform()
    if platform not in ("", "xcb", "wayland"):
        return []
    wayland = platform == "wayland" or (platform == "" and _x11_problem() is not None)
    package = importlib.import_module("PySide6").__file__ or ""
    folder = Path(package).parent / "Qt" / "plugins" / "platforms"
    return [folder / ("libqwayland.so" if wayland else "libqxcb.so")]


def _explain(problem: str) -> str:
    """Turn the loader's or importer's message into one sentence with the way out."""
    library = re.match(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object", problem)
    if library is None:
        return f"No window: Qt cannot be loaded ({problem})."
    name = library[1]
    package = _debian_package(name)
    return f"No window: the library {name} is missing; on Debian and Ubuntu it comes with `apt install {package}`."


def _debian_package(library: str) -> str:
    """Name the package that holds `library` by Debian's rule: libxkbcommon-x11.so.0 is in libxkbcommon-x11-0."""
    if library in DEBIAN_PACKAGES:
        return DEBIAN_PACKAGES[library]
    name, _, version = library.partition(".so")
    version = version.lstrip(".")
    hyphen = "-" if version and name[-1].isdigit() else ""
    return f"{name}{hyphen}{version}".lower()


def _mend_qt(native: Any) -> None:
    """Mend what pywebview 6.2 leaves broken under Qt 6 in its main window `native`, before it is shown."""
    from qtpy.QtWebEngineCore import QWebEngineSettings

    page = native.webview.page()
    # Its script for calling Python from the page: unused here, it leaves a thread waiting when a window closes early.
    page.loadFinished.disconnect(native.on_load_finished)
    for attribute in ("JavascriptCanAccessClipboard", "FullScreenSupportEnabled"):
        page.settings().setAttribute(getattr(QWebEngineSettings.WebAttribute, attribute), True)
    page.fullScreenRequested.connect(lambda request: _toggle_full_screen(native, request))
    page.profile().downloadRequested.connect(lambda download: _save(native, download))
    page.renderProcessTerminated.connect(lambda status, code: _reload_after_crash(page, status, code))


def _toggle_full_screen(native: Any, request: Any) -> None:
    from qtpy.QtCore import Qt

    request.accept()
    # Only this flag, so that a maximised window comes back maximised.
    full_screen = Qt.WindowState.WindowFullScreen
    state = native.windowState()
    native.setWindowState(state | full_screen if request.toggleOn() else state & ~full_screen)


def _save(native: Any, download: Any) -> None:
    from qtpy.QtCore import QStandardPaths
    from qtpy.QtWidgets import QFileDialog

    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    proposal = str(Path(folder) / download.downloadFileName())
    chosen, _ = QFileDialog.getSaveFileName(native, native.localization["global.saveFile"], proposal)
    if not chosen:
        download.cancel()
        return
    download.setDownloadDirectory(str(Path(chosen).parent))
    download.setDownloadFileName(Path(chosen).name)
    download.accept()


def _reload_after_crash(page: Any, status: Any, code: int) -> None:
    from qtpy.QtCore import QTimer
    from qtpy.QtWebEngineCore import QWebEnginePage

    if status == QWebEnginePage.RenderProcessTerminationStatus.NormalTerminationStatus:
        return
    log.warning("the window's page has crashed (%s, code %s) and is loaded again", status.name, code)
    # Not at once: a page that crashes on loading would keep the machine busy.
    QTimer.singleShot(RELOAD_AFTER_CRASH_MS, lambda: page.triggerAction(QWebEnginePage.WebAction.Reload))
