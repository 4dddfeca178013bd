"""The native window: the only module that imports webview, and only once a window is wanted.

The address carries the host's secret in its fragment, so it is never logged here, and never passed to a function of
pywebview's that logs it.
"""

from __future__ import annotations

import importlib
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from desktop.machine.preferences import Place
from desktop.window import bounds, qt
from desktop.window.geometry import LEAST, SIZE, fit

# The page's own, so that nothing flashes before it is there.
LIGHT, DARK = "#f1f4f9", "#080d20"
LINUX = sys.platform == "linux"

log = logging.getLogger(__name__)


class WindowError(Exception):
    """The window could not be opened; the message is one plain sentence for the person."""


def unavailable() -> str | None:
    """Say in one plain sentence why no window can open here and what helps, or return None if one can."""
    try:
        importlib.import_module("webview")
    except ImportError:
        return "No window: pywebview is not installed; `python3 build/dev.py run` installs it."
    return qt.unavailable() if LINUX else None


class Window:
    """One native window showing one page. `run` belongs to the main thread, the rest to any thread."""

    def __init__(
        self,
        url: str,
        *,
        title: str = "LAN Counter",
        storage: Path,
        icon: Path | None = None,
        place: Place | None = None,
        question: Callable[[], str | None] = lambda: None,
        on_stage: Callable[[bool], None] = lambda there: None,
    ) -> None:
        """Prepare a window on `url`; what the page keeps (localStorage) goes to the folder `storage`.

        `icon` is its picture on Linux; elsewhere it has the program's. `place` is where it opens. `question` gives what
        to ask a person who closes the window, None if nothing; `on_stage` is told when the page begins and ends to fill
        the screen, on Linux alone, where that can be known. Both are called on the GUI's thread and must not wait.
        """
        self._url = url
        self._title = title
        self._storage = storage
        self._icon = icon
        self._place = place
        self._question = question
        self._on_stage = on_stage
        self._window: Any = None
        self._renderer = ""
        self._lock = threading.Lock()
        self._shown = False
        self._closing = False

    @property
    def place(self) -> Place | None:
        """Where the window was when it closed; before that, where it was to open."""
        return self._place

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
        if LINUX:
            # Once more: what Qt finds missing it doesn't say, it ends the process.
            missing = qt.unavailable()
            if missing:
                raise WindowError(missing)
            qt.prepare_environment(self._storage)
        if sys.platform == "win32" and getattr(sys, "frozen", False):
            unblock(Path(sys.executable).parent)
        import webview

        # Its records reach the program's log through the root logger; a handler of its own would say them twice.
        logging.getLogger("pywebview").handlers.clear()
        # What is taken along is saved by the system's own dialog; under Qt, where that fails, by ours (qt.py).
        webview.settings["ALLOW_DOWNLOADS"] = not LINUX
        self._window = webview.create_window(
            self._title,
            self._url,
            width=SIZE[0],
            height=SIZE[1],
            maximized=bool(self._place and self._place.maximized),
            min_size=LEAST,
            text_select=True,
        )
        handler = signal.getsignal(signal.SIGINT)
        events = self._window.events
        events.initialized += self._goes_on_with
        events.before_show += lambda: self._before_show(handler)
        events.shown += self._has_been_shown
        events.closing += self._is_closing
        try:
            webview.start(
                gui="qt" if LINUX else None,
                private_mode=False,
                storage_path=str(self._storage),
                icon=str(self._icon) if LINUX and self._icon else None,
            )
        # Broad, because each system's web view fails in ways of its own, and a browser will do instead.
        except Exception as problem:
            raise WindowError(f"No window: {str(problem).rstrip('.') or type(problem).__name__}.") from problem
        finally:
            self._closing = True
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

    def come_forward(self) -> bool:
        """Bring the window before all others, or leave it to come there when it opens; False if it has closed."""
        with self._lock:
            if self._closing:
                return False
            if not self._shown:
                return True
        if LINUX:
            native = self._window.native
            qt.on_its_thread(native, lambda: qt.come_forward(native))
        else:
            self._window.restore()
            self._window.show()
        return True

    def run_script(self, script: str) -> None:
        """Run JavaScript in the page, soon; whatever comes of it stays there."""
        if LINUX:
            native = self._window.native
            qt.on_its_thread(native, lambda: native.webview.page().runJavaScript(script))
        else:
            self._window.run_js(script)

    def _goes_on_with(self, renderer: str) -> bool:
        """Tell pywebview, which has loaded `renderer`, whether to build the window."""
        self._renderer = renderer
        if LINUX:
            # Any: its own type says nothing of what it holds.
            backend: Any = sys.modules["webview.platforms.qt"]
            backend.QWebEngineProfile = partial(qt.profile, self._storage)
        self._window.background_color = DARK if _prefers_dark() else LIGHT
        if not LINUX:
            self._put()
        # mshtml is the old Internet Explorer, taken where WebView2 is missing: it cannot run the page.
        return not self._closing and renderer != "mshtml"

    def _put(self) -> None:
        """Tell pywebview where to build the window; where the screens can't be asked it is the system's choice."""
        # Broad, because a window anywhere is better than none.
        try:
            screens: Any = importlib.import_module("webview").screens
            found = fit(self._place, bounds.areas(screens))
            x, y = bounds.start(found.place)
        except Exception as problem:
            log.info("The screens can't be asked for their sizes: %s", problem)
            return
        self._window.initial_x, self._window.initial_y = x, y
        self._window.initial_width, self._window.initial_height = found.place.width, found.place.height
        self._window.min_size = found.least

    def _before_show(self, handler: Any) -> None:
        # pywebview has just taken SIGINT for itself, and would lose one that comes while the window is being built.
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if LINUX:
            qt.mend(self._window.native, self._on_stage)
            qt.put(self._window.native, self._place)

    def _has_been_shown(self) -> None:
        with self._lock:
            # pywebview says so again whenever a hidden or minimised window comes back.
            if self._shown:
                return
            self._shown = True
            must_destroy = self._closing
        if must_destroy:
            self._window.destroy()

    def _is_closing(self) -> None:
        """The window is about to close, on the GUI's thread: pywebview asks the question if it is told to."""
        question = None if self._closing else self._question()
        self._window.confirm_close = question is not None
        self._window.localization["global.quitConfirmation"] = question or ""
        # Broad, because nothing of it is worth a window that doesn't close.
        try:
            self._place = (qt if LINUX else bounds).place_of(self._window.native) or self._place
        except Exception as problem:
            log.info("Where the window was is not kept: %s", problem)


def unblock(folder: Path) -> None:
    """Take the mark of the web from all libraries below `folder`. Windows gives it to what comes out of a downloaded
    archive, and .NET, which the window is made with, loads nothing that has it (pyinstaller#8294)."""
    for library in folder.rglob("*.dll"):
        with suppress(OSError):
            library.with_name(f"{library.name}:Zone.Identifier").unlink()


def _prefers_dark() -> bool:
    """Whether the system is set to dark."""
    if LINUX:
        return qt.prefers_dark()
    if sys.platform == "win32":
        import winreg

        themes = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, themes) as key:
                return winreg.QueryValueEx(key, "AppsUseLightTheme")[0] == 0
        except OSError:
            return False
    # The key is only there while it is dark.
    asked = subprocess.run(["defaults", "read", "-g", "AppleInterfaceStyle"], capture_output=True, check=False)
    return asked.stdout.strip() == b"Dark"
