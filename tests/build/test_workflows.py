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
