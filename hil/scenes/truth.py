"""The truth about a scene: who crossed the counting line, when, which way."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import msgspec

from edge.categories import UNKNOWN_ATTRIBUTES, PlateKind
from edge.errors import ConfigError
from hil.scenes.camera import Camera, Point, counting_line
from hil.scenes.fleet import plate_height
from hil.scenes.motion import crossing, path_of
from hil.scenes.traffic import Pass, Traffic, TruePassage, Truth, Vehicle, trailer_class


def make_truth(traffic: Traffic, camera: Camera) -> Truth:
    """Compute the truth from the same geometry that is rendered; all plates are made up."""
    line = counting_line(camera)
    passages = [found for passing in traffic.passes if (found := _passage(traffic, passing, camera, line))]
    end = traffic.start + timedelta(seconds=traffic.seconds)
    return Truth(traffic.start, end, line, "down", tuple(sorted(passages, key=lambda passage: passage.time)))


def _passage(traffic: Traffic, passing: Pass, camera: Camera, line: tuple[Point, Point]) -> TruePassage | None:
    """None for a vehicle that shows no plate: nothing can count it."""
    vehicle = traffic.vehicles[passing.vehicle]
    height = plate_height(vehicle, passing.direction)
    if height is None:
        return None
    second = crossing(path_of(passing), height, camera, line)
    countable = vehicle.vehicle_class if vehicle.kind is PlateKind.NL else UNKNOWN_ATTRIBUTES
    time = round(traffic.start.timestamp() + second, 3)
    return TruePassage(time, passing.direction, vehicle.kind, countable, vehicle.plate)


def save(truth: Truth, file: Path) -> None:
    """Write the truth as JSON."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1))


def load(file: Path) -> Truth:
    """Read what `save` wrote.

    Raises:
        ConfigError: it is missing or something else.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Truth)
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{file}: is no truth of a scene: {error}") from error


def register(traffic: Traffic) -> str:
    """The register of the scene as CSV: every Dutch plate in it, trailers and parked cars included."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["plate", "vehicle_type", "drive", "emission_class"])
    for vehicle in sorted((*traffic.vehicles, *traffic.parked), key=lambda vehicle: vehicle.plate):
        writer.writerows(_entries(vehicle))
    return table.getvalue()


def _entries(vehicle: Vehicle) -> list[list[str]]:
    """The rows of a vehicle and of its trailer; foreign vehicles have none."""
    known = [] if vehicle.kind is PlateKind.FOREIGN else [(vehicle.plate, vehicle.vehicle_class)]
    if vehicle.trailer:
        known.append((vehicle.trailer, trailer_class()))
    return [[plate, of.vehicle_type, of.drive, of.emission_class] for plate, of in known]
