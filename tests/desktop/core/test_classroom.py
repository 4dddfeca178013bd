"""Who takes part in a lesson, what they may ask, and what they are told of it, as scripts on the room."""

from typing import Any

import pytest

from desktop.core.commands import Bots, Command
from desktop.core.lesson import HALF, LAST, REST, SHOWN
from desktop.core.outgoing import BEAT
from tests.desktop.core.stage import ADA, BOB, SECRET, Stage

HOST = "host-0123456789-0123456789"


@pytest.fixture
def stage() -> Stage:
    """A host, Ada and Bob, who have heard all there is."""
    stage = Stage()
    stage.greet("h", HOST, host=SECRET)
    stage.greet("a", ADA)
    stage.greet("b", BOB)
    stage.settle()
    for key in "hab":
        stage.take(key)
    return stage


def start(stage: Stage, **more: Any) -> None:
    stage.say("h", type="lesson", do="start", **more)
    beat(stage)


def bots(stage: Stage) -> list[Command]:
    return [command for command in stage.others if isinstance(command, Bots)]


def beat(stage: Stage) -> None:
    stage.now += BEAT
    stage.tick()


def heard(stage: Stage, key: str) -> list[dict[str, Any]]:
    return [message for message in stage.take(key) if message["type"] == "lesson"]


def taps(stage: Stage, key: str, half: int, made: int, lesson: int = 1, **more: Any) -> None:
    stage.say(key, type="taps", lesson=lesson, half=half, made=made, **more)


def number(counter: int, seen: int = 0, at: float = 0) -> dict[str, float]:
    return {"counter": counter, "seen": seen, "at": at}


def test_the_host_starts_it_for_everybody_here(stage: Stage) -> None:
    start(stage, bots=4)
    assert bots(stage) == [Bots(4)]
    for key in "hab":
        (told,) = heard(stage, key)
        assert (told["stage"], told["seconds"], told["counter"], told["halves"]) == ("one", HALF, 0, [[[0, 0]]] * 2)


@pytest.mark.parametrize("do", ["start", "stop", "bots"])
def test_nobody_else_does(stage: Stage, do: str) -> None:
    stage.say("a", type="lesson", do=do)
    assert [message["code"] for message in stage.take("a")] == ["not_host"]
    start(stage)
    stage.take("a")
    stage.say("a", type="lesson", do=do)
    assert [message["code"] for message in stage.take("a")] == ["not_host"]
    assert bots(stage) == [Bots(0)]


def test_who_has_not_said_who_they_are_takes_no_part(stage: Stage) -> None:
    stage.join("x")
    for message in ({"type": "lesson", "do": "look"}, {"type": "taps", "lesson": 1, "half": 1, "made": 1}):
        stage.say("x", **message)
        assert [told["code"] for told in stage.take("x")] == ["hello_first"]
    start(stage)
    assert heard(stage, "x") == []


def test_who_asks_to_look_is_told_whatever_there_is(stage: Stage) -> None:
    stage.say("a", type="lesson", do="look")
    assert heard(stage, "a") == [{"type": "lesson", "lesson": 0, "stage": "over"}]
    start(stage)
    stage.take("a")
    stage.say("a", type="lesson", do="look")
    assert [(told["lesson"], told["stage"], told["ack"]) for told in heard(stage, "a")] == [(1, "one", 0)]


def test_a_second_start_leaves_the_one_that_there_is_until_its_figures_are_shown(stage: Stage) -> None:
    start(stage)
    stage.take("h")
    start(stage)
    assert [told["lesson"] for told in heard(stage, "h")] == [1]
    stage.now += HALF + REST + HALF + LAST
    stage.tick()
    assert heard(stage, "h")[0]["stage"] == "end"
    start(stage)
    assert [told["lesson"] for told in heard(stage, "h")] == [2]


def test_the_last_number_wins_and_is_told_to_all_in_one_encoding(stage: Stage) -> None:
    start(stage)
    heard(stage, "b")
    before = stage.encodings
    taps(stage, "a", 1, 2, set=number(2))
    taps(stage, "b", 1, 1, set=number(1))
    beat(stage)
    assert stage.encodings == before + 1
    assert heard(stage, "b") == [{"type": "lesson", "lesson": 1, "counter": 1, "revision": 2}]


def test_additions_are_acknowledged_to_who_made_them(stage: Stage) -> None:
    start(stage)
    stage.now += HALF + REST
    beat(stage)
    for key in "ab":
        stage.take(key)
    taps(stage, "a", 2, 3, add={"op": 1, "delta": 3})
    taps(stage, "a", 2, 3, add={"op": 1, "delta": 3})
    beat(stage)
    assert [told.get("ack") for told in heard(stage, "a")] == [1]
    assert [(told["counter"], "ack" in told) for told in heard(stage, "b")] == [(3, False)]


def test_what_is_of_another_lesson_says_nothing(stage: Stage) -> None:
    taps(stage, "a", 1, 5, set=number(5))
    start(stage)
    stage.take("b")
    taps(stage, "a", 1, 5, lesson=2, set=number(5))
    beat(stage)
    assert heard(stage, "b") == []


def test_how_it_grows_is_told_with_each_sample(stage: Stage) -> None:
    start(stage)
    taps(stage, "a", 1, 4, set=number(4))
    stage.now += HALF / 80
    stage.tick()
    told = heard(stage, "b")[-1]
    assert (told["stage"], told["point"]) == ("one", [1, 1, 4, 4])
    assert told["left"] == pytest.approx(1_000 * HALF * 79 / 80, abs=20)


def test_at_the_end_everybody_is_told_all_and_what_became_of_their_own(stage: Stage) -> None:
    start(stage, bots=2)
    taps(stage, "a", 1, 1, set=number(1, at=10))
    stage.now += 0.05
    taps(stage, "b", 1, 1, set=number(1, at=20))
    taps(stage, "b", 1, 1, told={"revision": 1, "at": 80})
    stage.now += HALF + REST
    stage.tick()
    taps(stage, "b", 2, 6, add={"op": 1, "delta": 6})
    stage.now += HALF + LAST
    stage.tick()
    whole, mine = heard(stage, "b")[-2:]
    assert (whole["stage"], whole["people"], whole["bots"]) == ("end", 2, 0)
    assert [points[-1] for points in whole["halves"]] == [[2, 1], [6, 6]]
    assert (whole["where"]["before"], whole["where"]["after"], whole["where"]["told"]) == (0, 1, 80)
    assert mine["mine"] == [[1, 0], [6, 6]]
    assert bots(stage) == [Bots(2), Bots(0)]


def test_the_counter_and_its_journal_know_nothing_of_it(stage: Stage) -> None:
    stage.say("a", type="add", op=1, delta=42)
    stage.settle()
    state = (stage.room.counter.value, stage.room.counter.revision, stage.room.counter.settings)
    start(stage)
    taps(stage, "a", 1, 9, set=number(9))
    stage.now += HALF + REST
    stage.tick()
    taps(stage, "a", 2, 9, add={"op": 1, "delta": 9})
    stage.now += HALF + LAST + SHOWN
    stage.tick()
    assert not stage.batches
    assert (stage.room.counter.value, stage.room.counter.revision, stage.room.counter.settings) == state


def test_the_counter_goes_on_beside_it(stage: Stage) -> None:
    start(stage)
    stage.say("a", type="add", op=1, delta=5)
    stage.settle()
    assert [m["counter"] for m in stage.take("b") if m["type"] == "state"] == [5]


def test_who_comes_late_and_who_comes_back_find_it(stage: Stage) -> None:
    start(stage)
    taps(stage, "a", 1, 2, set=number(2))
    stage.room.leave("a", stage.now)
    stage.join("a2")
    stage.say("a2", type="hello", client=ADA)
    (told,) = heard(stage, "a2")
    assert (told["lesson"], told["stage"], told["counter"], told["ack"]) == (1, "one", 2, 0)


def test_it_ends_by_itself_when_the_host_has_left(stage: Stage) -> None:
    start(stage, bots=3)
    stage.room.leave("h", stage.now)
    stage.take("a")
    stage.now += HALF + REST + HALF + LAST
    stage.tick()
    stage.now += SHOWN
    stage.tick()
    assert heard(stage, "a")[-1]["stage"] == "over"
    assert bots(stage)[-1] == Bots(0)


def test_the_host_stops_it_and_may_from_another_page_of_theirs(stage: Stage) -> None:
    start(stage, bots=3)
    stage.room.leave("h", stage.now)
    stage.greet("h2", HOST.replace("host", "next"), host=SECRET)
    stage.say("h2", type="lesson", do="stop")
    beat(stage)
    assert heard(stage, "a")[-1] == {"type": "lesson", "lesson": 1, "stage": "over"}
    assert bots(stage) == [Bots(3), Bots(0)]
    stage.say("h2", type="lesson", do="stop")
    assert heard(stage, "h2")[-1]["stage"] == "over"


def test_bots_are_changed_while_it_runs(stage: Stage) -> None:
    start(stage)
    stage.say("h", type="lesson", do="bots", bots=7)
    assert bots(stage) == [Bots(0), Bots(7)]
    stage.now += HALF + REST + HALF + LAST
    stage.tick()
    stage.say("h", type="lesson", do="bots", bots=9)
    assert bots(stage)[2:] == [Bots(0)]


def test_a_bot_is_told_all_and_is_nobody(stage: Stage) -> None:
    people = stage.room.people
    start(stage, bots=1)
    stage.sent["x"] = []
    stage.do([stage.room.join("x", stage.now, v1=True, local=True, bot=True)])
    stage.say("x", type="hello", client="bot-0123456789-0123456789")
    taps(stage, "x", 1, 1, set=number(1))
    stage.settle()
    assert heard(stage, "x")[-1]["counter"] == 1
    assert stage.room.people == people
    rosters = [message for message in stage.take("h") if message["type"] == "roster"]
    assert all(len(roster["people"]) == people for roster in rosters)
    stage.now += HALF + REST + HALF + LAST
    stage.tick()
    end = next(told for told in heard(stage, "a") if told.get("stage") == "end")
    assert (end["people"], end["bots"]) == (0, 1)


def test_somebody_slow_gets_all_there_is_later_never_a_backlog(stage: Stage) -> None:
    start(stage)
    stage.take("b")
    stage.room.stalled("b", stage.now)
    for made in range(1, 6):
        taps(stage, "a", 1, made, set=number(made, seen=made - 1))
        beat(stage)
    assert heard(stage, "b") == []
    stage.room.drained("b", stage.now)
    assert stage.room.due() <= stage.now + BEAT
    beat(stage)
    (told,) = heard(stage, "b")
    assert (told["counter"], "halves" in told, "ack" in told) == (5, True, True)


def test_an_ack_for_somebody_slow_is_not_lost(stage: Stage) -> None:
    start(stage)
    stage.now += HALF + REST
    stage.tick()
    stage.take("b")
    taps(stage, "b", 2, 1, add={"op": 1, "delta": 1})
    stage.room.stalled("b", stage.now)
    beat(stage)
    stage.room.drained("b", stage.now)
    beat(stage)
    assert heard(stage, "b")[-1]["ack"] == 1


def test_a_thousand_people_are_told_in_one_encoding(stage: Stage) -> None:
    for person in range(1_000):
        stage.greet(f"p{person}", f"person-{person:020}")
    stage.settle()
    start(stage)
    for person in range(1_000):
        taps(stage, f"p{person}", 1, 1, set=number(1))
    encodings, writes = stage.encodings, stage.writes
    beat(stage)
    assert (stage.encodings - encodings, stage.writes - writes) == (1, 1_003)


def test_what_is_malformed_is_said_to_be_and_disturbs_no_operation(stage: Stage) -> None:
    start(stage)
    stage.take("a")
    taps(stage, "a", 3, 1, op=1)
    assert [message["code"] for message in stage.take("a")] == ["malformed"]
    stage.say("a", type="add", op=1, delta=1)
    stage.settle()
    assert stage.room.counter.value == 1


def test_too_many_taps_are_too_many_messages(stage: Stage) -> None:
    start(stage)
    for _ in range(1_000):
        stage.now += 0.01
        if "a" not in stage.closed:
            taps(stage, "a", 1, 1)
    assert stage.closed == {"a": 1008}
