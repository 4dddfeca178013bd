"""Some seconds of the soak, what it takes for growth, and the server's tasks."""

import asyncio
from pathlib import Path

import pytest

from desktop.journal.sqlite import SqliteJournal
from desktop.server.pages import Pages
from tests.desktop.support import page_folder, raw_socket, served, true
from tests.faults.soak import Sample, Soak, Usage

LEVEL = [Sample(60_000_000 + 10_000 * (second % 7), 300 + second % 5, 4) for second in range(90)]


@pytest.mark.unix
async def test_people_come_click_and_go_and_leave_nothing_behind(tmp_path: Path) -> None:
    soak = Soak(tmp_path / "data", seconds=3, people=30, seed=1)

    assert await soak.run() == []

    assert soak.record.counts["invoked"] > 0 and soak.record.counts["visits"] > 0
    assert max(sample.descriptors for sample in soak.samples) > 20


def test_what_is_level_is_no_growth() -> None:
    assert list(Usage(LEVEL).growth()) == []
    # Whatever the first third was like.
    assert list(Usage([Sample(1, 1, 1)] * 30 + LEVEL[30:]).growth()) == []


@pytest.mark.parametrize(
    ("name", "a_second"),
    [("memory", 100_000), ("descriptors", 1), ("threads", 0.1)],
    ids=["memory", "files", "threads"],
)
def test_a_small_leak_shows(name: str, a_second: float) -> None:
    leaking = [
        sample._replace(**{name: getattr(sample, name) + int(second * a_second)}) for second, sample in enumerate(LEVEL)
    ]

    (found,) = Usage(leaking).growth()

    assert found.startswith(f"{name} grew from ")


async def test_no_task_outlives_a_connection_however_it_ended(tmp_path: Path) -> None:
    pages = Pages(page_folder(tmp_path / "web"))
    async with served(SqliteJournal(tmp_path / "counter.db"), pages) as server:
        await (await server.page()).ws.close()
        await true(lambda: server.hub.room.people == 0)
        before = len(asyncio.all_tasks())
        for number in range(10):
            page = await server.page(f"page-{number:020}")
            await page.say(type="add", op=1, delta=1)
            await page.ws.close()
            async with (
                raw_socket(server.port) as gone,
                raw_socket(server.port) as cut,
                raw_socket(server.port) as early,
            ):
                await gone.handshake(server.port)
                await cut.handshake(server.port)
                cut.reset()
                await early.ask(server.port)
                early.reset()

        await true(lambda: server.hub.room.people == 0 and len(asyncio.all_tasks()) <= before)
        await true(lambda: server.hub.room.counter.value == 10)
