"""The made-up plates are no real ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hil.scenes.numbers import CAR_LETTERS, FORBIDDEN, LETTERS, NumberOffice
from models.training.texts import dutch_groups

SIDECODE_12 = (1, 2, 3)


@given(st.integers(0, 2**32 - 1))
def test_dutch_plates_are_of_sidecode_12_which_is_not_issued(seed: int) -> None:
    """A made-up plate is a letter, two digits, three letters of those that plates use."""
    plate = NumberOffice(np.random.default_rng(seed)).dutch(CAR_LETTERS)
    assert dutch_groups(plate) == SIDECODE_12
    assert plate[0] in CAR_LETTERS
    assert set(plate[3:]) <= set(LETTERS)
    assert plate[3:] not in FORBIDDEN


@given(st.integers(0, 2**32 - 1))
def test_foreign_plates_are_of_no_dutch_form(seed: int) -> None:
    """A foreign plate fits no sidecode."""
    assert dutch_groups(NumberOffice(np.random.default_rng(seed)).foreign()) is None


def test_no_plate_is_given_twice() -> None:
    """An office that is asked for all plates with few letters left still gives different ones."""
    office = NumberOffice(np.random.default_rng(1))
    plates = [office.dutch("V") for _ in range(5_000)]
    assert len(set(plates)) == len(plates)
