"""The figures' font: what it has is what the page relies on."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont

WEB = Path(__file__).resolve().parents[2] / "web"
FONTS = WEB / "fonts"
FIGURES = "0123456789"
SIGNS = "+\u2212\u00d7.,:\u2019\u202f[]%abcdef"

# By the page's own module; of so many that none of them is as narrow as a text may be.
WIDTHS = """
import { PROPORTIONAL, width } from './views/digits.js';
const of = (sign, figures) => width(sign.repeat(100), figures) / 100;
const tables = [undefined, PROPORTIONAL].map((figures) => [...SIGNS].map((sign) => of(sign, figures)));
console.log(JSON.stringify(tables));
"""


@pytest.fixture(scope="module")
def font() -> Any:
    return TTFont(FONTS / "figures.woff2")


def page_widths(signs: str) -> tuple[list[float], list[float]]:
    """How wide the page takes each sign to be, in em: on the plate, and elsewhere."""
    script = WIDTHS.replace("SIGNS", json.dumps(signs))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script], cwd=WEB, capture_output=True, text=True, check=True
    )
    plate, elsewhere = json.loads(done.stdout)
    return plate, elsewhere


def tabular(font: Any) -> dict[str, str]:
    """The glyph that stands in for each where `tabular-nums` is asked for."""
    (feature,) = (record.Feature for record in font["GSUB"].table.FeatureList.FeatureRecord)
    (lookup,) = feature.LookupListIndex
    found: dict[str, str] = font["GSUB"].table.LookupList.Lookup[lookup].SubTable[0].mapping
    return found


@pytest.mark.skipif(sys.platform == "win32" and not shutil.which("node"), reason="node is another system's here")
def test_the_page_knows_the_widths_of_the_fonts_own_table(font: Any) -> None:
    names, stands_in = font.getBestCmap(), tabular(font)
    glyphs = [names[ord(sign)] for sign in FIGURES + SIGNS]
    plate, elsewhere = page_widths(FIGURES + SIGNS)
    advances = {glyph: advance / font["head"].unitsPerEm for glyph, (advance, _) in font["hmtx"].metrics.items()}
    assert elsewhere == pytest.approx([advances[glyph] for glyph in glyphs])
    assert plate == pytest.approx([advances[stands_in.get(glyph, glyph)] for glyph in glyphs])


def test_on_the_plate_all_figures_are_as_wide_so_that_the_number_stands_still(font: Any) -> None:
    names, stands_in = font.getBestCmap(), tabular(font)
    assert len({font["hmtx"][stands_in[names[ord(figure)]]][0] for figure in FIGURES}) == 1


def test_nothing_moves_signs_nearer_to_each_other(font: Any) -> None:
    # Or a text is not as wide as all its signs.
    assert "GPOS" not in font and "kern" not in font


def test_the_middle_of_what_it_draws_is_the_middle_of_the_line(font: Any) -> None:
    names, lines = font.getBestCmap(), font["hhea"]
    middle = (lines.ascent + lines.descent) / 2
    assert (font["OS/2"].sTypoAscender, font["OS/2"].sTypoDescender) == (lines.ascent, lines.descent)
    assert lines.lineGap == font["OS/2"].sTypoLineGap == 0
    for sign in "0178+\u2212\u00d7:":
        glyph = font["glyf"][names[ord(sign)]]
        assert (glyph.yMax + glyph.yMin) / 2 == pytest.approx(middle, abs=3), sign


def test_it_is_as_it_was_vendored_with_its_licence_and_a_name_of_its_own(font: Any) -> None:
    listed = [line.split("  ") for line in (FONTS / "checksums.txt").read_text("utf-8").splitlines()]
    assert {name for _, name in listed} == {path.name for path in FONTS.glob("*.woff2")}
    for checksum, name in listed:
        assert hashlib.sha256((FONTS / name).read_bytes()).hexdigest() == checksum, name
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text("utf-8")
    assert font["name"].getDebugName(1) == "LAN Counter Figures"
    assert "Barlow Project Authors" in font["name"].getDebugName(0)
