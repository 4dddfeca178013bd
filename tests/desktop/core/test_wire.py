"""Frames however they are cut, and that nothing of a secret is in what is shown: in no encoding, mask or fragment."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import OPEN, Protocol, Side

from desktop.core.answers import (
    Device,
    Error,
    Network,
    NetworkAddress,
    Person,
    Roster,
    State,
    encode,
)
from desktop.core.counter import Settings
from desktop.core.protocol import SENTENCES, Code
from desktop.core.wire import CLOSE, PAGE, SERVER, Frame, Lane, opening, readable
from desktop.server.socket import TEXT, frame

CLIENT = "aB3_dE6-gH9jK2mN5pQ8sT1v"
KEY = bytes.fromhex("37fa213d")
HELLO = {"type": "hello", "client": CLIENT, "name": "Ada", "host": "h0st" * 6, "voter": "v0ter_" * 5, "screen": False}


def masked(first: int, payload: bytes, key: bytes = KEY) -> bytes:
    """A page's frame."""
    n = len(payload)
    if n < 126:
        length = bytes((0x80 | n,))
    elif n < 1 << 16:
        length = bytes((0x80 | 126, *n.to_bytes(2)))
    else:
        length = bytes((0x80 | 127, *n.to_bytes(8)))
    sent = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))
    return bytes((first,)) + length + key + sent


def plain(one: Frame) -> bytes:
    """What is to be read of what is shown; 0 where it is struck."""
    data, short = one.data, one.data[1] & 0x7F
    start = 2 + {126: 2, 127: 8}.get(short, 0)
    if not data[1] & 0x80:
        return data[start:]
    key, sent = data[start : start + 4], data[start + 4 :]
    read = bytearray(byte ^ key[place % 4] for place, byte in enumerate(sent))
    for a, b in one.struck:
        assert not any(sent[a:b])
        read[a:b] = bytes(b - a)
    return bytes(read)


def shown(payload: bytes, source: str = PAGE) -> str:
    """What is to be read of a text message, with # for what is struck."""
    data = masked(TEXT, payload) if source == PAGE else frame(TEXT, payload)
    (one,) = Lane(source).take(data, 1.0)
    return plain(one).replace(b"\0", b"#").decode()


# --- frames ---


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("first", [TEXT, 0x82])
def test_a_frame_of_any_length_is_found_and_the_websockets_library_reads_the_same(length: int, first: int) -> None:
    data = frame(first, b"7" * length)

    found = Lane(SERVER).take(data, 2.5)

    theirs = Protocol(Side.CLIENT, state=OPEN, max_size=None)
    theirs.receive_data(data)
    (event,) = theirs.events_received()
    assert len(found) == 1
    assert found[0].at == 2.5
    assert len(found[0].data) == len(data)
    assert found[0].opcode == event.opcode  # type: ignore[union-attr]
    assert len(plain(found[0])) == len(event.data)  # type: ignore[union-attr]


@given(st.lists(st.integers(1, 9), min_size=1), st.lists(st.sampled_from([1, 9, 10, 8]), min_size=1, max_size=5))
def test_frames_are_the_same_however_their_bytes_are_cut(cuts: list[int], opcodes: list[int]) -> None:
    payloads = {1: b'{"type":"add","op":1,"delta":2}', 9: b"", 10: b"", 8: (1000).to_bytes(2)}
    stream = b"".join(masked(0x80 | opcode, payloads[opcode]) for opcode in opcodes)
    lane, at, turn = Lane(PAGE), 0, 0
    found: list[Frame] = []

    while at < len(stream):
        size = cuts[turn % len(cuts)]
        found += lane.take(stream[at : at + size], 1.0)
        at, turn = at + size, turn + 1

    assert [one.opcode for one in found] == opcodes
    assert b"".join(one.data for one in found) == stream
    assert not any(one.struck for one in found)


def test_of_a_message_that_is_too_long_the_header_is_shown_and_nothing_more() -> None:
    lane = Lane(PAGE)

    found = lane.take(masked(TEXT, b"x" * 65_536), 1.0)

    assert [(one.data, one.struck) for one in found] == [(bytes((0x81, 0xFF)) + (65_536).to_bytes(8) + KEY, [])]
    assert lane.take(masked(TEXT, b'{"type":"ping","at":1}'), 1.0) == []


def test_whoever_comes_in_the_middle_of_a_frame_begins_with_the_next() -> None:
    lane = Lane(PAGE, sure=False)

    assert lane.take(b"\x41\x12rest of another", 1.0) == []
    (one,) = lane.take(masked(TEXT, b'{"type":"ping","at":1}'), 1.0)

    assert plain(one) == b'{"type":"ping","at":1}'


@given(st.lists(st.binary(max_size=40), max_size=20), st.sampled_from([PAGE, SERVER]), st.booleans())
def test_no_bytes_are_too_odd(pieces: list[bytes], source: str, sure: bool) -> None:
    lane = Lane(source, sure=sure)
    for piece in pieces:
        for one in lane.take(piece, 1.0):
            assert one.data in b"".join(pieces) or one.struck


def test_a_message_without_an_end_is_not_kept_for_ever() -> None:
    lane = Lane(PAGE)
    found = lane.take(masked(0x01, b""), 1.0)
    for _ in range(3_000):
        found += lane.take(masked(0x00, b""), 1.0)

    assert 1_000 < len(found) < 1_500


# --- what may be read ---


def test_a_hello_is_struck_but_for_the_page_s_own_name() -> None:
    text = json.dumps(HELLO, separators=(",", ":"))

    assert shown(text.encode()) == (
        '{"type":"hello","client":"########################","name":"Ada",'
        '"host":"########################","voter":"##############################","screen":false}'
    )


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('{"type":"add","op":1,"delta":-3,"seen":null}', None),
        ('{"type":"ping","at":1.5e3}', None),
        ('{"type":"configure","op":1,"settings":{"title":"Hands up","goal":10,"locked":true}}', None),
        ('{"type":"ping","at":1,"odd":"text"}', '{"type":"ping","at":1,"odd":"####"}'),
        ('{"client":12345678901234567890123,"type":"ping"}', '{"client":#######################,"type":"ping"}'),
        ('{"client":{"a":["b",1,true]}}', '{"client":{"a":["#",#,####]}}'),
        ('{"\\u0063lient":"x"}', '{"\\u0063lient":"#"}'),
        ('{"type":"aB3"}', '{"type":"###"}'),
        (f'{{"name":"{CLIENT}"}}', f'{{"name":"{"#" * 24}"}}'),
        (f'{{"{CLIENT}":1}}', f'{{"{"#" * 24}":#}}'),
        ('{"type":"hello","client":"cut of', "#" * 32),
        ("[1]", "###"),
        ('"x"', "###"),
        ("﻿{}", "#####"),
    ],
)
def test_only_what_is_known_to_be_harmless_stays(text: str, seen: str | None) -> None:
    assert shown(text.encode()) == (text if seen is None else seen)


def written(text: str, how: int) -> str:
    """A JSON string of it; some of its signs as escapes."""
    return "".join(f"\\u{ord(sign):04X}" if (place * how) % 3 == 1 else sign for place, sign in enumerate(text))


@settings(max_examples=300)
@given(
    data=st.data(),
    key=st.binary(min_size=4, max_size=4),
    how=st.integers(0, 5),
    place=st.sampled_from(["client", "host", "voter", "name", "type", "x", "settings"]),
    encoding=st.sampled_from(["plain", "hex", "base64", "upper", "reversed"]),
    cuts=st.lists(st.integers(1, 40), max_size=6),
    garbage=st.booleans(),
)
def test_no_secret_is_in_what_is_shown_whatever_way_it_comes(
    data: st.DataObject, key: bytes, how: int, place: str, encoding: str, cuts: list[int], garbage: bool
) -> None:
    secret = data.draw(st.text("abcdefgXYZ0123456789_-", min_size=22, max_size=64))
    said = {
        "plain": secret,
        "hex": secret.encode().hex(),
        "base64": base64.b64encode(secret.encode()).decode(),
        "upper": secret.upper(),
        "reversed": secret[::-1],
    }[encoding]
    inner = f'"{written(said, how)}"'
    value = f'{{"title":{inner},"goal":[{inner}]}}' if place == "settings" else inner
    payload = f'{{"op":1, "{written(place, how)}":{value}, "delta":1}}'.encode()
    payload += b"!" if garbage else b""
    lane, found, at = Lane(PAGE), list[Frame](), 0
    ends = [*sorted({sum(cuts[: i + 1]) for i in range(len(cuts)) if sum(cuts[: i + 1]) < len(payload)}), len(payload)]
    for number, end in enumerate(ends):
        first = (0x80 if end == len(payload) else 0) | (1 if number == 0 else 0)
        for byte in masked(first, payload[at:end], key):
            found += lane.take(bytes((byte,)), 1.0)
        at = end

    read = b"".join(plain(one) for one in found)

    assert len(found) == len(ends)
    assert len(read) == len(payload)
    for four in {said[i : i + 12] for i in range(len(said) - 12)}:
        assert four.encode() not in read
        assert written(four, how).encode() not in read or how == 0
        raw = b"".join(one.data for one in found)
        assert bytes(byte ^ key[i % 4] for i, byte in enumerate(four.encode())) not in raw or len(set(key)) == 1


def test_pings_binary_messages_and_what_a_page_says_at_the_end_are_struck_but_not_the_code() -> None:
    lane = Lane(PAGE)

    ping, binary, end = lane.take(
        masked(0x89, CLIENT.encode()) + masked(0x82, CLIENT.encode()) + masked(0x88, b"\x0f\xa1" + CLIENT.encode()), 1.0
    )

    assert (plain(ping), plain(binary)) == (bytes(24), bytes(24))
    assert plain(end) == b"\x0f\xa1" + bytes(24)
    assert end.opcode == CLOSE == Opcode.CLOSE


def test_what_the_server_says_of_others_is_struck() -> None:
    people = [Person(person=7, name="Bob Smith", added=3, role="guest", classic=False)]
    address = NetworkAddress(address="192.168.1.4", interface="wlan0", kind="private", chosen=True)
    network = Network(
        join="http://192.168.1.4:8000/",
        reach="lan",
        addresses=[address],
        devices=[Device(address="192.168.1.77", via="192.168.1.4")],
    )

    roster = shown(encode(Roster(people=people)), SERVER)
    reached = shown(encode(network), SERVER)

    assert "Bob" not in roster and '"added":3' in roster and '"person":7' in roster
    assert "192.168.1.77" not in reached
    assert '"join":"http://192.168.1.4:8000/"' in reached and '"wlan0"' in reached


def test_a_state_and_the_server_s_own_sentences_stay() -> None:
    state = encode(
        State(counter=1, revision=2, epoch="Y2ehrQMlpS8N9EUjwyjFGw", role="host", settings=Settings(title="A"))
    )
    known = encode(Error(code=Code.LOCKED, message=SENTENCES[Code.LOCKED], op=3))
    quoting = encode(Error(code=Code.UNKNOWN_TYPE, message=f"There is no message of type {CLIENT[:20]!r}."))

    assert shown(state, SERVER) == state.decode()
    assert shown(known, SERVER) == known.decode()
    assert CLIENT[:8] not in shown(quoting, SERVER)


def test_what_it_says_is_read_too() -> None:
    assert readable(SERVER, b'{"type":"state","counter":1}') == ((), {"type": "state", "counter": 1})
    assert readable(SERVER, b"[1]") == (((0, 3),), {})


# --- the handshake ---


def test_of_a_handshake_the_lines_that_matter_stay() -> None:
    head = (
        b"GET /ws?watch HTTP/1.1\r\nHost: 192.168.1.4:8000\r\nCookie: a=b\r\nUser-Agent: Ada's phone\r\n"
        b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: lan-counter.v1\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    )

    assert opening(head).decode().split("\r\n") == [
        "GET /ws?watch HTTP/1.1",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: lan-counter.v1",
    ]


def test_what_else_a_handshake_says_does_not() -> None:
    lines = [
        f"GET /ws?client={CLIENT} HTTP/1.1",
        f"Sec-WebSocket-Protocol: lan-counter.v1, {CLIENT}",
        f"Upgrade: {CLIENT}",
    ]

    assert opening("\r\n".join([*lines, "", ""]).encode()).decode() == "GET /ws?… HTTP/1.1\r\nSec-WebSocket-Protocol: …"
