"""The cases of the Autobahn test suite (crossbar.io/autobahn), as a server that counts instead of echoing meets them.

Each case is what a client sends, as frames, and what comes back. Where Autobahn's server would echo a message, ours
sets the counter and says so; where it would echo anything at all, ours explains that it is no JSON. Messages past 4,096
bytes end in 1009, binary ones in 1003. Not here: 9.* beyond that limit and 10.* (performance), 12.* and 13.*
(compression, which is never negotiated: test_socket.py).
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.desktop.support import RawSocket, Serve, raw_socket, true

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80

ECHO = "the counter, set"
EXPLAINED = "an error that says what is wrong"
SILENCE = "nothing"
COUNTED = "nothing any more, but the counter is set: it is told when it is durable, and by then they are gone"


class Case(NamedTuple):
    number: str
    what: str
    sent: bytes
    answers: list[object]
    """ECHO, EXPLAINED, COUNTED, a pong's payload, or the code of the close frame after which the connection is gone."""
    chopped: int | None = None
    """Sent in pieces of so many bytes."""


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes = b"\x37\xfa\x21\x3d"
) -> bytes:
    length = len(payload)
    if length < 126:
        size = bytes((0x80 | length,))
    elif length < 1 << 16:
        size = bytes((0xFE,)) + length.to_bytes(2)
    else:
        size = bytes((0xFF,)) + length.to_bytes(8)
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes(((FIN if fin else 0) | reserved << 4 | opcode,)) + size + mask + masked


def counting(length: int = 13, text: str = "") -> bytes:
    """A message that sets the counter to 7, of this length or with this text in it."""
    if text:
        return json.dumps({"counter": 7, "text": text}, ensure_ascii=False).encode()
    return b'{"counter":7' + b" " * (length - 13) + b"}"


def close(code: int | None = 1000, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else code.to_bytes(2) + reason)


def fragments(opcode: int, *payloads: bytes, between: bytes = b"") -> bytes:
    last = len(payloads) - 1
    return between.join(
        frame(CONTINUED if at else opcode, payload, fin=at == last) for at, payload in enumerate(payloads)
    )


def framing() -> Iterator[Case]:
    for at, length in enumerate((0, 125, 126, 127, 128), 1):
        answer = ECHO if length else EXPLAINED
        yield Case(f"1.1.{at}", f"text of {length} bytes", frame(TEXT, counting(length) if length else b""), [answer])
    yield Case("1.1.5+", "text of 4,096 bytes, our limit", frame(TEXT, counting(4096)), [ECHO])
    for at, length in enumerate((4097, 65535, 65536), 6):
        yield Case(f"1.1.{at}", f"text of {length} bytes", frame(TEXT, counting(length)), [1009])
    yield Case("1.1.8 chopped", "text of 65,536 bytes in pieces", frame(TEXT, counting(65536)), [1009], 997)
    for at, length in enumerate((0, 125, 126, 127, 128), 1):
        yield Case(f"1.2.{at}", f"binary of {length} bytes", frame(BINARY, b"\xfe" * length), [1003])


def pings() -> Iterator[Case]:
    binary = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
    for at, payload in enumerate((b"", b"Hello, world!", binary, b"\xfe" * 125), 1):
        yield Case(f"2.{at}", f"ping with {len(payload)} bytes", frame(PING, payload), [payload])
    yield Case("2.5", "ping with 126 bytes", frame(PING, b"\xfe" * 126), [1002])
    yield Case("2.6", "ping with 125 bytes, byte by byte", frame(PING, b"\xfe" * 125), [b"\xfe" * 125], 1)
    yield Case("2.7", "pong that nobody asked for", frame(PONG), [SILENCE])
    yield Case("2.8", "pong with a payload", frame(PONG, b"unsolicited"), [SILENCE])
    yield Case("2.9", "pong, then a ping", frame(PONG, b"unsolicited") + frame(PING, b"ping"), [b"ping"])
    ten = b"".join(frame(PING, b"payload-%d" % n) for n in range(10))
    yield Case("2.10", "ten pings", ten, [b"payload-%d" % n for n in range(10)])
    yield Case("2.11", "ten pings, byte by byte", ten, [b"payload-%d" % n for n in range(10)], 1)


def reserved() -> Iterator[Case]:
    good = frame(TEXT, counting())
    yield Case("3.1", "text with RSV 1", frame(TEXT, b"Hello", reserved=1), [1002])
    yield Case("3.2", "good text, then one with RSV 2", good + frame(TEXT, b"Hello", reserved=2), [COUNTED, 1002])
    yield Case("3.3", "as 3.2 with RSV 3, in pieces", good + frame(TEXT, b"Hello", reserved=3), [COUNTED, 1002], 3)
    yield Case("3.4", "as 3.2 with RSV 4, byte by byte", good + frame(TEXT, b"Hello", reserved=4), [COUNTED, 1002], 1)
    yield Case("3.5", "binary with RSV 5", frame(BINARY, b"\xff", reserved=5), [1002])
    yield Case("3.6", "ping with RSV 6", frame(PING, b"Hello", reserved=6), [1002])
    yield Case("3.7", "close with RSV 7", frame(CLOSE, b"\x03\xe8", reserved=7), [1002])
    for group, opcodes in (("4.1", range(3, 8)), ("4.2", range(11, 16))):
        for at, opcode in enumerate(opcodes, 1):
            yield Case(f"{group}.{at}", f"opcode {opcode}", frame(opcode, b"x"), [1002])
            yield Case(
                f"{group}.{at} late", f"good, then opcode {opcode}", good + frame(opcode) + good, [COUNTED, 1002]
            )


def fragmented() -> Iterator[Case]:
    message = counting(20)
    two, ping = (message[:7], message[7:]), frame(PING, b"ping")
    yield Case("5.1", "fragmented ping", fragments(PING, b"frag", b"ment"), [1002])
    yield Case("5.2", "fragmented pong", fragments(PONG, b"frag", b"ment"), [1002])
    for at, chop in enumerate((None, 3, 1), 3):
        yield Case(f"5.{at}", f"text in two, chop {chop}", fragments(TEXT, *two), [ECHO], chop)
    for at, chop in enumerate((None, 3, 1), 6):
        yield Case(
            f"5.{at}", f"ping in between, chop {chop}", fragments(TEXT, *two, between=ping), [b"ping", ECHO], chop
        )
    for at, chop in enumerate((None, 3, 1), 9):
        alone = frame(CONTINUED, b"no beginning") + frame(TEXT, counting())
        yield Case(f"5.{at}", f"continuation of nothing, FIN, chop {chop}", alone, [1002], chop)
    for at, chop in enumerate((None, 3, 1), 12):
        alone = frame(CONTINUED, b"no beginning", fin=False) + frame(TEXT, counting())
        yield Case(f"5.{at}", f"continuation of nothing, chop {chop}", alone, [1002], chop)
    late = fragments(TEXT, *two) + frame(CONTINUED, b"x", fin=False) + frame(TEXT, b"y")
    yield Case("5.15", "text in two, then a continuation of nothing", late, [COUNTED, 1002])
    for at, fin in ((16, False), (17, True)):
        again = frame(CONTINUED, b"x", fin=fin) + frame(TEXT, b"y", fin=False) + frame(CONTINUED, b"z")
        yield Case(f"5.{at}", f"continuation first, FIN {fin}", again * 2, [1002])
    yield Case("5.18", "a text within a text", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), [1002])
    five = [message[at : at + 4] for at in range(0, 20, 4)]
    for at, chop in ((19, None), (20, 1)):
        sent = fragments(TEXT, *five, between=ping)
        yield Case(f"5.{at}", "text in five with pings", sent, [b"ping"] * 4 + [ECHO], chop)


VALID = [
    "κόσμε",
    "\x7f",
    "\u07ff",
    "\uffff",
    "\U0010ffff",
    "\ud7ff",
    "\ue000",
    "\ufffd",
    "\U0001fffe",
    "\ufeff",
    "\U00010000",
]
INVALID = [
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",  # a surrogate
    b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80",  # five and six bytes
    b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xf4\x90\x80\x80",  # past the last code point
    b"\x80", b"\xbf", b"\x80\xbf\x80",  # continuation bytes alone
    b"\xc0 ", b"\xdf ", b"\xef ", b"\xf4 ",  # beginnings alone
    b"\xc2", b"\xe0\x80", b"\xf0\x80\x80", b"\xef\xbf", b"\xf7\xbf\xbf",  # cut short
    b"\xfe", b"\xff", b"\xfe\xfe\xff\xff",  # never
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf",  # overlong
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80",  # surrogates
]  # fmt: skip


def utf8() -> Iterator[Case]:
    yield Case("6.1.1", "empty text", frame(TEXT), [EXPLAINED])
    yield Case("6.1.2", "empty text in three", fragments(TEXT, b"", b"", b""), [EXPLAINED])
    yield Case("6.1.3", "text with empty beginning and end", fragments(TEXT, b"", counting(), b""), [ECHO])
    whole = counting(text="Hello-µ@ßöäüàá-UTF-8!!")
    yield Case("6.2.1", "valid, whole", frame(TEXT, whole), [ECHO])
    yield Case("6.2.2", "valid, cut between code points", fragments(TEXT, whole[:21], whole[21:]), [ECHO])
    yield Case("6.2.3", "valid, a fragment for each byte", fragments(TEXT, *(bytes((b,)) for b in whole)), [ECHO])
    yield Case("6.4.1", "invalid, in the second of three", fragments(TEXT, b"ok", b"\xf4\x90\x80\x80", b"ok"), [1007])
    yield Case("6.4.3", "invalid, byte by byte", frame(TEXT, b"\xce\xba\xed\xa0\x80"), [1007], 1)
    for at, text in enumerate(VALID):
        yield Case(f"6.5-11 {at}", f"valid: {text!a}", frame(TEXT, counting(text=text)), [ECHO])
    for at, text_ in enumerate(INVALID):
        sent = b'{"counter":7,"text":"' + text_ + b'"}'
        yield Case(f"6.12-21 {at}", f"invalid: {text_!r}", frame(TEXT, sent), [1007])
        yield Case(
            f"6.3 {at}",
            f"invalid, each byte a fragment: {text_!r}",
            fragments(TEXT, *(bytes((b,)) for b in sent)),
            [1007],
        )


def closing() -> Iterator[Case]:
    good = frame(TEXT, counting())
    yield Case("7.1.1", "a message, then close", good + close(), [COUNTED, 1000])
    yield Case("7.1.2", "two closes", close() + close(), [1000])
    yield Case("7.1.3", "ping after close", close() + frame(PING, b"late"), [1000])
    yield Case("7.1.4", "text after close", close() + good, [1000])
    yield Case(
        "7.1.5", "close within a text", frame(TEXT, b"frag", fin=False) + close() + frame(CONTINUED, b"m"), [1000]
    )
    yield Case("7.1.6", "262,144 bytes, then close", frame(TEXT, counting(1 << 18)) + close(), [1009])
    yield Case("7.3.1", "close without a code", close(None), [1000])
    yield Case("7.3.2", "close with one byte", frame(CLOSE, b"a"), [1002])
    yield Case("7.3.3", "close with a code", close(1000), [1000])
    yield Case("7.3.4", "close with a reason", close(1000, b"Hello World!"), [1000])
    yield Case("7.3.5", "close with the longest reason", close(1000, b"*" * 123), [1000])
    yield Case("7.3.6", "close with a longer one", close(1000, b"*" * 124), [1002])
    yield Case("7.5.1", "close with a reason that is not UTF-8", close(1000, b"\xce\xba\xed\xa0\x80"), [1007])
    for at, code in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), 1):
        yield Case(f"7.7.{at}", f"close with {code}", close(code), [code])
    for at, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield Case(f"7.9.{at}", f"close with {code}", close(code), [1002])
    for at, code in enumerate((5000, 65535), 1):
        yield Case(f"7.13.{at}", f"close with {code}", close(code), [1002])


CASES = [*framing(), *pings(), *reserved(), *fragmented(), *utf8(), *closing()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}: {case.what}")
async def test_case(serve: Serve, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    served = await serve()
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        assert await raw.hear() == (FIN | TEXT, b'{"counter":0}')
        await send(raw, case)
        for answer in case.answers:
            if answer == COUNTED:
                await true(lambda: served.hub.room.counter.value == 7)
            else:
                await meets(raw, answer)
    assert not caplog.records


async def send(raw: RawSocket, case: Case) -> None:
    step = case.chopped or len(case.sent)
    try:
        for at in range(0, len(case.sent), step):
            await raw.send(case.sent[at : at + step])
    except ConnectionError:  # closed before the end of what should never have been sent
        pass


async def meets(raw: RawSocket, answer: object) -> None:
    if answer == SILENCE:
        await raw.send(frame(PING, b"still there?"))
        answer = b"still there?"
    first, payload = await raw.hear()
    if isinstance(answer, int) and payload == b'{"counter":7}':
        first, payload = await raw.hear()
    match answer:
        case bytes():
            assert (first, payload) == (FIN | PONG, answer)
        case int():
            assert first == FIN | CLOSE, payload
            assert payload[:2] == answer.to_bytes(2)
            assert await raw.hear() == (0, b"")
        case _:
            assert first == FIN | TEXT
            message = json.loads(payload)
            assert message == {"counter": 7} if answer == ECHO else message["error"]["code"] == "malformed"
