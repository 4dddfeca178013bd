"""Who asked for what, as an entry of the stream tells it to all hosts: people by their number, names by a token.

The names themselves are in one key, apart: the script that records a `forget` deletes it, and neither an entry nor a
copy of the history, wherever they are kept, has a name then. A token is drawn at random, so it says nothing by itself.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from desktop.core.operations import AnyOperation, Forget
from desktop.core.rounds import Present, Who

KNOWN: Final = 20_000
"""Names that are kept in mind: what they are called in Redis stays the same for so long."""


class Told(Struct, frozen=True, array_like=True):
    """What an entry says beside its operations."""

    here: int = 0
    who: Sequence[tuple[int, str, str] | None] = ()
    """For each client, in the order in which they come first: its person's number, the token of the name ("": none),
    and the role; None where that is not known."""

    def tokens(self) -> Iterable[str]:
        return (one[1] for one in self.who if one and one[1])

    def present(self, operations: Sequence[AnyOperation], names: dict[str, str]) -> Present:
        """As the history takes it; a token that is in `names` no more is no name."""
        who = {
            client: Who(one[0], names.get(one[1], ""), one[2])
            for client, one in zip(_clients(operations), self.who, strict=False)
            if one
        }
        return Present(self.here, who)


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Told).decode


class Tokens:
    """What this host calls the names of its own people, from one `forget` to the next."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    def forget(self) -> None:
        self._tokens = {}

    def tell(self, operations: Sequence[AnyOperation], present: Present) -> tuple[Told, dict[str, str]]:
        """What to record beside these, and the names that their tokens stand for: of whoever asked for something
        after the last `forget` among them."""
        last = max((place for place, one in enumerate(operations) if isinstance(one, Forget)), default=-1)
        if last >= 0:
            self.forget()
        named = {operation.client for operation in operations[last + 1 :]}
        names: dict[str, str] = {}
        told: list[tuple[int, str, str] | None] = []
        for client in _clients(operations):
            who = present.who.get(client)
            token = self._token(who.name) if who and who.name and client in named else ""
            if who and token:
                names[token] = who.name
            told.append((who.person, token, who.role) if who else None)
        return Told(present.here, told), names

    def _token(self, name: str) -> str:
        tokens = self._tokens
        if len(tokens) >= KNOWN:
            tokens = self._tokens = {}
        return tokens.setdefault(name, secrets.token_urlsafe(6))


def _clients(operations: Sequence[AnyOperation]) -> Iterable[str]:
    return dict.fromkeys(operation.client for operation in operations)
