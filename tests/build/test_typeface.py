"""The figures' font is what the script makes; it is run by hand, since its source is not in the checkout."""

from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
FONT = TOP / "web" / "fonts" / "figures.woff2"


def test_made_again_of_itself_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # By what is drawn, not by bytes, which may differ with the tools' versions.
    monkeypatch.syspath_prepend(str(TOP / "build"))
    import typeface
    from fontTools.ttLib import TTFont

    typeface.make(FONT, tmp_path / "again.woff2")
    was, now = TTFont(FONT), TTFont(tmp_path / "again.woff2")
    assert now.getBestCmap() == was.getBestCmap()
    assert now.keys() == was.keys()
    for name in was.getGlyphOrder():
        assert now["hmtx"][name] == was["hmtx"][name]
        assert now["glyf"][name] == was["glyf"][name], name
