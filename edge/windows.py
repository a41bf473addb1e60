"""The windows in which vision counts and the gate releases: clock hours and days of local time."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

TIMEZONE = "Europe/Amsterdam"
WINDOW_SECONDS = 3_600

# A passage is handed on when its track is over, some seconds after the crossing: a window waits for it that long.
LATE_SECONDS = 10

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One bin, ``start`` to ``end`` in Unix seconds: a clock hour, or a local day."""

    start: int
    end: int

    def __str__(self) -> str:
        return datetime.fromtimestamp(self.start, _zone()).isoformat(timespec="minutes")

    def over(self, now: float) -> bool:
        """Tell whether at ``now`` no passage can follow any more."""
        return now >= self.end + LATE_SECONDS

    @property
    def next(self) -> "Window":
        """The window that begins where this one ends."""
        return window_of(self.end)


def window_of(time: float) -> Window:
    """Return the clock hour in which ``time`` (Unix seconds) lies.

    A day has 23 or 25 of them when the clock changes; the repeated hour is two windows.
    """
    local = _local(time)
    start = int(time // 1) - local.minute * 60 - local.second
    return Window(start, start + WINDOW_SECONDS)


def local_day(time: float) -> date:
    """Return the local calendar day of ``time`` (Unix seconds)."""
    return _local(time).date()


def day_number(day: date) -> int:
    """Return a day as the number of days since 1970-01-01."""
    return day.toordinal() - _EPOCH.toordinal()


def day_of(number: int) -> date:
    """Return the day that has this number."""
    return date.fromordinal(number + _EPOCH.toordinal())


def end_of_day(day: date) -> int:
    """Return the end of a local day in Unix seconds."""
    return int(datetime.combine(date.fromordinal(day.toordinal() + 1), datetime.min.time(), _zone()).timestamp())


def day_window(day: date) -> Window:
    """Return a local day: 23, 24 or 25 hours."""
    return Window(end_of_day(date.fromordinal(day.toordinal() - 1)), end_of_day(day))


def _local(time: float) -> datetime:
    return datetime.fromtimestamp(time // 1, _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(TIMEZONE)
