"""The screens and the window on Windows and macOS, in pixels from the main screen's upper left corner, downwards.

pywebview tells of neither panels nor a window's normal size, so the systems are asked themselves. A window's size has
its frame in it there.
"""

import ctypes
import importlib
import math
import sys
from collections.abc import Sequence
from typing import Any, Final

from desktop.machine.preferences import Place
from desktop.window.geometry import Area

NORMAL, MINIMIZED, MAXIMIZED = 0, 1, 2
"""System.Windows.Forms.FormWindowState."""
FULL_SCREEN: Final = 1 << 14
"""NSWindowStyleMaskFullScreen."""


def areas(screens: Sequence[Any]) -> list[Area]:
    """The free part of each of pywebview's `screens`, the main one's first."""
    if sys.platform == "darwin":
        found = [screen.visibleFrame() for screen in _mac_screens().screens()]
        return [Area(int(x), int(y), int(width), int(height)) for x, y, width, height in map(_from_above, found)]
    scale = _windows_scale()
    # The main one begins at 0, 0.
    free = [screen.frame for screen in sorted(screens, key=lambda screen: (screen.x, screen.y) != (0, 0))]
    return [
        Area(int(part.X / scale), int(part.Y / scale), int(part.Width / scale), int(part.Height / scale))
        for part in free
    ]


def start(place: Place) -> tuple[int, int]:
    """The corner of a place as pywebview takes it for a new window."""
    if sys.platform != "darwin":
        return place.x, place.y
    # It counts from the screen that has the keyboard.
    x, y, _, _ = _from_above(_mac_screens().mainScreen().frame())
    return place.x - int(x), place.y - int(y)


def place_of(native: Any) -> Place | None:
    """Where a window is, or was before it was minimised or filled the screen; None if that isn't known any more."""
    if sys.platform == "darwin":
        if native.isZoomed() or native.styleMask() & FULL_SCREEN:
            return None
        x, y, width, height = _from_above(native.frame())
        return Place(x=round(x), y=round(y), width=round(width), height=round(height))
    if native.is_fullscreen:
        # pywebview has made it as large as the screen, and maximised it, and keeps what it was.
        state = int(native.old_state)
        corner, size = native.old_location, native.old_size
        sides = corner.X, corner.Y, size.Width, size.Height
    else:
        state = int(native.WindowState)
        part = native.Bounds if state == NORMAL else native.RestoreBounds
        sides = part.X, part.Y, part.Width, part.Height
    x, y, width, height = (_as_given(pixels, native._scale) for pixels in sides)
    return Place(x=x, y=y, width=width, height=height, maximized=state == MAXIMIZED)


def _as_given(pixels: int, scale: float) -> int:
    """The number that pywebview has made these pixels of. It cuts off what is behind the point: cut off once more, a
    window would shrink and wander at each start."""
    exact = round(pixels / scale, 6)
    return math.ceil(exact) if exact > 0 else math.floor(exact)


def _from_above(rectangle: Any) -> tuple[float, float, float, float]:
    """A rectangle of macOS's, which counts upwards from the main screen's lower left corner."""
    origin, size = rectangle.origin, rectangle.size
    top = _mac_screens().screens()[0].frame().size.height
    return origin.x, top - origin.y - size.height, size.width, size.height


def _mac_screens() -> Any:
    return importlib.import_module("AppKit").NSScreen


def _windows_scale() -> float:
    """How many pixels pywebview takes for one, as it does for a new window."""
    try:
        dpi: int = ctypes.windll.user32.GetDpiForSystem()  # type: ignore[attr-defined, unused-ignore]
    # Windows before 10 1607, which has no such thing.
    except AttributeError:
        return 1.0
    return dpi / 96
