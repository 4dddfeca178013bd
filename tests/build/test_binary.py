"""What build/ decides of the binary; `python3 build/dev.py binary` tests the binary itself."""

import hashlib
import re
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

import desktop

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOP / "build"))


@pytest.fixture
def binary() -> ModuleType:
    import binary

    return binary


def test_the_icon_is_drawn_in_every_format(tmp_path: Path) -> None:
    from icon import write_icons

    write_icons(TOP / "web" / "favicon.svg", tmp_path)
    with Image.open(tmp_path / "icon.png") as image:
        assert image.size == (256, 256)
        assert image.getpixel((0, 0)) == (0, 0, 0, 0), "its corners are round"
        assert image.getpixel((20, 128)) == (0x0B, 0x2F, 0xA8, 255)
        assert image.getpixel((128, 128)) == (255, 255, 255, 255)
    with Image.open(tmp_path / "icon.ico") as image:
        assert {(16, 16), (32, 32), (256, 256)} <= image.info["sizes"]
    with Image.open(tmp_path / "icon.icns") as image:
        assert max(image.size) >= 512


@pytest.mark.parametrize(
    ("view", "inside", "problem"),
    [("0 0 9 9", '<path d="M0 0h9"/>', "only rectangles"), ("0 0 9 8", "", "not square")],
)
def test_a_picture_that_would_be_drawn_wrongly_is_refused(tmp_path: Path, view: str, inside: str, problem: str) -> None:
    from icon import drawn

    picture = tmp_path / "icon.svg"
    picture.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{inside}</svg>')
    with pytest.raises(ValueError, match=problem):
        drawn(picture, 16)


def test_windows_is_told_the_version(binary: ModuleType) -> None:
    text = binary.version_information("1.2.3")
    assert "filevers=(1, 2, 3, 0)" in text
    assert "StringStruct('ProductVersion', '1.2.3')" in text
    compile(text, "version.txt", "eval")


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [("linux", "x86_64", "linux-x86_64"), ("win32", "AMD64", "windows-x86_64"), ("darwin", "arm64", "macos-arm64")],
)
def test_the_archive_is_named_by_version_and_system(binary: ModuleType, system: str, machine: str, name: str) -> None:
    assert binary.archive_name(system, machine) == f"LAN-Counter-{desktop.__version__}-{name}"


def test_the_same_files_make_the_same_archive(binary: ModuleType, tmp_path: Path) -> None:
    digests = set()
    for place, names in (("one", ["a", "b"]), ("two", ["b", "a"])):
        folder = tmp_path / place / "LAN-Counter"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text(name)
        (folder / "a").chmod(0o755)
        packed = tmp_path / f"{place}.tar.gz"
        binary.pack_tar(folder, packed, 1_700_000_000)
        digests.add(hashlib.sha256(packed.read_bytes()).digest())
        with tarfile.open(packed) as archive:
            assert archive.getmember("LAN-Counter/a").mode & 0o777 == 0o755
    assert len(digests) == 1


def test_the_moment_can_be_given(binary: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "12345")
    assert binary.made_at() == 12345


def test_every_library_that_goes_along_has_its_licence_there(tmp_path: Path) -> None:
    import licences

    if sys.platform == "linux" and not licences.COMMON.is_dir():
        pytest.skip("this system has no common licences")
    licences.write_licences(tmp_path, "1.2.3")
    listed = (tmp_path / "README.txt").read_text("utf-8")
    names = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^(\S+) \S+:", listed, re.MULTILINE)}
    assert {"python", "aiohttp", "msgspec", "pywebview", "segno", "zeroconf"} <= names
    assert not {"pytest", "pyinstaller", "playwright", "mypy"} & names
    assert "Alpine" in "".join(path.read_text("utf-8") for path in tmp_path.glob("alpine*"))
    assert "Barlow" in (tmp_path / "OFL.txt").read_text("utf-8")
    for name in ("LAN-Counter.txt", "Python.txt", "aiohttp", "zeroconf"):
        assert (tmp_path / name).exists()
    if sys.platform == "linux":
        assert {"pyside6", "shiboken6"} <= names
        assert "LESSER" in (tmp_path / "LGPL-3.txt").read_text("utf-8")


class Process:
    """Stands in for the binary: ends with `code`, after it has reported."""

    def __init__(self, code: int, report: str) -> None:
        self.returncode = code
        self.report = report

    def __call__(self, command: list[str], **_: object) -> "Process":
        Path(command[-1]).write_text(self.report)
        return self


@pytest.mark.parametrize(
    ("code", "report", "problem"),
    [
        (1, "FAIL  page", "has failed with 1"),
        (0, "none  window: no screen", "has not opened the window"),
        (0, "", "has not opened the window"),
    ],
)
def test_a_binary_is_good_only_if_its_window_has_opened(
    binary: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, report: str, problem: str
) -> None:
    monkeypatch.setattr(binary.sys, "platform", "win32")
    monkeypatch.setattr(binary.subprocess, "run", Process(code, report))
    with pytest.raises(binary.Failed, match=problem):
        binary.check(tmp_path / "LAN-Counter.exe", quick=True)


def test_wine_alone_may_have_no_window_and_that_is_said(
    binary: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(binary.sys, "platform", "win32")
    monkeypatch.setattr(binary, "under_wine", lambda: True)
    monkeypatch.setattr(binary.subprocess, "run", Process(0, "ok    server\nnone  window: no .NET\n"))
    binary.check(tmp_path / "LAN-Counter.exe", quick=True)
    assert "Under Wine no window can open" in capsys.readouterr().out
    monkeypatch.setattr(binary.subprocess, "run", Process(0, "ok    server\n"))
    with pytest.raises(binary.Failed, match="has not opened the window"):
        binary.check(tmp_path / "LAN-Counter.exe", quick=True)


def test_an_unknown_option_builds_nothing(binary: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "build", lambda: pytest.fail("it was built"))
    assert binary.main(["--fly"]) == 2
