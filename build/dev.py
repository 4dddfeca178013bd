#!/usr/bin/env python3
"""The one command of a checkout.

    python3 build/dev.py run [options]     start the program from source; options go to `python -m desktop`
    python3 build/dev.py test              every check: lint, format, types, the page's tests, the program's tests
    python3 build/dev.py test [args]       pytest alone, with these arguments
    python3 build/dev.py binary            the program that people double-click, in dist/, built and tested
    python3 build/dev.py binary --figures  what is in dist/ beside the program from source: size, start, memory
    python3 build/dev.py bench [options]   measure the program beside its peers; `bench --help` lists the options

It needs nothing but Python 3.11: it makes .venv, and on Debian and Ubuntu installs the system packages that are
missing. It does only what is not done yet, and prints every command it runs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
VENV = TOP / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed"
REQUIREMENTS = (TOP / "pyproject.toml", TOP / "build" / "constraints.txt")

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 18
# One more than there are cores in CI: browsers and windows keep them waiting half of the time.
WORKERS = 3

# What Qt draws in on a bare Debian 12; without a font a page shows no text.
WINDOW_PACKAGES = (
    "fonts-dejavu-core libasound2 libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0 libnss3 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcomposite1 libxdamage1 libxkbcommon-x11-0 libxkbfile1 "
    "libxrandr2 libxtst6"
).split()
# libatomic1 is for the node that drives Chromium (Playwright's own).
TEST_PACKAGES = ["curl", "iproute2", "libatomic1", "openbox", "webkit2gtk-driver", "xdotool", "xvfb"]
# PyInstaller reads with objdump what a library needs.
BINARY_PACKAGES = ["binutils"]
# The load generator and the bare loop that is the floor are C.
BENCH_PACKAGES = ["gcc", "libc6-dev"]
# Any of these drives the tests; the first is Debian's package.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIREFOXES = ("firefox-esr", "firefox")
# Names since Debian 13 and Ubuntu 24.04, where the old one is gone or only virtual.
RENAMED = {"libasound2": "libasound2t64", "libglib2.0-0": "libglib2.0-0t64"}


class Stop(Exception):
    """Nothing more can be done; the message is for the person."""


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
    try:
        provide_packages(WINDOW_PACKAGES)
    except Stop as stop:
        # The program goes on without a window and says itself why.
        say(str(stop))
    provide_venv()
    command = [str(PYTHON), "-m", "desktop", *options]
    if os.name == "nt":
        return call(command)
    show(command)
    os.execv(command[0], command)


def test(arguments: list[str]) -> int:
    """Run all checks, or pytest alone with `arguments`; return 0 if all passed, else 1."""
    provide_packages([*WINDOW_PACKAGES, *TEST_PACKAGES, *missing_tools(), *missing(*FIREFOXES)])
    provide_venv()
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
    provide_packages([*WINDOW_PACKAGES, *TEST_PACKAGES, *BINARY_PACKAGES, *missing_tools()])
    provide_venv()
    return call([str(PYTHON), str(TOP / "build" / "binary.py"), *arguments], cwd=TOP)


def bench(options: list[str]) -> int:
    """Measure the program beside those of its peers that can be had here; return the bench's exit code."""
    try:
        provide_packages([*BENCH_PACKAGES, *missing_tools(), *([] if shutil.which("npm") else ["npm"])])
    except Stop as stop:
        # The bench names what it goes without.
        say(str(stop))
    provide_venv()
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


# ---------------------------------------------------------------------------------------------- system packages


def missing_tools() -> list[str]:
    """Name the packages of those test tools that may also come from elsewhere than the system's packages."""
    packages = missing(*BROWSERS)
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


def provide_packages(wanted: list[str]) -> None:
    """Install those of the `wanted` packages that are missing; Stop says what to do where that is not possible."""
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        say("Not Debian or Ubuntu: the system packages are left to you.")
        return
    missing = missing_packages(wanted, installed_packages(wanted))
    if not missing:
        return
    if not is_root():
        commands = " && ".join(shlex.join(["sudo", *command]) for command in apt_commands(current_names(missing)))
        raise Stop(f"Some system packages are missing. Install them with:\n  {commands}")
    update, _ = apt_commands(missing)
    # A repository that does not answer is no reason to stop: the packages may be known already.
    call(update)
    _, install = apt_commands(current_names(missing))
    if call(install, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}) != 0:
        raise Stop("The system packages could not be installed.")


def apt_commands(packages: list[str]) -> tuple[list[str], list[str]]:
    """Make the two commands that install `packages`, patient where another installation holds the lock."""
    install = "apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends"
    return ["apt-get", "update"], [*install.split(), *packages]


def installed_packages(names: list[str]) -> set[str]:
    """Ask dpkg which of `names`, or of their newer names, are installed."""
    names = [*names, *(RENAMED[name] for name in names if name in RENAMED)]
    form = "${db:Status-Status} ${Package}\\n"
    # It exits with 1 when a name is unknown, and lists the others all the same.
    answer = subprocess.run(["dpkg-query", "-W", "-f", form, *names], capture_output=True, text=True, check=False)
    return {line.split()[1] for line in answer.stdout.splitlines() if line.startswith("installed ")}


def missing_packages(wanted: list[str], installed: set[str]) -> list[str]:
    """List what is `wanted` and `installed` under neither of its names, in order."""
    return sorted(name for name in wanted if name not in installed and RENAMED.get(name) not in installed)


def current_names(packages: list[str]) -> list[str]:
    """Exchange the names that this system has renamed."""

    def exists(name: str) -> bool:
        return subprocess.run(["apt-cache", "show", name], capture_output=True, check=False).returncode == 0

    return [RENAMED[name] if name in RENAMED and exists(RENAMED[name]) else name for name in packages]


def is_root() -> bool:
    """Tell whether packages can be installed from here."""
    return os.name == "posix" and os.geteuid() == 0


# ---------------------------------------------------------------------------------------------- .venv


def provide_venv() -> None:
    """Bring .venv to what pyproject.toml and the constraints ask for; Stop if that fails."""
    if is_current(STAMP, fingerprint()):
        return
    # Whatever interrupts the installation, the next start does it again.
    STAMP.unlink(missing_ok=True)
    install = module("pip", "install", "--disable-pip-version-check", "-c", str(REQUIREMENTS[1]), "-e", f"{TOP}[dev]")
    if not (venv_works() and call(install) == 0):
        make_venv()
        if call(install) != 0:
            raise Stop("The Python packages could not be installed.")
    STAMP.write_text(fingerprint(), encoding="utf-8")


def fingerprint() -> str:
    """Sum up what an installation depends on: the requirements, the interpreter and where the checkout is."""
    digest = hashlib.sha256(f"{TOP}\n{PYTHON.resolve()}\n".encode())
    for path in REQUIREMENTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    """Tell whether the installation that `stamp` records is whole and the `wanted` one."""
    try:
        return stamp.read_text(encoding="utf-8") == wanted and PYTHON.exists()
    except OSError:
        return False


def venv_works() -> bool:
    """Tell whether .venv has an interpreter that is new enough and can install."""
    check = f"import pip, sys; sys.exit(sys.prefix == sys.base_prefix or sys.version_info < {OLDEST_PYTHON})"
    try:
        return subprocess.run([str(PYTHON), "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    """Make .venv anew; on Debian and Ubuntu install what the system's Python lacks for that."""
    if importlib.util.find_spec("ensurepip") is None:
        provide_packages(["python3-venv"])
    # Never the interpreter of the .venv that is about to be removed.
    python = getattr(sys, "_base_executable", sys.executable)
    if call([python, "-m", "venv", "--clear", str(VENV)]) != 0:
        raise Stop(f"{VENV} could not be made.")


# ---------------------------------------------------------------------------------------------- commands


def say(line: str) -> None:
    """Print a line at once, so that it stands before what a command prints next."""
    print(line, flush=True)


def show(command: list[str]) -> None:
    """Print a command as one would type it."""
    say("+ " + shlex.join(command))


def call(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> int:
    """Print and run a command, and return its exit code.

    Ctrl-C reaches the command too: it is given the time to end by itself, then KeyboardInterrupt goes on.
    """
    show(command)
    try:
        process = subprocess.Popen(command, cwd=cwd, env=env)
    except OSError as problem:
        say(f"{command[0]} does not start: {problem.strerror}.")
        return 127
    interrupted = False
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            interrupted = True
            continue
        if interrupted:
            raise KeyboardInterrupt
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
