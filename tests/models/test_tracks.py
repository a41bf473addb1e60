"""Made-up vehicles that pass: their plates can exist, and looks at one of them are alike."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.categories import PlateKind
from edge.plates.passage import PlateBox, Reading
from edge.plates.syntax import sidecode
from edge.plates.vote import vote
from models.training.tracks import MOST_LOOKS, Passing, dutch_text, passing
from tests.plates.drawn import reading

seeds = st.integers(0, 2**32 - 1)


class Album:
    """A reader that reads the same in every picture, and keeps them."""

    def __init__(self, text: str = "V12BDF") -> None:
        self.pictures: list[NDArray[np.uint8]] = []
        self.boxes: list[PlateBox] = []
        self._text = text

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Keep the picture; return one reading per box."""
        self.pictures.append(full)
        self.boxes += boxes
        return [reading(self._text) for _ in boxes]


def first(kind: PlateKind | None, *, looks: int = 1) -> tuple[Passing, Album]:
    """Return the first vehicle of a kind with at least so many looks, and its pictures."""
    for seed in range(1000):
        album = Album()
        vehicle = passing(seed, album)
        if vehicle.kind is kind and len(vehicle.looks) >= looks:
            return vehicle, album
    raise AssertionError


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_the_same_seed_is_the_same_vehicle(seed: int) -> None:
    """Text, pictures and boxes depend on the seed alone."""
    one, other = Album(), Album()
    assert passing(seed, one).text == passing(seed, other).text
    assert all(np.array_equal(*pair) for pair in zip(one.pictures, other.pictures, strict=True))
    assert all(np.array_equal(a.corners, b.corners) for a, b in zip(one.boxes, other.boxes, strict=True))


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_vehicle_comes_nearer(seed: int) -> None:
    """It is seen once or some times, and its plate does not shrink."""
    widths = [width for _, width in passing(seed, Album()).looks]
    assert 1 <= len(widths) <= MOST_LOOKS
    assert widths == sorted(widths)


@given(seeds)
def test_dutch_plates_can_exist(seed: int) -> None:
    """Each is of a sidecode, without a forbidden group."""
    assert sidecode(dutch_text(np.random.default_rng(seed))) is not None


def test_all_sidecodes_pass() -> None:
    """Each of the fourteen is simulated, those that are not issued as well."""
    rng = np.random.default_rng(1)
    assert {sidecode(dutch_text(rng)) for _ in range(3000)} == set(range(1, 15))


def test_noise_is_new_in_every_frame() -> None:
    """Pictures of one vehicle are alike, but no two are the same."""
    _, album = first(PlateKind.NL, looks=6)
    assert not any(np.array_equal(one, other) for one, other in zip(album.pictures, album.pictures[1:], strict=False))


def test_looks_at_one_vehicle_are_alike() -> None:
    """Brightness differs less between looks at a vehicle than between vehicles."""
    albums = [Album() for _ in range(30)]
    for seed, album in enumerate(albums):
        passing(seed, album)
    levels = [[float(picture.mean()) for picture in album.pictures] for album in albums]
    within = np.mean([np.std(each) for each in levels])
    assert within < np.std([np.mean(each) for each in levels]) / 2


def test_there_are_foreign_plates_and_none_at_all() -> None:
    """A foreign plate has its text, what is no plate has none."""
    assert first(PlateKind.FOREIGN)[0].text
    assert not first(None)[0].text


def test_its_evidence_is_that_of_a_track() -> None:
    """What the reader says in all pictures is voted on."""
    vehicle, _ = first(PlateKind.NL, looks=3)
    assert vote(vehicle.evidence()).text == b"V12BDF"
