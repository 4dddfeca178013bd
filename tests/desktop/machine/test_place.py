"""Where the program works, if the person's folder can't be used."""

from pathlib import Path

import pytest

from desktop.machine.instance import AlreadyRunning, FolderError
from desktop.machine.place import place


def test_it_is_the_persons_folder_and_held(tmp_path: Path) -> None:
    with place(tmp_path / "data") as found:
        assert (found.folder, found.lasts) == (tmp_path / "data", True)
        with pytest.raises(AlreadyRunning):
            place(tmp_path / "data").__enter__()


def test_a_folder_that_cannot_be_used_is_told_and_another_serves_for_this_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with place(tmp_path / "file") as found:
        assert not found.lasts
        (found.folder / "preferences.json").write_text("{}")
    assert not found.folder.exists()
    (record,) = caplog.records
    assert str(tmp_path / "file") in record.getMessage()


def test_without_any_folder_the_first_problem_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(FolderError, match="file can't be used"):
        place(tmp_path / "file").__enter__()
