"""Operations on their way: none is dropped, and one batch is with the journal at a time."""

from math import inf

from desktop.core.intake import CROWD, LIMIT, RETRY_PAUSE, Intake
from desktop.core.operations import Add, Age, Set
from desktop.core.rounds import Who

ADA = "ada-0123456789-0123456789"


def click(op: int) -> Add:
    return Add(ADA, op, False, 1)


def test_what_waits_goes_to_the_journal_together() -> None:
    intake = Intake()
    intake.add(click(1))
    intake.add(click(2))
    assert intake.due(0) == 0
    assert intake.batch(0, 0) == (click(1), click(2))
    assert intake.batch(0, 0) == ()


def test_what_comes_while_the_journal_writes_waits_for_the_next_batch() -> None:
    intake = Intake()
    intake.add(click(1))
    intake.batch(0, 0)
    intake.add(click(2))
    assert intake.due(0) == inf
    assert intake.batch(0, 0) == ()
    intake.recorded(click(1), 0)
    assert intake.batch(0, 0) == (click(2),)


def test_a_batch_is_done_when_its_last_operation_has_come_back() -> None:
    intake = Intake()
    for op in (1, 2):
        intake.add(click(op))
    intake.batch(0, 0)
    intake.add(click(3))
    intake.recorded(click(1), 0)
    assert intake.batch(0, 0) == ()
    intake.recorded(click(2), 0)
    assert intake.batch(0, 0) == (click(3),)


def test_what_another_host_records_in_between_changes_nothing() -> None:
    intake = Intake()
    intake.add(click(1))
    intake.batch(0, 0)
    intake.add(click(2))
    intake.recorded(Set("~elsewhere~1", 0, False, 5), 0)
    assert intake.batch(0, 0) == ()


def test_the_newest_operation_of_a_client_is_known_until_it_is_decided() -> None:
    intake = Intake()
    assert intake.newest(ADA, 4) == 4
    intake.add(click(5))
    intake.add(click(6))
    assert intake.newest(ADA, 4) == 6
    intake.batch(0, 0)
    intake.recorded(click(5), 0)
    assert intake.newest(ADA, 5) == 6
    intake.recorded(click(6), 0)
    assert intake.newest(ADA, 6) == 6


def test_a_batch_that_failed_is_tried_again_first_and_a_second_later() -> None:
    intake = Intake()
    intake.add(click(1))
    intake.batch(10, 0)
    intake.add(click(2))
    intake.failed(10)
    assert intake.due(0) == 10 + RETRY_PAUSE
    assert intake.batch(10.5, 0) == ()
    assert intake.batch(10 + RETRY_PAUSE, 0) == (click(1), click(2))


def test_it_knows_whether_the_journal_last_failed() -> None:
    intake = Intake()
    intake.add(click(1))
    intake.batch(0, 0)
    assert not intake.failing
    intake.failed(0)
    intake.batch(1, 0)
    assert intake.failing
    intake.recorded(click(1), 0)
    assert not intake.failing


def test_what_is_with_the_journal_takes_room_too() -> None:
    intake = Intake()
    for op in range(1, CROWD):
        intake.add(click(op))
    intake.batch(0, 0)
    assert not intake.crowded
    intake.add(click(CROWD))
    assert intake.crowded
    assert not intake.full
    for op in range(CROWD + 1, LIMIT + 1):
        intake.add(click(op))
    assert intake.full
    intake.recorded(click(1), 0)
    assert not intake.full


def test_each_operation_fails_for_the_first_time_once() -> None:
    intake = Intake()
    intake.add(click(1))
    intake.batch(0, 0)
    intake.add(click(2))
    assert intake.failed(0) == [click(1)]
    intake.batch(1, 0)
    assert intake.failed(1) == [click(2)]
    intake.batch(2, 0)
    assert intake.failed(2) == []
    intake.batch(3, 0)
    intake.recorded(click(1), 0)
    intake.recorded(click(2), 0)
    intake.add(click(3))
    intake.batch(4, 0)
    assert intake.failed(4) == [click(3)]


def test_who_asked_is_known_until_it_is_recorded() -> None:
    intake, ada = Intake(), Who(1, "Ada", "guest")
    first, second = Add("ada", 1, False, 1), Add("ada", 2, False, 1)
    intake.add(first, ada)
    assert intake.batch(1.0, 1.0) == (first,)
    assert intake.who() == {"ada": ada}
    intake.add(second, ada)
    intake.recorded(first, 1.1)
    assert intake.who() == {"ada": ada}
    intake.batch(2.0, 2.0)
    intake.recorded(second, 2.1)
    assert intake.who() == {}


def test_the_hour_comes_before_what_waits_and_never_alone_or_twice_or_into_what_was_tried() -> None:
    intake, age, add = Intake(), Age("~", 0, True, 7, []), Add("ada", 1, False, 1)
    intake.age(age)
    assert intake.due(1.0) == inf
    intake.add(add)
    intake.age(age)
    intake.age(age)
    assert intake.batch(1.0, 1.0) == (age, add)
    intake.failed(1.0)
    intake.age(Age("~", 0, True, 8, []))
    assert intake.batch(9.0, 9.0) == (age, add)


def test_what_failed_and_was_recorded_after_all_is_not_given_again() -> None:
    """The journal may have recorded it, and say so only later."""
    intake = Intake()
    for op in (1, 2):
        intake.add(click(op))
    intake.batch(0, 0)
    intake.failed(0)
    intake.add(click(3))
    intake.recorded(click(1), 0.5)
    intake.recorded(click(2), 0.5)
    assert not intake.failing
    assert intake.batch(RETRY_PAUSE, 0) == (click(3),)


def test_what_was_never_given_to_the_journal_is_not_taken_for_recorded() -> None:
    """A classic client may set the same value again; only what failed may have come through."""
    intake, same = Intake(), Set("~1~1", 0, False, 7)
    intake.add(same)
    intake.batch(0, 0)
    intake.failed(0)
    intake.add(same)
    intake.recorded(same, 0.5)
    intake.recorded(same, 0.5)
    assert intake.batch(RETRY_PAUSE, 0) == (same,)


def test_what_other_hosts_record_does_not_mean_that_this_one_can() -> None:
    intake = Intake()
    intake.add(click(1))
    intake.batch(0, 0)
    intake.failed(0)
    intake.recorded(Set("~elsewhere~1", 0, False, 5), 0.5)
    assert intake.failing
    assert intake.batch(RETRY_PAUSE, 0) == (click(1),)


def test_what_fails_again_is_told_once_though_some_of_it_was_recorded() -> None:
    intake = Intake()
    for op in (1, 2):
        intake.add(click(op))
    intake.batch(0, 0)
    assert intake.failed(0) == [click(1), click(2)]
    intake.add(click(3))
    intake.batch(1, 0)
    intake.recorded(click(1), 1)
    assert intake.failed(1) == [click(3)]
