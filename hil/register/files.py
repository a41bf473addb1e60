"""Writes a file piece by piece, plain or compressed."""

import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

_LEVEL = 1
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""Deflate, no name, no time: the same content gives the same file."""
_END = b"\x03\x00"
"""An empty last block."""
_WAITING = 2
"""Pieces per core that wait to be written; more would only take memory."""


def save(file: Path, pieces: Iterable[tuple[int, bytes]], told: Callable[[int], None], *, gzipped: bool) -> None:
    """Write pieces of text, each with its number of rows, which is told when it is written."""
    with file.open("wb") as stream:
        for rows, block in _squeeze(pieces) if gzipped else pieces:
            stream.write(block)
            told(rows)


def _squeeze(pieces: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Compress on all cores into a single gzip member."""
    yield 0, _HEADER
    checksum, size = 0, 0
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        waiting = deque[tuple[int, Future[bytes]]]()
        for rows, text in pieces:
            checksum, size = zlib.crc32(text, checksum), size + len(text)
            waiting.append((rows, pool.submit(_deflate, text)))
            if len(waiting) > _WAITING * cores:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)
    yield 0, _END + struct.pack("<II", checksum, size % 2**32)


def _first(waiting: deque[tuple[int, Future[bytes]]]) -> tuple[int, bytes]:
    rows, done = waiting.popleft()
    return rows, done.result()


def _deflate(text: bytes) -> bytes:
    """Compress one piece so that another can follow it."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
