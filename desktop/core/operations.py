"""What the counter can be asked to do, and its settings: declarations.

An operation carries all that its decision needs, whoever decides it and whenever.
"""

from msgspec import UNSET, Struct, UnsetType

VALUE_LIMIT = 2**53 - 1
"""The largest magnitude of the value: what a JavaScript number holds exactly (ECMA-262, Number.MAX_SAFE_INTEGER)."""

DELTA_LIMIT = 1_000_000
STEP_LIMIT = 1_000
TITLE_LIMIT = 80
EACH_LIMIT = 1_000
COMPARE_LIMIT = 8


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


def valid(settings: Settings) -> bool:
    """Whether every setting is within its limits."""
    return (
        len(settings.title) <= TITLE_LIMIT
        and 1 <= settings.step <= STEP_LIMIT
        and (settings.goal is None or abs(settings.goal) <= VALUE_LIMIT)
        and (settings.each is None or 1 <= settings.each <= EACH_LIMIT)
        and (settings.compare is None or 2 <= settings.compare <= COMPARE_LIMIT)
    )


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
