"""A session's history as Redis has it: read, begun, and begun anew where Redis has lost some of it.

A tail can be lost: a power cut without `appendfsync always`, a replica that lagged and took over, an older file put
back, keys thrown away. Whoever has seen more than there is says so; all who are here then say how far they had come,
and one of them begins a new epoch with the newest number that is known, and a revision that nobody has seen.
"""

import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from desktop.core.answers import Notice
from desktop.core.counter import Counter
from desktop.core.operations import AnyOperation
from desktop.journal import JournalError, Kept, redis_names
from desktop.journal.redis_keys import BEGIN, FORMAT, LOSE, Keys
from desktop.journal.witness import Witness

if TYPE_CHECKING:
    from redis import Redis

GRACE: Final = 1.5
"""Seconds in which all hosts can say how far they had come."""
PAGE: Final = 200
"""Entries that are read at once."""
TRIES: Final = 5
"""How often to read anew where others trim what is being read."""

_decode_state = msgspec.json.Decoder(Counter).decode
_decode = msgspec.json.Decoder(list[AnyOperation]).decode
_decode_witness = msgspec.json.Decoder(Witness).decode
_encode = msgspec.json.Encoder().encode


class LostError(Exception):
    """Redis has less than some host has seen; `epoch` is what it has, "" for none."""

    def __init__(self, epoch: str) -> None:
        super().__init__(epoch)
        self.epoch = epoch


class Entry(NamedTuple):
    last: int
    name: str
    before: str
    operations: Sequence[AnyOperation]
    at: int = 0
    """Milliseconds since the epoch, by Redis' clock."""
    told: redis_names.Told = redis_names.Told()

    def follows(self, last: int, name: str) -> bool:
        """Whether it comes right after that one."""
        return self.before == name and self.last - len(self.operations) == last


class Top(NamedTuple):
    """How far Redis has come."""

    epoch: str
    last: int
    name: str


def entry(found: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    """An entry of the stream. Raises ValueError for what is none that this program knows."""
    number, fields = found
    operations = _decode(fields[b"o"]) if b"o" in fields else ()
    told = redis_names.decode(fields[b"w"]) if b"w" in fields else redis_names.Told()
    name, before = fields[b"b"].decode(), fields.get(b"p", b"").decode()
    return Entry(int(number.partition(b"-")[0]), name, before, operations, int(fields.get(b"t", b"0")), told)


def at(last: int) -> str:
    """The stream's name for the entry with this number."""
    return f"{last}-0" if last else "0-1"


def went_back(value: int) -> Sequence[Notice]:
    """What the host must know of a history that goes on from this value."""
    return [Notice(code="went_back", counter=value)]


class History:
    """One session, over a client that is used by one thread."""

    def __init__(self, client: "Redis", keys: Keys, name: str, host: str) -> None:
        """`name` is what the server is called."""
        self._client = client
        self._keys = keys
        self._name = name
        self._host = host
        self._begin = client.register_script(BEGIN)
        self._lose = client.register_script(LOSE)

    def top(self) -> Top:
        """How far it has come. Raises LostError, JournalError for another format, and what Redis does."""
        known: Any = self._client.hmget(self._keys.journal, "format", "epoch", "last", "batch", "lost")
        form, epoch, last, name, lost = ((value or b"").decode() for value in known)
        if form and form != str(FORMAT):
            newer = form.isdigit() and int(form) > FORMAT
            raise JournalError(
                f"{self._name} has this session as {'a newer' if newer else 'an older'} LAN Counter keeps it "
                f"(format {form}, here it is {FORMAT}): all hosts need the same version."
            )
        if lost or (epoch and not self._client.exists(self._keys.entries)):
            raise LostError(epoch)
        return Top(epoch, int(last or 0), name)

    def opened(self, known: Witness | None) -> tuple[Kept, str]:
        """What there is, and the name of its newest entry; begun, if there is nothing. `known` is what this host has
        seen of it."""
        try:
            top = self.top()
            if not top.epoch and known is None:
                self.begin("", Counter())
            kept, name = self.read()
            if known and known.has_seen_more_than(kept.epoch, kept.last, kept.counter):
                raise LostError(kept.epoch)
        except LostError as lost:
            return self.begun_anew(lost.epoch, known, threading.Event())
        return kept, name

    def try_out(self) -> None:
        """Raises JournalError where this program could not take part, and what Redis does."""
        with suppress(LostError):
            self.top()
        # Refused where the server may only be read, or has no memory; nothing lasts of it.
        self._client.set(f"{self._keys.journal}:trial", self._host, px=1)

    def begin(self, ended: str, counter: Counter) -> None:
        """Begin an epoch with this state after the one that has `ended`, unless another host has."""
        one = self._keys
        keys = [*one[:4], one.lost, one.past, one.names, f"{one.entries}:{ended}"]
        self._begin(keys, [FORMAT, ended, secrets.token_urlsafe(16), _encode(counter)])

    def oldest(self) -> int:
        """The number of the oldest entry that is left."""
        found: Any = self._client.xrange(self._keys.entries, "-", "+", count=1)
        return entry(found[0]).last if found else 0

    def read(self) -> tuple[Kept, str]:
        """All that there is, and the name of its newest entry. Raises LostError."""
        for _ in range(TRIES):
            top = self.top()
            if not top.epoch:
                raise LostError("")
            found = self._read(top.epoch)
            if found:
                return found
        raise LostError(top.epoch)

    def _read(self, epoch: str) -> tuple[Kept, str] | None:
        """None if it has changed meanwhile."""
        number, state = self._client.hmget(self._keys.snapshot, "last", "state")
        if number is None or state is None:
            return None
        try:
            counter, last, name = _decode_state(state), int(number), None
            while True:
                page: Any = self._client.xrange(self._keys.entries, at(last), "+", count=PAGE)
                for found in map(entry, page):
                    if name is None and found.last == last:
                        name = found.name
                    elif name is not None and found.follows(last, name):
                        for operation in found.operations:
                            counter.apply(operation)
                        last, name = found.last, found.name
                    elif found.last != last:
                        return None
                if name is None:
                    return None
                if len(page) < PAGE:
                    break
        except ValueError as error:
            raise JournalError(f"{self._name} has a session that this LAN Counter can't read: {error}.") from error
        # Whatever was read of an epoch that ended is of no use.
        if self.top().epoch != epoch:
            return None
        return Kept(epoch, counter, last), name

    def begun_anew(self, ended: str, seen: Witness | None, closing: threading.Event) -> tuple[Kept, str]:
        """Begin a new epoch with the newest that anybody has `seen`, together with all other hosts. It takes GRACE.

        Raises what Redis does; and JournalError if `closing` is set meanwhile.
        """
        keys = [self._keys.journal, self._keys.lost]
        self._lose(keys, [ended, self._host, _encode(seen) if seen else ""])
        if closing.wait(GRACE):
            raise JournalError("The program ends.")
        told: Any = self._client.hvals(self._keys.lost)
        known = [*map(_decode_witness, told), *self._left()]
        newest = max(known, key=lambda one: one.revision, default=None)
        self.begin(ended, newest.successor() if newest else Counter())
        kept, name = self.read()
        return kept._replace(notices=went_back(kept.counter.value)), name

    def _left(self) -> Sequence[Witness]:
        """What Redis itself still has, as somebody who has seen it: the snapshot at least."""
        number, state = self._client.hmget(self._keys.snapshot, "last", "state")
        if number is None or state is None:
            return ()
        counter, last = _decode_state(state), int(number)
        entries: Any = self._client.xrange(self._keys.entries, f"({at(last)}", "+")
        for found in map(entry, entries):
            if found.last - len(found.operations) != last:
                break
            for operation in found.operations:
                counter.apply(operation)
            last = found.last
        return (Witness.of("", last, counter),)
