"""What crosses a watched connection, for people to look at: its bytes as frames (RFC 6455, section 5.2), and struck out
of them what is nobody else's business.

What is shown may be projected, saved and sent on. So nothing is looked for and taken out: only what is known to be
harmless stays. A message's own short words, its numbers and the texts of TEXTS do, if they are JSON and found where
they belong, whatever way they are written or cut; all else is struck, in the bytes as they were sent too. A struck byte
is 0, and is said to be struck.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from desktop.core.protocol import MESSAGE_LIMIT, SENTENCES, V1

PAGE: Final = "page"
SERVER: Final = "server"
LONGEST: Final = {PAGE: 2 * MESSAGE_LIMIT, SERVER: 1 << 20}
"""Bytes of a message that is shown; of a longer one only the header, and then nothing more of that side."""

CONTINUATION, TEXT, CLOSE = 0, 1, 8
FIN: Final = 0x80
MASK: Final = 0x80

Span = tuple[int, int]
"""From a byte of the payload up to another one."""

SECRET: Final = {"client", "host", "voter"}
WORDS: Final = {"type", "code", "role", "reach", "kind", "do", "stage"}
TEXTS: Final = {
    PAGE: {("name",), ("settings", "title")},
    SERVER: {
        ("epoch",), ("join",), ("name",), ("settings", "title"), ("addresses", "address"), ("addresses", "interface"),
        ("offer", "address"), ("offer", "interface"), ("trouble", "address"), ("trouble", "interface"),
    },
}  # fmt: skip
"""Where texts stand that name nobody but the page itself or this machine."""

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_WORD: Final = re.compile(r"[a-z_]{1,20}")
_NUMBER: Final = re.compile(rb"[\w.+-]{1,24}")
_NAMED: Final = re.compile(r"[A-Za-z0-9_+/=-]{20}")
"""What may be an id, or part of one in some encoding."""
_SAID: Final = frozenset(SENTENCES.values())

_LINE: Final = re.compile(rb"\AGET /ws(?:\?watch)? HTTP/1\.1\Z|\AHTTP/1\.1 101 Switching Protocols\Z")
_MATTERS: Final = re.compile(
    rb"(?i:Upgrade: websocket|Connection: [\w, -]{1,40}|Sec-WebSocket-Version: \d+|Sec-WebSocket-Key: [\w+/]{22}==|"
    rb"Sec-WebSocket-Accept: [\w+/]{27}=)|(?i:Sec-WebSocket-Protocol): " + re.escape(V1.encode())
)


def opening(head: bytes) -> bytes:
    """Of an HTTP message's head the lines that make a WebSocket, as they were sent; what else is in one is `…`."""
    first, *lines = head.strip().split(b"\r\n\r\n")[0].split(b"\r\n")
    shown = [first if _LINE.match(first) else "GET /ws?… HTTP/1.1".encode()]
    for line in lines:
        name = line.partition(b":")[0]
        if _MATTERS.fullmatch(line):
            shown.append(line)
        elif name.lower() == b"sec-websocket-protocol":
            shown.append(name + ": …".encode())
    return b"\r\n".join(shown)


class Frame(NamedTuple):
    """A frame as it passed, its `struck` bytes 0. Of one that is too long only the header is there. `said` is what the
    message is that ends with it, if that could be read."""

    at: float
    data: bytes
    struck: Sequence[Span]
    said: dict[str, object]

    @property
    def opcode(self) -> int:
        return self.data[0] & 0x0F


class Lane:
    """One direction of a connection: bytes, however they are cut, in; frames out."""

    def __init__(self, source: str, sure: bool = True) -> None:
        """`source` is PAGE or SERVER; unless it is `sure`, what comes first may be the rest of a frame."""
        self._source = source
        self._sure = sure
        self._data = bytearray()
        self._parts: list[tuple[float, bytes, int]] = []
        """Of a message that isn't over: when each came, its bytes, and where its payload begins."""
        self._length = 0
        """Of those, their headers too: an endless message may be of empty fragments."""
        self._lost = False

    def take(self, data: bytes, now: float) -> list[Frame]:
        """What is whole now."""
        if self._lost:
            return []
        self._data += data
        found: list[Frame] = []
        while (cut := self._next()) is not None:
            found += self._frame(now, *cut)
        return found

    def _next(self) -> tuple[bytes, int] | None:
        """The next frame that is whole, and where its payload begins."""
        data = self._data
        if self._lost or len(data) < 2:
            return None
        if not self._sure and (data[0] & 0x70 or data[0] & 0x0F not in (1, 8, 9, 10) or not data[1] & MASK):
            data.clear()  # the next that is read may begin with a frame
            return None
        short = data[1] & 0x7F
        extra = {126: 2, 127: 8}.get(short, 0)
        start = 2 + extra + (4 if data[1] & MASK else 0)
        if len(data) < start:
            return None
        length = int.from_bytes(data[2 : 2 + extra]) if extra else short
        self._lost = self._length + length > LONGEST[self._source]
        end = start if self._lost else start + length
        if len(data) < end:
            return None
        frame = bytes(data[:end])
        del data[:end]
        return frame, start

    def _frame(self, now: float, frame: bytes, start: int) -> list[Frame]:
        opcode, whole = frame[0] & 0x0F, frame[0] & FIN
        if self._lost:
            parts, self._parts = [*self._parts, (now, frame, start)], []
            return [_shown(part, [(0, len(part[1]) - part[2])], {}) for part in parts]
        if opcode >= CLOSE:
            return [_shown((now, frame, start), self._control(opcode, _plain(frame, start)), {})]
        self._parts.append((now, frame, start))
        self._length += len(frame)
        if not whole:
            return []
        parts, self._parts, self._length = self._parts, [], 0
        is_text = parts[0][1][0] & 0x0F == TEXT and all(part[0] & 0x0F == CONTINUATION for _, part, _ in parts[1:])
        payload = b"".join(_plain(part, begins) for _, part, begins in parts)
        spans, said = readable(self._source, payload) if is_text else (((0, len(payload)),), {})
        self._sure = self._sure or bool(said)
        found, at = [], 0
        for part in parts:
            length = len(part[1]) - part[2]
            inside = [(max(a, at) - at, min(b, at + length) - at) for a, b in spans if a < at + length and b > at]
            found.append(_shown(part, inside, said))
            at += length
        return found

    def _control(self, opcode: int, payload: bytes) -> Sequence[Span]:
        """The number in a close frame tells nobody's name, nor do our own words in one."""
        if opcode == CLOSE:
            ours = self._source == SERVER and not _NAMED.search(payload[2:].decode(errors="replace"))
            return ((2, len(payload)),) if len(payload) > 2 and not ours else ()
        return ((0, len(payload)),) if payload else ()


def _plain(frame: bytes, start: int) -> bytes:
    """A frame's payload as it is read."""
    if not frame[1] & MASK:
        return frame[start:]
    key, payload = frame[start - 4 : start], frame[start:]
    length = len(payload)
    mask = (key * (length // 4 + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(length)


def _shown(part: tuple[float, bytes, int], spans: Sequence[Span], said: dict[str, object]) -> Frame:
    at, frame, start = part
    spans = [(a, b) for a, b in spans if a < b]
    if spans:
        data = bytearray(frame)
        for a, b in spans:
            data[start + a : start + b] = bytes(b - a)
        frame = bytes(data)
    return Frame(at, frame, spans, said)


def readable(source: str, payload: bytes) -> tuple[Sequence[Span], dict[str, object]]:
    """What of a text message has to be struck, and what it says: nothing if it is no JSON object."""
    # What the server says to all is the same for all who watch; what a page says is kept nowhere.
    return _told(payload) if source == SERVER else _read(PAGE, payload)


@lru_cache(maxsize=64)
def _told(payload: bytes) -> tuple[Sequence[Span], dict[str, object]]:
    return _read(SERVER, payload)


def _read(source: str, payload: bytes) -> tuple[Sequence[Span], dict[str, object]]:
    try:
        said = json.loads(payload.decode())
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return ((0, len(payload)),), {}
    return _strike(payload, lambda path, text: _may_stay(source, path, text)), said


def _may_stay(source: str, path: tuple[str, ...], text: str) -> bool:
    if path[-1:] and path[-1] in WORDS:
        return bool(_WORD.fullmatch(text))
    if path == ("message",):
        return source == SERVER and text in _SAID
    return path in TEXTS[source] and (source == SERVER or not _NAMED.search(text))


def _strike(payload: bytes, may_stay: Callable[[tuple[str, ...], str], bool]) -> Sequence[Span]:
    """Where the values are, and the names of values, that may not stay, in a JSON text."""
    spans: list[Span] = []
    stack: list[str | None] = []
    """For each object around it the name of the value, for each list None."""
    expects_name = False
    for token in _TOKEN.finditer(payload):
        written, (start, end) = token[0], token.span()
        match written[:1]:
            case b"{" | b"[":
                stack.append("" if written == b"{" else None)
                expects_name = written == b"{"
            case b"}" | b"]":
                stack.pop()
                expects_name = False
            case b",":
                expects_name = stack[-1] is not None
            case b":":
                expects_name = False
            case b'"' if expects_name:
                name = json.loads(written)
                stack[-1] = name
                if not _WORD.fullmatch(name):
                    spans.append((start + 1, end - 1))
            case first:
                path = tuple(name for name in stack if name is not None)
                is_text = first == b'"'
                known = not SECRET & set(path) and all(map(_WORD.fullmatch, path))
                if is_text and not (known and may_stay(path, json.loads(written))):
                    spans.append((start + 1, end - 1))
                elif not is_text and not (known and _NUMBER.fullmatch(written)):
                    spans.append((start, end))
    return tuple(spans)
