from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.export.tables import Ask
from tests.desktop.export import past


@pytest.fixture
def ask(database: Path) -> Iterator[Ask]:
    past.filled(database)
    db, ask = past.asking(database)
    yield ask
    db.close()
