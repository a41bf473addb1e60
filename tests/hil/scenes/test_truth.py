"""The truth agrees with the geometry that is rendered."""

from pathlib import Path

import numpy as np
import pytest

from edge.categories import UNKNOWN_ATTRIBUTES, Attributes, Direction, PlateKind
from edge.errors import ConfigError
from hil.scenes import truth
from hil.scenes.camera import HEIGHT, WIDTH, below_line, counting_line, mast_camera
from hil.scenes.fleet import plate_height
from hil.scenes.motion import path_of
from hil.scenes.plates import plate_face
from hil.scenes.traffic import BodyKind, Pass, Traffic
from hil.scenes.truth import make_truth


def corners(traffic: Traffic, passing: Pass, time: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The four corners in pixels of the plate of a pass."""
    vehicle = traffic.vehicles[passing.vehicle]
    height = plate_height(vehicle, passing.direction)
    assert height is not None
    face = plate_face(vehicle.plate, vehicle.kind, np.random.default_rng(1), small=vehicle.body is BodyKind.MOTORCYCLE)
    return mast_camera().project(face.corners(height) + path_of(passing).at(time))


def test_plates_are_on_the_line_at_the_time_of_the_truth(street: Traffic) -> None:
    """At the true time the middle of the projected plate is within a pixel of the line."""
    known = make_truth(street, mast_camera())
    for passage in known.passages:
        passing = next(p for p in street.passes if street.vehicles[p.vehicle].plate == passage.plate
                       and abs(p.time - passage.time + street.start.timestamp()) < 3)  # fmt: skip
        quad = corners(street, passing, passage.time - street.start.timestamp())
        assert abs(below_line(quad.mean(axis=0), known.line)) < 1.0


def test_inwards_is_down_the_picture(street: Traffic) -> None:
    """A vehicle that comes in is above the line before its time and below it afterwards; one that goes out is not."""
    line = counting_line(mast_camera())
    for passing in street.passes:
        before, after = (corners(street, passing, passing.time + s).mean(axis=0) for s in (-0.4, 0.4))
        down = passing.direction is Direction.IN
        assert (below_line(before, line) < 0) == down
        assert (below_line(after, line) > 0) == down


def test_plates_are_large_enough_to_read_on_the_line(street: Traffic) -> None:
    """Plates of 52 cm are at least 90 pixels wide on the line, and inside the picture."""
    for passing in street.passes:
        quad = corners(street, passing, passing.time)
        assert quad[1, 0] - quad[0, 0] >= 90
        assert (quad > 0).all()
        assert (quad < (WIDTH, HEIGHT)).all()


def test_every_pass_is_in_the_truth_once(demo: Traffic) -> None:
    """The demo's truth has all passes, in order of time, inside its two hours."""
    known = make_truth(demo, mast_camera())
    times = [passage.time for passage in known.passages]
    assert len(known.passages) == len(demo.passes)
    assert times == sorted(times)
    assert known.start.timestamp() < times[0]
    assert times[-1] < known.end.timestamp()


def test_what_no_plate_tells_is_unknown_in_the_truth(demo: Traffic) -> None:
    """Foreign and unreadable vehicles have no class, the others have that of the register."""
    for passage in make_truth(demo, mast_camera()).passages:
        assert (passage.vehicle_class == UNKNOWN_ATTRIBUTES) == (passage.kind is not PlateKind.NL)


def test_the_truth_comes_back_from_its_file(street: Traffic, tmp_path: Path) -> None:
    """What was saved is loaded again."""
    known = make_truth(street, mast_camera())
    truth.save(known, tmp_path / "truth.json")
    assert truth.load(tmp_path / "truth.json") == known


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]"])
def test_a_file_that_is_no_truth_is_refused_by_name(content: bytes | None, tmp_path: Path) -> None:
    """Missing, empty and other files give an error that names the file."""
    file = tmp_path / "truth.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"truth\.json"):
        truth.load(file)


def test_the_register_knows_all_dutch_plates_and_no_foreign_one(demo: Traffic) -> None:
    """Vehicles, trailers and parked cars are in it, with the class that they have; foreign ones are not."""
    fleet = truth.register(demo)
    known = dict(fleet.truth(index) for index in range(len(fleet)))
    dutch = [v.plate for v in (*demo.vehicles, *demo.parked) if v.kind is not PlateKind.FOREIGN]
    trailers = [v.trailer for v in demo.vehicles if v.trailer]
    assert sorted(known) == sorted(dutch + trailers)
    for vehicle in demo.vehicles:
        if vehicle.kind is not PlateKind.FOREIGN:
            found = known[vehicle.plate]
            assert Attributes(found.vehicle_type, found.drive, found.emission_class) == vehicle.vehicle_class
