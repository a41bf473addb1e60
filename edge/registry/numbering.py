"""Plates as slots: whole numbers that lie close together, so that a table of plates needs no plates.

The slots of the 14 sidecodes follow each other; within one they are in the plates' own order, counting only characters
that the sidecode has. Every other text of six capitals and digits has a slot behind them, spaced out as its base-36
number. A slot fits into 32 bits. The numbering is part of a pack's schema: another one is another schema.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge.plates.syntax import ALPHABET, LENGTH, SIDECODES, alphabets

Slots = NDArray[np.uint32]
Weights = tuple[tuple[int, ...], ...]

_CODES = 256
_BASE = len(ALPHABET)
# What a character weighs where it may not stand: more than any sum of those that may.
_NEVER = 1 << 40
_DIGIT, _LETTER, _NEITHER = b"9", b"X", b"?"
_KINDS = bytes(
    (_DIGIT if char in b"0123456789" else _LETTER if char in ALPHABET else _NEITHER)[0] for char in range(_CODES)
)


def slot(plate: bytes | bytearray) -> int | None:
    """Return the slot of a plate without dashes; None where it is not six capitals and digits."""
    form = bytes(plate.translate(_KINDS))
    weights = _weights_of_form().get(form)
    if weights is not None:
        a, b, c, d, e, f = plate
        one, two, three, four, five, six = weights
        number = one[a] + two[b] + three[c] + four[d] + five[e] + six[f]
        if number < _NEVER:
            return number
    if len(plate) != LENGTH or _NEITHER in form:
        return None
    return first_rare() + int(plate, _BASE)


def slots(plates: NDArray[np.uint8]) -> tuple[Slots, NDArray[np.bool_]]:
    """Return the slots of ``plates`` (n, 6), ASCII codes, and which of them (n,) have one; the others' are 0."""
    kinds = np.frombuffer(_KINDS, np.uint8)[plates]
    forms = ((kinds == _LETTER[0]) << np.arange(LENGTH)).sum(axis=1)
    table, value = _weight_table(), _base_36()
    numbers = np.zeros(len(plates), np.int64)
    rare = np.zeros(len(plates), np.int64)
    for place in range(LENGTH):
        numbers += table[forms, place, plates[:, place]]
        rare = rare * _BASE + value[plates[:, place]]
    valid = (kinds != _NEITHER[0]).all(axis=1)
    numbers = np.where(numbers < _NEVER, numbers, rare + first_rare())
    return np.where(valid, numbers, 0).astype(np.uint32), valid


@cache
def first_rare() -> int:
    """Return the number of slots of all sidecodes: where those of other texts begin."""
    return sum(math.prod(map(len, alphabets(code))) for code in SIDECODES)


@cache
def _weights_of_form() -> dict[bytes, Weights]:
    """Return for each form, such as ``9XXX99``, what each character adds to the slot, by place and ASCII code."""
    found, start = {}, 0
    for code, form in SIDECODES.items():
        some = alphabets(code)
        found[form.replace("-", "").encode()] = _weights(some, start)
        start += math.prod(map(len, some))
    return found


def _weights(some: list[bytes], start: int) -> Weights:
    rows = []
    for place, chars in enumerate(some):
        step, first = math.prod(map(len, some[place + 1 :])), start if place == 0 else 0
        rows.append(
            tuple(first + step * chars.index(char) if char in chars else _NEVER for char in range(_CODES)),
        )
    return tuple(rows)


@cache
def _weight_table() -> NDArray[np.int64]:
    """Return (64, 6, 256): the same for arrays; a form is the set of its places with letters, as bits."""
    table = np.full((1 << LENGTH, LENGTH, _CODES), _NEVER, np.int64)
    for form, weights in _weights_of_form().items():
        table[sum(1 << place for place, kind in enumerate(form) if kind == _LETTER[0])] = weights
    return table


@cache
def _base_36() -> NDArray[np.int64]:
    return np.array([max(ALPHABET.find(char), 0) for char in range(_CODES)], np.int64)
