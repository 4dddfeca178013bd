"""Windows' and macOS's windows and screens, by stand-ins with the names that those systems give."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from desktop.machine.preferences import Place
from desktop.window import bounds
from desktop.window.geometry import Area


def rectangle(x: int, y: int, width: int, height: int) -> Any:
    return SimpleNamespace(X=x, Y=y, Width=width, Height=height)


def form(state: int, normal: Any, bounds: Any, scale: float = 1.0) -> Any:
    return SimpleNamespace(WindowState=state, RestoreBounds=normal, Bounds=bounds, _scale=scale, is_fullscreen=False)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 125 %."""
    monkeypatch.setattr(sys, "platform", "win32")
    user32 = SimpleNamespace(GetDpiForSystem=lambda: 120)
    monkeypatch.setattr("ctypes.windll", SimpleNamespace(user32=user32), raising=False)


@pytest.mark.usefixtures("windows")
class TestWindows:
    def test_a_window_is_where_it_is(self) -> None:
        here = form(0, rectangle(-1, -1, -1, -1), rectangle(125, 250, 1000, 800), 1.25)
        assert bounds.place_of(here) == Place(x=100, y=200, width=800, height=640)

    def test_nothing_is_remembered_of_a_minimised_one(self) -> None:
        away = form(1, rectangle(100, 200, 800, 640), rectangle(-32_000, -32_000, 160, 28))
        assert bounds.place_of(away) == Place(x=100, y=200, width=800, height=640)

    def test_of_a_maximised_one_it_is_the_normal_size(self) -> None:
        large = form(2, rectangle(100, 200, 800, 640), rectangle(-8, -8, 1382, 744))
        assert bounds.place_of(large) == Place(x=100, y=200, width=800, height=640, maximized=True)

    def test_of_one_that_fills_the_screen_it_is_what_it_was(self) -> None:
        full = form(2, rectangle(0, 0, 1366, 768), rectangle(0, 0, 1366, 768))
        full.is_fullscreen, full.old_state = True, 0
        full.old_location, full.old_size = SimpleNamespace(X=7, Y=8), SimpleNamespace(Width=900, Height=650)
        assert bounds.place_of(full) == Place(x=7, y=8, width=900, height=650)

    @pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 1.75, 2.25])
    @pytest.mark.parametrize("x", [-1367, -7, -1, 0, 1, 7, 803])
    def test_it_does_not_wander_from_one_start_to_the_next(self, x: int, scale: float) -> None:
        # As pywebview opens it.
        opened = rectangle(int(x * scale), int(x * scale), int(803 * scale), int(647 * scale))
        assert bounds.place_of(form(0, opened, opened, scale)) == Place(x=x, y=x, width=803, height=647)

    def test_panels_are_not_free_and_the_main_screen_is_the_first(self) -> None:
        left = SimpleNamespace(x=-1280, y=0, frame=rectangle(-1280, 0, 1280, 1024))
        main = SimpleNamespace(x=0, y=0, frame=rectangle(0, 50, 1366, 718))
        assert bounds.areas([left, main]) == [Area(0, 40, 1092, 574), Area(-1024, 0, 1024, 819)]

    def test_an_old_one_has_no_scale(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ctypes.windll", SimpleNamespace(user32=SimpleNamespace()), raising=False)
        main = SimpleNamespace(x=0, y=0, frame=rectangle(0, 0, 1366, 728))
        assert bounds.areas([main]) == [Area(0, 0, 1366, 728)]

    def test_a_place_is_taken_as_it_is(self) -> None:
        assert bounds.start(Place(x=-5, y=7, width=800, height=640)) == (-5, 7)


def ns_rectangle(x: float, y: float, width: float, height: float) -> Any:
    return SimpleNamespace(origin=SimpleNamespace(x=x, y=y), size=SimpleNamespace(width=width, height=height))


def ns_window(frame: Any, zoomed: bool = False, mask: int = 15) -> Any:
    return SimpleNamespace(frame=lambda: frame, isZoomed=lambda: zoomed, styleMask=lambda: mask)


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop with menu bar and Dock; right of it and higher, with the keyboard, a second screen."""

    def screen(whole: Any, free: Any) -> Any:
        return SimpleNamespace(frame=lambda: whole, visibleFrame=lambda: free)

    main = screen(ns_rectangle(0, 0, 1440, 900), ns_rectangle(0, 70, 1440, 805))
    second = screen(ns_rectangle(1440, 100, 1920, 1080), ns_rectangle(1440, 100, 1920, 1055))
    screens = SimpleNamespace(screens=lambda: [main, second], mainScreen=lambda: second)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setitem(sys.modules, "AppKit", SimpleNamespace(NSScreen=screens))


@pytest.mark.usefixtures("mac")
class TestMac:
    def test_a_window_is_where_it_is_from_above(self) -> None:
        assert bounds.place_of(ns_window(ns_rectangle(100.5, 200, 800, 640))) == Place(
            x=100, y=60, width=800, height=640
        )

    def test_of_one_that_fills_the_screen_nothing_is_known(self) -> None:
        whole = ns_rectangle(0, 0, 1440, 900)
        assert bounds.place_of(ns_window(whole, zoomed=True)) is None
        assert bounds.place_of(ns_window(whole, mask=15 | 1 << 14)) is None

    def test_menu_bar_and_dock_are_not_free(self) -> None:
        assert bounds.areas([]) == [Area(0, 25, 1440, 805), Area(1440, -255, 1920, 1055)]

    def test_a_new_window_is_counted_from_the_screen_that_has_the_keyboard(self) -> None:
        # Whose upper edge is 280 above the main one's.
        assert bounds.start(Place(x=1540, y=-200, width=800, height=640)) == (100, 80)
