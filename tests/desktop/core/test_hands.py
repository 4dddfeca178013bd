"""While there is a limit for each person: who is who, what each is told, and what nobody is."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from desktop.core.answers import Elsewhere
from desktop.core.counter import Counter
from desktop.core.hands import mark
from desktop.core.operations import Add, Settings
from desktop.core.protocol import ANONYMOUS
from tests.desktop.core.stage import ADA, BOB, SECRET, Stage

VOTER = "voter-0123456789-0123456789"
OTHER = "other-0123456789-0123456789"
HOST = "host-0123456789-0123456789"


def limited(each: int | None = 1) -> Stage:
    return Stage(Counter(settings=Settings(each=each)))


def states(stage: Stage, key: str) -> dict[str, Any]:
    """What the states told, put together."""
    told: dict[str, Any] = {}
    for message in stage.take(key):
        if message["type"] == "state":
            told |= message
    return told


def test_a_mark_tells_nobody_who_it_is_and_is_another_in_each_journal() -> None:
    assert mark(VOTER, "epoch") == mark(VOTER, "epoch")
    assert mark(VOTER, "epoch") != mark(OTHER, "epoch")
    assert mark(VOTER, "epoch") != mark(VOTER, "another")
    assert mark(VOTER, "x" * 500)  # whatever a journal calls itself
    assert VOTER not in mark(VOTER, "epoch")


def test_who_says_hello_is_told_their_own_hand_and_how_many_are_up() -> None:
    stage = limited(3)
    first = stage.join("a")
    assert (first["hands"], "hand" in first) == ({"up": 0, "of": 0}, False)
    assert stage.greet("b", BOB, voter=VOTER)["hand"] == 0
    stage.say("b", type="add", op=1, delta=2)
    stage.settle()
    told = states(stage, "b")
    assert (told["counter"], told["ack"], told["hand"], told["hands"]) == (2, 1, 2, {"up": 1, "of": 1})
    stage.room.leave("b", stage.now)
    assert stage.greet("reloaded", ADA, voter=VOTER)["hand"] == 2


def test_without_a_limit_nobody_hears_of_hands() -> None:
    stage = limited(None)
    stage.greet("host", HOST, host=SECRET)
    assert not {"hand", "hands"} & stage.greet("a", ADA, voter=VOTER).keys()
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    assert not {"hand", "hands"} & states(stage, "a").keys()
    (*_, roster) = (message for message in stage.take("host") if message["type"] == "roster")
    assert "gone" not in roster
    assert all("hand" not in person for person in roster["people"])


def test_all_tabs_of_a_person_are_told_and_nobody_else_is_told_whose_it_was() -> None:
    stage = limited()
    for key, client, voter in (("a", ADA, VOTER), ("tab", "tab" + ADA, VOTER), ("b", BOB, OTHER)):
        stage.greet(key, client, voter=voter)
    stage.settle()
    for key in ("a", "tab", "b"):
        stage.take(key)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    assert [states(stage, key).get("hand") for key in ("a", "tab", "b")] == [1, 1, None]


def test_one_who_raises_their_hand_costs_two_encodings_and_so_does_a_reset_of_all() -> None:
    stage = limited()
    stage.greet("host", HOST, host=SECRET)
    for number in range(50):
        stage.greet(f"{number}", f"{ADA}-{number}", voter=f"{VOTER}-{number}")
        stage.say(f"{number}", type="add", op=1, delta=1)
    stage.settle()
    stage.say("7", type="add", op=2, delta=-1)
    stage.tick()
    stage.record()
    stage.encodings = 0
    stage.now += 1
    stage.tick()
    assert stage.encodings == 3, "to 7, to all others, and the host's list"
    stage.say("host", type="reset", op=1)
    stage.settle()
    for number in range(50):
        assert states(stage, f"{number}")["hand"] == 0
    stage.say("host", type="undo", op=2)
    stage.tick()
    stage.record()
    stage.encodings = 0
    stage.now += 1
    stage.tick()
    assert stage.encodings == 4, "to the host, whose hand is up, whose is not, and the host's list"
    assert [states(stage, f"{number}")["hand"] for number in (6, 7)] == [1, 0]


def test_undo_tells_the_one_whose_hand_it_takes_back() -> None:
    stage = limited()
    stage.greet("host", HOST, host=SECRET)
    stage.greet("a", ADA, voter=VOTER)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    assert states(stage, "a")["hand"] == 1
    stage.say("host", type="undo", op=1)
    stage.settle()
    told = states(stage, "a")
    assert (told["counter"], told["hand"], told["hands"]) == (0, 0, {"up": 0, "of": 1})


def test_a_limit_set_while_they_are_here_is_told_with_what_each_has() -> None:
    stage = limited(None)
    stage.greet("host", HOST, host=SECRET)
    stage.greet("a", ADA, voter=VOTER)
    stage.say("a", type="add", op=1, delta=5)
    stage.settle()
    stage.take("a")
    stage.say("host", type="configure", op=1, settings={"each": 1})
    stage.settle()
    told = states(stage, "a")
    assert (told["settings"]["each"], told["hand"], told["hands"]) == (1, 0, {"up": 0, "of": 1})


def test_past_the_limit_is_refused_by_name_and_acknowledged() -> None:
    stage = limited()
    stage.greet("a", ADA, voter=VOTER)
    stage.greet("tab", BOB, voter=VOTER)
    stage.say("a", type="add", op=1, delta=1)
    stage.say("tab", type="add", op=1, delta=1)
    stage.say("tab", type="add", op=1, delta=1)
    stage.settle()
    messages = stage.take("tab")
    assert [(m["code"], m["op"]) for m in messages if m["type"] == "error"] == [("over_limit", 1)]
    assert [m["ack"] for m in messages if "ack" in m][-1] == 1
    assert stage.room.counter.value == 1


def test_an_outbox_that_another_page_adopts_counts_for_the_one_whose_browser_it_is() -> None:
    stage = limited()
    stage.greet("a", ADA, voter=VOTER)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    # That page has died with a click in its outbox; a later one sends it under its id, as nobody's.
    stage.room.leave("a", stage.now)
    stage.greet("later", BOB, voter=VOTER)
    stage.greet("adopter", ADA, voter=VOTER, screen=True)
    stage.say("adopter", type="add", op=2, delta=1)
    stage.settle()
    assert [m["code"] for m in stage.take("adopter") if m["type"] == "error"] == ["over_limit"]
    stage.say("adopter", type="add", op=3, delta=-1)
    stage.settle()
    assert states(stage, "later")["hand"] == 0
    assert stage.room.counter.value == 0


def test_of_how_many_are_those_who_are_here_but_hosts_and_screens_and_those_who_have_left_a_hand() -> None:
    stage = limited()
    stage.greet("host", HOST, host=SECRET, voter=OTHER)
    stage.greet("screen", "screen" + ADA, screen=True)
    stage.join("classic", v1=False)
    stage.join("silent")
    stage.greet("a", ADA, voter=VOTER)
    stage.greet("tab", BOB, voter=VOTER)
    stage.greet("nameless", "nameless" + ADA)
    stage.settle()
    assert states(stage, "screen")["hands"] == {"up": 0, "of": 2}
    stage.say("nameless", type="add", op=1, delta=1)
    stage.settle()
    stage.room.leave("nameless", stage.now)
    stage.room.leave("tab", stage.now)
    stage.settle()
    assert states(stage, "screen")["hands"] == {"up": 1, "of": 2}
    stage.room.leave("a", stage.now)
    stage.settle()
    assert states(stage, "screen")["hands"] == {"up": 1, "of": 1}


def test_who_is_a_host_now_is_no_voter_any_more() -> None:
    stage = limited()
    stage.join("a", local=True)
    stage.say("a", type="hello", client=ADA, voter=VOTER)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    stage.say("a", type="hello", client=ADA, voter=VOTER, host=SECRET)
    stage.say("a", type="add", op=2, delta=5)
    stage.settle()
    assert stage.room.counter.value == 6
    told = [message for message in stage.take("a") if message["type"] == "state"][-1]
    assert "hand" not in told
    assert told["hands"] == {"up": 1, "of": 1}


def test_the_host_sees_how_many_hands_the_gone_have_left_and_takes_them_down() -> None:
    stage = limited()
    stage.greet("host", HOST, host=SECRET)
    for key, client in (("a", ADA), ("b", BOB)):
        stage.greet(key, client, voter=f"{VOTER}-{key}")
        stage.say(key, type="add", op=1, delta=1)
    stage.settle()
    stage.room.leave("b", stage.now)
    stage.settle()
    stage.settle()
    (*_, roster) = (message for message in stage.take("host") if message["type"] == "roster")
    assert roster["gone"] == 1
    assert [person.get("hand") for person in roster["people"]] == [None, 1]
    stage.say("a", type="lower", op=2)
    stage.settle()
    assert [m["code"] for m in stage.take("a") if m["type"] == "error"] == ["not_host"]
    stage.say("host", type="lower", op=1)
    stage.settle()
    assert (stage.room.counter.value, len(stage.room.counter.hands)) == (1, 1)
    assert states(stage, "a")["hands"] == {"up": 1, "of": 1}
    stage.say("host", type="undo", op=2)
    stage.settle()
    assert stage.room.counter.value == 2


def test_who_could_not_be_written_to_gets_the_newest_hand_and_no_earlier_one() -> None:
    stage = limited(3)
    stage.greet("a", ADA, voter=VOTER)
    stage.greet("tab", BOB, voter=VOTER)
    stage.settle()
    stage.take("tab")
    stage.room.stalled("tab", stage.now)
    for op in (1, 2):
        stage.say("a", type="add", op=op, delta=1)
        stage.settle()
    assert stage.take("tab") == []
    stage.room.drained("tab", stage.now)
    stage.settle()
    assert [message.get("hand") for message in stage.take("tab")] == [2]


def test_after_a_restart_everybody_has_the_hand_they_had() -> None:
    before = limited()
    before.greet("a", ADA, voter=VOTER)
    before.say("a", type="add", op=1, delta=1)
    before.settle()
    after = Stage(msgspec.json.decode(msgspec.json.encode(before.room.counter), type=Counter))
    assert after.greet("a", BOB, voter=VOTER)["hand"] == 1
    after.say("a", type="add", op=1, delta=1)
    after.settle()
    assert [m["code"] for m in after.take("a") if m["type"] == "error"] == ["over_limit"]


def test_a_classic_client_is_told_plainly_why_it_may_only_look() -> None:
    stage = limited()
    stage.join("old", v1=False)
    stage.do(stage.room.receive("old", '{"counter": 5}', stage.now))
    stage.settle()
    assert stage.take("old") == [{"counter": 0, "error": {"code": "locked", "message": ANONYMOUS}}]


@pytest.mark.parametrize("voter", ["", "short", "x" * 65, "with space 0123456789 0123456789", 7])
def test_a_voter_that_cannot_be_one_is_malformed(voter: object) -> None:
    stage = limited()
    stage.join("a")
    stage.say("a", type="hello", client=ADA, voter=voter)
    assert [message["code"] for message in stage.take("a")] == ["malformed"]


def test_who_somebody_is_stands_in_no_message_and_not_in_what_is_kept() -> None:
    stage = limited()
    said: list[str] = []
    stage.greet("host", HOST, host=SECRET)
    stage.greet("a", ADA, voter=VOTER, name="Ada")
    stage.greet("b", BOB, voter=OTHER)
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    stage.say("host", type="reset", op=1)
    stage.say("host", type="undo", op=2)
    stage.settle()
    stage.room.leave("a", stage.now)
    stage.settle()
    stage.say("host", type="lower", op=3)
    stage.tick()
    kept = msgspec.json.encode([list(batch) for batch in stage.batches]).decode()
    stage.settle()
    said += [json.dumps(stage.take(key)) for key in ("host", "a", "b")]
    kept += msgspec.json.encode(stage.room.counter).decode()
    assert mark(VOTER, "epoch") in kept
    for secret in (VOTER, OTHER):
        assert not [text for text in [kept, *said] if secret in text]
    assert not [text for text in said if mark(VOTER, "epoch") in text]


# Each person has two tabs; what they send may come twice, and whoever goes comes again.
people = st.sampled_from("abc")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), people, st.integers(0, 1), st.sampled_from([-1, 1])),
        st.tuples(st.just("again"), people, st.integers(0, 1)),
        st.tuples(st.sampled_from(["come", "go"]), people, st.integers(0, 1)),
        st.tuples(st.sampled_from(["reset", "undo", "lower", "settle"])),
    ),
    max_size=40,
)


@given(steps)
@hypothesis_settings(deadline=None)
def test_whoever_comes_and_goes_every_page_shows_its_own_hand_and_all_show_the_same_sum(steps: list[Any]) -> None:
    stage = limited()
    stage.greet("host", HOST, host=SECRET)
    numbers: dict[str, int] = {"host": 0}
    hands: dict[str, int] = {}
    here: set[str] = set()

    def told(key: str) -> None:
        for message in stage.take(key):
            hands[key] = message.get("hand", hands.get(key, 0))

    def ask(key: str, **message: Any) -> None:
        numbers[key] = numbers.get(key, 0) + 1
        stage.say(key, op=numbers[key], **message)

    for step in steps:
        match step:
            case "come", who, tab if f"{who}{tab}" not in here:
                key = f"{who}{tab}"
                here.add(key)
                hands[key] = stage.greet(key, f"{ADA}-{key}", voter=f"{VOTER}-{who}")["hand"]
            case "go", who, tab if f"{who}{tab}" in here:
                here.remove(f"{who}{tab}")
                stage.room.leave(f"{who}{tab}", stage.now)
            case "add", who, tab, delta if f"{who}{tab}" in here:
                ask(f"{who}{tab}", type="add", delta=delta)
            case "again", who, tab if (key := f"{who}{tab}") in here and numbers.get(key):
                stage.say(key, type="add", op=numbers[key], delta=1)
            case ("settle",):
                stage.settle()
            case (kind,):
                ask("host", type=kind)
    stage.settle()
    counter = stage.room.counter
    assert counter.value == sum(counter.hands.values())
    assert set(counter.hands.values()) <= {1}
    for key in here:
        told(key)
        assert hands[key] == counter.hand(mark(f"{VOTER}-{key[0]}", "epoch"))


def test_who_is_with_another_host_is_not_gone() -> None:
    """Nobody here knows who is there: so no hand is taken down for that."""
    stage = limited()
    stage.greet("host", HOST, host=SECRET)
    stage.room.meet([Elsewhere(room="Lab", people=1)])
    stage.do(stage.room.recorded([Add("elsewhere-0123456789-01", 1, False, 1, voter=OTHER)], stage.now))
    stage.settle()
    stage.say("host", type="lower", op=1)
    stage.settle()
    assert stage.room.counter.hands == {OTHER: 1}
    assert all(not message["gone"] for message in stage.take("host") if message["type"] == "roster")
