"""Who gets a WebSocket: the rules for a handshake (RFC 6455, section 4.2), which it has to keep however it came.

A class joins all at once, and a handshake that goes through aiohttp costs a third of a millisecond: so one that comes
first on its connection, and whole, as every browser's does, is answered before aiohttp hears of it.
"""

from collections import Counter
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion11
from aiohttp.web import Request, Response, StreamResponse

from desktop.core.protocol import V1
from desktop.server.gate import Place, State
from desktop.server.guard import Guard, same_origin
from desktop.server.handshake import HandshakeError, Headers, accept, listed, read
from desktop.server.http import Answered, let_go, place_of
from desktop.server.hub import Hub
from desktop.server.socket import Socket

CONNECTION_LIMIT: Final = 5_000
"""WebSockets at once, where nothing else is asked for."""
RESERVED: Final = 50
"""Of these, as many as nobody's one address can take, but no more than a tenth: a school may be one address, and so may
somebody who fills it."""
LOCAL_PLACES: Final = 4
"""WebSockets from this machine beyond the limit: the host's own must always get in."""


class Opening:
    """Makes connections of the hub's, `limit` of them at once."""

    def __init__(self, hub: Hub, guard: Guard, limit: int) -> None:
        self._hub = hub
        self._guard = guard
        self._limit = limit
        self._limit_of_one = limit - min(RESERVED, limit // 10)
        self._from: Counter[str | None] = Counter()

    def at_once(self, place: Place, data: bytes) -> bool:
        """Open a WebSocket if what a connection says first is a plain handshake with nothing against it; False if it
        isn't: aiohttp finds the words for that."""
        found = read(data)
        if found is None:
            return False
        headers, hasty = found
        if not self._guard.admits(headers.get("host", ()), place):
            return False
        try:
            answer, v1 = self._answer(headers, place)
        except HandshakeError:
            return False
        self._open(place, answer, hasty, v1=v1)
        return True

    async def slowly(self, request: Request) -> StreamResponse:
        """Answer any other request for a WebSocket; the guard has admitted it."""
        headers = {name.lower(): request.headers.getall(name) for name in request.headers}
        try:
            if request.version < HttpVersion11:
                raise HandshakeError("A handshake is in HTTP/1.1.")
            answer, v1 = self._answer(headers, place_of(request))
        except HandshakeError as error:
            return Response(text=str(error), status=error.status, headers=error.headers)
        if (hasty := let_go(request)) is not None:
            self._open(place_of(request), answer, hasty, v1=v1)
        return Answered()

    def _answer(self, headers: Headers, place: Place) -> tuple[bytes, bool]:
        """The answer, and whether they speak lan-counter.v1. Raises HandshakeError."""
        if not same_origin(headers.get("origin", ()), headers["host"][0]):
            raise HandshakeError("A page of another site may not open this socket.", HTTPStatus.FORBIDDEN)
        if not self._has_place_for(place):
            sentence = "There is no place left just now."
            raise HandshakeError(sentence, HTTPStatus.SERVICE_UNAVAILABLE, Retry_After="10")
        v1 = V1 in listed(headers, "sec-websocket-protocol")
        return accept(headers, V1 if v1 else None), v1

    def _has_place_for(self, place: Place) -> bool:
        """Whether one more may come in, and from there."""
        taken = len(self._hub.sockets)
        if self._hub.closing:
            return False
        if place.local:
            return taken < self._limit + LOCAL_PLACES
        return taken < self._limit and self._from[place.peer] < self._limit_of_one

    def _open(self, place: Place, answer: bytes, hasty: bytes, *, v1: bool) -> None:
        self._from[place.peer] += 1
        place.move(State.UPGRADED)
        socket = Socket(place.transport, self._hub, partial(self._gone, place))
        self._hub.join(socket, answer, v1=v1, local=place.local)
        socket.begin(hasty)

    def _gone(self, place: Place) -> None:
        place.leave()
        self._from[place.peer] -= 1
        if not self._from[place.peer]:
            del self._from[place.peer]
