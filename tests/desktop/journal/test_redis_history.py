"""What an entry is, and what follows on what; the history of a real Redis is in test_redis.py."""

import pytest

from desktop.core.answers import Notice
from desktop.core.operations import Add
from desktop.journal.redis_history import at, entry, went_back

ADD = b'[["add","ada",1,false,5,null]]'


def test_an_entry_has_its_number_its_name_and_what_was_before() -> None:
    found = entry((b"12-0", {b"b": b"host:3", b"p": b"other:9", b"o": ADD}))
    assert (found.last, found.name, found.before, list(found.operations)) == (
        12,
        "host:3",
        "other:9",
        [Add("ada", 1, False, 5)],
    )
    assert found.follows(11, "other:9")
    assert not found.follows(11, "other:8")
    assert not found.follows(10, "other:9")


def test_a_history_begins_with_an_entry_of_nothing() -> None:
    found = entry((b"0-1", {b"b": b"the epoch"}))
    assert (found.last, found.name, list(found.operations)) == (0, "the epoch", [])
    assert (at(0), at(12)) == ("0-1", "12-0")


@pytest.mark.parametrize("content", [b"", b"{", b'[["multiply"]]', b'[["add","ada",1]]'])
def test_what_no_program_like_this_has_written_is_a_mistake_in_it(content: bytes) -> None:
    with pytest.raises(ValueError):
        entry((b"1-0", {b"b": b"x", b"p": b"y", b"o": content}))


def test_the_host_is_told_what_the_number_goes_on_from() -> None:
    assert went_back(42) == [Notice(code="went_back", counter=42)]
