"""What the READMEs say is there: files, links, names, options and aims."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.scenarios import SCENARIOS
from tests.desktop.test_architecture import KNOWS

TOP = Path(__file__).resolve().parents[2]
ROOMS = ("desktop", "web", "build", "tests")
READMES = [TOP / "README.md", *(path for room in ROOMS for path in sorted((TOP / room).rglob("README.md")))]
LISTED = [path.relative_to(TOP).as_posix() for path in READMES]

PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:c|css|html|js|json|md|png|py|spec|toml|txt|yml))")
# In npm packages.
ELSEWHERE = {"dist/module.esm.min.js", "files/barlow-semi-condensed-latin-700-normal.woff2"}
MADE = {"dist/", ".windows/"}
# Written by the program, into its data folder.
WRITTEN = {"log.txt"}


def prose(path: Path) -> str:
    """A README without what is set apart as code."""
    return re.sub(r"^    .*$", "", path.read_text("utf-8"), flags=re.MULTILINE)


def rows(path: Path, heading: str) -> Iterator[list[str]]:
    """The cells of each row of the tables below a heading, the rows at their heads apart."""
    text = path.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = text.splitlines()
    assert any(line.startswith("|---") for line in lines), heading
    for place, line in enumerate(lines):
        is_head = lines[place + 1 : place + 2] and lines[place + 1].startswith("|---")
        if line.startswith("| ") and not is_head:
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def anchor(heading: str) -> str:
    """As GitHub makes one of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_what_no_longer_stands_in_the_first_readme_has_one_of_its_own() -> None:
    assert set(LISTED) >= {f"{room}/README.md" for room in ("desktop", "web", "build", "tests/bench")}


@pytest.mark.parametrize("readme", READMES, ids=LISTED)
def test_what_a_readme_links_to_is_there(readme: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", prose(readme)):
        if link.startswith("https://"):
            continue
        name, _, part = link.partition("#")
        assert (readme.parent / name).exists(), link
        if part:
            headings = re.findall(r"^#+ (.+)$", (readme.parent / name).read_text("utf-8"), re.MULTILINE)
            assert part in map(anchor, headings), link


@pytest.mark.parametrize("readme", READMES, ids=LISTED)
def test_the_files_that_a_readme_names_are_there(readme: Path) -> None:
    nearby = [readme.parent, *(folder for folder in readme.parents if folder.is_relative_to(TOP))]
    # A list of what is in a folder names the folder first, and then the files alone.
    below = [path for path in readme.parent.rglob("*") if path.is_file()] if readme.parent != TOP else []
    for name in quoted(prose(readme)):
        if not PATH.fullmatch(name) or name in ELSEWHERE | MADE | WRITTEN:
            continue
        is_there = any((folder / name).exists() for folder in nearby)
        assert is_there or sum(path.name == name for path in below) == 1, name


def test_the_names_that_are_said_to_be_in_a_file_are_there() -> None:
    found = [
        (readme.parent / file, name)
        for readme in READMES
        for name, file in re.findall(r"`([\w-]+)`\s+(?:in|of)\s+\[[^\]]+\]\(([^)]+)\)", prose(readme))
    ]
    assert found
    for file, name in found:
        assert re.search(rf"\b{name}\b", file.read_text("utf-8")), (file, name)


def test_on_the_path_of_one_click_every_function_is_in_its_file() -> None:
    found = list(rows(TOP / "desktop" / "README.md", "The path of one click"))
    assert len(found) > 20
    for file, functions, _ in found:
        (path,) = quoted(file)
        text = (TOP / path).read_text("utf-8")
        assert quoted(functions)
        for name in quoted(functions):
            assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), f"{path}: {name}"


def test_the_house_is_as_the_imports_are() -> None:
    told = {
        quoted(part)[0].rstrip("/").removesuffix(".py"): set(quoted(knows))
        for part, _, knows in rows(TOP / "desktop" / "README.md", "The house")
    }
    assert told == {part: known for part, known in KNOWS.items() if part != "__init__"}


def test_the_options_are_those_that_there_are() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "desktop", "--help"], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout
    there = set(re.findall(r"^  (?:-h, )?(--[\w-]+)", answer, re.MULTILINE)) - {"--help"}
    told = {option for cells in rows(TOP / "README.md", "Options") for option in re.findall(r"--[\w-]+", cells[0])}
    assert told == there


def test_what_is_aimed_at_is_what_the_bench_holds_its_figures_against() -> None:
    told = [cells[:3] for cells in rows(TOP / "tests" / "bench" / "README.md", "What is aimed at")]
    assert told == [
        [scenario.title, target.label, f"{target.limit:g}"] for scenario in SCENARIOS for target in scenario.targets
    ]
