"""Counts passages into windows."""

from collections.abc import Callable
from datetime import date

import structlog

from edge.categories import Attributes, PlateKind, VisionAct, VisionEvent, WindowCounts
from edge.counting.day import Day
from edge.counting.draw import DICE_BYTES, Draw
from edge.counting.part import Part, key_of
from edge.counting.tags import TagKey
from edge.plates.passage import Passage
from edge.policy import Policy
from edge.randomness import Fill, fill_randomly
from edge.release_rules import Period
from edge.windows import Window, day_number, local_day, window_of

log = structlog.get_logger()

UNOBSERVED_SECONDS = 5.0  # A live camera that is silent for longer was not observing.
# Windows without a frame are opened, empty, up to a day back; a clock that jumps further does not fill years.
LONGEST_SILENCE = 86_400


class Counter:
    """The counters of the open windows of one camera, in memory.

    It has no clock: the time of frames moves it, which for live sources is that of the synchronised system clock.
    """

    def __init__(
        self,
        policy: Policy,
        next_key: Callable[[date], int],
        *,
        live: bool,
        fill: Fill = fill_randomly,
        tell: Callable[[VisionEvent], None] = lambda _: None,
    ) -> None:
        """Begin a new part of whatever window is open.

        ``next_key`` gives the number that the next tag key of a local day bears, from 0. ``live`` sources observe
        nothing in silences of over five seconds; a file observes everything between its frames, which may skip an
        empty street. ``tell`` hears of tag keys, made and destroyed.
        """
        self._policy = policy
        self._draw = Draw(policy.file.release.tables)
        self._next_key = next_key
        self._live = live
        self._fill, self._tell = fill, tell
        self._newest: Window | None = None
        self._seen: float | None = None
        self._parts: dict[int, Part] = {}
        self._days = dict[date, Day]()

    def observe(self, time: float) -> None:
        """Note that a frame was taken at ``time`` (Unix seconds); opens its window."""
        self.advance(time)
        if self._seen is None or time > self._seen:
            self._observe(self._seen, time)
            self._seen = time

    def advance(self, now: float) -> None:
        """Open the windows that have begun, with or without frames: an empty window is reported too."""
        window = window_of(now)
        if self._newest is None or window.start - self._newest.start > LONGEST_SILENCE:
            self._open(window)
        while self._newest is not None and self._newest.start < window.start:
            self._open(self._newest.next)

    def count(self, passage: Passage, vehicle_class: Attributes) -> None:
        """Count one passage, unless the same vehicle counted within the repeat gap.

        Raises:
            RuntimeError: no frame of its window was observed.
        """
        part = self._part_of(passage.time)
        if part is None:
            return
        vehicle = None if passage.kind is PlateKind.UNREADABLE else part.day.vehicle(passage.plate)
        if vehicle is None:
            table = self._draw.table(self._dice())
            part.add(key_of(passage.direction, PlateKind.UNREADABLE, vehicle_class, table))
        elif not part.day.repeats(vehicle, passage.time):
            table = self._draw.table(part.day.dice(vehicle))
            part.add_vehicle(key_of(passage.direction, passage.kind, vehicle_class, table), vehicle)

    def snapshot(self) -> list[WindowCounts]:
        """Write the open windows down as they stand, oldest first."""
        return [self._counts(self._parts[start], final=False) for start in sorted(self._parts)]

    def close(self, now: float) -> list[WindowCounts]:
        """Close the windows that are over at ``now``, oldest first; none of them opens again."""
        over = [start for start in sorted(self._parts) if self._parts[start].window.over(now)]
        return self._close(over, now)

    def finish(self) -> list[WindowCounts]:
        """Close all windows at the end of a file."""
        return self._close(sorted(self._parts), self._seen or 0.0)

    def wipe(self) -> None:
        """Forget everything and destroy the tag keys; what was not written down is lost."""
        self._parts.clear()
        self._tidy_days(0.0)

    def _open(self, window: Window) -> None:
        self._newest = window
        day = local_day(window.start)
        if not self._policy.admits(day):
            log.warning("window_not_counted", window=str(window), reason="outside the policy's term")
            return
        if day not in self._days:
            file = self._policy.file
            key = TagKey(file.policy.id, self._fill)
            self._days[day] = Day(day, self._next_key(day), key, file.what.repeat_gap_minutes * 60)
            self._tell(VisionEvent(VisionAct.TAG_KEY_MADE, day_number(day)))
        self._parts[window.start] = Part(window, self._days[day])

    def _dice(self) -> int:
        """Draw 64 bits for a vehicle that can't be told from others."""
        dice = bytearray(DICE_BYTES)
        self._fill(dice)
        return int.from_bytes(dice)

    def _observe(self, since: float | None, time: float) -> None:
        if since is not None and (not self._live or time - since <= UNOBSERVED_SECONDS):
            for part in self._parts.values():
                part.observe(since, time)

    def _part_of(self, time: float) -> Part | None:
        """Find the part that a passage counts in; None where the policy lets nothing be counted."""
        start = window_of(time).start
        if self._newest is None or start > self._newest.start:
            raise RuntimeError("a passage of a window that no frame has opened")
        # A closed window is released and never opens again. A passage that comes too late for it counts in the
        # oldest open one: it happened moments before, and totals over the day stay right.
        if self._parts and start < min(self._parts):
            start = min(self._parts)
        return self._parts.get(start)

    def _close(self, starts: list[int], now: float) -> list[WindowCounts]:
        closed = [self._parts.pop(start) for start in starts]
        for part in closed:
            log.info("window_closed", window=str(part.window), part=part.day.number)
        if closed:
            self._tidy_days(now)
        return [self._counts(part, final=True) for part in closed]

    def _counts(self, part: Part, *, final: bool) -> WindowCounts:
        return part.counts(self._policy.file.policy.serial, final=final)

    def _tidy_days(self, now: float) -> None:
        """Destroy the keys of days without an open window; in the others forget vehicles that no rule asks for."""
        for day in list(self._days.values()):
            kept = [part.vehicles for part in self._parts.values() if part.day is day]
            if not kept:
                day.wipe()
                del self._days[day.date]
                self._tell(VisionEvent(VisionAct.TAG_KEY_DESTROYED, day_number(day.date)))
            elif not self._counts_days:
                day.forget(now, set().union(*kept))

    @property
    def _counts_days(self) -> bool:
        """Tell whether it matters which vehicles of a day are different.

        A rung may ask; and with differential privacy a vehicle is fresh once a day, whatever the rungs.
        """
        release = self._policy.file.release
        return release.dp is not None or any(table.has(Period.DAY) for table in release.tables)
