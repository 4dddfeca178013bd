"""What the server says, as it goes over the wire."""

import json

from desktop.core.answers import ClassicError, ClassicState, Error, Network, Notice, Pong, State, encode
from desktop.core.counter import Settings
from desktop.core.protocol import Code


def test_messages_to_clients_have_what_the_contract_names_and_nothing_else() -> None:
    settings = {"title": "", "step": 1, "goal": None, "locked": False, "classic": True, "each": None, "compare": None}
    assert json.loads(encode(State(counter=1, revision=2))) == {"type": "state", "counter": 1, "revision": 2}
    whole = State(counter=1, revision=2, ack=0, people=3, epoch="e", role="guest", settings=Settings())
    assert json.loads(encode(whole)) == {
        "type": "state", "counter": 1, "revision": 2, "ack": 0, "people": 3, "epoch": "e", "role": "guest",
        "settings": settings,
    }  # fmt: skip
    assert json.loads(encode(Error(code=Code.LOCKED, message="m", op=3))) == {
        "type": "error", "code": "locked", "message": "m", "op": 3,
    }  # fmt: skip
    assert json.loads(encode(Pong(at=123.4))) == {"type": "pong", "at": 123.4}
    assert json.loads(encode(Network(join=None, reach="none"))) == {"type": "network", "join": None, "reach": "none"}
    assert json.loads(encode(Notice(code="not_saved"))) == {"type": "notice", "code": "not_saved"}
    assert json.loads(encode(Notice(code="set_aside", path="/old.db", counter=42))) == {
        "type": "notice", "code": "set_aside", "path": "/old.db", "counter": 42,
    }  # fmt: skip
    assert encode(ClassicState(7)) == b'{"counter":7}'
    assert json.loads(encode(ClassicState(7, ClassicError(Code.LOCKED, "m")))) == {
        "counter": 7,
        "error": {"code": "locked", "message": "m"},
    }
