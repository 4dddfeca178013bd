"""What is told of a connection that is watched is what crossed it; and nobody pays for it who doesn't watch."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Opcode
from websockets.protocol import OPEN, Protocol, Side

from desktop.core import reel
from desktop.core.protocol import V1
from desktop.server.tap import WATCH_LIMIT
from tests.desktop.support import ADA, BOB, SECRET, Client, Serve, Served, held, raw_socket, true


class Proxy:
    """Passes bytes on between a client and the server, and keeps them: `sent` by the client, `heard` by it."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.heard = bytearray()
        self.port = 0


@asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    proxy, tasks, writers = Proxy(), set[asyncio.Task[None]](), list[asyncio.StreamWriter]()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
        while data := await reader.read(65_536):
            kept.extend(data)
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((writer, to_writer))
        for one in (pass_on(reader, to_writer, proxy.sent), pass_on(to_reader, writer, proxy.heard)):
            tasks.add(asyncio.create_task(one))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*tasks, *(writer.wait_closed() for writer in writers), return_exceptions=True)


class Watcher(Client):
    """A page that watches, and keeps what it is told apart from the rest."""

    def __init__(self, ws: Any) -> None:
        super().__init__(ws)
        self.events: list[dict[str, Any]] = []
        self.messages: list[str] = []

    async def hear(self) -> dict[str, Any]:
        while True:
            heard = await super().hear()
            if heard["type"] != "wire":
                return heard
            self.messages.append(json.dumps(heard))
            assert all(event["at"] <= heard["now"] for event in heard["events"])
            self.events += heard["events"]

    async def see(self, what: str, **more: Any) -> dict[str, Any]:
        """Go on until there is such an event, and return the newest."""
        async with asyncio.timeout(30):
            while not (found := [e for e in self.events if e["what"] == what and more.items() <= e.items()]):
                heard = await Client.hear(self)
                if heard["type"] == "wire":
                    self.messages.append(json.dumps(heard))
                    self.events += heard["events"]
        return found[-1]

    def frames(self, source: str) -> list[bytes]:
        """The frames of one side, each as it was shown."""
        return [base64.b64decode(e["frame"]) for e in self.events if e["what"] == "frame" and e["from"] == source]


async def watcher(served: Served, port: int | None = None, query: str = "?watch") -> Watcher:
    """Connected; by way of another port, where a proxy is."""
    host = f"127.0.0.1:{served.port}"
    url = f"http://127.0.0.1:{port or served.port}/ws{query}"
    return Watcher(await served.session.ws_connect(url, protocols=(V1,), headers={"Host": host}))


def parsed(side: Side, stream: bytes) -> list[Any]:
    """The frames of a stream behind its HTTP head, as the websockets library reads them."""
    protocol = Protocol(side, state=OPEN, max_size=None)
    protocol.receive_data(stream.partition(b"\r\n\r\n")[2])
    return protocol.events_received()


async def test_what_crossed_is_what_a_proxy_saw_and_what_another_reader_of_the_rfc_reads(serve: Serve) -> None:
    served = await serve()
    async with proxied(served.port) as proxy:
        page = await watcher(served, proxy.port)
        await page.hello(ADA, name="Ada", voter="voter" * 5)
        for op in range(1, 6):
            await page.say(type="add", op=op, delta=op, seen=op - 1)
            await page.until(ack=op)
        await page.say(type="nonsense")
        await page.until(type="error")
        await page.ws.ping(b"")
        await page.say(type="ping", at=12.5)
        await page.until(type="pong")
        pong = base64.b64encode(b'\x81\x19{"type":"pong","at":12.5}').decode()
        await page.see("frame", frame=pong)

        theirs = [f for f in parsed(Side.SERVER, bytes(proxy.sent)) if f.opcode is not Opcode.PONG]
        ours = page.frames("page")
        assert len(ours) == len(theirs) == 9
        secret = ADA.encode()
        at = bytes(proxy.sent).index(b"\r\n\r\n") + 4
        for shown, frame in zip(ours, theirs, strict=True):
            real = bytes(proxy.sent[at : at + len(shown)])
            at += len(shown)
            if secret not in frame.data:
                assert shown == real
            # But for what is struck, every byte is the one that was sent.
            assert all(a == b or a == 0 for a, b in zip(shown, real, strict=True))
            assert shown[0] & 0x0F == frame.opcode
            assert bool(shown[0] & 0x80) is frame.fin
            assert len(frame.data) == (shown[1] & 0x7F)

        told = [f for f in parsed(Side.CLIENT, bytes(proxy.heard)) if not f.data.startswith(b'{"type":"wire"')]
        heard = page.frames("server")
        assert [shown[-len(f.data) :] if f.data else b"" for shown, f in zip(heard, told, strict=False)][:-1] == [
            f.data if b"nonsense" not in f.data else heard[place][-len(f.data) :]
            for place, f in enumerate(told[: len(heard)])
        ][:-1]
        text = "".join(page.messages)
        assert ADA not in text and "voter" * 5 not in text
        assert not [message for message in page.messages if '"type":"wire"' in message[20:]]
        assert base64.b64encode(b'{"type":"wire').decode()[:16] not in text


async def test_the_handshake_is_told_from_the_start_and_to_whoever_comes_later(serve: Serve) -> None:
    served = await serve()
    first = await watcher(served)
    later = await watcher(served, query="")
    await later.hello(BOB)
    await later.say(type="watch", wire=True)

    for page, line in ((first, "GET /ws?watch HTTP/1.1"), (later, "GET /ws HTTP/1.1")):
        asked = await page.see("http", **{"from": "page"})
        answered = await page.see("http", **{"from": "server"})
        assert asked["text"].split("\r\n")[0] == line
        assert "Sec-WebSocket-Key: " in asked["text"] and "Host" not in asked["text"]
        assert "Sec-WebSocket-Accept: " in answered["text"]
        assert asked["at"] <= answered["at"]
    assert json.loads(first.frames("server")[0][4:])["people"] == 1


async def test_in_between_it_is_told_what_the_server_does(serve: Serve, database: Path) -> None:
    served = await serve()
    page = await watcher(served)
    await page.hello()
    bob = await served.page(BOB)
    await page.until(people=2)
    await page.see("broadcast")
    page.events.clear()

    await page.say(type="add", op=1, delta=3)
    state = await page.until(ack=1)
    journal = await page.see("journal", own=1)
    broadcast = await page.see("broadcast", to=1)
    assert (journal["operations"], state["counter"]) == (1, 3)
    assert 0 < journal["ms"] < 30_000
    assert broadcast["at"] >= journal["at"]

    with held(database):
        for op in range(1, 8):
            await bob.say(type="add", op=op, delta=1)
        await bob.heard_so_far()
    await bob.until(ack=7)
    await true(lambda: served.hub.room.counter.value == 10)
    await page.until(counter=10)
    await page.see("others")
    await page.heard_so_far()
    await asyncio.sleep(0)
    await page.say(type="ping", at=2)
    await page.see("frame", frame=base64.b64encode(b'\x81\x16{"type":"pong","at":2}').decode())
    assert sum(event.get("count", 1) for event in page.events if event["what"] == "others") == 7
    assert sum(e["operations"] for e in page.events if e["what"] == "journal" and "own" not in e) == 7


async def test_forty_may_watch_and_the_next_is_told_so_until_one_stops_leaves_or_is_cut(serve: Serve) -> None:
    assert WATCH_LIMIT == 40
    served = await serve()
    pages = [await watcher(served) for _ in range(WATCH_LIMIT)]
    one_more = await watcher(served, query="")
    await one_more.hello(BOB)

    await one_more.say(type="watch", wire=True)
    assert (await one_more.until(type="error"))["code"] == "full"

    await pages[0].hello(ADA)
    await pages[0].say(type="watch", wire=False)
    await pages[0].heard_so_far()
    await one_more.say(type="watch", wire=True)
    await one_more.see("http")

    late = await watcher(served)
    assert (await late.until(type="error"))["code"] == "full"
    await pages[1].ws.close()
    await true(lambda: len(served.hub.taps.open) == WATCH_LIMIT - 1)
    await late.hello("late" * 6)
    await late.say(type="watch", wire=True)
    await late.see("http")
    await pages[2].hello("cut_" * 6)
    await pages[2].say(type="break")
    assert await pages[2].closed() == 1006
    await true(lambda: len(served.hub.taps.open) == WATCH_LIMIT - 1)


async def test_who_stops_is_told_nothing_more_and_pays_nothing_more(serve: Serve) -> None:
    served = await serve()
    page = await watcher(served)
    await page.hello()
    await page.say(type="watch", wire=False)
    await page.heard_so_far()
    told = len(page.messages)

    await page.say(type="add", op=1, delta=1)
    await page.until(ack=1)

    assert len(page.messages) == told
    (socket,) = served.hub.sockets
    assert socket.connection and socket.connection.tap is None
    assert "write" not in vars(socket.connection.transport)


@pytest.mark.parametrize("wanted", ["gap", "skipped"])
async def test_who_is_slow_is_told_what_is_missing_but_never_misses_the_number(
    serve: Serve, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reel, "LIMIT", 10 if wanted == "gap" else 200)
    served = await serve()
    async with raw_socket(served.port, receive_buffer=2_048) as raw:
        await raw.handshake(served.port, f"Sec-WebSocket-Protocol: {V1}")
        await raw.say(0x81, json.dumps({"type": "hello", "client": ADA}).encode())
        await raw.say(0x81, b'{"type":"watch","wire":true}')
        await true(lambda: served.hub.taps.open)
        bob = await served.page(BOB)
        ((socket, tap),) = served.hub.taps.open.items()
        op = 0
        while not socket.is_held:  # it reads nothing
            op += 1
            await bob.say(type="add", op=op, delta=1)
            await bob.until(ack=op)
            await raw.say(0x81, b'{"type":"ping","at":1}')
        for _ in range(20):
            op += 1
            await bob.say(type="add", op=op, delta=1)
            await bob.until(ack=op)
            if wanted == "gap":
                tap.add(reel.Event(what="frame", at=1.0, source="server", frame=b"\x81\x00"))

        seen, missing = 0, 0
        while seen < op or not missing:
            _, payload = await raw.hear()
            message = json.loads(payload or b"{}")
            seen = message.get("counter", seen)
            missing += sum(event.get("count", 1) for event in message.get("events", []) if event["what"] == wanted)
        assert missing >= 10


async def test_the_end_is_told_before_it(serve: Serve) -> None:
    served = await serve()
    page = await watcher(served)
    await page.hello()

    stopping = asyncio.ensure_future(served.stop())
    end = await page.see("frame", frame=base64.b64encode(b"\x88\x19\x03\xe9The server is stopping.").decode())
    assert end["from"] == "server"
    assert await page.closed() == 1001
    await stopping


async def test_behind_a_close_frame_nothing_is_told(serve: Serve) -> None:
    served = await serve()
    async with raw_socket(served.port) as raw:
        await raw.handshake(served.port, f"Sec-WebSocket-Protocol: {V1}")
        await raw.say(0x81, json.dumps({"type": "hello", "client": ADA}).encode())
        await raw.say(0x81, b'{"type":"watch","wire":true}')
        await true(lambda: served.hub.taps.open)
        await raw.say(0x81, b'{"type":"ping","at":1}')
        await raw.say(0x88, (1000).to_bytes(2))
        frames = []
        while (found := await raw.hear()) != (0, b""):
            frames.append(found)
    assert frames[-1] == (0x88, (1000).to_bytes(2))
    assert [first for first, _ in frames].count(0x88) == 1
    assert not served.hub.taps.open


async def test_a_secret_is_struck_on_its_way_though_it_comes_in_pieces(serve: Serve) -> None:
    served = await serve()
    async with raw_socket(served.port) as raw:
        await raw.send(
            f"GET /ws?watch HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: {V1}\r\n\r\n".encode()
        )
        await raw.head()
        hello = json.dumps({"type": "hello", "client": ADA, "host": SECRET}).encode()
        frames = b""
        for place, first in ((0, 0x01), (1, 0x00), (2, 0x80)):
            part = hello[place * 30 : (place + 1) * 30 if place < 2 else None]
            frames += bytes((first, 0x80 | len(part))) + bytes(4) + part
        for byte in frames:
            await raw.send(bytes((byte,)))
        shown = b""
        events: list[dict[str, Any]] = []
        while sum(event.get("from") == "page" and event["what"] == "frame" for event in events) < 3:
            _, payload = await raw.hear()
            if payload.startswith(b'{"type":"wire"'):
                events += json.loads(payload)["events"]
        for event in events:
            if event["what"] == "frame" and event["from"] == "page":
                shown += base64.b64decode(event["frame"])[6:]
        assert len(shown) == len(hello)
        assert ADA[:6].encode() not in shown and SECRET.encode()[:6] not in shown
        assert shown.startswith(b'{"type": "hello"')


async def test_a_handshake_that_is_to_be_cut_has_no_answer(serve: Serve) -> None:
    served = await serve()
    async with raw_socket(served.port) as raw:
        await raw.send(f"GET /ws?cut HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        assert await raw.hear() == (0, b"")


async def test_a_connection_that_nobody_watches_keeps_its_handshake_and_no_more(serve: Serve) -> None:
    served = await serve()
    clients = [await served.page(ADA), await served.classic()]

    connections = {socket.connection for socket in served.hub.sockets}

    kept = [connection.opening for connection in connections if connection]
    assert sorted(opening is None for opening in kept) == [False, True]  # a classic client can't watch
    (opening,) = filter(None, kept)
    assert len(opening[1]) + len(opening[3]) < 500
    for connection in connections:
        assert connection and connection.tap is None and connection.asked == b""
    assert all(not client.ws.closed for client in clients)
