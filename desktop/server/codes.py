"""QR codes as SVG: the join address, and a Wi-Fi network's name and password.

What draws them is loaded with the first one, when the server is there already.
"""

import io


def address_code(url: str) -> bytes:
    """The code that opens an address, and has it as its title. Raises ValueError if it is too long for one."""
    return _svg(url, title=url)


def wifi_code(name: str, password: str) -> bytes:
    """The code that joins a Wi-Fi network: WPA, or open without a password. Raises ValueError if it is too long."""
    from segno.helpers import make_wifi_data

    return _svg(make_wifi_data(ssid=name, password=password or None, security="WPA" if password else None))


def _svg(content: str, title: str | None = None) -> bytes:
    import segno

    # Level M or better survives a projector's blur; the quiet zone is the card's white around it.
    code = segno.make(content, error="m", micro=False)
    out = io.BytesIO()
    style = {"border": 0, "dark": "#0b1230", "omitsize": True, "svgclass": None, "lineclass": None}
    code.save(out, kind="svg", xmldecl=False, title=title, **style)
    return out.getvalue()
