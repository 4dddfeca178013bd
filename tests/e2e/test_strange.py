"""A first start on a strange machine: what is the matter is said in plain words, and what still works, works."""

import http.client
import os
import re
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.program import ENDS_WITHIN, TOP, Program, command, until


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a browser, played by a script, writes the addresses into that it is to open."""
    noted = tmp_path / "opened"
    noted.touch()
    (tmp_path / "bin").mkdir()
    browser = tmp_path / "bin" / "xdg-open"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {noted}\nexec sleep 60\n')
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{browser.parent}:{os.environ['PATH']}")
    return noted


def location(url: str) -> str | None:
    """Where an address leads to."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=ENDS_WITHIN)
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    connection.close()
    return answer.getheader("Location")


def test_where_no_window_opens_the_browser_does_as_the_host_and_again_at_a_second_start(
    data: Path, opened: Path
) -> None:
    with Program(data, screen=":4321") as program:
        until(lambda: opened.read_text().count("\n") == 1)
        (first,) = opened.read_text().splitlines()
        secret = urlsplit(program.host_url).fragment
        assert secret not in first, "everybody on this machine can read it"
        assert location(first) == f"/#{secret}"
        assert location(first) is None
        until(lambda: program.errors.endswith("\n"))
        assert "DISPLAY :4321 does not answer" in program.errors
        assert "The browser opens instead. The counter runs on" in program.errors

        second = subprocess.run(
            command("--data-dir", str(data), "--local-only"), cwd=TOP, capture_output=True, text=True, check=False
        )
        assert second.returncode == 0
        until(lambda: opened.read_text().count("\n") == 2)
        assert location(opened.read_text().splitlines()[1]) == f"/#{secret}"
        assert program.end() == 143


def test_without_a_screen_no_browser_is_opened(data: Path, opened: Path) -> None:
    with Program(data) as program:
        until(lambda: program.errors.endswith("\n"))
        assert re.fullmatch(r"No window: there is no screen .*\n", program.errors)
        assert program.end() == 143
    assert opened.read_text() == ""


def test_without_any_font_it_says_what_to_install_and_the_browser_opens(
    data: Path, screen: str, tmp_path: Path, opened: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "fonts.conf"
    bare.write_text('<?xml version="1.0"?><fontconfig></fontconfig>')
    monkeypatch.setenv("FONTCONFIG_FILE", str(bare))
    with Program(data, screen=screen) as program:
        until(lambda: program.errors.endswith("\n"))
        assert program.errors.startswith("No window: no font is installed; on Debian and Ubuntu one comes with `apt")
        until(lambda: opened.read_text().count("\n") == 1)
        assert program.counter == 0
        assert program.end() == 143


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """The file that a box, played by a script, writes the text into that it is to show."""
    noted = tmp_path / "shown"
    box = tmp_path / "boxes" / "zenity"
    box.parent.mkdir()
    box.write_text(f'#!/bin/sh\nfor last; do :; done\necho "$last" > {noted}.new && /bin/mv {noted}.new {noted}\n')
    box.chmod(0o755)
    return noted


def double_click(data: Path, shown: Path, *options: str) -> "subprocess.Popen[bytes]":
    """Start it where nobody reads what it prints, and where there are boxes, but neither screen nor browser."""
    return subprocess.Popen(
        command("--data-dir", str(data), "--local-only", *options),
        cwd=TOP,
        env={**os.environ, "PATH": str(shown.parent / "boxes"), "DISPLAY": ":4321"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_started_by_a_double_click_it_says_what_is_wrong_in_a_box_and_in_its_log(data: Path, shown: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = double_click(data, shown, "--port", str(taken.getsockname()[1]))
        assert done.wait(ENDS_WITHIN) == 2
    until(shown.exists)
    assert "is taken" in shown.read_text()
    assert str(data / "log.txt") in shown.read_text()
    assert "is taken" in (data / "log.txt").read_text()


def test_with_neither_window_nor_browser_a_box_says_why_and_where_it_is(data: Path, shown: Path) -> None:
    with double_click(data, shown, "--port", "0") as first:
        try:
            until(shown.exists)
            assert "DISPLAY :4321 does not answer" in shown.read_text()
            assert "DISPLAY :4321 does not answer" in (data / "log.txt").read_text()
            (address,) = re.findall(r"http://127\.0\.0\.1:\d+/", shown.read_text())
            shown.unlink()
            assert double_click(data, shown).wait(ENDS_WITHIN) == 2
            until(shown.exists)
            assert f"already running: {address}" in shown.read_text()
        finally:
            first.terminate()
        assert first.wait(ENDS_WITHIN) == 143
