"""Luma out of YUV4MPEG2 streams."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.frame import Luma
from edge.camera.y4m import Y4mReader


def stream(pictures: list[Luma]) -> bytes:
    """Write pictures, with chroma that would show if it were taken for luma."""
    height, width = pictures[0].shape
    chroma = bytes([255]) * (2 * ((width + 1) // 2) * ((height + 1) // 2))
    head = f"YUV4MPEG2 C420 W{width} H{height} Ip F12:1 A1:1\n".encode()
    return head + b"".join(b"FRAME\n" + picture.tobytes() + chroma for picture in pictures)


def receive_all(content: bytes, piece: int) -> list[Luma]:
    """Send ``content`` through a pipe, ``piece`` bytes at a time, and return what was received."""
    reader, writer = os.pipe()
    received, frames = Y4mReader(reader), []
    try:
        for start in range(0, len(content), piece):
            os.write(writer, content[start : start + piece])
            if start + piece > content.find(b"\n"):
                frames.append(received.receive())
    finally:
        os.close(writer)
    try:
        while True:
            frames.append(received.receive())
    except EOFError:
        return [frame for frame in frames if frame is not None]
    finally:
        os.close(reader)


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 30),
    count=st.integers(1, 4),
    piece=st.integers(1, 999),
    data=st.data(),
)
def test_luma_comes_through_in_pieces_of_any_size(
    width: int, height: int, count: int, piece: int, data: st.DataObject
) -> None:
    """However the pipe cuts the stream, each picture's luma comes out as it went in."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    pictures = list(np.random.default_rng(seed).integers(0, 255, (count, height, width), dtype=np.uint8))
    frames = receive_all(stream(pictures), piece)
    assert len(frames) == count
    assert all(np.array_equal(frame, sent) for frame, sent in zip(frames, pictures, strict=True))


@pytest.mark.parametrize("content", [b"RIFF....AVI \n", b"YUV4MPEG2 W16\n", b"YUV4MPEG2 W0 H9\n", b"x" * 400])
def test_another_stream_is_refused(content: bytes) -> None:
    """A head that names no size is no head."""
    with pytest.raises(ValueError, match="a head that names no size"):
        receive_all(content, len(content))


def test_a_frame_without_its_word_is_refused() -> None:
    """A stream that lost its place is not taken for pictures."""
    content = stream([np.zeros((4, 6), np.uint8)]).replace(b"FRAME\n", b"EMARF\n")
    with pytest.raises(ValueError, match="does not begin with its word"):
        receive_all(content, len(content))


def test_half_a_frame_is_none() -> None:
    """A stream that ends within a frame delivers those before it."""
    content = stream([np.zeros((4, 6), np.uint8)] * 2)
    assert len(receive_all(content[:-1], 10)) == 1
