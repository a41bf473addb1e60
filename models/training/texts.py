"""Random plate texts: the fourteen Dutch sidecodes, and what foreign plates look like."""

from itertools import pairwise
from typing import Final

import numpy as np

SIDECODES: Final = (
    "XX-99-99",
    "99-99-XX",
    "99-XX-99",
    "XX-99-XX",
    "XX-XX-99",
    "99-XX-XX",
    "99-XXX-9",
    "9-XXX-99",
    "XX-999-X",
    "X-999-XX",
    "XXX-99-X",
    "X-99-XXX",
    "9-XX-999",
    "999-XX-9",
)
"""Dutch sidecodes 1 to 14 in order; X is a letter, 9 a digit (reference: RDW)."""
_DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIMILAR: Final = "ABDGHIJKMMMNOQSUVWWYZ"  # Those that are taken for others, or have thin parts.
_COMMON: Final = "BDFGHJKLNPRSTVXZ"  # On Dutch plates since sidecode 4: no vowels, no C and Q.

FOREIGN_PATTERNS: Final = (
    "XX 999 XX",  # Slovakia, France, Italy, Spain's islands, Denmark's long form
    "XX999XX",
    "9X9 9999",  # Czechia
    "9XX 9999",
    "XXX 99 99",  # Czechia and Slovakia before
    "XXX-999",  # Hungary, Lithuania, Sweden, Finland
    "XX XX 999",  # Hungary since 2022
    "X XX 9999",  # Germany
    "XX XX 999",
    "XX X 99",
    "XXX XX 99",
    "XX 99999",  # Poland
    "XXX 9999",
    "XX 9999X",
    "XX 9999 XX",  # Ukraine, Bulgaria
    "X 9999 XX",
    "9-XXX-999",  # Belgium
    "XX 99 XXX",  # Romania, United Kingdom
    "X 999 XXX",
    "XX99 XXX",
    "XX-999-XX",  # Croatia, Serbia, Slovenia
    "XX-9999-X",
    "XX X9-999",
    "9999 XXX",  # Spain
    "99-XX-99",  # Portugal
    "999999",
    "99 99 99",
    "XX 99 999",  # Norway, Denmark
    "XX 99999",
    "X 99999",
    "999 XXX 99",  # Kazakhstan
    "X999XX 99",  # Russia
    "X99 9XXX",
    "XX 9999",
)


def random_char(mark: str, rng: np.random.Generator, letters: str = _LETTERS) -> str:
    """A random letter for X, a random digit for 9, otherwise `mark` itself."""
    if mark == "X":
        return str(rng.choice(list(letters)))
    return str(rng.choice(list(_DIGITS))) if mark == "9" else mark


def random_dutch(rng: np.random.Generator) -> str:
    """Six characters of any sidecode; every fourth has letters that are rare on Dutch plates."""
    letters = _LETTERS if rng.random() < 0.25 else _COMMON
    pattern = SIDECODES[rng.integers(len(SIDECODES))].replace("-", "")
    return "".join(random_char(mark, rng, letters) for mark in pattern)


def random_foreign(rng: np.random.Generator) -> tuple[str, tuple[int, ...]]:
    """Four to nine characters and the lengths of their groups; a third is a free pattern of no country."""
    pattern = str(rng.choice(FOREIGN_PATTERNS)) if rng.random() < 0.7 else _free_pattern(rng)
    parts = pattern.replace("-", " ").split()
    letters = _SIMILAR if rng.random() < 0.3 else _LETTERS
    text = "".join(random_char(mark, rng, letters) for mark in "".join(parts))
    return text, tuple(len(part) for part in parts)


def _free_pattern(rng: np.random.Generator) -> str:
    """One to three groups, three to nine characters in all."""
    marks = "".join(rng.choice(["X", "9"], size=rng.integers(3, 10)))
    cuts = sorted(rng.choice(np.arange(1, len(marks)), size=rng.integers(0, 3), replace=False).tolist())
    return " ".join(marks[a:b] for a, b in pairwise([0, *cuts, len(marks)]))


def dutch_groups(text: str) -> tuple[int, ...] | None:
    """Lengths of the groups between the dashes, or None where `text` is of no sidecode."""
    shape = "".join("9" if char.isdigit() else "X" for char in text)
    for sidecode in SIDECODES:
        if sidecode.replace("-", "") == shape:
            return tuple(len(part) for part in sidecode.split("-"))
    return None
