"""Who has which plates: the real spread of vehicles over sidecodes and first letters, and plates drawn after it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigError
from hil.register import days
from hil.register.bodies import Kind
from hil.register.forms import Form, codes_of, form, lawful

CARS = b"GHJKLNPRSTXZ"


@dataclass(frozen=True, slots=True)
class Series:
    """The plates with some first letters, and per kind of vehicle the thousands that have one, by sidecode.

    Letters that count for one sidecode only stand in ``narrow``; None is any letter.
    """

    letters: bytes | None
    thousands: dict[Kind, dict[int, float]]
    narrow: dict[int, bytes]

    def form(self, code: int) -> Form:
        """The plates of one sidecode."""
        return form(code, self.narrow.get(code, self.letters))


# Totals: RDW and CBS, rounded: 9.3 million passenger cars, 1.1 vans, 0.09 trucks, 0.08 tractor units, 0.01 buses, 0.75
# motorcycles, 1.2 mopeds, 16.6 in all. The spread over sidecodes, and the shares of trailers (2.95), semi-trailers
# (0.28), agricultural vehicles (0.75, numbered from 2021 on as LXX-99-X and TXX-99-X) and three-wheelers (0.09) are
# assumptions. First letters: BWBR0009071 art. 1.
SERIES = (
    Series(
        None,
        {Kind.CAR: {1: 20, 2: 25, 3: 45}, Kind.MOTORCYCLE: {1: 8, 2: 6, 3: 16}},
        {},
    ),
    Series(
        CARS,
        {
            Kind.CAR: {4: 90, 5: 180, 6: 1560, 7: 1600, 8: 1050, 9: 1750, 10: 2380, 11: 600},
            Kind.THREE_WHEELER: {6: 30, 7: 20, 8: 10, 9: 10, 10: 15, 11: 5},
        },
        {8: b"KSTXZ", 11: b"GHJ"},
    ),
    Series(b"V", {Kind.VAN: {4: 25, 5: 75, 6: 190, 7: 190, 8: 130, 9: 190, 10: 230, 11: 70}}, {}),
    Series(
        b"B",
        {
            Kind.TRUCK: {4: 4, 5: 8, 6: 16, 7: 14, 8: 8, 9: 14, 10: 20, 11: 6},
            Kind.TRACTOR_UNIT: {5: 2, 6: 8, 7: 10, 8: 10, 9: 18, 10: 25, 11: 7},
            Kind.BUS: {5: 0.4, 6: 2, 7: 2, 8: 1.2, 9: 1.8, 10: 2, 11: 0.6},
        },
        {},
    ),
    Series(b"M", {Kind.MOTORCYCLE: {4: 170, 5: 120, 6: 150, 7: 80, 8: 40, 9: 60, 10: 80, 11: 20}}, {}),
    Series(b"DF", {Kind.MOPED: {5: 60, 6: 490, 7: 240, 8: 130, 9: 110, 10: 130, 11: 40}}, {}),
    Series(b"W", {Kind.TRAILER: {4: 480, 5: 450, 6: 560, 7: 270, 8: 250, 9: 280, 10: 270, 11: 260, 13: 130}}, {}),
    Series(b"O", {Kind.SEMI_TRAILER: {4: 150, 5: 50, 9: 40, 10: 30, 11: 10}}, {}),
    Series(b"LT", {Kind.AGRICULTURAL: {11: 690, 13: 60}}, {}),
)
MOST = 18_000_000
"""Vehicles; with more some series would be full."""

_YEARS = {
    1: (1951, 1965), 2: (1965, 1973), 3: (1973, 1978), 4: (1978, 1991), 5: (1991, 1999), 6: (1999, 2008),
    7: (2008, 2013), 8: (2013, 2015), 9: (2015, 2019), 10: (2019, 2024), 13: (2016, 2023),
}  # fmt: skip
"""From which year to which plates are given out; those of 13 are an assumption. Number 11 is still going."""
NEWEST, _BEFORE = 11, 10
_NEWEST_FROM = days.number(2024)
ISSUED = 0.8
"""The share of the newest sidecode that is given out by now: an assumption."""
_FEW = 50


@dataclass(frozen=True, slots=True)
class Issue:
    """Vehicles that get plates of one form, and which share of it has been given out before."""

    form: Form
    kinds: NDArray[np.uint8]
    """(n,)"""


def issues(rows: int, rng: np.random.Generator) -> Iterator[Issue]:
    """Spread ``rows`` vehicles over all series as in reality, by chance."""
    cells = [
        (series.form(code), kind, weight)
        for series in SERIES
        for kind, weights in series.thousands.items()
        for code, weight in weights.items()
    ]
    weights = np.array([weight for _, _, weight in cells])
    counts = rng.multinomial(rows, weights / weights.sum())
    for each in dict.fromkeys(cell[0] for cell in cells):
        members = [(kind, n) for (own, kind, _), n in zip(cells, counts, strict=True) if own == each]
        kinds, sizes = zip(*members, strict=True)
        yield Issue(each, np.repeat(np.array(kinds, np.uint8), sizes))


def draw(issue: Issue, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return plates (n, 6), in no order, and the day on which each was issued.

    Raises:
        ConfigError: there are not so many.
    """
    size = int(issue.form.size * (ISSUED if issue.form.code == NEWEST else 1.0))
    ranks, plates = _choose(issue.form, 0, size, len(issue.kinds), rng)
    start, end = issued(issue.form.code)
    return plates, (start + ranks * ((end - start) / size)).astype(np.int32)


def issued(code: int) -> tuple[int, int]:
    """Return the first day and the last on which plates of a sidecode were issued."""
    if code == NEWEST:
        return _NEWEST_FROM, days.TODAY
    return days.number(_YEARS[code][0]), days.number(_YEARS[code][1])


def newcomers(
    count: int, taken: NDArray[np.uint8], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield kinds (n,) and plates (n, 6) of ``count`` vehicles whose plates come after all that are ``taken``.

    Raises:
        ConfigError: there are not so many left.
    """
    shares = [{kind: codes[_BEFORE] for kind, codes in each.thousands.items() if _BEFORE in codes} for each in SERIES]
    sums = np.array([sum(share.values()) for share in shares])
    newest = taken[codes_of(taken) == NEWEST]
    for each, share, n in zip(SERIES, shares, rng.multinomial(count, sums / sums.sum()), strict=True):
        if n:
            kinds = rng.choice(
                np.array(list(share), np.uint8), n, p=np.array(list(share.values())) / sum(share.values())
            )
            yield kinds, _next(each.form(NEWEST), int(n), newest, rng)


def _next(newest: Form, count: int, taken: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    start = max(int(newest.size * ISSUED), int(newest.ranks(taken).max(initial=0)) + 1)
    # A third of the numbers goes to vehicles that are not seen here, or not yet.
    end = min(newest.size, start + count * 3 // 2 + 200)
    return _choose(newest, start, end, count, rng)[1]


def _choose(
    each: Form, start: int, end: int, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Draw different lawful plates with ranks from ``start`` to before ``end``; each subset is equally likely."""
    ranks = _some(end - start, 1.05 * count + 100, rng) + np.uint32(start)
    plates = each.plates(ranks)
    good = np.flatnonzero(lawful(each.code, plates))
    if len(good) < count:
        raise ConfigError(f"series of sidecode {each.code} is full: {count:,} plates asked for, {len(good):,} left")
    kept = rng.permutation(good)[:count]
    return ranks[kept], plates[kept]


def _some(size: int, wanted: float, rng: np.random.Generator) -> NDArray[np.uint32]:
    """Draw about ``wanted`` different numbers below ``size``: one by one where they are few, else all at once."""
    if wanted * _FEW < size:
        return rng.choice(size, int(wanted), replace=False).astype(np.uint32)
    return np.flatnonzero(rng.random(size, np.float32) < wanted / max(size, 1)).astype(np.uint32)
