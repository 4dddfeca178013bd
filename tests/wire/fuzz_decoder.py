"""Coverage-guided fuzzing of what reads messages, for as long as one likes:

    pip install atheris && python -m tests.wire.fuzz_decoder -max_total_time=300

Whatever text comes is a message or a ProtocolError, and what it asks for can be decided, kept and told. What it found
stays as a test in test_nonsense.py or test_protocol.py.
"""

import json
import sys
from typing import Any

import atheris

with atheris.instrument_imports():
    import msgspec

    from desktop.core.answers import Pong, encode
    from desktop.core.counter import AnyOperation, Counter
    from desktop.core.protocol import Break, Hello, Ping, ProtocolError, Remove, Watch, parse, parse_classic
    from desktop.core.taps import Lesson, Taps

CLIENT = "fuzz-0123456789-0123456789"
KEYS = [*"type op delta seen value at client name host screen person settings counter".split()]
KEYS += [*"do bots lesson half made told add".split()]
SETTINGS = [*"title step goal locked classic".split()]
TYPES = [*"hello add set reset undo configure remove lesson taps ping dance".split()]
_decode = msgspec.json.Decoder(AnyOperation).decode


def one(data: bytes) -> None:
    """One input: any text, or one that looks like a message."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        read(provider.ConsumeUnicode(1_000))
    else:
        read(json.dumps(composed(provider, KEYS, 3)))


def composed(provider: Any, keys: list[str], depth: int) -> dict[str, object]:
    """An object that looks like a message."""
    made: dict[str, object] = {}
    for _ in range(provider.ConsumeIntInRange(0, 5)):
        key = keys[provider.ConsumeIntInRange(0, len(keys) - 1)]
        made[key] = value(provider, key, depth)
    return made


def value(provider: Any, key: str, depth: int) -> object:
    match provider.ConsumeIntInRange(0, 6):
        case 0 if key == "type":
            return TYPES[provider.ConsumeIntInRange(0, len(TYPES) - 1)]
        case 0 | 1:
            return provider.ConsumeIntInRange(-3, 3)
        case 2:
            return provider.ConsumeInt(9)
        case 3:
            return provider.ConsumeUnicode(70)
        case 4:
            return provider.ConsumeBool() or None
        case 5:
            return provider.ConsumeFloat()
        case _ if depth:
            return composed(provider, SETTINGS, depth - 1)
    return CLIENT


def read(text: str) -> None:
    """One text, in both dialects."""
    for reader in (parse_classic, take):
        try:
            reader(text)
        except ProtocolError as error:
            encode(str(error))


def take(text: str) -> None:
    """Read a message of lan-counter.v1, and do with it what the room would."""
    match parse(text):
        case Hello(name=name):
            encode(name)
        case Ping(at=at):
            encode(Pong(at=at))
        case Remove() | Watch() | Break() | Lesson() | Taps():
            pass
        case request:
            for host in (True, False):
                operation = request.operation(CLIENT, host)
                assert _decode(encode(operation)) == operation
                counter = Counter()
                counter.apply(operation)
                msgspec.json.decode(encode(counter), type=Counter)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
