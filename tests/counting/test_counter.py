"""Counting passages into windows."""

import itertools
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import (
    ELSEWHERE,
    MOST_CELLS,
    UNKNOWN_ATTRIBUTES,
    Admitted,
    Attributes,
    CellKey,
    Direction,
    Drive,
    EmissionClass,
    Exemption,
    PlateKind,
    Trade,
    VehicleType,
    VisionAct,
    VisionEvent,
    WindowCounts,
)
from edge.counting.counter import Counter
from edge.plates.passage import Passage
from edge.registry.rdw.classes import Fuel, drive, emission_class
from edge.wall import decode
from edge.windows import Window, day_number, window_of
from tests.counting.passages import CAR, VAN, drive_past, plate
from tests.counts import HOUR, policy, unreadable, van
from tests.policies import FLAT, rung, table

MIDNIGHT = 1_795_474_800  # 2026-11-24, 00:00 in Amsterdam


def _counter(folder: Path, *, live: bool = True, **changes: Any) -> Counter:
    return Counter(policy(folder, **changes), lambda _: 0, live=live)


def _sums(counts: list[WindowCounts]) -> dict[CellKey, tuple[int, int]]:
    (only,) = counts
    return {cell.key: (cell.n, cell.vehicles) for cell in only.cells}


def test_everything_that_was_looked_up_is_in_the_cell(tmp_path: Path) -> None:
    """Also admission, exemption, origin and trade."""
    counter = _counter(tmp_path)
    seen = Attributes(
        VehicleType.TRUCK, Drive.GAS, EmissionClass.E5, Admitted.EXEMPT, Exemption.DAY, 344, Trade.TRANSPORT
    )
    drive_past(counter, HOUR.start, 1, seen)
    ((key, _),) = _sums(counter.snapshot()).items()
    assert key == CellKey(0, Direction.IN, PlateKind.NL, *msgspec.structs.astuple(seen))


def _many_classes(counter: Counter, vehicles: range, vehicle_type: VehicleType = VehicleType.VAN) -> None:
    """Let vehicles drive in and out, each with an origin of its own and of its own trade or of none."""
    counter.observe(HOUR.start)
    for vehicle, direction in itertools.product(vehicles, Direction):
        trade = Trade.PRIVATE if vehicle % 2 else Trade.UNKNOWN
        seen = Attributes(vehicle_type, Drive.DIESEL, EmissionClass.E6, origin=vehicle % 10_000, trade=trade)
        counter.count(Passage(HOUR.start, direction, PlateKind.NL, plate(vehicle)), seen)


def test_a_window_with_too_many_classes_is_merged_and_not_lost(tmp_path: Path) -> None:
    """Beyond the message's room origin and trade are given up: the gate takes it, and types and totals are right."""
    counter = _counter(tmp_path, gap=0)
    with capture_logs() as logs:
        _many_classes(counter, range(2_500))
        _many_classes(counter, range(2_500, 2_600), VehicleType.TRUCK)
    (only,) = counter.snapshot()
    assert decode(msgspec.json.encode(only)) == only
    merged = [cell for cell in only.cells if cell.key.origin == ELSEWHERE and cell.key.trade is Trade.UNKNOWN]
    assert [(cell.key.direction, cell.key.vehicle_type) for cell in merged] == [
        (Direction.IN, VehicleType.TRUCK),
        (Direction.IN, VehicleType.VAN),
        (Direction.OUT, VehicleType.TRUCK),
        (Direction.OUT, VehicleType.VAN),
    ]
    for vehicle_type, number in ((VehicleType.VAN, 2_500), (VehicleType.TRUCK, 100)):
        cells = [cell for cell in only.cells if cell.key.vehicle_type is vehicle_type]
        assert sum(cell.n for cell in cells) == sum(cell.vehicles for cell in cells) == 2 * number
    assert [entry["event"] for entry in logs] == ["cells_merged"]


def test_a_merged_vehicle_is_in_one_class_only(tmp_path: Path) -> None:
    """Driving in and out it is one vehicle for the gate, however full the message was in between."""
    counter = _counter(tmp_path, gap=0)
    _many_classes(counter, range(2_600))
    (only,) = counter.snapshot()
    pairs = defaultdict[CellKey, list[int]](list)
    for cell in only.cells:
        pairs[msgspec.structs.replace(cell.key, direction=Direction.IN)].append(cell.vehicles)
    assert all(len(vehicles) == 2 and len(set(vehicles)) == 1 for vehicles in pairs.values())


def test_no_stream_of_classes_makes_a_message_too_long(tmp_path: Path) -> None:
    """Where even the coarser classes are too many, what is left is counted by its plate alone."""
    counter = _counter(tmp_path, gap=0)
    counter.observe(HOUR.start)
    every = itertools.product(VehicleType, Drive, EmissionClass, Admitted, range(2))
    number = 0
    for number, fields in enumerate(every, 1):
        seen = Attributes(*fields[:4], origin=fields[4])
        for direction in Direction:
            counter.count(Passage(HOUR.start, direction, PlateKind.NL, plate(number)), seen)
    for _ in range(20):
        drive_past(counter, HOUR.start, None)
    (only,) = counter.snapshot()
    assert len(only.cells) <= MOST_CELLS
    assert decode(msgspec.json.encode(only)) == only
    assert sum(cell.n for cell in only.cells) == 2 * number + 20
    assert unreadable() in _sums([only])


def test_a_passage_is_counted_in_its_cell(tmp_path: Path) -> None:
    """By direction, plate, type, drive and emission class."""
    counter = _counter(tmp_path)
    drive_past(counter, HOUR.start, 1)
    drive_past(counter, HOUR.start, 2)
    drive_past(counter, HOUR.start, 3, CAR, Direction.OUT)
    sums = _sums(counter.snapshot())
    assert sums.pop(van()) == (2, 2)
    ((key, numbers),) = sums.items()
    assert (key.direction, key.vehicle_type, key.drive, numbers) == (
        Direction.OUT,
        VehicleType.PASSENGER_CAR,
        Drive.PETROL,
        (1, 1),
    )


@pytest.mark.parametrize(("seconds", "expected"), [(0, 1), (599, 1), (600, 2), (-599, 1), (-600, 2)])
def test_a_vehicle_counts_once_within_the_repeat_gap(tmp_path: Path, seconds: int, expected: int) -> None:
    """The same vehicle within the gap is one passage, after it two; it stays one vehicle."""
    counter = _counter(tmp_path, gap=10)
    drive_past(counter, HOUR.start + 1_800, 1)
    drive_past(counter, HOUR.start + 1_800 + seconds, 1)
    assert _sums(counter.snapshot()) == {van(): (expected, 1)}


def test_the_gap_runs_from_the_last_passage_that_counted(tmp_path: Path) -> None:
    """A taxi that passes every six minutes counts every twelve: what did not count does not prolong the gap."""
    counter = _counter(tmp_path, gap=10)
    for minute in range(0, 60, 6):
        drive_past(counter, HOUR.start + minute * 60, 1)
    assert _sums(counter.snapshot()) == {van(): (5, 1)}


def test_without_a_gap_each_passage_counts(tmp_path: Path) -> None:
    """A van that passes twenty times is twenty passages and one vehicle."""
    counter = _counter(tmp_path, gap=0)
    for second in range(20):
        drive_past(counter, HOUR.start + second, 1)
    assert _sums(counter.snapshot()) == {van(): (20, 1)}


def test_the_gap_reaches_into_the_next_window(tmp_path: Path) -> None:
    """A vehicle seen at 11:58 and 12:03 counts in the first window only; it may be forgotten when its gap is over."""
    counter = _counter(tmp_path, gap=10)
    drive_past(counter, HOUR.end - 120, 1)
    drive_past(counter, HOUR.end + 180, 1)
    counter.close(HOUR.end + 180)
    drive_past(counter, HOUR.end + 190, 1)
    assert _sums(counter.snapshot()) == {}
    drive_past(counter, HOUR.end + 480, 1)
    assert _sums(counter.snapshot()) == {van(): (1, 1)}


def test_unreadable_vehicles_are_passages_but_no_vehicles(tmp_path: Path) -> None:
    """Nobody can say whether two are the same."""
    counter = _counter(tmp_path)
    drive_past(counter, HOUR.start, None)
    drive_past(counter, HOUR.start, None)
    assert _sums(counter.snapshot()) == {unreadable(): (2, 0)}


def test_a_vehicle_keeps_its_first_class_in_a_part(tmp_path: Path) -> None:
    """Were it in two classes (a new register, a plate taken for foreign) the gate would count two vehicles."""
    counter = _counter(tmp_path, gap=0)
    drive_past(counter, HOUR.start, 1, VAN)
    drive_past(counter, HOUR.start + 1, 1, CAR)
    drive_past(counter, HOUR.start + 2, 1, CAR, Direction.OUT)
    counter.count(Passage(HOUR.start + 2, Direction.IN, PlateKind.FOREIGN, plate(1)), CAR)
    assert _sums(counter.snapshot()) == {van(): (3, 1), van(Direction.OUT): (1, 1)}


def test_windows_close_ten_seconds_after_their_end(tmp_path: Path) -> None:
    """Until then late passages are counted in them, beside those of the next window."""
    counter = _counter(tmp_path)
    drive_past(counter, HOUR.end - 1, 1)
    drive_past(counter, HOUR.end + 1, 2)
    counter.count(Passage(HOUR.end - 0.5, Direction.IN, PlateKind.NL, plate(3)), VAN)
    assert counter.close(HOUR.end + 9.9) == []
    assert [counts.final for counts in counter.snapshot()] == [False, False]
    (closed,) = counter.close(HOUR.end + 10)
    assert (closed.start, closed.end, closed.final) == (HOUR.start, HOUR.end, True)
    assert [cell.n for cell in closed.cells] == [2]
    (open_now,) = counter.snapshot()
    assert (open_now.start, [cell.n for cell in open_now.cells]) == (HOUR.end, [1])


def test_a_passage_of_a_closed_window_counts_in_the_oldest_open_one(tmp_path: Path) -> None:
    """Nothing is lost, and a closed window stays closed."""
    counter = _counter(tmp_path)
    counter.observe(HOUR.start)
    counter.observe(HOUR.end + 20)
    counter.close(HOUR.end + 20)
    counter.count(Passage(HOUR.end - 1, Direction.IN, PlateKind.NL, plate(1)), VAN)
    (only,) = counter.snapshot()
    assert (only.start, [cell.n for cell in only.cells]) == (HOUR.end, [1])


def test_nothing_is_counted_before_the_first_frame(tmp_path: Path) -> None:
    """A passage without a frame is a mistake of the caller, as is one from the future."""
    counter = _counter(tmp_path)
    with pytest.raises(RuntimeError, match="no frame"):
        counter.count(Passage(HOUR.start, Direction.IN, PlateKind.NL, plate(1)), VAN)
    counter.observe(HOUR.start)
    with pytest.raises(RuntimeError, match="no frame"):
        counter.count(Passage(HOUR.end, Direction.IN, PlateKind.NL, plate(1)), VAN)


def test_every_window_is_reported_also_an_empty_one(tmp_path: Path) -> None:
    """Hours without a frame are opened too, empty and unobserved."""
    counter = _counter(tmp_path)
    counter.observe(HOUR.start)
    counter.advance(HOUR.start + 3 * 3_600 + 60)
    closed = counter.close(HOUR.start + 3 * 3_600 + 60)
    assert [(counts.start, counts.cells, counts.observed) for counts in closed] == [
        (HOUR.start + hour * 3_600, (), 0) for hour in range(3)
    ]


def test_a_clock_that_jumps_by_years_opens_one_window(tmp_path: Path) -> None:
    """Not one for each hour between."""
    counter = _counter(tmp_path, valid_from="2020-01-01")
    counter.observe(HOUR.start - 5 * 365 * 86_400)
    counter.observe(HOUR.start)
    assert len(counter.close(HOUR.start)) == 1
    assert len(counter.snapshot()) == 1


def test_a_clock_set_back_opens_nothing_again(tmp_path: Path) -> None:
    """What passes then counts in the open window until the clock has caught up."""
    counter = _counter(tmp_path)
    counter.observe(HOUR.end)
    drive_past(counter, HOUR.start + 60, 1)
    (only,) = counter.snapshot()
    assert (only.start, [cell.n for cell in only.cells]) == (HOUR.end, [1])


@pytest.mark.parametrize(
    ("live", "times", "observed"),
    [
        (True, range(0, 3_605, 5), 100),
        (True, range(0, 1_801, 5), 50),
        (True, range(0, 3_606, 6), 0),
        (False, range(0, 3_606, 6), 100),
        (False, [0, 3_599], 100),
        (False, [900, 2_700], 50),
        (False, [900], 0),
        (True, [*range(-3_600, 900, 5), *range(1_800, 7_200, 5)], 75),
    ],
)
def test_the_observed_share_is_the_time_between_frames(
    tmp_path: Path,
    live: bool,  # noqa: FBT001  (a parameter)
    times: list[int],
    observed: int,
) -> None:
    """Of live sources without gaps over five seconds; of files all between the first and the last frame."""
    counter = _counter(tmp_path, live=live)
    for time in times:
        counter.observe(HOUR.start + time)
    shares = {counts.start: counts.observed for counts in counter.finish()}
    assert shares[HOUR.start] == observed


def test_a_file_that_skips_hours_has_observed_them(tmp_path: Path) -> None:
    """A street that is empty for three hours was watched all the same."""
    counter = _counter(tmp_path, live=False)
    counter.observe(HOUR.start)
    counter.observe(HOUR.start + 3 * 3_600)
    assert [counts.observed for counts in counter.close(HOUR.start + 3 * 3_600 + 10)] == [100] * 3


def test_a_part_bears_the_number_of_its_key_and_its_policy(tmp_path: Path) -> None:
    """One key serves all windows of a day; the next day asks for another."""
    asked = []
    counter = Counter(policy(tmp_path), lambda day: asked.append(day) or 3, live=True)  # type: ignore[func-returns-value]
    counter.observe(MIDNIGHT - 3_660)
    counter.observe(MIDNIGHT + 1)
    assert [(counts.part, counts.policy) for counts in counter.snapshot()] == [(3, 1)] * 3
    assert [day.isoformat() for day in asked] == ["2026-11-23", "2026-11-24"]


def test_numbers_stop_at_their_bound(tmp_path: Path) -> None:
    """The message could not carry more, nor does it turn over."""
    counter = _counter(tmp_path, gap=0)
    counter.observe(HOUR.start)
    for _ in range(10_050):
        drive_past(counter, HOUR.start, None)
    assert _sums(counter.snapshot()) == {unreadable(): (9_999, 0)}


def test_tag_keys_are_told_by_the_clock(tmp_path: Path) -> None:
    """Made with the first window of a day, destroyed with its last one, whether or not anything passed."""
    told = list[VisionEvent]()
    counter = Counter(policy(tmp_path), lambda _: 0, live=True, tell=told.append)
    counter.observe(MIDNIGHT - 1)
    counter.observe(MIDNIGHT + 1)
    counter.close(MIDNIGHT + 10)
    counter.wipe()
    day = day_number(date(2026, 11, 23))
    made, destroyed = VisionAct.TAG_KEY_MADE, VisionAct.TAG_KEY_DESTROYED
    assert [(one.act, one.day) for one in told] == [
        (made, day),
        (made, day + 1),
        (destroyed, day),
        (destroyed, day + 1),
    ]


def test_the_key_changes_at_midnight(tmp_path: Path) -> None:
    """When the day's last window closes its key and tags are destroyed; the new day knows no vehicle of it."""
    counter = _counter(tmp_path, gap=60)
    drive_past(counter, MIDNIGHT - 60, 1)
    drive_past(counter, MIDNIGHT + 5, 1)
    counter.count(Passage(MIDNIGHT - 1, Direction.IN, PlateKind.NL, plate(1)), VAN)
    old, new = counter._days.values()
    with capture_logs() as logs:
        (closed,) = counter.close(MIDNIGHT + 10)
    assert [cell.vehicles for cell in closed.cells] == [1]
    assert not any(old._key._key)
    assert not old._book._rows.any()
    assert any(new._key._key)
    assert {"event": "tag_key_destroyed", "day": "2026-11-23", "log_level": "info"} in logs


def test_the_end_destroys_all_keys(tmp_path: Path) -> None:
    """After the end of a file, or when vision ends in the middle of a window."""
    for end in (Counter.finish, Counter.wipe):
        counter = _counter(tmp_path)
        drive_past(counter, HOUR.start, 1)
        (day,) = counter._days.values()
        end(counter)
        assert not any(day._key._key)
        assert not day._book._rows.any()
        assert counter.snapshot() == []


def test_vehicles_are_forgotten_when_no_rule_asks_for_them(tmp_path: Path) -> None:
    """No rung has bins of a day, their window is closed and their gap over: the tag is overwritten."""
    counter = _counter(tmp_path, gap=10, tables=[FLAT])
    drive_past(counter, HOUR.start, 1)
    drive_past(counter, HOUR.end - 1, 2)
    counter.observe(HOUR.end + 10)
    (day,) = counter._days.values()
    counter.close(HOUR.end + 10)
    assert list(day._counted) == [1]
    assert not day._book._rows[0].any()


def test_a_vehicle_is_fresh_once_a_day_in_each_direction(tmp_path: Path) -> None:
    """Over the hours of a day fresh vehicles add up to different ones, which those of an hour do not."""
    counter = _counter(tmp_path, gap=0)
    for hour, vehicles in enumerate(((1, 2), (2, 3), (1, 2, 3))):
        for vehicle in vehicles:
            drive_past(counter, HOUR.start + hour * 3_600, vehicle)
    drive_past(counter, HOUR.start + 2 * 3_600, 1, direction=Direction.OUT)
    cells = [cell for counts in counter.finish() for cell in counts.cells]
    assert [(cell.vehicles, cell.fresh) for cell in cells] == [(2, 2), (2, 1), (3, 0), (1, 1)]


def test_with_differential_privacy_a_vehicle_is_fresh_once_a_day_whatever_the_rungs(tmp_path: Path) -> None:
    """A ladder of hours alone asks for no days, but the epsilon of a vehicle is one of the day."""
    counter = _counter(tmp_path, gap=0, tables=[FLAT], measure="unique_vehicles", dp="budget = 1.0")
    drive_past(counter, HOUR.start, 1)
    counter.observe(HOUR.end + 10)
    closed = counter.close(HOUR.end + 10)
    drive_past(counter, HOUR.end + 20, 1)
    assert [cell.fresh for counts in (*closed, *counter.finish()) for cell in counts.cells] == [1, 0]


def test_no_class_of_the_register_merges_another(tmp_path: Path) -> None:
    """Or one vehicle could decide how another counts, and no epsilon would hold: all fit into one message.

    Types, drives and classes as the register gives them, with each answer of the zone's rules; without exemptions.
    """
    counter = _counter(tmp_path, gap=0)
    counter.observe(HOUR.start)
    every = itertools.product(VehicleType, _engines(), [one for one in Admitted if one is not Admitted.EXEMPT])
    number = 0
    for number, (vehicle_type, engine, admitted) in enumerate(every, 1):
        drive_past(counter, HOUR.start, number, Attributes(vehicle_type, *engine, admitted))
    drive_past(counter, HOUR.start, None)
    counter.count(Passage(HOUR.start, Direction.IN, PlateKind.FOREIGN, plate(number + 1)), UNKNOWN_ATTRIBUTES)
    (only,) = counter.snapshot()
    assert number > 1_800
    assert [cell.n for cell in only.cells] == [1] * (number + 2)


def _engines() -> set[tuple[Drive, EmissionClass]]:
    """Return every drive with every emission class that the register's rows can give it."""
    return {
        (drive(fuels), emission_class(fuels, level, None))
        for fuels in map(Fuel, range(2 * max(Fuel)))
        # A row that burns nothing has no level that counts.
        for level in ((None,) if fuels == Fuel.ELECTRIC else (None, *range(7)))
    }


def test_the_next_day_knows_nobody(tmp_path: Path) -> None:
    """There everybody is fresh again."""
    counter = _counter(tmp_path, gap=0)
    drive_past(counter, MIDNIGHT - 1, 1)
    drive_past(counter, MIDNIGHT + 1, 1)
    assert [[cell.fresh for cell in counts.cells] for counts in counter.finish()] == [[1], [1]]


FLAT_TWICE = [
    table(rung("direction"), name="a", weight=0.75),
    table(rung("direction", "vehicle_type"), name="b", weight=0.25),
]


def test_each_passage_is_in_one_table_drawn_by_weight(tmp_path: Path) -> None:
    """A vehicle stays in its table all day, one that can't be read is drawn anew each time."""
    counter = _counter(tmp_path, gap=0, tables=FLAT_TWICE)
    for second in range(2):
        for vehicle in range(1_000):
            drive_past(counter, HOUR.start + second, vehicle)
    for _ in range(1_000):
        drive_past(counter, HOUR.start + 2, None)
    sums = _sums(counter.snapshot())
    for plate_kind, most in ((PlateKind.NL, 2_000), (PlateKind.UNREADABLE, 1_000)):
        drawn = [n for key, (n, _) in sums.items() if key.plate is plate_kind and key.table == 0]
        assert 0.68 < sum(drawn) / most < 0.82
    assert all(n == 2 * vehicles for key, (n, vehicles) in sums.items() if key.plate is PlateKind.NL)
    assert sum(n for n, _ in sums.values()) == 3_000


def test_nothing_is_counted_outside_the_term(tmp_path: Path) -> None:
    """On the day after ``valid_until`` no window opens, and vision says so."""
    counter = _counter(tmp_path, valid_until="2026-11-23")
    counter.observe(MIDNIGHT - 5)
    with capture_logs() as logs:
        drive_past(counter, MIDNIGHT + 5, 1)
    assert [counts.cells for counts in counter.snapshot()] == [()]
    assert [entry["event"] for entry in logs] == ["window_not_counted"]


steps = st.lists(
    st.tuples(
        st.floats(0, 1_500),
        st.none() | st.integers(0, 12),
        st.sampled_from([VAN, CAR]),
        st.sampled_from(Direction),
        st.floats(0, 20),
    ),
    max_size=60,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_each_passage_is_in_one_cell_and_vehicles_are_different(
    tmp_path: Path, stream: list[tuple[float, int | None, Attributes, Direction, float]]
) -> None:
    """Over any stream: passages add up, each window closes once, and per direction vehicles are the different ones."""
    counter = _counter(tmp_path, gap=0)
    now, closed = float(MIDNIGHT - 7_200), list[WindowCounts]()
    truth: defaultdict[tuple[int, Direction], set[int]] = defaultdict(set)
    for pause, vehicle, seen, direction, late in stream:
        now += pause
        counter.observe(now)
        closed += counter.close(now)
        counter.count(_passage(now - late, vehicle, direction), seen)
        if vehicle is not None:
            oldest = min(counts.start for counts in counter.snapshot())
            truth[max(window_of(now - late).start, oldest), direction].add(vehicle)
    closed += counter.finish()
    assert sum(cell.n for counts in closed for cell in counts.cells) == len(stream)
    assert [counts.start for counts in closed] == sorted({counts.start for counts in closed})
    for counts, direction in itertools.product(closed, Direction):
        assert Window(counts.start, counts.end) == window_of(counts.start)
        vehicles = sum(cell.vehicles for cell in counts.cells if cell.key.direction is direction)
        assert vehicles == len(truth[counts.start, direction])


def _passage(time: float, vehicle: int | None, direction: Direction) -> Passage:
    if vehicle is None:
        return Passage(time, direction, PlateKind.UNREADABLE)
    return Passage(time, direction, PlateKind.NL, plate(vehicle))
