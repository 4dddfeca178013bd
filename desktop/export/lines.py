"""CSV (RFC 4180) that Excel opens by a double-click as it is meant.

With a byte order mark it takes the file for UTF-8; a line that names the separator would make it forget the mark, so
the separator is the one that the language's Excel expects. Times are written as every Excel understands them.
"""

import csv
import io
from collections.abc import Generator, Iterable
from datetime import datetime
from typing import Final

from desktop.export.tables import Cell, Row

MARK: Final = "\ufeff"
FORMULA: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that is more than a text, in some program (OWASP, "CSV Injection")."""
LINES: Final = 1_000
"""Written at once."""


def lines(rows: Iterable[Row], separator: str) -> Generator[bytes]:
    """The file, in pieces."""
    written = io.StringIO(MARK)
    written.seek(0, io.SEEK_END)
    writer = csv.writer(written, delimiter=separator)
    for number, row in enumerate(rows, 1):
        writer.writerow([_text(cell) for cell in row])
        if number % LINES == 0:
            yield written.getvalue().encode(errors="replace")
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode(errors="replace")


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where it would begin a formula: that makes it text again."""
    return f"'{text}" if FORMULA & {text[:1], text.lstrip()[:1]} else text


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return harmless(cell) if isinstance(cell, str) else str(cell)
