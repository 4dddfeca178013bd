"""QR codes, read back by another library's reader."""

import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from desktop.server.codes import address_code, wifi_code


def drawn(svg: bytes) -> Image.Image:
    """The picture that an SVG of horizontal strokes describes, with the white of a card around it."""
    size = int(re.search(rb'viewBox="0 0 (\d+) ', svg)[1])  # type: ignore[index]
    image = Image.new("L", ((size + 8) * 8,) * 2, 255)
    draw = ImageDraw.Draw(image)
    x = y = 0.0
    for command, first, second in re.findall(rb"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", svg):
        if command == b"h":
            left, top = (x + 4) * 8, (y - 0.5 + 4) * 8
            x += float(first)
            draw.rectangle((left, top, (x + 4) * 8 - 1, top + 7), fill=0)
        elif command == b"M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second)
    return image


def read(svg: bytes) -> zxingcpp.Barcode:
    (found,) = zxingcpp.read_barcodes(drawn(svg))
    return found


@pytest.mark.parametrize(
    "url", ["http://192.168.1.42:8000/", "http://[fd00:1234:5678:9abc:def0:1234:5678:9abc]:65535/"]
)
def test_the_code_opens_the_address_and_survives_a_blur(url: str) -> None:
    found = read(address_code(url))
    assert found.text == url
    assert f"<title>{url}</title>".encode() in address_code(url)
    assert found.ec_level in ("M", "Q", "H")


def test_the_wifi_code_has_name_and_password_whatever_is_in_them() -> None:
    told = read(wifi_code('Lab "2"; 5:GHz', "p;as\\s")).text
    assert told == 'WIFI:T:WPA;S:Lab \\"2\\"\\; 5\\:GHz;P:p\\;as\\\\s;;'


def test_an_open_wifi_needs_no_password() -> None:
    assert read(wifi_code("Guests", "")).text == "WIFI:S:Guests;;"


def test_what_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        wifi_code("x" * 3000, "")
