"""The log stays short."""

import logging
from collections.abc import Iterator

import pytest

from desktop.logs import LINES, SPAN, Brevity, begin


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


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_it_goes_to_standard_error_from_its_level_on(root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    begin("warning")
    logging.getLogger("desktop.some").info("too quiet")
    logging.getLogger("desktop.some").warning("heard")

    assert capsys.readouterr().err == "WARNING desktop.some: heard\n"
