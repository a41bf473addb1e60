"""Who is let into a zone on a day, for every row of the law and on both sides of each of its dates."""

from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Admitted, Drive, EmissionClass, VehicleType
from edge.registry.vehicle import Category, VehicleClass
from edge.registry.zone.admission import admitted
from edge.registry.zone.conditions import CATEGORIES, CLASSES, DIRTIEST_FIRST, DRIVES, TYPES, Conditions
from edge.registry.zone.rules import Row, Scope, Zone, ZoneRules
from tests.registry.zone.zones import LOW, LOW_2020, LOW_BLUE, LOW_YELLOW, ZERO, vehicle, zone

DAY = timedelta(days=1)
BEGIN, FOREVER = date(2025, 1, 1), date(2030, 12, 31)


@pytest.mark.parametrize(
    ("one", "last"),
    [
        *[(vehicle("van", emission), date(2024, 12, 31)) for emission in "01234"],
        (vehicle("van", "5"), date(2026, 12, 31)),
        (vehicle("van", "6"), date(2027, 12, 31)),
        (vehicle("van", "6", 2024), date(2027, 12, 31)),
        (vehicle("van", "6", 2025), date(2024, 12, 31)),
        (vehicle("van", "5", 2025), date(2024, 12, 31)),
        (vehicle("tractor_unit", "6", 2016), date(2024, 12, 31)),
        (vehicle("tractor_unit", "6", 2017), date(2029, 12, 31)),
        (vehicle("tractor_unit", "6", 2024), date(2029, 12, 31)),
        (vehicle("tractor_unit", "6", 2025), date(2024, 12, 31)),
        (vehicle("tractor_unit", "5", 2018), date(2024, 12, 31)),
        (msgspec.structs.replace(vehicle("tractor_unit", "6", 2017), category=Category.N2), date(2029, 12, 31)),
        (msgspec.structs.replace(vehicle("tractor_unit", "6", 2016), category=Category.N1), date(2027, 12, 31)),
        (msgspec.structs.replace(vehicle("tractor_unit", "5", 2016), category=Category.N1), date(2026, 12, 31)),
        (vehicle("truck", "6", 2016), date(2024, 12, 31)),
        (vehicle("truck", "6", 2017), date(2027, 12, 31)),
        (vehicle("truck", "6", 2019), date(2027, 12, 31)),
        (vehicle("truck", "6", 2020), date(2029, 12, 31)),
        (vehicle("truck", "6", 2024), date(2029, 12, 31)),
        (vehicle("truck", "6", 2025), date(2024, 12, 31)),
        (vehicle("truck", "5", 2020), date(2024, 12, 31)),
        (vehicle("truck", "6", 2020, "petrol"), date(2029, 12, 31)),
        (vehicle("van", "4", 2005, wheelchair=True), date(2029, 12, 31)),
        (vehicle("truck", "4", 2005, wheelchair=True), date(2029, 12, 31)),
        (vehicle("van", "0", 1970), date(2029, 12, 31)),
        (vehicle("tractor_unit", "0", 1970), date(2029, 12, 31)),
        (vehicle("truck", "5", 2018, special=True), date(2029, 12, 31)),
        (vehicle("tractor_unit", "5", 2018, special=True), date(2029, 12, 31)),
        (vehicle("van", "4", 2018, special=True), date(2024, 12, 31)),
    ],
    ids=str,
)
def test_a_zero_emission_zone_lets_in_until_the_last_day(tmp_path: Path, one: VehicleClass, last: date) -> None:
    """Each row's vehicles are let in up to and on its last day, and refused on the day after and for good."""
    rules = zone(tmp_path, ZERO)
    assert admitted(one, rules, last) is Admitted.YES
    assert admitted(one, rules, last + DAY) is Admitted.NO
    assert admitted(one, rules, FOREVER) is Admitted.NO


@pytest.mark.parametrize("kind", ["van", "truck", "tractor_unit"])
@pytest.mark.parametrize("drive", ["electric", "hydrogen"])
@pytest.mark.parametrize("year", [1980, 2016, 2024, 2026, None])
def test_zero_emission_vehicles_are_let_in_for_good(tmp_path: Path, kind: str, drive: str, year: int | None) -> None:
    """Class Z has no last day, whatever its age."""
    rules = zone(tmp_path, ZERO)
    for day in (BEGIN - DAY, BEGIN, FOREVER):
        assert admitted(vehicle(kind, "Z", year, drive), rules, day) is Admitted.YES


@pytest.mark.parametrize("kind", ["passenger_car", "bus", "two_wheeler", "other"])
@pytest.mark.parametrize("emission", ["0", "6", "Z", "unknown"])
@pytest.mark.parametrize("drive", ["diesel", "electric", "unknown"])
def test_whom_the_sign_does_not_concern_is_not_applicable(tmp_path: Path, kind: str, emission: str, drive: str) -> None:
    """A passenger car is, whatever its class, year and drive."""
    rules = zone(tmp_path, ZERO)
    for year, day in product([1970, 2026, None], [BEGIN - DAY, BEGIN, FOREVER]):
        assert admitted(vehicle(kind, emission, year, drive), rules, day) is Admitted.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("text", "kind", "lowest"),
    [
        (LOW_YELLOW, "passenger_car", 3),
        (LOW_YELLOW, "van", 3),
        (LOW_2020, "passenger_car", 4),
        (LOW_2020, "van", 4),
        (LOW_BLUE, "passenger_car", 5),
        (LOW_BLUE, "van", 5),
        *[(text, kind, 6) for text in (LOW_YELLOW, LOW, LOW_BLUE) for kind in ("truck", "tractor_unit", "bus")],
    ],
)
def test_a_low_emission_zone_asks_for_the_class_of_its_colour(
    tmp_path: Path, text: str, kind: str, lowest: int
) -> None:
    """Yellow asks for 3, green for 4, blue for 5; trucks and buses need 6 in every zone."""
    rules = zone(tmp_path, text)
    for emission in range(7):
        expected = Admitted.YES if emission >= lowest else Admitted.NO
        assert admitted(vehicle(kind, str(emission)), rules, rules.zone.valid_until) is expected


@pytest.mark.parametrize("kind", ["truck", "tractor_unit", "bus"])
def test_a_low_emission_zone_asks_trucks_and_buses_for_class_6_since_2022(tmp_path: Path, kind: str) -> None:
    """On the last day of 2021 class 4 was enough."""
    rules = zone(tmp_path, LOW_2020)
    before, since = date(2021, 12, 31), date(2022, 1, 1)
    assert [admitted(vehicle(kind, emission), rules, before) for emission in "3456"] == ["no", "yes", "yes", "yes"]
    assert [admitted(vehicle(kind, emission), rules, since) for emission in "3456"] == ["no", "no", "no", "yes"]


def test_a_low_emission_zone_concerns_diesel_only(tmp_path: Path) -> None:
    """Petrol and zero emission are not applicable; a hybrid with diesel is concerned, an unknown drive may be."""
    rules = zone(tmp_path, LOW)
    assert admitted(vehicle("passenger_car", "0", drive="petrol"), rules, BEGIN) is Admitted.NOT_APPLICABLE
    assert admitted(vehicle("truck", "Z", drive="electric"), rules, BEGIN) is Admitted.NOT_APPLICABLE
    assert admitted(vehicle("two_wheeler", "0"), rules, BEGIN) is Admitted.NOT_APPLICABLE
    assert admitted(vehicle("passenger_car", "3", drive="hybrid", diesel=True), rules, BEGIN) is Admitted.NO
    assert admitted(vehicle("passenger_car", "3", drive="unknown"), rules, BEGIN) is Admitted.UNKNOWN
    assert admitted(vehicle("passenger_car", "3", drive="unknown", diesel=True), rules, BEGIN) is Admitted.NO


@pytest.mark.parametrize("text", [ZERO, LOW])
def test_forty_years_roll_with_the_day(tmp_path: Path, text: str) -> None:
    """Whoever turns 40 in the year of the day may have or not; a year older is let in, a year younger refused."""
    rules = zone(tmp_path, text)
    for day in (date(2027, 1, 1), date(2027, 6, 30), date(2027, 12, 30)):
        answers = [admitted(vehicle("van", "1", year), rules, day) for year in (1986, 1987, 1988)]
        assert answers == [Admitted.YES, Admitted.UNKNOWN, Admitted.NO]
    assert admitted(vehicle("van", "1", 1987), rules, date(2027, 12, 31)) is Admitted.YES
    assert admitted(vehicle("van", "1", 1987), rules, date(2026, 12, 31)) is Admitted.NO


@pytest.mark.parametrize("text", [ZERO, LOW])
def test_thirteen_years_roll_with_the_day(tmp_path: Path, text: str) -> None:
    """A special truck that turns 13 in the year of the day may have or not."""
    rules = zone(tmp_path, text)
    for day in (date(2027, 1, 1), date(2027, 6, 30), date(2027, 12, 30)):
        answers = [admitted(vehicle("truck", "5", year, special=True), rules, day) for year in (2013, 2014, 2015)]
        assert answers == [Admitted.NO, Admitted.UNKNOWN, Admitted.YES]
    assert admitted(vehicle("truck", "5", 2014, special=True), rules, date(2027, 12, 31)) is Admitted.NO
    assert admitted(vehicle("truck", "5", 2014, special=True), rules, date(2026, 12, 31)) is Admitted.YES


def test_a_low_emission_zone_exempts_as_the_law_says_without_end(tmp_path: Path) -> None:
    """Old, wheelchair accessible and special vehicles are let in, of whatever class."""
    rules = zone(tmp_path, LOW)
    for one in (vehicle("bus", "0", 1970), vehicle("van", "0", 2005, wheelchair=True)):
        assert admitted(one, rules, FOREVER) is Admitted.YES
    assert admitted(vehicle("truck", "4", 2020, special=True), rules, FOREVER) is Admitted.YES


def test_what_is_unknown_is_told_where_it_makes_no_difference(tmp_path: Path) -> None:
    """An unknown class, category, type or year costs the answer only on days when the rules tell its values apart."""
    rules = zone(tmp_path, ZERO)
    van = vehicle("van", "unknown")
    truck, tractor = (
        msgspec.structs.replace(vehicle(kind, "6", 2018), category=Category.UNKNOWN)
        for kind in ("truck", "tractor_unit")
    )
    either = msgspec.structs.replace(truck, vehicle_type=VehicleType.UNKNOWN)
    assert admitted(van, rules, BEGIN - DAY) is Admitted.YES
    assert admitted(van, rules, BEGIN) is Admitted.UNKNOWN
    assert admitted(vehicle("van", "6", None), rules, BEGIN - DAY) is Admitted.YES
    assert admitted(vehicle("van", "6", None), rules, BEGIN) is Admitted.UNKNOWN
    assert admitted(truck, rules, BEGIN) is Admitted.YES
    assert admitted(tractor, rules, BEGIN) is Admitted.UNKNOWN
    assert admitted(either, rules, BEGIN) is Admitted.UNKNOWN


def test_outside_its_dates_a_file_knows_nobody(tmp_path: Path) -> None:
    """Also a passenger car and an electric van are unknown on a day for which the file claims nothing."""
    rules = zone(tmp_path, ZERO)
    for day in (rules.zone.valid_from - DAY, rules.zone.valid_until + DAY, date.min, date.max):
        for one in (vehicle("passenger_car"), vehicle("van", "Z")):
            assert admitted(one, rules, day) is Admitted.UNKNOWN
    assert admitted(vehicle("van", "Z"), rules, rules.zone.valid_from) is Admitted.YES
    assert admitted(vehicle("van", "Z"), rules, rules.zone.valid_until) is Admitted.YES


def test_a_change_of_law_is_an_edit_of_the_file(tmp_path: Path) -> None:
    """The extension by a year that was not enacted would be one date."""
    extended = zone(tmp_path, ZERO.replace("until = 2027-12-31", "until = 2028-12-31", 1))
    assert admitted(vehicle("van", "6"), zone(tmp_path, ZERO), date(2028, 12, 31)) is Admitted.NO
    assert admitted(vehicle("van", "6"), extended, date(2028, 12, 31)) is Admitted.YES
    assert admitted(vehicle("van", "6"), extended, date(2029, 1, 1)) is Admitted.NO


def test_a_leap_day_is_a_day_like_others(tmp_path: Path) -> None:
    """Thirteen years before 29 February there was none."""
    rules = zone(tmp_path, ZERO)
    for day in (date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)):
        assert admitted(vehicle("truck", "5", 2015, special=True), rules, day) is Admitted.UNKNOWN


# Below: any rule file and any class, against all vehicles that the class may stand for, one by one.

days = st.dates(date(1995, 1, 1), date(2035, 12, 31))
classes = st.builds(
    VehicleClass,
    st.sampled_from(VehicleType),
    st.sampled_from(Drive),
    st.sampled_from(EmissionClass),
    st.sampled_from(Category),
    st.none() | st.integers(1900, 2099) | st.integers(2010, 2020),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def _some(values: frozenset[object]) -> st.SearchStrategy[frozenset[object]]:
    return st.just(values) | st.frozensets(st.sampled_from(sorted(values, key=str)), min_size=1)


@st.composite
def _conditions(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted([draw(st.sampled_from(DIRTIEST_FIRST)) for _ in range(2)], key=DIRTIEST_FIRST.index)
    first, before = sorted([draw(days), draw(days)])
    ages = st.none() | st.integers(1, 45)
    return {
        "vehicle_types": draw(_some(TYPES)), "categories": draw(_some(CATEGORIES)), "drives": draw(_some(DRIVES)),
        "emission_at_least": low, "emission_at_most": high,
        **{flag: draw(st.none() | st.booleans()) for flag in ("diesel", "special", "wheelchair")},
        **draw(st.sampled_from([{}, {"first_admitted_from": first}, {"first_admitted_before": before}])),
        "age_at_least": draw(ages), "age_below": draw(ages),
    }  # fmt: skip


@st.composite
def _rules(draw: st.DrawFn) -> ZoneRules:
    rows = []
    for conditions in draw(st.lists(_conditions(), min_size=1, max_size=4)):
        since, until = sorted([draw(days), draw(days)])
        since, until = draw(
            st.sampled_from([(since, until), (date.min, until), (since, date.max), (date.min, date.max)])
        )
        rows.append(Row(text="row", source="law", since=since, until=until, **conditions))
    scope = Scope(source="law", **draw(st.just({}) | _conditions()))
    title = Zone(id="zone", title="Zone", sign="C22", valid_from=date(1995, 1, 1), valid_until=date(2035, 12, 31))
    return ZoneRules(title, scope, tuple(rows), "0" * 64)


class _One(NamedTuple):
    """One vehicle, of which everything is known."""

    vehicle_type: object
    category: object
    drive: object
    emission_class: object
    diesel: bool
    special: bool
    wheelchair: bool
    first: date


@given(classes, _rules(), days)
def test_the_answer_is_that_of_all_vehicles_of_the_class(one: VehicleClass, rules: ZoneRules, day: date) -> None:
    """Tried one by one, they all get the answer, or they differ and the answer is unknown."""
    answers = {_answer(each, rules, day) for each in _completions(one, rules, day)}
    assert admitted(one, rules, day) is (answers.pop() if len(answers) == 1 else Admitted.UNKNOWN)


@pytest.mark.parametrize("year", [1985, 2012, 2016])
@pytest.mark.parametrize("day", [date(2025, 2, 28), date(2028, 2, 29), date(2026, 12, 31)], ids=str)
@pytest.mark.parametrize("text", [ZERO, LOW])
def test_every_day_of_the_year_of_first_admission_is_thought_of(
    tmp_path: Path, year: int, day: date, text: str
) -> None:
    """The answer for a year is that of its 365 days, tried one by one."""
    rules = zone(tmp_path, text)
    for special in (True, False):
        one = vehicle("truck", "5", year, special=special)
        dates = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
        answers = {_answer(each, rules, day) for each in _completions(one, rules, day, dates)}
        assert admitted(one, rules, day) is (answers.pop() if len(answers) == 1 else Admitted.UNKNOWN)


@given(classes, st.dates(), st.sampled_from([ZERO, LOW]))
def test_there_is_an_answer_for_every_class_on_every_day(
    tmp_path_factory: pytest.TempPathFactory, one: VehicleClass, day: date, text: str
) -> None:
    """Nothing raises, and exemptions are not this function's."""
    answer = admitted(one, zone(tmp_path_factory.getbasetemp(), text), day)
    assert answer in set(Admitted) - {Admitted.EXEMPT}


def _completions(one: VehicleClass, rules: ZoneRules, day: date, dates: list[date] | None = None) -> list[_One]:
    """Every vehicle that the class may stand for; of the days of first admission those near which an answer may turn.

    Of values that no condition names one stands for all, or this would take an hour.
    """
    everyone = (rules.scope, *rules.rows)
    return [
        _One(*values)
        for values in product(
            _values(one.vehicle_type, TYPES, [each.vehicle_types for each in everyone]),
            _values(one.category, CATEGORIES, [each.categories for each in everyone]),
            _values(one.drive, DRIVES, [each.drives for each in everyone]),
            _values(one.emission_class, CLASSES, [frozenset(_span(each)) for each in everyone]),
            [True, False] if one.drive == "unknown" and not one.diesel else [one.diesel],
            [one.special],
            [one.wheelchair],
            dates or _dates(one.first_year, everyone, day),
        )
    ]


def _values(value: object, known: frozenset[object], named: list[frozenset[object]]) -> list[object]:
    """The value itself, or of each group that the conditions treat alike one."""
    if value != "unknown":
        return [value]
    return list({tuple(each in names for names in named): each for each in known}.values())


def _dates(year: int | None, everyone: tuple[Conditions, ...], day: date) -> list[date]:
    begin, end = date(year or 1900, 1, 1), date(year or 2099, 12, 31)
    turns = {begin, end, day}
    for each in everyone:
        turns |= {each.first_admitted_from, each.first_admitted_before}
        turns |= {
            date(day.year - age, day.month, min(day.day, 28)) for age in (each.age_at_least, each.age_below) if age
        }
    near = {turn.toordinal() + n for turn in turns for n in range(-2, 4)}
    return [date.fromordinal(n) for n in near if begin.toordinal() <= n <= end.toordinal()]


def _span(each: Conditions) -> list[EmissionClass]:
    order = "0123456Z"
    return [
        name
        for name in CLASSES
        if order.find(each.emission_at_least) <= order.find(name) <= order.find(each.emission_at_most)
    ]


def _answer(one: _One, rules: ZoneRules, day: date) -> Admitted:
    if not _fits(one, rules.scope, day):
        return Admitted.NOT_APPLICABLE
    in_force = [row for row in rules.rows if row.since <= day <= row.until]
    return Admitted.YES if any(_fits(one, row, day) for row in in_force) else Admitted.NO


def _fits(one: _One, each: Conditions, day: date) -> bool:
    age = day.year - one.first.year - ((day.month, day.day) < (one.first.month, one.first.day))
    return (
        one.vehicle_type in each.vehicle_types
        and one.category in each.categories
        and one.drive in each.drives
        and one.emission_class in _span(each)
        and each.diesel in {None, one.diesel}
        and each.special in {None, one.special}
        and each.wheelchair in {None, one.wheelchair}
        and each.first_admitted_from <= one.first < each.first_admitted_before
        and (each.age_at_least is None or age >= each.age_at_least)
        and (each.age_below is None or age < each.age_below)
    )
