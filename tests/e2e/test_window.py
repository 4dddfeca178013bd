"""What only the real window does: it asks before it closes, comes back where it was, and comes forward."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.machine import install
from tests.e2e.classic import ClassicClient
from tests.e2e.program import TOP, Program, command, until
from tests.e2e.screen import answer, close_windows, pixel, private_screen, property_of, visible, xdotool

TITLE = "LAN Counter"


def shown(program: Program, screen: str) -> str:
    """Wait for the window with the page in it; returns the window's number."""
    until(lambda: program.health["people"] == 1, within=30)
    until(lambda: len(visible(screen, TITLE)) == 1)
    return visible(screen, TITLE)[0]


def ask_to_close(screen: str) -> None:
    """Close the window, and wait for its question."""
    assert close_windows(screen, TITLE) == 1
    until(lambda: len(visible(screen, TITLE)) == 2)


def test_it_asks_before_it_closes_on_others(data: Path, screen: str) -> None:
    with Program(data, screen=screen) as program:
        shown(program, screen)
        with ClassicClient(program.join_url) as classic:
            classic.hears(0)
            ask_to_close(screen)
            answer(screen, "Escape", lambda: len(visible(screen, TITLE)) == 1)
            classic.set(5)
            classic.hears(5)
            ask_to_close(screen)
            answer(screen, "alt+y", lambda: program.process.poll() is not None)
            assert program.ended() == 0
            assert classic.is_closed() == 1001


def test_a_signal_does_not_wait_for_an_answer(data: Path, screen: str) -> None:
    with Program(data, screen=screen) as program, ClassicClient(program.join_url) as classic:
        classic.hears(0)
        until(lambda: program.health["people"] == 2, within=30)
        until(lambda: len(visible(screen, TITLE)) == 1)
        ask_to_close(screen)
        assert program.end() == 143
        assert program.errors == ""


def test_it_opens_where_it_was(data: Path, managed: str) -> None:
    with Program(data, screen=managed) as program:
        window = shown(program, managed)
        xdotool(managed, "windowsize", "--sync", window, "700", "560")
        xdotool(managed, "windowmove", "--sync", window, "300", "120")
        where = xdotool(managed, "getwindowgeometry", window)
        close_windows(managed, TITLE)
        assert program.ended() == 0
    with Program(data, screen=managed) as program:
        window = shown(program, managed)
        again = xdotool(managed, "getwindowgeometry", window)
        assert again.splitlines()[1:] == where.splitlines()[1:]


def test_a_desktop_can_tell_whose_window_it_is(program: Program, screen: str) -> None:
    shown(program, screen)
    assert property_of(screen, TITLE, "_GTK_APPLICATION_ID") == install.NAME.encode()
    assert property_of(screen, TITLE, "_NET_WM_ICON"), "its picture"


def start_again(data: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    return subprocess.run(
        command("--local-only", "--data-dir", str(data)),
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_second_start_brings_the_first_window_forward(data: Path, managed: str) -> None:
    with Program(data, screen=managed) as program:
        window = shown(program, managed)
        xdotool(managed, "windowminimize", "--sync", window)
        until(lambda: visible(managed, TITLE) == [])
        second = start_again(data)
        assert second.returncode == 0
        assert second.stderr == f"LAN Counter is already running: {program.join_url}\n"
        until(lambda: visible(managed, TITLE) == [window])


def test_a_second_start_beside_one_without_a_window_says_where_that_is(data: Path, server: Program) -> None:
    second = start_again(data)
    assert second.returncode == 2
    assert second.stderr == f"LAN Counter is already running: {server.join_url}\n"


def test_a_second_start_beside_one_that_found_no_screen_is_told_the_same(data: Path) -> None:
    with Program(data) as program:
        until(lambda: "No window" in program.errors)
        second = start_again(data)
        assert second.returncode == 2
        assert second.stderr == f"LAN Counter is already running: {program.join_url}\n"


def launch(data: Path, screen: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("--local-only", "--port", "0", "--data-dir", str(data)),
        cwd=TOP,
        env={**os.environ, "DISPLAY": screen},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def launched(data: Path, screen: str, times: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Started so many times at once; all have ended afterwards."""
    started = [launch(data, screen) for _ in range(times)]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def minds(process: subprocess.Popen[str], number: int) -> bool:
    """Whether it has a handler of its own for a signal (proc(5), SigCgt); Python itself has none for SIGTERM."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (caught,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (number - 1) & 1)


def test_started_again_at_once_it_is_one_window(data: Path, managed: str) -> None:
    with launched(data, managed, 3) as started:
        until(lambda: [process.poll() for process in started].count(0) == 2, within=60)
        until(lambda: len(visible(managed, TITLE)) == 1, within=30)
        (first,) = (process for process in started if process.poll() is None)
        first.terminate()
        said = [process.communicate(timeout=30) for process in started]
    assert sorted(process.returncode for process in started) == [0, 0, 143]
    assert sorted(out.count("Join: ") for out, _ in said) == [0, 0, 1]
    # Which knows its address, or not yet.
    assert all(re.fullmatch(r"(LAN Counter is already running: http://127\.0\.0\.1:\d+/\n)?", err) for _, err in said)


def test_a_first_one_that_ends_before_its_window_is_succeeded_by_the_second(data: Path, managed: str) -> None:
    with launched(data, managed, 1) as (first,):
        until(lambda: (data / "lock").exists())
        first.send_signal(signal.SIGSTOP)
        with launched(data, managed, 1) as (second,):
            until(lambda: minds(second, signal.SIGTERM), within=30)
            assert second.poll() is None
            first.kill()
            assert second.stdout is not None
            assert second.stdout.readline().startswith("Join: ")
            until(lambda: len(visible(managed, TITLE)) == 1, within=30)
            second.terminate()
            assert second.wait(30) == 143


def test_whoever_waits_for_a_first_one_can_be_stopped(data: Path, managed: str) -> None:
    with launched(data, managed, 1) as (first,):
        until(lambda: (data / "lock").exists())
        first.send_signal(signal.SIGSTOP)
        with launched(data, managed, 1) as (second,):
            until(lambda: minds(second, signal.SIGTERM), within=30)
            second.send_signal(signal.SIGINT)
            assert second.communicate(timeout=30) == ("", "")
            assert second.returncode == 130


def test_a_start_while_the_first_one_closes_opens_its_own_window(data: Path, managed: str) -> None:
    with launched(data, managed, 1) as (first,):
        until(lambda: len(visible(managed, TITLE)) == 1, within=30)
        close_windows(managed, TITLE)
        with launched(data, managed, 1) as (second,):
            assert first.wait(30) == 0
            until(lambda: len(visible(managed, TITLE)) == 1, within=30)
            assert second.poll() is None
            second.terminate()
            assert second.wait(30) == 143


@pytest.mark.parametrize(("dark", "colour"), [(True, (8, 13, 32)), (False, (241, 244, 249))])
def test_before_its_page_is_there_it_has_the_pages_colour(
    tmp_path: Path, dark: bool, colour: tuple[int, int, int]
) -> None:
    script = f"""
import sys
from pathlib import Path
from desktop.window import qt
from desktop.window.window import Window
qt.prefers_dark = lambda: {dark}
Window(sys.argv[1], storage=Path(sys.argv[2])).run()
"""
    # A screen of its own, so that nothing lies over it; and a server that never answers.
    with socket.create_server(("127.0.0.1", 0)) as silent, private_screen() as screen:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        window = subprocess.Popen(
            [sys.executable, "-c", script, url, str(tmp_path)], cwd=TOP, env={**os.environ, "DISPLAY": screen}
        )
        try:
            until(lambda: len(visible(screen, TITLE)) == 1, within=30)
            until(lambda: pixel(screen, 640, 400) != (0, 0, 0))
            assert pixel(screen, 640, 400) == colour
        finally:
            window.terminate()
            window.wait(20)
