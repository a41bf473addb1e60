"""What the register's texts mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import Drive, EmissionClass, VehicleType
from edge.registry.rdw import classes
from edge.registry.rdw.classes import Fuel
from edge.registry.vehicle import Category

T, C = VehicleType, Category


@pytest.mark.parametrize(
    ("sort", "body", "category", "mass", "expected"),
    [
        ("Personenauto", "hatchback", "M1", 1700, (T.PASSENGER_CAR, C.M1)),
        ("Personenauto", "kampeerwagen", "M1", 2800, (T.PASSENGER_CAR, C.M1)),
        ("Bedrijfsauto", "gesloten opbouw", "N1", 3030, (T.VAN, C.N1)),
        ("Bedrijfsauto", "gesloten opbouw", "N2", 7500, (T.TRUCK, C.N2)),
        ("Bedrijfsauto", "gesloten opbouw", "N3", 18000, (T.TRUCK, C.N3)),
        ("Bedrijfsauto", "opleggertrekker", "N3", 20000, (T.TRACTOR_UNIT, C.N3)),
        ("Bedrijfsauto", "opleggertrekker", "N1", 3500, (T.VAN, C.N1)),
        ("Bedrijfsauto", "gesloten opbouw", "", 3500, (T.VAN, C.N1)),
        ("Bedrijfsauto", "gesloten opbouw", "", 3501, (T.TRUCK, C.N2)),
        ("Bedrijfsauto", "opleggertrekker", "", 12001, (T.TRACTOR_UNIT, C.N3)),
        ("Bedrijfsauto", "gesloten opbouw", "", None, (T.UNKNOWN, C.UNKNOWN)),
        ("Bus", "bus", "M3", 18000, (T.BUS, C.M3)),
        ("Motorfiets", "", "L3e", None, (T.TWO_WHEELER, C.L)),
        ("Bromfiets", "", "", None, (T.TWO_WHEELER, C.UNKNOWN)),
        ("Driewielig motorrijtuig", "", "L5", None, (T.OTHER, C.L)),
        ("Oplegger", "", "O4", 40000, (T.OTHER, C.O)),
        ("Land- of bosbouwtrekker", "", "T1", None, (T.OTHER, C.OTHER)),
        ("", "", "", None, (T.UNKNOWN, C.UNKNOWN)),
    ],
)
def test_kinds(sort: str, body: str, category: str, mass: int | None, expected: tuple[VehicleType, Category]) -> None:
    """Type and category of a vehicle, by its mass where the category is missing."""
    assert classes.kind(sort, body, category, mass)[:2] == expected


def test_special_bodies() -> None:
    """Bodies for which the law has rows of their own."""
    assert classes.kind("Bedrijfsauto", "Betonmixer", "N3", None).special
    assert not classes.kind("Bedrijfsauto", "gesloten opbouw", "N3", None).special
    assert classes.kind("Bedrijfsauto", "voor rolstoelen toegankelijk voertuig", "N1", None).wheelchair


@pytest.mark.parametrize(
    ("fuels", "expected"),
    [
        (["Waterstof", "Elektriciteit"], Drive.HYDROGEN),
        (["Elektriciteit"], Drive.ELECTRIC),
        (["Benzine", "Elektriciteit"], Drive.HYBRID),
        (["Diesel", "Elektriciteit"], Drive.HYBRID),
        (["Benzine", "LPG"], Drive.GAS),
        (["CNG"], Drive.GAS),
        (["Diesel", "LNG"], Drive.GAS),
        (["Diesel"], Drive.DIESEL),
        (["Benzine", "Alcohol"], Drive.PETROL),
        (["Alcohol"], Drive.OTHER),
        ([""], Drive.UNKNOWN),
    ],
)
def test_several_fuel_rows_become_one_drive(fuels: list[str], expected: Drive) -> None:
    """By the stated precedence, in whatever order the rows come."""
    found = Fuel.NONE
    for fuel in fuels:
        found |= classes.fuel(fuel)
    assert classes.drive(found) is expected


@given(st.integers(0, 63), st.one_of(st.none(), st.integers(0, 6)), st.one_of(st.none(), st.integers(0, 6)))
def test_every_combination_of_fuels_has_a_class(fuels: int, code: int | None, level: int | None) -> None:
    """Codes go before levels; what burns nothing is Z, and nothing else is."""
    burns = bool(Fuel(fuels) & ~(Fuel.ELECTRIC | Fuel.HYDROGEN))
    found = classes.emission_class(Fuel(fuels), code, level)
    worst = level if code is None else code
    assert (found is EmissionClass.Z) == (worst is None and not burns and fuels != 0)
    assert worst is None or found == str(worst)


@pytest.mark.parametrize(
    ("text", "level"),
    [("EURO 5", 5), ("EURO 6 AP", 6), ("EURO VI", 6), ("EURO IV", 4), ("EURO III", 3), ("EURO V A", 5), ("AX", None)],
)
def test_levels_of_light_and_heavy_vehicles(text: str, level: int | None) -> None:
    """Arabic and Roman numbers."""
    assert classes.emission_level(text) == level


@pytest.mark.parametrize(
    "text",
    [
        "20010626",
        "20,010,626",
        "06/26/2001 12:00:00 AM",
        "06/26/2001",
        "2001-06-26T00:00:00.000",
        "2001-06-26",
        " 20010626 ",
    ],
)
def test_a_day_in_any_form_gives_its_year(text: str) -> None:
    """As numbers, with commas, and as dates of either style."""
    assert classes.year(text) == 2001


@given(st.one_of(st.text(max_size=24), st.sampled_from(["00000000", "18991231", "2001062", "26-06-2001"])))
def test_what_is_no_day_has_no_year(text: str) -> None:
    """Nothing is guessed, and nothing raises."""
    found = classes.year(text)
    assert found is None or str(found) in text.replace(",", "")


@given(st.integers(0, 10**8))
def test_numbers_with_and_without_commas(number: int) -> None:
    """As they stand in exports."""
    assert classes.number(f"{number:,}") == classes.number(str(number)) == number


@given(st.text(max_size=12))
def test_no_text_is_too_odd(text: str) -> None:
    """Whatever stands in a field becomes a category or nothing."""
    classes.kind(text, text, text, classes.number(text))
    classes.fuel(text)
    classes.emission_code(text)
    classes.emission_level(text)
