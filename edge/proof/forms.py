"""Every way in which a plate could be written down."""

import base64
import itertools
import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WIDE: Final = (1, 2, 4, 8)
"""Bytes per character or index that are searched: ASCII, UTF-16, UTF-32 or int32, int64."""
_DIGIT_BITS: Final = 30  # Of the digits of CPython's integers.
_WORDS: Final = 1 << 32
_SHORT: Final = 6
_REACH: Final = 2  # Bytes before a text that decide how base64 spells it.


class Needle(NamedTuple):
    """What to look for: ``narrow`` bytes that stand ``widths`` bytes apart, with zeros between.

    ``plate`` is its index among those searched for. One that is ``short`` is found by chance in large places.
    """

    plate: int
    form: str
    narrow: bytes
    widths: Sequence[int] = (1,)
    short: bool = False


def needles(plates: Sequence[str]) -> list[Needle]:
    """Return every form of ``plates``, which are written with or without dashes."""
    return [needle for index, plate in enumerate(plates) for needle in _of(index, plate)]


def tag_needles(tags: Sequence[bytes]) -> list[Needle]:
    """Return every form of the tags of plates, in the order of those."""
    found = []
    for index, tag in enumerate(tags):
        found += [Needle(index, "tag", tag), Needle(index, "tag, hexadecimal", tag.hex().encode())]
        found += [Needle(index, "tag, base64", one) for one in _base64(tag)]
    return found


def dashed(plate: str) -> str:
    """Return a plate with a dash wherever digits and letters meet, X-99-XXX; one that has dashes stays."""
    if "-" in plate:
        return plate
    pairs = itertools.pairwise(plate)
    return plate[0] + "".join(f"-{two}" if one.isdigit() != two.isdigit() else two for one, two in pairs)


def _of(index: int, plate: str) -> Iterator[Needle]:
    bare = plate.replace("-", "").upper()
    for text in dict.fromkeys((bare, dashed(plate).upper())):
        for cased, case in ((text, ""), (text.lower(), ", lower case")):
            form = f"text{' with dashes' if '-' in text else ''}{case}"
            yield Needle(index, form, cased.encode(), WIDE)
            yield Needle(index, f"{form}, hexadecimal", cased.encode().hex().encode())
            yield Needle(index, f"{form}, hexadecimal capitals", cased.encode().hex().upper().encode())
            yield from (Needle(index, f"{form}, base64", one) for one in _base64(cased.encode()))
    yield from _numbers(index, int(bare, len(ALPHABET)))
    places = [ALPHABET.index(char) for char in bare]
    yield from _indices(index, "indices", bytes(places))
    yield from _indices(index, "indices from 1", bytes(place + 1 for place in places))


def _indices(index: int, form: str, places: bytes) -> Iterator[Needle]:
    """As bytes the indices of six characters are short: 300 MB of dark pictures hold those of one plate in 700."""
    yield Needle(index, form, places, WIDE[:1], short=len(places) <= _SHORT)
    yield Needle(index, form, places, WIDE[1:])


def _numbers(index: int, number: int) -> Iterator[Needle]:
    yield Needle(index, "base 36, decimal text", str(number).encode(), WIDE)
    for order, name in (("<", "little"), (">", "big")):
        yield Needle(index, f"base 36, 64 bits, {name} endian", struct.pack(f"{order}Q", number))
        if number < _WORDS:  # Foreign plates are longer.
            yield Needle(index, f"base 36, 32 bits, {name} endian", struct.pack(f"{order}I", number), short=True)
    digits = struct.pack("<II", number & ((1 << _DIGIT_BITS) - 1), number >> _DIGIT_BITS)
    yield Needle(index, "base 36, integer of CPython", digits)


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield how base64 spells ``raw`` in the middle of something, after 0, 1 and 2 more bytes; also its URL form."""
    for before in range(_REACH + 1):
        bits = 8 * (before + len(raw))
        spelt = base64.b64encode(bytes(before) + raw)[-(-8 * before // 6) : bits // 6]
        yield spelt
        if (other := spelt.translate(bytes.maketrans(b"+/", b"-_"))) != spelt:
            yield other
