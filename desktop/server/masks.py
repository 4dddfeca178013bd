"""Whether a client masks its frames, as it must (RFC 6455, section 5.1), for a library that doesn't insist on it."""


class Masks:
    """Walks over the frames of one connection as their bytes come, looking at nothing but their heads."""

    __slots__ = ("_head", "_skip")

    def __init__(self) -> None:
        self._skip = 0
        """Bytes to the next frame."""
        self._head = b""
        """The beginning of a frame whose head is not all there yet."""

    def hold(self, data: bytes) -> bool:
        """Whether every frame that begins in `data` is masked."""
        # Nearly always one short frame, and all of it.
        if (
            not self._skip
            and not self._head
            and len(data) > 1
            and 0x80 <= data[1] < 0xFE
            and len(data) == data[1] - 122
        ):
            return True
        if self._skip > len(data):
            self._skip -= len(data)
            return True
        data = self._head + data[self._skip :]
        self._skip, self._head = 0, b""
        at = 0
        while at < len(data):
            head = data[at : at + 10]
            if len(head) > 1 and head[1] < 0x80:
                return False
            size = _size(head)
            if size is None:
                self._head = head
                return True
            at += size
        self._skip = at - len(data)
        return True


def _size(head: bytes) -> int | None:
    """How long a masked frame is, all in all; None if its head doesn't say yet."""
    if len(head) < 2:
        return None
    length, extended = head[1] & 0x7F, {126: 2, 127: 8}.get(head[1] & 0x7F, 0)
    if len(head) < 2 + extended:
        return None
    return 2 + extended + 4 + (int.from_bytes(head[2 : 2 + extended]) if extended else length)
