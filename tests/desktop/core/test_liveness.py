"""Who is given up, and after what; and that a machine which slept gives up nobody for it."""

import pytest

from desktop.core.commands import Close, Command, Heartbeat
from desktop.core.liveness import CHECK_PAUSE, PING_AFTER, SILENCE_LIMIT, STALL_LIMIT, Liveness
from desktop.core.member import Member

HOURS = 3 * 3600.0


class Watch:
    """Two members, and a clock that goes on second by second."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.members = {key: Member(key, 1, self.now, v1=True, local=False) for key in "ab"}
        self.liveness = Liveness(self.members)
        self.liveness.check(self.now)

    def wait(self, seconds: float, answering: str = "") -> list[Command]:
        """What it wants done meanwhile; `answering` are those who answer a ping."""
        commands: list[Command] = []
        until = self.now + seconds
        while self.now < until:
            self.now += CHECK_PAUSE
            found = self.liveness.check(self.now)
            commands += found
            for command in found:
                match command:
                    case Heartbeat(keys):
                        for key in set(keys) & set(answering):
                            self.hears(key)
                    case Close(key):
                        del self.members[key]
        return commands

    def hears(self, key: str) -> None:
        self.members[key].heard = self.now
        self.members[key].pinged = False


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_it_wants_to_look_once_a_second_while_somebody_is_here(watch: Watch) -> None:
    assert watch.liveness.due() == watch.now + CHECK_PAUSE
    assert watch.liveness.check(watch.now + CHECK_PAUSE / 2) == []
    watch.members.clear()
    assert watch.liveness.due() == float("inf")


def test_whoever_is_silent_is_pinged_once_and_dropped_if_that_is_not_answered(watch: Watch) -> None:
    assert watch.wait(PING_AFTER - 1) == []
    assert watch.wait(1, answering="b") == [Heartbeat(["a", "b"])]
    assert watch.wait(SILENCE_LIMIT - PING_AFTER, answering="b") == []
    assert watch.wait(1) == [Close("a", None)]
    assert watch.wait(PING_AFTER - (SILENCE_LIMIT - PING_AFTER)) == [Heartbeat(["b"])]


def test_whoever_takes_nothing_for_a_minute_is_dropped(watch: Watch) -> None:
    watch.members["a"].stalled_at = watch.now
    commands = watch.wait(STALL_LIMIT + 1, answering="ab")
    assert [command for command in commands if isinstance(command, Close)] == [Close("a", None)]


@pytest.mark.parametrize("stalled", [False, True])
def test_after_a_sleep_of_hours_everybody_is_asked_first_and_who_answers_stays(watch: Watch, stalled: bool) -> None:
    watch.wait(PING_AFTER + 1)  # asked, and not answered before the machine slept
    if stalled:
        watch.members["b"].stalled_at = watch.now
    watch.now += HOURS

    assert watch.wait(CHECK_PAUSE, answering="b") == [Heartbeat(["a", "b"])]
    assert Close("a", None) in watch.wait(SILENCE_LIMIT, answering="b")
    assert set(watch.members) == {"b"}


def test_whoever_came_after_a_long_time_with_nobody_here_is_left_alone(watch: Watch) -> None:
    watch.members.clear()
    watch.now += HOURS
    watch.members["c"] = Member("c", 2, watch.now, v1=True, local=False)

    assert watch.liveness.check(watch.now) == []
    assert watch.wait(PING_AFTER - 1) == []


def test_looks_that_are_a_little_late_change_nothing(watch: Watch) -> None:
    for _ in range(9):
        watch.now += 5
        watch.liveness.check(watch.now)
    watch.now += 5
    assert watch.liveness.check(watch.now) == [Close("a", None), Close("b", None)]
