"""The truth about a scene: who crossed the counting line, when, which way."""

from datetime import timedelta
from pathlib import Path

import msgspec

from edge.categories import UNKNOWN_ATTRIBUTES, Attributes, PlateKind
from edge.errors import ConfigError
from hil.register.fleet import Fleet, of_vehicles
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


def register(traffic: Traffic) -> Fleet:
    """The register of the scene: every Dutch vehicle in it, trailers and parked cars included."""
    vehicles = sorted((*traffic.vehicles, *traffic.parked), key=lambda vehicle: vehicle.plate)
    return of_vehicles(entry for vehicle in vehicles for entry in _entries(vehicle))


def _entries(vehicle: Vehicle) -> list[tuple[str, Attributes]]:
    """What the register says of a vehicle and of its trailer; of foreign vehicles nothing."""
    known = [] if vehicle.kind is PlateKind.FOREIGN else [(vehicle.plate, vehicle.vehicle_class)]
    if vehicle.trailer:
        known.append((vehicle.trailer, trailer_class()))
    return known
