"""Where a window goes: whole, with its frame, within the free part of a screen that is there."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from desktop.machine.preferences import Place

SIZE: Final = (1100, 760)
LEAST: Final = (360, 640)
"""What the page needs, one column of it; less only where the screen has less."""


class Area(NamedTuple):
    """A screen without its panels, in the pixels that a window is measured in."""

    x: int
    y: int
    width: int
    height: int


class Frame(NamedTuple):
    """What a window manager adds on each side."""

    left: int
    top: int
    right: int
    bottom: int


NO_FRAME: Final = Frame(0, 0, 0, 0)


class Fit(NamedTuple):
    """A place, and how small the window may be made there."""

    place: Place
    least: tuple[int, int]


def fit(wanted: Place | None, areas: Sequence[Area], frame: Frame = NO_FRAME) -> Fit:
    """The place nearest to the `wanted` one (None: of the usual size, in the middle), whatever that says.

    `areas` has the main screen first, and at least one; a place is its frame's corner, and a size without `frame`.
    """
    width, height = SIZE
    if wanted and wanted.width > 0 and wanted.height > 0:
        width, height = wanted.width, wanted.height
    area = max(areas, key=lambda area: _shared(area, wanted.x, wanted.y, width, height)) if wanted else areas[0]
    across, down = area.width - frame.left - frame.right, area.height - frame.top - frame.bottom
    # However small a screen is, no system takes a window of nothing.
    least = max(1, min(LEAST[0], across)), max(1, min(LEAST[1], down))
    width, height = max(least[0], min(width, across)), max(least[1], min(height, down))
    x, y = area.x + (across - width) // 2, area.y + (down - height) // 2
    if wanted:
        x, y = min(wanted.x, area.x + across - width), min(wanted.y, area.y + down - height)
    place = Place(
        x=max(area.x, x),
        y=max(area.y, y),
        width=width,
        height=height,
        maximized=bool(wanted and wanted.maximized),
    )
    return Fit(place, least)


def _shared(area: Area, x: int, y: int, width: int, height: int) -> int:
    """How much of a window is on a screen, in pixels."""
    across = min(x + width, area.x + area.width) - max(x, area.x)
    down = min(y + height, area.y + area.height) - max(y, area.y)
    return max(0, across) * max(0, down)
