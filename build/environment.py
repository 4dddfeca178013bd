"""The Python packages in .venv: what running takes, with a window or without, and what the checks take besides."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from commands import Stop, call, say
from debian import provide_packages

TOP = Path(__file__).resolve().parent.parent
VENV = TOP / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed"
CONSTRAINTS = (TOP / "build" / "constraints.txt", TOP / "build" / "constraints-windows.txt")
REQUIREMENTS = (TOP / "pyproject.toml", *CONSTRAINTS)

OLDEST_PYTHON = (3, 11)

WINDOW, CHECKS, SHARED = "window", "dev", "redis"
"""The extras of pyproject.toml, beside what every run takes."""
MEGABYTES = {"": 6, WINDOW: 252, CHECKS: 92, SHARED: 1}
"""About as much as what every run takes, and each extra, have to download on Linux."""


def provide_venv(*extras: str) -> None:
    """Bring .venv to what pyproject.toml and the constraints ask for, with these extras at least; Stop if that fails.

    What is there already stays there.
    """
    there = installed(STAMP, fingerprint())
    if there is not None and there.issuperset(extras):
        return
    # Whatever interrupts the installation, the next start does it again.
    STAMP.unlink(missing_ok=True)
    wanted = sorted({*extras, *(there or ())})
    missing = {"", *extras} - ({"", *there} if there is not None else set())
    say(
        f"Setting up .venv: about {sum(MEGABYTES[extra] for extra in missing)} MB to download, if it is the first time."
    )
    install = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    install += [word for constraints in CONSTRAINTS for word in ("-c", str(constraints))]
    install += ["-e", f"{TOP}[{','.join(wanted)}]" if wanted else str(TOP)]
    works = venv_works()
    if not (works and call(install, progress=so_far) == 0):
        if works and there is not None:
            # Without a network, for instance: what was there is still good.
            STAMP.write_text("\n".join([fingerprint(), *sorted(there)]), encoding="utf-8")
            raise Stop("The Python packages could not be installed. Those that were there are still there.")
        make_venv()
        if call(install, progress=so_far) != 0:
            raise Stop("The Python packages could not be installed.")
    STAMP.write_text("\n".join([fingerprint(), *wanted]), encoding="utf-8")


def fingerprint() -> str:
    """Sum up what an installation depends on: the requirements, the interpreter and where the checkout is."""
    digest = hashlib.sha256(f"{TOP}\n{PYTHON.resolve()}\n".encode())
    for path in REQUIREMENTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def installed(stamp: Path, wanted: str) -> set[str] | None:
    """The extras of the installation that `stamp` records; None if that isn't whole, or not the `wanted` one."""
    try:
        found, *extras = stamp.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return set(extras) if found == wanted and PYTHON.exists() else None


def so_far() -> str:
    """Say how much is installed; pip is silent while it unpacks."""
    size = 0
    for folder, _, names in os.walk(VENV):
        for name in names:
            try:
                size += Path(folder, name).lstat().st_size
            except OSError:
                continue
    return f"{size / 1e6:.0f} MB are in .venv"


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
