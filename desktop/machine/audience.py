"""Who learns what the program says: whoever reads its console; without one, whoever sees a box, or reads the log."""

import logging
from pathlib import Path

from desktop.machine import logs
from desktop.machine.console import attach, has_console, say
from desktop.machine.outside import alert

log = logging.getLogger(__name__)


class Audience:
    """Asked for once, at the start: what is imported later may put something in the place of a missing console."""

    def __init__(self, prints: bool) -> None:
        """`prints` is whether the program was started to print; else it is started to show a window."""
        if prints:
            attach()
        self.reads = has_console()
        """Whether somebody reads what is printed."""
        self._sees = False
        self._file: Path | None = None

    def begin(self, level: str, file: Path | None, sees: bool) -> None:
        """Log from this level on; without a console to `file` too, if there is one. `sees` is whether somebody sits at
        the screen, and so may see a box."""
        self._file = None if self.reads else file
        self._sees = sees and not self.reads
        logs.begin(level, self._file)

    def warn(self, line: str) -> None:
        """Something that isn't as it should be."""
        if self.reads:
            say(line, error=True)
        else:
            log.warning("%s", line)

    def alert(self, text: str) -> None:
        """Show it, if nobody reads what is printed."""
        if self._sees:
            alert(text)

    def not_started(self, error: Exception | None) -> None:
        """Why the program has not started; None: because of a mistake of ours, which is being handled."""
        if error:
            say(str(error), error=True)
        if self._file:
            log.critical("%s", error or "Not started.", exc_info=not error)
        why = f". {error}" if error else ", because of a mistake in it."
        where = f"\n\nThe log: {self._file}" if self._file else ""
        self.alert(f"LAN Counter has not started{why}{where}")
