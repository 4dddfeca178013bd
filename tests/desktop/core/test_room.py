"""The room's rules, as scripts of what happens; and the one that holds for all of them."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from desktop.core.commands import Close, Command, Heartbeat, Pause, Record, Send
from desktop.core.counter import AnyOperation, Counter
from desktop.core.protocol import Network
from desktop.core.room import BEAT, PING_AFTER, PRESENCE_PAUSE, SILENCE_LIMIT, STALL_LIMIT, Room

ADA = "ada-0123456789-0123456789"
BOB = "bob-0123456789-0123456789"
SECRET = "the host's secret"


class Stage:
    """A room, a clock, and a journal that writes when it is told to; collects what every connection is sent."""

    def __init__(self, counter: Counter | None = None) -> None:
        self.room = Room(counter or Counter(), epoch="epoch", secret=SECRET, run="run")
        self.now = 100.0
        self.batches: list[Sequence[AnyOperation]] = []
        self.sent: dict[str, list[dict[str, Any]]] = {}
        self.closed: dict[str, int | None] = {}
        self.others: list[Command] = []
        self.writes = 0
        self.encodings = 0

    def do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Record(operations):
                    self.batches.append(operations)
                case Send(keys, message):
                    self.encodings += 1
                    for key in keys:
                        self.writes += 1
                        self.sent[key].append(json.loads(message))
                case Close(key, code, _):
                    self.closed[key] = code
                    self.room.leave(key, self.now)
                case other:
                    self.others.append(other)

    def join(self, key: str, *, v1: bool = True, local: bool = False) -> dict[str, Any]:
        self.sent[key] = []
        self.do(self.room.join(key, self.now, v1=v1, local=local))
        return self.sent[key].pop(0)

    def say(self, key: str, **message: Any) -> None:
        self.do(self.room.receive(key, json.dumps(message), self.now))

    def greet(self, key: str, client: str, **rest: Any) -> dict[str, Any]:
        self.join(key, local="host" in rest)
        self.say(key, type="hello", client=client, **rest)
        return next(message for message in self.take(key) if message["type"] == "state")

    def take(self, key: str) -> list[dict[str, Any]]:
        taken, self.sent[key] = self.sent[key], []
        return taken

    def tick(self) -> None:
        self.do(self.room.tick(self.now))

    def record(self) -> None:
        self.do(self.room.recorded(self.batches.pop(0), self.now))

    def settle(self) -> None:
        """Let time pass, with a journal that works, until nothing is due but the next look at the connections."""
        for _ in range(20):
            self.now += PRESENCE_PAUSE
            self.tick()
            while self.batches:
                self.record()


@pytest.fixture
def stage() -> Stage:
    return Stage()


# --- joining ---


def test_a_classic_client_is_sent_the_value_at_once(stage: Stage) -> None:
    assert stage.join("c", v1=False) == {"counter": 0}


def test_the_first_state_says_everything_but_ack(stage: Stage) -> None:
    assert stage.join("a") == {
        "type": "state", "counter": 0, "revision": 0, "people": 1, "epoch": "epoch", "role": "guest",
        "settings": {"title": "", "step": 1, "goal": None, "locked": False, "classic": True},
    }  # fmt: skip


def test_hello_is_answered_with_ack_and_role(stage: Stage) -> None:
    state = stage.greet("a", ADA, name="Ada")
    assert (state["ack"], state["role"]) == (0, "guest")


def test_a_client_that_comes_back_is_told_what_was_decided(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    stage.room.leave("a", stage.now)
    assert stage.greet("a2", ADA)["ack"] == 1


@pytest.mark.parametrize("message", [{"type": "add", "op": 1, "delta": 1}, {"type": "ping", "at": 1}])
def test_nothing_is_heard_before_hello(stage: Stage, message: dict[str, Any]) -> None:
    stage.join("a")
    stage.say("a", **message)
    assert [m["code"] for m in stage.take("a")] == ["hello_first"]


def test_everyone_is_told_how_many_are_here_though_not_for_each_who_comes(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.take("a")
    for n in range(30):
        stage.join(f"new{n}")
        stage.tick()
        stage.now += 0.001
    stage.settle()
    counts = [m["people"] for m in stage.take("a")]
    assert counts[-1] == 31
    assert len(counts) <= 2


def test_who_comes_and_goes_at_once_is_no_news(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.take("a")
    stage.join("b")
    stage.room.leave("b", stage.now)
    stage.settle()
    assert stage.take("a") == []


# --- counting ---


def test_a_click_is_recorded_then_acknowledged_and_told_to_all(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.greet("b", BOB)
    stage.join("c", v1=False)
    stage.settle()
    for key in "abc":
        stage.take(key)
    stage.say("a", type="add", op=1, delta=2, seen=0)
    stage.tick()
    assert stage.take("a") == []
    stage.record()
    stage.tick()
    assert stage.take("a") == [{"type": "state", "counter": 2, "revision": 1, "ack": 1}]
    assert stage.take("b") == [{"type": "state", "counter": 2, "revision": 1}]
    assert stage.take("c") == [{"counter": 2}]


def test_a_classic_set_goes_to_all_and_to_the_one_who_set(stage: Stage) -> None:
    stage.join("c", v1=False)
    stage.join("d", v1=False)
    stage.say("c", counter=5, colour="red")
    stage.settle()
    assert stage.take("c") == stage.take("d") == [{"counter": 5}]


def test_a_classic_set_to_what_is_there_is_answered_too(stage: Stage) -> None:
    stage.join("c", v1=False)
    stage.say("c", counter=0)
    stage.settle()
    assert stage.take("c") == [{"counter": 0}]


@pytest.mark.parametrize(
    ("value", "code"), [("1", "malformed"), (1.0, "malformed"), (True, "malformed"), (2**53, "out_of_range")]
)
def test_a_bad_classic_message_is_answered_with_the_truth(stage: Stage, value: object, code: str) -> None:
    stage.join("c", v1=False)
    stage.say("c", counter=7)
    stage.settle()
    stage.take("c")
    stage.say("c", counter=value)
    stage.settle()
    (answer,) = stage.take("c")
    assert answer["counter"] == 7
    assert answer["error"]["code"] == code


def test_a_classic_client_learns_that_the_counter_is_locked(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.join("c", v1=False)
    stage.say("h", type="configure", op=1, settings={"locked": True})
    stage.settle()
    assert stage.take("c") == []
    stage.say("c", counter=5)
    stage.settle()
    assert [(m["counter"], m["error"]["code"]) for m in stage.take("c")] == [(0, "locked")]


def test_a_refused_operation_is_named_and_acknowledged(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="reset", op=1)
    stage.settle()
    error, state = (m for m in stage.take("a") if "people" not in m)
    assert (error["code"], error["op"]) == ("not_host", 1)
    assert state["ack"] == 1


def test_an_operation_that_comes_again_is_acknowledged_again_and_not_recorded(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=2)
    stage.settle()
    stage.take("a")
    stage.say("a", type="add", op=1, delta=2)
    stage.tick()
    assert stage.batches == []
    assert stage.take("a") == [{"type": "state", "counter": 2, "revision": 1, "ack": 1}]


def test_one_that_comes_again_while_it_is_being_recorded_is_acknowledged_where_it_came(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=2)
    stage.tick()
    stage.room.leave("a", stage.now)
    stage.greet("a2", ADA)
    stage.say("a2", type="add", op=1, delta=2)
    stage.say("a2", type="add", op=2, delta=3)
    stage.record()
    stage.tick()
    assert [[operation.op for operation in batch] for batch in stage.batches] == [[2]]
    stage.settle()
    assert stage.room.counter.value == 5
    assert stage.take("a2")[-1]["ack"] == 2


def test_a_gap_closes_the_connection_and_swallows_nothing(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=1)
    stage.say("a", type="add", op=3, delta=1)
    assert stage.closed == {"a": 1008}
    stage.settle()
    assert stage.room.counter.value == 1


def test_what_is_on_its_way_when_a_person_leaves_still_counts(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=1)
    stage.room.leave("a", stage.now)
    stage.settle()
    assert stage.room.counter.value == 1


def test_whoever_has_left_is_sent_nothing(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.take("a")
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    stage.take("a")
    stage.say("a", type="add", op=1, delta=1)
    stage.room.leave("a", stage.now)
    stage.join("b")  # as many as before, so that there is no other news
    stage.settle()
    assert stage.take("a") == []


def test_whoever_has_left_is_not_told_of_what_was_refused(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="reset", op=1)
    stage.room.leave("a", stage.now)
    stage.settle()
    assert stage.take("a") == []


def test_settings_are_told_to_those_who_understand_them(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.greet("b", BOB)
    stage.settle()
    stage.take("b")
    stage.say("h", type="configure", op=1, settings={"title": "Hands", "step": 5})
    stage.settle()
    (state,) = stage.take("b")
    assert state["settings"] == {"title": "Hands", "step": 5, "goal": None, "locked": False, "classic": True}
    assert state["revision"] == 1


def test_thirty_clicks_in_a_beat_cost_one_commit_thirty_writes_and_an_encoding_each(stage: Stage) -> None:
    for n in range(30):
        stage.greet(f"k{n}", f"client-{n:02}-0123456789-0123456789")
    stage.settle()
    stage.writes = stage.encodings = 0
    for n in range(30):
        stage.say(f"k{n}", type="add", op=1, delta=1)
    stage.tick()
    assert len(stage.batches) == 1
    stage.record()
    stage.tick()
    assert stage.room.counter.value == 30
    assert (stage.writes, stage.encodings) == (30, 30)


def test_a_change_costs_one_encoding_for_all_who_only_listen(stage: Stage) -> None:
    for n in range(100):
        stage.join(f"k{n}")
    stage.greet("a", ADA)
    stage.settle()
    stage.writes = stage.encodings = 0
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    assert (stage.writes, stage.encodings) == (101, 2)


# --- the host ---


def test_the_host_proves_it_with_the_secret_over_loopback(stage: Stage) -> None:
    assert stage.greet("h", ADA, host=SECRET)["role"] == "host"
    assert [m["type"] for m in stage.take("h")] == []
    stage.say("h", type="set", op=1, value=9)
    stage.settle()
    assert stage.room.counter.value == 9


def test_the_right_secret_from_elsewhere_is_a_wrong_one(stage: Stage) -> None:
    stage.join("a", local=False)
    stage.say("a", type="hello", client=ADA, host=SECRET)
    error, state = stage.take("a")
    assert (error["code"], state["role"]) == ("not_host", "guest")
    assert "op" not in error


def test_with_a_wrong_secret_one_goes_on_as_a_guest(stage: Stage) -> None:
    stage.join("a", local=True)
    stage.say("a", type="hello", client=ADA, host="é")
    assert [m.get("code") or m["role"] for m in stage.take("a")] == ["not_host", "guest"]
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    assert stage.room.counter.value == 1


def test_five_wrong_secrets_close_the_connection(stage: Stage) -> None:
    stage.join("a", local=True)
    for n in range(5):
        assert stage.closed == {}
        stage.say("a", type="hello", client=ADA, host=f"guess {n}")
    assert stage.closed == {"a": 1008}


def test_a_host_who_says_hello_again_as_a_guest_stays_what_was_proved(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.say("h", type="hello", client=ADA, name="Ada")
    assert [m["role"] for m in stage.take("h") if m["type"] == "state"] == ["host"]


def test_only_the_hosts_learn_where_others_join(stage: Stage) -> None:
    network = Network(join="http://192.168.1.42:8000/", reach="lan")
    stage.do(stage.room.announce(network))
    stage.join("h", local=True)
    stage.greet("b", BOB)
    stage.say("h", type="hello", client=ADA, host=SECRET)
    there = {"type": "network", "join": "http://192.168.1.42:8000/", "reach": "lan"}
    assert stage.take("h")[-1] == there
    stage.do(stage.room.announce(Network(join=None, reach="none")))
    assert stage.take("h")[-1] == {"type": "network", "join": None, "reach": "none"}
    assert all(m["type"] != "network" for m in stage.take("b"))


# --- the beat ---


def test_an_idle_room_tells_a_change_at_once_and_a_busy_one_on_the_beat(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.take("a")
    stage.say("a", type="add", op=1, delta=1)
    assert stage.room.due() <= stage.now
    stage.tick()
    stage.record()
    assert stage.room.due() <= stage.now
    stage.tick()
    stage.room.flushed(stage.now, stage.now + 0.001)
    stage.say("a", type="add", op=2, delta=1)
    stage.tick()
    stage.record()
    assert len(stage.take("a")) == 1
    assert stage.room.due() == pytest.approx(stage.now + 0.001 + BEAT)
    stage.tick()
    assert stage.take("a") == []
    stage.now = stage.room.due()
    stage.tick()
    assert [m["ack"] for m in stage.take("a")] == [2]


def test_a_beat_that_cost_much_makes_the_next_one_wait_longer(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.room.flushed(stage.now, stage.now + 0.1)
    stage.say("a", type="add", op=1, delta=1)
    stage.tick()
    stage.record()
    stage.take("a")
    stage.now += 0.29
    stage.tick()
    assert stage.take("a") == []
    stage.now += 0.02
    stage.tick()
    assert [m["ack"] for m in stage.take("a")] == [1]


def test_an_empty_room_wants_nothing(stage: Stage) -> None:
    assert stage.room.due() == float("inf")


def test_a_stalled_member_gets_nothing_then_the_newest_state(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.greet("slow", BOB)
    stage.settle()
    stage.take("slow")
    stage.say("slow", type="add", op=1, delta=10)
    stage.room.stalled("slow", stage.now)
    for op in range(1, 6):
        stage.say("a", type="add", op=op, delta=1)
        stage.settle()
    stage.join("new")
    stage.settle()
    assert stage.take("slow") == []
    stage.room.drained("slow", stage.now)
    assert stage.room.due() <= stage.now
    stage.tick()
    assert stage.take("slow") == [{"type": "state", "counter": 15, "revision": 6, "ack": 1, "people": 3}]
    stage.say("a", type="add", op=6, delta=1)
    stage.settle()
    assert stage.take("slow") == [{"type": "state", "counter": 16, "revision": 7}]


def test_what_a_stalled_member_is_owed_keeps_nobody_busy(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    stage.say("a", type="add", op=1, delta=1)
    stage.room.stalled("a", stage.now)
    assert stage.room.due() > stage.now


def test_a_member_that_was_stalled_but_missed_nothing_is_sent_nothing(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.take("a")
    stage.room.stalled("a", stage.now)
    stage.room.drained("a", stage.now)
    stage.settle()
    assert stage.take("a") == []


# --- the journal fails ---


def test_when_the_journal_fails_each_operation_is_kept_told_of_once_and_tried_again(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.join("c", v1=False)
    stage.settle()
    stage.take("a")
    stage.take("c")
    stage.say("a", type="add", op=1, delta=1)
    stage.tick()
    stage.say("c", counter=50)
    for _ in range(3):
        stage.batches.clear()
        stage.do(stage.room.failed(stage.now))
        stage.now += 2
        stage.tick()
    assert [(m["code"], m["op"]) for m in stage.take("a")] == [("not_recorded", 1)]
    assert [(m["counter"], m["error"]["code"]) for m in stage.take("c")] == [(0, "not_recorded")]
    assert stage.room.counter.value == 0
    stage.record()
    stage.settle()
    assert stage.take("a") == [{"type": "state", "counter": 50, "revision": 2, "ack": 1}]


# --- limits, and who is dead ---


def test_whoever_speaks_too_fast_is_read_more_slowly_then_closed(stage: Stage) -> None:
    stage.greet("a", ADA)
    op = 0
    while "a" not in stage.closed:
        op += 1
        stage.others.clear()
        stage.say("a", type="add", op=op, delta=1)
        for other in stage.others:
            assert isinstance(other, Pause)
            stage.now += other.seconds
    assert stage.closed == {"a": 1008}
    stage.settle()
    # Everything that was taken counts.
    assert stage.room.counter.value == op - 1


def test_whoever_sends_nonsense_is_closed_after_twenty(stage: Stage) -> None:
    stage.greet("a", ADA)
    for _ in range(20):
        stage.do(stage.room.receive("a", "nonsense", stage.now))
    assert len(stage.take("a")) == 20
    stage.do(stage.room.receive("a", "nonsense", stage.now))
    assert stage.closed == {"a": 1008}


def test_a_type_nobody_knows_is_answered_by_name(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="dance")
    assert [m["code"] for m in stage.take("a")] == ["unknown_type"]


def test_a_ping_is_answered_with_what_it_said(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="ping", at=123.4)
    assert stage.take("a") == [{"type": "pong", "at": 123.4}]


def test_whoever_is_silent_is_pinged_once_and_dropped_if_that_is_not_answered(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.join("c", v1=False)
    stage.now += PING_AFTER + 1
    stage.tick()
    assert stage.others == [Heartbeat(["a", "c"])]
    stage.room.heard("c", stage.now)
    stage.now += 5
    stage.tick()
    assert stage.others == [Heartbeat(["a", "c"])]
    stage.now += SILENCE_LIMIT - PING_AFTER - 5
    stage.tick()
    assert stage.closed == {"a": None}
    assert stage.others[1:] == [Heartbeat(["c"])]


def test_whoever_takes_nothing_for_a_minute_is_dropped(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.room.stalled("a", stage.now)
    stage.now += STALL_LIMIT + 1
    stage.room.heard("a", stage.now)
    stage.tick()
    assert stage.closed == {"a": None}


# --- the rule above all ---


class Clients(RuleBasedStateMachine):
    """Clients click, lose their connection, come back and repeat; the journal fails; the server is killed.

    Whatever the order: nothing acknowledged is lost, nothing counts twice, and in the end the value is the sum.
    """

    NAMES = (ADA, BOB)

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.durable: list[AnyOperation] = []
        self.snapshot = msgspec.json.encode(Counter())
        self.deltas: dict[str, list[int]] = {name: [] for name in self.NAMES}
        self.acked = dict.fromkeys(self.NAMES, 0)
        self.connection: dict[str, str | None] = dict.fromkeys(self.NAMES)
        self.sent = dict.fromkeys(self.NAMES, 0)
        self.connections = 0
        self.revision = 0

    clients = st.sampled_from(NAMES)

    @rule(client=clients, delta=st.integers(-3, 3).filter(bool))
    def click(self, client: str, delta: int) -> None:
        self.deltas[client].append(delta)

    @rule(client=clients)
    def connect(self, client: str) -> None:
        self.disconnect(client)
        self.connections += 1
        key = self.connection[client] = f"{client}{self.connections}"
        ack = self.stage.greet(key, client)["ack"]
        assert ack >= self.acked[client]
        self.acked[client] = self.sent[client] = ack

    @rule(client=clients)
    def disconnect(self, client: str) -> None:
        if key := self.connection[client]:
            self.stage.room.leave(key, self.stage.now)
            self.connection[client] = None

    @rule(client=clients)
    def send_next(self, client: str) -> None:
        if self.connection[client] and self.sent[client] < len(self.deltas[client]):
            self.sent[client] += 1
            self._send(client, self.sent[client])

    @rule(client=clients, data=st.data())
    def repeat(self, client: str, data: st.DataObject) -> None:
        if self.connection[client] and self.sent[client]:
            self._send(client, data.draw(st.integers(1, self.sent[client])))

    def _send(self, client: str, op: int) -> None:
        key = self.connection[client]
        assert key
        self.stage.say(key, type="add", op=op, delta=self.deltas[client][op - 1])

    @rule()
    def tick(self) -> None:
        self.stage.now += 0.3
        self.stage.tick()
        self._read()

    @rule()
    @precondition(lambda self: self.stage.batches)
    def record(self) -> None:
        self.durable += self.stage.batches[0]
        self.stage.record()
        self._read()

    @rule()
    @precondition(lambda self: self.stage.batches)
    def fail(self) -> None:
        self.stage.batches.clear()
        self.stage.do(self.stage.room.failed(self.stage.now))

    @rule()
    def keep_a_snapshot(self) -> None:
        self.snapshot = msgspec.json.encode(self.stage.room.counter)
        self.durable.clear()

    @rule()
    def kill(self) -> None:
        counter = msgspec.json.decode(self.snapshot, type=Counter)
        for operation in self.durable:
            counter.apply(operation)
        self.stage = Stage(counter)
        self.connection = dict.fromkeys(self.NAMES)

    def _read(self) -> None:
        for client, key in self.connection.items():
            for message in self.stage.take(key) if key else ():
                assert message["type"] == "state" or message["code"] == "not_recorded"
                self.acked[client] = max(self.acked[client], message.get("ack", 0))

    @invariant()
    def acknowledged_means_durable(self) -> None:
        counter = msgspec.json.decode(self.snapshot, type=Counter)
        for operation in self.durable:
            counter.apply(operation)
        assert all(counter.decided.get(client, 0) >= acked for client, acked in self.acked.items())
        assert counter.revision >= self.revision
        self.revision = counter.revision

    @invariant()
    def no_connection_was_closed(self) -> None:
        assert self.stage.closed == {}

    def teardown(self) -> None:
        for client in self.NAMES:
            self.connect(client)
            for op in range(self.sent[client] + 1, len(self.deltas[client]) + 1):
                self._send(client, op)
        self.stage.settle()
        assert self.stage.room.counter.value == sum(sum(deltas) for deltas in self.deltas.values())


TestClients = Clients.TestCase
TestClients.settings = hypothesis_settings(max_examples=200, stateful_step_count=40, deadline=None)
