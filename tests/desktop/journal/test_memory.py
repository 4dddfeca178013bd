"""A journal that keeps nothing, and when it takes the place of one that does."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from desktop.core.answers import Notice
from desktop.core.operations import Add, AnyOperation
from desktop.journal import JournalError
from desktop.journal.memory import MemoryJournal, SavedIfPossible
from desktop.journal.sqlite import SqliteJournal
from tests.desktop.support import ADA, change


def add(op: int) -> Add:
    return Add(client=ADA, op=op, delta=1, host=False)


def test_it_gives_back_what_is_appended_in_order_from_its_own_thread_and_says_that_nothing_is_kept() -> None:
    heard: list[tuple[Sequence[AnyOperation], int]] = []
    threads = set()

    def deliver(operations: Sequence[AnyOperation], last: int) -> None:
        heard.append((operations, last))
        threads.add(threading.current_thread())

    journal = MemoryJournal()
    kept = journal.open(deliver)
    assert (kept.counter.value, kept.last, list(kept.notices)) == (0, 0, [Notice(code="not_saved")])
    journal.append([add(1), add(2)])
    journal.append([add(3)]).result()
    journal.snapshot(b"{}", 3).result()
    journal.close()
    assert heard == [([add(1), add(2)], 2), ([add(3)], 3)]
    assert threads and threading.main_thread() not in threads


def test_two_runs_are_two_histories() -> None:
    one, two = MemoryJournal(), MemoryJournal()
    assert one.open(lambda *_: None).epoch != two.open(lambda *_: None).epoch
    one.close()
    two.close()


def test_what_can_be_saved_is(tmp_path: Path) -> None:
    for counted in (0, 1):
        journal = SavedIfPossible(SqliteJournal(tmp_path / "counter.db"))
        kept = journal.open(lambda *_: None)
        assert (kept.counter.value, list(kept.notices)) == (counted, [])
        journal.append([add(1 + counted)]).result()
        journal.close()


def test_where_no_file_can_be_made_it_counts_in_memory_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = SavedIfPossible(SqliteJournal(tmp_path / "gone" / "counter.db"))
    kept = journal.open(lambda *_: None)
    assert list(kept.notices) == [Notice(code="not_saved")]
    journal.append([add(1)]).result()
    journal.close()
    (record,) = caplog.records
    assert "counter.db could not be opened" in record.getMessage()


def test_a_newer_programs_file_is_refused_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "counter.db"
    journal = SqliteJournal(path)
    journal.open(lambda *_: None)
    journal.close()
    change(path, "PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="newer"):
        SavedIfPossible(SqliteJournal(path)).open(lambda *_: None)
