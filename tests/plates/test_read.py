"""Cutting plates out and collapsing the reader's columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.plates.detect import MAX_BOXES
from edge.plates.inference import Session, load_models
from edge.plates.passage import PlateBox
from edge.plates.read import HEIGHT, WIDTH, Reader, agreed, collapse, cut_out, inner_corners
from edge.plates.syntax import ALPHABET, decode
from tests.plates import tiny_models
from tests.plates.drawn import FOREIGN, reading


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Open the reader that sees characters as shades."""
    return load_models(tiny_models.config(tiny_models.folder(tmp_path_factory.mktemp("models")))).reader


def bars(text: str) -> NDArray[np.uint8]:
    """Draw a crop in which each character is a bar of its shade, 12 pixels wide with a black gap of 8."""
    crop = np.zeros((HEIGHT, WIDTH), np.uint8)
    for at, char in enumerate(text.encode()):
        crop[:, 12 + 20 * at : 24 + 20 * at] = (ALPHABET.index(char) + 1) * tiny_models.SHADES
    return crop


def plate_at(left: float, top: float, scale: float, shape: tuple[int, int]) -> PlateBox:
    """Return the box whose widened crop is the rectangle of ``scale`` times 144 x 48 pixels at (left, top)."""
    x, y = WIDTH * 0.08 / 1.16 * scale, HEIGHT * 0.15 / 1.3 * scale
    right, bottom = left + WIDTH * scale - x, top + HEIGHT * scale - y
    corners = np.array([(left + x, top + y), (right, top + y), (right, bottom), (left + x, bottom)], np.float32)
    return PlateBox((corners / np.array([shape[1], shape[0]])).astype(np.float32), 0.9)


def test_plates_are_read_where_they_are(session: Session) -> None:
    """Two in one frame, each with its own text."""
    frame = np.zeros((480, 640), np.uint8)
    frame[100:148, 50:194], frame[300:348, 400:544] = bars("V12BDF"), bars("V34GHJ")
    boxes = [plate_at(50, 100, 1, frame.shape), plate_at(400, 300, 1, frame.shape)]
    readings = Reader(session).read(frame, boxes)
    assert [decode(reading.slots.argmax(axis=1)) for reading in readings if reading] == [b"V12BDF", b"V34GHJ"]


def test_a_rotated_plate_is_read_upright(session: Session) -> None:
    """The corners say which way up it is."""
    frame = np.zeros((480, 640), np.uint8)
    frame[100:148, 50:194] = bars("V12BDF")
    turned = np.ascontiguousarray(frame[::-1, ::-1])
    straight = plate_at(50, 100, 1, frame.shape)
    upside_down = (1 - 1 / np.array([640, 480]) - straight.corners).astype(np.float32)
    (reading,) = Reader(session).read(turned, [PlateBox(upside_down, 0.9)])
    assert reading is not None
    assert decode(reading.slots.argmax(axis=1)) == b"V12BDF"


def test_cut_and_small_plates_have_no_reading(session: Session) -> None:
    """What touches the edge or is narrower than 24 pixels is not read; the others keep their places."""
    frame = np.zeros((480, 640), np.uint8)
    frame[100:148, 50:194] = bars("V12BDF")
    whole = plate_at(50, 100, 1, frame.shape)
    cut = PlateBox(whole.corners, 0.9, whole=False)
    small = PlateBox(whole.corners * np.float32(0.15), 0.9)
    assert [reading is not None for reading in Reader(session).read(frame, [cut, whole, small])] == [False, True, False]


def test_the_batch_has_a_bound(session: Session) -> None:
    """More boxes than a frame can have cost no more memory."""
    box = plate_at(50, 100, 1, (480, 640))
    readings = Reader(session).read(np.zeros((480, 640), np.uint8), [box] * (MAX_BOXES + 3))
    assert sum(reading is not None for reading in readings) == MAX_BOXES


def test_readings_outlive_the_buffer(session: Session) -> None:
    """The next frame does not change what was read in the last."""
    reader = Reader(session)
    frame = np.zeros((480, 640), np.uint8)
    frame[100:148, 50:194] = bars("V12BDF")
    (first,) = reader.read(frame, [plate_at(50, 100, 1, frame.shape)])
    reader.read(np.zeros_like(frame), [plate_at(50, 100, 1, frame.shape)])
    assert first is not None
    assert decode(first.slots.argmax(axis=1)) == b"V12BDF"


class Watched:
    """A session that remembers what it gave out."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.given: list[NDArray[np.float32]] = []

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, NDArray[np.uint8]]) -> Sequence[Any]:
        """Run it."""
        found = self._session.run(output_names, input_feed)
        assert found[0].any()
        self.given.append(found[0])
        return found


def test_crops_and_columns_are_overwritten(session: Session) -> None:
    """What stays of a plate is its reading, for whoever asked; also where several cuts of it are read."""
    frame = np.zeros((480, 640), np.uint8)
    frame[100:148, 50:194], frame[300:348, 400:544] = bars("V12BDF"), bars("VVVBBB")
    watched = Watched(session)
    reader = Reader(watched)
    readings = reader.read(frame, [plate_at(50, 100, 1, frame.shape), plate_at(400, 300, 1, frame.shape)])
    assert all(reading is not None and reading.slots.any() for reading in readings)
    assert len(watched.given) == 2
    assert not any(columns.any() for columns in watched.given)
    assert not reader._crops.any()


def test_the_margin_is_that_of_the_training() -> None:
    """The plate's own corners lie 8 % of its width and 15 % of its height inside the crop."""
    frame = np.zeros((200, 400), np.uint8)
    frame[80:120, 100:300] = 255
    crop = np.zeros((HEIGHT, WIDTH), np.uint8)
    quad = np.array([(100, 80), (300, 80), (300, 120), (100, 120)], np.float32)
    cut_out(frame, quad, crop, inner_corners(0.08, 0.08, 0.15))
    rows, columns = np.nonzero(crop > 127)
    assert columns.min() == pytest.approx(WIDTH * 0.08 / 1.16, abs=1)
    assert rows.min() == pytest.approx(HEIGHT * 0.15 / 1.3, abs=1)


class Counting:
    """A session that notes how many plates each run reads."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.batches: list[int] = []

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, NDArray[np.uint8]]) -> Sequence[Any]:
        """Run the session."""
        self.batches.append(len(input_feed["plates"]))
        return self._session.run(output_names, input_feed)


def test_only_what_is_no_dutch_text_is_read_again(session: Session) -> None:
    """Half a plate gets five more cuts, in one batch; a whole one costs one reading."""
    counting = Counting(session)
    frame = np.zeros((480, 640), np.uint8)
    frame[100:148, 50:194], frame[300:348, 400:544] = bars("V12BDF"), bars("V12BD")
    Reader(counting).read(frame, [plate_at(50, 100, 1, frame.shape), plate_at(400, 300, 1, frame.shape)])
    assert counting.batches == [2, 5]


def test_a_wall_of_lettering_is_not_read_for_long(session: Session) -> None:
    """At most four plates of a frame are read again."""
    counting = Counting(session)
    Reader(counting).read(np.zeros((480, 640), np.uint8), [plate_at(50, 100, 1, (480, 640))] * MAX_BOXES)
    assert counting.batches == [MAX_BOXES, 20]


def test_what_most_cuts_say_counts() -> None:
    """A clear lone voice gives way to two; the clearest of those who agree is kept, and a guess has no voice."""
    alone, one, two = (
        reading("B4D7F9H", 0.95, FOREIGN),
        reading("B4D7F9", 0.88, FOREIGN),
        reading("B4D7F9", 0.9, FOREIGN),
    )
    assert agreed([alone, one, two]) is two
    assert agreed([reading("V12BD", 0.95), dutch := reading("V12BDF", 0.9)]) is dutch
    guess = reading("V12BDFGH", 0.7)
    assert agreed([alone, guess, guess]) is alone


def columns_of(classes: list[int]) -> NDArray[np.float32]:
    """Return the reader's output for a class per column, the rest blank."""
    columns = np.zeros((72, 37), np.float32)
    columns[:, 0] = 1
    for at, which in enumerate(classes):
        columns[at] = 0
        columns[at, which] = 1
    return columns


def test_what_stands_between_blanks_is_one_character() -> None:
    """A blank makes two of equal ones; columns that can't decide between 0 and O make one, and show both."""
    slots = collapse(columns_of([0, 1, 1, 0, 1, 0, 25, 25, 1, 0]))
    assert list(slots.argmax(axis=1)) == [0, 0, 24]
    assert slots[2, 24] == pytest.approx(2 / 3)
    assert slots[2, 0] == pytest.approx(1 / 3)


def test_the_second_row_follows_the_first() -> None:
    """Also where a character ends one row and begins the next."""
    classes = [0] * 35 + [5, 5, 0, 6]
    assert list(collapse(columns_of(classes)).argmax(axis=1)) == [4, 4, 5]


def test_nothing_read_is_no_slot() -> None:
    """All blank."""
    assert collapse(columns_of([])).shape == (0, 36)


@given(st.lists(st.integers(0, 36), max_size=72))
def test_slots_are_distributions(classes: list[int]) -> None:
    """Each sums to one, whatever was read."""
    slots = collapse(columns_of(classes))
    assert slots.shape[1] == 36
    assert np.allclose(slots.sum(axis=1), 1, atol=1e-5)
    assert len(slots) <= sum(which > 0 for which in classes)
