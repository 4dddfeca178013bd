"""What waits to be shown: merged where it may be, never more than so many, and in so many bytes."""

from math import inf

import msgspec

from desktop.core.reel import BUSY, CALM, LIMIT, SOON, Event, Reel


def others(at: float, count: int = 1) -> Event:
    return Event(what="others", at=at, until=at + 0.001, source="page", count=count)


def taken(reel: Reel, now: float = 0.0, most: int = 1_000_000) -> list[dict[str, object]]:
    return [msgspec.json.decode(event) for event in reel.take(most, now)]


def test_what_others_do_is_merged_and_says_how_many_it_was() -> None:
    reel = Reel()
    for beat in range(5):
        reel.add(others(float(beat), 3), float(beat), "others")
        reel.add(Event(what="journal", at=beat + 0.5, operations=3, ms=1.5), beat + 0.5, "journal")

    assert taken(reel) == [
        {"what": "others", "at": 0.0, "until": 4.001, "from": "page", "count": 15},
        {"what": "journal", "at": 0.5, "until": 4.5, "count": 5, "operations": 15, "ms": 1.5},
    ]


def test_nothing_is_merged_over_something_of_the_page_s_own() -> None:
    reel = Reel()
    reel.add(others(1.0), 1.0, "others")
    reel.add(Event(what="frame", at=2.0, source="page", frame=b"\x81\x00"), 2.0)
    reel.add(others(3.0), 3.0, "others")

    assert [event["what"] for event in taken(reel)] == ["others", "frame", "others"]


def test_what_was_taken_is_merged_with_nothing() -> None:
    reel = Reel()
    reel.add(others(1.0), 1.0, "others")
    taken(reel)
    reel.add(others(2.0), 2.0, "others")

    assert len(taken(reel)) == 1


def test_the_page_s_own_is_due_soon_and_what_others_do_later_the_more_of_it_there_is() -> None:
    reel = Reel()
    assert reel.due() == inf

    reel.add(others(1.0), 1.0, "others")
    assert reel.due() == 1.0 + CALM
    taken(reel, 1.2)
    reel.add(others(1.21), 1.21, "others")
    assert reel.due() == 1.21 + BUSY
    reel.add(Event(what="frame", at=1.5), 1.5)
    assert reel.due() == 1.21 + SOON


def test_who_takes_too_slowly_reads_how_many_are_missing_and_where() -> None:
    reel = Reel()
    for number in range(LIMIT + 30):
        reel.add(Event(what="frame", at=float(number), count=2), float(number))

    found = taken(reel)

    assert len(found) == LIMIT + 1
    assert found[-1] == {"what": "gap", "at": float(LIMIT), "until": float(LIMIT + 29), "count": 60}
    reel.add(Event(what="frame", at=1e6), 1e6)
    assert [event["what"] for event in taken(reel)] == ["frame"]


def test_a_message_has_room_for_so_much_and_for_one_event_in_any_case() -> None:
    reel = Reel()
    for number in range(3):
        reel.add(Event(what="frame", at=float(number), frame=bytes(1_000)), 0.0)

    assert [event["at"] for event in taken(reel, most=3_000)] == [0.0, 1.0]
    assert [event["at"] for event in taken(reel, most=10)] == [2.0]
    assert taken(reel) == []
