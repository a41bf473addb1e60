"""Which bins are open, and that each is released once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import chain

import structlog

from edge.categories import WindowCounts
from edge.gate.budget import Bin
from edge.gate.carry import Carry, Hour, Rest
from edge.gate.modes import Mode
from edge.gate.release import Outcome
from edge.gate.reports import ALL, Reports, Seen
from edge.gate.sights import Sight
from edge.policy import Policy
from edge.release_rules import Period
from edge.uplink.contract import Cell, Stream
from edge.uplink.outbox import Outbox
from edge.windows import WINDOW_SECONDS, Window, day_window, local_day, window_of

log = structlog.get_logger()

# Vision has one window open, or two for some seconds, each in as many parts as it was restarted. These bound the memory
# that a broken one can take.
MOST_OPEN = 30
MOST_PARTS = 100
# A day that nobody goes on counting in is closed so long after its end.
DAY_SECONDS = 300


class Ledger:
    """Keeps the parts of open windows in memory; what is closed stands in the outbox, which no restart forgets.

    ``mode`` chooses what leaves; ``released`` is told the cells of each hour, once they are on the disk.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (the parts of a process)
        self,
        policy: Policy,
        reports: Reports,
        outbox: Outbox,
        carry: Carry,
        mode: Mode,
        released: Callable[[tuple[Cell, ...]], None],
    ) -> None:
        self._policy, self._reports, self._released = policy, reports, released
        self._outbox, self._carry, self._mode = outbox, carry, mode
        self._tables = policy.file.release.tables
        self._open: defaultdict[Window, dict[int, WindowCounts]] = defaultdict(dict)

    def take(self, counts: WindowCounts) -> bool:
        """Take one part of a window; the final one closes the window, and its reports are on the disk on return.

        Returns False where it is refused for good.

        Raises:
            OutboxError: the reports can't be stored now; the same message may be repeated.
        """
        window = Window(counts.start, counts.end)
        if objection := self._objection(window, counts):
            log.warning("window_refused", window=str(window), part=counts.part, reason=objection)
            return False
        self._open[window][counts.part] = counts
        return self._close(window) if counts.final else True

    def close_days(self, now: float) -> None:
        """Close the days that are over at ``now``, Unix seconds, or after which an hour was released.

        Raises:
            OutboxError: the reports can't be stored now; the day stays open.
        """
        for day in self._carry.days():
            end, highest = day_window(day).end, self._outbox.highest_window(Stream.HOUR)
            if end + DAY_SECONDS <= now or (highest is not None and end <= highest):
                self._close_day(day)

    def _objection(self, window: Window, counts: WindowCounts) -> str | None:
        """Say why a window may not be opened or added to, if so."""
        serial = self._policy.file.policy.serial
        if counts.policy != serial:
            return f"counted under policy serial {counts.policy}, not {serial}"
        if window != window_of(window.start):
            return "is no clock hour"
        if not self._policy.admits(local_day(window.start)):
            return "outside the policy's term"
        highest = self._outbox.highest_window(Stream.HOUR)
        if highest is not None and window.end <= highest:
            return "it, or a later one, is closed"
        return self._too_much(window, counts)

    def _too_much(self, window: Window, counts: WindowCounts) -> str | None:
        """Say which bound a broken vision breaks, if so."""
        parts = self._open.get(window, {})
        if not parts and len(self._open) >= MOST_OPEN:
            return f"{MOST_OPEN} windows are open"
        if counts.part not in parts and len(parts) >= MOST_PARTS:
            return f"it has {MOST_PARTS} parts"
        if any(cell.key.table >= len(self._tables) for cell in counts.cells):
            return f"the policy has {len(self._tables)} tables"
        return None

    def _close(self, window: Window) -> bool:
        """Release once: a crash before the commit leaves the window open, one after it closed.

        What is left is kept before the commit: without it the day would know less than its hours have said.
        """
        parts = [self._open[window][number] for number in sorted(self._open[window])]
        seen = Seen(window, min(ALL, sum(part.observed for part in parts)), whole=len(parts) == 1)
        stump = self._is_stump(seen.observed * WINDOW_SECONDS / ALL)
        bin_ = Bin(Stream.HOUR, window, keys=1 + parts[-1].part, stump=stump)
        outcomes = [
            self._mode.release(bin_, _sights(parts, table), self._tables[table]) for table in range(len(self._tables))
        ]
        self._keep(seen, outcomes)
        cells = [outcome.cells for outcome in outcomes]
        stored = self._store(bin_, seen, cells)
        if stored:
            self._released(tuple(chain.from_iterable(cells)))
        # What is not later than this window can't be released any more.
        for closed in [one for one in self._open if one <= window]:
            del self._open[closed]
        return stored

    def _is_stump(self, seconds: float) -> bool:
        """Tell whether the camera saw so little of a bin that it is, in fact, a shorter one."""
        return seconds < self._policy.file.release.minimum_window_minutes * 60

    def _keep(self, seen: Seen, outcomes: Sequence[Outcome]) -> None:
        """Keep what is left for the day, unless no day asks for it."""
        window, highest = seen.window, self._outbox.highest_window(Stream.DAY)
        day_is_open = highest is None or highest < day_window(local_day(window.start)).end
        if day_is_open and any(table.has(Period.DAY) for table in self._tables):
            rests = tuple(map(_rest, outcomes))
            whole = seen.whole and seen.observed == ALL
            self._carry.keep(
                Hour(self._policy.digest, window.start, window.end, seen.observed, partial=not whole, tables=rests)
            )

    def _close_day(self, day: date) -> None:
        """Release once, as an hour is; what is left then is withheld for good."""
        kept, window = self._carry.hours(day), day_window(day)
        if not self._is_closed(window):  # By a gate that was killed before it forgot.
            self._release_day(window, kept)
        self._carry.forget(kept)

    def _is_closed(self, day: Window) -> bool:
        highest = self._outbox.highest_window(Stream.DAY)
        return highest is not None and day.end <= highest

    def _release_day(self, window: Window, kept: Sequence[Hour]) -> None:
        highest = self._outbox.highest_window(Stream.HOUR) or 0
        # An hour whose report never came to the disk was kept by a gate that died in between.
        hours = [hour for hour in kept if hour.end <= highest]
        stump = self._is_stump(sum(hour.observed * WINDOW_SECONDS / ALL for hour in hours))
        bin_ = Bin(Stream.DAY, window, keys=0, stump=stump)
        cells = [self._day(bin_, hours, table) for table in range(len(self._tables))]
        self._store(bin_, _seen(window, hours), cells)

    def _day(self, bin_: Bin, hours: Sequence[Hour], table: int) -> tuple[Cell, ...]:
        sights = [sight for hour in hours for sight in hour.sights(table)]
        published = [hour.tables[table].bin() for hour in hours if hour.observed]
        return self._mode.release(bin_, sights, self._tables[table], published).cells

    def _store(self, bin_: Bin, seen: Seen, cells: Sequence[tuple[Cell, ...]]) -> bool:
        """Store the reports of one bin, one for each table that has rungs of its length."""
        made = [
            self._reports.counts(bin_.stream, seen, table, of)
            for table, of in zip(self._tables, cells, strict=True)
            if table.has(Period(bin_.stream))
        ]
        stored = self._outbox.append(bin_.stream, bin_.window.end, made)
        self._mode.close(bin_)
        if stored:
            k, number = self._policy.file.release.k, sum(map(len, cells))
            log.info("window_released", window=str(bin_.window), stream=bin_.stream, k=k, cells=number)
        return stored


def _sights(parts: Iterable[WindowCounts], table: int) -> list[Sight]:
    """Return what an hour's parts say of one table."""
    return [Sight(part.start, part.part, cell) for part in parts for cell in part.cells if cell.key.table == table]


def _rest(outcome: Outcome) -> Rest:
    published = [(rung, values) for rung, cells in outcome.published.items() for values in sorted(cells)]
    return Rest(tuple(published), tuple((sight.part, sight.cell) for sight in outcome.left))


def _seen(window: Window, hours: Sequence[Hour]) -> Seen:
    seconds = sum(hour.observed * WINDOW_SECONDS / ALL for hour in hours)
    share = seconds / (window.end - window.start)
    whole = not any(hour.partial for hour in hours) and seconds == window.end - window.start
    return Seen(window, round(share * 20) * 5, whole=whole)
