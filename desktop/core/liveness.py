"""Who is still there: connections that are dead, and those to be asked."""

from collections.abc import Mapping
from math import inf
from typing import Final

from desktop.core.commands import Close, Command, Heartbeat, Key
from desktop.core.member import Member

PING_AFTER: Final = 20.0
SILENCE_LIMIT: Final = 31.0
"""Seconds without a sign of life, in spite of a ping, after which a connection is given up."""
STALL_LIMIT: Final = 60.0
"""Seconds that a connection may take nothing."""
CHECK_PAUSE: Final = 1.0
STANDSTILL: Final = 10.0
"""Seconds by which a look comes too late, from which on it's this machine that was silent: it slept, or stood still."""


class Liveness:
    """Looks at `members` every CHECK_PAUSE."""

    def __init__(self, members: Mapping[Key, Member]) -> None:
        self._members = members
        self._check_at = 0.0

    def due(self) -> float:
        """When to call `check`."""
        return self._check_at if self._members else inf

    def check(self, now: float) -> list[Command]:
        """Give up connections that are dead, and ask those that have been silent, if it is time to."""
        if now < self._check_at:
            return []
        if now - self._check_at > STANDSTILL:
            self._woke(now)
        self._check_at = now + CHECK_PAUSE
        silent: list[Key] = []
        commands: list[Command] = []
        for member in self._members.values():
            stalled = member.stalled_at is not None and now - member.stalled_at > STALL_LIMIT
            if stalled or now - member.heard > SILENCE_LIMIT:
                commands.append(Close(member.key, None))
            elif now - member.heard >= PING_AFTER and not member.pinged:
                member.pinged = True
                silent.append(member.key)
        if silent:
            commands.append(Heartbeat(silent))
        return commands

    def _woke(self, now: float) -> None:
        """Nobody could be heard meanwhile, nor written to: everybody is asked before anybody is given up."""
        for member in self._members.values():
            member.heard = max(member.heard, now - PING_AFTER)
            member.pinged = False
            if member.stalled_at is not None:
                member.stalled_at = now
