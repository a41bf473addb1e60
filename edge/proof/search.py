"""Finds needles in bytes, all of them in one pass.

A pass looks at pairs of neighbouring bytes: a table of 65,536 entries says which pair begins a needle. Where one does,
the next two bytes are compared, and then the whole needle. For wide characters it looks for three numbers below 256 in
a row, of two, four and eight bytes each, at every offset.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge.proof.forms import WIDE, Needle

Bytes: TypeAlias = NDArray[np.uint8]
Buffer: TypeAlias = bytes | bytearray | memoryview

CHUNK: Final = 1 << 22
LARGE: Final = 1 << 24
"""Bytes from which a place is too large for short needles: in so many random ones each is found once in 250 times."""
_HEAD: Final = 4


class Find(NamedTuple):
    """Where a plate was found; it is named by its index, so that a report of finds spells none."""

    place: str
    form: str
    plate: int
    offset: int


class Searcher:
    """Looks for the same needles in many places."""

    def __init__(self, needles: Iterable[Needle]) -> None:
        needles = list(needles)
        self._longest = max((len(needle.narrow) * max(needle.widths) for needle in needles), default=1)
        self._tables = {width: _Table([one for one in needles if width in one.widths]) for width in WIDE}

    def whole(self, place: str, data: Buffer) -> list[Find]:
        """Search ``data``, which is called ``place`` in what is found."""
        return self.stream(place, [(0, data)], large=len(data) >= LARGE)

    def stream(self, place: str, parts: Iterable[tuple[int, Buffer]], *, large: bool) -> list[Find]:
        """Search ``parts`` of a place, each with its offset; what spans two parts is not found."""
        found = set[Find]()
        for offset, part in parts:
            for start in range(0, len(part), CHUNK):
                data = np.frombuffer(part, np.uint8)[start : start + CHUNK + self._longest]
                if data.any():
                    found.update(self._chunk(place, data, offset + start, large=large))
        return sorted(found)

    def _chunk(self, place: str, data: Bytes, offset: int, *, large: bool) -> Iterator[Find]:
        for width, table in self._tables.items():
            for start, needle in table.candidates(data, width):
                if not (needle.short and large) and _is_there(data, start, needle.narrow, width):
                    yield Find(place, _named(needle.form, width), needle.plate, offset + start)


class _Table:
    """The needles of one width, by how they begin."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self._by_head = defaultdict[int, list[Needle]](list)
        for needle in needles:
            head = needle.narrow[_zeros(needle) :][:_HEAD]
            self._by_head[int.from_bytes(head, "little")].append(needle)
        self._heads = np.array(sorted(self._by_head), np.uint32)
        self._pairs = np.zeros(1 << 16, np.bool_)
        self._pairs[self._heads & 0xFFFF] = True

    def candidates(self, data: Bytes, width: int) -> Iterator[tuple[int, Needle]]:
        """Yield where a needle begins, as far as the four bytes after its leading zeros tell: zeros are everywhere."""
        if len(data) <= (_HEAD - 1) * width or not len(self._heads):
            return
        starts = self._begun(data) if width == 1 else _small_numbers(data, width)
        heads = np.zeros(len(starts), np.uint32)
        for place in range(_HEAD):
            heads |= data[starts + place * width].astype(np.uint32) << 8 * place
        nearest = np.minimum(np.searchsorted(self._heads, heads), len(self._heads) - 1)
        for at in np.flatnonzero(self._heads[nearest] == heads):
            for needle in self._by_head[int(heads[at])]:
                yield int(starts[at]) - width * _zeros(needle), needle

    def _begun(self, data: Bytes) -> NDArray[np.intp]:
        """Return where the first two bytes of a needle stand."""
        pairs = data[:-1].astype(np.uint16)
        pairs |= data[1:].astype(np.uint16) << 8
        return np.flatnonzero(self._pairs[pairs[: 2 - _HEAD]])


def _small_numbers(data: Bytes, width: int) -> NDArray[np.intp]:
    """Return where three numbers below 256 begin, the first not 0, with one more byte in the row behind them."""
    found = [np.zeros(0, np.intp)]
    for phase in range(width):
        count = (len(data) - 1 - phase) // width
        numbers = data[phase : phase + count * width].copy().view(f"<u{width}")
        small = numbers < 1 << 8
        begun = small[:-2] & small[1:-1] & small[2:]
        begun &= numbers[:-2] != 0
        found.append(np.flatnonzero(begun) * width + phase)
    return np.concatenate(found)


def _zeros(needle: Needle) -> int:
    return len(needle.narrow) - len(needle.narrow.lstrip(b"\0"))


def _is_there(data: Bytes, start: int, narrow: bytes, width: int) -> bool:
    """Tell whether the whole needle begins at ``start``, with nothing but zeros between its bytes."""
    end = start + (len(narrow) - 1) * width + 1
    if start < 0 or end > len(data):
        return False
    there = data[start:end]
    return there[::width].tobytes() == narrow and np.count_nonzero(there) == np.count_nonzero(there[::width])


def _named(form: str, width: int) -> str:
    return form if width == 1 else f"{form}, {8 * width} bits each"
