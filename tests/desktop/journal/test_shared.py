"""Which journal a start takes where a counter is shared, and what is kept of what was typed."""

import builtins
import logging
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from desktop.core.answers import Notice
from desktop.core.operations import Add
from desktop.journal import JournalError, shared
from desktop.journal.memory import MemoryJournal
from desktop.journal.shared import Session, Shared, SharedIfPossible, checked_name, checked_url
from desktop.machine import preferences

GONE = Session("redis://127.0.0.1:1/0", "room-12", "A", "plum-7")


def gone(folder: Path) -> Shared:
    return shared.shared(GONE, folder)


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://ada@10.0.0.1:6379/0", "unix:///run/redis.sock", " redis://h:1/2 "]
)
def test_an_address_is_taken_as_typed(url: str) -> None:
    assert checked_url(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h:6379",
        "http://h",
        "redis://",
        "redis://:secret@",
        "redis://h:x",
        "redis://h:99999",
        "redis://h:0",
        "unix://",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="this is no address like") as raised:
        checked_url(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["room-12", "Salle 204", " Été ", "x" * 64])
def test_a_name_is_taken_as_typed(name: str) -> None:
    assert checked_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", " ", "a{b", "a}b", "x" * 65, "a\nb", "a\x00b"])
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name has 1 to 64 characters"):
        checked_name(name)


def test_a_session_shows_no_password() -> None:
    assert "plum" not in f"{GONE!r} {GONE!s} {[GONE]}"


def test_the_password_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_PASSWORD", raising=False)
    assert shared.password(None) is None
    monkeypatch.setenv("REDIS_PASSWORD", "from outside")
    assert shared.password(None) == "from outside"
    file = tmp_path / "password"
    file.write_text("from a file\n")
    assert shared.password(file) == "from a file"
    with pytest.raises(JournalError, match=r"can't be read from .*: No such file"):
        shared.password(tmp_path / "none")


def test_what_is_typed_is_kept_and_the_password_apart_for_its_owner_alone(tmp_path: Path) -> None:
    shared.keep(tmp_path, "redis://ada:plum-7@h/0", "room-12", None)
    assert "plum" not in (tmp_path / "preferences.json").read_text()
    assert shared.kept(tmp_path, "A") == Session("redis://ada@h/0", "room-12", "A", "plum-7")
    if sys.platform != "win32":
        assert stat.S_IMODE(shared.kept_password(tmp_path).stat().st_mode) == 0o600
    # Without another it stays; "" is none.
    shared.keep(tmp_path, "redis://h/0", "room-13", None)
    assert shared.kept(tmp_path, "A") == Session("redis://h/0", "room-13", "A", "plum-7")
    shared.keep(tmp_path, "redis://h/0", "room-13", "pear-8")
    assert shared.kept(tmp_path, "A").password == "pear-8"
    shared.keep(tmp_path, "redis://h/0", "room-13", "")
    assert shared.kept(tmp_path, "A").password is None


def test_what_is_no_longer_shared_leaves_nothing(tmp_path: Path) -> None:
    preferences.change(tmp_path / "preferences.json", port=8123)
    shared.keep(tmp_path, "redis://h/0", "room-12", "plum-7")
    shared.keep(tmp_path, None, "", None)
    assert not shared.kept_password(tmp_path).exists()
    assert preferences.load(tmp_path / "preferences.json") == preferences.Preferences(port=8123)


def test_this_machine_has_a_name_for_the_others() -> None:
    assert checked_name(shared.own_room()) == shared.own_room()


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without(name: str, *others: Any) -> Any:
        if name == "redis" or name.startswith(("redis.", "desktop.journal.redis")):
            raise ModuleNotFoundError("No module named 'redis'", name="redis")
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(JournalError, match=r"pip install lan-counter\[redis\]"):
        shared.shared(GONE, tmp_path)


def test_what_was_typed_and_does_not_work_counts_alone_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = SharedIfPossible(lambda: gone(tmp_path), MemoryJournal())
    assert isinstance(journal, Shared)
    heard: list[int] = []
    with caplog.at_level(logging.WARNING):
        kept = journal.open(lambda operations, last: heard.append(last))
    not_saved, not_shared = kept.notices
    assert (not_saved, not_shared.code) == (Notice(code="not_saved"), "not_shared")
    assert str(not_shared.reason).startswith("The server redis://127.0.0.1:1/0 can't be reached: ")
    assert f"{not_shared.reason} This computer counts alone." in caplog.text
    journal.follow(lambda *_: None, lambda _: None)
    journal.present(3)
    journal.append([Add("ada", 1, False, 1)]).result()
    journal.snapshot(b"{}", 1).result()
    journal.witness(1, 1, 1, kept.counter.settings)
    journal.close()
    assert heard == [1]


def test_what_is_tried_out_and_does_not_work_is_said() -> None:
    with pytest.raises(JournalError, match="can't be reached"):
        shared.tried(GONE)
