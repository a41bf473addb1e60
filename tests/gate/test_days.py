"""Days: what hours leave is carried, released when the day is over, and forgotten."""

import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from edge.categories import Ack, CameraState, CellKey, Clock, Direction, EmissionClass, PlateKind, VehicleType
from edge.counting.part import key_of
from edge.gate.carry import Carry
from edge.uplink.contract import CountReport
from edge.uplink.outbox import Outbox, OutboxError
from edge.windows import Window, day_window, window_of
from tests.counts import DELIVERING, HOUR, cell, counts, policy, van
from tests.gate.desks import desk, outbox, released
from tests.gate.streets import every_class
from tests.policies import rung, table

DAY = day_window(date(2026, 11, 23))
ENDED = msgspec.structs.replace(DELIVERING, camera=CameraState.ENDED, clock=Clock.FILE)
HEAVY = "truck + tractor_unit"
YES, NO = Ack(accepted=True), Ack(accepted=False)
TRUCK = next(
    key_of(Direction.IN, PlateKind.NL, seen)
    for seen in every_class()
    if seen.vehicle_type is VehicleType.TRUCK and seen.emission_class is EmissionClass.E6
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    opened = outbox(tmp_path)
    yield opened
    opened.close()


def _hours(day: Window) -> Iterator[Window]:
    window = window_of(day.start)
    while window.start < day.end:
        yield window
        window = window.next


def _days(folder: Path) -> list[CountReport]:
    return [report for report in released(folder) if report.id.startswith("cam-017:day:")]


def _told(report: CountReport) -> list[tuple[str, int]]:
    return [(str(one.vehicle_type or " + ".join(one.vehicle_types or ["all"])), one.n) for one in report.data.cells]


@pytest.mark.parametrize(("day", "hours"), [("2026-11-23", 24), ("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_is_released_after_its_last_hour(tmp_path: Path, store: Outbox, day: str, hours: int) -> None:
    """One truck an hour, each another: too few for any hour, enough for the day, also when the clock changes."""
    bin_ = day_window(date.fromisoformat(day))
    gate = desk(tmp_path, store, lambda: bin_.start)
    windows = list(_hours(bin_))
    for window in windows:
        gate.take(DELIVERING)
        gate.tick()
        assert _days(tmp_path) == []
        assert gate.take(counts(cell(TRUCK, 1), window=window)) == YES
    gate.tick()
    (report,) = _days(tmp_path)
    assert len(windows) == hours
    assert _told(report) == [(HEAVY, hours)]
    assert (report.data.window.partial, report.data.window.observed_share, report.sequence) == (False, 1.0, "1")
    assert list((tmp_path / "day").iterdir()) == []


def test_an_empty_day_is_reported(tmp_path: Path, store: Outbox) -> None:
    """Whether a report comes says nothing; here the day had one hour."""
    gate = desk(tmp_path, store)
    gate.take(counts())
    gate.take(ENDED)
    (report,) = _days(tmp_path)
    assert (report.data.cells, report.data.window.observed_share) == ((), 0.05)


def test_a_killed_gate_goes_on_with_the_day(tmp_path: Path, store: Outbox) -> None:
    """What hours left is in memory, and on tmpfs for this user alone; each gate is a new one here."""
    for at, window in zip(range(12), _hours(DAY), strict=False):
        desk(tmp_path, store).take(counts(cell(TRUCK, 1), window=window))
        assert len(list((tmp_path / "day").iterdir())) == at + 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "day").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "day").stat().st_mode) == 0o700
    desk(tmp_path, store).take(ENDED)
    assert [_told(report) for report in _days(tmp_path)] == [[(HEAVY, 12)]]


def test_a_power_cut_forgets_the_day(tmp_path: Path, store: Outbox) -> None:
    """It is on tmpfs only: the day begins anew, and says so by its observed share."""
    first, second = HOUR, HOUR.next
    desk(tmp_path, store).take(counts(cell(TRUCK, 30), window=first))
    for file in (tmp_path / "day").iterdir():
        file.unlink()
    gate = desk(tmp_path, store)
    gate.take(counts(cell(TRUCK, 12), window=second))
    gate.take(ENDED)
    assert [_told(report) for report in _days(tmp_path)] == [[(HEAVY, 12)]]


def test_a_day_stays_closed(tmp_path: Path, store: Outbox) -> None:
    """An hour that comes after its day is released as an hour; what it leaves is withheld."""
    gate = desk(tmp_path, store)
    gate.take(counts())
    gate.take(ENDED)
    assert gate.take(counts(cell(TRUCK, 30), cell(van(), 12), window=HOUR.next)) == YES
    gate.take(ENDED)
    assert len(_days(tmp_path)) == 1
    assert list((tmp_path / "day").iterdir()) == []
    assert [one.n for one in released(tmp_path)[-1].data.cells] == [12]


def test_the_clock_closes_a_day_that_nobody_goes_on_with(tmp_path: Path, store: Outbox) -> None:
    """Five minutes after its end, for a live camera; the day of a file lies in the past and waits for its end."""
    for health, expected in ((msgspec.structs.replace(DELIVERING, clock=Clock.FILE), 0), (DELIVERING, 1)):
        now = [float(HOUR.end + 10)]
        gate = desk(tmp_path, store, lambda now=now: now[0])  # type: ignore[misc]
        gate.take(health)
        gate.take(counts(cell(TRUCK, 12)))
        for moment in (DAY.end + 299, DAY.end + 300):
            now[0] = moment
            assert len(_days(tmp_path)) == 0
            gate.tick()
        assert len(_days(tmp_path)) == expected


def test_a_later_hour_closes_the_day_before(tmp_path: Path, store: Outbox) -> None:
    """Hours come in their order."""
    gate = desk(tmp_path, store)
    gate.take(counts(cell(TRUCK, 12)))
    gate.take(counts(cell(TRUCK, 11), window=window_of(DAY.end)))
    gate.tick()
    gate.take(ENDED)
    assert [_told(report) for report in _days(tmp_path)] == [[(HEAVY, 12)], [(HEAVY, 11)]]


def test_another_policy_takes_nothing_over(tmp_path: Path, store: Outbox) -> None:
    """What was counted under one decision is never released under another: it is withheld."""
    desk(tmp_path, store).take(counts(cell(TRUCK, 12)))
    with capture_logs() as logs:
        gate = desk(tmp_path, store, k=11)
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("carried_hour_withheld", "another policy")]
    gate.take(ENDED)
    assert _days(tmp_path) == []


def test_the_end_of_a_policy_ends_its_day(tmp_path: Path, store: Outbox) -> None:
    """What hours have left is released under the policy they were counted under; the rest of the day is withheld."""
    gate = desk(tmp_path, store)
    gate.take(counts(cell(TRUCK, 12)))
    gate.end_policy()
    assert [_told(report) for report in _days(tmp_path)] == [[(HEAVY, 12)]]
    assert list((tmp_path / "day").iterdir()) == []


def test_a_damaged_file_is_withheld(tmp_path: Path, store: Outbox) -> None:
    """The other hours go on."""
    gate = desk(tmp_path, store)
    for window in (HOUR, HOUR.next):
        gate.take(counts(cell(TRUCK, 12), window=window))
    (tmp_path / "day" / f"{HOUR.start}.json").write_text("{")
    with capture_logs() as logs:
        gate = desk(tmp_path, store)
    assert [entry["event"] for entry in logs] == ["carried_hour_damaged"]
    gate.take(ENDED)
    assert [_told(report) for report in _days(tmp_path)] == [[(HEAVY, 12)]]


def test_an_hour_that_was_kept_and_never_released_does_not_count(tmp_path: Path, store: Outbox) -> None:
    """A gate died between the two, and vision never came back."""
    gate = desk(tmp_path, store)
    gate.take(counts(cell(TRUCK, 12)))
    other = tmp_path / "other"
    other.mkdir()
    carry = Carry(other, policy(tmp_path).digest)
    (hour,) = Carry(tmp_path / "day", policy(tmp_path).digest).hours(date(2026, 11, 23))
    carry.keep(msgspec.structs.replace(hour, start=HOUR.end, end=HOUR.end + 3_600))
    (other / f"{HOUR.end}.json").rename(tmp_path / "day" / f"{HOUR.end}.json")
    desk(tmp_path, store).take(ENDED)
    assert [_told(report) for report in _days(tmp_path)] == [[(HEAVY, 12)]]


def test_an_hour_of_which_too_little_was_seen_is_withheld(tmp_path: Path, store: Outbox) -> None:
    """Ten minutes of it would be a bin of ten minutes; the day, longer than its minimum, takes what it left."""
    gate = desk(tmp_path, store)
    gate.take(counts(cell(van(), 12), observed=20))
    gate.take(counts(cell(van(), 12), window=HOUR.next, observed=25))
    assert [[one.n for one in report.data.cells] for report in released(tmp_path)] == [[], [12]]


def test_a_day_of_which_too_little_was_seen_is_withheld(tmp_path: Path, store: Outbox) -> None:
    """As if the camera had run for some minutes."""
    gate = desk(tmp_path, store)
    gate.take(counts(cell(TRUCK, 30), observed=20))
    gate.take(ENDED)
    assert [_told(report) for report in _days(tmp_path)] == [[]]


class _Full(Outbox):
    """An outbox whose disk is full for a while."""

    full = False

    def append(self, *arguments: Any) -> bool:
        """Store, or fail."""
        if self.full:
            raise OutboxError("outbox.db: disk full")
        return super().append(*arguments)


def test_a_full_disk_keeps_the_day_open(tmp_path: Path) -> None:
    """It is said once a minute, and the day is released when there is room."""
    store, now = _Full(tmp_path / "outbox.db", 1_000_000), [float(HOUR.end)]
    gate = desk(tmp_path, store, lambda: now[0])
    gate.take(DELIVERING)
    gate.take(counts(cell(TRUCK, 12)))
    store.full = True
    with capture_logs() as logs:
        for now[0] in (DAY.end + 300.0, DAY.end + 301.0, DAY.end + 360.0):
            gate.tick()
    assert [entry["event"] for entry in logs].count("day_not_stored") == 2
    store.full = False
    now[0] += 60
    gate.tick()
    assert [_told(report) for report in _days(tmp_path)] == [[(HEAVY, 12)]]
    store.close()


def test_full_memory_releases_no_hour(tmp_path: Path, store: Outbox) -> None:
    """What an hour leaves must be kept first; vision repeats what is not answered."""
    gate = desk(tmp_path, store)
    (tmp_path / "day").rmdir()
    with pytest.raises(OutboxError, match="counts of the day can't be written"):
        gate.take(counts(cell(van(), 12)))
    assert released(tmp_path) == []
    (tmp_path / "day").mkdir()
    assert gate.take(counts(cell(van(), 12))) == YES


TABLES = [
    table(rung("direction", "vehicle_type"), name="types", weight=0.25),
    table(rung("direction", "vehicle_type", "drive", period="day"), name="drives", weight=0.75),
]


def _drawn(key: CellKey, number: int) -> CellKey:
    return msgspec.structs.replace(key, table=number)


def test_each_table_has_its_own_reports(tmp_path: Path, store: Outbox) -> None:
    """With name and weight, in the streams of its rungs; what is drawn into one is in no other."""
    gate = desk(tmp_path, store, tables=TABLES)
    gate.take(counts(cell(_drawn(van(), 0), 12), cell(_drawn(van(), 1), 30)))
    gate.take(ENDED)
    told = [(report.id, report.data.table, report.data.weight, _told(report)) for report in released(tmp_path)]
    assert told == [
        ("cam-017:hour:1", "types", 0.25, [("van", 12)]),
        ("cam-017:day:1", "drives", 0.75, [("van", 30)]),
    ]


def test_a_table_that_the_policy_does_not_have_is_refused(tmp_path: Path, store: Outbox) -> None:
    """With its window."""
    with capture_logs() as logs:
        assert desk(tmp_path, store).take(counts(cell(_drawn(van(), 1), 12))) == NO
    assert logs[0]["reason"] == "the policy has 1 tables"


def test_the_parts_of_a_window_are_bounded(tmp_path: Path, store: Outbox) -> None:
    """A broken vision can't fill the gate's memory with them."""
    gate = desk(tmp_path, store)
    with capture_logs():
        answers = [gate.take(counts(part=part, final=False)) for part in range(101)]
    assert answers == [YES] * 100 + [NO]
