"""The garbage collector: survivors are frozen, and what has gone is found all the same."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from desktop.server.garbage import LEFT_LEAST, Garbage


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def garbage() -> Iterator[Garbage]:
    with Garbage() as garbage:
        yield garbage
    assert gc.get_freeze_count() == 0


def test_what_survives_a_collection_is_not_looked_at_again(garbage: Garbage) -> None:
    lasting = Cycle()
    gc.collect(1)
    frozen = gc.get_freeze_count()

    assert frozen > 0
    assert not any(found is lasting for found in gc.get_objects())


def test_the_youngest_are_not_frozen(garbage: Garbage) -> None:
    frozen = gc.get_freeze_count()
    lasting = [Cycle() for _ in range(100)]
    gc.collect(0)

    assert gc.get_freeze_count() <= frozen
    assert lasting


@pytest.mark.parametrize(("remaining", "enough"), [(0, LEFT_LEAST), (3 * LEFT_LEAST, 3 * LEFT_LEAST)])
def test_what_connections_leave_is_freed_once_enough_of_them_have_gone(
    garbage: Garbage, remaining: int, enough: int
) -> None:
    lasting = Cycle()
    gone = weakref.ref(lasting)
    gc.collect(1)
    del lasting

    for _ in range(enough - 1):
        garbage.left(remaining)
    gc.collect()
    assert gone() is not None

    garbage.left(remaining)
    assert gone() is None
    assert gc.get_freeze_count() > 0
