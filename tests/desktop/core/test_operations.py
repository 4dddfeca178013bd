"""What the counter can be asked to do, and its settings, as they are kept."""

import msgspec
import pytest

from desktop.core.operations import (
    COMPARE_LIMIT,
    EACH_LIMIT,
    STEP_LIMIT,
    TITLE_LIMIT,
    VALUE_LIMIT,
    Add,
    Age,
    AnyOperation,
    Configure,
    Forget,
    Lower,
    Reset,
    Set,
    Settings,
    SettingsChange,
    Title,
    Undo,
    valid,
)


def test_operations_survive_the_journal_as_they_are() -> None:
    script: list[AnyOperation] = [
        Add("a", 1, False, 2, 17, "somebody"),
        Set("a", 2, True, -5),
        Reset("a", 3, True),
        Undo("a", 4, True),
        Configure("a", 5, True, SettingsChange(title="Hands", goal=None)),
        Lower("a", 6, True, ["somebody"]),
        Title("a", 7, True, 0, "Hands"),
        Forget("a", 8, True),
        Age("~", 0, True, 490_000, ["a"]),
    ]
    assert msgspec.json.decode(msgspec.json.encode(script), type=list[AnyOperation]) == script


def test_an_addition_that_an_earlier_program_kept_is_read() -> None:
    assert msgspec.json.decode(b'["add","a",1,false,2,null]', type=AnyOperation) == Add("a", 1, False, 2)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(title="x" * TITLE_LIMIT, step=STEP_LIMIT, goal=-VALUE_LIMIT, each=EACH_LIMIT, compare=COMPARE_LIMIT),
        Settings(step=1, goal=VALUE_LIMIT, each=1, compare=2),
    ],
)
def test_settings_at_their_limits_are_valid(settings: Settings) -> None:
    assert valid(settings)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(title="x" * (TITLE_LIMIT + 1)),
        Settings(step=0),
        Settings(step=STEP_LIMIT + 1),
        Settings(goal=VALUE_LIMIT + 1),
        Settings(goal=-VALUE_LIMIT - 1),
        Settings(each=0),
        Settings(each=EACH_LIMIT + 1),
        Settings(compare=1),
        Settings(compare=COMPARE_LIMIT + 1),
    ],
)
def test_settings_past_them_are_not(settings: Settings) -> None:
    assert not valid(settings)
