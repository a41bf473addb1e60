"""What moves through the picture: vehicles with their plates, trailers, cyclists, pedestrians."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.categories import Direction, PlateKind
from hil.scenes import bodies, riders
from hil.scenes.bodies import Body, Spot
from hil.scenes.camera import LINE_Y, Camera, Floats
from hil.scenes.fleet import TRAILER_PLATE, body_of, plate_height, trailer_of
from hil.scenes.light import Light
from hil.scenes.motion import Path, path_of
from hil.scenes.painting import Decal, Solid, solid
from hil.scenes.plates import PlateFace, plate_face
from hil.scenes.shapes import Mesh, turned
from hil.scenes.traffic import BodyKind, Pass, Size, Traffic, Vehicle, Walker

HITCH: Final = 0.15
"""Metres by which a drawbar reaches under the car."""
WHITE_LAMPS: Final = (205, 235, 255)
RED_LAMPS: Final = (30, 20, 210)


@dataclass(frozen=True, slots=True)
class Actor:
    """Something that moves: what is painted, the way of its near end, its size on the road, its lamps there."""

    model: Solid
    decals: tuple[Decal, ...]
    path: Path
    size: Size
    width: float
    lamps: tuple[Spot, ...]
    lamp_colour: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Stage:
    """From where and in which light the actors of one stretch of time are seen."""

    camera: Camera
    light: Light

    def viewer(self, path: Path) -> Floats:
        """Direction (3,) from the counting line towards the camera."""
        towards = self.camera.position - np.array([path.x, LINE_Y, 0.7])
        unit: Floats = towards / np.linalg.norm(towards)
        return unit

    def actor(self, body: Body, direction: Direction, path: Path, *decals: Decal) -> Actor:
        """Shade a body that moves along ``path``, with what is stuck on it."""
        leaving = direction is Direction.OUT
        lamps = tuple((-x, 0.0, z) for x, _, z in body.tail) if leaving else body.head
        colour = RED_LAMPS if leaving else WHITE_LAMPS
        model = solid(near_end_first(body, direction), self.light, self.viewer(path))
        size = Size(body.length, float(body.mesh.faces[..., 2].max()))
        return Actor(model, decals, path, size, body.width, lamps, colour)

    def hung(self, plate: PlateFace, height: float) -> Decal:
        """A plate at its place, as bright as this light makes it; plates throw light back, so dusk dims them less."""
        picture = plate.image.astype(np.float32)
        picture[..., :3] *= 1.0 - 0.3 * self.light.dusk
        return Decal(plate.corners(height), picture.astype(np.uint8))


def near_end_first(body: Body, direction: Direction) -> Mesh:
    """The mesh with the end that the camera sees at y = 0: the front of what approaches, the rear of what leaves."""
    return turned(body.mesh, body.length) if direction is Direction.OUT else body.mesh


def vehicle_actor(vehicle: Vehicle, direction: Direction, path: Path, stage: Stage) -> Actor:
    """A vehicle with the plate that the camera sees; its two plates differ in dirt."""
    body, height = body_of(vehicle, leaving=direction is Direction.OUT), plate_height(vehicle, direction)
    rng = np.random.default_rng([vehicle.look, 2, direction is Direction.OUT])
    plate = plate_face(vehicle.plate, vehicle.kind, rng, small=vehicle.body is BodyKind.MOTORCYCLE)
    return stage.actor(body, direction, path, *([stage.hung(plate, height)] if height else []))


def pass_actors(traffic: Traffic, passing: Pass, stage: Stage) -> list[Actor]:
    """The vehicle of one pass, and its trailer."""
    vehicle = traffic.vehicles[passing.vehicle]
    car = vehicle_actor(vehicle, passing.direction, path_of(passing), stage)
    return [car, _trailer(vehicle, car.size.length, passing, stage)] if vehicle.trailer else [car]


def _trailer(vehicle: Vehicle, car_length: float, passing: Pass, stage: Stage) -> Actor:
    """The trailer behind its car: nearer to the camera when they leave, farther when they come."""
    trailer, path = trailer_of(vehicle), path_of(passing)
    behind = HITCH - trailer.length if passing.direction is Direction.OUT else car_length - HITCH
    plate = plate_face(vehicle.trailer, PlateKind.NL, np.random.default_rng([vehicle.look, 3]))
    return stage.actor(trailer, passing.direction, path.shifted(behind), stage.hung(plate, TRAILER_PLATE))


def walker_actor(walker: Walker, stage: Stage) -> Actor:
    """Somebody on a bicycle or on foot."""
    coat = bodies.PAINTS[walker.look % len(bodies.PAINTS)]
    body = riders.cyclist(coat) if walker.cycling else riders.pedestrian(coat)
    sign = 1.0 if walker.direction is Direction.OUT else -1.0
    return stage.actor(body, walker.direction, Path(walker.x, walker.time, sign * walker.speed))
