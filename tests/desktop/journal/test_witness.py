"""The witness: replaced wholly, and of no weight when it can't be read."""

from pathlib import Path

import pytest

from desktop.journal.witness import Witness, read, write

SEEN = Witness(epoch="epoch", last=7, value=-3, revision=5)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "counter.witness"
    write(path, SEEN)
    assert read(path) == SEEN

    later = Witness(epoch="epoch", last=8, value=4, revision=6)
    write(path, later)
    assert read(path) == later
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b'{"epoch":"e","last":"many"}', bytes(100), b"\xff"])
def test_one_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "counter.witness"
    path.write_bytes(content)

    assert read(path) is None
    assert read(tmp_path / "another") is None


def test_one_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "counter.witness"
    write(path, SEEN)
    (tmp_path / "counter.witness.new").mkdir()

    with pytest.raises(OSError, match="directory"):
        write(path, Witness(epoch="epoch", last=8, value=4, revision=6))
    assert read(path) == SEEN
