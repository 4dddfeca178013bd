"""The small file that says how far a journal had come: whole, or not believed."""

import errno
import os
import zlib
from pathlib import Path

import msgspec
import pytest

from desktop.core.operations import VALUE_LIMIT, Settings
from desktop.journal.witness import LEAP, Witness, read, write

SETTINGS = Settings(title="Mains\nlevées", goal=100, locked=True)
SEEN = Witness(epoch="e1", last=7, value=-42, revision=6, settings=SETTINGS)
LATER = msgspec.structs.replace(SEEN, last=8, value=VALUE_LIMIT, revision=7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counter.db-witness"


def test_what_was_written_last_is_read(path: Path) -> None:
    for witness in (SEEN, LATER):
        write(path, witness)
        assert read(path) == witness
    assert [*path.parent.iterdir()] == [path]


def test_where_there_is_none_none_is_read(path: Path) -> None:
    assert read(path) is None
    path.mkdir()
    assert read(path) is None


def test_one_that_is_cut_or_changed_anywhere_is_not_believed(path: Path) -> None:
    write(path, SEEN)
    whole = path.read_bytes()
    for place in range(len(whole)):
        flipped = whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :]
        zeroed = whole[:place] + bytes(len(whole) - place)
        for damaged in (whole[:place], flipped, zeroed):
            path.write_bytes(damaged)
            assert read(path) is None, damaged


def test_what_is_known_but_not_one_of_ours_is_not_believed(path: Path) -> None:
    path.write_bytes(b"{}\n%08x\n" % zlib.crc32(b"{}"))
    assert read(path) is None


def test_one_that_cannot_be_written_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, SEEN)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write(path, LATER)
    assert read(path) == SEEN
    assert [*path.parent.iterdir()] == [path]


def test_it_has_reached_the_disk_before_it_takes_the_old_ones_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, SEEN)
    synced: list[tuple[int, Witness | None]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append((os.fstat(descriptor).st_ino, read(path)))

    monkeypatch.setattr(os, "fsync", noted)
    write(path, LATER)

    assert synced == [(path.stat().st_ino, SEEN)]


def test_who_goes_on_from_it_has_its_value_and_settings_and_a_revision_nobody_has_seen() -> None:
    counter = SEEN.successor()
    assert (counter.value, counter.revision, counter.settings) == (-42, 6 + LEAP, SEEN.settings)
    assert counter.clients == {}
