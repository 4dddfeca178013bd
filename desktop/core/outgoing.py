"""What is to be told, and when: the beat.

Whatever happened since the last beat is told in one message, encoded once for all that need to know the same. Somebody
who can't be written to keeps a note of what they are owed, and gets the newest state once they can: never a backlog.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import inf
from typing import Final

from msgspec import UNSET, UnsetType

from desktop.core.answers import ClassicError, ClassicState, Elsewhere, Error, Hands, Person, Roster, State, encode
from desktop.core.commands import Close, Command, Key, Send
from desktop.core.counter import Counter
from desktop.core.hands import Voters
from desktop.core.member import Member
from desktop.core.operations import Add
from desktop.core.protocol import ANONYMOUS, SENTENCES, Code

BEAT: Final = 0.008
"""Seconds from one beat to the next when busy, at least: nobody sees a number change 125 times a second as it is,
and every phone would have to be told."""
FLUSH_SHARE: Final = 0.25
"""After a beat there is a pause of so many times what it cost to send, at least, in which what has come is read and
recorded. With 1,000 people at 10 clicks a second, none saves nothing and falls behind where there are more clicks than
can be read; with twice that pause a click takes a fifth longer."""
PRESENCE_PAUSE: Final = 0.25
"""Seconds between two messages that only say how many people are here: a class arriving is no storm."""
ROSTER_PAUSE: Final = 1.0
"""Seconds between two lists of the people here, for the host."""
ROSTER_LIMIT: Final = 500
"""People on the host's list, those who came first: nobody reads more."""

# What a member has yet to be told: a bit each.
VALUE, PEOPLE, SETTINGS, ACK, HANDS, HAND = 1, 2, 4, 8, 16, 32
"""HANDS is what all have added who are limited, HAND what the member's own voter has."""


class Outgoing:
    """Keeps what each of `members` has yet to be told of the counter."""

    def __init__(self, counter: Counter, epoch: str, members: Mapping[Key, Member], voters: Voters) -> None:
        self._counter = counter
        self._voters = voters
        self._epoch = epoch
        self._members = members
        self._news = 0
        self._tally: Hands | None = None
        """For one beat: it takes a look at everybody."""
        self._owed: set[Member] = set()
        self.next_beat = 0.0
        """When the next beat may be sent, at the earliest."""
        self._screens: set[Member] = set()
        self._elsewhere: Sequence[Elsewhere] = ()
        self.is_shared = False
        """Whether other hosts have been seen."""
        self._people_stale = False
        self._people_at = 0.0
        self._roster_stale = False
        self._roster_at = 0.0

    @property
    def here(self) -> int:
        """How many are with this host."""
        return len(self._members) - len(self._screens)

    @property
    def people(self) -> int:
        """How many share the counter, with whichever host."""
        return self.here + sum(other.people for other in self._elsewhere)

    @property
    def news(self) -> bool:
        """Whether anybody is owed anything that can be sent."""
        return bool(self._news or self._owed)

    # --- what has happened ---

    def tell_all(self, what: int) -> None:
        """Everybody is owed this."""
        self._news |= what

    def tell(self, member: Member, what: int) -> None:
        """One member is owed this."""
        member.owed |= what
        if member.stalled_at is None:
            self._owed.add(member)

    def tell_hands(self, add: Add | None) -> None:
        """Hands may have moved: by this addition only its voter's, else anybody's."""
        if not self._limited:
            return
        self._news |= HANDS if add else HANDS | HAND
        if add:
            for member in self._voters.get(add.voter or add.client, ()):
                self.tell(member, HAND)

    def tell_hosts(self) -> None:
        """Somebody on the list of people here has changed."""
        self._roster_stale = True

    def came(self, member: Member) -> None:
        """Somebody has joined; a bot is nobody."""
        if member.bot:
            self._screens.add(member)
        self._people_stale = self._roster_stale = True

    def meet(self, elsewhere: Sequence[Elsewhere]) -> None:
        """So many are with the other hosts."""
        self._elsewhere = elsewhere
        self.is_shared |= bool(elsewhere)
        self._voters.are_all_here = not self.is_shared
        self._people_stale = self._roster_stale = True

    def is_screen(self, member: Member) -> None:
        """This member is a projector's page: it is told everything, and is nobody."""
        self._screens.add(member)
        self._people_stale = self._roster_stale = True

    def went(self, member: Member) -> None:
        """This member has left."""
        self._owed.discard(member)
        self._screens.discard(member)
        self._people_stale = self._roster_stale = True

    def stalled(self, member: Member, now: float) -> None:
        """What was sent to this member is still waiting to leave: no more of it."""
        if member.stalled_at is None:
            member.stalled_at = now
            self._owed.discard(member)

    def drained(self, member: Member) -> None:
        """This member can be written to again."""
        member.stalled_at = None
        if member.owed:
            self._owed.add(member)

    # --- the beat ---

    def due(self) -> float:
        """When `beat` has something to send."""
        due = inf
        if self.news:
            due = self.next_beat
        if self._people_stale:
            due = min(due, max(self.next_beat, self._people_at))
        if self._roster_stale:
            due = min(due, max(self.next_beat, self._roster_at))
        return due

    def beat(self, now: float) -> list[Command]:
        """Send what is due."""
        if now < self.next_beat:
            return []
        if self._people_stale and now >= self._people_at:
            self._people_stale = False
            self._people_at = now + PRESENCE_PAUSE
            self._news |= PEOPLE | (HANDS if self._limited else 0)
        commands = self._flush() if self.news else []
        if self._roster_stale and now >= self._roster_at:
            self._roster_stale = False
            self._roster_at = now + ROSTER_PAUSE
            hosts = [member.key for member in self._members.values() if member.host and member.stalled_at is None]
            if hosts:
                commands.append(Send(hosts, encode(self.roster())))
        return commands

    def flushed(self, started: float, ended: float) -> None:
        """What the last beat sent took this long: the next one waits accordingly."""
        self.next_beat = max(started + BEAT, ended + FLUSH_SHARE * (ended - started))

    def _flush(self) -> list[Command]:
        news, self._news = self._news, 0
        self._tally = None
        alike: defaultdict[int, list[Key]] = defaultdict(list)
        classic: list[Key] = []
        commands: list[Command] = []
        for member in self._members.values() if news else self._owed:
            owed = member.owed | news
            if member.stalled_at is not None:
                member.owed = owed
                continue
            member.owed = 0
            if not member.v1:
                if owed & VALUE:
                    classic.append(member.key)
            elif owed & ACK:
                commands.append(Send((member.key,), encode(self._state(owed, member))))
            else:
                alike[owed].append(member.key)
        self._owed.clear()
        if classic:
            commands.append(Send(classic, encode(ClassicState(self._counter.value))))
        for owed, keys in alike.items():
            commands += self._by_hand(owed, keys) if owed & HAND else [Send(keys, encode(self._state(owed)))]
        return commands

    def _by_hand(self, owed: int, keys: Sequence[Key]) -> Iterator[Command]:
        """To whom the same is owed, but their own hand: encoded once for all who have as much."""
        alike: defaultdict[int | UnsetType, list[Key]] = defaultdict(list)
        for key in keys:
            alike[self._hand(self._members[key])].append(key)
        for hand, those in alike.items():
            yield Send(those, encode(self._state(owed, hand=hand)))

    # --- what is said ---

    @property
    def _limited(self) -> bool:
        return self._counter.settings.each is not None

    def _hand(self, member: Member) -> int | UnsetType:
        """What a member's voter has added, if there is a limit for whom it is: not for hosts."""
        limited = self._limited and member.client and not member.host
        return self._counter.hand(member.voter) if limited else UNSET

    def _hands(self) -> Hands | UnsetType:
        if not self._limited:
            return UNSET
        self._tally = self._tally or self._voters.tally()
        return self._tally

    def _state(self, owed: int, member: Member | None = None, hand: int | UnsetType = UNSET) -> State:
        return State(
            counter=self._counter.value,
            revision=self._counter.revision,
            ack=self._counter.decided(member.client) if member and owed & ACK else UNSET,
            people=self.people if owed & PEOPLE else UNSET,
            settings=self._counter.settings if owed & SETTINGS else UNSET,
            hand=self._hand(member) if member and owed & HAND else hand,
            hands=self._hands() if owed & HANDS else UNSET,
        )

    def refuse(self, member: Member, code: Code, sentence: str = "", op: int = 0) -> Send:
        """Why something can't be: the operation `op`, if it is one; in the code's own words unless in others."""
        sentence = sentence or SENTENCES[code]
        if member.v1:
            return Send((member.key,), encode(Error(code=code, message=sentence, op=op or UNSET)))
        if code is Code.LOCKED and self._limited and not self._counter.settings.locked:
            sentence = ANONYMOUS
        return Send((member.key,), encode(ClassicState(self._counter.value, ClassicError(code, sentence))))

    def rebuke(self, member: Member, now: float, code: Code, sentence: str = "") -> Command:
        """The answer to a bad message, of which nobody may send too many."""
        if member.bad.count(now):
            return Close(member.key, 1008, "Too many bad messages.")
        return self.refuse(member, code, sentence)

    def whole_state(self, member: Member) -> State:
        """All there is to know: with `ack` once the member has said who it is."""
        return State(
            counter=self._counter.value,
            revision=self._counter.revision,
            ack=self._counter.decided(member.client) if member.client else UNSET,
            people=self.people,
            epoch=self._epoch,
            role="host" if member.host else "guest",
            settings=self._counter.settings,
            person=member.person if member.client else UNSET,
            hand=self._hand(member),
            hands=self._voters.tally() if self._limited else UNSET,
        )

    def roster(self) -> Roster:
        """The people here, in the order they came."""
        people = [
            Person(
                person=member.person,
                name=member.name,
                added=self._counter.added(member.client),
                role="host" if member.host else "guest",
                classic=not member.v1,
                hand=self._hand(member) if member.v1 else UNSET,
            )
            for member in islice(self._members.values(), ROSTER_LIMIT)
            # A screen is no person; but whoever counts must not be able to hide.
            if member not in self._screens or member.acts
        ]
        gone = len(self._voters.gone()) if self._limited else UNSET
        return Roster(people=people, gone=gone, rooms=self._elsewhere or UNSET)
