"""The plate renderer: what is drawn is what the labels say, and it is drawn where they say."""

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.training.degrade import COLUMNS, IGNORE, char_class, column_targets, look, nothing
from models.training.glyphs import CHARACTERS, DrawnFace
from models.training.plates import RenderedPlate, random_plate, render_plate
from models.training.styles import DUTCH, DUTCH_STYLES, DUTCH_TWO_LINES, PlateStyle
from models.training.texts import SIDECODES, dutch_groups

PLATE = "V12BDF"


def draw(char: str, face: DrawnFace) -> np.ndarray:
    """One character on 80 by 120 pixels."""
    mask = np.zeros((120, 80), np.uint8)
    face.paint(mask, char, (10.0, 10.0, 60.0, 100.0))
    return mask


def rendered(seed: int) -> RenderedPlate:
    """A random plate whose characters are of no concern."""
    return random_plate(np.random.default_rng(seed))


@pytest.mark.parametrize("char", CHARACTERS)
def test_every_character_fills_its_box(char: str) -> None:
    """Ink reaches all four sides of the box, a pixel of smoothing aside."""
    rows, columns = np.nonzero(draw(char, DrawnFace()) > 127)
    assert abs(rows.min() - 10) <= 3
    assert abs(rows.max() - 109) <= 3
    if char not in "1I":
        assert abs(columns.min() - 10) <= 3
        assert abs(columns.max() - 69) <= 3


def test_characters_differ_except_zero_and_o() -> None:
    """No two glyphs look the same, except the pair that Dutch plates do not tell apart either."""
    drawn = {char: draw(char, DrawnFace()) for char in CHARACTERS}
    same = {a + b for a in CHARACTERS for b in CHARACTERS if a < b and np.array_equal(drawn[a], drawn[b])}
    assert same == {"0O"}


@pytest.mark.parametrize("style", DUTCH_STYLES)
def test_characters_stand_in_their_boxes(style: PlateStyle) -> None:
    """Each box holds ink, and the boxes of a row follow each other without overlap."""
    plate = render_plate(PLATE, np.random.default_rng(1), style)
    assert plate.image.shape == (style.size[1], style.size[0], 3)
    assert len(plate.boxes) == len(plate.rows) == len(PLATE)
    for x0, y0, x1, y1 in plate.boxes.round().astype(int):
        inside = plate.image[y0:y1, x0:x1].astype(int)
        assert (np.abs(inside - np.array(style.ink)).sum(axis=2) < 30).mean() > 0.2
    for row in set(plate.rows.tolist()):
        spans = plate.boxes[plate.rows == row]
        assert (spans[1:, 0] >= spans[:-1, 2]).all()


def test_same_seed_same_plate() -> None:
    """A rendering depends on the seed alone."""
    first, second = rendered(5), rendered(5)
    assert first.text == second.text
    assert np.array_equal(first.image, second.image)


def test_two_lines_break_after_the_first_group() -> None:
    """The first group is in the upper row, the others in the lower."""
    plate = render_plate(PLATE, np.random.default_rng(2), DUTCH_TWO_LINES)
    assert plate.rows.tolist() == [0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("sidecode", SIDECODES)
def test_dashes_follow_the_sidecode(sidecode: str) -> None:
    """All fourteen sidecodes are told apart by their shape alone."""
    text = sidecode.replace("-", "").replace("X", "B")
    assert dutch_groups(text) == tuple(len(part) for part in sidecode.split("-"))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
@example(seed=2752)  # A narrow character too many for the columns.
def test_labels_of_a_random_look(seed: int) -> None:
    """A degraded crop has the reader's size, and its column labels collapse to the plate's text."""
    rng = np.random.default_rng(seed)
    crop = look(random_plate(rng), rng)
    if crop is None:
        return
    assert crop.image.shape == (48, 144)
    judged = [c for c in crop.target.tolist() if c != IGNORE]
    kept = [c for before, c in zip([0, *judged[:-1]], judged, strict=True) if c not in {0, before}]
    assert kept == [char_class(char) for char in crop.text]


def test_equal_neighbours_stay_two() -> None:
    """Between two equal characters a column is blank, however close they stand."""
    spans = np.array([[20.0, 33.0], [34.0, 47.0]])
    target = column_targets("BB", spans, np.array([0, 0]))
    between = target[20 // 4 : 47 // 4]
    assert 0 in between
    assert (target[COLUMNS:] == 0).all()


def test_nothing_has_no_text() -> None:
    """A crop without a plate is blank in every column."""
    crop = nothing(np.random.default_rng(3))
    assert crop.text == ""
    assert not crop.target.any()


def test_holder_does_not_move_the_labels() -> None:
    """Boxes and corners follow the plate into its holder."""
    plates = [rendered(seed) for seed in range(20)]
    framed = [plate for plate in plates if plate.quad[0].any()]
    assert framed
    for plate in framed:
        low, high = plate.boxes[:, :2].min(axis=0), plate.boxes[:, 2:].max(axis=0)
        assert (low >= plate.quad[0] - 1).all()
        assert (high <= plate.quad[2] + 1).all()
        assert cv2.contourArea(plate.quad.astype(np.float32)) > 0


def test_default_style_is_the_yellow_one() -> None:
    """The plain Dutch plate is 520 by 110 mm, at one pixel per mm."""
    assert DUTCH.size == (520, 110)
