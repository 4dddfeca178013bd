"""The few sentences that the program itself says in a person's language; they are kept with the page's."""

import json
import locale
from pathlib import Path

LANGUAGES = ("en", "fr")


def language() -> str:
    """The language of this system, or English."""
    name = (locale.getlocale(locale.LC_CTYPE)[0] or "")[:2].lower()
    return name if name in LANGUAGES else "en"


def question_before_closing(others: int, pages: Path, language: str) -> str:
    """What to ask somebody who closes the window while `others` (at least one) are here."""
    sentences = json.loads((pages / "locales" / f"{language}.json").read_text("utf-8"))
    # English and French alike: from two on it's the plural.
    form: str = sentences["native.close"]["one" if others < 2 else "other"]
    return form.replace("{n}", str(others))
