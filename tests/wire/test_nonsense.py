"""Whatever is sent, in whatever order: it ends as the protocol names it, and hurts nobody else.

The fuzzers run shortly here; for as long as one likes with

    FUZZ_SECONDS=300 python3 build/dev.py test tests/wire/test_nonsense.py
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

import desktop.core.member
from desktop.core.protocol import V1
from desktop.core.room import Room
from desktop.server.socket import PING, TEXT
from tests.desktop.core.stage import Stage
from tests.desktop.support import ADA, BOB, CLOSE, SECRET, RawSocket, Serve, Served, raw_socket

CONTINUED, BINARY = 0x00, 0x82
FUZZ_SECONDS = float(os.environ.get("FUZZ_SECONDS", "1.5"))


@pytest.fixture
async def served(serve: Serve) -> Served:
    return await serve()


# --- messages ---

NONSENSE = {
    "nothing": "",
    "a word": "NaN",
    "not a number": '{"type":"add","op":1,"delta":NaN}',
    "infinite": '{"type":"add","op":1,"delta":1e999}',
    "a float": '{"type":"add","op":1,"delta":1.0}',
    "a boolean": '{"type":"add","op":1,"delta":true}',
    "null": '{"type":"add","op":1,"delta":null}',
    "a string": '{"type":"add","op":1,"delta":"1"}',
    "op 0": '{"type":"add","op":0,"delta":1}',
    "op below 0": '{"type":"add","op":-1,"delta":1}',
    "op 2^53": '{"type":"add","op":9007199254740992,"delta":1}',
    "op 2^63": '{"type":"add","op":9223372036854775808,"delta":1}',
    "op 10^400": '{"type":"add","op":1%s,"delta":1}' % ("0" * 400),
    "seen a float": '{"type":"add","op":1,"delta":1,"seen":1.5}',
    "deep": "[" * 4_000,
    "deep inside": '{"type":"add","op":1,"delta":' + "[" * 2_000 + "]" * 2_000 + "}",
    "deep and ignored": '{"type":"dance","x":' + "[" * 2_000 + "]" * 2_000 + "}",
    "a type twice": '{"type":"add","type":"dance","op":1,"delta":1}',
    "no type": '{"op":1,"delta":1}',
    "a type that is a number": '{"type":7}',
    "two messages": '{"type":"ping","at":1}{"type":"ping","at":2}',
    "a lone surrogate for a type": '{"type":"\\ud800"}',
    "a lone surrogate for a client": f'{{"type":"hello","client":"\\udfff{ADA}"}}',
    "a person that is none": '{"type":"remove","person":1.5}',
    "settings that are none": '{"type":"configure","op":1,"settings":[]}',
    "a control character": '{"type":"ping","at":1,"x":"\x01"}',
    "a comment": '{"type":"ping",/* */"at":1}',
    "a byte order mark": '\ufeff{"type":"ping","at":1}',
}


@pytest.mark.parametrize("text", NONSENSE.values(), ids=NONSENSE.keys())
async def test_a_message_that_is_none_is_told_so_changes_nothing_and_the_next_one_counts(
    served: Served, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    page, host = await served.page(ADA), await served.host()
    classic = await served.classic()

    for client in (page, classic):
        await client.ws.send_str(text)
    assert (await page.until(type="error"))["code"] in ("malformed", "unknown_type")
    assert (await classic.hear())["error"]["code"] == "malformed"

    await page.say(type="add", op=1, delta=3)
    for client in (page, host, classic):
        await client.until(counter=3)
    assert not caplog.records


async def test_the_last_of_two_keys_counts(served: Served) -> None:
    page = await served.page(ADA)
    await page.ws.send_str('{"type":"add","op":1,"delta":1,"delta":5}')
    assert (await page.until(ack=1))["counter"] == 5


async def test_10_mib_close_with_1009_long_before_they_have_come(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()
        await raw.send(bytes((TEXT, 0xFF)) + (10 << 20).to_bytes(8) + bytes(4) + b"x" * 1_000)
        first, payload = await raw.hear()
        assert (first, payload[:2]) == (CLOSE, (1009).to_bytes(2))


# --- floods ---


@pytest.mark.parametrize("what", ["messages", "nonsense", "pings", "fragments", "empty fragments"])
async def test_a_flood_is_read_slowly_then_closed_and_nobody_else_notices(
    served: Served, what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desktop.core.member, "PRESSING_LIMIT", 0.3)
    other = await served.page(BOB)
    flood = {
        "messages": RawFrame(TEXT, b'{"counter":1}'),
        "nonsense": RawFrame(TEXT, b"nonsense"),
        "pings": RawFrame(PING, b"ping"),
        "fragments": RawFrame(TEXT & 0x7F, b"f"),
        "empty fragments": RawFrame(TEXT & 0x7F, b""),
    }[what]
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)

        async def press() -> None:
            with suppress(ConnectionError):
                if "fragments" in what:
                    await raw.send(bytes(flood))
                    await raw.send(bytes(RawFrame(CONTINUED, b"f" if what == "fragments" else b"")) * 100_000)
                else:
                    await raw.send(bytes(flood) * 100_000)

        pressing = asyncio.create_task(press())
        # Asked in the midst of it.
        await other.say(type="ping", at=1)
        answered = asyncio.create_task(other.until(type="pong"))
        codes = []
        while (heard := await raw.hear()) != (0, b""):
            if heard[0] == CLOSE:
                codes.append(int.from_bytes(heard[1][:2]))
        await pressing
    assert codes in ([1009] if what == "fragments" else [1008], [])
    await answered
    await other.say(type="add", op=1, delta=1)
    await other.until(ack=1)
    assert not caplog.records


class RawFrame:
    """A frame as bytes, masked with zeros."""

    def __init__(self, first: int, payload: bytes) -> None:
        self._bytes = bytes((first, 0x80 | len(payload))) + bytes(4) + payload

    def __bytes__(self) -> bytes:
        return self._bytes


# --- fuzzers ---


def broken(chance: random.Random, message: object) -> str:
    """A message with some of it exchanged for something else."""
    text = json.dumps(message)
    match chance.randrange(4):
        case 0:
            at = chance.randrange(len(text) + 1)
            return text[:at] + chance.choice(['"', "{", "[", "1e9", "\\ud800", "\0", "é", "null", ":"]) + text[at:]
        case 1:
            return text[: chance.randrange(len(text) + 1)]
        case 2:
            values = ["1.5", "true", "null", '"x"', "-1", str(2**53), str(2**64), "1e400", "[]", "{}"]
            return text.replace(str(chance.choice([1, 2, 5])), chance.choice(values))
    return text


def any_message(chance: random.Random) -> object:
    number = chance.choice([0, 1, 2, 5, -1, 10**6, 2**53, -(2**53), 10**30])
    return chance.choice(
        [
            {"type": "hello", "client": chance.choice([ADA, BOB]), "name": "é" * chance.randrange(45)},
            {"type": "hello", "client": ADA, "host": chance.choice([SECRET, "wrong"])},
            {"type": "add", "op": chance.randrange(6), "delta": number, "seen": number},
            {"type": "set", "op": chance.randrange(6), "value": number},
            {"type": chance.choice(["reset", "undo"]), "op": chance.randrange(6)},
            {
                "type": "configure",
                "op": chance.randrange(6),
                "settings": {"step": number, "goal": number, "title": "t"},
            },
            {"type": "remove", "person": number},
            {"type": "lesson", "do": chance.choice(["start", "stop", "bots", "look"]), "bots": number},
            {
                "type": "taps",
                "lesson": chance.randrange(3),
                "half": chance.choice([1, 2]),
                "made": number,
                "set": chance.choice([None, {"counter": number, "seen": number, "at": number}]),
                "told": chance.choice([None, {"revision": number, "at": number}]),
                "add": chance.choice([None, {"op": number, "delta": number}]),
            },
            {"type": "ping", "at": number},
            {"counter": number},
        ]
    )


def long_enough() -> Callable[[], bool]:
    end = time.monotonic() + FUZZ_SECONDS
    return lambda: time.monotonic() < end


def test_the_room_bears_any_messages_in_any_order() -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    going_on = long_enough()
    while going_on():
        stage = Stage()
        for key in "abc":
            stage.join(key, v1=chance.random() < 0.7, local=True)
        for _ in range(100):
            key = chance.choice("abc")
            if key in stage.room:
                text = broken(chance, any_message(chance))
                try:
                    stage.do(stage.room.receive(key, text, stage.now))
                except Exception as error:
                    raise AssertionError(f"seed {seed}: {text!r}") from error
            else:
                stage.closed.pop(key, None)
                stage.join(key, v1=chance.random() < 0.7, local=True)
            stage.now += chance.random() * 0.2
            stage.tick()
            while stage.batches:
                stage.record()
        assert abs(stage.room.counter.value) < 2**53
        assert isinstance(stage.room, Room)


async def test_the_server_bears_any_bytes(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    going_on = long_enough()
    while going_on():
        async with raw_socket(served.port) as raw:
            with suppress(ConnectionError):
                await one_life(raw, chance, served.port)
        async with served.session.get(f"{served.url}/health") as answer:
            assert answer.status == 200, f"seed {seed}"
    assert not caplog.records, f"seed {seed}"


async def one_life(raw: RawSocket, chance: random.Random, port: int) -> None:
    """A connection that means no good."""
    if chance.random() < 0.2:
        await raw.send(bytes(chance.randrange(256) for _ in range(chance.randrange(200))) + b"\r\n\r\n")
        return
    await raw.handshake(port, *([f"Sec-WebSocket-Protocol: {V1}"] if chance.random() < 0.5 else []))
    for _ in range(chance.randrange(1, 8)):
        payload = broken(chance, any_message(chance)).encode("utf-8", "surrogatepass")
        match chance.randrange(5):
            case 0:
                await raw.say(chance.randrange(256), payload[: chance.randrange(130)])
            case 1:
                await raw.send(bytes(chance.randrange(256) for _ in range(chance.randrange(64))))
            case 2:
                await raw.say(BINARY, payload)
            case _:
                await raw.say(TEXT, payload)
