"""What vision remembers of vehicles during one local day: which are the same, and when each was counted last."""

from collections.abc import Container
from datetime import date

import structlog

from edge.categories import Direction
from edge.counting.tags import TagBook, TagKey, overwrite_digest

log = structlog.get_logger()


class Day:
    """One local day with its tag key, the ``number``-th of that day; ``gap`` is the repeat gap in seconds.

    The key changes at midnight, so a vehicle on both sides of it is two.
    """

    def __init__(self, day: date, number: int, key: TagKey, gap: float) -> None:
        self.date = day
        self.number = number
        self._key = key
        self._gap = gap
        self._book = TagBook()
        self._counted: dict[int, float] = {}
        self._passed: dict[Direction, set[int]] = {direction: set() for direction in Direction}

    def vehicle(self, plate: bytearray) -> int | None:
        """Return the number of the vehicle with this plate; None where too many are known already."""
        tag = self._key.tag(plate)
        try:
            return self._book.number(tag)
        finally:
            overwrite_digest(tag)

    def dice(self, vehicle: int) -> int:
        """Return what is drawn for a vehicle: 64 random bits, the same all day."""
        return self._book.dice(vehicle)

    def repeats(self, vehicle: int, time: float) -> bool:
        """Tell whether a passage at ``time`` repeats one that counted; if not, it counts."""
        last = self._counted.get(vehicle)
        # Passages come in the order in which tracks end, so one may be older than the last that counted.
        if last is not None and abs(time - last) < self._gap:
            return True
        self._counted[vehicle] = time if last is None else max(time, last)
        return False

    def is_new(self, vehicle: int, direction: Direction) -> bool:
        """Tell whether a vehicle passes in this direction for the first time on this day; from now on it has."""
        new = vehicle not in self._passed[direction]
        self._passed[direction].add(vehicle)
        return new

    def forget(self, now: float, kept: Container[int]) -> None:
        """Forget the vehicles whose gap is over, but for those ``kept`` by open windows."""
        gone = [one for one, last in self._counted.items() if now - last >= self._gap and one not in kept]
        for vehicle in gone:
            del self._counted[vehicle]
            self._book.forget(vehicle)
        for passed in self._passed.values():
            passed.difference_update(gone)

    def wipe(self) -> None:
        """Overwrite key and tags: from here on nobody can tell which vehicles these were."""
        self._key.wipe()
        self._book.wipe()
        self._counted.clear()
        for passed in self._passed.values():
            passed.clear()
        log.info("tag_key_destroyed", day=self.date.isoformat())
