"""Where the real window stands: whole, with its frame, beside the panels, on screens of all sizes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import Program, until
from tests.e2e.screen import close_windows, maximize, outline, panel, private_screen, visible, window_manager, xdotool

TITLE = "LAN Counter"
FAR: dict[str, Any] = {"x": 1_900, "y": 1_000, "width": 1_600, "height": 1_100}


def remember(data: Path, **window: Any) -> None:
    data.mkdir(exist_ok=True)
    (data / "preferences.json").write_text(json.dumps({"window": window}))


def remembered(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / "preferences.json").read_text())["window"]
    return found


def shown(program: Program, screen: str) -> None:
    until(lambda: program.health["people"] == 1, within=30)
    until(lambda: len(visible(screen, TITLE)) == 1)


def is_whole(screen: str, size: str, above: int = 0) -> bool:
    """Whether the window, with its frame, is on the screen and below the panel."""
    width, height = map(int, size.split("x"))
    left, top, right, below = outline(screen, TITLE)
    return left >= 0 and top >= above and right <= width and below <= height


@pytest.mark.parametrize(
    ("size", "scale", "window"),
    [
        ("1024x600", "1", {}),
        ("1366x768", "1", {}),
        ("1366x768", "1.25", {}),
        ("1366x768", "1.25", FAR),
        ("1366x768", "1", FAR),
        ("640x480", "1", {}),
        ("1280x800", "1", {"x": -32_000, "y": -32_000, "width": 160, "height": 28}),
        ("1280x800", "1", {"x": 10**30, "y": -(10**30), "width": 10**30, "height": -(10**30)}),
        ("1280x800", "1", {"x": "1", "y": None, "width": [], "height": 1.5}),
        ("1280x800", "1", {"x": 0, "y": 0, "width": 0, "height": 0, "maximized": False}),
    ],
)
def test_it_is_whole_whatever_is_remembered(data: Path, size: str, scale: str, window: dict[str, Any]) -> None:
    if window:
        remember(data, **window)
    with (
        private_screen(size) as screen,
        window_manager(screen),
        Program(data, screen=screen, environment={"QT_SCALE_FACTOR": scale}) as program,
    ):
        shown(program, screen)
        until(lambda: is_whole(screen, size))
        assert program.end() == 143


def test_it_stands_below_the_panel(data: Path) -> None:
    size = "1366x768"
    remember(data, x=0, y=0, width=1_366, height=768)
    with (
        private_screen(size) as screen,
        window_manager(screen),
        panel(screen, 60),
        Program(data, screen=screen) as program,
    ):
        shown(program, screen)
        until(lambda: is_whole(screen, size, above=60))
        # Not less than can be: the page wants all of it.
        assert outline(screen, TITLE)[3] > 768 - 60


def test_a_page_that_has_less_room_than_it_needs_has_what_there_is(data: Path) -> None:
    with private_screen("1024x600") as screen, window_manager(screen), Program(data, screen=screen) as program:
        shown(program, screen)
        until(lambda: is_whole(screen, "1024x600"))
        left, top, right, below = outline(screen, TITLE)
        assert right - left > 960
        assert below - top > 540


@pytest.mark.parametrize(
    "place", [{"x": 60, "y": 0, "width": 700, "height": 775}, {"x": 300, "y": 90, "width": 800, "height": 650}]
)
def test_it_does_not_wander_from_one_start_to_the_next(data: Path, managed: str, place: dict[str, int]) -> None:
    """Also where it leaves no room for the frame that was guessed."""
    remember(data, **place)
    for _ in range(3):
        with Program(data, screen=managed) as program:
            shown(program, managed)
            until(lambda: outline(managed, TITLE)[:2] == (place["x"], place["y"]))
            until(lambda: outline(managed, TITLE)[3] == place["y"] + place["height"] + 25)
            close_windows(managed, TITLE)
            assert program.ended() == 0
        assert remembered(data) == {**place, "maximized": False}


@pytest.mark.parametrize("word", ["windowminimize", "maximize"])
def test_what_is_remembered_is_the_normal_place(data: Path, managed: str, word: str) -> None:
    remember(data, x=100, y=50, width=700, height=650)
    for _ in range(2):
        with Program(data, screen=managed) as program:
            shown(program, managed)
            window = visible(managed, TITLE)[0]
            if word == "maximize":
                maximize(managed, TITLE)
                until(lambda: outline(managed, TITLE)[2] == 1280)
            else:
                xdotool(managed, word, "--sync", window)
                until(lambda: visible(managed, TITLE) == [])
            close_windows(managed, TITLE)
            assert program.ended() == 0
        place = remembered(data)
        assert (place["x"], place["y"], place["width"], place["height"]) == (100, 50, 700, 650)
        assert place["maximized"] is (word == "maximize")
