"""QR codes as SVG: the join address, and a Wi-Fi network's name and password.

What draws them is loaded with the first one, when the server is there already.
"""

import io
from typing import Final

_ESCAPED: Final = {ord(sign): f"\\{sign}" for sign in '\\;,:"'}
"""What has a meaning in a Wi-Fi code (github.com/zxing/zxing/wiki/Barcode-Contents)."""


def address_code(url: str) -> bytes:
    """The code that opens an address, and has it as its title. Raises ValueError if it is too long for one."""
    return _svg(url, title=url)


def wifi_code(name: str, password: str) -> bytes:
    """The code that joins a Wi-Fi network: WPA, or open without a password. Raises ValueError if it is too long."""
    security, key = ("T:WPA;", f"P:{password.translate(_ESCAPED)};") if password else ("", "")
    return _svg(f"WIFI:{security}S:{name.translate(_ESCAPED)};{key};")


def _svg(content: str, title: str | None = None) -> bytes:
    import segno

    # Level M or better survives a projector's blur. Readers take what names no encoding for UTF-8, or guess: told
    # nothing, segno takes Shift_JIS for what phones put into names, such as typographic quotes, and says so nowhere.
    code = segno.make(content, error="m", micro=False, encoding="utf-8")
    out = io.BytesIO()
    # Its own white ground and quiet zone (ISO/IEC 18004: 4 modules), whatever the page around it looks like.
    style = {"border": 4, "dark": "#0b1230", "light": "#fff", "omitsize": True, "svgclass": None, "lineclass": None}
    code.save(out, kind="svg", xmldecl=False, title=title, **style)
    return out.getvalue()
