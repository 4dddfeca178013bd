"""System packages, on Debian and Ubuntu."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commands import Stop, call, say

# Names since Debian 13 and Ubuntu 24.04, where the old one is gone or only virtual.
RENAMED = {"libasound2": "libasound2t64", "libglib2.0-0": "libglib2.0-0t64"}
# These would run from then on, on this machine's port, for all who use it: the tests start their own.
SERVICES = ("redis-server",)
# With this script, a package that is installed starts no service (Debian's policy-rc.d).
POLICY = Path("/usr/sbin/policy-rc.d")
# What does as well where there is no package of the name; Ubuntu has no Chromium without its own windows.
INSTEAD = {"chromium-headless-shell": "chromium"}


def provide_packages(wanted: list[str]) -> None:
    """Install those of the `wanted` packages that are missing; Stop says what to do where that is not possible."""
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        say("Not Debian or Ubuntu: the system packages are left to you.")
        return
    missing = missing_packages(wanted, installed_packages(wanted))
    if not missing:
        return
    if not is_root():
        steps = [*apt_commands(current_names(missing)), *disabling(missing)]
        commands = " && ".join(shlex.join(["sudo", *command]) for command in steps)
        raise Stop(f"Some system packages are missing. Install them with:\n  {commands}")
    update, _ = apt_commands(missing)
    # A repository that does not answer is no reason to stop: the packages may be known already.
    call(update)
    _, install = apt_commands(current_names(missing))
    with no_services_started():
        code = call(install, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    for command in disabling(missing) if shutil.which("systemctl") else []:
        call(command)
    if code != 0:
        raise Stop("The system packages could not be installed.")


def disabling(packages: list[str]) -> list[list[str]]:
    """Make the commands after which no service of `packages` runs, now or from the next start of the machine on."""
    return [["systemctl", "disable", "--now", name] for name in packages if name in SERVICES]


@contextmanager
def no_services_started() -> Iterator[None]:
    """Keep what is installed meanwhile from starting services, unless the machine has rules of its own."""
    if POLICY.exists():
        yield
        return
    try:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
        POLICY.chmod(0o755)
        yield
    finally:
        POLICY.unlink(missing_ok=True)


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
    """Exchange the names that this system has renamed, or doesn't know."""

    def current(name: str) -> str:
        if name in RENAMED and is_known(RENAMED[name]):
            return RENAMED[name]
        return INSTEAD[name] if name in INSTEAD and not is_known(name) else name

    return [current(name) for name in packages]


def is_known(package: str) -> bool:
    """Tell whether apt has heard of a package."""
    if shutil.which("apt-cache") is None:
        return False
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0


def is_root() -> bool:
    """Tell whether packages can be installed from here."""
    return os.name == "posix" and os.geteuid() == 0
