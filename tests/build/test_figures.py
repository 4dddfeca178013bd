"""What is made of what was measured; `python3 build/dev.py binary --figures` measures."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOP = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there it is measured")


@pytest.fixture(autouse=True)
def neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOP / "build"))


@pytest.fixture
def figures() -> ModuleType:
    import figures

    return figures


@pytest.fixture
def binary() -> ModuleType:
    import binary

    return binary


def test_both_are_started_in_turn_and_the_first_round_is_thrown_away(
    figures: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, archive = tmp_path / "LAN-Counter" / "LAN-Counter", tmp_path / "archive"
    (program.parent / "_internal" / "PySide6").mkdir(parents=True)
    (program.parent / "_internal" / "PySide6" / "Qt.so").write_bytes(bytes(3_000_000))
    for path in (program, archive):
        path.write_bytes(bytes(2_000_000))
    order: list[str] = []

    def with_a_window(command: list[str], screen: str) -> tuple[float, float]:
        order.append(command[0])
        # The first takes ages; later the binary takes half of what the source takes.
        return (9.0 if len(order) <= 2 else 0.5 if command[0] == str(program) else 1.0), 50e6

    monkeypatch.setattr(figures, "with_a_window", with_a_window)
    monkeypatch.setattr(figures, "without_a_window", lambda command: (0.25, 40e6))
    monkeypatch.setattr(figures, "imports", lambda: "the imports")
    monkeypatch.setattr(figures, "machine", lambda: "a machine")
    said: list[str] = []
    first, *rows, last = figures.measure(program, archive, [], ":1", said.append).splitlines()

    assert order == [sys.executable, str(program)] * (figures.ROUNDS + 1)
    assert len(said) == len(order)
    assert (first, last) == (f"a machine; medians of {figures.ROUNDS} rounds", "the imports")
    assert [row.split()[-3:] for row in rows[1:5]] == [
        ["1000", "500", "0.50"],
        ["250", "250", "1.00"],
        ["50", "50", "1.00"],
        ["40", "40", "1.00"],
    ]
    assert [row.split()[-1] for row in rows[5:]] == ["5", "3", "2"]


def test_a_figure_that_one_has_not_is_left_out(figures: ModuleType) -> None:
    heading, row = figures.table([figures.Row("the archive, MB", None, 170.4)]).splitlines()
    assert heading.split() == ["source", "binary", "ratio"]
    assert row.split() == ["the", "archive,", "MB", "170"]
    assert row.index("170") + 3 == heading.index("binary") + len("binary")


def test_the_imports_that_nothing_else_asked_for_are_read(figures: ModuleType) -> None:
    report = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:       200 |        200 |     qtpy\n"
        "import time:      3269 |     167652 | qtpy.QtWebEngineWidgets\n"
        "a warning of somebody's\n"
    )
    assert figures.imported(report) == {"qtpy.QtWebEngineWidgets": 167.652}


def test_shared_memory_counts_by_its_share(figures: ModuleType) -> None:
    assert figures.pss("Rss:    4 kB\nPss:    3 kB\nPss_Dirty:   2 kB\n") == 3072


def test_the_memory_of_all_processes_is_counted(figures: ModuleType) -> None:
    """One that starts another of its kind takes more than the other alone."""
    other = "print(); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {other!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        process.stdout.readline()
        (child,) = figures.psutil.Process(process.pid).children()
        assert figures.memory_of(process.pid) > figures.memory_of(child.pid) > 1_000_000
        process.communicate("\n")


def test_links_take_no_room(figures: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "library").write_bytes(bytes(1000))
    (tmp_path / "link").symlink_to("below/library")
    assert figures.size_of(tmp_path) == 1000


def test_what_does_not_start_is_told(figures: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="does not start"):
        figures.without_a_window([sys.executable, "-c", "raise SystemExit"])


def test_what_was_not_built_is_not_measured(
    binary: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(binary, "build", lambda: pytest.fail("it was built"))
    monkeypatch.setattr(binary, "FOLDER", tmp_path / "LAN-Counter")
    assert binary.main(["--figures"]) == 1
    assert "There is no binary to measure" in capfd.readouterr().out


def test_elsewhere_it_says_that_it_measures_on_linux_only(
    binary: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(binary.sys, "platform", "darwin")
    assert binary.main(["--figures"]) == 1
    assert "Only on Linux" in capfd.readouterr().out
