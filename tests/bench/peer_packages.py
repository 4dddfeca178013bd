"""What the peers need: Python packages in an environment of their own, and Node's `ws`."""

import shutil
import subprocess
import sys

from tests.bench.servers import MADE, PEER_PYTHON, TOP

CONSTRAINTS = TOP / "build" / "constraints-bench.txt"
NODE_WS = "ws@8.23.0"
INSTALLED_WITHIN = 180
"""Seconds for one installation: without a network the bench goes on without the peer."""


def provide_peers() -> None:
    """Install what is not there yet. What can't be had is no error: servers.commands() names it as missing."""
    stamp = PEER_PYTHON.parents[1] / "installed"
    wanted = CONSTRAINTS.read_text("utf-8")
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        folder = str(PEER_PYTHON.parents[1])
        pip = [str(PEER_PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        if done(sys.executable, "-m", "venv", "--clear", folder) and done(*pip, "-r", str(CONSTRAINTS)):
            stamp.write_text(wanted, "utf-8")
        else:
            # Half an environment would start a peer that isn't the one named.
            shutil.rmtree(folder, ignore_errors=True)
    npm = shutil.which("npm")
    if npm and not (MADE / "node_modules" / "ws").is_dir():
        MADE.mkdir(exist_ok=True)
        done(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(MADE), NODE_WS)


def done(*command: str) -> bool:
    """Run a command within INSTALLED_WITHIN; tell whether it succeeded."""
    print("+", *command, flush=True)
    try:
        return subprocess.run(command, check=False, timeout=INSTALLED_WITHIN).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
