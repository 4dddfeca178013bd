"""The log stays short."""

import logging
import subprocess
import sys
from pathlib import Path

from desktop.machine.logs import FILE_SIZE, LINES, SPAN, Brevity

CHECKOUT = Path(__file__).parents[2]


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def test_what_repeats_itself_is_left_out_until_some_time_has_passed() -> None:
    now = 100.0
    kept = Kept()
    kept.addFilter(Brevity(lambda: now))
    log = logging.Logger("test")
    log.addHandler(kept)

    for number in range(1000):
        try:
            raise LookupError("a traceback")
        except LookupError:
            log.exception("mistake %d", number)
    assert len(kept.lines) == LINES + 1
    assert kept.lines[LINES - 1].startswith(f"mistake {LINES - 1}\nTraceback")
    assert kept.lines[LINES] == "There is more of this: the next 10 seconds are left out."

    now += SPAN
    log.error("again")
    assert kept.lines[-1] == "again"


def test_it_goes_to_standard_error_from_its_level_on() -> None:
    program = """
import logging
from desktop.machine import logs
logs.begin("warning")
logging.getLogger("desktop.some").info("too quiet")
for _ in range(100):
    logging.getLogger("desktop.some").warning("heard")
"""
    # A process of its own: the tests' has other handlers.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)

    lines = done.stderr.splitlines()
    assert lines[0] == "WARNING desktop.some: heard"
    assert len(lines) == LINES + 1


WITHOUT_CONSOLE = """
import logging, sys
from pathlib import Path
from desktop.machine import logs
sys.stderr = None
logs.begin("warning", Path(sys.argv[1]))
logging.getLogger("test").warning("something of note")
for number in range(int(sys.argv[2])):
    logging.getLogger().handlers[0].emit(logging.LogRecord("test", 30, "", 0, "x" * 1000, (), None))
"""


def without_console(file: Path, more: int = 0) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CONSOLE, str(file), str(more)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_console_the_log_is_a_file_that_goes_on_and_stays_small(tmp_path: Path) -> None:
    file = tmp_path / "data" / "log.txt"
    without_console(file)
    without_console(file)
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert all(line.endswith(" WARNING test: something of note") for line in lines)

    without_console(file, more=1_000)
    files = list(file.parent.iterdir())
    assert len(files) == 2
    assert all(path.stat().st_size <= FILE_SIZE for path in files)


def test_a_file_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    without_console(tmp_path / "file" / "log.txt")
