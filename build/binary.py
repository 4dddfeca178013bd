#!/usr/bin/env python3
"""Makes the program that people double-click, and tests what it made: `python3 build/dev.py binary` runs it.

    binary.py            build, self-test, archive, then the end-to-end tests against what is in the archive
    binary.py --quick    the same without the end-to-end tests
    binary.py --figures  on Linux: measure what is in dist/ beside the program from source, and build nothing

It leaves in dist/ the folder LAN-Counter (on macOS also the bundle), an archive named by version and system, and the
archive's SHA-256 as sha256sum reads it. It belongs to the environment that dev.py makes, and never runs as a shell.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DIST = TOP / "dist"
WORK = TOP / ".pyinstaller"
FOLDER = DIST / "LAN-Counter"
BUNDLE = DIST / "LAN Counter.app"
SELF_TEST_SECONDS = 180

# By its name in sys.platform: the name in the archive's.
SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}
MACHINES = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64"}

sys.path[:0] = [str(TOP), str(TOP / "build")]


class Failed(Exception):
    """The binary could not be made, or is not good; the message says why."""


def main(arguments: list[str]) -> int:
    """Build and test; return 0 if the binary is good, else 1."""
    if arguments not in ([], ["--quick"], ["--figures"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        if arguments == ["--figures"]:
            say(figures())
            return 0
        build()
        archive = pack()
        say(f"{archive.relative_to(TOP)}: {archive.stat().st_size / 1e6:.0f} MB")
        with tempfile.TemporaryDirectory() as place:
            check(unpack(archive, Path(place)), quick="--quick" in arguments)
    except Failed as failure:
        say(str(failure))
        return 1
    say("The binary is good.")
    return 0


def say(line: str) -> None:
    """Print a line at once, so that it stands before what a command prints next."""
    print(line, flush=True)


def run(command: list[str], **environment: str) -> int:
    """Print and run a command at the top of the checkout, and return its exit code."""
    say("+ " + " ".join(command))
    return subprocess.run(command, cwd=TOP, env={**os.environ, **environment}, check=False).returncode


# ---------------------------------------------------------------------------------------------- making


def build() -> None:
    """Make the folder, and on macOS the bundle, with the licences inside."""
    from icon import write_icons
    from licences import write_licences

    for old in (FOLDER, BUNDLE):
        shutil.rmtree(old, ignore_errors=True)
    WORK.mkdir(exist_ok=True)
    write_icons(TOP / "web" / "favicon.svg", WORK)
    (WORK / "version.txt").write_text(version_information(version()), encoding="utf-8")
    spec = TOP / "build" / "lan-counter.spec"
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    if run([*command, "--workpath", str(WORK), "--distpath", str(DIST), str(spec)]) != 0:
        raise Failed("PyInstaller has failed.")
    for place in (FOLDER, BUNDLE / "Contents" / "Resources"):
        if place.is_dir():
            write_licences(place / "licences", version())
    shutil.copy(WORK / "icon.png", FOLDER / "lan-counter.png")


def version() -> str:
    """The program's version."""
    from desktop import __version__

    return __version__


def version_information(text: str) -> str:
    """Write what Windows shows under a program's properties, as PyInstaller reads it."""
    numbers = tuple([*map(int, text.split(".")), 0, 0, 0][:4])
    strings = {
        "FileDescription": "LAN Counter",
        "FileVersion": text,
        "InternalName": "LAN-Counter",
        "LegalCopyright": "MIT licence",
        "OriginalFilename": "LAN-Counter.exe",
        "ProductName": "LAN Counter",
        "ProductVersion": text,
    }
    table = ", ".join(f"StringStruct({name!r}, {value!r})" for name, value in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}), kids=["
        f"StringFileInfo([StringTable('040904B0', [{table}])]), "
        "VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n"
    )


# ---------------------------------------------------------------------------------------------- packing


def archive_name(system: str, machine: str) -> str:
    """Name the archive by version, system and machine, without its ending."""
    machine = machine.lower()
    return f"LAN-Counter-{version()}-{SYSTEMS[system]}-{MACHINES.get(machine, machine)}"


def archive_path() -> Path:
    """Where this system's archive is, once it has been packed."""
    ending = ".tar.gz" if sys.platform == "linux" else ".zip"
    return DIST / (archive_name(sys.platform, platform.machine()) + ending)


def pack() -> Path:
    """Pack the folder, or the bundle, and write the checksum beside it."""
    path = archive_path()
    if sys.platform == "linux":
        pack_tar(FOLDER, path, made_at())
    elif sys.platform == "darwin":
        path.unlink(missing_ok=True)
        # Links and signatures survive only in Apple's own way of packing.
        if run(["ditto", "-c", "-k", "--keepParent", str(BUNDLE), str(path)]) != 0:
            raise Failed("The bundle could not be packed.")
    else:
        shutil.make_archive(str(path.with_suffix("")), "zip", DIST, FOLDER.name)
    with path.open("rb") as archive:
        digest = hashlib.file_digest(archive, "sha256").hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n", encoding="ascii")
    return path


def pack_tar(folder: Path, path: Path, at: int) -> None:
    """Pack `folder`, so that the same files make the same bytes: by name, nobody's, and all from `at`, in Unix time."""

    def nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = at
        return entry

    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 6, file, mtime=at) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        # It goes through a folder in the order of the names.
        archive.add(folder, folder.name, filter=nobodys)


def made_at() -> int:
    """The moment that all files in the archive have: SOURCE_DATE_EPOCH, or the last commit's."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        command = ["git", "log", "-1", "--format=%ct"]
        given = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False).stdout
    return int(given.strip() or time.time())


def unpack(archive: Path, place: Path) -> Path:
    """Unpack as a person does, and return the program."""
    if sys.platform == "darwin":
        run(["ditto", "-x", "-k", str(archive), str(place)])
        return place / BUNDLE.name / "Contents" / "MacOS" / "LAN-Counter"
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(place)
        return place / FOLDER.name / "LAN-Counter.exe"
    with tarfile.open(archive) as packed:
        packed.extractall(place, filter="tar")
    return place / FOLDER.name / "LAN-Counter"


# ---------------------------------------------------------------------------------------------- testing


def check(program: Path, *, quick: bool) -> None:
    """Test the program that was unpacked: its self-test, with a window; then the end-to-end tests."""
    with a_screen() as screen:
        report = program.parent / "self-test.txt"
        command = [str(program), "--self-test", str(report)]
        say("+ " + " ".join(command))
        try:
            done = subprocess.run(command, env={**os.environ, **screen}, timeout=SELF_TEST_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"The self-test has not ended within {SELF_TEST_SECONDS} seconds.") from None
        # A windowed program on Windows has no standard output.
        told = report.read_text(encoding="utf-8") if report.exists() else ""
        if done.returncode != 0:
            raise Failed(f"The self-test has failed with {done.returncode}:\n{told}")
        if "none  window" in told and under_wine():
            say("Under Wine no window can open: it has no .NET. The rest of the self-test has passed.")
        elif "ok    window" not in told:
            raise Failed(f"The self-test has not opened the window:\n{told}")
    if sys.platform == "linux" and not quick:
        tests = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", "tests/e2e"]
        if run(tests, APP_BINARY=str(program)) != 0:
            raise Failed("The end-to-end tests have failed against the binary.")


def under_wine() -> bool:
    """Tell whether this Windows is Wine (wiki.winehq.org, "Developer FAQ")."""
    import ctypes

    windows = getattr(ctypes, "windll", None)
    return windows is not None and hasattr(windows.ntdll, "wine_get_version")


def figures() -> str:
    """Measure what is in dist/ beside the program from source, and return the table."""
    if sys.platform != "linux":
        raise Failed("Only on Linux can this be measured.")
    from figures import measure
    from licences import ROOT, shipped

    program, archive = FOLDER / "LAN-Counter", archive_path()
    if not (program.exists() and archive.exists()):
        raise Failed("There is no binary to measure: `python3 build/dev.py binary` makes it.")
    with a_screen() as screen:
        try:
            return measure(program, archive, list(shipped(ROOT)), screen["DISPLAY"], say)
        except RuntimeError as problem:
            raise Failed(f"{problem}.") from problem


@contextmanager
def a_screen() -> Iterator[dict[str, str]]:
    """What the environment needs for a window: a screen of its own on Linux, whose window nobody must see."""
    if sys.platform != "linux":
        yield {}
        return
    from tests.e2e.screen import private_screen

    with private_screen() as name:
        yield {"DISPLAY": name}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
