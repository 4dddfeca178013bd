"""Hands: who is here to raise one, and what is said of those that are up, while the host has set a limit for each.

What each voter has added is the counter's (`Counter.hands`); who is here only the room knows.
"""

from base64 import urlsafe_b64encode
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import Final

from msgspec import structs

from desktop.core.answers import Hands
from desktop.core.counter import Counter
from desktop.core.member import Member
from desktop.core.operations import Add, AnyOperation, Lower
from desktop.core.protocol import Hello

MARK_SIZE: Final = 12
"""Bytes: enough that no two voters of a journal's ever have the same mark (a birthday among 2^96)."""


def mark(voter: str, epoch: str) -> str:
    """What stands for a voter in one journal, of which none can be recognised in another, nor who it is be told."""
    digest = blake2b(voter.encode(), digest_size=MARK_SIZE, key=epoch.encode()[: blake2b.MAX_KEY_SIZE])
    return urlsafe_b64encode(digest.digest()).decode()


class Voters(dict[str, set[Member]]):
    """The members by their voter: a person may have several pages open. Not among them are hosts, who may add without
    a limit, screens, and classic clients."""

    def __init__(self, counter: Counter, epoch: str) -> None:
        super().__init__()
        self._counter = counter
        self._epoch = epoch
        self.are_all_here = True
        """Whether there is no other host: who is with one is not gone, and not known here."""

    def name(self, member: Member, hello: Hello) -> None:
        """A member says whose page it is, perhaps not for the first time: without a word, it is a person by itself."""
        self.part(member)
        member.voter = mark(hello.voter, self._epoch) if hello.voter else hello.client
        if not (member.host or member.bot or hello.screen):
            self.setdefault(member.voter, set()).add(member)

    def part(self, member: Member) -> None:
        """A member has left, or is somebody else."""
        alike = self.get(member.voter, set())
        alike.discard(member)
        if not alike:
            self.pop(member.voter, None)

    def signed(self, operation: AnyOperation, member: Member) -> AnyOperation:
        """The operation that a member asks for, with what its decision needs to know: who adds, or who has gone."""
        if operation.host:
            return structs.replace(operation, voters=sorted(self.gone())) if isinstance(operation, Lower) else operation
        return structs.replace(operation, voter=member.voter) if isinstance(operation, Add) else operation

    def gone(self) -> AbstractSet[str]:
        """The voters who have added something, and have left."""
        return self._counter.hands.keys() - self.keys() if self.are_all_here else frozenset()

    def tally(self) -> Hands:
        """How many have added something, and of how many who are here or have."""
        up = len(self._counter.hands)
        return Hands(up=up, of=len(self._counter.hands.keys() | self.keys()))
