"""What a page says in a lesson, and what of it is not taken."""

import json
from typing import Any

import pytest

from desktop.core.lesson import HALF
from desktop.core.protocol import Code, ProtocolError, parse
from desktop.core.taps import BOTS_LIMIT, TAPS_LIMIT, Addition, LastSet, Lesson, Taps, Told

START: dict[str, Any] = {"type": "lesson", "do": "start"}
TAPS: dict[str, Any] = {"type": "taps", "lesson": 1, "half": 1, "made": 3}


def parsed(**message: Any) -> object:
    return parse(json.dumps(message))


def test_what_is_asked_of_a_lesson() -> None:
    assert parsed(**START) == Lesson("start", 0, HALF)
    assert parsed(**START, bots=BOTS_LIMIT, seconds=5, more=1) == Lesson("start", BOTS_LIMIT, 5)
    assert parsed(type="lesson", do="look") == Lesson("look")


def test_what_is_tapped() -> None:
    assert parsed(**TAPS) == Taps(1, 1, 3)
    told = {"revision": 2, "at": 1.5}
    assert parsed(**TAPS, set={"counter": 4, "seen": 2, "at": 7}, told=told) == Taps(
        1, 1, 3, set=LastSet(4, 2, 7), told=Told(2, 1.5)
    )
    assert parsed(**TAPS | {"half": 2}, add={"op": 1, "delta": 2}) == Taps(1, 2, 3, add=Addition(1, 2))


@pytest.mark.parametrize(
    "message",
    [
        {"type": "lesson"},
        START | {"do": "end"},
        START | {"bots": BOTS_LIMIT + 1},
        START | {"bots": -1},
        START | {"bots": True},
        START | {"seconds": 1.9},
        START | {"seconds": 61},
        START | {"seconds": "5"},
        {"type": "taps"},
        TAPS | {"lesson": "1"},
        TAPS | {"half": 3},
        TAPS | {"half": None},
        TAPS | {"made": -1},
        TAPS | {"made": TAPS_LIMIT + 1},
        TAPS | {"made": 1.5},
        TAPS | {"set": {"counter": -1, "seen": 0, "at": 0}},
        TAPS | {"set": {"counter": 2**53, "seen": 0, "at": 0}},
        TAPS | {"set": {"counter": 1, "seen": -1, "at": 0}},
        TAPS | {"set": {"counter": 1, "seen": 0, "at": -1}},
        TAPS | {"set": {"counter": 1}},
        TAPS | {"told": {"revision": 1}},
        TAPS | {"add": {"op": 0, "delta": 1}},
        TAPS | {"add": {"op": 1, "delta": 0}},
        TAPS | {"add": {"op": 1, "delta": TAPS_LIMIT + 1}},
        TAPS | {"add": 5},
    ],
)
def test_what_is_not_taken_is_malformed(message: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as caught:
        parsed(**message)
    assert (caught.value.code, caught.value.op) == (Code.MALFORMED, 0)
