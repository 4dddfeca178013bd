"""The few sentences that the program itself says in a person's language; they are kept with the page's."""

import json
import locale
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr")


def language() -> str:
    """The language of this system, or English."""
    name = (locale.getlocale(locale.LC_CTYPE)[0] or "")[:2].lower()
    return name if name in LANGUAGES else "en"


def question_before_closing(others: int, pages: Path, language: str) -> str:
    """What to ask somebody who closes the window while `others` (at least one) are here."""
    # English and French alike: from two on it's the plural.
    form: str = _sentences(pages, language)["native.close"]["one" if others < 2 else "other"]
    return form.replace("{n}", str(others))


def told(notice: Mapping[str, Any], pages: Path) -> str:
    """A `notice` to the host as the terminal says it: in English, like all that is said there."""
    keys = [f"notice.{notice['code']}"]
    if notice["code"] != "not_saved":
        keys.append("notice.goes_on" if "counter" in notice else "notice.afresh")
    if "path" in notice:
        keys.append("notice.kept")
    sentences = _sentences(pages, "en")
    told = " ".join(sentences[key].replace("*", "") for key in keys)
    return told.format(n=notice.get("counter"), path=notice.get("path"))


def _sentences(pages: Path, language: str) -> Any:
    return json.loads((pages / "locales" / f"{language}.json").read_text("utf-8"))
