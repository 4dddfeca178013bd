from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from desktop.journal import Journal
from desktop.journal.sqlite import SqliteJournal
from desktop.server.pages import Pages
from tests.desktop.support import Serve, Served, page_folder, served


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "counter.db"


@pytest.fixture
async def serve(tmp_path: Path, database: Path) -> AsyncIterator[Serve]:
    pages = Pages(page_folder(tmp_path / "web"))
    async with AsyncExitStack() as stack:

        async def start(journal: Journal | None = None, **others: Any) -> Served:
            return await stack.enter_async_context(served(journal or SqliteJournal(database), pages, **others))

        yield start
