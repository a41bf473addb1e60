"""The detector's training scenes: labels that fit the picture, and the same scene for the same seed."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.training.backgrounds import Backgrounds, load_backgrounds
from models.training.batches import COLUMNS, ROWS, cut, move, real_scene, target_of
from models.training.cars import draw_vehicle
from models.training.found import decode, letterbox, match, overlap
from models.training.scenes import BOX, EXACT, HEIGHT, IGNORE, WIDTH, Scene, Sources, random_scene
from models.training.streets import Street, load_streets

DRAWN = Sources(Backgrounds(()), ())


def square(left: float, top: float, right: float, bottom: float) -> NDArray[np.float32]:
    """An upright quad."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def scene(*quads: NDArray[np.float32], kind: int = EXACT) -> Scene:
    """A gray scene with the given plates."""
    image = np.full((HEIGHT, WIDTH), 90, np.uint8)
    return Scene(image, np.array(quads, np.float32).reshape(-1, 4, 2), np.full(len(quads), kind, np.int8))


def street() -> Street:
    """A made-up photograph with one plate."""
    image = np.full((540, 960), 60, np.uint8)
    cv2.rectangle(image, (400, 300), (500, 322), 220, -1)
    return Street(image, np.array([[400, 300, 500, 322]], np.float32))


def test_same_seed_gives_the_same_scene() -> None:
    """Training can be repeated: a scene depends on its seed alone."""
    a, b = (random_scene(np.random.default_rng([4, 9]), DRAWN) for _ in range(2))
    assert np.array_equal(a.image, b.image)
    assert np.array_equal(a.quads, b.quads)


@pytest.mark.parametrize("sources", [DRAWN, Sources(Backgrounds(()), (street(),))], ids=["drawn", "streets"])
def test_plates_with_known_corners_are_inside_the_frame(sources: Sources) -> None:
    """A plate that the frame's edge cuts is never asked for."""
    for seed in range(25):
        found = random_scene(np.random.default_rng(seed), sources)
        assert found.image.shape == (HEIGHT, WIDTH)
        exact = found.quads[found.kinds == EXACT]
        assert np.all(exact >= -2)
        assert np.all(exact <= (WIDTH + 1, HEIGHT + 1))


def test_quads_run_clockwise_from_the_top_left_as_read() -> None:
    """Corners keep the reading order, also on turned plates."""
    for seed in range(25):
        for quad in random_scene(np.random.default_rng(seed), DRAWN).quads:
            along, down = quad[1] - quad[0], quad[3] - quad[0]
            assert along[0] * down[1] - along[1] * down[0] > 0
            assert along[0] > 0


def test_vehicle_is_painted_around_its_plate() -> None:
    """The place of the plate lies on the drawn body."""
    for seed in range(10):
        vehicle = draw_vehicle(np.random.default_rng(seed), 0.1)
        x, y = np.round(vehicle.painter.pixels([vehicle.plate])[0]).astype(int)
        assert vehicle.painter.alpha[y, x] == 255


def test_target_peaks_at_the_plates_centre() -> None:
    """The centre cell says one and carries the corners."""
    quad = square(100, 80, 180, 100)
    target = target_of(scene(quad))
    row, column = divmod(int(np.argmax(target.heat)), COLUMNS)
    assert (row, column) == (11, 17)
    assert target.heat[row, column] == 1
    assert np.array_equal(target.quads[row, column], quad)
    assert target.mask.sum() > 8


def test_ignored_plate_is_neither_asked_for_nor_punished() -> None:
    """A cut plate takes trust away where it lies."""
    target = target_of(scene(square(100, 80, 180, 100), kind=IGNORE))
    assert target.heat.max() == 0
    assert target.trust[11, 17] == 0
    assert target.trust[0, 0] == 1


def test_cut_drops_what_left_and_ignores_what_is_halved() -> None:
    """Of three plates one stays, one is ignored, one is gone."""
    quads = np.stack([square(10, 10, 60, 22), square(-20, 10, 30, 22), square(-90, 10, -40, 22)])
    kept, kinds = cut(quads, np.full(3, EXACT, np.int8))
    assert len(kept) == 2
    assert kinds.tolist() == [EXACT, IGNORE]


def test_moved_scene_keeps_the_plate_under_its_quad() -> None:
    """Scaling and shifting move picture and label alike."""
    bright = scene(square(120, 100, 200, 120))
    cv2.rectangle(bright.image, (120, 100), (200, 120), 255, -1)
    for seed in range(10):
        moved = move(np.random.default_rng(seed), bright)
        for quad in moved.quads[moved.kinds == EXACT]:
            x, y = np.round(quad.mean(axis=0)).astype(int)
            assert moved.image[y, x] > 150


def test_real_street_keeps_its_plate_under_the_box() -> None:
    """Mirroring and scaling a photograph move its boxes alike."""
    for seed in range(10):
        found = real_scene(np.random.default_rng(seed), street())
        for quad in found.quads[found.kinds == BOX]:
            x, y = np.round(quad.mean(axis=0)).astype(int)
            assert found.image[y, x] > found.image[max(0, y - 40), x]


def test_only_training_files_are_read(tmp_path: Path) -> None:
    """Photographs kept for validation never reach training."""
    with (tmp_path / "labels.csv").open("w", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerows(
            [["file", "xmin", "ymin", "xmax", "ymax"], ["train_a.jpg", 1, 2, 30, 9], ["valid_a.jpg", 1, 2, 30, 9]]
        )
    for name in ("train_a.jpg", "valid_a.jpg"):
        cv2.imwrite(str(tmp_path / name), np.zeros((60, 80), np.uint8))
    assert len(load_streets(tmp_path)) == 1


def test_training_needs_no_folders() -> None:
    """Without photographs scenes are drawn throughout."""
    assert load_streets(None) == ()
    assert load_backgrounds(None).photos == ()


def test_decode_keeps_the_best_of_overlapping_boxes() -> None:
    """Two peaks on one plate give one box, the surer one."""
    score = np.zeros((ROWS, COLUMNS), np.float32)
    corners = np.zeros((ROWS, COLUMNS, 4, 2), np.float32)
    score[11, 15], score[11, 18], score[3, 3] = 0.6, 0.9, 0.2
    corners[11, 15] = corners[11, 18] = square(100, 80, 180, 100)
    found = decode(score, corners, 0.3)
    assert found.scores.tolist() == pytest.approx([0.9])


def test_letterbox_aligns_top_left() -> None:
    """A wide photograph leaves gray below."""
    frame, scale = letterbox(np.zeros((540, 960), np.uint8))
    assert scale == pytest.approx(0.4)
    assert frame[215, 0] == 0
    assert frame[216, 0] == 114


def test_match_asks_for_half_overlap() -> None:
    """A box that covers a third of the plate doesn't count."""
    wanted = np.array([[0, 0, 90, 20]], np.float32)
    there, real = match(np.array([[0, 0, 30, 20], [0, 0, 80, 20]], np.float32), wanted)
    assert there.tolist() == [True]
    assert real.tolist() == [False, True]
    assert overlap(wanted[0], wanted[0]) == pytest.approx(1)
