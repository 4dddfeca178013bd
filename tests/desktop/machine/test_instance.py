"""One program per data folder."""

import os
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from desktop.machine.instance import AlreadyRunning, FolderError, Running, bring_forward, hold, only_one_in

RUNNING = Running(join="http://192.168.1.42:8000/", port=8000, token="t" * 43)


def test_the_second_one_learns_where_the_first_one_is(tmp_path: Path) -> None:
    with only_one_in(tmp_path / "data") as leave_word:
        leave_word(RUNNING)
        with pytest.raises(AlreadyRunning, match=r"already running: http://192\.168\.1\.42:8000/$") as second:
            only_one_in(tmp_path / "data").__enter__()
        assert second.value.running == RUNNING


@pytest.mark.parametrize("note", [None, b"", b"nonsense", b'{"join":5}'])
def test_a_first_one_that_has_not_left_word_yet_is_running_all_the_same(tmp_path: Path, note: bytes | None) -> None:
    with only_one_in(tmp_path):
        if note is not None:
            (tmp_path / "running.json").write_bytes(note)
        with pytest.raises(AlreadyRunning, match=r"already running\.$"):
            only_one_in(tmp_path).__enter__()


def test_once_the_first_one_has_ended_another_may_start(tmp_path: Path) -> None:
    with only_one_in(tmp_path) as leave_word:
        leave_word(RUNNING)
    with only_one_in(tmp_path):
        assert not (tmp_path / "running.json").exists()


def test_the_word_of_one_that_was_killed_is_not_the_next_ones(tmp_path: Path) -> None:
    (tmp_path / "running.json").write_text('{"join":"http://192.168.1.42:8000/","port":8000,"token":"t"}')
    with only_one_in(tmp_path), pytest.raises(AlreadyRunning, match=r"already running\.$"):
        only_one_in(tmp_path).__enter__()


def test_two_folders_have_one_program_each(tmp_path: Path) -> None:
    with only_one_in(tmp_path / "a"), only_one_in(tmp_path / "b"):
        pass


def test_the_note_is_for_nobody_elses_eyes(tmp_path: Path) -> None:
    with only_one_in(tmp_path) as leave_word:
        leave_word(RUNNING)
        assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600 or os.name == "nt"


def test_a_note_that_is_being_read_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on Windows, where nobody may replace what somebody has opened."""
    replace, refusals = Path.replace, [PermissionError(), PermissionError()]

    def reluctantly(self: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", reluctantly)
    with only_one_in(tmp_path) as leave_word:
        leave_word(RUNNING)
        assert (tmp_path / "running.json").exists()
    assert not caplog.records


def test_a_note_that_cannot_be_written_is_no_reason_not_to_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with only_one_in(tmp_path) as leave_word:
        (tmp_path / "running.new").mkdir()
        leave_word(RUNNING)
    assert "can't be written" in caplog.text


def test_a_folder_that_is_a_file_is_said_to_be_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(FolderError, match="can't be used"):
        only_one_in(tmp_path / "data").__enter__()


WINDOWLESS: set[int] = set()
"""Ports of those that have no window, or not yet."""


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        right = (self.path, self.headers["Authorization"]) == ("/host/forward", f"Bearer {RUNNING.token}")
        answer = 409 if self.server.server_port in WINDOWLESS else 204  # type: ignore[attr-defined]
        self.send_response(answer if right else 403)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        WINDOWLESS.clear()
        server.shutdown()
        thread.join()


def test_the_first_one_is_asked_to_come_forward(port: int) -> None:
    assert bring_forward(Running(join="", port=port, token=RUNNING.token))
    assert not bring_forward(Running(join="", port=port, token="wrong"))


@pytest.mark.parametrize("port", [1, 0, -1, 70_000])
def test_one_that_does_not_answer_does_not_come_forward(port: int) -> None:
    assert bring_forward(Running(join="", port=port, token="")) is None
    assert bring_forward(Running(join="", port=port, token="\r\n")) is None


# --- a second start, while the first is on its way ---


class Attempts:
    """What each attempt finds: a word that the first has left, none yet, or that it has ended (True)."""

    def __init__(self, *found: Running | bool | None) -> None:
        self._found = list(found)
        self.waited = 0

    def __call__(self) -> str:
        found = self._found.pop(0)
        if isinstance(found, bool):
            return "held"
        raise AlreadyRunning(found)

    def wait(self) -> bool:
        self.waited += 1
        return bool(self._found)


def word(port: int, windowless: bool = False) -> Running:
    return Running(join="", port=port, token=RUNNING.token, windowless=windowless)


def test_not_yet_is_not_never(port: int) -> None:
    attempts = Attempts(None, word(1), word(port))
    with pytest.raises(AlreadyRunning) as second:
        hold(attempts, attempts.wait)
    assert second.value.is_forward
    assert attempts.waited == 2


def test_a_window_that_is_still_being_made_is_waited_for(port: int) -> None:
    WINDOWLESS.add(port)
    attempts = Attempts(word(port), word(port), word(port))

    def wait() -> bool:
        WINDOWLESS.clear()
        return attempts.wait()

    with pytest.raises(AlreadyRunning) as second:
        hold(attempts, wait)
    assert second.value.is_forward
    assert attempts.waited == 1


def test_one_that_will_never_have_a_window_is_not_waited_for(port: int) -> None:
    WINDOWLESS.add(port)
    attempts = Attempts(word(port, windowless=True))
    with pytest.raises(AlreadyRunning) as second:
        hold(attempts, attempts.wait)
    assert not second.value.is_forward
    assert attempts.waited == 0


@pytest.mark.parametrize("left", [None, word(1), word(1, windowless=True)])
def test_where_the_first_one_ends_meanwhile_the_second_takes_its_place(left: Running | None) -> None:
    attempts = Attempts(left, True)
    assert hold(attempts, attempts.wait) == "held"


@pytest.mark.parametrize("left", [None, word(1), word(1, windowless=True)])
def test_patience_has_an_end(left: Running | None) -> None:
    attempts = Attempts(left, left)
    with pytest.raises(AlreadyRunning) as second:
        hold(attempts, attempts.wait)
    assert not second.value.is_forward
    assert attempts.waited == 2
