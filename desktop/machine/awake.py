"""Keeps the machine awake, and its screen on: a class would lose the counter with the one, and the address with both.

So it is wakepy's mode "presenting" where the system has it, else "running": SetThreadExecutionState on Windows,
caffeinate on macOS, a desktop's D-Bus services on Linux. Each lets go by itself of a program that has died.
"""

import logging
import sys
import threading
from contextlib import ExitStack
from typing import Any, Final

log = logging.getLogger(__name__)

GRACE: Final = 5.0
"""Seconds after the last reason has gone: a page that is loaded again comes back within."""
ENDS_WITHIN: Final = 1.0
"""Seconds that the end may wait for the system to hear of it."""


class Awake:
    """Awake while there is a reason. Everything may be called from any thread, and waits for nothing but `end`.

    The system is asked in a thread of its own, which begins with the first reason: a bus may be slow, or not answer.
    """

    def __init__(self, grace: float = GRACE) -> None:
        self._grace = grace
        self._changed = threading.Condition()
        self._reasons: set[str] = set()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._has_told = False

    def want(self, reason: str, there: bool) -> None:
        """A reason is there, or is no more."""
        with self._changed:
            if there == (reason in self._reasons) or self._ended:
                return
            self._reasons ^= {reason}
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="awake", daemon=True)
                self._thread.start()
            self._changed.notify()

    def end(self) -> None:
        """Let go, for good."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread:
            self._thread.join(ENDS_WITHIN)

    def _run(self) -> None:
        while self._comes():
            with ExitStack() as holding:
                # Broad, because each system refuses in ways of its own, and none is a reason to stop counting.
                try:
                    self._hold(holding)
                except Exception as problem:
                    self._refused(" ".join(str(problem).split()))
                self._goes()
                try:
                    holding.close()
                except Exception as problem:
                    log.info("The system has not let go of being awake: %s", problem)

    def _comes(self) -> bool:
        """Wait for a reason; False if there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._reasons or self._ended)
            return not self._ended

    def _goes(self) -> None:
        """Wait until there has been no reason for a while."""
        with self._changed:
            while self._reasons and not self._ended:
                self._changed.wait_for(lambda: not self._reasons or self._ended)
                self._changed.wait_for(lambda: self._reasons or self._ended, self._grace)

    def _hold(self, holding: ExitStack) -> None:
        # Imported here: it takes a while, and many runs never need it.
        from wakepy import keep

        # It tells all that it tries.
        logging.getLogger("wakepy").setLevel(logging.WARNING)
        adapters: Any = [lambda: _bus(holding)] if sys.platform == "linux" else None
        for kind in (keep.presenting, keep.running):
            mode = holding.enter_context(kind(on_fail="pass", dbus_adapter=adapters))
            if mode.active:
                log.debug("Kept awake: %s by %s.", mode.name, mode.method)
                return
            log.debug(mode.result.get_failure_text(style="inline"))
        self._refused("nothing in this session keeps it awake.")

    def _refused(self, why: str) -> None:
        if not self._has_told:
            self._has_told = True
            log.info("This machine may fall asleep while others are here: %s", why)


def _bus(holding: ExitStack) -> Any:
    """wakepy's way to the desktop's bus. It leaves what it has opened to the garbage collector."""
    from wakepy import JeepneyDBusAdapter

    adapter = JeepneyDBusAdapter()
    holding.callback(adapter.close_connections)
    return adapter
