"""How far a host has come, and who waits for what; what is read of a real Redis is in test_redis.py."""

from concurrent.futures import Future

import pytest

from desktop.core.counter import Counter
from desktop.journal import JournalError, Kept
from desktop.journal.redis_reader import Place, Presence, presence, told


@pytest.fixture
def place() -> Place:
    place = Place()
    place.move(Kept("one", Counter(), 3), "host:1")
    return place


def expected(place: Place, number: int, epoch: str = "one") -> "Future[None]":
    future: Future[None] = Future()
    place.expect(epoch, number, future)
    return future


def test_whoever_waits_hears_once_it_is_delivered(place: Place) -> None:
    later, sooner = expected(place, 7), expected(place, 5)
    place.reached(5, "host:2")
    assert (sooner.done(), later.done()) == (True, False)
    place.reached(7, "host:3")
    assert later.result() is None


def test_what_is_delivered_already_is_done(place: Place) -> None:
    assert expected(place, 3).done()


def test_in_another_history_nobody_waits_for_the_old_one(place: Place) -> None:
    waiting = expected(place, 5)
    place.move(Kept("two", Counter(value=9), 0), "two")
    assert waiting.result() is None
    assert expected(place, 5, "one").done()
    assert (place.epoch, place.last, place.name) == ("two", 0, "two")
    assert place.seen is not None and place.seen.value == 9


def test_what_can_not_be_read_now_fails(place: Place) -> None:
    waiting = expected(place, 5)
    place.fail(JournalError("It is gone."))
    with pytest.raises(JournalError, match="It is gone"):
        waiting.result()


def test_what_a_host_says_of_itself_is_understood() -> None:
    one = Presence(room="Salle 204", people=30, epoch="one", read=17)
    assert presence(told(one)) == one
