"""What aiohttp does with a connection, and what we make of it."""

import gc
import logging
import re
from contextlib import suppress

import pytest
from aiohttp import web

from desktop.server.frames import TEXT
from desktop.server.guard import HEADERS
from desktop.server.http import HEAD_LIMIT, Answered, Connection
from tests.desktop.server.behind import Behind, closed
from tests.desktop.support import true

# --- from a handshake on ---


async def test_aiohttp_frees_all_that_it_keeps_for_a_connection_that_has_become_a_websocket(behind: Behind) -> None:
    def kept() -> int:
        gc.collect()
        return sum(isinstance(found, Connection | web.Request | Answered) for found in gc.get_objects())

    before = kept()
    inside = [await behind.echo_on_kept() for _ in range(10)]

    for raw in inside:
        await raw.say(TEXT, b"here")
        assert await raw.hear() == (TEXT, b"here")
    assert kept() <= before


REQUEST = b"GET / HTTP/1.1\r\nHost: us\r\n\r\n"
POSTED = b"POST / HTTP/1.1\r\nHost: us\r\nContent-Length: 4\r\n\r\n\r\n\r\n"


@pytest.mark.parametrize("before", [b"", b"\r\n\r\n", REQUEST, REQUEST * 3, POSTED, POSTED + REQUEST])
async def test_frames_right_behind_a_handshake_are_read_whatever_is_before_it(behind: Behind, before: bytes) -> None:
    raw = await behind.connect()
    await raw.send(
        before + b"GET /ws HTTP/1.1\r\nHost: us\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        b"\x81\x82\0\0\0\0hi"
    )
    heard = b""
    while not heard.endswith(b"\x81\x02hi"):
        heard += await raw.receive()
    assert heard.count(b"HTTP/1.1 101 ") == 1


async def test_a_handshake_may_come_in_pieces(behind: Behind) -> None:
    raw = await behind.connect()
    head = (
        b"GET /ws HTTP/1.1\r\nHost: us\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await raw.send(head[:40])
    await true(lambda: behind.spoke)
    await raw.send(head[40:])
    assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
    await raw.say(TEXT, b"here")
    assert await raw.hear() == (TEXT, b"here")


@pytest.mark.parametrize("before", [b"\r\n", REQUEST])
async def test_who_sends_more_behind_a_handshake_than_anybody_would_is_dropped(behind: Behind, before: bytes) -> None:
    raw = await behind.connect()
    with suppress(ConnectionError):
        await raw.send(before)
        await raw.ask(behind.port)
        await raw.send(b"x" * 2 * HEAD_LIMIT)
        while True:
            await raw.receive()
    raw.forget()
    await closed(raw)


# --- what aiohttp answers by itself ---

NO_REQUEST = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"HELLO\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: us\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: us\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: us\r\nContent-Length: many\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: us\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nHost: us\r\nX: \x00\r\n\r\n",
]


@pytest.mark.parametrize("request_", NO_REQUEST, ids=lambda request: repr(request[:24]))
async def test_what_is_no_request_is_answered_with_a_sentence_and_our_headers_and_logged_nowhere(
    behind: Behind, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await behind.connect()
    await raw.send(request_)
    head = (await raw.head()).decode()

    assert re.match(r"HTTP/1\.[01] 400 ", head)
    headers = dict(re.findall(r"^([\w-]+): (.*?)\r?$", head, re.M))
    assert HEADERS.items() <= headers.items()
    assert "aiohttp" not in head.lower()
    assert headers["Content-Type"].startswith("text/plain")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_body_that_is_not_what_its_headers_say_is_no_mistake_of_ours(
    behind: Behind, coding: str, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await behind.connect()
    await raw.send(
        f"GET / HTTP/1.1\r\nHost: us\r\nContent-Encoding: {coding}\r\nContent-Length: 5\r\n\r\nxxxxx".encode()
    )
    assert (await raw.head()).startswith(b"HTTP/1.1 ")
    assert (await behind.get(await behind.connect())).startswith(b"HTTP/1.1 200 ")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_target_that_nobody_can_read_is_answered_all_the_same(
    behind: Behind, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await behind.connect()
    await raw.send(b"GET http://xn--" + b"a" * 70 + b"/ HTTP/1.1\r\nHost: us\r\n\r\n")
    assert (await raw.head()).startswith(b"HTTP/1.1 200 "), "only the guard refuses it"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_mistake_of_ours_is_a_500_without_its_traceback_which_is_in_the_log(
    behind: Behind, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await behind.connect()
    head = await behind.get(raw, "/broken")

    assert head.startswith(b"HTTP/1.1 500 ")
    assert b"LookupError" not in head + raw.forget()
    assert "a mistake of ours" in caplog.text


async def test_whoever_leaves_in_the_midst_of_an_answer_is_no_line_in_the_log(
    behind: Behind, caplog: pytest.LogCaptureFixture
) -> None:
    raw = await behind.connect()
    await raw.send(b"GET /gone HTTP/1.1\r\nHost: us\r\n\r\n")
    await closed(raw)

    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_protocol_is_still_one_that_aiohttp_offers() -> None:
    """What the gate takes over from aiohttp: its name, and the methods that it calls."""
    assert issubclass(Connection, web.RequestHandler)
    for method in ("connection_made", "connection_lost", "data_received", "handle_error", "log_exception"):
        assert callable(getattr(web.RequestHandler, method))
