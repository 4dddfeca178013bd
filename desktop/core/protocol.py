"""The wire: one JSON object per WebSocket text message, in two dialects that share the counter.

classic (the client offers no subprotocol; the course's exercise, and whatever a student writes in ten lines)

    server -> client   {"counter": n}              at once, and after each change
    client -> server   {"counter": n}              set the value, however a whole number is written (6, 6.0, 6e0);
                                                   other keys are ignored
    server -> client   {"counter": n, "error": {"code": "…", "message": "…"}}    the value as it stands

lan-counter.v1 (the client offers that subprotocol)

    client -> server   {"type":"hello","client":"…","name":"Ada","host":"…","screen":false,"voter":"…"}    first; the
                                                                                 last four are optional; a screen is no
                                                                                 person, a voter the same for all pages
                                                                                 of a browser
                       {"type":"add","op":3,"delta":2,"seen":17}                 seen is optional
                       {"type":"set","op":4,"value":0}                           these seven: the host only
                       {"type":"reset","op":5}                                    ends a round
                       {"type":"undo","op":6}
                       {"type":"configure","op":7,"settings":{…}}                any of the settings
                       {"type":"lower","op":8}                                   the hands of who has gone, while each
                                                                                 person may add only so much (`each`)
                       {"type":"title","op":8,"round":17,"title":"…"}            of a round that has ended: it sticks
                       {"type":"forget","op":9}                                  all names, out of the history
                       {"type":"remove","person":7}                              the host only: close their connection
                       {"type":"watch","wire":true}                              tell it of this connection, or stop
                       {"type":"break"}                                          drop this connection, without a word
                       {"type":"lesson","do":"start","bots":10,"seconds":20}     the host only, as "stop" and "bots";
                                                                                 "look" is for everybody
                       {"type":"taps","lesson":3,"half":1,"made":13,"set":{…}}   in a lesson: see `taps`
                       {"type":"ping","at":123.4}
    server -> client   {"type":"state","counter":42,"revision":17,"ack":3,"people":23,"epoch":"…","role":"guest",
                        "settings":{…},"person":7} counter and revision always; the rest where it changed; person
                                                   (who is called "Guest 7" without a name) in the answer to hello;
                        "hand":1,"hands":{"up":23,"of":27}    while there is a limit for each (settings): what your
                                                   voter has added in this round, how many have added anything, and of
                                                   how many: those who are here, but for hosts, or have added anything
                       {"type":"error","code":"locked","message":"…","op":3}     op where one operation was refused
                       {"type":"pong","at":123.4}
                       {"type":"network","join":"http://…/","reach":"lan"}       to the host: where others join, and
                                                                                 what else Network has
                       {"type":"roster","people":[{"person":7,"name":"Ada","added":3,"role":"guest","classic":false}]}
                                                                                 and, with a limit, each guest's "hand",
                                                                                 and "gone": hands up of who has gone
                                                                                 and, where several hosts share the
                                                                                 counter, "rooms":[{"room":"Lab",
                                                                                 "people":12}]: the others; people, in
                                                                                 a state, is then the sum
                       {"type":"notice","code":"set_aside","path":"…","counter":42}    to the host: what became of the
                                                                                 counter that was kept
                       {"type":"wire","now":123.4,"events":[…]}                  to who watches: see `reel`
                       {"type":"lesson","lesson":3,"stage":"one",…}              see `taps`

`op` numbers a client's operations from 1 without gaps; `ack` says up to which number they are decided for good. Types
are strict (`true` and `1.0` are no integers), unknown keys are ignored, and a number past its limit is `out_of_range`,
not `malformed`, so that its operation is decided like any other. What is `malformed` or of an `unknown_type` decides
nothing, and leaves no gap: its number may come again, or the next one, and then it is refused like any other.

What `watch` and `wire` say is at the head of `reel`, what `lesson` and `taps` say at the head of `taps`. How the
history is asked for, over HTTP, is at that of `server.history`; that it has changed is said by a new `revision`.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from math import isinf, nan
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from desktop.core.names import whole
from desktop.core.operations import (
    VALUE_LIMIT,
)
from desktop.core.requests import ClientMessage, Op, OperationRequest
from desktop.core.taps import Lesson, Taps

T = TypeVar("T")

V1: Final = "lan-counter.v1"
MESSAGE_LIMIT: Final = 4_096
"""The longest message taken, in bytes of UTF-8."""


KEY: Final = r"\A[A-Za-z0-9_-]{22,64}\Z"
"""What is random and secret."""


class Code(StrEnum):
    """What can be wrong, by the name that goes over the wire."""

    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    HELLO_FIRST = "hello_first"
    NOT_HOST = "not_host"
    LOCKED = "locked"
    STALE = "stale"
    OUT_OF_RANGE = "out_of_range"
    OVER_LIMIT = "over_limit"
    NOTHING_TO_UNDO = "nothing_to_undo"
    NOT_RECORDED = "not_recorded"
    FULL = "full"


SENTENCES: Final = {
    Code.HELLO_FIRST: "The first message must be a hello.",
    Code.NOT_HOST: "Only the host may do this.",
    Code.LOCKED: "The host has locked the counter.",
    Code.STALE: "The counter was reset after this click was made.",
    Code.OUT_OF_RANGE: "A number is too large, too small or zero, or a title too long.",
    Code.OVER_LIMIT: "Each person may add so much, and take away what they have added: this is past it.",
    Code.NOTHING_TO_UNDO: "There is nothing to take back.",
    Code.NOT_RECORDED: "This is kept, but could not be recorded yet.",
    Code.FULL: "As many as may watch at once are watching already.",
}
ANONYMOUS: Final = "Each person may add only so much now, and a classic client can't say who it is: it may only look."
"""Why a classic client finds the counter locked while there is a limit."""


class ProtocolError(Exception):
    """A message that can't be taken: `code` is its name on the wire, the text is for people, `op` its number, 0 where
    none can be read."""

    def __init__(self, code: Code, sentence: str = "", op: int = 0) -> None:
        super().__init__(sentence or SENTENCES[code])
        self.code = code
        self.op = op


class Hello(ClientMessage, frozen=True):
    client: Annotated[str, Meta(pattern=KEY)]
    name: object = None
    """Whatever it is, it is no reason to refuse a person; how they are called: `names.visible`."""
    host: str | None = None
    screen: bool = False
    """A page for all to look at, not a person."""
    voter: Annotated[str, Meta(pattern=KEY)] | None = None
    """Who this is, whichever page of theirs; as secret as `client`."""


class Ping(ClientMessage, frozen=True):
    at: int | float


class Remove(ClientMessage, frozen=True):
    person: int


class Watch(ClientMessage, frozen=True):
    wire: bool


class Break(ClientMessage, frozen=True):
    pass


ClientMessages = Hello | Ping | Remove | Watch | Break | Lesson | Taps | OperationRequest


class _Typed(Struct):
    type: str


class _Numbered(Struct):
    op: Op


class _Classic(Struct):
    counter: msgspec.Raw


_decode: Callable[[str], ClientMessages] = msgspec.json.Decoder(ClientMessages).decode
_decode_type = msgspec.json.Decoder(_Typed).decode
_decode_op = msgspec.json.Decoder(_Numbered).decode
_decode_classic = msgspec.json.Decoder(_Classic).decode
_TYPES: Final = {
    "hello", "ping", "remove", "watch", "break", "lesson", "taps", "add", "set", "reset", "undo", "configure", "lower",
    "title", "forget",
}  # fmt: skip
_NUMBER: Final = re.compile(rb"-?\d[\d.eE+-]*")


def parse(text: str) -> ClientMessages:
    """A lan-counter.v1 message. Raises ProtocolError (malformed, unknown_type)."""
    try:
        return _read(_decode, text)
    except (ValueError, RecursionError) as error:
        raise _named(whole(text), error) from None


def parse_classic(text: str) -> int:
    """The value that a classic client sets, clamped to just past its limit. Raises ProtocolError (malformed)."""
    try:
        written = bytes(_read(_decode_classic, text).counter)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(Code.MALFORMED, _plain(error)) from None
    # JSON knows no integers (RFC 8259, section 6): whatever is whole is one.
    number = float(written) if _NUMBER.fullmatch(written) else nan
    if not (isinf(number) or number.is_integer()):
        raise ProtocolError(Code.MALFORMED, "The counter must be a whole number.")
    return int(max(-VALUE_LIMIT - 1, min(VALUE_LIMIT + 1, number)))


def _read(decode: Callable[[str], T], text: str) -> T:
    """Decode a text, be it one that was cut through a sign: nobody should lose a click for that."""
    try:
        return decode(text)
    except ValueError:
        if (mended := whole(text)) == text:
            raise
        return decode(mended)


def _named(text: str, error: Exception) -> ProtocolError:
    try:
        op = _decode_op(text).op
    except (ValueError, RecursionError):
        op = 0
    try:
        kind = _decode_type(text).type
    except (ValueError, RecursionError):
        return ProtocolError(Code.MALFORMED, _plain(error), op)
    if kind in _TYPES:
        return ProtocolError(Code.MALFORMED, _plain(error), op)
    return ProtocolError(Code.UNKNOWN_TYPE, f"There is no message of type {kind[:20]!r}.", op)


def _plain(error: Exception) -> str:
    """What msgspec found, as a sentence. It quotes what it was given: never more than a line of that."""
    if isinstance(error, msgspec.ValidationError):
        return str(error).replace("`", "")[:120] + "."
    return "This is not JSON."
