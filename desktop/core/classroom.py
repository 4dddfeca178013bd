"""Who takes part in the lesson, what they may ask, and what they are told of it: a part of the room."""

from collections.abc import Mapping
from math import inf

from msgspec import UNSET

from desktop.core.answers import Lesson, Where, encode
from desktop.core.commands import Bots, Command, Key, Send
from desktop.core.lesson import Lesson as Course
from desktop.core.lesson import Stage
from desktop.core.member import Member
from desktop.core.protocol import Code, ProtocolError
from desktop.core.taps import Lesson as LessonRequest
from desktop.core.taps import Taps


class Classroom:
    """One lesson after the other, for those of `members` who have said who they are; classic clients are outside."""

    def __init__(self, members: Mapping[Key, Member]) -> None:
        self._members = members
        self._lesson: Course | None = None
        self._number = 0
        self._bots: set[str] = set()
        """Of this lesson, by their client."""
        self._commands: list[Command] = []
        self._value = False
        self._sample = False
        self._stage = False
        """What everybody is owed: the number, the newest point, all there is."""
        self._acks: dict[Key, Member] = {}
        self._behind: dict[Key, Member] = {}
        """Who could not be written to, and is owed all there is."""

    # --- what members ask ---

    def greet(self, member: Member, now: float) -> list[Command]:
        """A member has said who it is: where there is a lesson, it is told all of it."""
        if not self._lesson:
            return []
        if member.bot:
            self._bots.add(member.client)
        return [self._all(member, now)]

    def receive(self, member: Member, asked: LessonRequest | Taps, now: float) -> list[Command]:
        """A message of the lesson's came. Raises ProtocolError (not_host)."""
        if isinstance(asked, Taps):
            if self._lesson and self._lesson.number == asked.lesson:
                self._tapped(self._lesson, member, asked, now)
            return []
        if asked.do == "look":
            return [self._all(member, now)]
        if not member.host:
            raise ProtocolError(Code.NOT_HOST)
        if asked.do == "start":
            return self._start(member, asked, now)
        if not self._lesson:
            return [self._all(member, now)]
        if asked.do == "bots":
            return [Bots(asked.bots)] if self._lesson.stage is not Stage.END else []
        self._lesson.stop(now)
        self._stage = True
        return []

    def _start(self, member: Member, asked: LessonRequest, now: float) -> list[Command]:
        if self._lesson and self._lesson.stage is not Stage.END:
            return [self._all(member, now)]
        self._number += 1
        self._lesson = Course(self._number, now, half=asked.seconds)
        self._bots.clear()
        self._stage = True
        return [Bots(asked.bots)]

    def _tapped(self, lesson: Course, member: Member, taps: Taps, now: float) -> None:
        who = member.client
        self._sample |= lesson.tally(taps.half, who, taps.made) and lesson.stage is Stage.END
        if taps.half == 1:
            if taps.told:
                lesson.one.told(who, taps.told.revision, taps.told.at)
            if taps.set and lesson.set(who, taps.set.counter, taps.set.seen, taps.set.at, now):
                self._value = True
        elif taps.add:
            news = lesson.add(who, taps.add.op, taps.add.delta)
            self._value |= news
            self._stage |= news and lesson.stage is Stage.END
            self._acks[member.key] = member

    # --- the beat ---

    def due(self, beat: float) -> float:
        """When to call `tick`, where the next beat is not before `beat`."""
        if not self._lesson:
            return inf
        news = self._value or self._sample or self._stage or self._acks
        waiting = news or any(member.stalled_at is None for member in self._behind.values())
        return min(beat if waiting else inf, max(beat, self._lesson.due()))

    def tick(self, now: float, beat: float) -> list[Command]:
        """Do what is due: go on, and tell what is new."""
        lesson = self._lesson
        if not lesson or now < beat:
            return []
        before = lesson.stage
        self._sample |= lesson.go_on(now)
        self._stage |= lesson.stage is not before
        commands = self._tell(lesson, now)
        if lesson.stage in (Stage.END, Stage.OVER) and (before is not lesson.stage or lesson.stage is Stage.OVER):
            commands.append(Bots(0))
        if lesson.stage is Stage.OVER:
            self._lesson = None
        return commands

    def _tell(self, lesson: Course, now: float) -> list[Command]:
        whole, news = self._stage, self._value or self._sample
        here = [member for member in self._members.values() if member.client and member.v1]
        stalled = {member.key: member for member in here if member.stalled_at is not None}
        ready = [member for member in here if member.key not in stalled]
        commands: list[Command] = []
        if whole or news:
            self._behind |= stalled
        late = [] if whole else [member for member in ready if member.key in self._behind]
        acks = [member for member in ready if member.key in self._acks]
        if whole and ready:
            commands.append(Send([member.key for member in ready], encode(self._whole(now))))
        elif news:
            told = [member.key for member in ready if member.key not in self._acks and member.key not in self._behind]
            if told:
                commands.append(Send(told, encode(self._newest(lesson, now))))
        # Who has results, or an `ack`, is told so alone.
        if whole and lesson.stage is Stage.END:
            commands += [Send((member.key,), encode(self._own(lesson, member))) for member in ready]
        elif lesson.stage is not Stage.OVER:
            commands += [self._all(member, now) for member in late]
            commands += [
                Send((member.key,), encode(self._newest(lesson, now, lesson.two.decided(member.client))))
                for member in acks
                if member not in late
            ]
        for member in ready:
            self._behind.pop(member.key, None)
            self._acks.pop(member.key, None)
        self._behind = {key: member for key, member in self._behind.items() if key in stalled}
        self._acks = {key: member for key, member in self._acks.items() if key in stalled}
        self._value = self._sample = self._stage = False
        return commands

    # --- what is said ---

    def _newest(self, lesson: Course, now: float, ack: int | None = None) -> Lesson:
        half = lesson.now
        sampled = self._sample
        point = (1 if half is lesson.one else 2, len(half.points) - 1, *half.points[-1])
        return Lesson(
            lesson=lesson.number,
            counter=half.counter,
            revision=half.revision,
            ack=UNSET if ack is None else ack,
            stage=lesson.stage if sampled else UNSET,
            left=round(lesson.left(now) * 1_000) if sampled else UNSET,
            point=point if sampled else UNSET,
        )

    def _whole(self, now: float, member: Member | None = None) -> Lesson:
        lesson = self._lesson
        if not lesson or lesson.stage is Stage.OVER:
            return Lesson(lesson=self._number, stage=Stage.OVER)
        tapped = lesson.one.people | lesson.two.people
        crossing = lesson.one.crossing
        end = lesson.stage is Stage.END
        return Lesson(
            lesson=lesson.number,
            counter=lesson.now.counter,
            revision=lesson.now.revision,
            ack=lesson.two.decided(member.client) if member else UNSET,
            stage=lesson.stage,
            left=round(lesson.left(now) * 1_000),
            seconds=lesson.half,
            halves=(lesson.one.points, lesson.two.points),
            people=len(tapped - self._bots),
            bots=len(tapped & self._bots),
            where=(Where(**crossing._asdict()) if crossing else None) if end else UNSET,
            mine=self._mine(lesson, member) if end and member else UNSET,
        )

    def _own(self, lesson: Course, member: Member) -> Lesson:
        return Lesson(lesson=lesson.number, ack=lesson.two.decided(member.client), mine=self._mine(lesson, member))

    def _mine(self, lesson: Course, member: Member) -> tuple[tuple[int, int], tuple[int, int]]:
        return lesson.one.of(member.client), lesson.two.of(member.client)

    def _all(self, member: Member, now: float) -> Send:
        return Send((member.key,), encode(self._whole(now, member)))
