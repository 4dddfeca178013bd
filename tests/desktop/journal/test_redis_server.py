"""A real Redis that refuses, is gone, or promises less: each in one sentence, and never with the password."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.journal import JournalError, redis_server
from desktop.journal.redis_server import Address, not_promised
from tests.desktop.engine import SERVER, Engine
from tests.e2e.program import until

pytestmark = pytest.mark.skipif(SERVER is None, reason="there is no redis-server")

PASSWORD = "plum/7 tree@home"
Start = Callable[..., Engine]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    engines: list[Engine] = []

    def make(**settings: str) -> Engine:
        engines.append(Engine(tmp_path / f"redis-{len(engines)}", **settings))
        return engines[-1]

    yield make
    for engine in engines:
        engine.kill()


def wrong(url: str, password: str | None = None, command: str = "PING") -> str:
    """What is said of one command."""
    address = Address.of(url, password)
    with pytest.raises(JournalError) as raised, address.connect() as client, address.plainly():
        client.execute_command(*command.split())
    sentence = str(raised.value)
    start = f"The server {address.name} "
    assert sentence.startswith(start) and sentence.endswith(".") and "\n" not in sentence
    assert PASSWORD not in sentence and PASSWORD not in repr(address)
    return sentence.removeprefix(start)


def promised(engine: Engine, password: str | None = None, url: str | None = None) -> str:
    address = Address.of(url or engine.url, password)
    with address.connect() as client:
        return " ".join(not_promised(client, address.name))


@pytest.mark.parametrize(
    ("url", "bare", "name", "password"),
    [
        ("redis://h:6379/0", "redis://h:6379/0", "redis://h:6379/0", None),
        ("redis://:plum%2F7@h/1", "redis://h/1", "redis://h/1", "plum/7"),
        ("rediss://ada:pw@h:1/0?x=y", "rediss://ada@h:1/0?x=y", "rediss://h:1/0", "pw"),
        ("redis://ada@h/0", "redis://ada@h/0", "redis://h/0", None),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1", "unix:///run/redis.sock", None),
    ],
)
def test_a_password_in_an_address_is_taken_out_of_it(url: str, bare: str, name: str, password: str | None) -> None:
    found = Address.of(url)
    assert (found.url, found.name, found.password) == (bare, name, password)
    assert Address.of(url, "other").password == "other"


def test_where_nobody_listens_it_says_so(start: Start) -> None:
    engine = start()
    engine.kill()
    assert wrong(engine.url) == "can't be reached: Connection refused."


def test_who_does_not_answer_is_waited_for_only_so_long(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server, "PATIENCE", 0.3)
    engine = start()
    engine.pause()
    assert wrong(engine.url) == "does not answer."


def test_a_password_that_is_wrong_or_missing_is_said_and_never_shown(start: Start) -> None:
    engine = start(requirepass=PASSWORD)
    assert wrong(engine.url, "something else") == "refuses the password."
    assert wrong(engine.url).startswith("wants a password:")
    with Address.of(engine.url, PASSWORD).connect() as client:
        assert client.ping()


def test_a_password_for_a_server_without_one_is_no_reason_to_refuse_it_quietly(start: Start) -> None:
    assert wrong(start().url, PASSWORD) == "refuses the password."


def test_a_user_who_may_do_too_little_is_told_what(start: Start) -> None:
    engine = start()
    engine.does("ACL", "SETUSER", "ada", "on", f">{PASSWORD}", "~*", "+@connection")
    url = engine.url.replace("//", "//ada@")
    assert wrong(url, PASSWORD, "SET a b").startswith("lets this user do too little: ")


def test_a_replica_and_a_full_memory_are_named(start: Start) -> None:
    engine = start()
    engine.does("CONFIG", "SET", "maxmemory", 1)
    assert wrong(engine.url, command="SET a b") == "has no memory left."
    engine.does("CONFIG", "SET", "maxmemory", 0)
    engine.does("REPLICAOF", "127.0.0.1", 1)
    assert wrong(engine.url, command="SET a b") == "is a replica, which can only be read: name the primary."


def test_what_nobody_expected_is_quoted(start: Start) -> None:
    assert wrong(start().url, command="NONSENSE").startswith("could not do it: unknown command")


# --- what is promised ---


def test_with_the_right_settings_there_is_nothing_to_say(start: Start) -> None:
    assert promised(start()) == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"appendonly": "no"}, "keeps nothing on its disk"),
        ({"appendfsync": "everysec"}, "writes to its disk a moment later"),
        ({"appendfsync": "no"}, "writes to its disk a moment later"),
        ({"maxmemory_policy": "allkeys-lru"}, "may throw the counter away"),
    ],
)
def test_each_setting_that_promises_less_is_said(start: Start, settings: dict[str, str], said: str) -> None:
    assert said in promised(start(**settings))


def test_what_only_throws_away_keys_with_an_end_is_as_good(start: Start) -> None:
    assert promised(start(maxmemory_policy="volatile-lru")) == ""


def test_where_the_settings_are_forbidden_it_says_that_it_does_not_know(start: Start) -> None:
    engine = start()
    engine.does("ACL", "SETUSER", "ada", "on", f">{PASSWORD}", "~*", "+@all", "-config")
    said = promised(engine, PASSWORD, engine.url.replace("//", "//ada@"))
    assert "CONFIG is forbidden" in said and "appendfsync always" in said
    assert PASSWORD not in said


def test_a_replica_that_may_lag_is_said(start: Start) -> None:
    primary, replica = start(), start()
    replica.does("REPLICAOF", "127.0.0.1", primary.port)
    until(lambda: primary.does("INFO", "replication")["connected_slaves"] == 1)
    assert "does not wait for its replicas" in promised(primary)


def test_nothing_is_logged_that_has_the_password(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    engine = start(requirepass=PASSWORD)
    with caplog.at_level(logging.DEBUG):
        promised(engine, PASSWORD)
        wrong(engine.url, "another")
    assert PASSWORD not in caplog.text
