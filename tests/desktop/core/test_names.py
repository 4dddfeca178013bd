"""What people are called, and texts that were cut through a sign."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.names import NAME_LIMIT, visible, whole

# The page's tests have the same: both sides have to agree.
CASES = json.loads((Path(__file__).parents[2] / "web" / "names.json").read_text("utf-8"))


@pytest.mark.parametrize(("text", "name"), CASES, ids=lambda text: ascii(text)[:40])
def test_a_name_is_what_can_be_seen_of_a_text(text: str, name: str) -> None:
    assert visible(text) == name


@given(st.text(st.characters(), max_size=100))
def test_whatever_the_text_its_name_is_short_and_has_nothing_hidden(text: str) -> None:
    name = visible(text)
    assert len(name) <= NAME_LIMIT
    assert name == name.strip()
    assert not {unicodedata.category(sign) for sign in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert visible(name) == name


@pytest.mark.parametrize(
    ("json_text", "mended"),
    [
        (r'"Ada"', "Ada"),
        (r'"\ud83d\ude00"', "😀"),
        (r'"x\ud83d"', "x\ufffd"),
        (r'"\uDE00x"', "\ufffdx"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (r'"\ud83d\u0041"', "\ufffdA"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\\\ud83d\n"', "\\\ufffd\n"),
        (r'"\udc00\ud800"', "\ufffd\ufffd"),
    ],
)
def test_half_a_pair_is_replaced_and_nothing_else(json_text: str, mended: str) -> None:
    assert json.loads(whole(json_text)) == mended
