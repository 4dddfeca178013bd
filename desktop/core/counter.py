"""The counter: a deterministic state machine.

Every host that applies the same operations in the same order holds the same state, so an operation carries all that
its decision needs, and nothing here reads a clock, a socket or a random number.

Every operation is decided once, the refused ones too: a client's operation that comes again changes nothing.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import UNSET, Struct, field, structs

from desktop.core.operations import (
    DELTA_LIMIT,
    EACH_LIMIT,
    TITLE_LIMIT,
    VALUE_LIMIT,
    Add,
    Age,
    AnyOperation,
    Configure,
    Forget,
    Lower,
    Reset,
    Set,
    Settings,
    Title,
    Undo,
    valid,
)

UNDO_LIMIT = 100
REMEMBERED_HOURS = 12
"""How long a client that has nothing to say, and is not here, is remembered at least."""


class Verdict(StrEnum):
    """How an operation was decided. A refusal's value is its code on the wire."""

    APPLIED = "applied"
    NOTED = "noted"
    """Nothing that anybody sees has changed."""
    REPEATED = "repeated"
    """This client's `op` was decided before: nothing happened."""
    GAP = "gap"
    """An earlier `op` of this client is missing: nothing was decided."""
    NOT_HOST = "not_host"
    LOCKED = "locked"
    STALE = "stale"
    OUT_OF_RANGE = "out_of_range"
    OVER_LIMIT = "over_limit"
    NOTHING_TO_UNDO = "nothing_to_undo"

    @property
    def refused(self) -> bool:
        return self not in (Verdict.APPLIED, Verdict.NOTED, Verdict.REPEATED, Verdict.GAP)


class Before(Struct, frozen=True, array_like=True):
    """What a change replaced, so that it can be taken back."""

    value: int
    reset_revision: int
    hands: dict[str, int] = {}
    """Of the voters whose hands it moved: what each had before."""


class Client(Struct, array_like=True):
    """What is remembered of a client: an operation of its may come again."""

    op: int = 0
    """The newest one decided."""
    added: int = 0
    """The sum of what it added."""
    hour: int = 0
    """The state's hour when it last said something, or was here."""


class Counter(Struct, kw_only=True):
    """The state; `apply` is the only way to change it. Encodes to a snapshot and decodes from one."""

    value: int = 0
    revision: int = 0
    settings: Settings = Settings()
    reset_revision: int = 0
    """The revision that the newest reset made, 0 without one: older clicks must not count after it."""
    undoable: list[Before] = field(default_factory=list)
    """Oldest first, at most UNDO_LIMIT."""
    clients: dict[str, Client] = field(default_factory=dict)
    hands: dict[str, int] = field(default_factory=dict)
    """What each voter has added in this round while there was a limit, if it is anything: 1 up to `each`. What is added
    without a limit, by the host, or set, is in no hand; so is what somebody has beyond a limit that is lowered. A limit
    that is taken away and set again finds the hands as they were."""
    hour: int = 0
    """Since the epoch, as the newest Age says; 0 before there was one."""

    def decided(self, client: str) -> int:
        """The newest `op` of a client that is decided, 0 for an unknown one."""
        known = self.clients.get(client)
        return known.op if known else 0

    def added(self, client: str) -> int:
        """The sum of what a client has added."""
        known = self.clients.get(client)
        return known.added if known else 0

    def hand(self, voter: str) -> int:
        """What a voter has added in this round."""
        return self.hands.get(voter, 0)

    def apply(self, operation: AnyOperation) -> Verdict:
        """Decide one operation, in the journal's order, and change the state accordingly."""
        if operation.op:
            last = self.decided(operation.client)
            if operation.op <= last:
                return Verdict.REPEATED
            if operation.op > last + 1:
                return Verdict.GAP
            client = self.clients.setdefault(operation.client, Client())
            client.op, client.hour = operation.op, self.hour
        verdict = self._decide(operation)
        if verdict is Verdict.APPLIED:
            self.revision += 1
            if isinstance(operation, Reset):
                self.reset_revision = self.revision
            elif isinstance(operation, Add):
                client = self.clients.setdefault(operation.client, Client())
                client.added += operation.delta
                client.hour = self.hour
        return verdict

    def _decide(self, operation: AnyOperation) -> Verdict:
        match operation:
            case Add(delta=delta, seen=seen, voter=voter):
                if self.settings.locked and not operation.host:
                    return Verdict.LOCKED
                if seen is not None and seen < self.reset_revision:
                    return Verdict.STALE
                if not 0 < abs(delta) <= DELTA_LIMIT:
                    return Verdict.OUT_OF_RANGE
                if self.settings.each is None or operation.host:
                    return self._change_to(self.value + delta)
                voter = voter or operation.client
                hand = self.hand(voter) + delta
                if not 0 <= hand <= self.settings.each:
                    return Verdict.OVER_LIMIT
                return self._change_to(self.value + delta, {voter: hand})
            case Set(value=value):
                if operation.op == 0:
                    # A classic client can't say who it is: with a limit it only looks.
                    shut = self.settings.locked or not self.settings.classic or self.settings.each is not None
                    if shut and not operation.host:
                        return Verdict.LOCKED
                elif not operation.host:
                    return Verdict.NOT_HOST
                return self._change_to(value)
            case _ if not operation.host:
                return Verdict.NOT_HOST
            case Reset():
                self._remember(self.hands)
                self.value, self.hands = 0, {}
                return Verdict.APPLIED
            case Lower(voters=voters):
                hands = {voter: self.hands[voter] for voter in voters if voter in self.hands}
                return self._change_to(self.value - sum(hands.values()), dict.fromkeys(hands, 0))
            case Undo():
                if not self.undoable:
                    return Verdict.NOTHING_TO_UNDO
                before = self.undoable.pop()
                self.value, self.reset_revision = before.value, before.reset_revision
                self._move(before.hands)
                return Verdict.APPLIED
            case Configure(settings=change):
                settings = structs.replace(
                    self.settings, **{k: v for k, v in structs.asdict(change).items() if v is not UNSET}
                )
                if not valid(settings):
                    return Verdict.OUT_OF_RANGE
                self.settings = settings
                if change.each is not UNSET:
                    self._move(self.hands)
                return Verdict.APPLIED
            case Title(round=number, title=title):
                fits = 0 <= number <= self.reset_revision and len(title) <= TITLE_LIMIT
                return Verdict.APPLIED if fits else Verdict.OUT_OF_RANGE
            case Forget():
                return Verdict.APPLIED
            case Age(hour=hour, here=here):
                self._age(hour, frozenset(here))
                return Verdict.NOTED

    def _age(self, hour: int, here: Collection[str]) -> None:
        """A clock may be put back; whoever was remembered before there were hours has been here until now."""
        for name, client in list(self.clients.items()):
            if name in here or not self.hour or client.hour > hour:
                client.hour = hour
            elif client.hour < hour - REMEMBERED_HOURS:
                del self.clients[name]
        self.hour = hour

    def _change_to(self, value: int, hands: Mapping[str, int] | None = None) -> Verdict:
        """Change the value, and with it these hands; so that it can be taken back."""
        if abs(value) > VALUE_LIMIT:
            return Verdict.OUT_OF_RANGE
        # Setting what is there already changes nothing that an undo could take back.
        if value != self.value:
            self._remember({voter: self.hand(voter) for voter in hands} if hands else {})
            self.value = value
            if hands:
                self._move(hands)
        return Verdict.APPLIED

    def _remember(self, hands: dict[str, int]) -> None:
        """So it was before a change that is about to be. A reset hands over all hands, as they are: none is copied,
        and those of 3,000 people are remembered once, since raising them again is more than can be taken back."""
        self.undoable.append(Before(self.value, self.reset_revision, hands))
        del self.undoable[:-UNDO_LIMIT]

    def _move(self, hands: Mapping[str, int]) -> None:
        """Let these voters have so much, or as much as they may."""
        most = self.settings.each or EACH_LIMIT
        for voter, hand in list(hands.items()):
            if hand:
                self.hands[voter] = min(hand, most)
            else:
                self.hands.pop(voter, None)
