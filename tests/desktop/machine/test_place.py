"""Where the program works, if the person's folder can't be used."""

from pathlib import Path

import pytest

from desktop.machine.instance import AlreadyRunning, FolderError
from desktop.machine.place import persons_folder, place


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


@pytest.mark.parametrize("found", [RuntimeError("no home"), KeyError("getpwuid()"), Path("~/.local/share/LAN Counter")])
def test_without_a_home_there_is_no_folder_of_the_persons(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, found: Exception | Path
) -> None:
    def user_data_path(*_: object, **__: object) -> Path:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr("platformdirs.user_data_path", user_data_path)
    with pytest.raises(FolderError, match="There is no home folder"):
        persons_folder()
    with place(None) as temporary:
        assert not temporary.lasts
    assert "There is no home folder" in caplog.text


def test_the_persons_folder_is_where_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, appauthor: tmp_path / name)
    assert persons_folder() == tmp_path / "LAN Counter"
    assert persons_folder("") == tmp_path
