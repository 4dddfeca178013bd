"""The server as clients see it: both dialects side by side, every limit, and every way a connection ends.

Written against the wire's description, with real clients; the rules themselves are tested with the room.
"""

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

import desktop
import desktop.core.outgoing
from desktop.server.socket import PING, TEXT, Socket
from tests.desktop.support import ADA, BOB, CLOSE, PONG, SECRET, Client, Serve, Served, raw_socket, true

BINARY = 0x82


@pytest.fixture
async def served(serve: Serve) -> Served:
    return await serve()


# --- the two dialects ---


async def test_the_first_state_comes_before_hello_with_everything_but_ack(served: Served) -> None:
    client = await served.connect()

    first = await client.hear()

    assert client.ws.protocol == "lan-counter.v1"
    assert first.pop("epoch")
    assert first == {
        "type": "state",
        "counter": 0,
        "revision": 0,
        "people": 1,
        "role": "guest",
        "settings": {
            "title": "",
            "step": 1,
            "goal": None,
            "locked": False,
            "classic": True,
            "each": None,
            "compare": None,
        },
    }


async def test_hello_is_answered_with_ack_and_role(served: Served) -> None:
    guest, host = await served.connect(), await served.connect()

    greeted = await guest.hello(ADA, name="Ada")
    proven = await host.hello(BOB, host=SECRET)

    assert (greeted["ack"], greeted["role"]) == (0, "guest")
    assert (proven["ack"], proven["role"]) == (0, "host")


async def test_a_classic_client_is_sent_the_value_and_nothing_else(served: Served) -> None:
    classic = await served.connect(protocol=None)

    assert classic.ws.protocol is None
    assert await classic.hear() == {"counter": 0}
    await classic.say(counter=5)
    assert await classic.hear() == {"counter": 5}
    await classic.say(counter=6, type="add", op=1, delta=100, client=ADA)
    assert await classic.hear() == {"counter": 6}


async def test_both_dialects_see_the_same_counter(served: Served) -> None:
    page, classic, other = await served.page(ADA), await served.classic(), await served.classic()

    await classic.say(counter=40)
    assert await other.hear() == {"counter": 40}
    assert (await page.until(counter=40))["revision"] == 1
    await page.say(type="add", op=1, delta=2)
    assert (await page.until(ack=1))["counter"] == 42
    assert await classic.hear() == {"counter": 40}
    assert await classic.hear() == {"counter": 42}
    assert await other.hear() == {"counter": 42}


@pytest.mark.parametrize("offer", ["chat", "lan-counter.v2", "LAN-COUNTER.V1", "lan-counter.v1x"])
async def test_whoever_offers_only_what_is_unknown_here_is_served_as_classic(served: Served, offer: str) -> None:
    async with raw_socket(served.port) as raw:
        head = await raw.handshake(served.port, f"Sec-WebSocket-Protocol: {offer}")

        assert b" 101 " in head
        assert b"Sec-WebSocket-Protocol" not in head
        assert await raw.hear() == (TEXT, b'{"counter":0}')


async def test_our_protocol_is_found_among_others(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        head = await raw.handshake(served.port, "Sec-WebSocket-Protocol: chat,  lan-counter.v1")

        assert b"Sec-WebSocket-Protocol: lan-counter.v1" in head
        assert b'"epoch"' in (await raw.hear())[1]


async def test_a_classic_client_that_is_wrong_is_told_and_jumps_back_to_the_truth(served: Served) -> None:
    classic, other = await served.classic(), await served.classic()
    await classic.say(counter=7)
    await classic.hear()
    for text, code in (
        ("hello?", "malformed"),
        ("{}", "malformed"),
        ('{"counter":"8"}', "malformed"),
        ('{"counter":1.5}', "malformed"),
        ('{"counter":true}', "malformed"),
        ("[8]", "malformed"),
        ('{"counter":9007199254740992}', "out_of_range"),
    ):
        await classic.ws.send_str(text)
        answer = await classic.hear()
        assert answer.keys() == {"counter", "error"}, text
        assert (answer["counter"], answer["error"]["code"]) == (7, code), text
        assert answer["error"]["message"]

    await classic.say(counter=9007199254740991)
    assert await classic.hear() == {"counter": 9007199254740991}
    assert [await other.hear() for _ in range(2)] == [{"counter": 7}, {"counter": 9007199254740991}]


async def test_classic_clients_are_kept_out_while_the_host_says_so(served: Served) -> None:
    host, classic = await served.host(), await served.classic()
    await host.say(type="configure", op=1, settings={"classic": False})
    await host.until(ack=1)

    await classic.say(counter=7)

    assert (await classic.hear())["error"]["code"] == "locked"


# --- operations ---


async def test_an_operation_that_comes_again_is_acknowledged_and_not_applied_again(served: Served) -> None:
    page = await served.page(ADA)
    await page.say(type="add", op=1, delta=5)
    await page.until(ack=1, counter=5)

    await page.say(type="add", op=1, delta=5)
    assert (await page.until(ack=1))["counter"] == 5

    other = await served.connect()
    assert (await other.hello(ADA))["ack"] == 1
    await other.say(type="add", op=1, delta=5)
    assert (await other.until(ack=1))["counter"] == 5


async def test_an_operation_that_comes_again_after_a_restart_is_not_applied_again(serve: Serve, tmp_path: Path) -> None:
    first = await serve()
    page = await first.page(ADA)
    await page.say(type="add", op=1, delta=5)
    told = await page.until(ack=1)
    epoch = (await (await first.connect()).hear())["epoch"]
    await first.hub.close()

    again = await serve()
    page = await again.connect()
    greeted = await page.hello(ADA)
    assert (greeted["ack"], greeted["counter"], greeted["epoch"]) == (1, 5, epoch)
    assert greeted["revision"] >= told["revision"]
    await page.say(type="add", op=1, delta=5)
    await page.say(type="add", op=2, delta=1)
    assert (await page.until(ack=2))["counter"] == 6


async def test_an_operation_that_leaves_a_gap_closes_the_connection_and_swallows_nothing(served: Served) -> None:
    page = await served.page(ADA)
    await page.say(type="add", op=1, delta=1)
    await page.say(type="add", op=3, delta=100)

    assert await page.closed() == 1008

    again = await served.connect()
    assert (await again.hello(ADA))["ack"] <= 1
    await again.say(type="add", op=1, delta=1)
    await again.say(type="add", op=2, delta=10)
    assert (await again.until(ack=2))["counter"] == 11


@pytest.mark.parametrize(
    "request_",
    [
        {"type": "set", "value": 3},
        {"type": "reset"},
        {"type": "undo"},
        {"type": "configure", "settings": {"locked": True}},
    ],
)
async def test_a_guest_is_refused_what_is_the_hosts_alone(served: Served, request_: dict[str, Any]) -> None:
    guest = await served.page(ADA)
    await guest.say(type="add", op=1, delta=5)
    await guest.until(ack=1)

    await guest.say(op=2, **request_)

    error = await guest.until(type="error")
    assert (error["code"], error["op"]) == ("not_host", 2)
    assert error["message"]
    assert (await guest.until(ack=2))["counter"] == 5


async def test_the_host_sets_configures_resets_and_takes_back(served: Served) -> None:
    host, guest = await served.host(), await served.page(ADA)

    await host.say(type="set", op=1, value=40)
    await guest.until(counter=40)
    await host.say(type="configure", op=2, settings={"title": "Hands", "step": 5, "goal": 100, "locked": True})
    assert (await guest.until(revision=2))["settings"] == {
        "title": "Hands",
        "step": 5,
        "goal": 100,
        "locked": True,
        "classic": True,
        "each": None,
        "compare": None,
    }
    await guest.say(type="add", op=1, delta=1)
    assert (await guest.until(type="error"))["code"] == "locked"
    await host.say(type="reset", op=3)
    await guest.until(counter=0)
    await host.say(type="undo", op=4)
    await guest.until(counter=40)


async def test_each_refusal_has_its_name_and_is_covered_by_ack(served: Served) -> None:
    host, guest = await served.host(), await served.page(ADA)
    await host.say(type="undo", op=1)
    assert (await host.until(type="error"))["code"] == "nothing_to_undo"
    await host.say(type="reset", op=2)
    await guest.until(revision=1)

    await guest.say(type="add", op=1, delta=1, seen=0)
    await guest.say(type="add", op=2, delta=0)
    await guest.say(type="add", op=3, delta=1_000_001)
    await guest.say(type="add", op=4, delta=1_000_000)

    errors = [await guest.until(type="error") for _ in range(3)]
    assert [(error["op"], error["code"]) for error in errors] == [
        (1, "stale"),
        (2, "out_of_range"),
        (3, "out_of_range"),
    ]
    assert (await guest.until(ack=4))["counter"] == 1_000_000


# --- messages that are no operations ---


async def test_a_ping_is_answered_with_what_it_carried(served: Served) -> None:
    page = await served.page()
    for at in (123.4, 0, -1, 1e300, 2**53):
        await page.say(type="ping", at=at)
        assert await page.until(type="pong") == {"type": "pong", "at": at}


async def test_a_ping_frame_is_answered_with_what_it_carried(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()
        for payload in (b"", b"are you there?", b"\xff" * 125):
            await raw.say(PING, payload)
            assert await raw.hear() == (PONG, payload)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("hello", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        ('{"counter":5}', "malformed"),
        ('{"type":"add","delta":1}', "malformed"),
        ('{"type":"add","op":0,"delta":1}', "malformed"),
        ('{"type":"add","op":1,"delta":1.5}', "malformed"),
        ('{"type":"hello","client":"short"}', "malformed"),
        ('{"type":"dance"}', "unknown_type"),
        ("[" * 4000, "malformed"),
    ],
)
async def test_a_bad_message_is_answered_by_name_and_the_connection_goes_on(
    served: Served, text: str, code: str
) -> None:
    page = await served.page()

    await page.ws.send_str(text)

    error = await page.until(type="error")
    assert error["code"] == code
    assert error["message"]
    assert "op" not in error
    await page.say(type="add", op=1, delta=1)
    await page.until(ack=1)


async def test_nothing_but_hello_is_taken_first(served: Served) -> None:
    client = await served.connect()
    for message in ({"type": "add", "op": 1, "delta": 1}, {"type": "ping", "at": 1}):
        await client.say(**message)
        assert (await client.until(type="error"))["code"] == "hello_first"

    assert (await client.hello())["ack"] == 0
    await client.say(type="add", op=1, delta=1)
    await client.until(ack=1, counter=1)


async def test_twenty_bad_messages_are_borne_and_no_more(served: Served) -> None:
    page = await served.page()
    for _ in range(20):
        await page.ws.send_str("?")
    for _ in range(20):
        await page.until(type="error")
    await page.heard_so_far()

    await page.ws.send_str("?")

    assert await page.closed() == 1008


async def test_four_wrong_secrets_leave_a_guest_and_the_fifth_closes(served: Served) -> None:
    client = await served.connect()
    for wrong in ("", "x", SECRET[:-1], SECRET + "x"):
        await client.say(type="hello", client=ADA, host=wrong)
        assert (await client.until(type="error"))["code"] == "not_host"
        assert (await client.until(ack=0))["role"] == "guest"

    await client.say(type="hello", client=ADA, host="ÿ" * 22)

    assert await client.closed() == 1008


async def test_the_secret_after_a_wrong_one_is_taken(served: Served) -> None:
    client = await served.connect()
    await client.say(type="hello", client=ADA, host="wrong")
    await client.until(role="guest", ack=0)

    assert (await client.hello(ADA, host=SECRET))["role"] == "host"


async def test_people_are_those_connected(served: Served) -> None:
    page = await served.page(ADA)
    others = [await served.connect(), await served.classic()]
    await page.until(people=3)

    for other in others:
        await other.ws.close()

    await page.until(people=1)


async def test_whoever_is_told_of_somebody_is_told_when_they_have_gone_however_soon(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop.core.outgoing, "PRESENCE_PAUSE", 1.0)
    first = await served.page(ADA)
    second = await served.connect()
    assert (await second.hear())["people"] == 2

    await first.ws.close()

    await second.until(people=1)


# --- limits ---


def padded(size: int) -> str:
    text = json.dumps({"type": "ping", "at": 1, "pad": ""})
    return text[:-2] + "x" * (size - len(text)) + text[-2:]


async def test_a_message_of_4096_bytes_is_taken(served: Served) -> None:
    page = await served.page()

    await page.ws.send_str(padded(4096))

    await page.until(type="pong")


async def test_a_longer_message_closes_with_1009(served: Served) -> None:
    page = await served.page()

    await page.ws.send_str(padded(4097))

    assert await page.closed() == 1009


async def test_the_limit_is_for_a_message_not_for_its_parts(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()
        await raw.say(0x01, b'{"counter":')
        await raw.say(0x80, b"3}")
        assert await raw.hear() == (TEXT, b'{"counter":3}')

        await raw.say(0x01, b" " * 3000)
        await raw.say(0x80, b" " * 3000)
        first, payload = await raw.hear()
        assert (first, payload[:2]) == (CLOSE, (1009).to_bytes(2))


async def test_bytes_are_counted_not_letters(served: Served) -> None:
    page = await served.page()

    await page.ws.send_str(padded(4000).replace("x" * 100, "ä" * 100))

    assert await page.closed() == 1009


@pytest.mark.parametrize(
    ("first", "payload", "code"),
    [
        (BINARY, b'{"counter":1}', 1003),
        (TEXT, b'{"counter":"\xff"}', 1007),
        (TEXT, b"\xed\xa0\x80", 1007),
        (0x83, b"?", 1002),
        (0xC1, b"?", 1002),
        (0x80, b"continued, but nothing was begun", 1002),
        (0x09, b"a ping in parts", 1002),
        (PING, b"x" * 126, 1002),
    ],
)
async def test_what_breaks_the_rules_of_websockets_is_closed_with_its_code(
    served: Served, first: int, payload: bytes, code: int
) -> None:
    bystander = await served.page()
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()

        await raw.say(first, payload)

        heard, reason = await raw.hear()
        assert (heard, int.from_bytes(reason[:2])) == (CLOSE, code)
    await true(lambda: served.hub.room.people == 1)
    await bystander.say(type="add", op=1, delta=1)
    await bystander.until(ack=1, counter=1)


async def test_a_binary_message_closes_both_dialects(served: Served) -> None:
    page, classic = await served.page(), await served.classic()
    for client in (page, classic):
        await client.ws.send_bytes(b'{"counter":1}')
        assert await client.closed() == 1003


async def test_a_client_that_says_goodbye_is_answered_in_kind(served: Served) -> None:
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.hear()

        await raw.say(CLOSE, (1000).to_bytes(2))

        assert await raw.hear() == (CLOSE, (1000).to_bytes(2))
        assert await raw.hear() == (0, b"")
    await true(lambda: served.hub.room.people == 0)


async def test_a_client_that_vanishes_is_gone_and_what_it_sent_counts(served: Served) -> None:
    bystander = await served.page()
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port)
        await raw.say(TEXT, b'{"counter":5}')

    await bystander.until(counter=5)
    await true(lambda: served.hub.room.people == 1)


async def test_no_browser_keeps_an_error(served: Served) -> None:
    for path in ("/nothing", "/static/nothing.js"):
        async with served.session.get(f"{served.url}{path}") as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")


# --- who is let in ---


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/health", "/ws", "/nothing"])
async def test_whatever_is_addressed_to_another_name_is_refused(served: Served, path: str) -> None:
    answer = await served.exchange(f"GET {path} HTTP/1.1", f"Host: evil.example:{served.port}")

    assert answer.startswith("HTTP/1.1 421 ")
    told = "The counter has another address. The counter is at http://192.168.1.42:8000/\n"
    assert answer.partition("\r\n\r\n")[2] == told


async def test_a_request_that_names_another_port_or_nobody_or_two_is_refused(served: Served) -> None:
    us = f"Host: 127.0.0.1:{served.port}"
    # aiohttp's own parser may be the first to refuse what RFC 9112, section 3.2, calls a bad request.
    for hosts, statuses in (
        ([f"Host: 127.0.0.1:{served.port - 1}"], ("421",)),
        (["Host: localhost"], ("421",)),
        (["Host: evil.example", f"X-Forwarded-{us}"], ("421",)),
        (["Host:"], ("421", "400")),
        ([], ("421", "400")),
        ([us, f"Host: evil.example:{served.port}"], ("421", "400")),
        ([us, us], ("421", "400")),
    ):
        assert (await served.exchange("GET / HTTP/1.1", *hosts))[9:12] in statuses, hosts
    assert (await served.exchange("GET / HTTP/1.0"))[9:12] == "421"


async def test_every_name_of_this_machine_gets_the_page(served: Served) -> None:
    own = socket.gethostname().removesuffix(".local")
    for name in ("127.0.0.2", "192.168.77.77", "[::1]", "localhost", "LOCALHOST.", own, f"{own.upper()}.local."):
        answer = await served.exchange("GET / HTTP/1.1", f"Host: {name}:{served.port}")
        assert answer.startswith("HTTP/1.1 200 "), name


async def test_what_a_proxy_is_said_to_have_seen_changes_nothing(served: Served) -> None:
    answer = await served.exchange("GET / HTTP/1.1", f"Host: 127.0.0.1:{served.port}", "X-Forwarded-Host: evil.example")

    assert answer.startswith("HTTP/1.1 200 ")


async def test_every_answer_has_the_headers_that_protect_the_page(served: Served) -> None:
    async with served.session.get(f"{served.url}/") as page:
        tag = page.headers["ETag"]
    for method, path, headers, status in (
        ("GET", "/", {}, 200),
        ("HEAD", "/", {}, 200),
        ("GET", "/static/app.js", {}, 200),
        ("GET", "/health", {}, 200),
        ("GET", "/", {"If-None-Match": tag}, 304),
        ("GET", "/ws", {}, 400),
        ("GET", "/ws", {"Origin": "null"}, 403),
        ("GET", "/ws", {"Upgrade": "websocket", "Sec-WebSocket-Version": "8"}, 426),
        ("GET", "/nothing", {}, 404),
        ("POST", "/", {}, 405),
        ("HEAD", "/ws", {}, 405),
        ("GET", "/", {"Host": "evil.example"}, 421),
    ):
        async with served.session.request(method, served.url + path, headers=headers) as answer:
            assert answer.status == status
            policy = dict(rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";"))
            assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
            assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers.getall("Server") == ["LAN-Counter"]
            assert not [name for name in answer.headers if name.startswith("Access-Control")]


# --- HTTP ---


async def test_health_says_how_it_is(served: Served) -> None:
    page = await served.page()
    await page.say(type="add", op=1, delta=42)
    await page.until(ack=1)

    async with served.session.get(f"{served.url}/health") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.json() == {
            "status": "ok",
            "version": desktop.__version__,
            "counter": 42,
            "revision": 1,
            "people": 1,
        }


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/health", "/ws", "/static/app.js"])
async def test_nothing_is_changed_over_http(served: Served, method: str, path: str) -> None:
    async with served.session.request(method, served.url + path) as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]


# --- what is no request, and what goes wrong ---


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: us\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: us\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: us\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: us\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: us\r\nX: \x00\r\n\r\n",
    ],
    ids=lambda request: repr(request[:24]),
)
async def test_what_is_no_request_is_answered_with_400_and_logged_nowhere(
    served: Served, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_socket(served.port) as raw:
        await raw.send(request_)
        assert re.match(rb"HTTP/1\.[01] 400 ", await raw.head())
    await served.page()
    assert not caplog.records


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_body_that_is_not_what_its_headers_say_is_no_mistake_of_ours(
    served: Served, coding: str, caplog: pytest.LogCaptureFixture
) -> None:
    us, more = f"Host: 127.0.0.1:{served.port}", f"Content-Encoding: {coding}"
    assert (await served.exchange("GET / HTTP/1.1", us, more, "Content-Length: 5", "", "xxxxx"))[9:12] in ("200", "400")
    await served.page()
    assert not caplog.records


async def test_what_was_asked_before_a_half_close_is_answered_and_then_the_connection_ends(served: Served) -> None:
    for path, code in (("/health", "200"), ("/nothing", "404")):
        async with raw_socket(served.port) as raw:
            await raw.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
            raw.shut()
            assert (await raw.head()).startswith(f"HTTP/1.1 {code} ".encode())
            with pytest.raises(ConnectionError):
                while True:
                    await raw.receive()


async def broken(request: web.Request) -> web.StreamResponse:
    raise LookupError("a mistake of ours")


async def gone(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    raise ConnectionResetError("Cannot write to closing transport")


async def test_a_mistake_of_ours_is_a_500_without_its_traceback_which_is_in_the_log_once(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    served = await serve(routes=[web.get("/broken", broken)])
    answer = await served.exchange("GET /broken HTTP/1.1", f"Host: 127.0.0.1:{served.port}")

    assert answer.startswith("HTTP/1.1 500 ")
    assert "\r\nContent-Security-Policy: default-src 'self'; " in answer
    assert "\r\nServer: LAN-Counter\r\n" in answer
    assert "LookupError" not in answer
    assert caplog.text.count("LookupError: a mistake of ours") == 1


async def test_a_mistake_of_ours_in_a_websocket_ends_it_and_is_in_the_log_once(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def receive(socket: Socket, text: str) -> None:
        raise LookupError("a mistake of ours")

    client = await served.classic()
    monkeypatch.setattr(served.hub, "receive", receive)
    await client.say(counter=1)

    assert await client.closed() == 1006
    await true(lambda: not served.hub.sockets)
    assert caplog.text.count("LookupError: a mistake of ours") == 1


async def test_whoever_leaves_in_the_midst_of_an_answer_is_no_line_in_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    served = await serve(routes=[web.get("/gone", gone)])
    async with raw_socket(served.port) as raw:
        await raw.send(f"GET /gone HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        assert await raw.hear() == (0, b"")

    assert not caplog.records


async def test_a_close_of_ours_has_a_reason_for_people(served: Served) -> None:
    client: Client = await served.classic()

    await client.ws.send_bytes(b"?")

    message = await client.ws.receive()
    assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1003, "Only text is understood here.")
