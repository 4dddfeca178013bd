"""QR codes, read back by another library's reader."""

import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from desktop.server.codes import address_code, wifi_code


def drawn(svg: bytes) -> Image.Image:
    """The picture that such an SVG describes, on a black page: whatever is white is its own."""
    found = re.search(rb'viewBox="0 0 (\d+) ', svg)
    assert found
    image = Image.new("L", (int(found[1]) * 8 + 80,) * 2, 0)
    draw = ImageDraw.Draw(image)
    for kind, paint, path in re.findall(rb'<path (fill|stroke)="(#\w+)" d="([^"]+)"', svg):
        x = y = 0.0
        for command, first, second in re.findall(rb"([Mmhv])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path):
            if command == b"h" and kind == b"stroke":
                left, top = (x + 5) * 8, (y - 0.5 + 5) * 8
                x += float(first)
                draw.rectangle((left, top, (x + 5) * 8 - 1, top + 7), fill=0)
            elif command == b"h" and float(first) > 0:
                draw.rectangle((40, 40, 39 + float(first) * 8, 39 + float(first) * 8), fill=255)
                assert (x, y, paint) == (0, 0, b"#fff")
            elif command == b"M":
                x, y = float(first), float(second)
            elif command == b"m":
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


# The first two fit into Shift_JIS, the third into Latin-1; the others into neither.
@pytest.mark.parametrize(
    "name",
    ["Marie’s iPhone", "Salle d’arts", "Café", "Кабинет 5", "教室", "🎲 jeux", "ß’é", "Wi-Fi"],  # noqa: RUF001
)
def test_what_people_call_their_wifi_is_utf_8(name: str) -> None:
    found = read(wifi_code(name, name))
    assert found.text == f"WIFI:T:WPA;S:{name};P:{name};;"
    assert bytes(found.bytes) == found.text.encode()


@pytest.mark.parametrize("sign", list('\\;,:"'))
def test_what_has_a_meaning_in_a_wifi_code_is_escaped(sign: str) -> None:
    told = read(wifi_code(f"a{sign}b", f"{sign}c")).text
    assert told == f"WIFI:T:WPA;S:a\\{sign}b;P:\\{sign}c;;"


@pytest.mark.parametrize("svg", [address_code("http://192.168.1.42:8000/"), wifi_code("School", "secret")])
def test_a_code_has_its_own_white_ground_and_quiet_zone(svg: bytes) -> None:
    size = int(svg.partition(b'viewBox="0 0 ')[2].split()[0])
    assert f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'.encode() in svg
    picture = drawn(svg)
    modules = [
        picture.getpixel(((column + 5) * 8 + 4, (row + 5) * 8 + 4)) == 0
        for row in range(size)
        for column in range(size)
    ]
    dark = [divmod(place, size) for place, is_dark in enumerate(modules) if is_dark]
    assert {min(row for row, _ in dark), min(column for _, column in dark)} == {4}
    assert {max(row for row, _ in dark), max(column for _, column in dark)} == {size - 5}


def test_what_no_code_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        wifi_code("x" * 3000, "")
