"""How quick look-ups in a pack are on this machine; nothing about any vehicle."""

import random
import statistics
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

# Forms of most plates on the street, with letters that are issued: some exist, some don't.
_LETTERS = b"BDFGHJKLNPRSTVXZ"
_FORMS = (b"99XXX9", b"9XXX99", b"XX999X", b"X999XX", b"99XXXX")
_MICRO = 1e-3  # From nanoseconds.


class Stats(NamedTuple):
    """How many look-ups, the share of them that found a vehicle, and their times in microseconds."""

    lookups: int
    found: float
    p50_us: float
    p99_us: float


def measure(lookup: Callable[[bytes], object | None], plates: Iterable[bytes]) -> Stats:
    """Look plates up one by one, at least two of them, and forget them."""
    times, found = array("q"), 0
    for plate in plates:
        begun = time.perf_counter_ns()
        known = lookup(plate)
        times.append(time.perf_counter_ns() - begun)
        found += known is not None
    cuts = statistics.quantiles(times, n=100)
    return Stats(len(times), found / len(times), cuts[49] * _MICRO, cuts[98] * _MICRO)


def random_plates(count: int, rng: random.Random) -> Iterator[bytes]:
    """Yield plates as they might pass."""
    for _ in range(count):
        yield bytes(
            rng.choice(_LETTERS) if kind == ord("X") else rng.choice(b"0123456789") for kind in rng.choice(_FORMS)
        )
