"""Which windows are open, and that each is released once."""

from collections import defaultdict
from collections.abc import Callable

import structlog

from edge.categories import WindowCounts
from edge.gate.release import release
from edge.gate.reports import Reports
from edge.policy import Policy
from edge.uplink.contract import Cell, Stream
from edge.uplink.outbox import Outbox
from edge.windows import Window, local_day, window_of

log = structlog.get_logger()

# Vision has one window open, or two for some seconds. This bounds the memory that a broken one can take.
MOST_OPEN = 30


class Ledger:
    """Keeps the parts of open windows in memory; what is closed stands in the outbox, which no restart forgets.

    ``released`` is told the cells of each report, once it is on the disk.
    """

    def __init__(
        self, policy: Policy, reports: Reports, outbox: Outbox, released: Callable[[tuple[Cell, ...]], None]
    ) -> None:
        self._policy, self._reports, self._outbox, self._released = policy, reports, outbox, released
        self._open: defaultdict[Window, dict[int, WindowCounts]] = defaultdict(dict)

    def take(self, counts: WindowCounts) -> bool:
        """Take one part of a window; the final one closes the window, and its report is on the disk on return.

        Returns False where it is refused for good.

        Raises:
            OutboxError: the report can't be stored now; the same message may be repeated.
        """
        window = Window(counts.start, counts.end)
        if objection := self._objection(window, counts.policy):
            log.warning("window_refused", window=str(window), part=counts.part, reason=objection)
            return False
        self._open[window][counts.part] = counts
        return self._close(window) if counts.final else True

    def _objection(self, window: Window, serial: int) -> str | None:
        """Say why a window may not be opened or added to, if so."""
        if serial != self._policy.file.policy.serial:
            return f"counted under policy serial {serial}, not {self._policy.file.policy.serial}"
        if window != window_of(window.start):
            return "is no clock hour"
        if not self._policy.admits(local_day(window.start)):
            return "outside the policy's term"
        highest = self._outbox.highest_window(Stream.HOUR)
        if highest is not None and window.end <= highest:
            return "it, or a later one, is closed"
        if window not in self._open and len(self._open) >= MOST_OPEN:
            return f"{MOST_OPEN} windows are open"
        return None

    def _close(self, window: Window) -> bool:
        """Release once: a crash before the commit leaves the window open, one after it closed."""
        file = self._policy.file
        parts = [self._open[window][number] for number in sorted(self._open[window])]
        cells = release(parts, file.release, file.what.measure)
        stored = self._outbox.append(
            Stream.HOUR, window.end, lambda sequence: self._reports.hour(sequence, window, parts, cells)
        )
        if stored:
            self._released(cells)
            log.info("window_released", window=str(window), k=file.release.k, cells=len(cells))
        # What is not later than this window can't be released any more.
        for closed in [one for one in self._open if one <= window]:
            del self._open[closed]
        return stored
