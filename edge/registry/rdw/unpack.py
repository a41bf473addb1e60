"""Gzip, unpacked in bounded pieces and checked to its last byte."""

import itertools
import zlib
from collections.abc import Iterable, Iterator

from edge.errors import ConfigError

MAGIC = b"\x1f\x8b"
GZIP = 31  # zlib's wbits for a gzip header, and the check of its sum and length
PIECE_BYTES = 4 << 20


def unpacked(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack what begins as gzip does, and pass on as it is what does not; ``name`` is for the errors.

    Raises:
        ConfigError: the gzip is damaged or cut off.
    """
    chunks = iter(chunks)
    first = next(chunks, b"")
    chunks = itertools.chain([first], chunks)
    if not first or not MAGIC.startswith(first[: len(MAGIC)]):
        yield from filter(None, chunks)
        return
    try:
        yield from _members(name, chunks)
    except zlib.error as error:
        raise ConfigError(f"{name}: is damaged gzip: {str(error).rpartition(': ')[2]}") from error


def _members(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip members that follow each other, a bounded piece at a time."""
    unpacker = zlib.decompressobj(GZIP)
    for chunk in chunks:
        packed = chunk
        while packed:
            if unpacker.eof:
                packed = packed.lstrip(b"\0")  # Tapes and block devices pad with zeros.
                if not packed:
                    break
                unpacker = zlib.decompressobj(GZIP)
            if piece := unpacker.decompress(packed, PIECE_BYTES):
                yield piece
            packed = unpacker.unconsumed_tail or unpacker.unused_data
    if not unpacker.eof:
        raise ConfigError(f"{name}: its gzip is cut off; fetch it again")
