"""A private X screen, and closing a window on it as a person does."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.error import XError
from Xlib.protocol.event import ClientMessage

from tests.e2e.program import until

ENDS_WITHIN = 10
"""Seconds that Xvfb has to end; it takes a fraction of one."""


@contextmanager
def private_screen(size: str = "1280x800") -> Iterator[str]:
    """Start Xvfb on a free display and yield its name, like `:1`."""
    xvfb = _installed("Xvfb")
    reader, writer = os.pipe()
    options = ["-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen([xvfb, "-displayfd", str(writer), *options], pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        # To the newline: Xvfb writes it apart from the number, and dies if nobody reads it.
        with os.fdopen(reader) as lines:
            number = lines.readline().strip()
        if not number:
            pytest.fail("Xvfb has not started.")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(ENDS_WITHIN)


@contextmanager
def window_manager(screen: str) -> Iterator[None]:
    """Run openbox on `screen`; what happens inside finds it ready."""
    openbox = _installed("openbox")
    manager = subprocess.Popen(
        [openbox, "--sm-disable"], env={**os.environ, "DISPLAY": screen}, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: _is_managed(screen))
        yield
    finally:
        manager.terminate()
        manager.wait(ENDS_WITHIN)


def close_windows(screen: str, title: str) -> int:
    """Ask every window of that title to close, as its close button does; return how many there were."""
    display = Display(screen)
    try:
        windows = [window for window in _windows_below(display.screen().root) if _title(display, window) == title]
        for window in windows:
            message = ClientMessage(
                window=window,
                client_type=display.intern_atom("WM_PROTOCOLS"),
                data=(32, [display.intern_atom("WM_DELETE_WINDOW"), X.CurrentTime, 0, 0, 0]),
            )
            window.send_event(message)
        display.sync()
        return len(windows)
    finally:
        display.close()


def _installed(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is missing: `python3 build/dev.py test` installs it.")
    return path


def _is_managed(screen: str) -> bool:
    display = Display(screen)
    try:
        announced = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
        return display.screen().root.get_full_property(announced, X.AnyPropertyType) is not None
    finally:
        display.close()


# Any: Xlib has no types.
def _windows_below(window: Any) -> Iterator[Any]:
    # A window may go while it is being looked at.
    try:
        children = window.query_tree().children
    except XError:
        return
    for child in children:
        yield child
        yield from _windows_below(child)


def _title(display: Any, window: Any) -> str | None:
    try:
        title: str | None = window.get_full_text_property(display.intern_atom("_NET_WM_NAME"))
        return title
    except XError:
        return None


def property_of(screen: str, title: str, name: str) -> Any:
    """What the window of that title says of itself under a name, as bytes or numbers; None if nothing."""
    display = Display(screen)
    try:
        (window,) = (window for window in _windows_below(display.screen().root) if _title(display, window) == title)
        found = window.get_full_property(display.intern_atom(name), X.AnyPropertyType)
        return found and found.value
    finally:
        display.close()


def outline(screen: str, title: str) -> tuple[int, int, int, int]:
    """The window of that title with its frame: left, top, right and lower edge."""
    display = Display(screen)
    try:
        root = display.screen().root
        (window,) = (window for window in _windows_below(root) if _title(display, window) == title)
        while (parent := window.query_tree().parent) != root:
            window = parent
        found = window.get_geometry()
        width, height = found.width + 2 * found.border_width, found.height + 2 * found.border_width
        return found.x, found.y, found.x + width, found.y + height
    finally:
        display.close()


def maximize(screen: str, title: str) -> None:
    """Ask the window manager to let the window of that title fill the screen, as its button does (EWMH)."""
    display = Display(screen)
    try:
        root = display.screen().root
        (window,) = (window for window in _windows_below(root) if _title(display, window) == title)
        state, both = "_NET_WM_STATE", ("_NET_WM_STATE_MAXIMIZED_VERT", "_NET_WM_STATE_MAXIMIZED_HORZ")
        words = (1, *map(display.intern_atom, both), 2, 0)
        message = ClientMessage(window=window, client_type=display.intern_atom(state), data=(32, words))
        root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        display.sync()
    finally:
        display.close()


@contextmanager
def panel(screen: str, height: int) -> Iterator[None]:
    """A bar along the upper edge that a window manager keeps free (Extended Window Manager Hints, struts)."""
    display = Display(screen)
    try:
        root = display.screen()
        bar = root.root.create_window(0, 0, root.width_in_pixels, height, 0, root.root_depth)
        kind, dock = (display.intern_atom(f"_NET_WM_WINDOW_TYPE{end}") for end in ("", "_DOCK"))
        bar.change_property(kind, Xatom.ATOM, 32, [dock])
        bar.change_property(display.intern_atom("_NET_WM_STRUT"), Xatom.CARDINAL, 32, [0, 0, height, 0])
        area = display.intern_atom("_NET_WORKAREA")

        def upper_edge() -> int | None:
            found = root.root.get_full_property(area, X.AnyPropertyType)
            return found and int(found.value[1])

        def is_kept() -> bool:
            # openbox has been seen to overlook a window that came while it started.
            bar.unmap()
            bar.map()
            display.sync()
            try:
                until(lambda: upper_edge() == height, within=2)
            except AssertionError:
                return False
            return True

        until(is_kept)
        yield
    finally:
        display.close()


def xdotool(screen: str, *words: str) -> str:
    """What xdotool says; it fails if there is no such window."""
    command = [_installed("xdotool"), *words]
    done = subprocess.run(command, env={**os.environ, "DISPLAY": screen}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def answer(screen: str, key: str, done: Callable[[], bool]) -> None:
    """Press a key, as `alt+y`, until that is `done`: a question may be seen before it has the keyboard."""
    until(lambda: xdotool(screen, "key", key) != "" or done())


def visible(screen: str, title: str) -> list[str]:
    """The numbers of the windows of that title that can be seen."""
    command = [_installed("xdotool"), "search", "--onlyvisible", "--name", f"^{title}$"]
    found = subprocess.run(command, env={**os.environ, "DISPLAY": screen}, capture_output=True, text=True, check=False)
    return found.stdout.split()


def pixel(screen: str, x: int, y: int) -> tuple[int, int, int]:
    """The colour of one, red, green and blue from 0 to 255."""
    display = Display(screen)
    try:
        image = display.screen().root.get_image(x, y, 1, 1, X.ZPixmap, 0xFFFFFF)
        blue, green, red = image.data[:3]
        return red, green, blue
    finally:
        display.close()
