"""The program's icon, from the one picture that there is: web/favicon.svg, in each system's own format."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from PIL import Image, ImageDraw

SVG = "{http://www.w3.org/2000/svg}"
FINER = 4
"""Drawn that much larger, then made smaller: Pillow's edges are jagged."""
ICO_SIZES = [(size, size) for size in (16, 24, 32, 48, 64, 128, 256)]


def drawn(picture: Path, size: int) -> Image.Image:
    """Draw a square SVG that has nothing but filled, rounded rectangles, `size` pixels wide.

    No renderer of SVG comes with Python on all three systems. Raises ValueError for any other element.
    """
    root = ElementTree.parse(picture).getroot()
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    if width != height:
        raise ValueError(f"{picture.name} is not square")
    scale = size * FINER / width
    image = Image.new("RGBA", (size * FINER, size * FINER))
    pen = ImageDraw.Draw(image)
    for shape in root:
        if shape.tag != f"{SVG}rect":
            raise ValueError(f"{picture.name} has a {shape.tag}: only rectangles can be drawn")
        x, y, w, h, r = (float(shape.get(name, 0)) * scale for name in ("x", "y", "width", "height", "rx"))
        pen.rounded_rectangle((x, y, x + w - 1, y + h - 1), r, fill=shape.attrib["fill"])
    return image.resize((size, size), Image.Resampling.LANCZOS)


def write_icons(picture: Path, folder: Path) -> None:
    """Write icon.png (256 pixels), icon.ico and icon.icns into `folder`."""
    large = drawn(picture, 1024)
    large.resize((256, 256), Image.Resampling.LANCZOS).save(folder / "icon.png")
    large.save(folder / "icon.ico", sizes=ICO_SIZES)
    large.save(folder / "icon.icns")
