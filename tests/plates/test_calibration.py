"""From what speaks for a text to the probability that it is right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import PlateKind
from edge.plates.calibration import Grounds, calibrated, features

kinds = st.sampled_from([PlateKind.NL, PlateKind.FOREIGN])
shares = st.floats(0.0, 1.0)
looks = st.floats(1.0, 64.0)


@given(kinds, shares, looks, shares)
def test_it_is_a_probability(kind: PlateKind, sure: float, count: float, share: float) -> None:
    """Whatever the looks say, even with certainty, the result lies between 0 and 1, and at neither."""
    assert 0.0 < calibrated(kind, Grounds(sure, share * count, count)) < 1.0


@given(kinds, shares, shares, looks, shares)
def test_surer_looks_are_believed_more(kind: PlateKind, one: float, other: float, count: float, share: float) -> None:
    """Between two texts for which as many looks speak, the likelier one is believed at least as much."""
    less, more = sorted([one, other])
    grounds = [Grounds(sure, share * count, count) for sure in (less, more)]
    assert calibrated(kind, grounds[0]) <= calibrated(kind, grounds[1])


@given(kinds, shares, looks, shares, shares)
def test_dissent_counts(kind: PlateKind, sure: float, count: float, one: float, other: float) -> None:
    """The more of the looks say something else, the less a text is believed."""
    less, more = sorted([one, other])
    assert calibrated(kind, Grounds(sure, less * count, count)) <= calibrated(kind, Grounds(sure, more * count, count))


def test_no_sum_of_looks_is_taken_at_its_word() -> None:
    """Where the looks leave no doubt, one remains: they may all err."""
    assert 0.9 < calibrated(PlateKind.NL, Grounds(1.0, 2.0, 2.0)) < 1.0 - 1e-6


def test_a_share_is_at_most_the_whole() -> None:
    """Merged and halved evidence may count more agreeing looks than looks: that is all of them."""
    assert features(Grounds(0.9, 3.0, 2.0)) == pytest.approx(features(Grounds(0.9, 2.0, 2.0)))
