"""The log stays short."""

import logging
import subprocess
import sys
from pathlib import Path

from desktop.logs import LINES, SPAN, Brevity

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
from desktop import logs
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
