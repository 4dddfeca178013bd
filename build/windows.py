#!/usr/bin/env python3
"""Windows' program, made and tried: `python3 build/dev.py windows` runs it, on Linux with Wine.

    windows.py               make the archive in dist/, and try what is in it
    windows.py test [args]   the tests that are not Unix's own, under Windows' Python; `args` are pytest's

On Windows itself it does the same without Wine, in .venv. WINDOWS_PYTHON_VERSION=3.13 has Wine take another Python.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import wine
from commands import Stop, call, say
from wine import TOP

BUILDER = "build/binary.py"
MADE_OF = ("build", "desktop", "web", "pyproject.toml", "LICENSE")
"""What the program is made of."""
TRIALS = "tests/windows"
"""What is run against it."""
AT_ONCE = ["-q", "-n", "2", "--dist", "worksteal"]
# Wine 8 has no CopyFile2, which shutil tries first since Python 3.12.
TESTS = "import sys, _winapi; vars(_winapi).pop('CopyFile2', None); import pytest; sys.exit(pytest.main(sys.argv[1:]))"


def main(arguments: list[str]) -> int:
    """Do what `arguments` say; return 0 if all went well."""
    if arguments and arguments[0] != "test":
        print(__doc__.strip(), file=sys.stderr)
        return 2
    wanted = arguments[1:] or AT_ONCE
    try:
        if sys.platform == "win32":
            return call([sys.executable, "-m", "pytest", *wanted], cwd=TOP) if arguments else archive_here()
        wine.provide()
        return wine.wine(str(wine.PYTHON), "-c", TESTS, *wanted) if arguments else archive()
    except (OSError, Stop) as problem:
        say(str(problem))
        return 1
    finally:
        if sys.platform != "win32":
            wine.end()


def archive() -> int:
    """Make the archive with Wine, if its sources have changed, and try what is in it."""
    stamp, wanted = wine.PLACE / "made", wine.fingerprint(*MADE_OF)
    if wine.read(stamp) != wanted:
        stamp.unlink(missing_ok=True)
        shutil.rmtree(wine.SOURCE / "dist", ignore_errors=True)
        if wine.wine(str(wine.PYTHON), BUILDER, "--quick") != 0:
            return 1
        stamp.write_text(wanted, encoding="utf-8")
    (TOP / "dist").mkdir(exist_ok=True)
    for made in (wine.SOURCE / "dist").glob("LAN-Counter-*"):
        shutil.copy(made, TOP / "dist")
    return tried(wine.SOURCE / "dist")


def archive_here() -> int:
    """Make the archive on Windows, and try what is in it."""
    return call([sys.executable, BUILDER, "--quick"], cwd=TOP) or tried(TOP / "dist")


def tried(dist: Path) -> int:
    """Unpack the archive that is in `dist` as a person does, and try the program."""
    packed = max(dist.glob("LAN-Counter-*-windows-*.zip"), key=lambda path: path.stat().st_mtime)
    # What was just ended may hold a file of its own a moment longer.
    unpacked = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with unpacked as place, zipfile.ZipFile(packed) as contents:
        contents.extractall(place)
        program = Path(place) / "LAN-Counter" / "LAN-Counter.exe"
        given = dict(os.environ)
        start, python = program, Path(sys.executable)
        if sys.platform != "win32":
            given, start, python = wine.environment(), wine.starter(program, Path(place)), wine.PYTHON
        given |= {"APP_BINARY": str(start), "WINDOWS_EXE": str(program), "WINDOWS_PYTHON": str(python)}
        return call([sys.executable, "-m", "pytest", *AT_ONCE, TRIALS], cwd=TOP, env=given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
