"""The words of a file to take along, in the language it is asked in; they are kept with the page's."""

import json
from collections.abc import Mapping
from pathlib import Path

from desktop.core.rounds import Who

Words = Mapping[str, str]


def languages(locales: Path) -> set[str]:
    """The languages there are, by their codes."""
    return {path.stem for path in (locales / "export").glob("*.json")}


def words(locales: Path, language: str) -> Words:
    """All words of one of the `languages`."""
    found: dict[str, str] = json.loads((locales / "export" / f"{language}.json").read_text("utf-8"))
    return found


def called(who: Who | None, words: Words) -> str:
    """What somebody is called: by their name, or else by their number."""
    if who is None:
        return ""
    return who.name or (words["host"] if who.role == "host" else words["guest"].replace("{n}", str(who.person)))
