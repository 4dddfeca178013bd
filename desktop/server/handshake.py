"""The opening handshake of a WebSocket, read and answered (RFC 6455, section 4.2): no socket and no clock.

    GET /ws HTTP/1.1                            HTTP/1.1 101 Switching Protocols
    Host: 192.168.1.42:8000                     Upgrade: websocket
    Upgrade: websocket                          Connection: Upgrade
    Connection: Upgrade                         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
    Sec-WebSocket-Version: 13                   Sec-WebSocket-Protocol: lan-counter.v1
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
    Sec-WebSocket-Protocol: lan-counter.v1

The answer proves that the request was understood: it has the key's hash, with a text that only a WebSocket's server
knows. After its empty line both sides send frames.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha1
from http import HTTPStatus
from typing import Final

Headers = Mapping[str, Sequence[str]]
"""The values of each header, by its name in small letters."""

GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION: Final = "13"
KEY: Final = re.compile(r"[A-Za-z0-9+/]{22}==")
"""Sixteen bytes in base64."""
FIELD: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)")
"""A header's name and value (RFC 9110, sections 5.1 and 5.5), in Latin-1."""
BODY: Final = frozenset({"content-length", "transfer-encoding"})


class HandshakeError(Exception):
    """It is refused. The text is for people; `headers` go with the answer's `status`."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def read(data: bytes) -> tuple[Headers, bytes] | None:
    """The headers of a plain and whole `GET /ws`, and what stands behind it. None if it is anything else, or there is
    anything odd about it: then it is for a reader that knows all of HTTP."""
    if not data.startswith(b"GET /ws HTTP/1.1\r\n"):
        return None
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    headers: dict[str, list[str]] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        field = FIELD.fullmatch(line)
        if field is None:
            return None
        headers.setdefault(field[1].lower(), []).append(field[2].strip(" \t"))
    return headers, rest


def accept(headers: Headers, protocol: str | None) -> bytes:
    """The answer: from now on we speak WebSocket, and in it `protocol`. Raises HandshakeError."""
    if BODY & headers.keys():
        raise HandshakeError("A handshake has no body.")
    if "websocket" not in map(str.lower, listed(headers, "upgrade")):
        raise HandshakeError("Here is a WebSocket, and nothing else.")
    if "upgrade" not in map(str.lower, listed(headers, "connection")):
        raise HandshakeError("A handshake has the header Connection: Upgrade.")
    if headers.get("sec-websocket-version") != [VERSION]:
        raise HandshakeError(
            f"The version of WebSockets that is spoken here is {VERSION}.",
            HTTPStatus.UPGRADE_REQUIRED,
            Sec_WebSocket_Version=VERSION,
            Upgrade="websocket",  # RFC 9110, sections 15.5.22 and 7.8
            Connection="Upgrade",
        )
    keys = headers.get("sec-websocket-key", ())
    if len(keys) != 1 or not KEY.fullmatch(keys[0]):
        raise HandshakeError("A handshake has one Sec-WebSocket-Key: 16 bytes in base64.")
    answer = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {b64encode(sha1(keys[0].encode() + GUID, usedforsecurity=False).digest()).decode()}",
        *([f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []),
    ]
    return "\r\n".join([*answer, "", ""]).encode()


def listed(headers: Headers, name: str) -> list[str]:
    """The members of a header that is a list, of all its lines (RFC 9110, section 5.6.1)."""
    return [member.strip() for line in headers.get(name, ()) for member in line.split(",")]
