"""The few sentences that the program itself says in a person's language; they are kept with the host's."""

import json
import locale
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def language(pages: Path) -> str:
    """The language of this system, if the page has it, or English."""
    name, _, region = (locale.getlocale(locale.LC_CTYPE)[0] or "").partition("_")
    # Windows says German_Germany.
    code = locale.normalize(name).partition("_")[0]
    return next((tag for tag in (f"{code}-{region}", code) if _file(pages, tag).is_file()), "en")


def question_before_closing(others: int, pages: Path, language: str) -> str:
    """What to ask somebody who closes the window while `others` (at least one) are here."""
    forms = _sentences(pages, language)["native.close"]
    # Whatever the language's other forms, `other` is understood.
    form: str = forms["other"] if others > 1 else forms.get("one", forms["other"])
    return form.replace("{n}", str(others))


def told(notice: Mapping[str, Any], pages: Path) -> str:
    """A `notice` to the host as the terminal says it: in English, like all that is said there."""
    keys = [f"notice.{notice['code']}"]
    if notice["code"] not in ("not_saved", "not_shared"):
        keys.append("notice.goes_on" if "counter" in notice else "notice.afresh")
    if "path" in notice:
        keys.append("notice.kept")
    sentences = _sentences(pages, "en")
    told = " ".join(sentences[key].replace("*", "") for key in keys)
    return told.format(n=notice.get("counter"), path=notice.get("path"), reason=notice.get("reason"))


def _sentences(pages: Path, language: str) -> Any:
    return json.loads(_file(pages, language).read_text("utf-8"))


def _file(pages: Path, language: str) -> Path:
    return pages / "locales" / "host" / f"{language}.json"
