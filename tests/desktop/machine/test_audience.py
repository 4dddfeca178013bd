"""Who learns what: with a console or without, at a screen or not."""

from pathlib import Path

import pytest

from desktop.machine import audience as module
from desktop.machine import logs
from desktop.machine.audience import Audience


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was shown."""
    shown: list[str] = []
    monkeypatch.setattr(module, "alert", lambda text: shown.append(text))
    return shown


@pytest.fixture(autouse=True)
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """The files that were begun to be logged to; pytest has its own log."""
    files: list[Path | None] = []
    monkeypatch.setattr(logs, "begin", lambda level, file: files.append(file))
    return files


def audience(monkeypatch: pytest.MonkeyPatch, file: Path, *, reads: bool, sees: bool) -> Audience:
    monkeypatch.setattr(module, "has_console", lambda: reads)
    found = Audience(prints=False)
    found.begin("warning", file, sees)
    return found


ERROR = RuntimeError("The folder is full.")


LOG = Path("log.txt")


@pytest.mark.parametrize("sees", [True, False])
def test_whoever_reads_the_console_reads_it_there_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
    begun: list[Path | None],
    boxes: list[str],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    sees: bool,
) -> None:
    found = audience(monkeypatch, LOG, reads=True, sees=sees)
    found.warn("There is no network.")
    found.alert("It does not answer.")
    found.not_started(ERROR)
    assert capsys.readouterr() == ("", "There is no network.\nThe folder is full.\n")
    assert (boxes, begun, caplog.text) == ([], [None], "")


def test_without_a_console_it_is_in_the_log_and_why_it_has_not_started_in_a_box(
    monkeypatch: pytest.MonkeyPatch, begun: list[Path | None], boxes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    found = audience(monkeypatch, LOG, reads=False, sees=True)
    found.warn("There is no network.")
    assert boxes == []
    found.alert("It does not answer.")
    found.not_started(ERROR)
    try:
        raise LookupError("a mistake")
    except LookupError:
        found.not_started(None)
    assert boxes == [
        "It does not answer.",
        "LAN Counter has not started. The folder is full.\n\nThe log: log.txt",
        "LAN Counter has not started, because of a mistake in it.\n\nThe log: log.txt",
    ]
    assert begun == [LOG]
    assert "There is no network." in caplog.text and "The folder is full." in caplog.text
    assert caplog.text.count("Traceback") == 1 and "LookupError: a mistake" in caplog.text


def test_where_nobody_sits_at_the_screen_the_log_has_it_and_no_box_waits(
    monkeypatch: pytest.MonkeyPatch, begun: list[Path | None], boxes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    found = audience(monkeypatch, LOG, reads=False, sees=False)
    found.alert("It does not answer.")
    found.not_started(ERROR)
    assert (boxes, begun) == ([], [LOG])
    assert "The folder is full." in caplog.text


def test_without_a_folder_for_the_log_a_box_still_says_it(monkeypatch: pytest.MonkeyPatch, boxes: list[str]) -> None:
    monkeypatch.setattr(module, "has_console", lambda: False)
    found = Audience(prints=False)
    found.begin("warning", None, True)
    found.not_started(ERROR)
    assert boxes == ["LAN Counter has not started. The folder is full."]


@pytest.mark.parametrize("prints", [True, False])
def test_a_console_is_taken_before_it_is_asked_for_and_only_by_what_prints(
    monkeypatch: pytest.MonkeyPatch, prints: bool
) -> None:
    """A window that had taken the terminal would end with it."""
    done: list[str] = []
    monkeypatch.setattr(module, "attach", lambda: done.append("taken"))

    def has_console() -> bool:
        done.append("asked")
        return True

    monkeypatch.setattr(module, "has_console", has_console)
    assert Audience(prints).reads
    assert done == (["taken", "asked"] if prints else ["asked"])
