"""Reads a session's stream for this host, and tells the others that this host is here."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

import msgspec
from msgspec import Struct
from redis.exceptions import ResponseError

from desktop.core.answers import Elsewhere
from desktop.journal import JournalError, Kept
from desktop.journal.redis_history import Entry, History, LostError, at, entry, went_back
from desktop.journal.redis_keys import PRESENT, Keys
from desktop.journal.redis_server import Address
from desktop.journal.shared import Renew, Rooms
from desktop.journal.witness import Witness

log = logging.getLogger(__name__)

HEARTBEAT: Final = 0.5
"""Seconds from one sign of life to the next, and from one look at the whole to the next where nothing comes."""
GONE_AFTER: Final = 4.0
"""Seconds without a sign of life after which a host's people are not here any more."""
FORGOTTEN_AFTER: Final = 3600.0
"""Seconds after which nothing is kept for a host that may come back; then it begins with a snapshot."""
RETRY_PAUSE: Final = 0.3
SETTLED_WITHIN: Final = 3.0
"""Seconds in which the room has said how far it has come."""
AT_ONCE: Final = 200
"""Entries that are read at once."""


class Presence(Struct, frozen=True, kw_only=True):
    """What a host says of itself: how many people are with it, and up to where it has read."""

    room: str
    people: int
    epoch: str
    read: int


told = msgspec.json.Encoder().encode
presence = msgspec.json.Decoder(Presence).decode


class Place:
    """How far this host has come, and who waits for what; used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected: list[tuple[int, Future[None]]] = []
        self.epoch = ""
        self.last = 0
        self.name = ""
        """Of the newest entry that was delivered."""
        self.seen: Witness | None = None
        """What the room has made of it, lately."""
        self.people = 0

    def move(self, kept: Kept, name: str) -> None:
        """To another history: what was expected of the old one will not come, and nobody waits for it."""
        with self._lock:
            expected, self._expected = self._expected, []
            self.epoch, self.last, self.name = kept.epoch, kept.last, name
            self.seen = Witness.of(kept.epoch, kept.last, kept.counter)
        for _, done in expected:
            done.set_result(None)

    def reached(self, last: int, name: str) -> None:
        """Everything up to here is delivered."""
        with self._lock:
            self.last, self.name = last, name
            done = [future for number, future in self._expected if number <= last]
            self._expected = [pair for pair in self._expected if pair[0] > last]
        for future in done:
            future.set_result(None)

    def expect(self, epoch: str, number: int, done: Future[None]) -> None:
        """It is done once this entry is delivered."""
        with self._lock:
            if epoch == self.epoch and number > self.last:
                self._expected.append((number, done))
                return
        done.set_result(None)

    def fail(self, error: JournalError) -> None:
        """What is expected can't be read now."""
        with self._lock:
            expected, self._expected = self._expected, []
        for _, done in expected:
            done.set_exception(error)


class Reader:
    """Delivers all entries after a `place`, in a thread of its own, until closed."""

    def __init__(
        self,
        address: Address,
        keys: Keys,
        host: str,
        room: str,
        place: Place,
        deliver: Callable[[Sequence[Entry]], None],
        renew: Renew,
        rooms: Rooms,
    ) -> None:
        self._keys = keys
        self._host = host
        self._room = room
        self._address = address
        self._place = place
        self._deliver = deliver
        self._renew = renew
        self._rooms = rooms
        self._elsewhere: Sequence[Elsewhere] = ()
        self._client = address.connect(HEARTBEAT)
        self._history = History(self._client, keys, address.subject, host)
        self._present = self._client.register_script(PRESENT)
        self._present_at = 0.0
        self._heard = time.monotonic()
        self._looking = True
        self._failing = False
        self._closing = threading.Event()
        self.connection: int | None = None
        """Redis' number of the connection that waits for entries."""
        self._thread = threading.Thread(target=self._run, name="journal-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        """Another history may hold: see before reading on."""
        self._looking = True

    def close(self) -> None:
        """Come to an end soon."""
        self._closing.set()

    def join(self) -> None:
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with self._address.plainly():
                    self._follow()
            except JournalError as error:
                self._fail(error)
            except Exception as error:
                log.exception("What others count can't be read.")
                self._fail(JournalError(f"What others count can't be read: {error}."))
            self._closing.wait(RETRY_PAUSE)
        self._place.fail(JournalError("The program ends."))

    def _fail(self, error: JournalError) -> None:
        if not self._failing and not self._closing.is_set():
            self._failing = True
            log.warning("%s Until that ends, nothing that others count is seen here.", error)
        self._looking = True
        self.connection = None
        self._place.fail(error)
        if time.monotonic() - self._heard > GONE_AFTER:
            self._tell(())

    def _follow(self) -> None:
        """Read on until something is wrong."""
        while not self._closing.is_set():
            self._be_present()
            if self._looking:
                self._looking = False
                self._look()
            self._heard = time.monotonic()
            self._failing = False
            wait = max(1, round((self._present_at - time.monotonic()) * 1000))
            place = self._place
            found: Any = self._client.xread({self._keys.entries: at(place.last)}, AT_ONCE, wait)
            if found:
                self._take([entry(one) for one in found[0][1]])
            else:
                self._looking = True

    def _take(self, entries: Sequence[Entry]) -> None:
        taken: list[Entry] = []
        last, name = self._place.last, self._place.name
        broken = False
        for found in entries:
            if not found.follows(last, name):
                broken = True
                break
            taken.append(found)
            last, name = found.last, found.name
        if taken:
            self._deliver(taken)
            self._place.reached(last, name)
        if broken and not self._look():
            self._changed(self._after_a_gap)

    # --- another history ---

    def _look(self) -> bool:
        """See whether this is still the history that is known; True if it was not, and another is now."""
        return self._changed(self._other)

    def _changed(self, find: Callable[[], tuple[Kept, str] | None]) -> bool:
        """Go on with what is found, if anything; with a new history, if what this host knows is lost."""
        try:
            found = find()
        except LostError as lost:
            found = self._history.begun_anew(lost.epoch, self._seen(), self._closing)
        if found:
            self._move(*found)
        return bool(found)

    def _other(self) -> tuple[Kept, str] | None:
        """The history that holds, if it is another one."""
        place, top = self._place, self._history.top()
        if top.epoch == place.epoch:
            if top.last < place.last or (top.last == place.last and top.name != place.name):
                raise LostError(top.epoch)
            return None
        kept, name = self._history.read()
        if self._seen().has_seen_more_than(kept.epoch, kept.last, kept.counter):
            raise LostError(kept.epoch)
        return kept._replace(notices=went_back(kept.counter.value)), name

    def _after_a_gap(self) -> tuple[Kept, str]:
        """All there is, where what comes next does not follow on what was delivered: what was between is trimmed."""
        kept, name = self._history.read()
        if kept.epoch == self._place.epoch and self._history.oldest() <= self._place.last:
            # They are not: others went on without what this host has seen.
            raise LostError(kept.epoch)
        return kept, name

    def _seen(self) -> Witness:
        """What the room has made of all that was delivered."""
        until = time.monotonic() + SETTLED_WITHIN
        while (seen := self._place.seen) is None or seen.last < self._place.last:
            if time.monotonic() > until or self._closing.wait(0.02):
                break
        if seen is None:
            raise JournalError("It is not known how far this host has come.")
        return seen

    def _move(self, kept: Kept, name: str) -> None:
        log.warning("Another history of this counter holds: it goes on from %d.", kept.counter.value)
        moved = threading.Event()

        def move() -> None:
            self._place.move(kept, name)
            moved.set()

        self._renew(kept, move)
        while not moved.wait(0.05):
            if self._closing.is_set():
                return

    # --- who is here ---

    def _be_present(self) -> None:
        now = time.monotonic()
        if now < self._present_at:
            return
        self._present_at = now + HEARTBEAT
        place = self._place
        own = Presence(room=self._room, people=place.people, epoch=place.epoch, read=place.last)
        milliseconds = [int(seconds * 1000) for seconds in (GONE_AFTER, FORGOTTEN_AFTER)]
        keys = [self._keys.hosts, self._keys.rooms, self._keys.batches]
        others: Any = self._present(keys, [self._host, told(own), *milliseconds])
        if self.connection is None:
            self.connection = self._number()
        here = sorted((one.room, one.people) for one in map(presence, others))
        self._tell([Elsewhere(room=room, people=people) for room, people in here])

    def _number(self) -> int | None:
        try:
            return int(self._client.client_id())
        except ResponseError:
            return None

    def _tell(self, elsewhere: Sequence[Elsewhere]) -> None:
        if elsewhere != self._elsewhere:
            self._elsewhere = elsewhere
            self._rooms(elsewhere)
