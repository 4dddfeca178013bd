"""What the tests of the room play on."""

import json
from collections.abc import Sequence
from typing import Any

from desktop.core.answers import Notice
from desktop.core.commands import Close, Command, Record, Send
from desktop.core.counter import Counter
from desktop.core.liveness import CHECK_PAUSE
from desktop.core.operations import AnyOperation
from desktop.core.outgoing import PRESENCE_PAUSE
from desktop.core.room import Room

ADA = "ada-0123456789-0123456789"
BOB = "bob-0123456789-0123456789"
SECRET = "the host's secret"


class Stage:
    """A room, a clock, and a journal that writes when it is told to; collects what every connection is sent."""

    def __init__(self, counter: Counter | None = None, notices: Sequence[Notice] = ()) -> None:
        self.room = Room(counter or Counter(), epoch="epoch", secret=SECRET, run="run", notices=notices)
        self.now = 100.0
        self.batches: list[Sequence[AnyOperation]] = []
        self.sent: dict[str, list[dict[str, Any]]] = {}
        self.closed: dict[str, int | None] = {}
        self.others: list[Command] = []
        self.writes = 0
        self.encodings = 0

    def do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Record(operations):
                    self.batches.append(operations)
                case Send(keys, message):
                    self.encodings += 1
                    for key in keys:
                        self.writes += 1
                        self.sent[key].append(json.loads(message))
                case Close(key, code, _):
                    self.closed[key] = code
                    self.room.leave(key, self.now)
                case other:
                    self.others.append(other)

    def join(self, key: str, *, v1: bool = True, local: bool = False) -> dict[str, Any]:
        self.sent[key] = []
        self.do([self.room.join(key, self.now, v1=v1, local=local)])
        return self.sent[key].pop(0)

    def say(self, key: str, **message: Any) -> None:
        self.do(self.room.receive(key, json.dumps(message), self.now))

    def greet(self, key: str, client: str, **rest: Any) -> dict[str, Any]:
        self.join(key, local="host" in rest)
        self.say(key, type="hello", client=client, **rest)
        return next(message for message in self.take(key) if message["type"] == "state")

    def take(self, key: str) -> list[dict[str, Any]]:
        taken, self.sent[key] = self.sent[key], []
        return taken

    def tick(self) -> None:
        self.do(self.room.tick(self.now))

    def record(self) -> None:
        self.do(self.room.recorded(self.batches.pop(0), self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass for a machine that is awake."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + CHECK_PAUSE)
            self.tick()

    def settle(self) -> None:
        """Let time pass, with a journal that works, until nothing is due but the next look at the connections."""
        for _ in range(20):
            self.now += PRESENCE_PAUSE
            self.tick()
            while self.batches:
                self.record()
