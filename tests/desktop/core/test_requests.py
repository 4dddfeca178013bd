"""What a page asks for, as an operation."""

import pytest

from desktop.core.operations import VALUE_LIMIT, Add, Configure, Forget, Lower, Reset, Set, SettingsChange, Title, Undo
from desktop.core.protocol import parse
from desktop.core.requests import AddRequest, OperationRequest

CLIENT = "abcDEF0123456789_-abcd"


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ('{"type":"add","op":3,"delta":2,"seen":17}', Add(CLIENT, 3, False, 2, 17)),
        ('{"delta":-2,"op":3,"type":"add","colour":"red"}', Add(CLIENT, 3, False, -2, None)),
        ('{"type":"add","op":3,"delta":2,"seen":null}', Add(CLIENT, 3, False, 2, None)),
        ('{"type":"set","op":4,"value":0}', Set(CLIENT, 4, False, 0)),
        ('{"type":"reset","op":5}', Reset(CLIENT, 5, False)),
        ('{"type":"undo","op":6}', Undo(CLIENT, 6, False)),
        (
            '{"type":"configure","op":7,"settings":{"title":"Hands","goal":null}}',
            Configure(CLIENT, 7, False, SettingsChange(title="Hands", goal=None)),
        ),
        (
            '{"type":"configure","op":7,"settings":{"each":null}}',
            Configure(CLIENT, 7, False, SettingsChange(each=None)),
        ),
        ('{"type":"lower","op":8,"voters":["somebody"]}', Lower(CLIENT, 8, False)),
        ('{"type":"title","op":8,"round":17,"title":"Hands"}', Title(CLIENT, 8, False, 17, "Hands")),
        ('{"type":"forget","op":9}', Forget(CLIENT, 9, False)),
    ],
)
def test_each_operation_is_read_as_it_is_written(text: str, operation: object) -> None:
    request = parse(text)
    assert isinstance(request, OperationRequest)
    assert request.operation(CLIENT, False) == operation


@pytest.mark.parametrize("number", [VALUE_LIMIT + 1, 2**63, 2**64, 10**400])
def test_a_number_past_all_limits_stays_past_them_but_gets_a_size_that_can_be_kept(number: int) -> None:
    request = parse(f'{{"type":"add","op":1,"delta":{number},"seen":{-number}}}')
    assert isinstance(request, AddRequest)
    assert request.operation(CLIENT, False) == Add(CLIENT, 1, False, VALUE_LIMIT + 1, -VALUE_LIMIT - 1)


@pytest.mark.parametrize(
    ("setting", "change"),
    [
        ("step", SettingsChange(step=VALUE_LIMIT + 1)),
        ("goal", SettingsChange(goal=VALUE_LIMIT + 1)),
        ("each", SettingsChange(each=VALUE_LIMIT + 1)),
    ],
)
def test_so_does_a_setting(setting: str, change: SettingsChange) -> None:
    request = parse(f'{{"type":"configure","op":1,"settings":{{"{setting}":{10**400}}}}}')
    assert isinstance(request, OperationRequest)
    assert request.operation(CLIENT, True) == Configure(CLIENT, 1, True, change)
