"""The still that shows where the camera counts."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.config import ViewConfig
from edge.errors import ConfigError
from edge.plates.view import IN, LINE, OUT, draw_view
from tests.plates.drawn import VIEW, box

GRAY = np.full((360, 640), 128, np.uint8)
LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def rows_of(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> float:
    """Return the mean row of a colour."""
    return float(np.nonzero((picture == colour).all(axis=2))[0].mean())


@pytest.mark.parametrize(("inwards", "sign"), [("down", 1), ("up", -1)])
def test_arrows_show_in_and_out(inwards: str, sign: int) -> None:
    """The line where it is configured, "in" on its inner side, "out" on the other."""
    picture = draw_view(GRAY, msgspec.convert(msgspec.to_builtins(VIEW) | {"inwards": inwards}, ViewConfig))
    assert rows_of(picture, LINE) == pytest.approx(180, abs=2)
    assert sign * (rows_of(picture, IN) - 180) > 10
    assert sign * (rows_of(picture, OUT) - 180) < -10


def test_masks_and_the_outside_are_dark() -> None:
    """Nothing is looked for there."""
    masked = draw_view(GRAY, msgspec.structs.replace(VIEW, masks=(LEFT,)))
    within = draw_view(GRAY, msgspec.structs.replace(VIEW, region=LEFT))
    assert masked[40, 100].max() < 128
    assert tuple(masked[40, 500]) == (128, 128, 128)
    assert tuple(within[40, 100]) == (128, 128, 128)
    assert within[40, 500].max() < 128


def test_plates_can_not_be_read() -> None:
    """Of a plate and its surroundings eight blocks are left, of all else a blur; the input is not changed."""
    rng = np.random.default_rng(1)
    still = rng.integers(0, 256, (360, 640), np.uint8)
    before = still.copy()
    picture = draw_view(still, VIEW, [box(0.5, 0.2, 0.2), box(0.99, 0.99, 0.1)])
    plate = picture[72 - 20 : 72 + 20, 320 - 64 : 320 + 64, 0]
    assert len(np.unique(plate)) <= 8
    assert np.array_equal(still, before)
    assert picture[:20, :, 0].std() < still[:20].std()


def test_a_line_along_the_way_is_refused() -> None:
    """As when counting."""
    with pytest.raises(ConfigError, match="inwards"):
        draw_view(GRAY, msgspec.structs.replace(VIEW, inwards="left"))
