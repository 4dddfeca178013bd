"""The program as a person starts and ends it: in a process of its own, without a window."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import aiohttp
import pytest

import desktop
from desktop.cli import main
from desktop.core.operations import Add
from desktop.journal.sqlite import SqliteJournal
from desktop.network.listening import listen
from tests.desktop.support import ADA, BOB, PATIENCE, Client

TOP = Path(desktop.__file__).parents[1]
PROGRAM = [sys.executable, "-m", "desktop"]
CHECKOUT = Path(desktop.__file__).parents[1]
# Whether what is said comes at once is up to the program.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
LOCAL = ("--local-only", "--port", "0")
# What Windows ends it with says nothing to the program.
TERMINATED = 1 if sys.platform == "win32" else 143
# Windows has neither.
HANGUP, KILL = getattr(signal, "SIGHUP", signal.SIGTERM), getattr(signal, "SIGKILL", signal.SIGTERM)


class Program:
    """One run, and what it said at its start."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        assert process.stderr
        self.process = process
        self.stdout: IO[str] = process.stdout
        self.stderr: IO[str] = process.stderr
        self.lines: list[str] = []

    def started(self) -> "Program":
        """Wait for the two lines."""
        self.lines = [self.stdout.readline() for _ in range(2)]
        return self

    @property
    def join(self) -> str:
        return self.lines[0].removeprefix("Join: ").rstrip("\n")

    @property
    def host(self) -> str:
        return self.lines[1].removeprefix("Host: ").rstrip("\n")

    @property
    def secret(self) -> str:
        return self.host.partition("#host=")[2]

    def end(self, signal_: int = signal.SIGTERM) -> tuple[int, str]:
        """Returns the exit code, and all that was said on stderr."""
        self.process.send_signal(signal_)
        rest, errors = self.process.communicate(timeout=PATIENCE)
        assert not rest, "the two lines are all that is printed"
        return self.process.returncode, errors


@contextmanager
def program(folder: Path | None, *options: str, command: Sequence[str] = PROGRAM, **popen: Any) -> Iterator[Program]:
    """Start it, on the person's own folder if none is given; whatever happens, it has ended afterwards."""
    process: subprocess.Popen[str] = subprocess.Popen(
        [*command, "--headless", *(["--data-dir", str(folder)] if folder else []), *options],
        stdout=popen.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        cwd=popen.pop("cwd", CHECKOUT),
        env=popen.pop("env", ENVIRONMENT),
        **popen,
    )
    # A program that says nothing would keep its reader waiting for ever.
    impatience = threading.Timer(PATIENCE, process.kill)
    impatience.start()
    try:
        with process:
            if process.stdout is None:
                process.stdout = open(os.devnull)  # noqa: SIM115, PTH123
            yield Program(process)
            process.kill()
    finally:
        process.kill()
        impatience.cancel()


@contextmanager
def started(folder: Path, *options: str, **more: Any) -> Iterator[Program]:
    with program(folder, *(options or LOCAL), **more) as running:
        yield running.started()


def refused(folder: Path, *options: str) -> str:
    """The one sentence that it is refused with."""
    done = subprocess.run(
        [*PROGRAM, "--headless", "--data-dir", str(folder), *options],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return sentence(done.stderr)


def sentence(text: str) -> str:
    assert text.count("\n") == 1, text
    assert not text[0].islower(), text
    assert "Traceback" not in text
    return text.rstrip("\n")


def get(url: str, path: str = "/health") -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


@asynccontextmanager
async def page_at(url: str, client: str = ADA, **hello: Any) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}ws", protocols=("lan-counter.v1",)) as ws:
        page = Client(ws)
        await page.hello(client, **hello)
        yield page


# --- starting ---


def test_it_says_at_once_where_others_join_and_where_the_host_does(tmp_path: Path) -> None:
    with started(tmp_path / "new" / "folder") as running:
        join = re.fullmatch(r"Join: http://127\.0\.0\.1:(\d+)/\n", running.lines[0])
        host = re.fullmatch(r"Host: http://127\.0\.0\.1:(\d+)/#host=[A-Za-z0-9_-]{43,}\n", running.lines[1])

        assert join
        assert host
        assert join[1] == host[1]
        assert get(running.join)["status"] == "ok"
        assert running.end() == (TERMINATED, "")


def test_the_version_is_told_and_nothing_started(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "--version", "--data-dir", str(tmp_path / "folder")], capture_output=True, text=True, cwd=CHECKOUT
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, f"LAN Counter {desktop.__version__}\n", "")
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize(
    ("address", "also_at"), [("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.1"), ("127.0.0.2", "127.0.0.2")]
)
def test_it_listens_on_the_address_that_is_asked_for_and_on_loopback(
    tmp_path: Path, address: str, also_at: str
) -> None:
    with started(tmp_path, "--address", address, "--port", "0") as running:
        port = urlsplit(running.join).port
        assert running.join == f"http://{address}:{port}/"
        assert running.host.startswith(f"http://127.0.0.1:{port}/#host=")
        assert get(f"http://{also_at}:{port}/")["status"] == "ok"


# The addresses that a machine has are its own affair: a test can't count on any.
WITH_ADDRESSES = """
import sys
from desktop.network import addresses
from desktop.cli import main
from desktop.core.operations import Add
from desktop.journal.sqlite import SqliteJournal

addresses.current = lambda: {found}
sys.exit(main(sys.argv[1:]))
"""


def test_unless_told_otherwise_it_shows_the_likeliest_address(tmp_path: Path) -> None:
    found = 'addresses.ranked([addresses.Address("127.0.0.3", "eth0", addresses.Kind.PRIVATE, True)])'
    command = [sys.executable, "-c", WITH_ADDRESSES.format(found=found)]
    with started(tmp_path, "--port", "0", command=command) as running:
        assert urlsplit(running.join).hostname == "127.0.0.3"
        assert get(running.join)["status"] == "ok"
        assert running.end()[0] == TERMINATED


def test_without_a_network_it_says_so_and_runs_for_this_machine_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITH_ADDRESSES.format(found="[]")]
    with started(tmp_path, "--port", "0", command=command) as running:
        assert urlsplit(running.join).hostname == "127.0.0.1"
        assert get(running.join)["status"] == "ok"
        assert running.end() == (TERMINATED, "There is no network: only this machine can join.\n")


def test_a_port_that_is_asked_for_is_the_one(tmp_path: Path) -> None:
    (sock,) = listen(["127.0.0.1"], 0)
    port = sock.getsockname()[1]
    sock.close()

    with started(tmp_path, "--local-only", "--port", str(port)) as running:
        assert running.join == f"http://127.0.0.1:{port}/"


# --- not starting ---


CERTIFICATES_READ = """
import gc, ssl, sys
from desktop.__main__ import main
first = [(name, id(getattr(ssl.SSLContext, name))) for name in ("load_default_certs", "set_default_verify_paths")]
sys.argv = ["lan-counter", "--version"]
try:
    main()
except SystemExit:
    contexts = [found for found in gc.get_objects() if isinstance(found, ssl.SSLContext)]
    print(len(contexts) > 0, sum(context.cert_store_stats()["x509"] for context in contexts))
    print(first == [(name, id(getattr(ssl.SSLContext, name))) for name, _ in first])
"""


def test_a_start_reads_no_certificates_and_leaves_that_to_whoever_wants_them() -> None:
    command = [sys.executable, "-c", CERTIFICATES_READ]
    told = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-2:] == ["True 0", "True"]


async def test_a_file_opened_in_a_browser_is_let_in_where_that_is_asked_for(tmp_path: Path) -> None:
    with started(tmp_path, *LOCAL, "--allow-origin", "null", "--allow-origin", "http://127.0.0.1:5500") as running:
        async with aiohttp.ClientSession() as session:
            for origin in ("null", "http://127.0.0.1:5500"):
                async with session.ws_connect(f"{running.join}ws", headers={"Origin": origin}) as ws:
                    assert json.loads((await ws.receive()).data) == {"counter": 0}
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"{running.join}ws", headers={"Origin": "http://127.0.0.1:5501"})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--port", "x"], "--port"),
        (["--port", "-1"], "--port"),
        (["--port", "65536"], "--port"),
        (["--port", "1e3"], "--port"),
        (["--port", "²"], "--port"),
        (["--port", "9" * 5000], "--port"),
        (["--port", ""], "--port"),
        (["--port", "6000"], "port 6000"),
        (["--port"], "--port"),
        (["--allow-origin", "http://localhost:5500/"], "--allow-origin"),
        (["--allow-origin"], "--allow-origin"),
        (["--address", "somewhere"], "--address"),
        (["--address", "0.0.0.0"], "--address"),
        (["--address", "::"], "--address"),
        (["--address", "224.0.0.1"], "--address"),
        (["--address", "192.168.1"], "--address"),
        (["--address", "127.0.0.1", "--local-only"], "--local-only"),
        (["--local-only", "--address", "127.0.0.1"], "--address"),
        (["--all-interfaces", "--local-only"], "--local-only"),
        (["--connections", "0"], "--connections"),
        (["--connections", "-1"], "--connections"),
        (["--connections", "50001"], "--connections"),
        (["--connections", "many"], "--connections"),
        (["--log-level", "loud"], "--log-level"),
        (["--data-dir"], "--data-dir"),
        (["--fly"], "--fly"),
        (["extra"], "extra"),
    ],
)
def test_an_option_that_makes_no_sense_is_named_in_one_sentence(
    capsys: pytest.CaptureFixture[str], options: list[str], named: str
) -> None:
    assert main(options) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert named in sentence(err)
    assert "See --help." in err


def test_a_mistake_ends_the_process_with_its_code(tmp_path: Path) -> None:
    assert "--port" in refused(tmp_path, "--port", "many")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    (sock,) = listen(["127.0.0.1"], 0)
    port = sock.getsockname()[1]
    with sock:
        assert refused(tmp_path, "--local-only", "--port", str(port)).startswith(f"Port {port} is taken")


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    assert "192.0.2.7" in refused(tmp_path, "--address", "192.0.2.7", "--port", "0")


@pytest.mark.parametrize("name", ["file", "file/below"])
async def test_where_nothing_can_be_kept_it_counts_in_memory_and_tells_the_host(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")

    with started(tmp_path / name, *LOCAL) as running:
        async with page_at(running.join, host=running.secret) as page:
            await page.until(type="notice", code="not_saved")
            await page.say(type="add", op=1, delta=42)
            await page.until(ack=1)
        assert get(running.join)["counter"] == 42
        code, errors = running.end()
    assert code == TERMINATED
    assert f"The folder {tmp_path / name} can't be used" in errors
    assert "Nothing is being saved." in errors
    assert errors.count("\n") == 2, errors


# A user that the system doesn't list, as in a container that runs as any number.
WITHOUT_PASSWD = """
import pwd, sys
from desktop.cli import main
from desktop.core.operations import Add
from desktop.journal.sqlite import SqliteJournal

def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")

pwd.getpwuid = getpwuid
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system itself knows the person's folder")
@pytest.mark.parametrize(
    ("home", "told"),
    [
        (None, "There is no home folder"),
        ("", "There is no home folder"),
        ("rel/ative", "There is no home folder"),
        ("{file}", "can't be used"),
        ("/proc/nowhere", "can't be used"),
    ],
)
async def test_without_a_home_it_counts_in_memory_and_tells_the_host(
    tmp_path: Path, home: str | None, told: str
) -> None:
    (tmp_path / "file").write_text("")
    environment = {name: value for name, value in ENVIRONMENT.items() if name not in ("HOME", "XDG_DATA_HOME")}
    # A relative one is to be ignored (XDG Base Directory Specification).
    environment |= {"XDG_DATA_HOME": "rel", "PYTHONPATH": str(CHECKOUT)}
    if home is not None:
        environment["HOME"] = home.format(file=tmp_path / "file")
    with program(
        None, *LOCAL, command=[sys.executable, "-c", WITHOUT_PASSWD], env=environment, cwd=tmp_path
    ) as starting:
        running = starting.started()
        async with page_at(running.join, host=running.secret) as page:
            await page.until(type="notice", code="not_saved")
        code, errors = running.end()
    assert code == TERMINATED
    assert told in errors
    assert "Nothing is being saved." in errors
    assert errors.count("\n") == 2, errors
    assert kept_in(tmp_path) == [(tmp_path / "file", b"")]


def test_a_counter_that_cannot_be_read_is_set_aside_and_told(tmp_path: Path) -> None:
    content = b"This is a shopping list, and a long one, too. " * 100
    (tmp_path / "counter.db").write_bytes(content)

    with started(tmp_path) as running:
        assert get(running.join)["counter"] == 0
        _, told = running.end()

    (aside,) = tmp_path.glob("counter 2*.db")
    assert aside.read_bytes() == content
    assert told == f"The saved counter was damaged. It starts again at 0. The old file is kept: {aside}\n"


def test_a_second_start_is_shown_the_first(tmp_path: Path) -> None:
    with started(tmp_path) as first:
        assert refused(tmp_path, *LOCAL) == f"LAN Counter is already running: {first.join}"
        assert get(first.join)["status"] == "ok"
        first.end()

    with started(tmp_path) as second:
        assert get(second.join)["status"] == "ok"


def test_after_a_kill_the_next_start_is_no_second_one(tmp_path: Path) -> None:
    with started(tmp_path) as first:
        first.end(KILL)

    with started(tmp_path) as second:
        assert get(second.join)["status"] == "ok"


# --- ending ---


@pytest.fixture
def hangups_count() -> Iterator[None]:
    """Whoever started the tests to outlive a terminal has told all that they start to ignore SIGHUP."""
    before = signal.signal(HANGUP, signal.SIG_DFL)
    yield
    signal.signal(HANGUP, before)


@pytest.mark.unix
@pytest.mark.usefixtures("hangups_count")
@pytest.mark.parametrize(("signal_", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (HANGUP, 129), (KILL, -9)])
async def test_it_ends_by_a_signal_with_its_code_and_what_was_counted_survives(
    tmp_path: Path, signal_: int, code: int
) -> None:
    with started(tmp_path) as running:
        async with page_at(running.join) as page:
            await page.say(type="add", op=1, delta=42)
            await page.until(ack=1)
            assert running.end(signal_) == (code, "")
            assert await page.closed() == (1001 if code > 0 else 1006)
        assert (tmp_path / "running.json").exists() == (code < 0)

    with started(tmp_path) as again:
        assert get(again.join)["counter"] == 42


@pytest.mark.unix
def test_a_signal_that_comes_twice_ends_it_once(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE) in (130, 143)
        assert running.stderr.read() == ""


@pytest.mark.unix
def test_one_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    # As `nohup` starts a program.
    with started(tmp_path, command=["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *PROGRAM]) as running:
        running.process.send_signal(HANGUP)
        assert get(running.join)["status"] == "ok"
        assert running.end(signal.SIGTERM) == (TERMINATED, "")


def where(folder: Path) -> str:
    """Where the program runs, for whoever can't see what it says."""
    for _ in range(int(PATIENCE * 100)):
        if (folder / "running.json").exists():
            running: dict[str, str] = json.loads((folder / "running.json").read_bytes())
            return running["join"]
        threading.Event().wait(0.01)
    raise AssertionError("It has not started.")


def test_an_output_that_nobody_reads_is_no_reason_to_die(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with program(tmp_path, *LOCAL, stdout=writer) as running:
        os.close(writer)
        assert get(where(tmp_path))["status"] == "ok"
        assert running.end() == (TERMINATED, "")


def test_errors_that_nobody_reads_are_no_reason_to_die_of_something_else(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen([*PROGRAM, "--fly"], stderr=writer, cwd=CHECKOUT, env=ENVIRONMENT)
    os.close(writer)

    assert process.wait(PATIENCE) == 2


@pytest.mark.unix
def test_no_output_at_all_is_no_reason_to_die(tmp_path: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM]
    with program(tmp_path, *LOCAL, command=command) as running:
        assert get(where(tmp_path))["status"] == "ok"
        assert running.end() == (TERMINATED, "")


# --- the secret ---


def kept_in(folder: Path) -> list[tuple[Path, bytes]]:
    return [(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


async def test_the_secret_makes_the_host_and_nobody_learns_it(tmp_path: Path) -> None:
    with started(tmp_path, *LOCAL, "--log-level", "debug") as running:
        secret = running.secret
        async with page_at(running.join, ADA, host=secret) as host, page_at(running.join, BOB) as guest:
            await host.say(type="set", op=1, value=7)
            await guest.until(counter=7)
            await guest.say(type="hello", client=BOB, host="not the secret")
            assert (await guest.until(type="error"))["code"] == "not_host"
            await guest.ws.send_bytes(b"?")
            await guest.closed()
        async with aiohttp.ClientSession() as session, session.get(f"{running.join}?host={secret}") as answer:
            assert secret not in await answer.text()

        code, errors = running.end()

    assert code == TERMINATED
    assert "DEBUG" in errors
    assert secret not in errors
    for path, content in kept_in(tmp_path):
        assert secret.encode() not in content, path


def test_the_secret_is_another_one_at_each_start(tmp_path: Path) -> None:
    secrets = set()
    for _ in range(2):
        with started(tmp_path) as running:
            secrets.add(running.secret)
            running.end()

    assert len(secrets) == 2
    assert all(len(secret) >= 43 for secret in secrets)


# --- export ---


def test_everything_is_taken_along_beside_a_program_that_runs_and_after_it(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    journal = SqliteJournal(made(data) / "counter.db")
    journal.open(lambda operations, last: None)
    try:
        journal.append([Add(ADA, 1, False, 3)]).result(PATIENCE)
        done = exported(data, out, "--language", "fr")
        assert (done.returncode, done.stderr) == (0, "")
        assert sorted(done.stdout.splitlines()) == sorted(str(path) for path in out.iterdir())
        assert any(path.name.endswith("Manches.csv") for path in out.iterdir())
    finally:
        journal.close()
    assert exported(data, out).returncode == 0


def test_without_anything_to_take_along_it_says_so(tmp_path: Path) -> None:
    done = exported(tmp_path / "data", tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is nothing to take along: ")
    assert not (tmp_path / "data").exists()


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def exported(data: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "desktop", "--export", str(out), "--data-dir", str(data), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * 2)


# --- several hosts ---


def test_a_shared_counter_that_can_not_be_reached_is_told_in_one_sentence(tmp_path: Path) -> None:
    said = refused(tmp_path, *LOCAL, "--redis", "redis://:plum-7@127.0.0.1:1/0")
    assert said.startswith("The server redis://127.0.0.1:1/0 can't be reached: ")


def test_a_password_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "password"
    said = refused(tmp_path / "data", *LOCAL, "--redis", "redis://127.0.0.1:1", "--redis-password-file", str(missing))
    assert said == f"The password can't be read from {missing}: No such file or directory."
