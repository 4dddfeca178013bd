"""Several hosts on one real Redis: one order, nothing twice, nothing acknowledged lost."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from desktop.core.answers import Elsewhere, Notice
from desktop.core.counter import Counter
from desktop.core.operations import Add, AnyOperation, Set
from desktop.journal import JournalError, Kept, redis_history, redis_reader, redis_server
from desktop.journal.redis import RedisJournal
from desktop.journal.redis_keys import APPEND, FORMAT, Keys
from desktop.journal.shared import Session
from desktop.journal.witness import LEAP
from tests.desktop.engine import SERVER, Engine
from tests.desktop.support import PATIENCE

pytestmark = pytest.mark.skipif(SERVER is None, reason="there is no redis-server")

SESSION = "room-12"
KEYS = Keys.of(SESSION)


class Host:
    """A journal, and what a room would make of it, all in the journal's threads."""

    def __init__(self, engine: Engine, folder: Path, room: str = "A", password: str | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.journal = RedisJournal(Session(engine.url, SESSION, room, password), folder)
        self.heard: list[AnyOperation] = []
        self.rooms: Sequence[Elsewhere] = ()
        self.begun = 0
        self.closed = False
        self._take(self.journal.open(self._deliver))
        self.journal.follow(self._renew, self._meet)

    def _take(self, kept: Kept) -> None:
        self.kept, self.counter, self.last = kept, kept.counter, kept.last

    def _deliver(self, operations: Sequence[AnyOperation], last: int) -> None:
        self.heard += operations
        for operation in operations:
            self.counter.apply(operation)
        self.last = last
        self.witness()

    def witness(self) -> None:
        self.journal.witness(self.last, self.counter.value, self.counter.revision, self.counter.settings)

    def _renew(self, kept: Kept, move: Callable[[], None]) -> None:
        move()
        self._take(kept)
        self.begun += 1

    def _meet(self, rooms: Sequence[Elsewhere]) -> None:
        self.rooms = rooms

    def add(self, *operations: AnyOperation) -> None:
        self.journal.append(operations).result(PATIENCE)

    def snapshot(self) -> None:
        self.journal.snapshot(msgspec.json.encode(self.counter), self.last).result(PATIENCE)

    def close(self) -> None:
        """Once: it may be called again."""
        if not self.closed:
            self.closed = True
            self.journal.close()


Hosts = Callable[..., Host]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback nobody needs long."""
    monkeypatch.setattr(redis_history, "GRACE", 0.4)
    monkeypatch.setattr(redis_reader, "HEARTBEAT", 0.1)
    monkeypatch.setattr(redis_reader, "GONE_AFTER", 1.0)
    monkeypatch.setattr(redis_server, "PATIENCE", 1.0)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "redis") as engine:
        yield engine


@pytest.fixture
def host(engine: Engine, tmp_path: Path) -> Iterator[Hosts]:
    """Makes hosts, each with a folder of its name; they are closed in the end."""
    hosts: list[Host] = []

    def make(room: str = "A") -> Host:
        hosts.append(Host(engine, tmp_path / room, room))
        return hosts[-1]

    yield make
    for one in hosts:
        one.close()


def add(client: str, op: int, delta: int = 1) -> Add:
    return Add(client, op, False, delta)


def true(condition: Callable[[], object], within: float = PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_all_hosts_have_the_same_entries_in_one_order(host: Hosts) -> None:
    a, b = host("A"), host("B")
    random_ = random.Random(7)
    waiting = []
    for op in range(1, 60):
        for one, client in ((a, "ada"), (b, "bob")):
            waiting.append(one.journal.append([Set(client, 0, True, random_.randrange(100)), add(client, op)]))
    for future in waiting:
        future.result(PATIENCE)
    true(lambda: a.last == b.last == 2 * 2 * 59)
    assert a.heard == b.heard
    assert a.counter == b.counter
    assert a.kept.epoch == b.kept.epoch


def test_what_was_kept_is_there_at_the_next_start_and_for_a_new_host(host: Hosts) -> None:
    a = host("A")
    a.add(add("ada", 1, 5), add("ada", 2, -1))
    a.close()
    b, again = host("B"), host("A")
    for one in (b, again):
        assert (one.counter, one.last, one.kept.epoch) == (a.counter, 2, a.kept.epoch)
        assert not one.kept.notices


def test_who_appends_hears_of_it_before_it_is_done(host: Hosts) -> None:
    a = host()
    heard_when_done: list[int] = []
    for op in range(1, 30):
        future = a.journal.append([add("ada", op)])
        future.add_done_callback(lambda _: heard_when_done.append(len(a.heard)))
        future.result(PATIENCE)
    assert heard_when_done == list(range(1, 30))


def test_an_operation_that_is_repeated_through_another_host_counts_once(host: Hosts) -> None:
    a, b = host("A"), host("B")
    a.add(add("ada", 1, 5))
    b.add(add("ada", 1, 5), add("ada", 2, 1))
    true(lambda: a.last == b.last == 3)
    assert a.counter.value == b.counter.value == 6


def test_a_batch_that_may_have_come_through_is_recorded_once(engine: Engine, host: Hosts) -> None:
    """A classic client's has no number of its own: only the batch's count tells."""
    a = host()
    batch: list[AnyOperation] = [Set("~a", 0, False, 7), Set("~a", 0, False, 7)]
    engine.pause()
    with pytest.raises(JournalError, match="does not answer"):
        a.add(*batch)
    # What was sent is still in the server's buffers.
    engine.go_on()
    a.add(*batch, Set("~a", 0, False, 8))
    assert [operation for operation in a.heard] == [*batch, Set("~a", 0, False, 8)]
    assert (a.counter.revision, a.last) == (3, 3)


def test_an_equal_operation_is_not_the_same_one(host: Hosts) -> None:
    a = host()
    for _ in range(3):
        a.add(Set("~a", 0, False, 7))
    assert (a.counter.revision, a.last) == (3, 3)


def test_a_batch_that_is_given_again_after_it_was_recorded_adds_nothing(host: Hosts) -> None:
    a = host()
    first, second, third = (Set("~a", 0, False, value) for value in (1, 2, 3))
    a.add(first, second)
    a.add(second, third)
    assert a.heard == [first, second, third]


def test_a_late_batch_from_a_given_up_connection_is_known_by_its_count(engine: Engine, host: Hosts) -> None:
    a = host()
    a.add(Set("~a", 0, False, 1))
    a.add(Set("~a", 0, False, 2))
    (name,) = engine.does("HKEYS", KEYS.batches)
    late = [FORMAT, a.kept.epoch, name, 1, 1, '[["set","~a",0,false,1]]', 0]
    assert engine.does("EVAL", APPEND, 3, KEYS.journal, KEYS.entries, KEYS.batches, *late) == 2
    a.add(Set("~a", 0, False, 3))
    assert a.last == 3


def test_nothing_is_lost_where_redis_is_killed_and_acknowledges_what_is_durable(engine: Engine, host: Hosts) -> None:
    a, b = host("A"), host("B")
    for op in range(1, 20):
        a.add(add("ada", op))
    engine.restart()
    retried = add("bob", 1)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            b.add(retried)
            break
        except JournalError:
            assert time.monotonic() < deadline
    true(lambda: a.counter.value == b.counter.value == 20)
    assert not (a.begun or b.begun)


def test_without_redis_what_is_asked_fails_and_is_recorded_when_it_is_back(engine: Engine, host: Hosts) -> None:
    a = host()
    engine.kill()
    operation = add("ada", 1)
    with pytest.raises(JournalError, match="can't be reached"):
        a.add(operation)
    engine.start()
    a.add(operation, add("ada", 2))
    assert a.heard == [operation, add("ada", 2)]


def test_the_clock_of_redis_orders_nothing(engine: Engine, host: Hosts) -> None:
    a = host()
    a.add(add("ada", 1), add("ada", 2))
    a.add(add("ada", 3))
    assert [name for name, _ in engine.does("XRANGE", KEYS.entries, "-", "+")] == [b"0-1", b"2-0", b"3-0"]


def test_full_memory_is_said_and_recorded_later(engine: Engine, host: Hosts) -> None:
    a = host()
    operation = add("ada", 1)
    engine.does("CONFIG", "SET", "maxmemory", 1)
    with pytest.raises(JournalError, match="no memory left"):
        a.add(operation)
    engine.does("CONFIG", "SET", "maxmemory", 0)
    a.add(operation)
    assert a.heard == [operation]


def test_a_server_that_became_a_replica_is_said_to_be_one(engine: Engine, host: Hosts) -> None:
    a = host()
    operation = add("ada", 1)
    engine.does("REPLICAOF", "127.0.0.1", 1)
    with pytest.raises(JournalError, match="a replica, which can only be read"):
        a.add(operation)
    engine.does("REPLICAOF", "NO", "ONE")
    a.add(operation)
    assert a.heard == [operation]


# --- what another start finds ---


def test_another_format_is_refused_with_a_sentence(engine: Engine, host: Hosts, tmp_path: Path) -> None:
    host("A").close()
    engine.does("HSET", KEYS.journal, "format", FORMAT + 1)
    with pytest.raises(JournalError, match=r"a newer LAN Counter keeps it \(format 2, here it is 1\)"):
        host("B")
    engine.does("HSET", KEYS.journal, "format", "0")
    with pytest.raises(JournalError, match="an older LAN Counter"):
        host("B")


def test_what_no_counter_has_written_is_refused_with_a_sentence(engine: Engine, host: Hosts) -> None:
    a = host("A")
    a.add(add("ada", 1))
    a.close()
    engine.does("XADD", KEYS.entries, "2-0", "b", "x", "p", "y", "o", '[["multiply"]]')
    with pytest.raises(JournalError, match="can't read"):
        host("B")


def test_a_new_host_starts_from_the_snapshot_and_the_rest(engine: Engine, host: Hosts) -> None:
    a = host("A")
    for op in range(1, 8):
        a.add(add("ada", op))
        if op == 5:
            true(lambda: read_by_all(engine) == 5)
            a.snapshot()
    # The entry that the snapshot ends with stays, to follow on.
    assert [name for name, _ in engine.does("XRANGE", KEYS.entries, "-", "+")] == [b"5-0", b"6-0", b"7-0"]
    b = host("B")
    assert (b.counter, b.last) == (a.counter, 7)
    a.add(add("ada", 8))
    true(lambda: b.counter.value == 8)


def read_by_all(engine: Engine) -> int:
    rooms = [redis_reader.presence(told) for told in engine.does("HVALS", KEYS.rooms)]
    return min(room.read for room in rooms)


def test_an_older_snapshot_replaces_no_newer_one(engine: Engine, host: Hosts) -> None:
    a = host()
    a.add(add("ada", 1))
    older, at = msgspec.json.encode(a.counter), a.last
    a.add(add("ada", 2))
    a.snapshot()
    a.journal.snapshot(older, at).result(PATIENCE)
    assert engine.does("HGET", KEYS.snapshot, "last") == b"2"


def test_nothing_is_trimmed_that_a_living_host_has_not_read(engine: Engine, host: Hosts) -> None:
    a = host("A")
    a.add(add("ada", 1))
    true(lambda: read_by_all(engine) == 1)
    # As another that is behind would say it.
    behind = redis_reader.Presence(room="B", people=0, epoch=a.kept.epoch, read=1)
    engine.does("HSET", KEYS.rooms, "behind", redis_reader.told(behind).decode())
    a.add(add("ada", 2))
    a.add(add("ada", 3))
    a.snapshot()
    assert [name for name, _ in engine.does("XRANGE", KEYS.entries, "-", "+")] == [b"1-0", b"2-0", b"3-0"]


def test_a_host_that_comes_back_after_it_was_forgotten_begins_with_the_snapshot(engine: Engine, host: Hosts) -> None:
    a, b = host("A"), host("B")
    engine.does("CLIENT", "PAUSE", 50, "ALL")
    b.close()
    b.journal, reader = RedisJournal(Session(engine.url, SESSION, "B", None), Path("unused")), b
    b.closed = False
    kept = b.journal.open(b._deliver)
    reader._take(kept)
    for op in range(1, 5):
        a.add(add("ada", op))
    true(lambda: read_by_all(engine) == 4)
    a.snapshot()
    # Only now it reads on, from where it was: that is trimmed.
    reader.journal.follow(reader._renew, reader._meet)
    true(lambda: reader.begun == 1)
    assert (reader.counter.value, reader.last, reader.kept.epoch) == (4, 4, a.kept.epoch)
    a.add(add("ada", 5))
    true(lambda: reader.counter.value == 5)


# --- a tail that was lost ---


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[Engine]:
    """It keeps nothing on its disk but what BGSAVE writes."""
    with Engine(tmp_path / "redis", appendonly="no") as engine:
        yield engine


def test_a_lost_tail_is_noticed_by_all_and_the_number_goes_on(forgetful: Engine, tmp_path: Path) -> None:
    a, b = Host(forgetful, tmp_path / "a", "A"), Host(forgetful, tmp_path / "b", "B")
    try:
        a.add(add("ada", 1, 10))
        forgetful.does("SAVE")
        b.add(add("bob", 1, 5))
        true(lambda: a.counter.value == 15)
        epoch, revision = a.kept.epoch, a.counter.revision
        forgetful.restart()
        true(lambda: a.begun and b.begun)
        assert (a.begun, b.begun) == (1, 1)
        assert a.kept.epoch == b.kept.epoch != epoch
        assert a.counter.value == b.counter.value == 15
        assert a.counter.revision == b.counter.revision == revision + LEAP
        assert list(a.kept.notices) == list(b.kept.notices) == [Notice(code="went_back", counter=15)]
        a.add(add("ada", 1, 1))
        true(lambda: b.counter.value == 16)
        # What Redis had of it is still there.
        assert forgetful.does("EXISTS", f"{KEYS.entries}:{epoch}") == 1
    finally:
        a.close()
        b.close()


@pytest.mark.parametrize("gone", [[], [KEYS.journal], [KEYS.entries]])
def test_keys_that_vanish_are_a_lost_tail(engine: Engine, host: Hosts, gone: list[str]) -> None:
    a, b = host("A"), host("B")
    a.add(add("ada", 1, 10))
    true(lambda: b.counter.value == 10)
    engine.does("DEL", *gone) if gone else engine.does("FLUSHALL")
    true(lambda: a.begun and b.begun)
    assert a.kept.epoch == b.kept.epoch
    assert a.counter.value == b.counter.value == 10


def test_whoever_starts_after_having_seen_more_says_so(engine: Engine, host: Hosts) -> None:
    a = host("A")
    a.add(add("ada", 1, 10))
    a.close()
    engine.does("FLUSHALL")
    stranger = host("B")
    assert (stranger.counter.value, list(stranger.kept.notices)) == (0, [])
    again = host("A")
    assert (again.counter.value, list(again.kept.notices)) == (10, [Notice(code="went_back", counter=10)])
    true(lambda: stranger.begun == 1)
    assert (stranger.counter.value, stranger.kept.epoch) == (10, again.kept.epoch)


def test_who_goes_on_without_what_another_has_seen_is_found_out(engine: Engine, host: Hosts) -> None:
    """Redis goes back, and a host that has seen no more than that appends, before the other looks."""
    a = host("A")
    a.add(add("ada", 1, 10))
    before = engine.does("HGETALL", KEYS.journal)
    a.add(add("ada", 2, 5))
    # In one step, so that nobody can look meanwhile: back by one entry, and on by another.
    script = """
        redis.call('XDEL', KEYS[2], '2-0')
        redis.call('DEL', KEYS[2])
        redis.call('XADD', KEYS[2], '1-0', 'b', ARGV[1], 'p', 'x', 'o', '[]')
        redis.call('XADD', KEYS[2], '2-0', 'b', 'other:1', 'p', ARGV[1], 'o', '[["add","eve",1,false,1,null]]')
        redis.call('XADD', KEYS[2], '3-0', 'b', 'other:2', 'p', 'other:1', 'o', '[["add","eve",2,false,1,null]]')
        redis.call('HSET', KEYS[1], 'last', 3, 'batch', 'other:2')
    """
    name = before[before.index(b"batch") + 1] if isinstance(before, list) else before[b"batch"]
    engine.does("EVAL", script, 2, KEYS.journal, KEYS.entries, name)
    true(lambda: a.begun == 1)
    assert a.counter.revision >= LEAP
    assert a.kept.notices


# --- who is here ---


def test_who_is_with_other_hosts_is_known_until_they_leave_or_die(engine: Engine, host: Hosts) -> None:
    a, b, c = host("A"), host("B"), host("B")
    for one, people in ((a, 3), (b, 4), (c, 4)):
        one.journal.present(people)
    twins = [Elsewhere(room="B", people=4), Elsewhere(room="B", people=4)]
    true(lambda: list(a.rooms) == twins)
    true(lambda: list(b.rooms) == [Elsewhere(room="A", people=3), Elsewhere(room="B", people=4)])
    b.close()
    true(lambda: list(a.rooms) == twins[:1])
    # Whoever dies says nothing.
    c.journal._reader._closing.set()  # type: ignore[union-attr]
    true(lambda: list(a.rooms) == [], within=redis_reader.GONE_AFTER + PATIENCE)


def test_whoever_is_cut_off_does_not_know_who_is_elsewhere(engine: Engine, host: Hosts) -> None:
    a, b = host("A"), host("B")
    b.journal.present(4)
    true(lambda: list(a.rooms) == [Elsewhere(room="B", people=4)])
    engine.kill()
    true(lambda: list(a.rooms) == [])
    engine.start()
    true(lambda: list(a.rooms) == [Elsewhere(room="B", people=4)])


def test_it_ends_at_once_and_wakes_who_waits(host: Hosts) -> None:
    a = host()
    a.add(add("ada", 1))
    began = threading.active_count()
    a.close()
    assert threading.active_count() <= began


def test_what_the_server_does_not_promise_is_said_at_the_start(
    forgetful: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        Host(forgetful, tmp_path / "a").close()
    assert "keeps nothing on its disk" in caplog.text


def test_a_counter_of_ones_own_is_another(engine: Engine, tmp_path: Path) -> None:
    """The witness of one session says nothing of another."""
    a = Host(engine, tmp_path / "a")
    a.add(add("ada", 1, 10))
    a.close()
    other = RedisJournal(Session(engine.url, "room-13", "A", None), tmp_path / "a")
    kept = other.open(lambda *_: None)
    other.close()
    assert (kept.counter, kept.last, list(kept.notices)) == (Counter(), 0, [])
