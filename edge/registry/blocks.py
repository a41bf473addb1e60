"""Blocks: which of some thousand neighbouring slots are taken, and the class of each.

Look-up of one vehicle needs no decompression: a bit says whether a slot is taken, the number of bits before it says
whose turn it is, and its code lies at a fixed width. What is stored per vehicle is near what there is to know: one bit
for each slot of a well-filled series, and a code as wide as the number of different classes in the block demands.

Layout, little endian: width of codes in bits, 1 byte, its highest bit set for a list of slots; length of the palette,
2 bytes; the slots, either one bit each (SPAN / 8 bytes) or their number and their offsets, 2 bytes each; the palette,
2 bytes per class, empty where codes are classes themselves; the codes.
"""

import struct
from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Shorts = NDArray[np.uint16]

SPAN = 2048
"""Slots per block; part of the schema."""
MOST_CLASSES = (1 << 16) - 2
"""Numbers of classes are below this, and fit into 16 bits with two to spare."""

_HEAD = struct.Struct("<BH")
_BITMAP = SPAN // 8
_LIST = 0x80
_SHORT = 2
_CLASS_BITS = 16


class Members(NamedTuple):
    """What a block holds: offsets of taken slots (n,), rising, and the class of each (n,)."""

    offsets: Shorts
    classes: Shorts


def encode(members: Members) -> bytes:
    """Write a block; the same members always give the same bytes. It holds at least one."""
    slots, layout = _encode_slots(members.offsets)
    palette, codes = np.unique(members.classes, return_inverse=True)
    width = (len(palette) - 1).bit_length()
    direct = int(members.classes.max()).bit_length()
    if len(codes) * direct <= len(codes) * width + palette.nbytes * 8:
        return _HEAD.pack(layout | direct, 0) + slots + _pack(members.classes, direct)
    return _HEAD.pack(layout | width, len(palette)) + slots + palette.astype("<u2").tobytes() + _pack(codes, width)


def decode(block: bytes) -> Members:
    """Read a whole block.

    Raises:
        ValueError: it is damaged.
    """
    layout, size, offsets, start = _read_slots(block)
    width, end = layout & ~_LIST, start + _SHORT * size
    codes = _unpack(block[end:], len(offsets), width)
    if size:
        codes = np.frombuffer(block[start:end], "<u2")[codes]
    return Members(offsets, codes.astype(np.uint16))


def find(block: bytes, offset: int) -> int | None:
    """Return the class at ``offset``, None where the slot is free."""
    layout, size = _head(block)
    if layout & _LIST:
        rank, start = _rank_in_list(block, offset)
    else:
        taken = int.from_bytes(block[_HEAD.size : _HEAD.size + _BITMAP], "little")
        rank = (taken & (1 << offset) - 1).bit_count() if taken >> offset & 1 else None
        start = _HEAD.size + _BITMAP
    if rank is None:
        return None
    width = layout & ~_LIST
    at, shift = divmod(rank * width, 8)
    at += start + _SHORT * size
    code = int.from_bytes(block[at : at + 4], "little") >> shift & (1 << width) - 1
    if not size:
        return code
    at = start + _SHORT * code
    return block[at] | block[at + 1] << 8


def count(block: bytes) -> int:
    """Return how many slots are taken."""
    layout, _ = _HEAD.unpack_from(block)
    if layout & _LIST:
        (listed,) = struct.unpack_from("<H", block, _HEAD.size)
        return int(listed)
    return int.from_bytes(block[_HEAD.size : _HEAD.size + _BITMAP], "little").bit_count()


def _head(block: bytes) -> tuple[int, int]:
    layout, size = _HEAD.unpack_from(block)
    return int(layout), int(size)


def _rank_in_list(block: bytes, offset: int) -> tuple[int | None, int]:
    (count,) = struct.unpack_from("<H", block, _HEAD.size)
    offsets = struct.unpack_from(f"<{count}H", block, _HEAD.size + _SHORT)
    rank = bisect_left(offsets, offset)
    found = rank < count and offsets[rank] == offset
    return rank if found else None, _HEAD.size + _SHORT + _SHORT * count


def _encode_slots(offsets: Shorts) -> tuple[bytes, int]:
    listed = struct.pack("<H", len(offsets)) + offsets.astype("<u2").tobytes()
    if len(listed) < _BITMAP:
        return listed, _LIST
    taken = np.zeros(SPAN, np.bool_)
    taken[offsets] = True
    return np.packbits(taken, bitorder="little").tobytes(), 0


def _read_slots(block: bytes) -> tuple[int, int, Shorts, int]:
    """Return layout and width, length of the palette, offsets, and where the palette begins."""
    try:
        layout, size = _HEAD.unpack_from(block)
        start = _HEAD.size
        if not layout & _LIST:
            taken = np.frombuffer(block, np.uint8, _BITMAP, start)
            offsets = np.flatnonzero(np.unpackbits(taken, bitorder="little"))
            return layout, size, offsets.astype(np.uint16), start + _BITMAP
        (count,) = struct.unpack_from("<H", block, start)
        listed = np.frombuffer(block, "<u2", count, start + _SHORT)
    except struct.error as error:
        raise ValueError("is cut short") from error
    return layout, size, listed.astype(np.uint16), start + _SHORT + _SHORT * count


def _pack(codes: NDArray[np.integer], width: int) -> bytes:
    bits = codes.astype(np.uint16)[:, None] >> np.arange(width, dtype=np.uint16) & 1
    return np.packbits(bits.astype(np.uint8).ravel(), bitorder="little").tobytes()


def _unpack(packed: bytes, count: int, width: int) -> NDArray[np.uint32]:
    if width > _CLASS_BITS or len(packed) * 8 < count * width:
        raise ValueError("is cut short")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")[: count * width]
    weights = 1 << np.arange(width, dtype=np.uint32)
    return np.asarray(bits.reshape(count, width) @ weights, np.uint32)
