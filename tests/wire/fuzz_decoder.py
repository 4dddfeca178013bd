"""Coverage-guided fuzzing of what reads the wire, for as long as one likes:

    pip install atheris && python -m tests.wire.fuzz_decoder -max_total_time=300

Whatever comes, `parse` and `parse_classic` give a message or a ProtocolError, and what they give can be decided, kept
and told. What it found stays as a test in test_nonsense.py or test_protocol.py.
"""

import sys

import atheris

with atheris.instrument_imports():
    import msgspec

    from desktop.core.counter import AnyOperation, Counter
    from desktop.core.protocol import Hello, Ping, Pong, ProtocolError, Remove, encode, parse, parse_classic

CLIENT = "fuzz-0123456789-0123456789"
_decode = msgspec.json.Decoder(AnyOperation).decode


def one(data: bytes) -> None:
    """One message."""
    text = atheris.FuzzedDataProvider(data).ConsumeUnicode(4096)
    for read in (parse_classic, take):
        try:
            read(text)
        except ProtocolError as error:
            encode(str(error))


def take(text: str) -> None:
    """Read a message of lan-counter.v1, and do with it what the room would."""
    match parse(text):
        case Hello(name=name):
            encode(name)
        case Ping(at=at):
            encode(Pong(at=at))
        case Remove():
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
