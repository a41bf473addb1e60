"""Plates as numbers, and how much they tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.plates.syntax import SIDECODES, sidecode
from hil.register.entropy import report
from hil.register.fleet import make_fleet
from hil.register.forms import form, lawful, universe


@given(st.sampled_from(sorted(SIDECODES)), st.data())
def test_ranks_and_plates_are_the_same(code: int, data: st.DataObject) -> None:
    """A rank gives a plate that gives the rank; it is lawful just where the syntax says so."""
    whole = form(code)
    ranks = np.array(data.draw(st.lists(st.integers(0, whole.size - 1), min_size=1)), np.uint32)
    plates = whole.plates(ranks)
    assert whole.ranks(plates).tolist() == ranks.tolist()
    assert lawful(code, plates).tolist() == [sidecode(plate.tobytes()) == code for plate in plates]


@pytest.mark.parametrize("code", [1, 8, 13])
def test_a_universe_is_all_lawful_plates(code: int) -> None:
    """Its size is what counting gives."""
    whole = form(code)
    assert universe(code) == lawful(code, whole.plates(np.arange(whole.size))).sum()


def test_first_letters() -> None:
    """A form with some first letters has only those."""
    vans = form(9, b"V")
    assert {plate[:1].tobytes() for plate in vans.plates(np.arange(0, vans.size, 1000))} == {b"V"}
    assert not len(vans.ranks(form(9, b"B").plates(np.arange(10))))


def test_entropy() -> None:
    """Few plates out of many cost more bits than many, classes the same; the plate tells much of the class."""
    few, many = report(make_fleet(2000, 1)), report(make_fleet(50_000, 1))
    assert few.keys > many.keys > 8
    assert 7 < many.classes < 9
    assert 0.5 < many.classes_given_plate < many.classes / 2
    assert report(make_fleet(0, 1)).keys == 0
