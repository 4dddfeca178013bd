"""Whether frames are masked, however their bytes come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.server.masks import Masks


def masked(length: int) -> bytes:
    if length < 126:
        size = bytes((0x80 | length,))
    elif length < 1 << 16:
        size = b"\xfe" + length.to_bytes(2)
    else:
        size = b"\xff" + length.to_bytes(8)
    # A payload that looks like the head of a frame that isn't masked.
    return b"\x81" + size + b"mask" + b"\x81\x05" * (length // 2) + b"\x81" * (length % 2)


LENGTHS = st.lists(st.sampled_from([0, 1, 2, 60, 125, 126, 127, 4096, 65535, 65536]), max_size=5)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    found = []
    for size in sizes:
        found.append(data[:size])
        data = data[size:]
    return [*found, data]


@given(LENGTHS, st.lists(st.integers(1, 20)))
def test_masked_frames_hold_however_they_are_cut(lengths: list[int], sizes: list[int]) -> None:
    masks = Masks()

    assert all(masks.hold(piece) for piece in pieces(b"".join(map(masked, lengths)), sizes))


@given(LENGTHS, st.lists(st.integers(1, 20)), st.sampled_from([b"\x81\x05hello", b"\x81\x00", b"\x89\x7e\x00\x80"]))
def test_the_first_frame_without_a_mask_is_found_however_it_is_cut(
    lengths: list[int], sizes: list[int], bare: bytes
) -> None:
    masks = Masks()

    assert not all(masks.hold(piece) for piece in pieces(b"".join(map(masked, lengths)) + bare, sizes))


@pytest.mark.parametrize("length", [1 << 16, 1 << 40])
def test_a_frame_of_any_length_is_skipped(length: int) -> None:
    masks = Masks()

    assert masks.hold(b"\x81\xff" + length.to_bytes(8) + b"mask")
    assert masks.hold(bytes(1000))
