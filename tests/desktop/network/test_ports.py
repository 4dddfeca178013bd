"""Which ports are tried, and which never."""

import pytest

from desktop.network.ports import ANY, BLOCKED, candidates, from_on


@pytest.mark.parametrize("port", [1, 7, 9, 22, 6000, 6665, 6669, 10080])
def test_what_browsers_refuse_is_never_tried(port: int) -> None:
    assert port in BLOCKED
    assert port not in candidates(port)


@pytest.mark.parametrize("port", [ANY, 80, 443, 5000, 5900, 8000, 8080, 10081, 65_535])
def test_what_browsers_open_is_not_refused(port: int) -> None:
    assert port not in BLOCKED


def test_the_last_one_comes_first_and_any_at_the_end_and_each_once() -> None:
    assert list(candidates()) == [*range(8000, 8020), ANY]
    assert list(candidates(8005, 9000)) == [8005, 9000, *(p for p in range(8000, 8020) if p != 8005), ANY]


def test_there_is_none_after_the_last() -> None:
    assert list(from_on(65_530)) == list(range(65_530, 65_536))
