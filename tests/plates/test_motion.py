"""Which frames are looked at."""

import copy
import functools
import tracemalloc
from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.camera.frame import Frame
from edge.config import ViewConfig
from edge.plates import track
from edge.plates.motion import AFTER, PAUSE, Motion
from tests.plates.drawn import VIEW

FPS = 25
LEARNING = 25 * FPS  # Frames after which a new scene's noise is known.
SHAPE = (144, 256)
NOISES = (0.0, 3.0, 8.0)


class Camera:
    """A camera that looks at one street after the other, with fresh noise of so many grey levels in every frame."""

    def __init__(self, noise: float, view: ViewConfig = VIEW) -> None:
        self._rng = np.random.default_rng(1)
        # Drawing noise is slow: each frame takes another part of much.
        self._much = noise * self._rng.standard_normal((3 * SHAPE[0], 3 * SHAPE[1]), np.float32)
        self._motion = Motion(view)
        self._index = 0

    def shows(self, street: NDArray[np.float32], *, following: bool = False) -> bool:
        """Take the next picture; tell whether it is looked at."""
        down, right = (int(self._rng.integers(2 * size)) for size in SHAPE)
        noise = self._much[down : down + SHAPE[0], right : right + SHAPE[1]]
        picture = np.clip(street + noise, 0, 255).astype(np.uint8)
        self._index += 1
        return self._motion.worth_a_look(Frame(self._index, self._index / FPS, picture, picture), following=following)

    def looks(self, streets: Iterable[NDArray[np.float32]]) -> list[bool]:
        """Take pictures of each; tell which are looked at."""
        return [self.shows(street) for street in streets]


def street(level: float = 90.0) -> NDArray[np.float32]:
    """Draw an empty street: edges, and posts, and a road that grows brighter towards the camera."""
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    return np.asarray(level + 0.2 * rows + 40 * (columns % 64 < 3), np.float32)


def with_vehicle(x: float, y: float, size: float = 20.0, contrast: float = -30.0) -> NDArray[np.float32]:
    """Draw a vehicle of ``size`` pixels around a place in pixels: a plate on it would be four to six pixels wide."""
    picture, half = street(), size / 2
    picture[max(0, round(y - half)) : round(y + half), max(0, round(x - half)) : round(x + half)] += contrast
    return picture


def settled(noise: float, view: ViewConfig = VIEW) -> Camera:
    """Return a camera that knows the noise of the empty street, and has just looked at it."""
    return copy.deepcopy(_settled(noise, view))


@functools.cache
def _settled(noise: float, view: ViewConfig) -> Camera:
    camera = Camera(noise, view)
    camera.looks([street()] * LEARNING)
    while not camera.shows(street()):
        pass
    return camera


def longest(looks: list[bool]) -> int:
    """Return the most frames in a row that were not looked at."""
    runs = "".join("-" if look else "x" for look in looks).split("-")
    return max(map(len, runs))


@pytest.mark.parametrize("noise", NOISES)
def test_a_still_scene_is_looked_at_now_and_then(noise: float) -> None:
    """Every 0.4 seconds and no more often, by day and in the noise of night."""
    looks = settled(noise).looks([street()] * 1_000)
    assert longest(looks) <= PAUSE * FPS
    assert sum(looks) <= 1_000 / (PAUSE * FPS)


def test_the_pause_keeps_parked_vehicles_in_sight() -> None:
    """At ten frames a second too, the tracker never takes a parked vehicle for hidden because of it."""
    assert PAUSE + 0.1 <= track._HIDDEN
    assert AFTER >= track._STILL_SECONDS


@given(st.sampled_from(NOISES), st.floats(0, 1), st.floats(0, 1), st.integers(0, 9))
def test_a_vehicle_is_looked_at_in_the_first_frame_in_which_it_shows(
    noise: float, x: float, y: float, after: int
) -> None:
    """Dark and far away, wherever it comes into sight, and in every frame from then on."""
    camera = settled(noise)
    assert not any(camera.looks([street()] * after))
    x, y = 10 + x * (SHAPE[1] - 20), 10 + y * (SHAPE[0] - 20)
    assert all(camera.looks(with_vehicle(x + 2 * step, y) for step in range(20)))


@pytest.mark.parametrize("noise", NOISES)
def test_a_creeping_vehicle_wakes(noise: float) -> None:
    """One that comes in by a pixel a frame adds up, for it is compared with what was looked at a while ago."""
    camera = settled(noise)
    looks = camera.looks(with_vehicle(step - 10, 80, contrast=-50) for step in range(60))
    assert longest(looks) < PAUSE * FPS - 1
    assert sum(looks) > 45


def test_headlights_that_fade_in_wake() -> None:
    """A grey level a frame is less than the noise from one frame to the next."""
    camera = settled(3.0)
    looks = camera.looks(with_vehicle(200, 60, 40, contrast=step) for step in range(100))
    assert longest(looks) < PAUSE * FPS - 1
    assert sum(looks) > 75


def test_a_change_of_exposure_wakes_once() -> None:
    """All of the picture becomes brighter: looked at for a good second, then still again."""
    looks = settled(3.0).looks([street(level=120)] * 100)
    awake = round((AFTER + PAUSE) * FPS)
    assert all(looks[: round(AFTER * FPS)])
    assert sum(looks[awake + 1 :]) <= (100 - awake) / (PAUSE * FPS)


@pytest.mark.parametrize(("swing", "beat"), [(8, 0.01), (8, 1 / 3), (4, 0.34)])
def test_a_lamp_that_flickers_is_known_in_a_while(swing: float, beat: float) -> None:
    """It does not keep the camera awake, and away from it a vehicle is seen as before.

    A hundred times a second is three and a third for each of 30 frames: a beat of a third of a period, or of nearly
    none at 25 frames.
    """
    camera = Camera(4.0)

    def lit(step: int) -> NDArray[np.float32]:
        picture = street()
        picture[20:70, 20:90] += np.float32(swing * np.sin(2 * np.pi * beat * step))
        return picture

    camera.looks(lit(step) for step in range(3 * LEARNING))
    assert sum(camera.looks(lit(3 * LEARNING + step) for step in range(300))) < 150
    assert camera.shows(with_vehicle(200, 100))


def test_a_shaking_camera_never_rests() -> None:
    """Every frame is looked at, however long it has been shaking."""
    rng = np.random.default_rng(1)
    wall = rng.uniform(40, 200, (SHAPE[0] // 4, SHAPE[1] // 4)).astype(np.float32)
    wall = np.kron(wall, np.ones((4, 4), np.float32))
    shaken = (np.roll(wall, tuple(rng.integers(-3, 4, 2)), (0, 1)) for _ in range(3 * LEARNING))
    assert all(Camera(2.0).looks(shaken))


def test_only_the_region_without_its_masks_is_watched() -> None:
    """What moves elsewhere wakes nobody."""
    left = ((0.0, 0.0), (0.45, 0.0), (0.45, 1.0), (0.0, 1.0))
    right = ((0.55, 0.0), (1.0, 0.0), (1.0, 1.0), (0.55, 1.0))
    regional, masked = (msgspec.structs.replace(VIEW, **part) for part in ({"region": right}, {"masks": (left,)}))
    for view in (regional, masked):
        camera = settled(3.0, view)
        assert sum(camera.looks(with_vehicle(60 + step, 80) for step in range(20))) <= 2
        assert all(camera.looks(with_vehicle(180 + step, 80) for step in range(20)))


def test_a_region_is_a_polygon_not_its_bounds() -> None:
    """A triangle's empty corner is not watched."""
    view = msgspec.structs.replace(VIEW, region=((0.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    camera = settled(3.0, view)
    assert sum(camera.looks(with_vehicle(200 + step, 30) for step in range(20))) <= 2


def test_whoever_is_followed_is_looked_at_and_teaches_nothing() -> None:
    """Every frame is looked at, and a jam does not pass for noise."""
    camera = settled(3.0)
    rng = np.random.default_rng(2)
    jam = [with_vehicle(float(rng.uniform(20, 124)), float(rng.uniform(20, 124)), 40) for _ in range(LEARNING)]
    assert all(camera.shows(picture, following=True) for picture in jam)
    camera.looks([street()] * 40)
    assert camera.shows(with_vehicle(60, 60, contrast=-20))


def test_a_passing_vehicle_is_hardly_noise() -> None:
    """Whoever waves for two seconds, and is no vehicle, leaves the place as sensitive as before."""
    camera = settled(3.0)
    camera.looks(with_vehicle(60 + step % 9, 60, 40, contrast=90) for step in range(2 * FPS))
    camera.looks([street()] * 50)
    assert camera.shows(with_vehicle(60, 60))


def test_a_clock_that_goes_back_or_another_size_is_looked_at() -> None:
    """What was known says nothing about it."""
    motion, picture = Motion(VIEW), np.zeros(SHAPE, np.uint8)
    other = np.zeros((SHAPE[1], SHAPE[0]), np.uint8)
    given = [(100.0, picture), (100.1, picture), (50.0, picture), (50.1, picture), (50.2, other)]
    looks = [motion.worth_a_look(Frame(0, time, seen, seen), following=False) for time, seen in given]
    assert looks == [True, False, True, False, True]


@given(st.integers(1, 400), st.integers(1, 400))
def test_any_size_is_taken(high: int, wide: int) -> None:
    """A picture that turns white is looked at, whatever its form."""
    motion, dark = Motion(VIEW), np.zeros((high, wide), np.uint8)
    motion.worth_a_look(Frame(0, 0.0, dark, dark), following=False)
    assert not motion.worth_a_look(Frame(1, 0.1, dark, dark), following=False)
    assert motion.worth_a_look(Frame(2, 0.2, dark + 255, dark), following=False)


def test_nothing_of_the_size_of_a_picture_is_allocated() -> None:
    """Of a second of frames nothing is left, and one takes less than a twentieth of its own size meanwhile."""
    motion, picture = Motion(VIEW), np.zeros((720, 1280), np.uint8)
    frames = [Frame(index, index / FPS, picture, picture) for index in range(FPS)]
    motion.worth_a_look(frames[0], following=False)
    tracemalloc.start()
    for frame in frames:
        motion.worth_a_look(frame, following=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < picture.size / 20
