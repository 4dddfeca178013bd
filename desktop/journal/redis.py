"""The journal in a Redis Stream, which several hosts share: one script a beat, and one order for all.

What is delivered comes from the stream alone, this host's own batches too: the answer to an append says only that it
may be looked for. So every host applies the same entries in the same order, without a lock and without a leader.

An answer that doesn't come says nothing. So a batch that may have been recorded is sent again under its own count
before any other, until Redis has answered; one that was recorded is answered with its number, and not recorded twice.

    append   -> RedisJournal._settle   (in a thread of its own, over a connection of its own)
    deliver  <- Reader                 (the same)
"""

import logging
import secrets
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from redis.exceptions import RedisError

from desktop.core.operations import AnyOperation, Forget, Settings
from desktop.core.rounds import NOBODY, Present
from desktop.journal import Deliver, JournalError, Kept, redis_names, witness
from desktop.journal.redis_history import Entry, History, LostError
from desktop.journal.redis_keys import ABSENT, APPEND, FORMAT, SNAPSHOT, Keys
from desktop.journal.redis_names import Tokens
from desktop.journal.redis_past import Past
from desktop.journal.redis_reader import Place, Reader
from desktop.journal.redis_server import Address, not_promised
from desktop.journal.shared import Renew, Rooms, Session
from desktop.journal.witness import Witness

T = TypeVar("T")

log = logging.getLogger(__name__)

REMEMBERED: Final = 8
"""Batches that are known by their operations after they were recorded: the room may not have heard of it yet."""

_encode = msgspec.json.Encoder().encode


class _Batch:
    """Operations that were sent under this count; `number` is that of the last one, once Redis has answered."""

    def __init__(self, count: int, operations: Sequence[AnyOperation], told: Sequence[str | bytes]) -> None:
        """`told` is what the history is told of them, as the script takes it."""
        self.count = count
        self.operations = operations
        self.told = told
        self.number: int | None = None


class RedisJournal:
    """A Shared journal. Whatever is wrong with the server at the start is a JournalError; what it does not promise is
    logged as a warning."""

    def __init__(self, session: Session, folder: Path) -> None:
        """Beside the counter, `folder` keeps how far this host has seen the session come."""
        self._address = Address.of(session.url, session.password)
        self._keys = Keys.of(session.session)
        self._room = session.room
        self._host = secrets.token_urlsafe(9)
        which = blake2b(f"{self._address.name}\n{session.session}".encode(), digest_size=6).hexdigest()
        self._witness = folder / f"shared-{which}.witness"
        self._client = self._address.connect()
        self._append_script = self._client.register_script(APPEND)
        self._snapshot_script = self._client.register_script(SNAPSHOT)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        # So that no click waits for this machine's disk.
        self._notes = ThreadPoolExecutor(1, thread_name_prefix="witness")
        self._place = Place()
        self._past = Past(self._address, self._keys)
        self._tokens = Tokens()
        self._reader: Reader | None = None
        self._count = 0
        self._batches: deque[_Batch] = deque()
        """Those that were sent, oldest first: the last one may be without an answer."""
        self._batches_epoch = ""

    # --- Journal ---

    def open(self, deliver: Deliver) -> Kept:
        self._deliver = deliver
        try:
            return self._thread.submit(self._open).result()
        except BaseException:
            self._let_go()
            raise

    def append(self, operations: Sequence[AnyOperation], present: Present = NOBODY) -> Future[None]:
        done: Future[None] = Future()
        # What is asked for now is for the history that holds now.
        self._thread.submit(self._append, operations, present, self._place.epoch, done)
        return done

    def witness(self, last: int, value: int, revision: int, settings: Settings) -> None:
        seen = Witness(epoch=self._place.epoch, last=last, value=value, revision=revision, settings=settings)
        self._place.seen = seen
        self._notes.submit(self._note, seen)

    def see(self, here: int) -> None:
        self._past.see(here)

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Future[T]:
        return self._past.read(query)

    def snapshot(self, state: bytes, last: int) -> Future[None]:
        epoch, done = self._place.epoch, Future[None]()

        def then(kept: Future[None]) -> None:
            # Only what is in the history's image as well is trimmed.
            if error := kept.exception():
                log.warning("%s", error)
            self._thread.submit(self._snapshot, state, last, epoch, done)

        self._past.keep().add_done_callback(then)
        return done

    def close(self) -> None:
        if self._reader:
            self._reader.close()
        self._thread.submit(self._leave).result()
        if self._reader:
            self._reader.join()
        self._let_go()

    # --- Shared ---

    def follow(self, renew: Renew, rooms: Rooms) -> None:
        def deliver(entries: Sequence[Entry]) -> None:
            operations = [operation for one in entries for operation in one.operations]
            if any(isinstance(operation, Forget) for operation in operations):
                self._tokens.forget()
            self._past.record(entries)
            self._deliver(operations, entries[-1].last)

        def begin(kept: Kept, move: Callable[[], None]) -> None:
            self._past.begin(kept)
            renew(kept, move)

        self._reader = Reader(self._address, self._keys, self._host, self._room, self._place, deliver, begin, rooms)
        self._reader.start()

    def present(self, people: int) -> None:
        self._place.people = people

    def try_out(self) -> None:
        try:
            with self._address.plainly():
                History(self._client, self._keys, self._address.subject, self._host).try_out()
        finally:
            self._let_go()

    # --- besides ---

    def copy_history(self, file: Path) -> None:
        """Write the history into a new SQLite file, change nothing, and let go of it, unopened. Raises JournalError."""
        try:
            with self._address.plainly():
                kept, _ = History(self._client, self._keys, self._address.subject, self._host).read()
            self._past.begin(kept)
            self._past.copy(file).result()
        except LostError as error:
            raise JournalError(f"{self._address.subject} has no such counter, or not the whole of it.") from error
        finally:
            self._let_go()

    def _let_go(self) -> None:
        # First: it may have a snapshot to hand on.
        self._past.close()
        self._thread.shutdown()
        self._notes.shutdown()
        self._client.close()

    # --- in the thread ---

    def _open(self) -> Kept:
        with self._address.plainly():
            history = History(self._client, self._keys, self._address.subject, self._host)
            kept, name = history.opened(witness.read(self._witness))
            for warning in not_promised(self._client, self._address.subject):
                log.warning("%s", warning)
        self._place.move(kept, name)
        self._past.begin(kept)
        self._note(Witness.of(kept.epoch, kept.last, kept.counter))
        return kept

    def _append(self, operations: Sequence[AnyOperation], present: Present, epoch: str, done: Future[None]) -> None:
        try:
            if epoch != self._place.epoch:
                # Of a history that has ended: whoever waits for it has been told.
                done.set_result(None)
                return
            with self._address.plainly():
                number = self._settle(operations, present, epoch)
        except BaseException as error:
            done.set_exception(error)
        else:
            self._place.expect(epoch, number, done)

    def _settle(self, operations: Sequence[AnyOperation], present: Present, epoch: str) -> int:
        """Record what isn't recorded of these. Returns the number of the entry that has the last of them."""
        if epoch != self._batches_epoch:
            self._batches.clear()
            self._batches_epoch = epoch
        # The very same operation, not an equal one: a classic client may set the same value twice.
        sent = {id(operation) for batch in self._batches for operation in batch.operations}
        for batch in self._batches:
            self._send(batch, epoch)
        rest = [operation for operation in operations if id(operation) not in sent]
        if rest:
            self._count += 1
            self._batches.append(_Batch(self._count, rest, self._told(rest, present)))
            self._send(self._batches[-1], epoch)
        asked = {id(operation) for operation in operations}
        with_them = [batch for batch in self._batches if not asked.isdisjoint(map(id, batch.operations))]
        while len(self._batches) > REMEMBERED:
            self._batches.popleft()
        return max(batch.number or 0 for batch in with_them)

    def _told(self, operations: Sequence[AnyOperation], present: Present) -> Sequence[str | bytes]:
        told, names = self._tokens.tell(operations, present)
        forgets = any(isinstance(operation, Forget) for operation in operations)
        return [redis_names.encode(told), "1" if forgets else "0", *(word for pair in names.items() for word in pair)]

    def _send(self, batch: _Batch, epoch: str) -> None:
        if batch.number is not None:
            return
        keys = [self._keys.journal, self._keys.entries, self._keys.batches, self._keys.names]
        size, content = len(batch.operations), _encode(batch.operations)
        answer: Any = self._append_script(
            keys, [FORMAT, epoch, self._host, batch.count, size, content, self._place.last, *batch.told]
        )
        if answer is None:
            # What there is instead, the reader finds out.
            if self._reader:
                self._reader.look()
            raise JournalError(f"{self._address.subject} has another history of this counter.")
        batch.number = int(answer)

    def _snapshot(self, state: bytes, last: int, epoch: str, done: Future[None]) -> None:
        one = self._keys
        try:
            with self._address.plainly():
                keys = [one.journal, one.snapshot, one.entries, one.rooms, one.past]
                self._snapshot_script(keys, [epoch, last, state])
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _note(self, seen: Witness) -> None:
        try:
            witness.write(self._witness, seen)
        except OSError as error:
            # It will have seen less; Redis has it all.
            log.debug("%s could not be written: %s", self._witness, error)

    def _leave(self) -> None:
        if self._reader is None:
            return
        with suppress(RedisError, OSError):
            self._client.eval(ABSENT, 2, self._keys.hosts, self._keys.rooms, self._host)
            # So that nobody waits for what it waits for.
            if self._reader.connection is not None:
                self._client.client_unblock(self._reader.connection)
