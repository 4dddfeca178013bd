"""The room's rules, as scripts of what happens; and the one that holds for all of them."""

from typing import Any

import msgspec
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import desktop.core.intake
from desktop.core.answers import Elsewhere, Network, Notice
from desktop.core.commands import REMOVED, Heartbeat, Pause, Record, Watch
from desktop.core.counter import Counter
from desktop.core.intake import RETRY_PAUSE
from desktop.core.liveness import PING_AFTER, SILENCE_LIMIT, STALL_LIMIT
from desktop.core.operations import AnyOperation, Settings
from desktop.core.rounds import Present, Who
from tests.desktop.core.stage import ADA, BOB, SECRET, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


# --- joining ---


def test_a_classic_client_is_sent_the_value_at_once(stage: Stage) -> None:
    assert stage.join("c", v1=False) == {"counter": 0}


def test_the_first_state_says_everything_but_ack(stage: Stage) -> None:
    assert stage.join("a") == {
        "type": "state", "counter": 0, "revision": 0, "people": 1, "epoch": "epoch", "role": "guest",
        "settings": {
            "title": "", "step": 1, "goal": None, "locked": False, "classic": True, "each": None, "compare": None,
        },
    }  # fmt: skip


def test_hello_is_answered_with_ack_and_role(stage: Stage) -> None:
    state = stage.greet("a", ADA, name="Ada")
    assert (state["ack"], state["role"]) == (0, "guest")


def test_hello_is_answered_with_the_number_by_which_the_host_knows_the_page(stage: Stage) -> None:
    stage.join("first", v1=False)
    assert stage.greet("a", ADA)["person"] == 2
    stage.say("a", type="hello", client=ADA, name="Ada")
    assert [m["person"] for m in stage.take("a") if m["type"] == "state"] == [2]


@pytest.mark.parametrize(
    ("told", "known"),
    [("Ada", "Ada"), ("x" * 41, "x" * 40), ("\u200b\u2800", ""), ("A\u202ed\x07a", "Ada"), (5, ""), (None, "")],
)
def test_a_name_is_cut_to_what_can_be_seen_and_never_refused(stage: Stage, told: object, known: str) -> None:
    stage.greet("h", BOB, host=SECRET)
    assert stage.greet("a", ADA, name=told)["ack"] == 0
    stage.settle()
    rosters = [m for m in stage.take("h") if m["type"] == "roster"]
    assert rosters[-1]["people"][1]["name"] == known


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
    ("value", "code"), [("1", "malformed"), (1.5, "malformed"), (True, "malformed"), (2**53, "out_of_range")]
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
    stage.settle()
    stage.say("a", type="add", op=1, delta=2)
    stage.tick()
    stage.room.leave("a", stage.now)
    stage.greet("a2", ADA)
    stage.say("a2", type="add", op=1, delta=2)
    stage.say("a2", type="add", op=2, delta=3)
    stage.record()
    stage.tick()
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


SETTINGS = {"type": "configure", "settings": {"step": "five"}}
NO_NUMBERS: dict[str, Any] = {"type": "dance"}


@pytest.mark.parametrize("unread", [SETTINGS, NO_NUMBERS, {"type": "add", "delta": 1.5}])
def test_what_cannot_be_read_leaves_no_gap(stage: Stage, unread: dict[str, Any]) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=1)
    for op in (2, 3):
        stage.say("a", **unread, op=op)
    assert ["op" in m for m in stage.take("a") if m["type"] == "error"] == [False, False]
    stage.say("a", type="add", op=4, delta=10)
    stage.settle()
    told = stage.take("a")
    assert [m["op"] for m in told if m["type"] == "error"] == [2, 3]
    assert told[-1]["ack"] == 4
    assert stage.room.counter.value == 11
    assert stage.closed == {}


def test_what_could_not_be_read_may_come_again(stage: Stage) -> None:
    stage.greet("a", ADA)
    for op in (1, 2):
        stage.say("a", **SETTINGS, op=op)
    stage.take("a")
    stage.say("a", type="add", op=1, delta=1)
    stage.say("a", type="add", op=3, delta=10)
    stage.settle()
    assert [m["op"] for m in stage.take("a") if m["type"] == "error"] == [2]
    assert stage.room.counter.value == 11


@pytest.mark.parametrize("known", [0, 1])
def test_only_what_was_tried_may_be_missing(stage: Stage, known: int) -> None:
    stage.greet("a", ADA)
    for op in range(1, known + 1):
        stage.say("a", type="add", op=op, delta=1)
    stage.say("a", **SETTINGS, op=known + 2)
    stage.say("a", type="add", op=known + 3, delta=1)
    assert stage.closed == {"a": 1008}


def test_what_one_page_tried_is_missing_for_another(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", **SETTINGS, op=1)
    stage.say("a", type="hello", client=BOB)
    stage.say("a", type="add", op=2, delta=1)
    assert stage.closed == {"a": 1008}


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
    assert state["settings"] == {
        "title": "Hands",
        "step": 5,
        "goal": None,
        "locked": False,
        "classic": True,
        "each": None,
        "compare": None,
    }
    assert state["revision"] == 1


# --- the lab ---


def test_who_wants_to_watch_is_named_to_the_hub_and_only_after_hello(stage: Stage) -> None:
    stage.join("a")
    stage.say("a", type="watch", wire=True)
    assert stage.take("a")[-1]["code"] == "hello_first"

    stage.greet("b", BOB)
    stage.say("b", type="watch", wire=True)
    stage.say("b", type="watch", wire=False)
    assert stage.others == [Watch("b", BOB, True), Watch("b", BOB, False)]


def test_who_wants_to_be_cut_is_dropped_and_nobody_else(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.greet("b", BOB)

    stage.say("a", type="break")

    assert stage.closed == {"a": None}


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


def test_the_hosts_alone_are_told_the_notices_each_time_they_come() -> None:
    stage = Stage(notices=[Notice(code="set_aside", path="/old.db", counter=42), Notice(code="not_saved")])
    stage.join("h", local=True)
    stage.greet("b", BOB)
    for _ in range(2):
        stage.say("h", type="hello", client=ADA, host=SECRET)
        assert [m["type"] for m in stage.take("h")] == ["state", "network", "notice", "notice"]
    stage.settle()
    assert all(m["type"] != "notice" for m in stage.take("b"))


def test_the_host_sends_somebody_away_and_that_page_stays_away(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.greet("b", BOB)
    stage.say("b", type="add", op=1, delta=5)
    stage.settle()
    person = stage.take("h")[-1]["people"][1]["person"]
    stage.say("h", type="remove", person=person)
    assert stage.closed == {"b": REMOVED}
    stage.join("b2")
    stage.say("b2", type="hello", client=BOB)
    assert stage.closed == {"b": REMOVED, "b2": REMOVED}
    assert stage.room.counter.value == 5


def test_a_classic_client_can_be_sent_away_too(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.join("c", v1=False)
    stage.settle()
    person = stage.take("h")[-1]["people"][1]["person"]
    stage.say("h", type="remove", person=person)
    assert stage.closed == {"c": REMOVED}


def test_a_guest_sends_nobody_away(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.greet("b", BOB)
    stage.say("a", type="remove", person=2)
    assert stage.closed == {}
    assert [m["code"] for m in stage.take("a")] == ["not_host"]


def test_nobody_sends_the_host_away(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.say("h", type="remove", person=1)
    stage.say("h", type="remove", person=99)
    assert stage.closed == {}


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


def test_the_host_learns_at_once_that_the_journal_fails_and_once(stage: Stage) -> None:
    stage.greet("h", BOB, host=SECRET)
    stage.greet("a", ADA)
    stage.settle()
    stage.take("h")
    for op in (1, 2):
        stage.say("a", type="add", op=op, delta=1)
        stage.tick()
        stage.batches.clear()
        stage.do(stage.room.failed(stage.now))
        stage.now += RETRY_PAUSE
    told = [m for m in stage.take("h") if m["type"] == "error"]
    assert [(m["code"], m.get("op")) for m in told] == [("not_recorded", None)]
    stage.settle()
    assert stage.take("h")[-2]["counter"] == 2
    stage.say("a", type="add", op=3, delta=1)
    stage.tick()
    stage.do(stage.room.failed(stage.now))
    assert [m["code"] for m in stage.take("h") if m["type"] == "error"] == ["not_recorded"]


def test_whoever_sends_again_what_is_kept_is_told_again_that_it_is_not_recorded_yet(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=1)
    stage.tick()
    stage.batches.clear()
    stage.do(stage.room.failed(stage.now))
    stage.room.leave("a", stage.now)
    stage.greet("a2", ADA)
    stage.say("a2", type="add", op=1, delta=1)
    assert [(m["code"], m["op"]) for m in stage.take("a2")] == [("not_recorded", 1)]
    stage.settle()
    assert stage.room.counter.value == 1
    assert stage.take("a2")[-1]["ack"] == 1


def test_while_much_waits_everybody_is_read_slowly(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.core.intake, "CROWD", 3)
    stage.greet("a", ADA)
    stage.greet("b", BOB)
    for op in (1, 2):
        stage.say("a", type="add", op=op, delta=1)
        assert stage.others == []
    stage.say("a", type="add", op=3, delta=1)
    stage.say("b", type="ping", at=1)
    assert stage.others == [Pause("a", RETRY_PAUSE), Pause("b", RETRY_PAUSE)]
    stage.settle()
    stage.others.clear()
    stage.say("b", type="ping", at=1)
    assert stage.others == []
    assert stage.room.counter.value == 3


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


def test_a_classic_client_whose_messages_are_refused_is_closed_after_twenty_like_any_other(stage: Stage) -> None:
    stage.join("c", v1=False)
    for _ in range(20):
        stage.say("c", counter=2**53)
        stage.tick()
        stage.record()
    assert len(stage.take("c")) == 20
    assert stage.closed == {}
    stage.say("c", counter=2**53)
    stage.tick()
    stage.record()
    assert stage.closed == {"c": 1008}


def test_of_two_connections_of_the_page_that_the_host_removes_neither_stays(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.greet("one", BOB)
    stage.greet("two", BOB)
    stage.say("h", type="remove", person=3)
    assert stage.closed == {"one": 4003, "two": 4003}


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
    stage.wait(PING_AFTER + 1)
    assert stage.others == [Heartbeat(["a", "c"])]
    stage.room.heard("c", stage.now)
    stage.wait(5)
    assert stage.others == [Heartbeat(["a", "c"])]
    stage.wait(SILENCE_LIMIT - PING_AFTER - 5)
    assert stage.closed == {"a": None}
    stage.wait(PING_AFTER - (SILENCE_LIMIT - PING_AFTER))
    assert stage.others[1:] == [Heartbeat(["c"])]


def test_whoever_takes_nothing_for_a_minute_is_dropped(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.room.stalled("a", stage.now)
    for _ in range(4):
        stage.room.heard("a", stage.now)
        assert stage.closed == {}
        stage.wait(STALL_LIMIT / 4 + 1)
    assert stage.closed == {"a": None}


def test_after_the_machine_has_slept_everybody_is_asked_before_anybody_is_dropped(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.greet("b", BOB)
    stage.room.stalled("b", stage.now)
    stage.wait(5)
    stage.now += 3 * 3600
    stage.tick()
    assert stage.closed == {}
    assert stage.others == [Heartbeat(["a", "b"])]
    stage.room.heard("a", stage.now)
    stage.wait(SILENCE_LIMIT - PING_AFTER + 1)
    assert stage.closed == {"b": None}


def test_what_a_journal_cannot_write_is_taken_up_to_a_bound_and_then_left_with_whoever_has_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.core.intake, "LIMIT", 3)
    for key, client in (("a", ADA), ("b", BOB)):
        stage.greet(key, client)
    stage.join("c", v1=False)
    for op in (1, 2, 3):
        stage.say("a", type="add", op=op, delta=1)
    stage.tick()
    stage.do(stage.room.failed(stage.now))
    stage.say("a", type="add", op=3, delta=1)
    assert stage.closed == {}, "what was taken may be repeated"
    stage.say("a", type="add", op=4, delta=1)
    stage.say("b", type="add", op=1, delta=1)
    stage.say("c", counter=7)
    assert stage.closed == {"a": 1013, "b": 1013, "c": 1013}

    stage.batches.clear()
    stage.settle()
    assert stage.room.counter.value == 3
    assert stage.greet("a2", ADA)["ack"] == 3
    stage.say("a2", type="add", op=4, delta=1)
    stage.settle()
    assert stage.room.counter.value == 4


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
        assert all(counter.decided(client) >= acked for client, acked in self.acked.items())
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


# --- company ---


def test_the_host_alone_has_no_company() -> None:
    stage = Stage()
    assert not stage.room.has_company
    stage.join("connected, but nobody yet")
    stage.greet("h", ADA, host=SECRET)
    assert not stage.room.has_company


@pytest.mark.parametrize("other", ["guest", "screen", "classic"])
def test_a_guest_a_projector_and_a_classic_client_are_company_until_they_leave(other: str) -> None:
    stage = Stage()
    stage.greet("h", ADA, host=SECRET)
    if other == "classic":
        stage.join("o", v1=False)
    else:
        stage.greet("o", BOB, screen=other == "screen")
    assert stage.room.has_company
    stage.room.leave("o", stage.now)
    assert not stage.room.has_company


# --- what the history is told ---


def test_a_batch_says_who_asked_and_how_many_are_here(stage: Stage) -> None:
    stage.greet("a", ADA, name="Ada")
    stage.say("a", type="add", op=1, delta=1)
    stage.room.leave("a", stage.now)
    stage.join("b", v1=False)
    found = [command for later in range(3) for command in stage.room.tick(stage.now + later)]
    (record,) = [command for command in found if isinstance(command, Record)]
    assert record.present == Present(1, {ADA: Who(1, "Ada", "guest")}), "who has left since had asked all the same"


def test_the_hour_is_recorded_with_the_next_click_and_who_is_here_is_remembered(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    stage.room.hour = 77
    stage.settle()
    assert stage.room.counter.hour == 0, "nobody has clicked"
    stage.say("a", type="add", op=2, delta=1)
    stage.settle()
    assert (stage.room.counter.hour, stage.room.counter.clients[ADA].hour, stage.room.counter.value) == (77, 77, 2)


def test_what_a_projector_showed_is_over_with_the_run() -> None:
    stage = Stage(Counter(settings=Settings(compare=3, title="Hands")))
    assert stage.room.counter.settings == Settings(title="Hands")


def test_with_other_hosts_what_is_missing_may_only_not_be_known_here_yet(stage: Stage) -> None:
    """So it is no reason to turn a page out: it comes again."""
    stage.greet("a", ADA)
    stage.room.meet([Elsewhere(room="Lab", people=1)])
    stage.room.meet([])
    stage.say("a", type="add", op=3, delta=1)
    assert stage.closed == {"a": 1013}
