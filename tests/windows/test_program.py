"""What is in Windows' archive, started as `python3 build/dev.py windows` does it: on Windows itself, or under Wine.

There these tests are on Linux's side, and no window opens.
"""

import asyncio
import json
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.desktop.support import PATIENCE, raw_socket
from tests.e2e.program import TOP, Program, command, until
from tests.faults.storm import Storm

EXE, PYTHON = os.environ.get("WINDOWS_EXE", ""), os.environ.get("WINDOWS_PYTHON", "")
pytestmark = pytest.mark.skipif(not EXE, reason="`python3 build/dev.py windows` runs these")
WITH_WINE = sys.platform != "win32"
START = ["/usr/lib/wine/wine64"] if WITH_WINE else []
RESETS = 500
# A start without any handles, as by a double-click; run by Windows' Python. What isn't ended has to be by its number.
DOUBLE_CLICK = """
import subprocess, sys
started = subprocess.Popen(sys.argv[1:], creationflags=subprocess.DETACHED_PROCESS, close_fds=True)
print(started.pid, flush=True)
sys.stdin.readline()
started.kill()
print(started.wait())
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def reset(port: int) -> None:
    """Connect, and cut it with RST at once (socket(7), SO_LINGER)."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def refused(data: Path, *options: str) -> str:
    """What it says when it doesn't start."""
    done = subprocess.run(
        command("--headless", "--data-dir", str(data), *options),
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_tests_itself(tmp_path: Path) -> None:
    done = subprocess.run(command("--self-test"), cwd=TOP, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout
    assert "ok    server" in done.stdout and "FAIL" not in done.stdout
    assert ("none  window" if WITH_WINE else "ok    window") in done.stdout, "Wine has no .NET"


async def test_resets_keep_nobody_out_and_are_nothing_to_tell(data: Path) -> None:
    with await asyncio.to_thread(Program, data, "--headless") as program:

        def resets() -> None:
            for _ in range(RESETS):
                reset(program.port)

        resetting = asyncio.create_task(asyncio.to_thread(resets))
        joined = 0
        while not resetting.done() or joined < 20:
            async with raw_socket(program.port) as raw:
                assert (await raw.handshake(program.port)).startswith(b"HTTP/1.1 101 ")
                joined += 1
        await resetting
        assert program.health["status"] == "ok"
        assert program.errors == ""


def test_a_second_start_finds_the_first(data: Path) -> None:
    with Program(data, "--headless") as first:
        assert first.join_url in refused(data, "--local-only", "--port", "0")


def test_a_port_that_is_taken_is_told_if_it_was_asked_for_and_else_passed_over(data: Path, tmp_path: Path) -> None:
    with Program(data, "--headless") as first:
        said = refused(tmp_path / "other", "--local-only", "--port", str(first.port))
        assert f"Port {first.port} is taken" in said

        (tmp_path / "other" / "preferences.json").write_text(json.dumps({"port": first.port}))
        options = ["--headless", "--local-only", "--data-dir", str(tmp_path / "other")]
        with subprocess.Popen(command(*options), cwd=TOP, stdout=subprocess.PIPE, text=True) as second:
            try:
                assert second.stdout
                join = second.stdout.readline().strip()
                assert join.startswith("Join: http://127.0.0.1:") and join != f"Join: {first.join_url}"
            finally:
                second.kill()


def test_a_quick_restart_gets_its_old_port(data: Path) -> None:
    with Program(data, "--headless") as first, socket.create_connection(("127.0.0.1", first.port)) as open_one:
        open_one.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % first.port)
        assert open_one.recv(100).startswith(b"HTTP/1.1 200")
        first.kill()
        with Program(data, "--headless", port=first.port) as second:
            assert second.port == first.port
            assert second.health["status"] == "ok"


@pytest.mark.parametrize("folder", ["file", pytest.param("/sys/lan-counter", marks=pytest.mark.unix)])
def test_a_folder_that_cannot_be_written_is_said_and_it_counts_in_memory(
    data: Path, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with Program(data, "--headless", "--data-dir", str(tmp_path / folder)) as program:
        assert program.health["status"] == "ok"
        until(lambda: "can't be used" in program.errors and "Nothing is being saved." in program.errors)


def test_a_damaged_file_is_set_aside(data: Path) -> None:
    data.mkdir()
    (data / "counter.db").write_bytes(b"no database at all" * 1_000)
    with Program(data, "--headless") as program:
        assert program.counter == 0
        until(lambda: "counter" in program.errors)
    assert [path for path in data.glob("counter 2*.db") if path.read_bytes().startswith(b"no database")]


@contextmanager
def double_clicked(*options: str) -> Iterator["subprocess.Popen[str]"]:
    starter = [*START, PYTHON, "-c", DOUBLE_CLICK, EXE, *options]
    with subprocess.Popen(
        starter, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as it:
        assert it.stdin and it.stdout
        try:
            assert it.stdout.readline().strip().isdigit()
            yield it
        finally:
            it.stdin.write("\n")
            it.stdin.flush()
            it.wait(PATIENCE)


def listening(data: Path) -> int:
    """The port that it listens on, for whoever can't see what it says."""
    note = data / "running.json"
    until(note.exists, PATIENCE)
    port: int = json.loads(note.read_text())["port"]
    with socket.create_connection(("127.0.0.1", port), PATIENCE):
        return port


def test_a_double_click_without_handles_counts(data: Path) -> None:
    with double_clicked("--data-dir", str(data), "--local-only", "--port", "0"):
        assert listening(data)


@pytest.mark.skipif(not WITH_WINE, reason="There a window opens.")
def test_a_double_click_without_handles_logs_why_there_is_no_window(data: Path) -> None:
    with double_clicked("--data-dir", str(data), "--local-only", "--port", "0"):
        assert listening(data)
        log = data / "log.txt"
        until(lambda: log.exists() and "No window: " in log.read_text(), PATIENCE)


def test_headless_without_handles_logs(data: Path) -> None:
    data.mkdir()
    (data / "counter.db").write_bytes(b"no database at all" * 1_000)
    with double_clicked("--headless", "--data-dir", str(data), "--local-only", "--port", "0"):
        assert listening(data)
        until(lambda: "counter" in (data / "log.txt").read_text())


@pytest.mark.unix
async def test_no_click_is_lost_or_counted_twice_whatever_fails(tmp_path: Path) -> None:
    # Slower than the suite's own: a start takes seconds there, and who went on clicking would have too much to say.
    storm = Storm(tmp_path / "data", seconds=3, people=8, pause=0.5, seed=random.SystemRandom().randrange(10**6))
    wrong = await storm.run()
    assert not wrong, "\n".join(wrong)
    assert storm.record.counts["sent"] > 100 and storm.record.counts["sent again"] > 0, storm.summary


# What Python's own console does: it holds the terminal, waits for what it has started, and says how that has ended.
TERMINAL = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, lambda *_: None)
started = subprocess.Popen(sys.argv[1:])
print("code", started.wait(), flush=True)
"""


@pytest.mark.unix
def test_headless_in_a_terminal_prints_there_is_stopped_by_ctrl_c_and_ends_with_its_code(data: Path) -> None:
    options = ["--headless", "--data-dir", str(data), "--local-only", "--port", "0"]
    import pty

    process, terminal = pty.fork()
    if process == 0:
        os.execv(START[0], [*START, PYTHON, "-c", TERMINAL, EXE, *options])
    printed = b""

    def says(words: bytes) -> bool:
        nonlocal printed
        if select.select([terminal], [], [], 0.1)[0]:
            printed += os.read(terminal, 4096)
        # Wine moves the cursor between any two words.
        return words in re.sub(rb"\x1b\[[?\d;]*[A-Za-z]", b"", printed)

    try:
        until(lambda: says(b"Join: http://127.0.0.1:"), PATIENCE)
        until(lambda: says(b"#host="), PATIENCE)
        os.write(terminal, b"\x03")
        until(lambda: says(b"code130"), PATIENCE)
        assert not (data / "running.json").exists(), "it has come to its end by itself"
    finally:
        os.close(terminal)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
