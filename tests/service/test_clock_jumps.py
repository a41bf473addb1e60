"""The clock jumps by an hour, a day or half a year, forth and back: vision's counter and the gate's desk."""

from collections import Counter as Tally
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import WindowCounts
from edge.counting.counter import Counter
from edge.uplink.contract import CountReport, Stream
from tests.counting.passages import drive_past
from tests.counts import DELIVERING, HOUR, policy
from tests.gate.desks import desk, outbox, released
from tests.policies import rung, table

QUARTER_S, HOUR_S, DAY_S = 960, 3_600, 86_400
K = 2
LADDER = table(rung("direction", "vehicle_type"), rung("direction", "vehicle_type", period="day"))
JUMPS = (HOUR_S, DAY_S, -HOUR_S, -DAY_S, 190 * DAY_S, -190 * DAY_S)


class Street:
    """Vision's counter and the gate's desk under one clock, with vehicles that pass."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now, self.passed = folder, float(HOUR.start), 0
        self._days: Tally[date] = Tally()
        self._store = outbox(folder)
        rules: dict[str, Any] = {"tables": [LADDER], "bench": True, "k": K}
        self._desk = desk(folder, self._store, lambda: self.now, **rules)
        self._counter = Counter(policy(folder, **rules), self._number, live=True)
        self._desk.take(DELIVERING)

    def _number(self, day: date) -> int:
        self._days[day] += 1
        return self._days[day] - 1

    def go_on(self, seconds: int, vehicles: int = 0) -> None:
        """Let the clock jump; then the camera delivers for 16 minutes, in which so many new vehicles pass."""
        self.now += seconds
        for at in range(0, QUARTER_S, 5):
            self.now += 5
            self._counter.observe(self.now)
            if at < vehicles * 5:
                self.passed += 1
                drive_past(self._counter, self.now, self.passed)
            self.hand_over(self._counter.close(self.now))

    def hand_over(self, closed: Sequence[WindowCounts]) -> None:
        """Give the desk what is closed, and let it do what is due by the clock."""
        for one in closed:
            self._desk.take(one)
        self._desk.tick()

    def end(self) -> dict[Stream, list[CountReport]]:
        """Wait for three days, as the clock now goes; return what was released."""
        for _ in range(60):
            self.go_on(HOUR_S)
        with closing(self._store):
            reports = released(self.folder)
        return {stream: [one for one in reports if _stream(one) is stream] for stream in (Stream.HOUR, Stream.DAY)}


def _stream(report: CountReport) -> Stream:
    return Stream(report.id.split(":")[-2])


steps = st.tuples(st.sampled_from([0, 900, *JUMPS]), st.integers(0, 4))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=12))
@example([(0, 4), (HOUR_S, 4), (-HOUR_S, 4), (HOUR_S, 4), (DAY_S, 4), (-DAY_S, 4)])
@example([(0, 4), (190 * DAY_S, 4), (-190 * DAY_S, 4), (0, 4)])
def test_whatever_the_clock_does_nothing_is_released_twice_or_below_k(
    tmp_path: Path, walk: list[tuple[int, int]]
) -> None:
    """Bins only go forward, sequences are contiguous, cells have k vehicles, and no passage is in two of them."""
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    with capture_logs():
        street = Street(folder)
        for seconds, vehicles in walk:
            street.go_on(seconds, vehicles)
        streams = street.end()
    for reports in streams.values():
        windows = [one.data.window for one in reports]
        assert all(earlier.end <= later.start for earlier, later in pairwise(windows))
        assert [one.sequence for one in reports] == [str(at + 1) for at in range(len(reports))]
    cells = [cell for reports in streams.values() for one in reports for cell in one.data.cells]
    assert all(cell.n >= K for cell in cells)
    assert sum(cell.n for cell in cells) <= street.passed


@pytest.mark.parametrize(
    ("jump", "told"),
    [
        (0, 12),
        (HOUR_S, 12),
        (DAY_S, 12),
        (-HOUR_S, 12),
        (-DAY_S, 12),
        (190 * DAY_S, 5),  # After the policy's last day.
        (-190 * DAY_S, 0),  # The open hour waits until the clock has come to its end.
    ],
)
def test_what_passes_after_a_jump_counts_where_a_bin_is_open(tmp_path: Path, jump: int, told: int) -> None:
    """Set back, vehicles count in the hour that is open, which is released when the clock has caught up."""
    with capture_logs():
        street = Street(tmp_path)
        street.go_on(0, 5)
        street.go_on(jump, 7)
        streams = street.end()
    assert sum(cell.n for reports in streams.values() for one in reports for cell in one.data.cells) == told
