"""The words of what is taken along."""

import json
from typing import Any

from desktop.core.rounds import Who
from desktop.export.words import called, languages, words
from tests.desktop.export.past import LOCALES


def test_every_language_of_the_page_has_all_words() -> None:
    assert languages(LOCALES) == {path.stem for path in LOCALES.glob("*.json")}
    for language in languages(LOCALES):
        assert words(LOCALES, language).keys() == words(LOCALES, "en").keys()


def test_people_are_called_as_on_the_page() -> None:
    for language in languages(LOCALES):
        page: dict[str, Any] = {}
        for name in (f"{language}.json", f"host/{language}.json"):
            page |= json.loads((LOCALES / name).read_text("utf-8"))
        said = words(LOCALES, language)
        assert (said["guest"], said["host"]) == (page["people.guest"], page["people.host"])


def test_where_the_decimal_sign_is_a_comma_the_separator_is_none() -> None:
    assert {language: words(LOCALES, language)["separator"] for language in languages(LOCALES)} == {
        "en": ",", "fr": ";", "de": ";", "es": ";", "it": ";", "pt": ";", "co": ";",
    }  # fmt: skip


def test_somebody_is_called_by_their_name_or_their_number() -> None:
    said = words(LOCALES, "fr")
    assert called(Who(7, "Ada", "guest"), said) == "Ada"
    assert called(Who(7, "", "guest"), said) == "Invité 7"
    assert called(Who(7, "", "classic"), said) == "Invité 7"
    assert called(Who(7, "", "host"), said) == "Hôte"
    assert called(None, said) == ""
