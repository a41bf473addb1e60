"""The files of a made-up register."""

import gzip
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge.categories import Attributes, Drive, EmissionClass, VehicleType
from edge.errors import AnprError
from edge.registry.vehicle import VehicleClass
from hil.register.bodies import BODIES
from hil.register.columns import NEEDED, header
from hil.register.days import DateForm
from hil.register.exports import Exports, Style, count_rows, write
from hil.register.fleet import Fleet, make_fleet, of_vehicles
from hil.register.forms import form, lawful
from hil.register.fuels import EMISSIONS, FUELS, UNKNOWN, ZERO
from hil.register.outfit import PARTICULARS, TAILS, forced
from hil.register.side_rows import Wording
from tests.hil.register.reader import read, records, rows

STYLES = list(Style)
FILES = ("vehicles", "fuel", "particulars")


def expected(fleet: Fleet) -> dict[str, VehicleClass]:
    """What a reader should find."""
    return dict(fleet.truth(place) for place in range(len(fleet)))


def contents(made: Exports) -> list[bytes]:
    """The three files."""
    return [file.read_bytes() for file in (made.vehicles, made.fuel, made.particulars)]


@pytest.mark.parametrize("style", STYLES)
def test_a_reader_finds_the_truth(style: Style, tmp_path: Path) -> None:
    """Who follows the rules for builders gets the class of every vehicle right, and rejects nothing."""
    fleet = make_fleet(30_000, 11)
    found, rejects = read(write(fleet, tmp_path, style))
    assert found == expected(fleet)
    assert not rejects


def every_case() -> Fleet:
    """Each fuel with each emission class and wording, each body with each filling, each form of a date."""
    plates = form(12).plates(np.arange(12_000))
    plates = plates[lawful(12, plates)]
    place = np.arange(len(plates))
    fuel, emission = place % len(FUELS), place // len(FUELS) % len(EMISSIONS)
    only = np.array([forced(number) for number in range(len(FUELS))])[fuel]
    # Z is for what is forced to it.
    emission = np.where(only < len(EMISSIONS), only, np.where(emission == ZERO, UNKNOWN, emission))
    columns = (place // TAILS % len(BODIES), fuel, emission, place // len(FUELS) // len(EMISSIONS) % len(Wording),
               place % len(DateForm), place % len(PARTICULARS), place % TAILS)  # fmt: skip
    return Fleet(plates, (20_000 + place).astype(np.uint16), *(column.astype(np.uint8) for column in columns))


@pytest.mark.parametrize("style", STYLES)
def test_every_case_leads_to_its_class(style: Style, tmp_path: Path) -> None:
    """Also what a thousand vehicles rarely show."""
    fleet = every_case()
    assert set(fleet.body) == set(range(len(BODIES)))
    assert read(write(fleet, tmp_path, style))[0] == expected(fleet)


def test_given_vehicles_are_found_too(tmp_path: Path) -> None:
    """The vehicles of a scene can be read back."""
    fleet = of_vehicles([
        ("V12BDF", Attributes(VehicleType.VAN, Drive.ELECTRIC, EmissionClass.Z)),
        ("W12BDF", Attributes(VehicleType.OTHER, Drive.OTHER, EmissionClass.UNKNOWN)),
        ("G12BDF", Attributes(VehicleType.PASSENGER_CAR, Drive.HYDROGEN, EmissionClass.E6)),
    ])  # fmt: skip
    assert read(write(fleet, tmp_path, Style.SELECT))[0] == expected(fleet)


def test_headers(tmp_path: Path) -> None:
    """The export has the 92, 36 and 6 columns of the real one in its order; what is selected has those needed."""
    export, select = (write(make_fleet(5, 1), tmp_path / style, style) for style in STYLES)
    assert [len(next(rows(file))) for file in (export.vehicles, export.fuel, export.particulars)] == [92, 36, 6]
    first = next(rows(export.vehicles))
    assert first[:4] == ["Kenteken", "Voertuigsoort", "Merk", "Handelsbenaming"]
    assert first[36] == "Europese voertuigcategorie"
    assert first[-1] == "API Gekentekende_voertuigen_voertuigklasse"
    for name in FILES:
        assert set(NEEDED[name].values()) <= set(header(name, Style.EXPORT))
        assert tuple(next(rows(getattr(select, name)))) == tuple(NEEDED[name])


def test_the_export_looks_like_the_real_one(tmp_path: Path) -> None:
    """Commas within numbers, dates in both forms, addresses of other data sets, some 700 bytes a row."""
    text = write(make_fleet(3000, 2), tmp_path, Style.EXPORT).vehicles.read_text()
    assert re.search(r',"[1-9],[0-9]{3}",', text)
    assert re.search(r',"20,[0-9]{3},[0-9]{3}",', text)
    assert re.search(",(0[1-9]|1[0-2])/[0-3][0-9]/20[0-2][0-9] 12:00:00 AM,", text)
    lines = text.splitlines()
    assert all(line.endswith("https://opendata.rdw.nl/resource/kmfi-hrps.json") for line in lines[1:])
    assert 650 < sum(map(len, lines[1:])) / 3000 < 950


def test_what_is_selected_looks_like_the_real_one(tmp_path: Path) -> None:
    """Every value is in quotes, no number has a comma, dates are ISO."""
    made = write(make_fleet(3000, 2), tmp_path, Style.SELECT)
    for line in made.vehicles.read_text().splitlines():
        assert re.fullmatch('("[^"]+"|)(,("[^"]+"|))*', line)
    dates = {re.sub("[0-9]", "9", row["datum_eerste_toelating_dt"]) for row in records(made.vehicles, Counter())}
    assert dates == {"9999-99-99T99:99:99.999"}


def test_rows_are_in_no_order(tmp_path: Path) -> None:
    """Neither by plate, nor is the second file in the order of the first, nor are a vehicle's rows together."""
    made = write(make_fleet(3000, 2), tmp_path, Style.SELECT)
    vehicles = [row[0] for row in rows(made.vehicles)][1:]
    fuel = [row[0] for row in rows(made.fuel)][1:]
    assert sum(one < other for one, other in pairwise(vehicles)) == pytest.approx(1500, abs=150)
    place = {plate: number for number, plate in enumerate(vehicles)}
    assert sum(place[one] < place[other] for one, other in pairwise(fuel)) == pytest.approx(len(fuel) / 2, rel=0.1)
    assert sum(one == other for one, other in pairwise(fuel)) < 20


@pytest.mark.parametrize("style", STYLES)
def test_the_same_fleet_gives_the_same_bytes(style: Style, tmp_path: Path) -> None:
    """Compressed or not, spoilt or not; compressed files hold what plain ones do."""
    fleet = make_fleet(2000, 4)
    plain = contents(write(fleet, tmp_path / "one", style, mess=0.05))
    assert contents(write(fleet, tmp_path / "two", style, mess=0.05)) == plain
    packed = contents(write(fleet, tmp_path / "three", style, mess=0.05, gzipped=True))
    assert [gzip.decompress(file) for file in packed] == plain
    assert contents(write(fleet, tmp_path / "four", style, mess=0.05, gzipped=True)) == packed


@pytest.mark.parametrize("gzipped", [False, True])
def test_more_vehicles_than_fit_into_a_batch(gzipped: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Batches follow each other without loss; progress counts every row."""
    fleet, told = make_fleet(140_000, 8), Counter[str]()
    made = write(fleet, tmp_path, Style.SELECT, gzipped=gzipped, told=lambda n: told.update(rows=n))
    counts = [sum(1 for _ in rows(file)) - 1 for file in (made.vehicles, made.fuel, made.particulars)]
    assert counts[0] == 140_000
    assert sum(counts) == told["rows"] == count_rows(fleet)
    assert len({row[0] for row in rows(made.vehicles)}) == 140_001


def test_no_vehicles(tmp_path: Path) -> None:
    """A fleet of none makes files of headers."""
    made = write(make_fleet(0, 1), tmp_path, Style.EXPORT, mess=0.1)
    assert [file.count(b"\n") for file in contents(made)] == [1, 1, 1]


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    """Who is interrupted in the middle finds the folder as it was."""
    old = contents(write(make_fleet(10, 1), tmp_path, Style.SELECT))

    def stop(rows_written: int) -> None:
        if rows_written:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(make_fleet(1000, 2), tmp_path, Style.SELECT, told=stop)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"{name}.csv" for name in FILES)
    assert [(tmp_path / f"{name}.csv").read_bytes() for name in FILES] == old


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """One line says which and why."""
    (tmp_path / "file").touch()
    with pytest.raises(AnprError, match=r"file/here: can't be written: Not a directory$"):
        write(make_fleet(10, 1), tmp_path / "file" / "here", Style.SELECT)
