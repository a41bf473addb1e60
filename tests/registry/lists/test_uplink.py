"""What uplink does with lists: it deletes what has expired, and has no key."""

import threading
from datetime import UTC, datetime

from edge.service.uplink import GRACE_SECONDS, expire_lists
from tests.registry.lists.office import Office

ROWS = ("V-12-BDF,day,2026-11-01,2026-11-24", "V-12-BDG,day,2026-11-01,2026-12-24")
# The day begins in the zone, an hour before it does in Greenwich; vision needs a minute for the last passages.
MIDNIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC).timestamp()
OVER = MIDNIGHT + GRACE_SECONDS


def test_expired_rows_are_deleted_at_the_start(office: Office) -> None:
    """Once, by the local day, a minute after its end, and then no more until the next hour."""
    before = len(office.exemptions(*ROWS).read_bytes())
    stop = threading.Event()
    stop.set()
    expire_lists([office.sealed], stop, lambda: OVER - 1, lambda: True)
    assert len(office.sealed.read_bytes()) == before
    expire_lists([office.sealed], stop, lambda: OVER, lambda: True)
    assert len(office.sealed.read_bytes()) < before


def test_nothing_is_deleted_by_a_clock_that_is_not_known(office: Office) -> None:
    """A camera that has just started may believe in any day."""
    before = office.exemptions(*ROWS).read_bytes()
    stop = threading.Event()
    stop.set()
    expire_lists([office.sealed], stop, lambda: OVER, lambda: False)
    assert office.sealed.read_bytes() == before


def test_without_lists_there_is_nothing_to_do() -> None:
    """It ends at once, though nobody asks it to."""
    expire_lists([], threading.Event())
