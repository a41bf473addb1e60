"""Which hours a vision that was killed goes on with, and under which policy."""

from pathlib import Path

from edge.counting.spool import Spool
from edge.service.vision import open_under
from tests.counts import HOUR, cell, counts, van


def test_an_open_hour_tells_under_which_policy_it_was_begun(tmp_path: Path) -> None:
    """What is closed, and what is of another hour, binds no vision that starts."""
    spool = Spool(tmp_path / "vision")
    spool.put(counts(cell(van(), 3), policy=2, part=1, final=False))
    spool.put(counts(cell(van(), 3), window=HOUR.next, policy=3, final=False))
    assert (open_under(spool, HOUR), open_under(spool, HOUR.next)) == ({2}, {3})
    assert open_under(spool, HOUR.next.next) == set()
    spool.seal(HOUR.end + 10.0)
    assert open_under(spool, HOUR) == set()
