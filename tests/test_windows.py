"""Clock hours of local time, over both changes of the clock."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.windows import Window, end_of_day, local_day, window_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
times = st.floats(946_684_800, 4_102_444_800)


def _utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _windows(day: date) -> list[Window]:
    """Return every window of a day, found by asking for each second quarter of a minute."""
    end = end_of_day(day)
    start = end_of_day(day - timedelta(days=1))
    return sorted({window_of(start + step) for step in range(0, end - start, 30)})


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 23), 24)]
)
def test_a_day_is_covered_without_gap_or_overlap(day: date, hours: int) -> None:
    """23 windows in spring, 25 in autumn, each beginning where the last one ends."""
    windows = _windows(day)
    assert len(windows) == hours
    assert all(first.end == second.start for first, second in itertools.pairwise(windows))
    assert {local_day(window.start) for window in windows} == {day}
    assert windows[-1].end == end_of_day(day)


def test_the_repeated_hour_is_two_windows() -> None:
    """On 25 October 2026, 02:30 is twice, an hour apart."""
    first, second = window_of(_utc("2026-10-25T00:30")), window_of(_utc("2026-10-25T01:30"))
    assert datetime.fromtimestamp(first.start, AMSTERDAM).hour == 2
    assert datetime.fromtimestamp(second.start, AMSTERDAM).hour == 2
    assert first.next == second


def test_the_skipped_hour_is_no_window() -> None:
    """On 29 March 2026 the window at 01:00 is followed by that at 03:00."""
    before = window_of(_utc("2026-03-29T00:30"))
    assert datetime.fromtimestamp(before.next.start, AMSTERDAM).hour == 3


@given(times)
def test_each_moment_lies_in_one_clock_hour(time: float) -> None:
    """The window holds the moment, begins on a full local hour and lasts one."""
    window = window_of(time)
    assert window.start <= time < window.end
    assert window.end - window.start == 3_600
    start = datetime.fromtimestamp(window.start, AMSTERDAM)
    assert (start.minute, start.second) == (0, 0)
    assert window_of(window.start) == window_of(window.end - 0.001) == window


@given(times, times)
def test_windows_never_overlap(one: float, other: float) -> None:
    """Two moments are in the same window, or in windows apart from each other."""
    first, second = sorted([window_of(one), window_of(other)])
    assert first == second or first.end <= second.start


@given(times)
def test_a_window_belongs_to_one_day(time: float) -> None:
    """No window runs over midnight."""
    window = window_of(time)
    assert local_day(window.start) == local_day(window.end - 1) == local_day(time)


def test_a_window_is_over_ten_seconds_after_its_end() -> None:
    """Passages come a little late."""
    window = window_of(_utc("2026-11-23T10:30"))
    assert not window.over(window.end + 9.9)
    assert window.over(window.end + 10)
