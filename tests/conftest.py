"""What is Unix's own is left out on Windows, so that every other failure there counts."""

import sys

import pytest

# They import what Windows has not: they drive screens and networks of Linux's.
QT = [f"desktop/window/test_{name}.py" for name in ("platforms", "qt", "window")]
SCREENS = ["bench", "e2e", *QT]
collect_ignore = SCREENS if sys.platform == "win32" else []


def pytest_configure(config: pytest.Config) -> None:
    if sys.platform == "win32":
        # Its loop leaves to Python what it should close, as the socket of who is gone before being accepted.
        config.addinivalue_line("filterwarnings", "ignore::ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if sys.platform == "win32" and item.get_closest_marker("unix"):
            item.add_marker(pytest.mark.skip(reason="Unix's own"))
