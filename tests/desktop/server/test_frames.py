"""Frames as a client sends them: however their bytes come, and whatever is wrong with them."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.server.frames import (
    CLOSE,
    PART,
    PARTS,
    PING,
    PONG,
    TEXT,
    Frame,
    FrameError,
    Frames,
    answer_to_close,
    frame,
    unmasked,
)

LIMIT = 4_096


def sent(first: int, payload: bytes, mask: bytes = b"\x37\xfa\x21\x3d") -> bytes:
    """A client's frame: a server's, masked."""
    bare = frame(first, payload)
    size = len(bare) - len(payload)
    return bytes((first, bare[1] | 0x80)) + bare[2:size] + mask + unmasked(mask, payload)


def read(*pieces: bytes) -> Iterator[str | Frame]:
    frames = Frames(LIMIT)
    for piece in pieces:
        frames.feed(piece)
        while (found := frames.next()) is not None:
            yield found


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def failure(*pieces: bytes) -> tuple[list[str | Frame], int]:
    """What is read before the connection fails, and the code that it fails with."""
    found: list[str | Frame] = []
    with pytest.raises(FrameError) as failed:
        found.extend(read(*pieces))
        pytest.fail(f"nothing is wrong with it: {found}")
    return found, failed.value.code


# --- as they should be ---


def test_a_frame_of_the_standard_s_own_is_read() -> None:
    assert list(read(bytes.fromhex("818537fa213d7f9f4d5158"))) == ["Hello"], "RFC 6455, section 5.7"


def test_a_server_s_frame_is_final_and_unmasked() -> None:
    assert frame(TEXT, b"Hello") == bytes.fromhex("810548656c6c6f"), "RFC 6455, section 5.7"
    assert frame(TEXT, b"x" * 256)[:4] == bytes.fromhex("817e0100")
    assert frame(TEXT, b"x" * 65_536)[:10] == bytes.fromhex("817f0000000000010000")
    assert frame(PONG, b"Hello") == bytes.fromhex("8a0548656c6c6f")


TEXTS = st.text(max_size=200)
MASKS = st.binary(min_size=4, max_size=4)
CONTROLS = st.builds(Frame, st.sampled_from([CLOSE, PING, PONG]), st.binary(max_size=125))


@given(st.lists(st.tuples(TEXTS | CONTROLS, MASKS), max_size=6), st.lists(st.integers(0, 30)))
def test_whatever_was_sent_is_read_however_its_bytes_come(
    messages: list[tuple[str | Frame, bytes]], sizes: list[int]
) -> None:
    data = b"".join(
        sent(TEXT, what.encode(), mask) if isinstance(what, str) else sent(what.first, what.payload, mask)
        for what, mask in messages
    )
    assert list(read(*pieces(data, sizes))) == [what for what, _ in messages]


@given(TEXTS, st.lists(st.integers(0, 40), min_size=1, max_size=6), st.lists(st.integers(0, 30)))
def test_a_text_may_come_in_parts_and_controls_between_them(text: str, cuts: list[int], sizes: list[int]) -> None:
    parts = list(pieces(text.encode(), cuts))
    data = b""
    for number, part in enumerate(parts):
        first = (0x01 if number == 0 else 0x00) | (0x80 if number == len(parts) - 1 else 0)
        data += sent(first, part) + sent(PING, b"?")
    found = list(read(*pieces(data, sizes)))
    assert [what for what in found if isinstance(what, str)] == [text]
    assert found.count(Frame(PING, b"?")) == len(parts)
    assert found.count(PART) == 0


@pytest.mark.parametrize("part", [b"x", b""])
def test_so_many_parts_of_a_text_count_as_something_that_nobody_can_send_them_for_ever(part: bytes) -> None:
    data = sent(0x01, part) + sent(0x00, part) * (10 * PARTS - 2) + sent(0x80, part)
    assert list(read(data)) == [PART] * 9 + [(part * 10 * PARTS).decode()]


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, LIMIT])
def test_a_text_of_any_length_up_to_the_limit_is_read(length: int) -> None:
    assert list(read(sent(TEXT, b"x" * length) * 2)) == ["x" * length] * 2


# --- as they should not be ---


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT, b"not masked"), 1002),
        (b"\x81\x00", 1002),
        (sent(0xC1, b"a reserved bit"), 1002),
        (sent(0xA1, b"another"), 1002),
        (sent(0x91, b"the third"), 1002),
        (sent(0x83, b"no opcode"), 1002),
        (sent(0x8B, b"nor this"), 1002),
        (sent(0x80, b"continued, but nothing was begun"), 1002),
        (sent(0x01, b"begun") + sent(TEXT, b"again"), 1002),
        (sent(0x01, b"begun") + sent(0x82, b"binary"), 1002),
        (sent(0x09, b"a ping in parts"), 1002),
        (sent(PING, b"x" * 126), 1002),
        (b"\x88\xfe", 1002),
        (sent(0x82, b""), 1003),
        (sent(0x02, b"in parts"), 1003),
        (sent(TEXT, b"\xff"), 1007),
        (sent(TEXT, b"\xed\xa0\x80"), 1007),
        (sent(0x01, b"\xc3") + sent(0x80, b"x"), 1007),
        (sent(TEXT, b"x" * (LIMIT + 1)), 1009),
        (b"\x81\xff" + (1 << 63).to_bytes(8), 1009),
        (sent(0x01, b"x" * LIMIT) + sent(0x80, b"x"), 1009),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_breaks_a_rule_fails_with_its_code_and_what_came_before_is_read(data: bytes, code: int, size: int) -> None:
    whole = sent(TEXT, b"before") + data
    found, failed = failure(*(whole[at : at + size] for at in range(0, len(whole), size)))
    assert found[0] == "before"
    assert failed == code


def test_what_is_too_long_fails_before_it_has_come() -> None:
    assert failure(b"\x81\xfe\x10\x01") == ([], 1009)


@given(st.binary(max_size=300), st.lists(st.integers(0, 30)))
def test_any_bytes_are_read_alike_however_they_come(data: bytes, sizes: list[int]) -> None:
    def outcome(*given: bytes) -> list[str | Frame | int]:
        found: list[str | Frame | int] = []
        try:
            for what in read(*given):
                found.append(what)
        except FrameError as error:
            found.append(error.code)
        return found

    assert outcome(*pieces(data, sizes)) == outcome(data)


# --- goodbye ---


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4003, 4999])
def test_a_close_is_answered_with_its_own_code(code: int) -> None:
    assert answer_to_close(code.to_bytes(2) + b"goodbye") == code


def test_a_close_without_a_code_is_a_normal_one() -> None:
    assert answer_to_close(b"") == 1000


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])
def test_a_code_that_must_not_be_on_the_wire_is_an_error(code: int) -> None:
    with pytest.raises(FrameError) as failed:
        answer_to_close(code.to_bytes(2))
    assert failed.value.code == 1002


@pytest.mark.parametrize(("payload", "code"), [(b"\x03", 1002), (b"\x03\xe8\xff", 1007)])
def test_a_close_that_is_broken_is_an_error(payload: bytes, code: int) -> None:
    with pytest.raises(FrameError) as failed:
        answer_to_close(payload)
    assert failed.value.code == code


@given(st.binary(max_size=300), MASKS)
def test_a_mask_taken_twice_is_none(payload: bytes, mask: bytes) -> None:
    masked = unmasked(mask, payload)
    assert masked == bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)), "RFC 6455, section 5.3"
    assert unmasked(mask, masked) == payload
