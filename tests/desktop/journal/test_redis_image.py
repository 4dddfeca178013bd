"""The history as one value: what it gives back, what it leaves out, and how large it may become."""

import sqlite3

import pytest

from desktop.core.counter import Counter
from desktop.core.operations import Add, AnyOperation, Reset, Title
from desktop.core.rounds import Present, Who
from desktop.journal import reading, redis_image
from desktop.journal.history import BLOCK, History

ADA, BOB = "ada-0123456789-0123456789", "bob-0123456789-0123456789"
PRESENT = Present(2, {ADA: Who(1, "Ada", "guest"), BOB: Who(2, "Bob", "guest")})


def filled(*operations: AnyOperation, each: int = 1) -> tuple[sqlite3.Connection, History]:
    db = redis_image.fresh()
    past = History(db, "epoch", Counter())
    past.begin()
    for number in range(0, len(operations), each):
        past.record(operations[number : number + each], 5_000 + number, PRESENT)
        redis_image.thin(db, 5_000 + number)
    return db, past


OPERATIONS: tuple[AnyOperation, ...] = (
    Add(ADA, 1, True, 2),
    Reset(ADA, 2, True),
    Title(ADA, 3, True, 0, "Colours"),
    Add(BOB, 1, True, 3),
)


def test_it_gives_back_the_history_and_goes_on() -> None:
    db, past = filled(*OPERATIONS)
    found, counter = redis_image.unpack(redis_image.pack(db, past.counter, {"Ada": "a", "Bob": "b"}))
    assert sorted(redis_image.tokens(found)) == ["a", "b"]
    redis_image.name(found, {"a": "Ada", "b": "Bob"})
    again = History(found, "epoch", counter)
    for one in (past, again):
        one.record([Add(ADA, 4, True, 5)], 9_000, PRESENT)
    assert reading.piece(db, -1, None) == reading.piece(found, -1, None)
    for table in ("block", "presence"):
        assert db.execute(f"SELECT * FROM {table}").fetchall() == found.execute(f"SELECT * FROM {table}").fetchall()
    assert reading.rounds(db) == reading.rounds(found)
    assert [one.title for one in reading.rounds(found)] == ["", "Colours"]
    assert reading.shares(db, 0) == reading.shares(found, 0) == [(Who(1, "Ada", "guest"), 2)]


def test_names_are_in_it_by_their_tokens_and_a_token_of_no_name_is_none() -> None:
    db, past = filled(*OPERATIONS)
    found, _ = redis_image.unpack(redis_image.pack(db, past.counter, {"Ada": "a"}))
    assert redis_image.tokens(found) == ["a"]
    redis_image.name(found, {})
    assert not reading.has_names(found)


@pytest.mark.parametrize("image", [b"", b"x", b"\x78\x9c\x03\x00\x00\x00\x00\x01"])
def test_what_is_no_image_is_a_mistake_in_it(image: bytes) -> None:
    with pytest.raises(ValueError):
        redis_image.unpack(image)


def test_only_the_newest_blocks_are_kept_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_image, "MOST_BLOCKS", 2)
    clicks = [Add(ADA, op, True, 1) for op in range(1, 8 * BLOCK)]
    db, past = filled(*clicks, each=50)
    (kept,) = db.execute("SELECT count(*) FROM change").fetchone()
    assert 2 * BLOCK <= kept < 3 * BLOCK
    assert db.execute("SELECT sum(delta) FROM change").fetchone() == (past.counter.value,)
