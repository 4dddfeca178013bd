"""Makes web/fonts/figures.woff2: of Barlow Semi Condensed Bold, the signs of numbers and addresses. Run by hand.

python3 build/typeface.py barlow-semi-condensed-latin-700-normal.woff2 web/fonts/figures.woff2

It needs fonttools and brotli, which the tests need too. web/fonts/README.md says where the source is from.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

NAME = "LAN Counter Figures"
SIGNS = "0123456789+-\u2212.,:'\u2019\u00a0 []%abcdef\u00d7"
THIN = 0x202F
"""The space of French groups, which Barlow lacks: its other space, a fifth of an em, serves."""
ASCENT, DESCENT = 950, 250
"""Their difference is the figures' height, so that the line's middle is theirs: as it comes, Barlow sits low."""
MIDDLE = (ASCENT - DESCENT) // 2
LIFTED = "+-\u2212\u00d7:"
"""Drawn for the middle of small letters."""


def make(source: Path, target: Path) -> None:
    """Write the subset of the font `source` to `target`; the same bytes each time from the same source and tools."""
    font = TTFont(source, recalcTimestamp=False)
    # Hints would put what is lifted back to where it was, and weigh as much as the outlines.
    options = Options(layout_features=["tnum"], name_IDs=[0, 1, 2, 13, 14], hinting=False)
    options.drop_tables += ["GPOS", "GDEF"]
    subsetter = Subsetter(options)
    subsetter.populate(text=SIGNS)
    subsetter.subset(font)
    glyphs, names = font["glyf"], font.getBestCmap()
    for sign in LIFTED:
        glyph = glyphs[names[ord(sign)]]
        glyph.recalcBounds(glyphs)
        lift = MIDDLE - (glyph.yMin + glyph.yMax) // 2
        if glyph.isComposite():
            for component in glyph.components:
                component.y += lift
        else:
            glyph.coordinates.translate((0, lift))
        glyph.recalcBounds(glyphs)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[THIN] = names[0xA0]
    lines, windows = font["hhea"], font["OS/2"]
    lines.ascent, lines.descent, lines.lineGap = ASCENT, -DESCENT, 0
    windows.sTypoAscender, windows.sTypoDescender, windows.sTypoLineGap = ASCENT, -DESCENT, 0
    windows.usWinAscent, windows.usWinDescent = ASCENT, DESCENT
    for record in font["name"].names:
        if record.nameID == 1:
            record.string = NAME
    font.flavor = "woff2"
    font.save(target)


if __name__ == "__main__":
    make(*map(Path, sys.argv[1:]))
