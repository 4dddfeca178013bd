"""What can be said of the workflows without running them: GitHub alone can do that."""

import importlib.util
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((TOP / ".github" / "workflows").glob("*.yml"))


def test_there_is_one_for_every_push_and_one_for_a_release() -> None:
    assert [path.name for path in WORKFLOWS] == ["release.yml", "tests.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_workflow_calls_is_there_and_its_rights_are_few(path: Path) -> None:
    text = path.read_text("utf-8")
    spec = importlib.util.spec_from_file_location("dev", TOP / "build" / "dev.py")
    assert spec is not None and spec.loader is not None
    dev = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dev)
    commands = re.findall(r"(?:dev\.py|matrix\.dev \}\}) (\w+)", text)
    assert commands
    for command in commands:
        assert callable(getattr(dev, command))
    used = re.findall(r"uses: (\S+)", text)
    assert used and all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)
    # Whatever a job needs beyond reading, it names itself.
    assert re.search(r"^permissions:\n  contents: read\n\n", text, re.MULTILINE)
    assert "\t" not in text


def test_the_oldest_system_builds_for_linux() -> None:
    for path in WORKFLOWS:
        assert set(re.findall(r"ubuntu-[\w.]+", path.read_text("utf-8"))) == {"ubuntu-22.04"}


def test_no_job_waits_for_a_machine_that_is_gone() -> None:
    """github.com/actions/runner-images, its announcements: what is gone fails the job, and with it the release."""
    for path in WORKFLOWS:
        used = set(re.findall(r"\b(?:ubuntu|windows|macos)-[\w.-]+", path.read_text("utf-8")))
        assert used and not used & {"ubuntu-20.04", "windows-2019", "macos-12", "macos-13", "macos-14"}


def jobs(path: Path) -> dict[str, str]:
    """The text of each job, by its name."""
    parts = re.split(r"^  (\w[\w-]*):\n", path.read_text("utf-8").partition("\njobs:\n")[2], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


TESTS = jobs(TOP / ".github" / "workflows" / "tests.yml")


@pytest.mark.parametrize("job", ["tests", "windows"])
def test_the_oldest_python_and_the_newest_are_tried(job: str) -> None:
    oldest = re.search(r'requires-python = ">=([\d.]+)"', (TOP / "pyproject.toml").read_text("utf-8"))
    (listed,) = re.findall(r"python: \[(.+)\]", TESTS[job])
    versions = re.findall(r'"(\d+)\.(\d+)"', listed)
    assert oldest and len(versions) == 2
    assert ".".join(versions[0]) == oldest[1]
    assert tuple(map(int, versions[1])) >= (3, 13)
    assert "python-version: ${{ matrix.python }}" in TESTS[job]


def test_windows_itself_runs_the_tests_and_tries_the_archive() -> None:
    assert re.search(r"runs-on: windows-\d+", TESTS["windows"])
    assert re.findall(r"run: (.+)", TESTS["windows"]) == [
        "python build/dev.py windows test",
        "python build/dev.py windows",
    ]


def test_every_system_builds_its_binary_at_each_push() -> None:
    built = [text for text in TESTS.values() if re.search(r"dev\.py (binary|windows)$", text, re.MULTILINE)]
    systems = {system for text in built for system in re.findall(r"\b(ubuntu|windows|macos)-", text)}
    assert systems == {"ubuntu", "windows", "macos"}
