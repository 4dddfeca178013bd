"""The licences of everything that goes along in the binary, as files beside it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
ROOT = "lan-counter"
# Where Debian and Ubuntu keep the texts of the licences that many share; Qt's wheels come without theirs.
COMMON = Path("/usr/share/common-licenses")


def write_licences(folder: Path, version: str) -> None:
    """Gather our own licence, Python's, and those of every package that goes along.

    Raises FileNotFoundError on a Linux that has no copy of Qt's licence, which must go along (LGPL-3.0, section 4b).
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(TOP / "LICENSE", folder / "LAN-Counter.txt")
    for path in sorted([*(TOP / "web").rglob("*LICENSE*"), *(TOP / "web").rglob("OFL.txt")]):
        shutil.copy(path, folder / path.name)
    overview = [f"LAN Counter {version} contains, each under its own licence:", ""]
    overview.append(f"Python {platform.python_version()}: PSF-2.0 (Python.txt)")
    (folder / "Python.txt").write_text(python_licence(), encoding="utf-8")
    for package in shipped(ROOT):
        about = package.metadata
        name = about["Name"]
        texts = [path for path in package.files or [] if is_licence(path.name)]
        for text in texts:
            target = folder / name / text.name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(str(text.locate()), target)
        terms = next((about[field].partition("\n")[0] for field in FIELDS if about[field]), "see its file")
        pages = [about["Home-page"], *(about.get_all("Project-URL") or [])]
        page = next((page.rpartition(" ")[2] for page in pages if page), "")
        overview.append(f"{name} {package.version}: {terms} {'' if texts else page}".rstrip())
    if sys.platform == "linux":
        overview += ["", *QT_NOTE]
        for name in ("LGPL-3", "GPL-3"):
            shutil.copy(COMMON / name, folder / f"{name}.txt")
    (folder / "README.txt").write_text("\n".join(overview) + "\n", encoding="utf-8")


# The newer first.
FIELDS = ("License-Expression", "License")
# What the LGPL, version 3, asks of a program that is linked with a library under it (section 4).
QT_NOTE = """\
Qt and PySide6 are used under the GNU Lesser General Public License, version 3 (LGPL-3.txt, GPL-3.txt).
They are separate files in _internal/PySide6 and may be exchanged for changed ones of the same interface. Their source:
https://download.qt.io/ and https://code.qt.io/. Qt WebEngine contains Chromium: its licences are listed at
https://doc.qt.io/qt-6/qtwebengine-licensing.html""".splitlines()


def shipped(root: str) -> Iterator[metadata.Distribution]:
    """Walk through what `root` needs on this system for a window, directly and indirectly, without `root` itself."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, metadata.Distribution] = {}
    waiting: list[tuple[str, set[str]]] = [(root, {"window"})]
    while waiting:
        name, extras = waiting.pop()
        for text in metadata.distribution(name).requires or []:
            wanted = Requirement(text)
            applies = any(
                wanted.marker is None or wanted.marker.evaluate({"extra": extra}) for extra in ({""} | extras)
            )
            key = canonicalize_name(wanted.name)
            if applies and key not in found:
                found[key] = metadata.distribution(key)
                waiting.append((key, wanted.extras))
    yield from (found[name] for name in sorted(found))


def is_licence(name: str) -> bool:
    """Tell whether a file of that name holds a package's terms."""
    return name.upper().startswith(("LICEN", "COPYING", "NOTICE", "LGPL", "GPL"))


def python_licence() -> str:
    """Find the text of Python's own licence, as its installation carries it."""
    places = [Path(sys.base_prefix) / "LICENSE.txt", Path(os.__file__).parent / "LICENSE.txt"]
    system = Path(f"/usr/share/doc/python3.{sys.version_info.minor}/copyright")
    for place in [*places, system]:
        if place.is_file():
            return place.read_text(encoding="utf-8", errors="replace")
    return f"{sys.copyright}\n\nThe licence: https://docs.python.org/3/license.html\n"
