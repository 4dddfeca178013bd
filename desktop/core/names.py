"""People's own texts, mended: whole signs, and of a name what can be seen. The page does so too (web/model/names.js).

A name is never refused, for that would be to refuse a person. Whatever can't be seen, or would change how the text
around it is read, is taken out; what is left is cut. Nothing left: no name.
"""

import re
import unicodedata
from typing import Final

NAME_LIMIT: Final = 40
"""The longest name, in code points."""

# The Braille pattern without dots and a musical sign without a head are blanks, too.
_BLANKS: Final = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000\U0001d159]")
# What is ignored by default though it is no format character (Unicode, DerivedCoreProperties.txt), such as fillers;
# noncharacters; and U+FFFD, which stands for what could not be read.
_UNSEEN: Final = re.compile(
    "[\u115f\u1160\u2065\u3164\uffa0\ufff0-\ufff8\ufffd-\uffff\ufdd0-\ufdef"
    "\U000e0000\U000e0002-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff]"
)
# Marks that alter the sign before them and are nothing without one: an emoji keeps its colours, a name its variants.
_SELECTORS: Final = re.compile("[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")

# In the group are whole pairs, and other escapes, so that nothing in them is taken for the beginning of one.
_ESCAPES: Final = re.compile(r"(\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\[^u])|\\u[dD][89a-fA-F]..")


def visible(text: str) -> str:
    """The name that a text makes: at most NAME_LIMIT code points, without control, format and surrogate characters,
    with single spaces inside and none around; "" if none of it can be seen."""
    spaced = _UNSEEN.sub("", _BLANKS.sub(" ", text))
    kept = "".join(sign for sign in spaced if unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
    name = re.sub(" +", " ", kept).strip(" ")[:NAME_LIMIT].rstrip(" ")
    return name if _SELECTORS.sub("", name).strip(" ") else ""


def whole(json: str) -> str:
    """A JSON text with U+FFFD for each half of a pair of surrogates: so comes a text that was cut through a sign (RFC
    8259, section 8.2). Browsers replace it in the same way (Web IDL, USVString)."""
    return _ESCAPES.sub(lambda found: found[1] or r"\ufffd", json)
