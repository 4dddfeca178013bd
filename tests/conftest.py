"""What is Unix's own is left out on Windows, so that every other failure there counts."""

import sys

import pytest

# They import what Windows has not: they drive screens and networks of Linux's.
SCREENS = ["bench", "e2e", "windows", "desktop/window/test_platforms.py", "desktop/window/test_window.py"]
collect_ignore = SCREENS if sys.platform == "win32" else []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if sys.platform == "win32" and item.get_closest_marker("unix"):
            item.add_marker(pytest.mark.skip(reason="Unix's own"))
