"""What is Unix's own is left out on Windows, and what Wine can't do under Wine, so that every other failure counts."""

import sys

import pytest

# They import what drives browsers and screens of Linux's.
collect_ignore = ["bench", "e2e"] if sys.platform == "win32" else []


def pytest_configure(config: pytest.Config) -> None:
    if sys.platform == "win32":
        # Its loop leaves to Python what it should close, as the socket of who is gone before being accepted.
        config.addinivalue_line("filterwarnings", "ignore::ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if sys.platform != "win32":
        return
    import ctypes

    left_out = {"unix": "Unix's own"}
    if hasattr(ctypes.windll.ntdll, "wine_get_version"):
        left_out["windows_itself"] = "Windows' own"
    for item in items:
        for name, reason in left_out.items():
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))
