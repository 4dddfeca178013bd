"""A window is whole on a screen that is there, whatever is wanted."""

from math import inf

import pytest

from desktop.machine.preferences import Place
from desktop.window.geometry import LEAST, Area, Frame, fit

FRAME = Frame(4, 30, 4, 6)
SCREENS = [
    [Area(0, 0, 1024, 600)],
    [Area(0, 27, 1366, 741)],
    # 1366x768 at 125 %, less a panel below.
    [Area(0, 0, 1092, 582)],
    [Area(0, 0, 320, 240)],
    # The main one is the right one; the left one is higher, and beside it there is nothing.
    [Area(1920, 0, 1920, 1080), Area(0, -360, 1920, 1440)],
]
WANTED = [
    None,
    *(
        Place(x=x, y=y, width=width, height=height)
        for x, y in [(0, 0), (-5, -5), (9_000, 9_000), (-32_000, -32_000), (1_900, 500), (10**30, -(10**30))]
        for width, height in [(800, 600), (3_840, 2_160), (0, 0), (-1, -1), (1, 1), (10**30, 10**30)]
    ),
]


@pytest.mark.parametrize("areas", SCREENS)
@pytest.mark.parametrize("frame", [Frame(0, 0, 0, 0), FRAME])
@pytest.mark.parametrize("wanted", WANTED)
def test_it_is_whole_with_its_frame_on_one_screen(wanted: Place | None, areas: list[Area], frame: Frame) -> None:
    place, least = fit(wanted, areas, frame)
    right = place.x + frame.left + place.width + frame.right
    below = place.y + frame.top + place.height + frame.bottom
    assert any(
        area.x <= place.x and area.y <= place.y and right <= area.x + area.width and below <= area.y + area.height
        for area in areas
    )
    assert least[0] <= place.width
    assert least[1] <= place.height
    assert fit(place, areas, frame) == (place, least)


def test_a_place_that_is_good_stays() -> None:
    place = Place(x=300, y=110, width=700, height=645, maximized=True)
    assert fit(place, [Area(0, 0, 1280, 800)], FRAME).place == place


def test_at_first_it_is_in_the_middle_of_the_main_screen() -> None:
    assert fit(None, SCREENS[-1]).place == Place(x=1920 + 410, y=160, width=1100, height=760)


def test_it_stays_on_the_screen_that_has_most_of_it() -> None:
    across = Place(x=1_500, y=0, width=1_000, height=700)
    assert fit(across, SCREENS[-1]).place.x == 1920
    assert fit(Place(x=1_300, y=0, width=1_000, height=700), SCREENS[-1]).place.x == 920


def test_the_page_has_what_it_needs_unless_the_screen_has_less() -> None:
    tiny = Place(x=0, y=0, width=100, height=100)
    assert fit(tiny, [Area(0, 0, 1366, 768)], FRAME) == (Place(x=0, y=0, width=360, height=640), LEAST)
    assert fit(tiny, [Area(0, 0, 1024, 600)], FRAME).least == (360, 564)


@pytest.mark.parametrize("area", [Area(0, 0, 0, 0), Area(0, 0, 10, 10), Area(5, 5, 1, 1)])
def test_a_screen_of_nothing_has_a_window_too(area: Area) -> None:
    place, least = fit(None, [area], FRAME)
    assert 0 < least[0] <= place.width < inf
    assert 0 < least[1] <= place.height < inf
    assert (place.x, place.y) == (area.x, area.y)
