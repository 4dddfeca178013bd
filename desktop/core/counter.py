"""The counter: a deterministic state machine.

Every host that applies the same operations in the same order holds the same state, so an operation carries all that
its decision needs, and nothing here reads a clock, a socket or a random number.

Every operation is decided once, the refused ones too: a client's operation that comes again changes nothing.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType, field, structs

VALUE_LIMIT = 2**53 - 1
"""The largest magnitude of the value: what a JavaScript number holds exactly (ECMA-262, Number.MAX_SAFE_INTEGER)."""

DELTA_LIMIT = 1_000_000
STEP_LIMIT = 1_000
TITLE_LIMIT = 80
UNDO_LIMIT = 100
EACH_LIMIT = 1_000
COMPARE_LIMIT = 8
REMEMBERED_HOURS = 12
"""How long a client that has nothing to say, and is not here, is remembered at least."""


class Settings(Struct, frozen=True, kw_only=True):
    """What the host decides for everyone."""

    title: str = ""
    step: int = 1
    """What one click adds, 1 to STEP_LIMIT."""
    goal: int | None = None
    locked: bool = False
    """Guests only look."""
    classic: bool = True
    """Classic clients may set the value."""
    each: int | None = None
    """What one voter may have added in a round, 1 to EACH_LIMIT, and never less than nothing; None: no limit."""
    compare: int | None = None
    """How many of the last rounds a projector shows in place of the number, 2 to COMPARE_LIMIT; None: the number."""


class SettingsChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Any of the settings; what is UNSET stays as it is."""

    title: str | UnsetType = UNSET
    step: int | UnsetType = UNSET
    goal: int | UnsetType | None = UNSET
    locked: bool | UnsetType = UNSET
    classic: bool | UnsetType = UNSET
    each: int | UnsetType | None = UNSET
    compare: int | UnsetType | None = UNSET


class Operation(Struct, frozen=True, array_like=True, tag=str.lower):
    """What all operations have in common.

    `op` numbers the client's operations from 1 without a gap; 0 is that of a classic client, which numbers nothing.
    `host` says that the operation came over a connection that had proved to be the host's.
    """

    client: str
    op: int
    host: bool


class Add(Operation, frozen=True):
    """Add `delta`; `seen` is the newest revision the person could see when they clicked, `voter` the mark of who they
    are: "" where they don't say, so that their client is."""

    delta: int
    seen: int | None = None
    voter: str = ""


class Set(Operation, frozen=True):
    value: int


class Reset(Operation, frozen=True):
    pass


class Undo(Operation, frozen=True):
    pass


class Configure(Operation, frozen=True):
    settings: SettingsChange


class Lower(Operation, frozen=True):
    """Take back what these voters have added in this round: who they are is decided where it is known who is here."""

    voters: list[str] = []


class Title(Operation, frozen=True):
    """Give a round this title, for good: it is known by the revision of the reset that began it, 0 for the first."""

    round: int
    title: str


class Forget(Operation, frozen=True):
    """Take all names out of the history."""


class Age(Operation, frozen=True):
    """It is this hour now, since the epoch, and these clients are here: others that have said nothing for more than
    REMEMBERED_HOURS are forgotten. So that a state without a clock knows how old what it remembers is."""

    hour: int
    here: list[str]


AnyOperation = Add | Set | Reset | Undo | Configure | Lower | Title | Forget | Age


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


def valid(settings: Settings) -> bool:
    """Whether every setting is within its limits."""
    return (
        len(settings.title) <= TITLE_LIMIT
        and 1 <= settings.step <= STEP_LIMIT
        and (settings.goal is None or abs(settings.goal) <= VALUE_LIMIT)
        and (settings.each is None or 1 <= settings.each <= EACH_LIMIT)
        and (settings.compare is None or 2 <= settings.compare <= COMPARE_LIMIT)
    )
