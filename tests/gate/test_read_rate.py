"""What health says of unreadable plates: enough to notice a dirty lens, and nothing that the report does not say."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import CameraState, CellKey, Direction, EmissionClass, PlateKind, Unreadable, WindowCounts
from edge.gate.read_rate import ReadRate, unreadable_share
from edge.gate.sights import Sight
from edge.release_rules import Measure
from edge.uplink.contract import Cell
from edge.uplink.outbox import OutboxReader
from edge.windows import Window
from tests.conftest import IN_MEMORY
from tests.counts import DELIVERING, HOUR, cell, counts, unreadable, van
from tests.examples import examples
from tests.gate.desks import desk, outbox, released
from tests.gate.streets import LADDER, hour

K = 10
IN, OUT = Direction.IN, Direction.OUT


def _bucket(seen: Mapping[CellKey, int], measure: Measure = Measure.PASSAGES) -> Unreadable:
    """Release an hour and return the bucket."""
    sights = [Sight(HOUR.start, 0, cell(key, n)) for key, n in seen.items()]
    return unreadable_share(hour(sights, LADDER, K, measure).cells)


@pytest.mark.parametrize(
    ("readable", "unread", "bucket"),
    [
        (0, 0, Unreadable.FEW),
        (90, 9, Unreadable.FEW),
        (0, 9, Unreadable.FEW),
        (41, 10, Unreadable.SOME),
        (40, 10, Unreadable.MANY),
        (11, 10, Unreadable.MANY),
        (10, 10, Unreadable.MOST),
        (0, 10, Unreadable.MOST),
    ],
)
def test_the_share_is_a_bucket(readable: int, unread: int, bucket: Unreadable) -> None:
    """From k unreadable plates of one direction on: below 20 %, below 50 %, or more."""
    seen = {key: n for key, n in ((van(), readable), (unreadable(), unread)) if n}
    assert _bucket(seen) is bucket
    assert _bucket(seen, measure=Measure.UNIQUE_VEHICLES) is bucket


def test_two_small_groups_are_not_given_away_together() -> None:
    """Nine each way are in no report; to say that k plates were unreadable would prove that some drove each way."""
    assert _bucket({unreadable(IN): 9, unreadable(OUT): 9}) is Unreadable.FEW


def test_what_is_withheld_does_not_move_the_share() -> None:
    """Nine more that drove out would make it `most`: beside a report of ten and fifteen that would prove them."""
    assert _bucket({unreadable(IN): 10, van(): 15}) is Unreadable.MANY
    assert _bucket({unreadable(IN): 10, unreadable(OUT): 9, van(): 15}) is Unreadable.MANY
    assert _bucket({unreadable(IN): 10, van(): 15, van(emission=EmissionClass.E5): 9}) is Unreadable.MANY


def test_a_table_without_plates_tells_nothing() -> None:
    """There the report does not say how many were unreadable, so neither does health."""
    rate = ReadRate([msgspec.structs.replace(LADDER, rungs=LADDER.rungs[:2] + LADDER.rungs[3:])])
    rate.note(())
    rate.turn()
    assert rate.shown is Unreadable.UNKNOWN


def _unread(seen: Mapping[CellKey, int]) -> int:
    return sum(n for key, n in seen.items() if key.plate is PlateKind.UNREADABLE)


hours = st.dictionaries(
    st.sampled_from([unreadable(IN), unreadable(OUT), van(IN), van(OUT), van(emission=EmissionClass.E5)]),
    st.integers(1, 40),
)


@given(hours)
def test_few_stands_for_every_number_below_k(seen: dict[CellKey, int]) -> None:
    """Whatever else passes."""
    if _unread(seen) < K:
        assert _bucket(seen) is Unreadable.FEW


@given(hours, hours)
def test_hours_with_one_report_have_one_bucket(first: dict[CellKey, int], second: dict[CellKey, int]) -> None:
    """What is withheld may differ in any way."""
    kept = {key: n for key, n in first.items() if n >= K}
    hidden = {key: n for key, n in second.items() if key not in kept and n < K}
    assert _bucket(first) is _bucket(kept | hidden)


@given(st.lists(st.none() | st.integers(0, 40)))
def test_it_changes_with_the_hour_alone(stream: list[int | None]) -> None:
    """Reports come when they come; None is the turn of the hour, which shows the latest of them, if there is one."""
    rate, shown, latest = ReadRate([LADDER]), Unreadable.UNKNOWN, Unreadable.UNKNOWN
    for n in stream:
        if n is None:
            rate.turn()
            shown, latest = latest, Unreadable.UNKNOWN
        else:
            cells = (Cell(n=n, plate=PlateKind.UNREADABLE),) if n >= K else ()
            rate.note(cells)
            latest = unreadable_share(cells)
        assert rate.shown is shown


def _told(folder: Path) -> str:
    """Return what health says now."""
    reader = OutboxReader(folder / "outbox.db")
    found = reader.health()
    reader.close()
    assert found is not None
    return str(json.loads(found[1].payload)["data"]["unreadable"])


def _dirty(window: Window, unread: int = 30) -> WindowCounts:
    return counts(cell(van(), 70), cell(unreadable(), unread), window=window)


def test_health_speaks_of_the_hour_that_has_just_ended(tmp_path: Path) -> None:
    """Fifteen seconds after it; the same all hour, also where the camera stalls or a window comes late."""
    now = [HOUR.start + 60.0]
    store = outbox(tmp_path)
    gate = desk(tmp_path, store, lambda: now[0])
    gate.take(DELIVERING)
    assert _told(tmp_path) == "unknown"
    now[0] = HOUR.end + 11.0
    gate.take(_dirty(HOUR))
    gate.tick()
    assert _told(tmp_path) == "unknown"
    now[0] = HOUR.end + 15.0
    gate.tick()
    assert _told(tmp_path) == "many"
    gate.take(_dirty(HOUR.next, 90))
    gate.take(msgspec.structs.replace(DELIVERING, camera=CameraState.STALLED))
    gate.tick()
    assert _told(tmp_path) == "many"
    for window, expected in ((HOUR.next, "most"), (HOUR.next.next, "unknown")):
        now[0] = window.end + 15.0
        gate.tick()
        assert _told(tmp_path) == expected
    store.close()


def test_a_gate_that_was_restarted_says_nothing_of_before(tmp_path: Path) -> None:
    """The hour is not repeated, and a window that it refuses as closed changes nothing."""
    now = [HOUR.end + 11.0]
    store = outbox(tmp_path)
    desk(tmp_path, store, lambda: now[0]).take(_dirty(HOUR))
    gate = desk(tmp_path, store, lambda: now[0])
    gate.take(DELIVERING)
    with capture_logs():
        gate.take(_dirty(HOUR, 90))
    now[0] = HOUR.end + 15.0
    gate.tick()
    assert _told(tmp_path) == "unknown"
    store.close()


passages = st.lists(st.sampled_from([unreadable(IN), unreadable(OUT), van(IN), van(OUT)]), max_size=60)


@examples(100)
@given(st.lists(passages, min_size=1, max_size=4))
def test_over_any_stream_health_repeats_the_report(stream: list[list[CellKey]]) -> None:
    """A subscriber finds the same bucket in the report itself, and `few` in each hour with fewer than k."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name, capture_logs():
        now, window = [HOUR.start + 60.0], HOUR
        store = outbox(folder := Path(name))
        gate = desk(folder, store, lambda: now[0])
        gate.take(DELIVERING)
        for seen in stream:
            gate.take(counts(*(cell(key, n) for key, n in Counter(seen).items()), window=window))
            now[0] = window.end + 15.0
            gate.tick()
            assert _told(folder) == unreadable_share(released(folder)[-1].data.cells)
            if _unread(Counter(seen)) < K:
                assert _told(folder) == "few"
            window = window.next
        store.close()
