"""How long it takes to open the history of a million changes, and how much memory.

    python -m tests.bench.history [CHANGES]

It fills a journal in a temporary folder, some minutes' worth of commits, then asks for each stretch as a page would. A
million are to be open within 100 ms and with 20 MB more memory; the exit code says whether they are.
"""

import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psutil

from desktop.core.counter import Add, AnyOperation, Reset
from desktop.core.rounds import Present, Who
from desktop.journal import reading
from desktop.journal.sqlite import SqliteJournal

PEOPLE = [f"client-{n:020}" for n in range(30)]
HOST = "host-0123456789-012345678"
MILLISECONDS, MEGABYTES = 100.0, 20.0
BATCH = 1_000
EACH_ROUND = 20_000
ATTEMPTS = 5


def nothing(operations: Sequence[AnyOperation], last: int) -> None:
    pass


def fill(database: Path, changes: int) -> float:
    """Returns the time of the last change, in seconds."""
    now = 1_790_000_000.0
    journal, ops, choose = SqliteJournal(database, lambda: now), dict.fromkeys([*PEOPLE, HOST], 0), random.Random(1)
    journal.open(nothing)
    present = Present(30, {client: Who(n, f"Name {n}", "guest") for n, client in enumerate(PEOPLE)})
    for number in range(0, changes, BATCH):
        batch: list[AnyOperation] = []
        for _ in range(BATCH):
            client = choose.choice(PEOPLE)
            ops[client] += 1
            batch.append(Add(client, ops[client], False, choose.choice((1, 1, 1, -1, 5))))
        if number % EACH_ROUND == 0:
            ops[HOST] += 1
            batch.append(Reset(HOST, ops[HOST], True))
        now += 60.0
        journal.append(batch, present).result()
    journal.close()
    return now


def ask(database: Path, name: str, now: int, changes: int) -> int:
    """Ask for a stretch; returns how much is told of it."""
    with closing(reading.connect(database)) as db:
        match name:
            case "all":
                return len(reading.whole(db, now).changes)
            case "half":
                return len(reading.span(db, now - changes * 30, now).changes)
            case "day":
                return len(reading.span(db, now - 86_400_000, now).changes)
            case "round":
                return len(reading.span_of(db, reading.rounds(db, 1)[0], now).changes)
            case _:
                return len(reading.rounds(db))


def main() -> int:
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "counter.db"
        began = time.perf_counter()
        now = int(fill(database, changes) * 1000)
        print(f"filled in {time.perf_counter() - began:.0f} s, {database.stat().st_size / 1e6:.0f} MB")
        process, worst = psutil.Process(), 0.0
        before = process.memory_info().rss
        for name in ("all", "half", "day", "round", "rounds"):
            best, count = float("inf"), 0
            for _ in range(ATTEMPTS):  # others share the machine: the quickest says what it takes
                began = time.perf_counter()
                count = ask(database, name, now, changes)
                best = min(best, (time.perf_counter() - began) * 1000)
            worst = max(worst, best)
            print(f"{name}: {count} in {best:.0f} ms")
        more = (process.memory_info().rss - before) / 1e6
        print(f"{more:.1f} MB more")
    return 0 if worst < MILLISECONDS and more < MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
