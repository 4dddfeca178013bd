"""Who gets a WebSocket, and one from its handshake to its end (RFC 6455)."""

import logging
from collections import Counter
from collections.abc import Collection
from typing import Final

from aiohttp import HttpVersion11, WSMsgType, web
from aiohttp.web import HTTPBadRequest, HTTPForbidden, HTTPServiceUnavailable, HTTPUpgradeRequired, Request

from desktop.core.protocol import MESSAGE_LIMIT, V1
from desktop.server.gate import CONNECTION, Connection
from desktop.server.guard import same_origin
from desktop.server.hub import Hub
from desktop.server.socket import CLOSE_TIMEOUT, Socket

CONNECTION_LIMIT: Final = 5_000
"""WebSockets at once, where nothing else is asked for."""
RESERVED: Final = 50
"""Of these, as many as nobody's one address can take, but no more than a tenth: a school may be one address, and so may
somebody who fills it."""
LOCAL_PLACES: Final = 4
"""WebSockets from this machine beyond the limit: the host's own must always get in."""
VERSION: Final = "13"
PROTOCOL: Final = "Sec-WebSocket-Protocol"


class WebSockets:
    """Makes connections of the hub's, `limit` of them at once. Pages from `origins` are guests, wherever they run."""

    def __init__(self, hub: Hub, limit: int, origins: Collection[str] = ()) -> None:
        self._hub = hub
        self._origins = origins
        self._limit = limit
        self._limit_of_one = limit - min(RESERVED, limit // 10)
        self._open = 0
        self._from: Counter[str | None] = Counter()
        # That somebody speaks another subprotocol is no reason to warn: they speak classic, then.
        logging.getLogger("aiohttp.websocket").setLevel(logging.ERROR)

    async def serve(self, request: Request) -> web.WebSocketResponse:
        """One WebSocket, from its handshake to its end; the guard has admitted it."""
        connection = request[CONNECTION]
        ours = self._admit(request, connection)
        ws = web.WebSocketResponse(
            compress=False,  # messages are short: it would cost memory and time, and save nothing
            autoping=False,  # so that pings and pongs are seen, as signs of life
            autoclose=False,  # aiohttp would answer every close with 1000: its code is echoed (section 5.5.1)
            max_msg_size=MESSAGE_LIMIT + 1,  # aiohttp refuses what is as long as this
            timeout=CLOSE_TIMEOUT,
        )
        if not ws.can_prepare(request).ok:
            raise HTTPBadRequest(text="Here is a WebSocket, and this is no handshake for one.")
        # It may be offered among others, and in several lines, of which aiohttp reads the first (section 11.3.4).
        offers = ",".join(request.headers.getall(PROTOCOL, [])).split(",")
        if v1 := V1 in [offer.strip() for offer in offers]:
            ws.headers[PROTOCOL] = V1
        # Counted before it is answered, which may take a moment, and others come meanwhile.
        self._count(connection, 1)
        try:
            await ws.prepare(request)
            ws.headers.clear()  # which have been sent, and would be kept for as long as the connection
            socket = Socket(ws, connection, self._hub)
            await self._listen(ws, socket, v1=v1, local=connection.local and ours)
        except ConnectionError:
            pass  # Gone before it could be answered.
        finally:
            self._count(connection, -1)
        return ws

    def _admit(self, request: Request, connection: Connection) -> bool:
        """Whether it is no other's page. Raises what speaks against a WebSocket for this request; aiohttp looks at what
        else a handshake needs."""
        origins = request.headers.getall("Origin", [])
        ours = same_origin(origins, request.headers["Host"])
        if not ours and not (len(origins) == 1 and origins[0].lower() in self._origins):
            raise HTTPForbidden(text="A page of another site may not open this socket, unless --allow-origin names it.")
        if not self._has_place_for(connection):
            raise HTTPServiceUnavailable(text="There is no place left just now.", headers={"Retry-After": "10"})
        version = request.headers.get("Sec-WebSocket-Version", VERSION)
        if version != VERSION:
            raise HTTPUpgradeRequired(
                text=f"The version of WebSockets that is spoken here is {VERSION}.",
                headers={"Sec-WebSocket-Version": VERSION, "Upgrade": "websocket", "Connection": "Upgrade"},
            )
        keys = request.headers.getall("Sec-WebSocket-Key", [])
        has_body = "Content-Length" in request.headers or "Transfer-Encoding" in request.headers
        if request.version < HttpVersion11 or has_body or len(keys) > 1 or not all(map(str.isascii, keys)):
            raise HTTPBadRequest(text="A handshake is in HTTP/1.1, with one key in ASCII and without a body.")
        return ours

    def _has_place_for(self, connection: Connection) -> bool:
        """Whether one more may come in, and from there."""
        if self._hub.closing:
            return False
        if connection.local:
            return self._open < self._limit + LOCAL_PLACES
        return self._open < self._limit and self._from[connection.peer] < self._limit_of_one

    def _count(self, connection: Connection, change: int) -> None:
        self._open += change
        self._from[connection.peer] += change
        if not self._from[connection.peer]:
            del self._from[connection.peer]

    async def _listen(self, ws: web.WebSocketResponse, socket: Socket, *, v1: bool, local: bool) -> None:
        """Tell the hub what comes, until nothing comes any more."""
        hub = self._hub
        hub.join(socket, v1=v1, local=local)
        try:
            async for kind, data, _ in ws:
                if kind is WSMsgType.TEXT:
                    hub.receive(socket, data)
                elif kind is WSMsgType.BINARY:
                    hub.refuse(socket, 1003, "Only text is understood here.")
                else:
                    hub.heard(socket, data if kind is WSMsgType.PING else None)
                await socket.readable()
            if not socket.closing:
                await socket.close(_answer_to(ws.close_code), "")
        finally:
            hub.leave(socket)


def _answer_to(code: int | None) -> int:
    """With which code to answer a close frame of this one: its own, unless it may not be on the wire (section 7.4).
    aiohttp has refused most others."""
    if not code:
        return 1000
    return 1002 if code == 1006 or code >= 5000 else code
