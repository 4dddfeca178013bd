"""Into the person's menu, and out of it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import desktop
from desktop.machine import install
from desktop.machine.install import InstallError, quoted

TOP = Path(desktop.__file__).parents[1]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only a Linux desktop has such a menu")


def run(option: str, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "desktop", option],
        cwd=TOP,
        env={**os.environ, "XDG_DATA_HOME": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_it_is_in_the_menu_and_starts_from_there_until_it_is_taken_out(tmp_path: Path) -> None:
    for _ in range(2):
        done = run("--install", tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path) == ["applications/lan-counter.desktop", "icons/hicolor/scalable/apps/lan-counter.svg"]
    lines = (tmp_path / "applications" / "lan-counter.desktop").read_text("utf-8").splitlines()
    assert lines[0] == "[Desktop Entry]"
    entry = dict(line.split("=", 1) for line in lines[1:])
    assert entry["Icon"] == "lan-counter"
    started = subprocess.run(
        [*shlex.split(entry["Exec"]), "--version"], cwd=entry["Path"], capture_output=True, text=True, check=True
    )
    assert started.stdout == f"LAN Counter {desktop.__version__}\n"

    another = tmp_path / "applications" / "another.desktop"
    another.touch()
    done = run("--uninstall", tmp_path)
    assert (done.returncode, done.stdout) == (0, "LAN Counter is out of the menu.\n")
    assert sorted(tmp_path.rglob("*")) == [another.parent, another], "nor are empty folders left"
    assert run("--uninstall", tmp_path).stdout == "LAN Counter was not in the menu.\n"


def test_a_menu_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("--install", tmp_path / "file")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(tmp_path / "file") in done.stderr


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        ("/opt/LAN-Counter", '"/opt/LAN-Counter"'),
        ("/my apps/100%", '"/my apps/100%%"'),
        ('/a"b', r'"/a\\"b"'),
        ("/a$b`", r'"/a\\$b\\`"'),
        ("/a\\b", r'"/a\\\\b"'),
    ],
)
def test_every_path_is_written_as_the_specification_says(argument: str, written: str) -> None:
    assert quoted(argument) == written


def test_elsewhere_there_is_no_such_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(InstallError, match="Only Linux"):
        install.uninstall()


def test_without_a_home_there_is_no_menu_either(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~"))
    with pytest.raises(InstallError, match="There is no home folder"):
        install.install(["x"], tmp_path, TOP / "web" / "favicon.svg")
    with pytest.raises(InstallError, match="There is no home folder"):
        install.uninstall()
