"""The opening handshake, byte by byte. Who gets in by it is in test_opening.py."""

import string
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.server.handshake import HandshakeError, accept, listed, read

REQUEST = (
    b"GET /ws HTTP/1.1\r\nHost: 192.168.1.42:8000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
GOOD = {
    "upgrade": ["websocket"],
    "connection": ["Upgrade"],
    "sec-websocket-version": ["13"],
    "sec-websocket-key": ["dGhlIHNhbXBsZSBub25jZQ=="],
}


# --- read ---


def test_a_plain_handshake_is_read_and_what_stands_behind_it_is_left() -> None:
    assert read(REQUEST + b"\x81\x80rest") == ({"host": ["192.168.1.42:8000"], **GOOD}, b"\x81\x80rest")


def test_a_header_of_several_lines_keeps_them_in_their_order() -> None:
    found = read(REQUEST.replace(b"\r\n\r\n", b"\r\nX: b\r\nx:a\r\nX:\t \r\n\r\n"))
    assert found
    assert found[0]["x"] == ["b", "a", ""]


@pytest.mark.parametrize("cut", range(len(REQUEST)))
def test_what_is_not_whole_is_left_to_others(cut: int) -> None:
    assert read(REQUEST[:cut]) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"GET", b"POST"),
        (b"GET", b"get"),
        (b"/ws", b"/ws?x"),
        (b"/ws", b"/"),
        (b"/ws", b"http://192.168.1.42:8000/ws"),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"GET", b"\r\nGET"),
        (b"\r\nHost:", b"\nHost:"),
        (b"Host:", b"Host :"),
        (b"Host:", b" Host:"),
        (b"Host:", b"Host"),
        (b"Host:", b":"),
        (b"Host:", "Höst:".encode()),
        (b"192", b"\0192"),
        (b"192", b"\r192"),
        (b"192", b"\n192"),
        (b"192", b"\x7f192"),
    ],
)
def test_whatever_is_odd_is_left_to_others(old: bytes, new: bytes) -> None:
    assert read(REQUEST.replace(old, new)) is None


TOKEN = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=12)
VALUE = st.text([chr(code) for code in (9, *range(32, 127), *range(128, 256))], max_size=20)


@given(st.lists(st.tuples(TOKEN, VALUE), max_size=8))
def test_any_good_headers_are_read_back(fields: list[tuple[str, str]]) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    found = read(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
    expected: dict[str, list[str]] = {}
    for name, value in fields:
        expected.setdefault(name.lower(), []).append(value.strip(" \t"))
    assert found == (expected, b"")


# --- answered ---


def test_the_answer_is_that_of_the_rfc() -> None:
    assert accept({**GOOD, "connection": ["keep-alive, upgrade"], "upgrade": ["h2c", "WebSocket"]}, "chat") == (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    )
    assert b"Protocol:" not in accept(GOOD, None)


@pytest.mark.parametrize(
    ("name", "values", "status"),
    [
        ("upgrade", [], HTTPStatus.BAD_REQUEST),
        ("upgrade", ["websockets"], HTTPStatus.BAD_REQUEST),
        ("connection", ["keep-alive"], HTTPStatus.BAD_REQUEST),
        ("sec-websocket-version", [], HTTPStatus.UPGRADE_REQUIRED),
        ("sec-websocket-version", ["8"], HTTPStatus.UPGRADE_REQUIRED),
        ("sec-websocket-version", ["13", "13"], HTTPStatus.UPGRADE_REQUIRED),
        ("sec-websocket-key", [], HTTPStatus.BAD_REQUEST),
        ("sec-websocket-key", GOOD["sec-websocket-key"] * 2, HTTPStatus.BAD_REQUEST),
        ("sec-websocket-key", ["dGhlIHNhbXBsZSBub25jZQ"], HTTPStatus.BAD_REQUEST),
        ("sec-websocket-key", ["dGhlIHNhbXBsZSBub25jZQ==\n"], HTTPStatus.BAD_REQUEST),
        ("content-length", ["4"], HTTPStatus.BAD_REQUEST),
        ("transfer-encoding", ["chunked"], HTTPStatus.BAD_REQUEST),
    ],
)
def test_whatever_is_missing_is_named(name: str, values: list[str], status: HTTPStatus) -> None:
    with pytest.raises(HandshakeError) as refused:
        accept({**GOOD, name: values}, None)
    assert refused.value.status is status
    assert str(refused.value).endswith(".")
    ours = {"Sec-WebSocket-Version": "13", "Upgrade": "websocket", "Connection": "Upgrade"}
    assert refused.value.headers == (ours if status is HTTPStatus.UPGRADE_REQUIRED else {})


def test_a_list_may_have_several_lines() -> None:
    assert listed({"a": ["b, c", " d"]}, "a") == ["b", "c", "d"]
    assert listed({}, "a") == []
