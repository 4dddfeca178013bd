"""What the server says: the messages of `protocol`, from server to client, and their encoding."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from desktop.core.lesson import Stage
from desktop.core.operations import Settings
from desktop.core.protocol import Code


class ServerMessage(Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower, omit_defaults=True):
    pass


class Hands(Struct, frozen=True, kw_only=True):
    """While there is a limit for each: how many have added something in this round, of how many."""

    up: int
    of: int


class State(ServerMessage, frozen=True, kw_only=True):
    counter: int
    revision: int
    ack: int | UnsetType = UNSET
    people: int | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    person: int | UnsetType = UNSET
    hand: int | UnsetType = UNSET
    """What this member's voter has added in this round, while there is a limit."""
    hands: Hands | UnsetType = UNSET


class Error(ServerMessage, frozen=True, kw_only=True):
    code: Code
    message: str
    op: int | UnsetType = UNSET


class Pong(ServerMessage, frozen=True, kw_only=True):
    at: int | float


class NetworkAddress(Struct, frozen=True, kw_only=True):
    """An address of this machine; `kind` is private, public, shared, virtual, tunnel or link-local, the last three
    unlikely; `chosen` is the one on display."""

    address: str
    interface: str
    kind: str
    chosen: bool


class Device(Struct, frozen=True, kw_only=True):
    """A device that has reached the server at the address `via`."""

    address: str
    via: str


class Offer(Struct, frozen=True, kw_only=True):
    """An address that others can reach likelier than the one on display, which `came` devices have come by."""

    address: str
    interface: str
    came: int


class Trouble(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has become of the address that others had, or why the one that was chosen can't be had."""

    code: Literal["gone", "port_taken", "not_listening"]
    """The address that was on display is gone, and so another is; the one on display has another port, since its own is
    taken there; the one that the host chose can't be joined at, and the one on display is as before."""
    address: str
    interface: str
    port: int | UnsetType = UNSET
    """The port that another program has; with gone and port_taken, where one has."""
    found: int | UnsetType = UNSET
    """The one that was found instead."""
    first: int | UnsetType = UNSET
    last: int | UnsetType = UNSET
    """With not_listening: all ports from the first to the last are taken there; missing where no port is to blame."""


class Network(ServerMessage, frozen=True, kw_only=True):
    """Where others join. `reach` is "lan", "local" (asked for: this machine only) or "none" (no network); `name` is
    the same address by a .local name. `offer` and `trouble` are there as long as they hold: until the host chooses an
    address, be it the one on display."""

    join: str | None
    reach: str
    name: str | UnsetType | None = UNSET
    addresses: list[NetworkAddress] | UnsetType = UNSET
    devices: list[Device] | UnsetType = UNSET
    offer: Offer | UnsetType = UNSET
    trouble: Trouble | UnsetType = UNSET


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody here, for the host: `person` is a number of this run, `added` the sum of their additions, `hand` what
    their voter has added in this round while there is a limit, for whom there is one."""

    person: int
    name: str
    added: int
    role: str
    classic: bool
    hand: int | UnsetType = UNSET


class Elsewhere(Struct, frozen=True, kw_only=True):
    """Another host that shares the counter: how it is called, and how many people are with it."""

    room: str
    people: int


class Roster(ServerMessage, frozen=True, kw_only=True):
    people: list[Person]
    rooms: Sequence[Elsewhere] | UnsetType = UNSET
    """The other hosts, where several share the counter."""
    gone: int | UnsetType = UNSET
    """How many have added something and have left, while there is a limit."""


class Notice(ServerMessage, frozen=True, kw_only=True):
    """Something about the counter that was kept, which the host must know. Where `path` or `counter` is missing, there
    is no old file, or nothing was known of its value."""

    code: Literal["set_aside", "went_back", "not_saved", "not_shared"]
    """The old counter was damaged, or older than was known; or: this run's lives in memory only, and ends with it; or:
    the one that is to be shared can't be reached, and this computer counts alone."""
    path: str | UnsetType = UNSET
    """Where the old one is now."""
    counter: int | UnsetType = UNSET
    """The value that the new one began with: the last one known."""
    reason: str | UnsetType = UNSET
    """Why it can't be reached, in an English sentence."""


class Wire(ServerMessage, frozen=True, kw_only=True):
    """What crossed the connection of who watches: see the head of `reel`."""

    now: float
    events: list[msgspec.Raw]


class Where(Struct, frozen=True, kw_only=True):
    """Where a tap of a lesson went: two messages that crossed, as `lesson.Crossing` has them."""

    before: int
    after: int
    taps: int
    sent: tuple[float, float]
    got: tuple[float, float]
    told: float


class Lesson(ServerMessage, frozen=True, kw_only=True):
    """What there is to know of a lesson: see the head of `taps`."""

    lesson: int
    counter: int | UnsetType = UNSET
    revision: int | UnsetType = UNSET
    ack: int | UnsetType = UNSET
    stage: Stage | UnsetType = UNSET
    left: int | UnsetType = UNSET
    point: tuple[int, int, int, int] | UnsetType = UNSET
    seconds: float | UnsetType = UNSET
    halves: tuple[list[tuple[int, int]], list[tuple[int, int]]] | UnsetType = UNSET
    people: int | UnsetType = UNSET
    bots: int | UnsetType = UNSET
    where: Where | UnsetType | None = UNSET
    mine: tuple[tuple[int, int], tuple[int, int]] | UnsetType = UNSET


class ClassicError(Struct, frozen=True):
    code: Code
    message: str


class ClassicState(Struct, frozen=True, omit_defaults=True):
    counter: int
    error: ClassicError | UnsetType = UNSET


encode = msgspec.json.Encoder().encode
"""A server's message as UTF-8."""
