"""What the history must say, told plainly: by going through everything that was asked, from the beginning."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from desktop.core.counter import AnyOperation, Configure, Counter, Forget, Reset, Title, Undo, Verdict


class Told(NamedTuple):
    """A round."""

    id: int
    title: str
    value: int
    low: int
    high: int
    changes: int
    people: int
    shares: dict[str, int]
    values: tuple[int, ...]


def rounds(operations: Sequence[AnyOperation]) -> list[Told]:
    """The rounds that these make, the oldest first, those in which nothing happened too."""
    counter = Counter()
    stack: list[list[tuple[str, int, int]]] = [[]]  # of each round: who, by how much, to what value
    ids, own, ended = [0], dict[int, str](), [""]
    for operation in operations:
        value, reset = counter.value, counter.reset_revision
        if counter.apply(operation) is not Verdict.APPLIED:
            continue
        match operation:
            case Title(round=number, title=title):
                if number in ids:
                    own[number] = title
            case Configure() | Forget():
                pass
            case Reset():
                stack.append([])
                ids.append(counter.reset_revision)
                ended.append("")
            case Undo() if counter.reset_revision != reset:
                gone = stack.pop()
                own.pop(ids.pop(), None)
                ended.pop()
                stack[-1] += [*gone, ("", 0, counter.value)]
            case _:
                stack[-1].append((operation.client, counter.value - value, counter.value))
        ended[-1] = counter.settings.title
    told = []
    for number, happened, title in zip(ids, stack, ended, strict=True):
        shares: defaultdict[str, int] = defaultdict(int)
        for who, delta, _ in happened:
            if who:
                shares[who] += delta
        values = tuple(value for _, _, value in happened)
        low, high, last = min(0, *values, 0), max(0, *values, 0), values[-1] if values else 0
        its = own.get(number, title)
        told.append(Told(number, its, last, low, high, len(happened), len(shares), dict(shares), values))
    return told
