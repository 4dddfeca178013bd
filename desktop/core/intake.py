"""Operations on their way into the counter: waiting, then with the journal, one batch at a time."""

from collections import deque
from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

from desktop.core.operations import Age, AnyOperation
from desktop.core.rounds import Who

WEIGHT: Final = 0.25
"""Of the newest batch in how long one takes: an exponential moving average."""
RETRY_PAUSE: Final = 1.0
"""Seconds until a batch is tried again that the journal couldn't write."""
CROWD: Final = 10_000
"""Operations waiting, from which on everybody is read more slowly."""
LIMIT: Final = 50_000
"""Operations that may wait. A journal that works never has that many; one that doesn't must not fill the memory."""


class Intake:
    """Keeps every operation until the journal gives it back; drops none."""

    def __init__(self) -> None:
        self._waiting: deque[AnyOperation] = deque()
        self._recording: deque[AnyOperation] = deque()
        self._newest: dict[str, int] = {}
        self._who: dict[str, Who] = {}
        self._retry_at = 0.0
        self._began = 0.0
        self._takes = 0.0
        """Seconds that a batch takes, lately."""
        self._told = 0
        """How many of them, the oldest, have failed: the journal had them, and may have recorded them after all."""
        self.failing = False
        """Whether the journal's last answer was that it can't write."""

    def newest(self, client: str, decided: int) -> int:
        """The newest `op` of a client that is on its way, or else the one that is `decided`."""
        return self._newest.get(client, decided)

    @property
    def crowded(self) -> bool:
        """Whether what comes should come more slowly."""
        return len(self._waiting) + len(self._recording) >= CROWD

    @property
    def full(self) -> bool:
        """Whether no more should be taken: whoever has more keeps it."""
        return len(self._waiting) + len(self._recording) >= LIMIT

    def add(self, operation: AnyOperation, who: Who | None = None) -> None:
        """`who` asks for it, as is kept for the history alone."""
        self._waiting.append(operation)
        if who:
            self._who[operation.client] = who
        if operation.op:
            self._newest[operation.client] = operation.op

    def age(self, operation: Age) -> None:
        """Before all that waits; not alone, and not before what was tried already."""
        if self._waiting and not (self._recording or self.failing or isinstance(self._waiting[0], Age)):
            self._waiting.insert(0, operation)

    def who(self) -> Mapping[str, Who]:
        """Who the clients are whose operations are on their way."""
        return dict(self._who)

    def due(self, beat: float) -> float:
        """When `batch` has something to give: so that it can be recorded by the time of the next `beat`. Recorded
        sooner it would only wait, and what comes meanwhile would cost a batch of its own."""
        return max(self._retry_at, beat - self._takes) if self._waiting and not self._recording else inf

    def batch(self, now: float, beat: float) -> Sequence[AnyOperation]:
        """All that waits, if it is due; else nothing."""
        if now < self.due(beat):
            return ()
        self._began = now
        self._recording.extend(self._waiting)
        self._waiting.clear()
        return tuple(self._recording)

    def recorded(self, operation: AnyOperation, now: float) -> None:
        """The journal gave this back: one of ours, or one that another host recorded."""
        if self._recording and operation == self._recording[0]:
            self.failing = False
            self._recording.popleft()
            self._told = max(0, self._told - 1)
            if not self._recording:
                waiting = {operation.client for operation in self._waiting}
                self._who = {client: who for client, who in self._who.items() if client in waiting}
                self._takes += WEIGHT * (now - self._began - self._takes)
        elif self._told and not self._recording and operation == self._waiting[0]:
            self.failing = False
            self._waiting.popleft()
            self._told -= 1
        if operation.op and self._newest.get(operation.client, 0) <= operation.op:
            self._newest.pop(operation.client, None)

    def failed(self, now: float) -> Sequence[AnyOperation]:
        """The journal couldn't write the batch: it waits for another try. Returns what fails for the first time."""
        self.failing = True
        batch = list(self._recording)
        untold = batch[self._told :]
        self._told = len(batch)
        self._recording.clear()
        self._waiting.extendleft(reversed(batch))
        self._retry_at = now + RETRY_PAUSE
        return untold
