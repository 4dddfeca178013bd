"""What is told, to whom, and when."""

import tracemalloc

import pytest

from desktop.core.answers import Elsewhere
from desktop.core.commands import Send
from desktop.core.operations import Set
from desktop.core.outgoing import BEAT, FLUSH_SHARE, ROSTER_PAUSE
from tests.desktop.core.stage import ADA, BOB, SECRET, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


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
    assert len(stage.take("a")) == 1
    stage.room.flushed(stage.now, stage.now + 0.001)
    beat = stage.now + BEAT

    stage.say("a", type="add", op=2, delta=1)
    stage.tick()
    assert stage.batches == [], "recorded now, it would only wait"
    stage.now = stage.room.due()
    stage.tick()
    stage.record()
    assert stage.room.due() == pytest.approx(beat)
    stage.now = stage.room.due()
    stage.tick()
    assert [m["ack"] for m in stage.take("a")] == [2]


def test_a_beat_that_cost_much_makes_the_next_one_wait_longer(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.say("a", type="add", op=1, delta=1)
    stage.room.flushed(stage.now, stage.now + 0.1)
    assert stage.room.due() == pytest.approx(stage.now + 0.1 * (1 + FLUSH_SHARE))


@pytest.mark.parametrize(("writing", "sending"), [(0.001, 0.001), (0.004, 0.012), (0.05, 0.002)])
def test_a_busy_room_records_once_a_beat_and_in_time_for_it(stage: Stage, writing: float, sending: float) -> None:
    """Somebody clicks every millisecond, for two seconds; the journal and the network take their time."""
    stage.greet("a", ADA)
    stage.settle()
    start, clicks, recorded_at, waits = stage.now, 0, 0.0, []
    batches = beats = 0
    while (now := stage.now) < start + 2:
        while start + clicks * 0.001 <= now:
            clicks += 1
            stage.say("a", type="add", op=clicks, delta=1)
        if stage.batches and now >= recorded_at:
            stage.record()
        pending = len(stage.batches)
        stage.take("a")
        stage.tick()
        if len(stage.batches) > pending:
            batches += 1
            recorded_at = now + writing
        for state in stage.take("a"):
            beats += 1
            waits.append(now - start - (state["ack"] - 1) * 0.001)
            stage.now += sending
            stage.room.flushed(now, stage.now)
        stage.now = max(stage.now + 0.0001, min(stage.room.due(), start + clicks * 0.001))
    assert beats <= batches <= beats + 1
    cycle = max(BEAT, sending * (1 + FLUSH_SHARE), sending + writing)
    assert batches == pytest.approx(2 / cycle, rel=0.15)
    assert max(waits[20:]) < writing + 0.002, "what is sent is what was clicked just before it was recorded"


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


def test_whoever_joined_among_others_who_left_at_once_knows_how_many_are_here(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.join("b")
    stage.greet("c", BOB)
    stage.room.leave("b", stage.now)
    stage.room.leave("a", stage.now)
    stage.settle()
    assert [m["people"] for m in stage.take("c") if "people" in m][-1] == 1


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


def test_a_beat_takes_no_memory_for_each_who_listens_but_a_place_in_a_list(stage: Stage) -> None:
    listening = 1_000
    for n in range(listening):
        stage.join(f"k{n}")
    stage.greet("a", ADA)
    stage.settle()
    stage.say("a", type="add", op=1, delta=1)
    stage.tick()
    stage.record()
    tracemalloc.start()
    commands = stage.room.tick(stage.now)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(len(command.keys) for command in commands if isinstance(command, Send)) == listening + 1
    assert most < 16 * listening, "a pointer has 8 bytes, and a growing list keeps some in hand"


def test_the_host_is_told_who_is_here_and_what_they_added(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET, name="Host")
    stage.greet("b", BOB, name="Bob")
    stage.join("c", v1=False)
    stage.say("b", type="add", op=1, delta=5)
    stage.say("b", type="add", op=2, delta=-2)
    stage.settle()
    assert [m for m in stage.take("h") if m["type"] == "roster"][-1] == {
        "type": "roster",
        "people": [
            {"person": 1, "name": "Host", "added": 0, "role": "host", "classic": False},
            {"person": 2, "name": "Bob", "added": 3, "role": "guest", "classic": False},
            {"person": 3, "name": "", "added": 0, "role": "guest", "classic": True},
        ],
    }
    assert all(m["type"] != "roster" for m in stage.take("b"))


def test_a_projector_is_told_everything_and_is_nobody(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.greet("p", BOB, screen=True)
    stage.settle()
    assert [m["people"] for m in stage.take("h") if "people" in m and m["type"] == "state"][-1] == 1
    stage.say("h", type="add", op=1, delta=5)
    stage.settle()
    assert stage.take("p")[-1]["counter"] == 5
    roster = [m for m in stage.take("h") if m["type"] == "roster"][-1]
    assert [person["name"] or person["role"] for person in roster["people"]] == ["host"]
    stage.room.leave("p", stage.now)
    stage.join("x")
    stage.settle()
    assert stage.room.people == 2


def test_a_screen_that_counts_is_on_the_hosts_list_so_that_it_can_be_removed(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.greet("p", BOB, screen=True)
    stage.say("p", type="add", op=1, delta=5)
    stage.settle()
    roster = [m for m in stage.take("h") if m["type"] == "roster"][-1]
    (hidden,) = [person for person in roster["people"] if person["role"] == "guest"]
    assert hidden["added"] == 5
    stage.say("h", type="remove", person=hidden["person"])
    assert stage.closed == {"p": 4003}


def test_the_list_of_people_is_sent_now_and_then_and_only_when_it_changed(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.settle()
    stage.take("h")
    stage.settle()
    assert stage.take("h") == []
    begun = stage.now
    for n in range(20):
        stage.greet(f"k{n}", f"client-{n:02}-0123456789-0123456789")
        stage.now += 0.1
        stage.tick()
    stage.settle()
    rosters = [m for m in stage.take("h") if m["type"] == "roster"]
    assert len(rosters[-1]["people"]) == 21
    assert len(rosters) <= (stage.now - begun) / ROSTER_PAUSE + 1


def test_a_stalled_host_is_sent_no_list(stage: Stage) -> None:
    stage.greet("h", ADA, host=SECRET)
    stage.settle()
    stage.take("h")
    stage.room.stalled("h", stage.now)
    stage.join("c")
    stage.settle()
    assert stage.take("h") == []


# --- several hosts ---

ROOMS = [Elsewhere(room="Lab", people=12), Elsewhere(room="Library", people=3)]


def test_people_are_those_of_all_hosts_and_whoever_comes_is_told_so(stage: Stage) -> None:
    stage.greet("a", ADA)
    stage.settle()
    stage.take("a")
    stage.room.meet(ROOMS)
    stage.settle()
    assert [message["people"] for message in stage.take("a") if "people" in message] == [16]
    assert stage.greet("b", BOB)["people"] == 17
    assert (stage.room.people, stage.room.here) == (17, 2)
    stage.room.meet([])
    assert stage.room.people == 2


def test_the_hosts_list_names_the_other_rooms(stage: Stage) -> None:
    stage.greet("h", "host" + "H" * 20, host=SECRET)
    stage.settle()
    assert all("rooms" not in message for message in stage.take("h"))
    stage.room.meet(ROOMS)
    stage.now += ROSTER_PAUSE
    stage.settle()
    (roster,) = [message for message in stage.take("h") if message["type"] == "roster"]
    assert roster["rooms"] == [{"room": "Lab", "people": 12}, {"room": "Library", "people": 3}]


def test_news_from_other_hosts_without_end_do_not_keep_this_ones_waiting(stage: Stage) -> None:
    """They come faster than a beat; and one batch goes off with each beat all the same."""
    stage.greet("a", ADA)
    stage.room.meet(ROOMS)
    stage.settle()
    began = stage.now
    for op in range(1, 200):
        stage.do(stage.room.recorded([Set("~elsewhere~1", 0, False, op)], stage.now))
        stage.say("a", type="add", op=op, delta=1)
        if stage.room.due() <= stage.now:
            stage.tick()
            stage.room.flushed(stage.now, stage.now + 0.001)
        if stage.batches:
            stage.record()
        stage.now += 0.001
    beats = (stage.now - began) / BEAT
    acks = {message["ack"] for message in stage.take("a") if "ack" in message}
    assert 0.5 * beats < len(acks) <= beats + 1
