"""What may be added, and what not."""

import random
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.cells import Bin, Counted
from central.totals import Coverage, Group, SumError, Total, Wanted, totals, variance
from edge.gate.noise import laplace
from edge.uplink.contract import DifferentialPrivacy, Perturbation

ZONE = ZoneInfo("Europe/Amsterdam")
MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)
UNIQUE = "unique_vehicles"
DP = DifferentialPrivacy(1.0, "vehicle_camera_day", 10.0, 50)


def hour(at: int = 8, **changes: Any) -> Bin:
    """Report an hour of Monday."""
    begin = MONDAY.astimezone(UTC) + timedelta(hours=at)
    start, end = begin.astimezone(ZONE), (begin + timedelta(hours=1)).astimezone(ZONE)
    made = Bin(
        id=1,
        zone="z",
        camera="a",
        stream="hour",
        sequence=at + 1,
        start=start,
        end=end,
        day=start.date(),
        partial=False,
        observed_share=1.0,
        policy="",
        k=10,
        noise=None,
        table="t",
        weight=1.0,
        measure="passages",
        expires=start,
        kid="",
    )
    return msgspec.structs.replace(made, **changes)


def day(**changes: Any) -> Bin:
    """Report what Monday's hours left."""
    return hour(0, stream="day", end=MONDAY + timedelta(days=1), **changes)


def cell(n: int, *types: str, rest: tuple[str, ...] = (), **values: str) -> Counted:
    """Count vehicles that drive in."""
    return Counted({"direction": "in", **values}, rest, types, n)


def found(reports: list[tuple[Bin, list[Counted]]], *dimensions: str, **wanted: Any) -> dict[Group, Total]:
    """Add up."""
    coverage = Coverage((one for one, _ in reports), MONDAY.date())
    return {one.group: one for one in totals(reports, Wanted(dimensions, **wanted), coverage)}


def test_a_day_is_its_hours_and_what_they_left() -> None:
    """Cells that tell a dimension and the rest beside them are parts of one whole."""
    reports = [
        (hour(8), [cell(37, vehicle_type="van", drive="electric"), cell(14, rest=("drive",), vehicle_type="van")]),
        (hour(9), [cell(20, vehicle_type="van", drive="electric")]),
        (day(), [cell(12, rest=("hour", "drive"), vehicle_type="van"), cell(11, "truck", "tractor_unit")]),
    ]
    by_type = found(reports, "vehicle_type")
    assert {group.values: total.n for group, total in by_type.items()} == {("van",): 83, ("truck+tractor_unit",): 11}
    assert {total.quality for total in by_type.values()} == {"at_least"}
    by_drive = found(reports, "drive")
    assert {group.values: total.n for group, total in by_drive.items()} == {("electric",): 57, (None,): 37}


def test_tables_are_added_or_one_is_divided_by_its_weight() -> None:
    """Each vehicle is in one table: all of them add up to what was released, and one of them is a sample."""
    reports = [
        (hour(table="types", weight=0.25), [cell(20, vehicle_type="van")]),
        (hour(table="origins", weight=0.75), [cell(60, origin="GM0344")]),
    ]
    (both,) = found(reports).values()
    assert (both.n, both.quality) == (80, "at_least")
    (one,) = found(reports, "vehicle_type", table="types").values()
    assert (one.n, one.quality) == (80, "estimate")


def test_cameras_and_days_are_kept_apart_or_not() -> None:
    """As wanted."""
    tuesday = hour(32)
    reports = [(hour(camera="a"), [cell(10)]), (hour(camera="b"), [cell(20)]), (tuesday, [cell(40)])]
    assert {group[1:3]: total.n for group, total in found(reports, each_camera=True).items()} == {
        ("a", date(2026, 11, 23)): 10, ("b", date(2026, 11, 23)): 20, ("a", date(2026, 11, 24)): 40,
    }  # fmt: skip
    (all_of_it,) = found(reports, each_day=False).values()
    assert all_of_it.n == 70


@pytest.mark.parametrize(
    ("other", "wanted", "reason"),
    [
        (hour(9, measure=UNIQUE), {}, "came in two hours would be two"),
        (hour(camera="b", measure=UNIQUE), {}, "two cameras saw would be two; add --by camera"),
        (hour(32, measure=UNIQUE), {"each_day": False}, "came on two days would be two"),
        (hour(measure="passages"), {}, "passages and unique_vehicles are no numbers of one kind"),
        (hour(9, noise=DP, camera="b", measure=UNIQUE), {}, "two cameras saw"),
    ],
)
def test_different_vehicles_are_not_added(other: Bin, wanted: dict[str, Any], reason: str) -> None:
    """One that came twice would be two."""
    reports = [(hour(measure=UNIQUE, noise=other.noise), [cell(10)]), (other, [cell(10)])]
    with pytest.raises(SumError, match=reason):
        found(reports, "direction", **wanted)


def test_who_drives_in_and_out_is_not_two() -> None:
    """Different vehicles of both directions are not added."""
    out = Counted({"direction": "out"}, (), (), 12)
    reports = [(hour(measure=UNIQUE), [cell(10), out])]
    with pytest.raises(SumError, match="drove in and out would be two; add --by direction"):
        found(reports)
    assert sorted(total.n for total in found(reports, "direction").values()) == [10, 12]


def test_under_differential_privacy_the_hours_of_a_day_may_be_added() -> None:
    """A vehicle counts once a day in each direction then; the noise adds up, and the sum is no lower bound."""
    reports = [(hour(at, measure=UNIQUE, noise=DP), [cell(60)]) for at in (8, 9)]
    (total,) = found(reports).values()
    assert (total.n, total.quality) == (120, "noisy")
    assert total.deviation == pytest.approx(sqrt(2 * variance(DP)))


def test_the_noise_is_that_of_the_gate() -> None:
    """Its variance, worked out, is what the gate's own sampler shows."""
    draws = np.array([laplace(7, random.Random(seed).randrange) for seed in range(20_000)])
    assert draws.var() == pytest.approx(variance(Perturbation(7)), rel=0.06)


def test_coverage_knows_missing_hours_missing_cameras_and_partial_ones() -> None:
    """Up to where reports of the zone reach."""
    bins = [hour(at) for at in range(8)] + [hour(at, camera="b", observed_share=0.5) for at in range(4)]
    coverage = Coverage(bins, MONDAY.date())
    assert coverage.share("z", "a") == 1.0
    assert coverage.share("z", "b") == 0.25
    assert coverage.share("z") == 0.625
    assert coverage.share("elsewhere") == 0.0


def test_days_that_are_over_count_whole_also_without_reports() -> None:
    """Half a day, two days of nothing, a whole day: 36 of 96 hours; a later day only where it is asked for."""
    bins = [hour(at) for at in (*range(12), *range(72, 96))]
    days = [MONDAY.date() + timedelta(days=at) for at in range(6)]
    coverage = Coverage(bins, days[5])
    assert [coverage.share("z", day=one) for one in days] == [0.5, 0.0, 0.0, 1.0, 0.0, 0.0]
    assert coverage.share("z") == 36 / 96
    assert coverage.days("z") == days[:4]
    assert Coverage(bins, days[5], last=days[5]).days("z") == days[:5]


def test_one_camera_alone_is_measured_by_all_of_its_zone() -> None:
    """Today too: how far the day has come another camera says."""
    bins = [hour(at) for at in range(4)] + [hour(at, camera="b") for at in range(8)]
    assert Coverage(bins, MONDAY.date(), camera="a").share("z") == 0.5


@pytest.mark.parametrize(("day_of_change", "hours"), [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23)])
def test_a_day_of_25_or_23_hours_is_whole(day_of_change: date, hours: int) -> None:
    """Whoever saw all of it saw 100 %."""
    midnight = datetime.combine(day_of_change, datetime.min.time(), ZONE).astimezone(UTC)
    starts = [midnight + timedelta(hours=at) for at in range(hours)]
    bins = [
        hour(start=start.astimezone(ZONE), end=(start + timedelta(hours=1)).astimezone(ZONE), day=day_of_change)
        for start in starts
    ]
    tomorrow = day_of_change + timedelta(days=1)
    assert Coverage(bins, tomorrow).share("z") == 1.0
    assert Coverage(bins[:-1], day_of_change).share("z") == 1.0
    assert Coverage(bins[:-1], tomorrow).share("z") == pytest.approx((hours - 1) / hours)
    assert Coverage([*bins[:5], bins[-1]], day_of_change).share("z") == pytest.approx(6 / hours)


@given(st.lists(st.tuples(st.integers(0, 23), st.sampled_from(["van", "bus", None]), st.integers(10, 99)), max_size=30))
def test_no_way_of_telling_apart_changes_the_sum(passed: list[tuple[int, str | None, int]]) -> None:
    """By whatever dimension: the groups add up to everything that was released."""
    reports = [(hour(at), [cell(n, vehicle_type=kind) if kind else cell(n)]) for at, kind, n in passed]
    for dimensions in ((), ("vehicle_type",), ("drive", "vehicle_type")):
        assert sum(one.n for one in found(reports, *dimensions).values()) == sum(n for _, _, n in passed)
