"""Rows spoilt on purpose."""

from collections import Counter
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.register.exports import Style, write
from hil.register.fleet import make_fleet
from hil.register.mess import MOST_MESS
from tests.hil.register.reader import read, rows


@pytest.mark.parametrize("style", list(Style))
def test_a_reader_rejects_what_was_spoilt_and_no_more(style: Style, tmp_path: Path) -> None:
    """Rejects by reason are the numbers that are told, and every vehicle is still there with its class."""
    fleet = make_fleet(20_000, 21)
    made = write(fleet, tmp_path, style, mess=0.09)
    found, rejects = read(made)
    mess = made.mess
    assert rejects == {
        "wrong number of columns": mess.wrong_columns,
        "plate malformed": mess.odd_plates + mess.short_plates,
        "duplicate": mess.duplicate_rows + mess.other_duplicates,
        "fuel row without vehicle": mess.fuel_orphans,
        "particulars row without vehicle": mess.particulars_orphans,
        "date unreadable": mess.zero_dates,
        "date missing": mess.missing_dates,
    }
    assert found == dict(made.written.truth(place) for place in range(len(fleet)))


def test_mess_is_spread_evenly(tmp_path: Path) -> None:
    """Each of nine kinds has a ninth of the share; dates are half missing, half zero."""
    mess = write(make_fleet(9000, 1), tmp_path, Style.SELECT, mess=0.1).mess
    assert (mess.zero_dates, mess.missing_dates) == (50, 50)
    assert Counter(astuple(mess)) == {100: 9, 50: 2}


def test_missing_values_change_what_is_known(tmp_path: Path) -> None:
    """What is written differs from the fleet where a value was taken away, and nowhere else."""
    fleet = make_fleet(9000, 1)
    made = write(fleet, tmp_path, Style.EXPORT, mess=0.1)
    changed = sum(fleet.truth(place) != made.written.truth(place) for place in range(len(fleet)))
    assert 150 < changed <= 200
    assert write(fleet, tmp_path, Style.EXPORT).written == fleet


def test_bad_rows_come_after_the_good_one(tmp_path: Path) -> None:
    """Of two rows with one plate, the first is the true one; the doubled vehicles are told."""
    fleet = make_fleet(9000, 1)
    made = write(fleet, tmp_path, Style.SELECT, mess=0.1)
    seen: dict[str, list[list[str]]] = {}
    for row in rows(made.vehicles):
        seen.setdefault(row[0], []).append(row)
    different = {
        plate for plate, found in seen.items() if len(found) == 2 and found[0] != found[1] and len(found[1]) == 8
    }
    assert different <= {fleet.truth(int(place))[0] for place in made.doubled}
    assert len(different) >= len(made.doubled) - 3


def test_unusual_plates_are_valid(tmp_path: Path) -> None:
    """Some are in small letters, some have their dashes."""
    made = write(make_fleet(9000, 1), tmp_path, Style.SELECT, mess=0.1)
    plates = [row[0] for row in rows(made.vehicles)][1:]
    dashed = [plate for plate in plates if "-" in plate]
    small = [plate for plate in plates if plate != plate.upper()]
    assert len(dashed) + len(small) == made.mess.unusual_plates
    assert all(plate.count("-") == 2 for plate in dashed)


@given(st.integers(0, 60), st.floats(0, MOST_MESS))
def test_any_share_of_any_fleet(vehicles: int, share: float) -> None:
    """Small fleets and large shares are spoilt without fault."""
    fleet = make_fleet(vehicles, 1)
    with TemporaryDirectory() as folder:
        made = write(fleet, Path(folder), Style.SELECT, mess=share)
        assert len(read(made)[0]) == vehicles
