"""A shared counter's past on a real Redis: every host tells the same, whenever it came."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from desktop.core.operations import Add, AnyOperation, Forget, Reset, Title
from desktop.core.rounds import Present, Who
from desktop.journal import JournalError, reading, shared
from desktop.journal.redis_past import Past
from desktop.journal.shared import Session
from tests.desktop.engine import SERVER, Engine
from tests.desktop.journal.test_redis import KEYS, SESSION, Host, Hosts, engine, hasty, host, read_by_all, true
from tests.desktop.support import PATIENCE

__all__ = ["engine", "hasty", "host"]

pytestmark = pytest.mark.skipif(SERVER is None, reason="there is no redis-server")

ADA, BOB = "ada-0123456789-0123456789", "bob-0123456789-0123456789"


def add(client: str, op: int, delta: int = 1) -> Add:
    return Add(client, op, True, delta)


def say(host: Host, name: str, *operations: AnyOperation) -> None:
    """As somebody of this name, who is with this host."""
    who = {one.client: Who(1, name, "guest") for one in operations}
    host.journal.append(operations, Present(2, who)).result(PATIENCE)


def told(host: Host) -> tuple[object, ...]:
    """All that a host tells of rounds and changes."""

    def query(db: sqlite3.Connection) -> tuple[object, ...]:
        rounds = reading.rounds(db)
        return rounds, reading.piece(db, -1, None), [reading.shares(db, one.round.id) for one in rounds]

    return host.journal.read(query).result(PATIENCE)


def names(host: Host) -> list[str]:
    return host.journal.read(lambda db: [name for (name,) in db.execute("SELECT name FROM name")]).result(PATIENCE)


def counted(a: Host, b: Host) -> None:
    """A round with a title, and the next."""
    say(a, "Ada", add(ADA, 1, 2), add(ADA, 2, 3))
    say(b, "Bob", add(BOB, 1, 4))
    say(a, "Ada", Reset(ADA, 3, True), Title(ADA, 4, True, 0, "Colours"))
    say(b, "Bob", add(BOB, 2, 1))
    true(lambda: a.last == b.last == 6)


def test_all_hosts_tell_the_same_with_the_names_and_the_times_of_the_entries(engine: Engine, host: Hosts) -> None:
    a, b = host("A"), host("B")
    counted(a, b)
    assert told(a) == told(b)
    rounds, changes, shares = told(b)
    assert [one.title for one in rounds] == ["", "Colours"]  # type: ignore[attr-defined]
    assert [one.who.name for one in changes] == ["Ada", "Ada", "Bob", "Ada", "Bob"]  # type: ignore[attr-defined]
    times = [int(fields[b"t"]) for _, fields in entries(engine) if b"t" in fields]
    assert [changes[0].at, changes[-1].at] == [times[0], times[-1]]  # type: ignore[index]
    assert shares


def entries(engine: Engine) -> Sequence[tuple[bytes, dict[bytes, bytes]]]:
    with engine.client() as client:
        return client.xrange(KEYS.entries)  # type: ignore[no-any-return]


@pytest.mark.parametrize("trimmed", [False, True])
def test_who_comes_later_tells_what_was_before_and_after_all_were_started_again(
    engine: Engine, host: Hosts, trimmed: bool
) -> None:
    a, b = host("A"), host("B")
    counted(a, b)
    if trimmed:
        true(lambda: read_by_all(engine) == 6)
        a.snapshot()
        assert len(entries(engine)) == 1
        say(a, "Ada", add(ADA, 5, 9))
        true(lambda: b.last == 7)
    before = told(a)
    assert told(host("C")) == before
    for one in (a, b):
        one.close()
    again = host("A")
    assert told(again) == before
    say(again, "Bob", add(BOB, 3, 1))
    c = host("D")
    assert told(c) == told(again) != before


def test_forgotten_names_are_gone_for_all_hosts_and_out_of_redis(engine: Engine, host: Hosts) -> None:
    a, b = host("A"), host("B")
    counted(a, b)
    true(lambda: read_by_all(engine) == 6)
    a.snapshot()
    say(b, "Bob", add(BOB, 3))
    assert sorted(set(names(a))) == ["Ada", "Bob"]
    say(b, "Bob", Forget(BOB, 4, True))
    true(lambda: a.last == 8)
    assert names(a) == names(b) == []
    assert not engine.does("EXISTS", KEYS.names)
    # Not even before the image is written anew: the old one, and the entries after it, hold tokens of nobody.
    c = host("C")
    assert names(c) == []
    say(a, "Ada", add(ADA, 5))
    true(lambda: b.last == c.last == 9)
    assert names(a) == names(b) == names(c) == names(host("D")) == ["Ada"]
    with engine.client() as client:
        everything = b"".join(client.dump(key) or b"" for key in client.keys("*") if key != KEYS.names.encode())
    assert b"Bob" not in everything and b"Ada" not in everything


def test_it_is_copied_whole_without_taking_part(engine: Engine, host: Hosts, tmp_path: Path) -> None:
    a, b = host("A"), host("B")
    counted(a, b)
    before = engine.does("KEYS", "*")
    shared.copy_history(Session(engine.url, SESSION, "", None), tmp_path / "history.db")
    with closing(reading.connect(tmp_path / "history.db")) as db:
        assert reading.rounds(db) == told(a)[0]
        assert [one.who.name for one in reading.piece(db, -1, None) if one.who] == ["Ada", "Ada", "Bob", "Ada", "Bob"]
    assert sorted(engine.does("KEYS", "*")) == sorted(before)
    with pytest.raises(JournalError, match="has no such counter"):
        shared.copy_history(Session(engine.url, "other", "", None), tmp_path / "other.db")


def test_how_many_were_here_is_part_of_it(host: Hosts) -> None:
    a = host("A")
    a.journal.see(3)
    seen = a.journal.read(lambda db: db.execute("SELECT here FROM presence").fetchall())
    assert seen.result(PATIENCE) == [(3,)]


def test_what_can_not_be_read_now_is_read_with_the_next_entry_and_is_never_kept_half(
    engine: Engine, host: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = host("A"), host("B")
    counted(a, b)
    with monkeypatch.context() as broken:
        broken.setattr(Past, "_read", lambda _: False)
        c = host("C")
        assert told(c) != told(a)
        with pytest.raises(Exception, match="not whole"):
            c.journal._past.keep().result(PATIENCE)
    say(a, "Ada", add(ADA, 5))
    true(lambda: c.last == 7)
    assert told(c) == told(a)


def test_another_history_is_another_past(engine: Engine, host: Hosts) -> None:
    a, b = host("A"), host("B")
    counted(a, b)
    true(lambda: read_by_all(engine) == 6)
    a.snapshot()
    engine.does("DEL", KEYS.entries)
    true(lambda: a.begun and b.begun)
    assert told(a) == told(b)
    assert not names(a)
    assert not engine.does("EXISTS", KEYS.past, KEYS.names)
