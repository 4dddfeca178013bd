"""The room: who is here, who may do what, what is sent to whom and when.

Events are the methods, each with the time it happened (seconds of any monotonic clock); what they return are commands,
to be carried out in their order. `due` says when `tick` wants to be called.

    join ---> receive ... ---> leave          one connection
    tick -> Record -> recorded | failed       one batch at a time; what arrives meanwhile waits for the next
    tick -> Send                              one beat: everybody's newest state, encoded once
    stalled, drained                          whether a member can be written to
"""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Final

from msgspec import structs

from desktop.core.answers import ClassicState, Elsewhere, Network, Notice, Pong, encode
from desktop.core.classroom import Classroom
from desktop.core.commands import FULL, REMOVED, Close, Command, Key, Pause, Record, Send
from desktop.core.commands import Watch as Watching
from desktop.core.counter import Counter, Verdict
from desktop.core.hands import Voters
from desktop.core.intake import RETRY_PAUSE, Intake
from desktop.core.liveness import Liveness
from desktop.core.member import Clients, Member
from desktop.core.names import visible
from desktop.core.operations import Add, Age, AnyOperation, Set
from desktop.core.outgoing import ACK, SETTINGS, VALUE, Outgoing
from desktop.core.protocol import Break, Code, Hello, Ping, ProtocolError, Remove, Watch, parse, parse_classic
from desktop.core.requests import OperationRequest
from desktop.core.rounds import Present
from desktop.core.taps import Lesson, Taps

TOO_MUCH: Final = "Too much waits to be recorded."
SENT_AWAY: Final = "The host has removed this page."


class Room:
    """The rules for one counter.

    `epoch` names the journal, `secret` is what the host proves itself with, `run` is a word that no other run of the
    program has: it makes the names of classic clients, which have none of their own, unique. The host is told the
    `notices`.
    """

    def __init__(self, counter: Counter, *, epoch: str, secret: str, run: str, notices: Sequence[Notice] = ()) -> None:
        # What a projector showed when the program ended is no matter of today's.
        counter.settings = structs.replace(counter.settings, compare=None)
        self.counter = counter
        self.hour = counter.hour  # since the epoch, set from outside: there is no clock here
        self.epoch = epoch
        self._secret = secret.encode()
        self._run = run
        self._joined = 0
        self._members: dict[Key, Member] = {}
        self._clients = Clients()
        self._network = Network(join=None, reach="none")
        self._notices = notices
        self._removed: set[str] = set()
        self._intake = Intake()
        self._voters = Voters(counter, epoch)
        self._outgoing = Outgoing(counter, epoch, self._members, self._voters)
        self._liveness = Liveness(self._members)
        self._classroom = Classroom(self._members)

    @property
    def people(self) -> int:
        """How many share the counter, projectors aside."""
        return self._outgoing.people

    @property
    def here(self) -> int:
        """How many of them are with this host."""
        return self._outgoing.here

    @property
    def has_company(self) -> bool:
        """Whether anybody but the host is here, or a screen for all to look at."""
        return any(member.client and not (member.host or member.bot) for member in self._members.values())

    def __contains__(self, key: Key) -> bool:
        return key in self._members

    # --- connections ---

    def join(self, key: Key, now: float, *, v1: bool, local: bool, bot: bool = False) -> Send:
        """A connection was opened; `local` if over loopback, by a `bot` if one of a lesson's. It is told the state at
        once."""
        self._joined += not bot
        member = self._members[key] = Member(key, self._joined, now, v1=v1, local=local, bot=bot)
        self._outgoing.came(member)
        if not v1:
            self._clients.name(member, f"~{self._run}~{self._joined}")
            return Send((key,), encode(ClassicState(self.counter.value)))
        return Send((key,), encode(self._outgoing.whole_state(member)))

    def leave(self, key: Key, now: float) -> None:
        """A connection is gone, from whichever side."""
        member = self._members.pop(key, None)
        if member is not None:
            self._clients.part(member)
            self._voters.part(member)
            self._outgoing.went(member)

    def stalled(self, key: Key, now: float) -> None:
        """What was sent to this member is still waiting to leave: send no more."""
        member = self._members.get(key)
        if member is not None:
            self._outgoing.stalled(member, now)

    def drained(self, key: Key, now: float) -> None:
        """This member can be written to again."""
        member = self._members.get(key)
        if member is not None:
            self._outgoing.drained(member)

    def heard(self, key: Key, now: float) -> list[Command]:
        """A message, a ping or a pong came: the member is alive, and may be going too fast."""
        member = self._members[key]
        member.heard = now
        member.pinged = False
        pause = member.rate.take(now)
        if pause == inf:
            return [Close(key, 1008, "Too many messages.")]
        return [Pause(key, pause)] if pause else []

    def announce(self, network: Network) -> list[Command]:
        """The address where others join, for the hosts' pages."""
        self._network = network
        hosts = [m.key for m in self._members.values() if m.host]
        return [Send(hosts, encode(network))] if hosts else []

    def meet(self, elsewhere: Sequence[Elsewhere]) -> None:
        """Who is with the other hosts."""
        self._outgoing.meet(elsewhere)

    # --- messages ---

    def receive(self, key: Key, text: str, now: float) -> list[Command]:
        """A text message came from a member."""
        commands = self.heard(key, now)
        if any(isinstance(command, Close) for command in commands):
            return commands
        member = self._members[key]
        try:
            commands += self._taken(member, text, now) if member.v1 else self._taken_classic(member, text)
        except ProtocolError as error:
            if error.op == max(member.unread, self._newest(member)) + 1:
                member.unread = error.op
            commands.append(self._outgoing.rebuke(member, now, error.code, str(error)))
        if self._intake.crowded:
            commands.append(Pause(key, RETRY_PAUSE))
        return commands

    def _taken_classic(self, member: Member, text: str) -> list[Command]:
        if self._intake.full:
            return [Close(member.key, FULL, TOO_MUCH)]
        self._intake.add(Set(member.client, 0, member.host, parse_classic(text)), member.who)
        return []

    def _taken(self, member: Member, text: str, now: float) -> list[Command]:
        match parse(text):
            case Hello() as hello:
                return self._greeted(member, hello, now)
            case _ if not member.client:
                raise ProtocolError(Code.HELLO_FIRST)
            case Ping(at=at):
                return [Send((member.key,), encode(Pong(at=at)))]
            case Watch(wire=wire):
                return [Watching(member.key, member.client, wire)]
            case Break():
                return [Close(member.key, None)]
            case Remove(person=person):
                return self._remove(member, person)
            case Lesson() | Taps() as asked:
                return self._classroom.receive(member, asked, now)
            case request:
                return self._asked(member, request)

    def _greeted(self, member: Member, hello: Hello, now: float) -> list[Command]:
        if hello.client in self._removed:
            return [Close(member.key, REMOVED, SENT_AWAY)]
        self._clients.name(member, hello.client)
        member.name = visible(hello.name) if isinstance(hello.name, str) else ""
        self._outgoing.tell_hosts()
        if hello.screen:
            self._outgoing.is_screen(member)
        commands: list[Command] = []
        if hello.host is not None:
            if not member.prove(hello.host, self._secret):
                return [Close(member.key, 1008, "Not the host's secret.")]
            if not member.host:
                commands.append(self._outgoing.refuse(member, Code.NOT_HOST, "This is not the host's secret."))
        self._voters.name(member, hello)
        if self.counter.settings.each is not None:
            self._outgoing.came(member)
        commands.append(Send((member.key,), encode(self._outgoing.whole_state(member))))
        if member.host:
            commands += [Send((member.key,), encode(message)) for message in (self._network, *self._notices)]
        return commands + self._classroom.greet(member, now)

    def _remove(self, member: Member, person: int) -> list[Command]:
        """The host sends somebody away; their page may not come back. Whoever has left already is no mistake."""
        if not member.host:
            raise ProtocolError(Code.NOT_HOST)
        meant = [other for other in self._members.values() if other.person == person and not other.host]
        self._removed.update(other.client for other in meant)
        gone = [other for one in meant for other in self._clients.get(one.client, {one}) if not other.host]
        return [Close(other.key, REMOVED, SENT_AWAY) for other in gone]

    def _asked(self, member: Member, request: OperationRequest) -> list[Command]:
        member.acts = True
        client, op = member.client, request.op
        newest = self._newest(member)
        if op > max(member.unread, newest) + 1:
            code = FULL if self._outgoing.is_shared else 1008  # another host may have it, and this one hear of it yet
            return [Close(member.key, code, f"Operation {newest + 1} is missing.")]
        if op <= self.counter.decided(client):
            self._outgoing.tell(member, ACK)
        elif op > newest:
            # Dropping this one and taking the next would leave a gap: so the page keeps all it has, and comes back.
            if self._intake.full:
                return [Close(member.key, FULL, TOO_MUCH)]
            # Those before it could not be read, and did not come again: adding nothing is refused, and so are they.
            for unread in range(newest + 1, op):
                self._intake.add(Add(client, unread, member.host, 0))
            self._intake.add(self._voters.signed(request.operation(client, member.host), member), member.who)
        elif self._intake.failing:
            # A page that hears nothing would take the connection for dead.
            return [self._outgoing.refuse(member, Code.NOT_RECORDED, op=op)]
        return []

    # --- the journal's answers ---

    def recorded(self, operations: Iterable[AnyOperation], now: float) -> list[Command]:
        """The journal has made these durable, in this order."""
        commands: list[Command] = []
        for operation in operations:
            self._intake.recorded(operation, now)
            settings = self.counter.settings
            verdict = self.counter.apply(operation)
            if verdict is Verdict.APPLIED:
                self._outgoing.tell_all(VALUE if settings is self.counter.settings else SETTINGS)
                self._outgoing.tell_hands(operation if isinstance(operation, Add) else None)
                self._outgoing.tell_hosts()
            for member in self._clients.get(operation.client, ()):
                self._outgoing.tell(member, ACK)
                if verdict.refused and member.v1:
                    commands.append(self._outgoing.refuse(member, Code(verdict.value), op=operation.op))
                elif verdict.refused:  # to a classic client that is a bad message like any other
                    commands.append(self._outgoing.rebuke(member, now, Code(verdict.value)))
        return commands

    def failed(self, now: float) -> list[Command]:
        """The journal couldn't write the batch. It is kept and tried again; whoever waits for it is told, once, and so
        are the hosts when it begins."""
        hosts = [] if self._intake.failing else [member for member in self._members.values() if member.host]
        waiting = [
            (member, operation.op)
            for operation in self._intake.failed(now)
            for member in self._clients.get(operation.client, ())
        ]
        return [
            self._outgoing.refuse(member, Code.NOT_RECORDED, op=op)
            for member, op in [*((host, 0) for host in hosts), *waiting]
        ]

    # --- the beat ---

    def due(self) -> float:
        """When to call `tick`: a time, or one that has passed if at once."""
        # One batch a beat: what is recorded while news wait to be sent would wait with them, and cost a commit more.
        intake = inf if self._outgoing.news else self._intake.due(self._outgoing.next_beat)
        classroom = self._classroom.due(self._outgoing.next_beat)
        return min(intake, self._outgoing.due(), self._liveness.due(), classroom)

    def tick(self, now: float) -> list[Command]:
        """Do what is due."""
        commands = self._outgoing.beat(now)
        # What other hosts record is news without end: where they do, a beat has its batch too.
        if not self._outgoing.news and (not commands or self._outgoing.is_shared):
            if self.hour != self.counter.hour:
                here = self.counter.clients.keys() & self._clients
                self._intake.age(Age("~", 0, True, self.hour, sorted(here)))
            if batch := self._intake.batch(now, self._outgoing.next_beat):
                commands.append(Record(batch, Present(self.people, self._intake.who())))
        return commands + self._classroom.tick(now, self._outgoing.next_beat) + self._liveness.check(now)

    def hurry(self) -> None:
        """The end is near: what is due waits for no beat."""
        self._outgoing.next_beat = 0.0

    def flushed(self, started: float, ended: float) -> None:
        """What the last tick sent took this long: the next beat waits accordingly."""
        self._outgoing.flushed(started, ended)

    def _newest(self, member: Member) -> int:
        """The newest `op` of a member's client that is decided or on its way."""
        return self._intake.newest(member.client, self.counter.decided(member.client))
