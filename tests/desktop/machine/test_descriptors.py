"""Descriptors: how many there are for connections, and what happens once there are none."""

import asyncio
import errno
import gc
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desktop.machine.descriptors import HOST_PLACES, OWN_DESCRIPTORS, PLAIN_PLACES, on_loop_error, places
from tests.desktop.support import RawSocket, Serve, raw_socket, true

resource: Any = pytest.importorskip("resource", reason="Unix's own")


@pytest.mark.parametrize(
    ("soft", "hard", "fit"),
    [
        (256, 1_000_000, 5_000 + PLAIN_PLACES),
        (256, 1_000, 1_000 - HOST_PLACES - OWN_DESCRIPTORS),
        (1_000_000, 1_000_000, 5_000 + PLAIN_PLACES),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 5_000 + PLAIN_PLACES),
        (256, resource.RLIM_INFINITY, 5_000 + PLAIN_PLACES),
        (64, 64, 1),
    ],
)
def test_as_many_fit_as_there_are_descriptors_for_when_all_that_may_be_had_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, fit: int
) -> None:
    limits = [soft]
    monkeypatch.setattr(resource, "getrlimit", lambda what: (limits[-1], hard))
    monkeypatch.setattr(resource, "setrlimit", lambda what, both: limits.append(both[0]))

    assert places(5_000) == fit
    assert limits[-1] == resource.RLIM_INFINITY or limits[-1] >= min(hard if hard > 0 else 10**6, fit)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says how large the table is")
def test_there_is_room_for_all_before_they_come() -> None:
    script = """
import os, re
from pathlib import Path
from desktop.machine.descriptors import make_room
make_room(3_000)
table = int(re.search(r"FDSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(table >= 3_000, len(os.listdir("/proc/self/fd")))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "4"], "and none of them is taken"


async def test_descriptors_that_are_used_up_are_a_line_in_the_log_and_no_traceback(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(on_loop_error)
    served = await serve()
    inside = await served.page()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as late:
        late.setblocking(False)
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, hard))  # noqa: PTH208
        try:
            await loop.sock_connect(late, ("127.0.0.1", served.port))
            await true(lambda: caplog.records)
            await inside.say(type="ping", at=1)
            await inside.until(type="pong", at=1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        # Once there are some again, whoever has waited gets in.
        assert (await RawSocket(late).handshake(served.port)).startswith(b"HTTP/1.1 101 ")

    assert {record.getMessage() for record in caplog.records} == {
        f"Nobody new can join just now: {os.strerror(errno.EMFILE)}."
    }
    assert not any(record.exc_info for record in caplog.records)


async def test_a_host_that_nobody_can_read_is_no_line_in_the_log_however_it_comes(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_exception_handler(on_loop_error)
    served = await serve()
    asked = f"GET http://xn--{70 * 'a'}/ HTTP/1.1\r\nHost: us\r\n\r\n".encode()
    for parts in ([asked], [asked * 2], [asked[:6], asked[6:]]):
        async with raw_socket(served.port) as raw:
            for part in parts:
                await raw.send(part)
                await served.page()
    await served.stop()
    gc.collect()
    assert not caplog.records


async def test_other_errors_of_the_loop_are_logged_with_their_place(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    on_loop_error(loop, {"message": "Something broke", "exception": LookupError("here")})
    on_loop_error(loop, {"message": "Something else"})

    assert "Something broke" in caplog.text
    assert "LookupError: here" in caplog.text
    assert "Something else" in caplog.text
