"""Made-up number plates: sidecode 12 (X-99-XXX), which is not issued, and foreign ones of a form no country uses."""

from typing import Final

import numpy as np

LETTERS: Final = "BDFGHJKLNPRSTVXZ"
CAR_LETTERS: Final = "GHJKLNPRSTXZ"
"""First letters of passenger cars; V are vans, B heavy vehicles, M motorcycles, W trailers."""
FORBIDDEN: Final = frozenset({"GVD", "KKK", "NSB", "PKK", "PSV", "TBS", "PVV", "SGP", "VVD", "KVT", "LPF"})
FORBIDDEN_PAIRS: Final = ("SS", "SD")
FOREIGN_LETTERS: Final = "DFGJLNRSUVWZ"
"""The countries that write XX 9999 XX use none of these letters, so no such plate exists."""


def _letters(rng: np.random.Generator, choice: str, count: int) -> str:
    return "".join(rng.choice(list(choice), count))


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(rng.choice(list("0123456789"), count))


def _allowed(word: str) -> bool:
    return word not in FORBIDDEN and not any(pair in word for pair in FORBIDDEN_PAIRS)


class NumberOffice:
    """Hands out plates, none twice; letters and digits without dashes."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def dutch(self, first: str) -> str:
        """A plate X-99-XXX that begins with one of the letters ``first``."""
        while True:
            head, number, tail = _letters(self._rng, first, 1), _digits(self._rng, 2), _letters(self._rng, LETTERS, 3)
            if _allowed(tail) and self._new(head + number + tail):
                return head + number + tail

    def foreign(self) -> str:
        """A plate XX 9999 XX, which is of no Dutch sidecode."""
        while True:
            plate = (
                _letters(self._rng, FOREIGN_LETTERS, 2)
                + _digits(self._rng, 4)
                + _letters(self._rng, FOREIGN_LETTERS, 2)
            )
            if self._new(plate):
                return plate

    def _new(self, plate: str) -> bool:
        fresh = plate not in self._given
        self._given.add(plate)
        return fresh
