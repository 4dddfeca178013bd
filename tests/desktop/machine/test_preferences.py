"""What is remembered from one start to the next."""

from pathlib import Path

import pytest

from desktop.machine.preferences import Place, Preferences, change, load, save


def test_what_is_saved_is_there_at_the_next_start(tmp_path: Path) -> None:
    kept = Preferences(interface="wlan0", address="192.168.1.42", window=Place(x=-5, y=10, width=800, height=600))
    save(tmp_path / "preferences.json", kept)
    assert load(tmp_path / "preferences.json") == kept


def test_what_changes_leaves_the_rest_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    change(path, interface="wlan0")
    change(path, port=8001)
    assert load(path) == Preferences(interface="wlan0", port=8001)


def test_the_first_start_finds_nothing_and_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert load(tmp_path / "preferences.json") == Preferences()
    assert caplog.records == []


def test_a_file_of_an_older_program_is_read(tmp_path: Path) -> None:
    (tmp_path / "preferences.json").write_bytes(b'{"interface":"wlan0","window":null,"port":8001}')
    assert load(tmp_path / "preferences.json") == Preferences(interface="wlan0", address=None, port=8001)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff", b'{"interface": 5}', b'{"port": 70000}', b"[]"])
def test_what_cannot_be_read_is_as_at_the_first_start(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "preferences.json"
    path.write_bytes(content)
    assert load(path) == Preferences()
    assert "can't be read" in caplog.text


def test_what_cannot_be_saved_is_lost_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path / "gone" / "preferences.json", Preferences(interface="wlan0"))
    assert "can't be written" in caplog.text


@pytest.mark.parametrize(
    "window",
    ['"here"', "5", "[]", "{}", '{"x":"1","y":0,"width":800,"height":600}', '{"x":0.5,"y":0,"width":8,"height":6}'],
)
def test_a_window_that_cannot_be_read_is_forgotten_and_nothing_else(
    tmp_path: Path, window: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "preferences.json"
    path.write_text(f'{{"interface":"wlan0","window":{window},"port":8001,"of":"tomorrow"}}')
    assert load(path) == Preferences(interface="wlan0", port=8001)
    assert "its window is as at the first start" in caplog.text
