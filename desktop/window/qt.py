"""Qt under the window on Linux: can it open one here, and what pywebview leaves to be mended.

Everything of Qt's is imported where it is used: a program without a window never pays for it.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop.machine.outside import open_page
from desktop.machine.preferences import Place
from desktop.window.geometry import NO_FRAME, Area, Fit, Frame, fit
from desktop.window.platforms import VARIABLE, answering, debian_package, loadable, use_own_qt

RELOAD_AFTER_CRASH_MS = 500
ROOM_FOR_MESA = 1 << 24
"""Bytes, ten times what it begins with."""

A_FONT = "fonts-dejavu-core"
GUESSED_FRAME = Frame(0, 40, 0, 0)
"""Before a window is shown its frame is up to the window manager; afterwards it is known, but nothing says when."""
LOOK_AFTER_MS = 50
LOOKS = 200
"""For a frame, as long as a machine under load may need; where there are no frames, it is no more than that."""

log = logging.getLogger(__name__)


def prepare_environment(storage: Path) -> None:
    """Set what Qt reads from the environment; what the person has set stays, but for the sandbox of root, and for
    platforms that don't work here. One must: `unavailable` says so.

    What is kept for the next start is to be in the folder `storage`.
    """
    use_own_qt()
    os.environ[VARIABLE] = ";".join(loadable(answering()[0]))
    if os.geteuid() == 0:
        # Chromium ends the process rather than run as root in its sandbox.
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    # Qt and Chromium report every absent driver and bus. "js" is the page's console, which can name the address.
    os.environ.setdefault("QT_LOGGING_RULES", "*.debug=false;*.info=false;*.warning=false;js=false")
    os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--log-level=3")
    # Mesa, which draws for Qt, would keep what it compiles in ~/.cache, which saves a tenth of a second at a start; and
    # it ends the process by a bus error where the disk has no room for that.
    if shutil.disk_usage(storage).free < ROOM_FOR_MESA:
        os.environ["MESA_SHADER_CACHE_DISABLE"] = "true"
    os.environ.setdefault("MESA_SHADER_CACHE_DIR", str(storage))


def unavailable() -> str | None:
    """Say in one plain sentence why no window can open here and what helps, or return None if one can.

    Qt ends the whole process where it finds no screen or lacks a library, and its page where there is no font: so they
    are looked at first, without creating anything of Qt's.
    """
    found, problems = answering()
    if not found:
        return f"No window: there is no screen to open it on ({problems})."
    try:
        use_own_qt()
        # QtWebEngine draws in the most libraries. Nothing is wasted: opening the window imports the same.
        importlib.import_module("qtpy.QtWebEngineWidgets")
        loadable(found)
        if _fonts() == 0:
            return f"No window: no font is installed; on Debian and Ubuntu one comes with `apt install {A_FONT}`."
    except (ImportError, OSError) as problem:
        return _explain(str(problem))
    return None


def _fonts() -> int:
    """Count the fonts of this machine, as Qt and Chromium do."""
    fontconfig = ctypes.CDLL("libfontconfig.so.1")
    # A struct that begins with the number; NULL stands for the configuration that everybody in the process uses.
    fontconfig.FcConfigGetFonts.restype = ctypes.POINTER(ctypes.c_int)
    fontconfig.FcConfigGetFonts.argtypes = [ctypes.c_void_p, ctypes.c_int]
    found = fontconfig.FcConfigGetFonts(None, 0)
    return found.contents.value if found else 0


def _explain(problem: str) -> str:
    """Turn the loader's or importer's message into one sentence with the way out."""
    library = re.match(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object", problem)
    if library is None:
        return f"No window: Qt cannot be loaded ({problem})."
    name = library[1]
    package = debian_package(name)
    return f"No window: the library {name} is missing; on Debian and Ubuntu it comes with `apt install {package}`."


def profile(storage: Path, name: str) -> Any:
    """Make the profile that the window's page has: what it keeps is below `storage`, and nowhere else.

    pywebview's own makes folders in ~/.cache and ~/.local/share before it can be told of a better place.
    """
    from qtpy.QtWebEngineCore import QWebEngineProfile, QWebEngineProfileBuilder

    builder = QWebEngineProfileBuilder()
    builder.setPersistentStoragePath(str(storage))
    # What is kept on this disk already needs no cache there.
    builder.setHttpCacheType(QWebEngineProfile.HttpCacheType.MemoryHttpCache)
    return builder.createProfile(name)


def mend(native: Any, on_stage: Callable[[bool], None]) -> None:
    """Mend what pywebview 6.2 leaves broken under Qt 6 in its main window `native`, before it is shown; `on_stage` is
    told when its page begins and ends to fill the screen."""
    from qtpy.QtWebEngineCore import QWebEngineSettings

    page = native.webview.page()
    # Its script for calling Python from the page: unused here, it leaves a thread waiting when a window closes early.
    page.loadFinished.disconnect(native.on_load_finished)
    # White by default, whatever the window's colour: a flash of it before the page is there.
    page.setBackgroundColor(native.background_color)
    for attribute in ("JavascriptCanAccessClipboard", "FullScreenSupportEnabled"):
        page.settings().setAttribute(getattr(QWebEngineSettings.WebAttribute, attribute), True)
    # By Python's webbrowser it would give the binary's libraries to the person's.
    page.nav_handler.acceptNavigationRequest = _open_link
    page.fullScreenRequested.connect(lambda request: _toggle_full_screen(native, request))
    page.fullScreenRequested.connect(lambda request: on_stage(request.toggleOn()))
    page.profile().downloadRequested.connect(lambda download: _save(native, download))
    page.renderProcessTerminated.connect(lambda status, code: _reload_after_crash(page, status, code))


def _open_link(url: Any, kind: Any, is_main_frame: bool) -> bool:
    """What Qt asks for a link that wants a window of its own: it is for the browser, and this one doesn't follow it."""
    if not open_page(url.toString()):
        log.warning("A link can't be opened: there is no xdg-open.")
    return False


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


def prefers_dark() -> bool:
    """Whether the system is set to dark. Makes Qt's application, which pywebview then takes."""
    global _application
    from qtpy.QtCore import QCoreApplication, Qt
    from qtpy.QtWidgets import QApplication

    # They would lie in ~/.cache, and save no time that could be measured.
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DisableShaderDiskCache)
    # As the entry in the menu is called (install.py): a desktop knows by it what the window belongs to.
    QApplication.setDesktopFileName("lan-counter")
    _application = QApplication.instance() or QApplication(["lan-counter"])
    return bool(_application.styleHints().colorScheme() == Qt.ColorScheme.Dark)


# Qt ends with the last reference to it.
_application: Any = None


def place_of(native: Any) -> Place:
    """Where pywebview's main window is; if it fills the screen, where it was before."""
    # Qt moves a window by its frame, and sizes it without.
    frame, geometry = native.frameGeometry(), native.geometry()
    x, y = frame.x(), frame.y()
    if native.isMaximized() or native.isFullScreen():
        # Its frame is another one then: so it is where it was last seen to be, or as far from there as it went.
        known, place = native.last_normal
        geometry = native.normalGeometry()
        x, y = place.x + geometry.x() - known.x(), place.y + geometry.y() - known.y()
    return Place(x=x, y=y, width=geometry.width(), height=geometry.height(), maximized=native.isMaximized())


def put(native: Any, wanted: Place | None) -> None:
    """Put a window that is about to be shown where it is wanted, as far as the screens allow."""
    asked = fit(wanted, _areas(), GUESSED_FRAME)
    _move(native, asked)
    _put_again(native, wanted, asked, LOOKS)


def _put_again(native: Any, wanted: Place | None, asked: Fit, looks: int) -> None:
    """Once its frame is known. What is wanted is asked for again, not where it stands: else it would wander from one
    start to the next by what was guessed wrongly."""
    from qtpy.QtCore import QTimer

    def look() -> None:
        if not native.isVisible() or _frame(native) == NO_FRAME:
            if looks:
                _put_again(native, wanted, asked, looks - 1)
            return
        if native.isMaximized() or native.isFullScreen() or native.isMinimized():
            return
        right = fit(wanted, _areas(), _frame(native))
        # In the middle it was: a jump by some pixels helps nobody.
        if right.place != asked.place if wanted else _size(right) != _size(asked):
            _move(native, right)
        keep_whole(native)

    # With the window as its context it ends with the window.
    QTimer.singleShot(LOOK_AFTER_MS, native, look)


def _size(found: Fit) -> tuple[int, int]:
    return found.place.width, found.place.height


def _frame(native: Any) -> Frame:
    inner, outer = native.geometry(), native.frameGeometry()
    left, top = inner.left() - outer.left(), inner.top() - outer.top()
    return Frame(left, top, outer.width() - inner.width() - left, outer.height() - inner.height() - top)


def keep_whole(native: Any) -> None:
    """A window that isn't wholly on a screen, or on one that has gone, comes to one that is there."""
    if native.isMaximized() or native.isFullScreen() or native.isMinimized():
        return
    place = place_of(native)
    native.last_normal = native.geometry(), place
    found = fit(place, _areas(), _frame(native))
    if found.place != place:
        _move(native, found)


def _move(native: Any, found: Fit) -> None:
    native.setMinimumSize(*found.least)
    native.resize(found.place.width, found.place.height)
    native.move(found.place.x, found.place.y)
    native.last_normal = native.geometry(), found.place


def _areas() -> list[Area]:
    from qtpy.QtGui import QGuiApplication

    main = QGuiApplication.primaryScreen()
    screens = [main, *(screen for screen in QGuiApplication.screens() if screen != main)]
    free = [screen.availableGeometry() for screen in screens]
    return [Area(area.x(), area.y(), area.width(), area.height()) for area in free]


def come_forward(native: Any) -> None:
    """Bring the window before all others; on Qt's thread."""
    from qtpy.QtCore import Qt

    native.setWindowState(native.windowState() & ~Qt.WindowState.WindowMinimized)
    keep_whole(native)
    native.show()
    native.raise_()
    native.activateWindow()


def on_its_thread(native: Any, action: Any) -> None:
    """Call `action` on Qt's thread, soon; from any thread."""
    from qtpy.QtCore import QTimer

    QTimer.singleShot(0, native, action)
