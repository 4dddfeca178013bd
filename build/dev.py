#!/usr/bin/env python3
"""The one command of a checkout.

    python3 build/dev.py run [options]     start the program from source; options go to `python -m desktop`
    python3 build/dev.py test              every check: lint, format, types, the page's tests, the program's tests
    python3 build/dev.py test [args]       pytest alone, with these arguments
    python3 build/dev.py binary            the program that people double-click, in dist/, built and tested
    python3 build/dev.py binary --figures  what is in dist/ beside the program from source: size, start, memory
    python3 build/dev.py windows           Windows' program, in dist/, built and tried on Linux with Wine
    python3 build/dev.py windows test      the tests that are not Unix's own, under Windows' Python
    python3 build/dev.py bench [options]   measure the program beside its peers; `bench --help` lists the options

It needs nothing but Python 3.11: it makes .venv, and on Debian and Ubuntu installs the system packages that are
missing, each command what it takes itself (`run --headless` nothing of the window's). It does only what is not done
yet, and prints every command it runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Wherever it is started, and whoever loads it.
sys.path[:0] = [str(Path(__file__).resolve().parent)]

from commands import Stop, call, say, show  # noqa: E402
from debian import is_known, is_root, provide_packages  # noqa: E402
from environment import CHECKS, OLDEST_PYTHON, PYTHON, SHARED, TOP, WINDOW, provide_venv  # noqa: E402

OLDEST_NODE = 18
# Twice the cores in CI: browsers, windows and waits keep them idle half of the time.
WORKERS = 4

# What Qt draws in on a bare Debian 12; without a font a page shows no text.
WINDOW_PACKAGES = (
    "fonts-dejavu-core libasound2 libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0 libnss3 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcomposite1 libxdamage1 libxkbcommon-x11-0 libxkbfile1 "
    "libxrandr2 libxtst6"
).split()
# libatomic1 is for the node that drives Chromium (Playwright's own), LibreOffice reads what is exported.
TEST_PACKAGES = "curl dbus iproute2 libatomic1 libreoffice-calc-nogui openbox webkit2gtk-driver xdotool xvfb".split()
# PyInstaller reads with objdump what a library needs.
BINARY_PACKAGES = ["binutils"]
# The second has the loader that windows.py calls.
WINE_PACKAGES = ["wine", "wine64"]
# The load generator and the bare loop that is the floor are C.
BENCH_PACKAGES = ["gcc", "libc6-dev"]
# Any of these is driven by the tests; the first, Debian's, paints no windows of its own, and takes half of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FIREFOXES = ("firefox-esr", "firefox")
# What several hosts share a counter through: the tests start their own, on loopback.
ENGINES = ("redis-server", "valkey-server")
# With any of these `run` opens no window.
WINDOWLESS = {"--headless", "--export", "--install", "--uninstall", "--version", "--help", "-h"}


def main(arguments: list[str]) -> int:
    """Do what `arguments` say and return the exit code; `run` becomes the program where the system can do that."""
    if sys.version_info < OLDEST_PYTHON:
        print(f"LAN Counter needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    try:
        if command == "run":
            return run(rest)
        if command == "test":
            return test(rest)
        if command == "binary":
            return binary(rest)
        if command == "windows":
            return windows(rest)
        if command == "bench":
            return bench(rest)
    except Stop as stop:
        say(str(stop))
        return 1
    except KeyboardInterrupt:
        return 130
    asked = command in ("-h", "--help", "help")
    print(__doc__.strip(), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def run(options: list[str]) -> int:
    """Start the program from source with `options`, with a window where the system packages allow one."""
    shared = [SHARED] if any(option.startswith("--redis") for option in options) else []
    if WINDOWLESS.isdisjoint(options):
        try:
            provide_packages(WINDOW_PACKAGES)
        except Stop as stop:
            # The program goes on without a window and says itself why.
            say(str(stop))
        provide_venv(WINDOW, *shared)
    else:
        provide_venv(*shared)
    command = [str(PYTHON), "-m", "desktop", *options]
    if os.name == "nt":
        return call(command)
    show(command)
    os.execv(command[0], command)


def test(arguments: list[str]) -> int:
    """Run all checks, or pytest alone with `arguments`; return 0 if all passed, else 1."""
    provide_packages([*WINDOW_PACKAGES, *TEST_PACKAGES, *missing_tools(), *missing(*FIREFOXES), *missing(*ENGINES)])
    provide_venv(WINDOW, CHECKS)
    if arguments:
        return call(module("pytest", *(from_anywhere(argument) for argument in arguments)), cwd=TOP)
    checks = ["ruff check .", "ruff format --check .", "mypy"]
    failed = [check for check in checks if call(module(*check.split()), cwd=TOP) != 0]
    if not page_tests_pass():
        failed.append("node --test")
    if failed:
        say("Failed before pytest: " + ", ".join(failed))
    # Last, so that its summary closes the output.
    passed = call(module("pytest", "-n", str(WORKERS), "--dist", "worksteal"), cwd=TOP) == 0
    return 0 if passed and not failed else 1


def binary(arguments: list[str]) -> int:
    """Build the binary and test it, or what else `arguments` tell binary.py to do. Return 0 if that went well."""
    provide_packages([*WINDOW_PACKAGES, *TEST_PACKAGES, *BINARY_PACKAGES, *missing_tools(), *missing(*ENGINES)])
    provide_venv(WINDOW, CHECKS)
    return call([str(PYTHON), str(TOP / "build" / "binary.py"), *arguments], cwd=TOP)


def windows(arguments: list[str]) -> int:
    """Build Windows' program with Wine and try it, or run the tests there. Return 0 if that went well."""
    provide_packages(WINE_PACKAGES)
    provide_venv(WINDOW, CHECKS)
    return call([str(PYTHON), str(TOP / "build" / "windows.py"), *arguments], cwd=TOP)


def bench(options: list[str]) -> int:
    """Measure the program beside those of its peers that can be had here; return the bench's exit code."""
    try:
        provide_packages([*BENCH_PACKAGES, *missing_tools(), *missing("npm"), *missing(*ENGINES)])
    except Stop as stop:
        # The bench names what it goes without.
        say(str(stop))
    provide_venv(WINDOW, CHECKS)
    return call(module("tests.bench", *(from_anywhere(option) for option in options)), cwd=TOP)


def page_tests_pass() -> bool:
    """Run the page's own tests under node; no test at all counts as failed."""
    files = sorted(str(path.relative_to(TOP)) for path in (TOP / "tests" / "web").glob("*.test.js"))
    if not files:
        say("There is no tests/web/*.test.js to run.")
        return False
    node = shutil.which("node")
    if node is None or node_major(version_of(node)) < OLDEST_NODE:
        say(f"The page's tests need node {OLDEST_NODE} or newer.")
        return False
    return call([node, "--test", *files], cwd=TOP) == 0


def from_anywhere(argument: str) -> str:
    """Make an argument that is a path below the current folder absolute, since pytest is started at the top."""
    path, separator, test_name = argument.partition("::")
    looks_like_path = not argument.startswith("-") and ("/" in path or path.endswith(".py"))
    if looks_like_path and Path(path).exists():
        return str(Path(path).resolve()) + separator + test_name
    return argument


def module(name: str, *arguments: str) -> list[str]:
    """Make the command that runs a module of the project's own environment."""
    return [str(PYTHON), "-m", name, *arguments]


def missing_tools() -> list[str]:
    """Name the packages of those test tools that may also come from elsewhere than the system's packages."""
    packages = missing(BROWSERS[0]) if is_root() and is_known(BROWSERS[0]) else missing(*BROWSERS)
    node = shutil.which("node")
    if node is None or node_major(version_of(node)) < OLDEST_NODE:
        packages.append("nodejs")
    return packages


def missing(package: str, *others: str) -> list[str]:
    """Name a package, unless the program of its name is there, or one of `others`."""
    return [] if any(map(shutil.which, (package, *others))) else [package]


def node_major(version: str) -> int:
    """Read 20 from `v20.20.2`; 0 if it is no version."""
    match = re.match(r"v?(\d+)\.", version)
    return int(match[1]) if match else 0


def version_of(program: str) -> str:
    """Return what `program --version` prints."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
