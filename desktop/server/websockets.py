"""Who gets a WebSocket, and one from its handshake to its end (RFC 6455)."""

import re
from collections.abc import Collection
from typing import Final

from aiohttp import HttpVersion11, WSMsgType, web
from aiohttp.web import HTTPBadRequest, HTTPForbidden, HTTPServiceUnavailable, HTTPUpgradeRequired, Request

from desktop.core.protocol import MESSAGE_LIMIT, V1
from desktop.server.gate import Connection, connection_of
from desktop.server.guard import same_origin
from desktop.server.hub import Hub
from desktop.server.socket import CLOSE_TIMEOUT, Socket
from desktop.server.tap import opened

CONNECTION_LIMIT: Final = 5_000
"""WebSockets at once, where nothing else is asked for."""
RESERVED: Final = 50
"""Of these, as many as nobody's one address can take, but no more than a tenth: a school may be one address, and so may
somebody who fills it."""
LOCAL_PLACES: Final = 4
"""WebSockets from this machine beyond the limit: the host's own must always get in."""
VERSION: Final = "13"
KEY: Final = re.compile(r"[A-Za-z0-9+/]{22}==")
"""Sixteen bytes in base64."""
PROTOCOL: Final = "Sec-WebSocket-Protocol"


class WebSockets:
    """Makes connections of the hub's, `limit` of them at once. Pages from `origins` are guests, wherever they run."""

    def __init__(self, hub: Hub, limit: int, origins: Collection[str] = ()) -> None:
        self._hub = hub
        self._origins = origins
        self._limit = limit
        self._limit_of_one = limit - min(RESERVED, limit // 10)
        self._inside: set[Connection] = set()

    async def serve(self, request: Request) -> web.WebSocketResponse:
        """One WebSocket, from its handshake to its end; the guard has admitted it."""
        connection, hub = connection_of(request), self._hub
        if "cut" in request.query:  # who asks for it wants to see what becomes of a page without a server
            connection.drop()
            raise ConnectionResetError("It was to be cut.")
        ours = self._admit(request, connection)
        ws = web.WebSocketResponse(
            compress=False,  # messages are short: it would cost memory and time, and save nothing
            autoping=False,  # so that pings and pongs are seen, as signs of life
            autoclose=False,  # aiohttp would answer every close with 1000: its code is echoed (section 5.5.1)
            max_msg_size=MESSAGE_LIMIT + 1,  # aiohttp refuses what is as long as this
            timeout=CLOSE_TIMEOUT,
        )
        # It may be offered among others, and in several lines, of which aiohttp reads the first (section 11.3.4).
        offers = ",".join(request.headers.getall(PROTOCOL, [])).split(",")
        if v1 := V1 in [offer.strip() for offer in offers]:
            ws.headers[PROTOCOL] = V1
        socket = Socket(ws, connection.transport, hub)
        self._inside.add(connection)  # before it is answered, which may take a moment, and others come meanwhile
        try:
            if v1:
                await opened(connection, ws.prepare(request))
            else:
                await ws.prepare(request)
            ws.headers.clear()  # which have been sent, and would be kept for as long as the connection
            connection.upgrade(socket)
            bot = connection.local and hub.bots.owns(request)
            watch = v1 and "watch" in request.query
            hub.join(socket, v1=v1, local=connection.local and ours, watch=watch, bot=bot)
            async for message in ws:
                connection.unheard -= MESSAGE_LIMIT
                if message.type is WSMsgType.TEXT:
                    hub.receive(socket, message.data)
                elif message.type is WSMsgType.BINARY:
                    hub.leave(socket)
                    await socket.close(1003, "Only text is understood here.")
                elif message.type is not WSMsgType.ERROR:  # of which aiohttp has told the client
                    hub.heard(socket)
                    if message.type is WSMsgType.PING:
                        await ws.pong(message.data)
                if socket.slowed:
                    await socket.readable()
            hub.leave(socket)
            # With its own code, unless that may not be on the wire (section 7.4). aiohttp has refused the others.
            code = ws.close_code or 1000
            await socket.close(1002 if code == 1006 or code >= 5000 else code, "")
        except ConnectionError:
            pass  # Gone before it could be answered.
        finally:
            hub.leave(socket)
            self._inside.discard(connection)
        return ws

    def _admit(self, request: Request, connection: Connection) -> bool:
        """Whether it is no other's page. Raises what speaks against a WebSocket (section 4.2.1), but for what aiohttp
        looks at."""
        headers = request.headers
        origins = headers.getall("Origin", [])
        ours = same_origin(origins, headers["Host"])
        if not ours and not (len(origins) == 1 and origins[0].lower() in self._origins):
            raise HTTPForbidden(text="A page of another site may not open this socket, unless --allow-origin names it.")
        if not self.has_place_for(connection):
            raise HTTPServiceUnavailable(text="There is no place left just now.", headers={"Retry-After": "10"})
        if headers.get("Upgrade", "").lower() != "websocket":
            raise HTTPBadRequest(text="Here is a WebSocket, and nothing else.")
        if headers.getall("Sec-WebSocket-Version", []) != [VERSION]:
            raise HTTPUpgradeRequired(
                text=f"The version of WebSockets that is spoken here is {VERSION}.",
                headers={"Sec-WebSocket-Version": VERSION, "Upgrade": "websocket", "Connection": "Upgrade"},
            )
        keys = headers.getall("Sec-WebSocket-Key", [])
        has_body = "Content-Length" in headers or "Transfer-Encoding" in headers
        if request.version < HttpVersion11 or has_body or len(keys) != 1 or not KEY.fullmatch(keys[0]):
            raise HTTPBadRequest(text="A handshake is in HTTP/1.1, with one key, 16 bytes in base64, and no body.")
        return ours

    def has_place_for(self, connection: Connection) -> bool:
        """Whether one more may come in, and from there."""
        taken = len(self._inside)
        if self._hub.closing:
            return False
        if connection.local:
            return taken < self._limit + LOCAL_PLACES
        # Nobody can have taken too many where there are still that many left.
        return taken < self._limit_of_one or (
            taken < self._limit and sum(one.peer == connection.peer for one in self._inside) < self._limit_of_one
        )
