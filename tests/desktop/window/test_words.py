"""What the program itself says in a person's language."""

import json
import locale
from pathlib import Path
from typing import Any

import pytest

from desktop.server.pages import folder
from desktop.window.words import language, question_before_closing, told

LANGUAGES = [path.stem for path in folder().glob("locales/*.json")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fr_FR", "fr"),
        ("French_France", "fr"),
        ("en_GB", "en"),
        ("de_DE", "de"),
        ("German_Austria", "de"),
        ("Spanish_Spain", "es"),
        ("Portuguese_Brazil", "pt"),
        ("pt_BR", "pt"),
        ("it", "it"),
        ("co_FR", "co"),
        ("Estonian_Estonia", "en"),
        ("C", "en"),
        (None, "en"),
    ],
)
def test_the_language_is_the_systems_or_english(
    monkeypatch: pytest.MonkeyPatch, name: str | None, expected: str
) -> None:
    monkeypatch.setattr(locale, "getlocale", lambda category: (name, "UTF-8"))
    assert language(folder()) == expected


def test_another_language_is_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "locales" / "host").mkdir(parents=True)
    for code, forms in (("ja", {"other": "{n}\uff1f"}), ("zh-TW", {"other": "{n}"})):
        (tmp_path / "locales" / "host" / f"{code}.json").write_text(json.dumps({"native.close": forms}), "utf-8")
    for name, expected in (("ja_JP", "ja"), ("zh_TW", "zh-TW"), ("zh_CN", "en")):
        monkeypatch.setattr(locale, "getlocale", lambda category, name=name: (name, "UTF-8"))
        assert language(tmp_path) == expected
    assert question_before_closing(1, tmp_path, "ja") == "1\uff1f"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_names_how_many_are_here(language: str) -> None:
    assert "{" not in question_before_closing(1, folder(), language)
    assert "23" in question_before_closing(23, folder(), language)
    assert "?" in question_before_closing(2, folder(), language)


@pytest.mark.parametrize(
    ("notice", "sentence"),
    [
        (
            {"code": "set_aside", "path": "/x/{old}*.db", "counter": -42},
            "The saved counter was damaged. It goes on from -42, the last number known."
            " The old file is kept: /x/{old}*.db",
        ),
        (
            {"code": "set_aside", "path": "/old.db"},
            "The saved counter was damaged. It starts again at 0. The old file is kept: /old.db",
        ),
        (
            {"code": "went_back", "counter": 0},
            "The saved counter was missing, or older than it should be. It goes on from 0, the last number known.",
        ),
        ({"code": "not_saved"}, "Nothing is being saved. The number is lost when the program ends."),
    ],
)
def test_a_notice_is_told_in_sentences(notice: dict[str, Any], sentence: str) -> None:
    assert told({"type": "notice", **notice}, folder()) == sentence


def test_why_a_counter_is_not_shared_is_told_in_the_terminal() -> None:
    said = told({"type": "notice", "code": "not_shared", "reason": "redis://h can't be reached."}, folder())
    assert said == "The shared counter can\u2019t be used now. Until the next start this computer counts alone."
