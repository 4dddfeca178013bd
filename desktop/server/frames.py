"""Frames of a WebSocket, made and read (RFC 6455, section 5): no socket and no clock.

    byte 0      FIN, three reserved bits, and four of opcode: text 1, binary 2, close 8, ping 9, pong 10, or 0, which
                continues the message that the frame before has begun
    byte 1      MASK, and seven bits of length; 126 and 127 say that two or eight bytes of length follow
    then        a client's mask, four bytes; and the payload, each of whose bytes is XORed with the mask's in turn

A server masks nothing, and a client everything: so no text that a page can choose stands on the wire as it is, where a
proxy might take it for a request (section 10.3).
"""

from typing import Final, NamedTuple

CONTINUED: Final = 0x0
BINARY: Final = 0x2
TEXT: Final = 0x81
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
"""First bytes of whole frames: FIN and the opcode."""

FIN: Final = 0x80
OPCODE: Final = 0x0F
MASK: Final = 0x80
CONTROL_LIMIT: Final = 125
"""Bytes of a control frame's payload."""


class FrameError(Exception):
    """The connection has to be failed (RFC 6455, section 7.1.7), with this `code` of section 7.4.1; the text is for
    people."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Frame(NamedTuple):
    """A client's frame: a control frame where `first` is CLOSE, PING or PONG."""

    first: int
    payload: bytes


PART: Final = Frame(CONTINUED, b"")
"""Not a whole text yet, but so many frames of it that they have to count as something."""
PARTS: Final = 64


def frame(first: int, payload: bytes) -> bytes:
    """A server's whole frame, unmasked, with FIN set; `first` is its first byte."""
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2) + payload
    return bytes((first, 127)) + length.to_bytes(8) + payload


class Frames:
    """What one client sends, whose bytes may come in any pieces; no message is longer than `limit` bytes."""

    __slots__ = ("_data", "_limit", "_message", "_parts")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data = b""
        """What has come, and was not read yet."""
        self._message: bytes | None = None
        """The beginning of a text that comes in several frames."""
        self._parts = 0

    def feed(self, data: bytes) -> None:
        """More bytes have come."""
        self._data = self._data + data if self._data else data

    def next(self) -> str | Frame | None:
        """The next whole text, or control frame, or PART; None until more bytes come.

        Raises FrameError: 1002 for a frame that must not be, 1003 for a binary message, 1007 for a text that is no
        UTF-8, 1009 for one that is too long. After that nothing more can be read.
        """
        while True:
            found = self._frame()
            if found is None or found.first >= CLOSE:
                return found
            text = found.payload if self._message is None else self._message + found.payload
            if found.first & FIN:
                self._message = None
                return _text(text)
            self._message = text
            self._parts += 1
            if self._parts % PARTS == 0:
                return PART

    def _frame(self) -> Frame | None:
        """The next whole frame, without its mask."""
        data = self._data
        if len(data) < 2:
            return None
        first, second = data[0], data[1]
        # Nearly always it is a whole text.
        if first != TEXT or second < MASK or self._message is not None:
            self._check(first, second)
        start, length = 2, second & ~MASK
        if length > CONTROL_LIMIT:
            start = 4 if length == 126 else 10
            if len(data) < start:
                return None
            length = int.from_bytes(data[2:start])
        if first < CLOSE and length + len(self._message or b"") > self._limit:
            raise FrameError(1009, f"A message has {self._limit} bytes at most.")
        end = start + 4 + length
        if len(data) < end:
            return None
        self._data = data[end:]
        return Frame(first, unmasked(data[start : start + 4], data[start + 4 : end]))

    def _check(self, first: int, second: int) -> None:
        """Whether a frame may begin like this, here (RFC 6455, sections 5.1 to 5.5)."""
        opcode = first & OPCODE
        if second < MASK:
            raise FrameError(1002, "A client masks its frames.")
        if first & ~(FIN | OPCODE):
            raise FrameError(1002, "A reserved bit is set, and no extension was agreed on.")
        if opcode in (CLOSE & OPCODE, PING & OPCODE, PONG & OPCODE):
            if not first & FIN or second & ~MASK > CONTROL_LIMIT:
                raise FrameError(1002, f"A control frame comes whole, with {CONTROL_LIMIT} bytes at most.")
        elif opcode == CONTINUED:
            if self._message is None:
                raise FrameError(1002, "There is nothing to continue.")
        elif opcode not in (TEXT & OPCODE, BINARY):
            raise FrameError(1002, f"There is no opcode {opcode}.")
        elif self._message is not None:
            raise FrameError(1002, "The message before has not ended.")
        elif opcode == BINARY:
            raise FrameError(1003, "Only text is understood here.")


def unmasked(mask: bytes, payload: bytes) -> bytes:
    """A payload without its mask of four bytes, or with it (RFC 6455, section 5.3)."""
    length = len(payload)
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(length)


def answer_to_close(payload: bytes) -> int:
    """With which code to answer a close frame: its own (RFC 6455, section 5.5.1), or 1000 where it has none.

    Raises FrameError if it isn't one that may be on the wire (sections 7.4.1 and 7.4.2), or its reason is no UTF-8.
    """
    if not payload:
        return 1000
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
        raise FrameError(1002, "There is no such code to close with.")
    _text(payload[2:])
    return code


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise FrameError(1007, "A text is UTF-8.") from None
