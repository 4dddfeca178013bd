"""The servers that are compared: ours and its peers, each started on a core of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
MADE = TOP / ".bench"
"""What is compiled and installed for the bench; git ignores it."""
PEER_PYTHON = TOP / ".venv-bench" / "bin" / "python"
STARTS_WITHIN = 30.0

cores = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = cores[0], cores[-1]

OURS = "LAN Counter"
FLOOR = "C floor"
ORIGINAL = "original"
BROADCAST = "websockets"
AIOHTTP = "aiohttp"
NODE = "Node ws"
NCHAN = "nginx nchan"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NCHAN_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")

Command = Callable[[Path], list[str]]


def commands() -> tuple[dict[str, Command], dict[str, str]]:
    """What can be started here, by name, each made with an empty folder for its data; and why the others can't be."""
    found: dict[str, Command] = {
        OURS: lambda data: [
            *(sys.executable, "-m", "desktop", "--headless", "--local-only"),
            *("--port", "0", "--data-dir", str(data)),
        ],
        AIOHTTP: lambda _: [sys.executable, str(HERE / "peers" / "plain_aiohttp.py")],
    }
    missing: dict[str, str] = {}
    if shutil.which("nginx") and NCHAN_MODULE.exists():
        found[NCHAN] = lambda data: [sys.executable, str(HERE / "peers" / "nchan.py"), str(data), str(NCHAN_MODULE)]
    else:
        # Installed, nginx would begin to serve on all addresses: that is not for a bench to bring about.
        missing[NCHAN] = "nginx with libnginx-mod-nchan is not installed, and not for a bench to install"
    if compiled("floor", HERE / "peers" / "floor.c"):
        found[FLOOR] = lambda _: [str(MADE / "floor")]
    else:
        missing[FLOOR] = "there is no gcc"
    if PEER_PYTHON.exists():
        found[ORIGINAL] = lambda _: [str(PEER_PYTHON), str(HERE / "peers" / "original.py")]
        found[BROADCAST] = lambda _: [str(PEER_PYTHON), str(HERE / "peers" / "broadcast.py")]
    else:
        missing |= dict.fromkeys((ORIGINAL, BROADCAST), "build/constraints-bench.txt is not installed in .venv-bench")
    node = shutil.which("node")
    if node and (MADE / "node_modules" / "ws").is_dir():
        found[NODE] = lambda _: [node, str(HERE / "peers" / "node_ws.js")]
    else:
        missing[NODE] = "there is no node with the package ws in .bench"
    return found, missing


def compiled(name: str, source: Path) -> bool:
    """Compile one C file into MADE, if it is newer than what is there; False without a compiler."""
    target = MADE / name
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return True
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return False
    MADE.mkdir(exist_ok=True)
    subprocess.run([compiler, "-O2", "-Wall", "-o", str(target), str(source)], check=True)
    return True


@contextmanager
def running(command: Command) -> Iterator[tuple[int, int, float]]:
    """Start a server on its core; gives its port, process id and when it was started; and ends it."""
    with tempfile.TemporaryDirectory(prefix="lan-counter-bench-") as folder:
        started = time.monotonic()
        process = subprocess.Popen(
            command(Path(folder) / "data"),
            cwd=TOP,
            env={**os.environ, "NODE_PATH": str(MADE / "node_modules")},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=_alone,
        )
        try:
            yield _port(process), process.pid, started
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


def _alone() -> None:
    os.sched_setaffinity(0, {SERVER_CORE})


def _port(process: "subprocess.Popen[str]") -> int:
    """Read the port from the first line: a number, or our `Join: http://127.0.0.1:N/`."""
    deadline = time.monotonic() + STARTS_WITHIN
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line or time.monotonic() > deadline:
        raise RuntimeError(f"{process.args!r} does not start")
    return int(line.rstrip("/").rpartition(":")[2])
