"""The program runs alike from the checkout and from an installed wheel."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.program import ENDS_WITHIN, open_url

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip would fill it with the wheel."""
    made = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(made)], cwd=TOP, check=True)
    (wheel,) = made.glob("*.whl")
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def test_the_installed_program_serves_its_page_from_any_folder(installed: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "desktop", "--headless", "--local-only", "--port", "0", "--data-dir", str(tmp_path)],
        cwd=tmp_path,
        # What it would compile would be taken for the wheel's own.
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout
        url = program.stdout.readline().removeprefix("Join: ").strip()
        served = open_url(f"{url}static/app.js").read()
        program.terminate()
        assert program.wait(ENDS_WITHIN) == 143
    assert served == (TOP / "web" / "app.js").read_bytes()


def test_the_wheel_has_the_program_and_its_page_and_nothing_else(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"desktop"}
    page = {path.relative_to(TOP / "web") for path in (TOP / "web").rglob("*") if path.is_file()}
    assert {
        path.relative_to(installed / "desktop" / "web") for path in (installed / "desktop" / "web").rglob("*.*")
    } == page
    assert not list(installed.rglob("*.pyc"))
