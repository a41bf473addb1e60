"""SBI codes, reduced to the section of the standard industrial classification of 2008 as they are read."""

import re
from itertools import chain

from edge.categories import Trade

# First and last division (the first two digits of a code) of each section. Source: CBS, SBI 2008.
_DIVISIONS = {
    "A": (1, 3),
    "B": (5, 9),
    "C": (10, 33),
    "D": (35, 35),
    "E": (36, 39),
    "F": (41, 43),
    "G": (45, 47),
    "H": (49, 53),
    "I": (55, 56),
    "J": (58, 63),
    "K": (64, 66),
    "L": (68, 68),
    "M": (69, 75),
    "N": (77, 82),
    "O": (84, 84),
    "P": (85, 85),
    "Q": (86, 88),
    "R": (90, 93),
    "S": (94, 96),
    "T": (97, 98),
    "U": (99, 99),
}
_SECTIONS = dict(
    chain.from_iterable(
        ((f"{number:02}", Trade(letter)) for number in range(first, last + 1))
        for letter, (first, last) in _DIVISIONS.items()
    )
)
_PRIVATE = ("", "particulier", "private")
# Two digits first: a spreadsheet that drops the zero of 01.11 would make agriculture a factory.
_CODE = re.compile(r"(\d\d)(\.?\d){0,4}", re.ASCII)


def section(text: str) -> Trade | None:
    """Return the section of a code such as 56.10.1, 5610, 56 or I; private where empty; None if it is no code."""
    value = text.strip()
    if value.lower() in _PRIVATE:
        return Trade.PRIVATE
    if value.upper() in _DIVISIONS:
        return Trade(value.upper())
    found = _CODE.fullmatch(value)
    return _SECTIONS.get(found[1]) if found else None
