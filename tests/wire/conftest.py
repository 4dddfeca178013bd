from tests.desktop.conftest import database, serve

__all__ = ["database", "serve"]
