"""Plates as numbers: the texts that one sidecode allows, in the order in which they are issued."""

from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from edge.plates.syntax import ALPHABET, FORBIDDEN, LENGTH, SIDECODES, sidecode

_HARMLESS = {"X": b"B", "9": b"0"}
"""What may stand beside any other character: no forbidden group holds a B twice or lacks a second letter to be one."""


@dataclass(frozen=True)
class Form:
    """All texts of a sidecode whose first letter is one of some; a rank is a place in their order of issue.

    Letters count on slowly, digits fast: the whole of AB is given out before AC begins (an assumption).
    """

    code: int
    slots: tuple[bytes, ...]
    """What may stand at each of the six places."""

    @property
    def size(self) -> int:
        """How many ranks there are; a few are of forbidden groups."""
        return prod(len(some) for some in self.slots)

    @property
    def _order(self) -> list[int]:
        """Places from the slowest to the fastest."""
        return sorted(range(LENGTH), key=lambda place: (self.slots[place][0] in ALPHABET[:10], place))

    def plates(self, ranks: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return the texts (n, 6) of some ranks (n,)."""
        texts = np.empty((len(ranks), LENGTH), np.uint8)
        left = ranks.astype(np.uint32)
        for place in reversed(self._order):
            some = np.frombuffer(self.slots[place], np.uint8)
            left, here = np.divmod(left, np.uint32(len(some)))
            texts[:, place] = some[here]
        return texts

    def ranks(self, plates: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """Return the ranks of those among the texts (n, 6) that are of this form."""
        table = np.full((LENGTH, 128), -1, np.int16)
        for place, some in enumerate(self.slots):
            table[place, list(some)] = range(len(some))
        indexes = table[np.arange(LENGTH), plates]
        indexes = indexes[(indexes >= 0).all(axis=1)]
        ranks = np.zeros(len(indexes), np.uint32)
        for place in self._order:
            ranks = ranks * np.uint32(len(self.slots[place])) + indexes[:, place].astype(np.uint32)
        return ranks


@cache
def form(code: int, letters: bytes | None = None) -> Form:
    """Return the form of a sidecode; ``letters`` may come first of its letters, None allows all."""
    slots = [_allowed(code, place) for place in range(LENGTH)]
    if letters is not None:
        first = SIDECODES[code].replace("-", "").index("X")
        slots[first] = bytes(letter for letter in slots[first] if letter in letters)
    return Form(code, tuple(slots))


def lawful(code: int, plates: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which of the texts (n, 6) hold no forbidden group."""
    good = np.ones(len(plates), np.bool_)
    for group in _groups(code):
        for word in FORBIDDEN:
            if len(word) == group.stop - group.start:
                good &= (plates[:, group] != np.frombuffer(word, np.uint8)).any(axis=1)
    return good


def codes_of(plates: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the sidecodes (n,) of lawful texts (n, 6): where their letters stand tells; 0 for no sidecode."""
    table = np.zeros(1 << LENGTH, np.uint8)
    for code, dashed in SIDECODES.items():
        table[sum((kind == "X") << place for place, kind in enumerate(dashed.replace("-", "")))] = code
    bits = np.zeros(len(plates), np.uint8)
    for place in range(LENGTH):
        bits |= (plates[:, place] > ord("9")).astype(np.uint8) << place
    return table[bits]


@cache
def universe(code: int) -> int:
    """Return how many different plates a sidecode has by `edge.plates.syntax`."""
    whole = form(code)
    size = whole.size
    for group in _groups(code):
        letters = whole.slots[group]
        words = [word for word in FORBIDDEN if len(word) == len(letters) and _spells(letters, word)]
        size = size // prod(map(len, letters)) * (prod(map(len, letters)) - len(words))
    return size


def _spells(letters: tuple[bytes, ...], word: bytes) -> bool:
    return all(letter in some for letter, some in zip(word, letters, strict=True))


def _allowed(code: int, place: int) -> bytes:
    base = b"".join(_HARMLESS[kind] for kind in SIDECODES[code].replace("-", ""))
    texts = {char: base[:place] + bytes([char]) + base[place + 1 :] for char in ALPHABET}
    return bytes(char for char, text in texts.items() if sidecode(text) == code)


def _groups(code: int) -> list[slice]:
    """Where the groups of letters lie."""
    found, start = [], 0
    for group in SIDECODES[code].split("-"):
        if group[0] == "X":
            found.append(slice(start, start + len(group)))
        start += len(group)
    return found
