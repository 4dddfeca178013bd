"""What the program itself says in a person's language."""

import locale

import pytest

from desktop.server.pages import folder
from desktop.words import LANGUAGES, language, question_before_closing


@pytest.mark.parametrize(
    ("name", "expected"), [("fr_FR", "fr"), ("French_France", "fr"), ("en_GB", "en"), ("de_DE", "en"), (None, "en")]
)
def test_the_language_is_the_systems_or_english(
    monkeypatch: pytest.MonkeyPatch, name: str | None, expected: str
) -> None:
    monkeypatch.setattr(locale, "getlocale", lambda category: (name, "UTF-8"))
    assert language() == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_names_how_many_are_here(language: str) -> None:
    assert "{" not in question_before_closing(1, folder(), language)
    assert "23" in question_before_closing(23, folder(), language)
    assert "?" in question_before_closing(2, folder(), language)
