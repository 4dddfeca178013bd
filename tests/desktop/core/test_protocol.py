"""The wire: what is understood, and by which name everything else is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.counter import VALUE_LIMIT, Add, Configure, Forget, Lower, Reset, Set, SettingsChange, Title, Undo
from desktop.core.protocol import (
    AddRequest,
    Break,
    Code,
    Hello,
    OperationRequest,
    Ping,
    ProtocolError,
    Watch,
    parse,
    parse_classic,
)

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


def test_hello_and_ping_are_read_as_they_are_written() -> None:
    assert parse(f'{{"type":"hello","client":"{CLIENT}"}}') == Hello(CLIENT)
    assert parse(f'{{"type":"hello","client":"{CLIENT}","name":"Ada","host":"s"}}') == Hello(CLIENT, "Ada", "s")
    said = parse(f'{{"type":"hello","client":"{CLIENT}","voter":"{CLIENT}-too"}}')
    assert said == Hello(CLIENT, voter=f"{CLIENT}-too")
    assert parse('{"type":"ping","at":123.4}') == Ping(123.4)
    assert parse('{"type":"ping","at":5}') == Ping(5)


@pytest.mark.parametrize("number", [VALUE_LIMIT + 1, 2**63, 2**64, 10**400])
def test_a_number_past_all_limits_stays_past_them_but_gets_a_size_that_can_be_kept(number: int) -> None:
    request = parse(f'{{"type":"add","op":1,"delta":{number},"seen":{-number}}}')
    assert isinstance(request, AddRequest)
    assert request.operation(CLIENT, False) == Add(CLIENT, 1, False, VALUE_LIMIT + 1, -VALUE_LIMIT - 1)
    assert parse_classic(f'{{"counter":{-number}}}') == -VALUE_LIMIT - 1


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


MALFORMED = [
    "",
    "nope",
    "5",
    "[1]",
    "null",
    "{}",
    '{"type":5}',
    '{"type":"add","op":1}',
    '{"type":"add","delta":1}',
    '{"type":"add","op":0,"delta":1}',
    '{"type":"add","op":-1,"delta":1}',
    '{"type":"add","op":true,"delta":1}',
    '{"type":"add","op":1.0,"delta":1}',
    '{"type":"add","op":"1","delta":1}',
    f'{{"type":"add","op":{2**53},"delta":1}}',
    f'{{"type":"add","op":{2**63},"delta":1}}',
    '{"type":"add","op":1,"delta":1.5}',
    '{"type":"add","op":1,"delta":1e3}',
    '{"type":"add","op":1,"delta":NaN}',
    '{"type":"add","op":1,"delta":true}',
    '{"type":"add","op":1,"delta":null}',
    '{"type":"add","op":1,"delta":1}{}',
    '{"type":"set","op":1,"value":"0"}',
    '{"type":"configure","op":1}',
    '{"type":"configure","op":1,"settings":[]}',
    '{"type":"configure","op":1,"settings":{"step":true}}',
    '{"type":"configure","op":1,"settings":{"step":null}}',
    '{"type":"configure","op":1,"settings":{"locked":1}}',
    '{"type":"configure","op":1,"settings":{"each":true}}',
    '{"type":"configure","op":1,"settings":{"each":1.5}}',
    '{"type":"lower"}',
    '{"type":"configure","op":1,"settings":{"title":null}}',
    '{"type":"watch"}',
    '{"type":"watch","wire":1}',
    '{"type":"ping"}',
    '{"type":"ping","at":"now"}',
    '{"type":"ping","at":1e400}',
    '{"type":"hello"}',
    '{"type":"hello","client":"short"}',
    f'{{"type":"hello","client":"{"x" * 65}"}}',
    f'{{"type":"hello","client":"{CLIENT}\\n"}}',
    f'{{"type":"hello","client":"{CLIENT}é"}}',
    f'{{"type":"hello","client":"{CLIENT}\\ud800"}}',
    f'{{"type":"hello","client":"{CLIENT}","host":1}}',
    f'{{"type":"hello","client":"{CLIENT}","voter":"short"}}',
    f'{{"type":"hello","client":"{CLIENT}","voter":1}}',
    "[" * 4096,
    '{"type":' + "[" * 4000,
]


def test_so_are_watch_and_break() -> None:
    assert [parse('{"type":"watch","wire":true}'), parse('{"type":"break","x":1}')] == [Watch(True), Break()]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_malformed_is_called_so(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(text)
    assert refused.value.code is Code.MALFORMED
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 200


def test_what_is_nested_too_deeply_for_this_python_is_malformed_and_else_a_key_like_any_that_is_unknown() -> None:
    """Some Pythons count no more than 1,000 levels, some more than a message has."""
    known = f'{{"type":"hello","client":"{CLIENT}"'
    try:
        found = parse(f'{known},"x":{"[" * 2000}{"]" * 2000}}}')
    except ProtocolError as refused:
        assert refused.code is Code.MALFORMED
    else:
        assert found == parse(known + "}")


@pytest.mark.parametrize("kind", ["nope", "", "state", "Add", "x" * 4000])
def test_a_type_that_nobody_has_heard_of_is_called_so(kind: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(json.dumps({"type": kind, "op": 1}))
    assert refused.value.code is Code.UNKNOWN_TYPE
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", ["", "5", "[1]", "{}", '{"count":1}', "{", '{"counter":}'])
def test_a_classic_message_without_a_counter_is_malformed(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_classic(text)
    assert refused.value.code is Code.MALFORMED


@pytest.mark.parametrize(
    "number",
    [
        "6.5",
        "1e-1",
        "-0.1",
        "true",
        "null",
        '"6"',
        '"6.0"',
        "[6]",
        "{}",
        "NaN",
        "Infinity",
        "06",
        "6.",
        "+6",
        "0x6",
        "6n",
    ],
)
def test_so_is_one_whose_counter_is_no_whole_number(number: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_classic(f'{{"counter":{number}}}')
    assert refused.value.code is Code.MALFORMED
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("6", 6),
        ("6.0", 6),
        ("6.000", 6),
        ("6e0", 6),
        ("1e3", 1_000),
        ("1E+3", 1_000),
        ("60e-1", 6),
        ("-6.0", -6),
        ("-0.0", 0),
        (f"{VALUE_LIMIT}.0", VALUE_LIMIT),
        ("9007199254740992.0", VALUE_LIMIT + 1),
        ("1e300", VALUE_LIMIT + 1),
        ("-1e400", -VALUE_LIMIT - 1),
    ],
)
def test_a_classic_number_that_is_whole_is_one_however_it_is_written(written: str, number: int) -> None:
    value = parse_classic(f'{{"counter":{written}}}')
    assert (value, type(value)) == (number, int)


@pytest.mark.parametrize(
    ("text", "name"), [(r"\ud83d", "\ufffd"), (r"Ada\ude00", "Ada\ufffd"), ("x" * 3_000, "x" * 3_000)]
)
def test_a_name_is_never_refused(text: str, name: str) -> None:
    assert parse(f'{{"type":"hello","client":"{CLIENT}","name":"{text}"}}') == Hello(CLIENT, name)
    assert parse(f'{{"type":"hello","client":"{CLIENT}","name":null}}') == Hello(CLIENT)
    assert parse(f'{{"type":"hello","client":"{CLIENT}","name":[]}}') == Hello(CLIENT, [])


def test_half_a_pair_is_no_reason_to_refuse_anything() -> None:
    request = parse(r'{"type":"configure","op":1,"settings":{"title":"Laps \ud83c"},"colour":"\udfff"}')
    assert isinstance(request, OperationRequest)
    assert request.operation(CLIENT, True) == Configure(CLIENT, 1, True, SettingsChange(title="Laps \ufffd"))
    assert parse_classic(r'{"counter":5,"name":"\ud83d"}') == 5


@pytest.mark.parametrize(
    ("text", "op"),
    [
        ('{"type":"configure","op":7,"settings":[]}', 7),
        ('{"type":"dance","op":7}', 7),
        ('{"op":7}', 7),
        ('{"type":"add","op":true,"delta":1}', 0),
        ('{"type":"add","op":0,"delta":1}', 0),
        ('{"type":"add","op":1.0,"delta":1}', 0),
        ('{"type":"add","delta":1}', 0),
        ("nope", 0),
    ],
)
def test_what_is_refused_is_known_by_its_number_where_that_can_be_read(text: str, op: int) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(text)
    assert refused.value.op == op


def test_a_classic_client_may_say_more_than_it_must() -> None:
    assert parse_classic('{"counter":5,"name":"Ada","type":"hello"}') == 5


@given(st.text())
def test_no_text_raises_anything_but_a_protocol_error(text: str) -> None:
    for reader in (parse, parse_classic):
        with suppress(ProtocolError):
            reader(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["hello", "add", "set", "configure", "ping"]), st.data())
def test_no_object_raises_anything_but_a_protocol_error(kind: str, data: st.DataObject) -> None:
    keys = st.sampled_from(["op", "delta", "seen", "value", "settings", "client", "name", "host", "at"])
    message = {"type": kind, **data.draw(st.dictionaries(keys, json_values))}
    try:
        request = parse(json.dumps(message))
    except ProtocolError:
        return
    if isinstance(request, OperationRequest):
        assert request.operation(CLIENT, False).client == CLIENT
