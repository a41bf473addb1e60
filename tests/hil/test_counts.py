"""The rendered street, counted by the parts of the camera with the committed models."""

import pytest

from benchmarks.scene import Score, score
from hil.scenes.__main__ import main as render


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Score:
    """The score of a small scene."""
    folder = tmp_path_factory.mktemp("street")
    render(["--out", str(folder), "--vehicles", "24", "--hours", "0.06"], standalone_mode=False)
    return score(folder)


def test_raw_counts_are_those_of_the_truth(counted: Score) -> None:
    """Per class and direction at most one passage is missing or too many, over all no more than one in twenty."""
    assert counted.within_3_percent
    assert counted.missed + counted.spurious <= counted.passages * 0.05


def test_the_direction_is_always_right(counted: Score) -> None:
    """No vehicle is counted the other way."""
    assert counted.wrong_direction == 0
