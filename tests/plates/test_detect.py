"""Finding plates in a frame."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from edge.config import ViewConfig
from edge.plates.detect import MAX_BOXES, Detector, Peaks, find_peaks, is_whole, without_doubles
from edge.plates.geometry import bounds, overlap
from edge.plates.inference import Session, load_models
from edge.plates.passage import PlateBox
from tests.plates import tiny_models
from tests.plates.drawn import VIEW

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Open the detector that sees plates in bright cells."""
    return load_models(tiny_models.config(tiny_models.folder(tmp_path_factory.mktemp("models")))).detector


def picture(*spots: tuple[float, float], shape: tuple[int, int] = (480, 640)) -> NDArray[np.uint8]:
    """Draw spots at shares of the picture, brightest in their middle."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    away = [np.hypot(columns - x * shape[1], rows - y * shape[0]) for x, y in spots]
    glow = [np.clip(1 - 6 * far / max(shape), 0, 1) for far in away]
    return np.asarray(255 * np.max(glow, axis=0), np.uint8)


def centres(session: Session, gray: NDArray[np.uint8], view: ViewConfig = VIEW) -> list[tuple[float, float]]:
    """Return where plates are found, rounded, from left to right."""
    found = [box.corners.mean(axis=0) for box in Detector(session, view).detect(gray)]
    return sorted((round(float(x), 2), round(float(y), 2)) for x, y in found)


@pytest.mark.parametrize("shape", [(480, 640), (720, 1280), (288, 384), (1080, 1920), (640, 480), (100, 100)])
def test_corners_come_back_to_the_picture(session: Session, shape: tuple[int, int]) -> None:
    """Whatever its size and form."""
    ((x, y),) = centres(session, picture((0.4, 0.6), shape=shape))
    assert (x, y) == pytest.approx((0.4, 0.6), abs=0.03)


@pytest.mark.parametrize("shape", [(1, 4000), (4000, 1), (1081, 1923), (3, 5)])
def test_any_size_is_taken(session: Session, shape: tuple[int, int]) -> None:
    """Also one that no camera has, or whose rows and columns do not divide evenly."""
    assert Detector(session, VIEW).detect(np.zeros(shape, np.uint8)) == []


def test_two_plates_are_two_boxes(session: Session) -> None:
    """In one frame."""
    assert len(centres(session, picture((0.2, 0.3), (0.7, 0.3)))) == 2


def test_an_empty_picture_has_none(session: Session) -> None:
    """The gray that fills the letterbox is no plate either."""
    assert centres(session, np.zeros((720, 1280), np.uint8)) == []


def test_the_input_is_clean_after_another_size(session: Session) -> None:
    """Nothing of the last frame is left where the next one does not reach."""
    detector = Detector(session, VIEW)
    assert len(detector.detect(picture((0.5, 0.95)))) == 1
    assert detector.detect(np.zeros((360, 1280), np.uint8)) == []


def test_masks_hide_what_is_in_them(session: Session) -> None:
    """A burnt-in camera name under a mask is never found, a plate beside it is."""
    masked = msgspec.structs.replace(VIEW, masks=(LEFT,))
    assert len(centres(session, picture((0.2, 0.3), (0.8, 0.3)), masked)) == 1
    assert centres(session, picture((0.2, 0.3)), masked) == []


def test_only_the_region_is_looked_at(session: Session) -> None:
    """Larger than in the whole frame, and with corners in shares of the whole frame."""
    region = ((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0))
    view = msgspec.structs.replace(VIEW, region=region)
    ((x, y),) = centres(session, picture((0.2, 0.2), (0.75, 0.7)), view)
    assert (x, y) == pytest.approx((0.75, 0.7), abs=0.02)


def test_the_region_is_a_polygon_not_its_bounds(session: Session) -> None:
    """A plate in the corner that a triangle leaves out is not wanted."""
    view = msgspec.structs.replace(VIEW, region=((0.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    assert len(centres(session, picture((0.8, 0.2), (0.2, 0.8)), view)) == 1


def test_a_plate_at_the_edge_is_not_whole(session: Session) -> None:
    """Neither at the frame's nor at the edge of the region of interest."""
    found = Detector(session, VIEW).detect(picture((0.01, 0.5), (0.5, 0.5)))
    assert sorted(box.whole for box in found) == [False, True]
    view = msgspec.structs.replace(VIEW, region=LEFT)
    (cut,) = Detector(session, view).detect(picture((0.47, 0.5)))
    assert not cut.whole


def test_a_large_plate_is_seen_from_farther(session: Session) -> None:
    """A zoom on a plate of four fifths of the picture shows it at half of the input, with nothing around the frame."""
    corners = np.array([(0.1, 0.4), (0.9, 0.4), (0.9, 0.6), (0.1, 0.6)], np.float32)
    (found,) = Detector(session, VIEW).zoom(picture((0.5, 0.5), shape=(288, 384)), PlateBox(corners, 0.9, whole=False))
    assert found.whole
    assert found.corners.mean(axis=0) == pytest.approx((0.5, 0.5), abs=0.03)
    assert np.ptp(found.corners[:, 0]) * 384 == pytest.approx(40 * 1.6, abs=0.5)


scores = arrays.arrays(np.float32, (9, 12), elements=st.floats(0, 1, width=32))


def grid(shape: tuple[int, int], half: float) -> NDArray[np.float32]:
    """Return the corners of a square plate around each cell of 8 pixels."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]] * 8.0
    ways = ((-half, -half), (half, -half), (half, half), (-half, half))
    return np.stack([np.stack([columns + x, rows + y], axis=-1) for x, y in ways], axis=2).astype(np.float32)


@given(scores, st.floats(0.01, 1))
def test_peaks_are_local_maxima(score: NDArray[np.float32], threshold: float) -> None:
    """Each reaches the threshold, none has a higher neighbour, the best comes first."""
    peaks = find_peaks(score, grid((9, 12), 6), threshold)
    assert np.all(peaks.scores >= np.float32(threshold))
    assert np.all(np.diff(peaks.scores) <= 0)
    if np.any(score >= threshold):
        assert peaks.scores[0] == score.max()


@given(scores, st.floats(1, 60))
def test_what_is_kept_does_not_overlap(score: NDArray[np.float32], half: float) -> None:
    """No two boxes are the same plate; whatever was dropped overlaps a better one, and there is a bound."""
    peaks = find_peaks(score, grid((9, 12), half), 0.1)
    kept = without_doubles(peaks)
    boxes = bounds(kept.corners)
    for index in range(1, len(boxes)):
        assert overlap(boxes[index], boxes[:index]).max() <= 0.3
    assert len(boxes) <= MAX_BOXES
    assert bool(len(boxes)) == bool(len(peaks.scores))


@given(st.lists(st.tuples(st.floats(-50, 450), st.floats(-50, 350)), min_size=4, max_size=4))
def test_whole_means_inside(points: list[tuple[float, float]]) -> None:
    """A plate is whole exactly if all corners keep clear of the edges."""
    corners = np.array([points], np.float32)
    inside = all(1.5 <= x <= 382.5 and 1.5 <= y <= 286.5 for x, y in corners[0])
    assert bool(is_whole(corners, (384, 288))[0]) is inside


def test_no_peaks_no_boxes() -> None:
    """The empty case has the right shape."""
    empty = Peaks(np.empty((0, 4, 2), np.float32), np.empty(0, np.float32))
    assert without_doubles(empty).corners.shape == (0, 4, 2)
