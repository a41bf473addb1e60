"""What moves through the picture: vehicles with their plates, trailers, cyclists, pedestrians."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.categories import Direction, PlateKind
from hil.scenes import bodies, riders
from hil.scenes.bodies import Body, Spot
from hil.scenes.camera import LINE_Y, Camera, Floats
from hil.scenes.fleet import body_of, trailer_of
from hil.scenes.light import Light
from hil.scenes.motion import Path, path_of, plate_height
from hil.scenes.painting import Decal, Solid, solid
from hil.scenes.plates import PlateFace, plate_face
from hil.scenes.shapes import Mesh, turned
from hil.scenes.traffic import Pass, Traffic, Vehicle, Walker

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
    length: float
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

    def actor(self, body: Body, direction: Direction, path: Path, plate: PlateFace | None) -> Actor:
        """Shade a body that moves along ``path`` and hang its plate on it."""
        leaving = direction is Direction.OUT
        height = plate_height(body, direction)
        decals = (self.hung(plate, height),) if plate and height else ()
        lamps = tuple((-x, 0.0, z) for x, _, z in body.tail) if leaving else body.head
        colour = RED_LAMPS if leaving else WHITE_LAMPS
        model = solid(near_end_first(body, direction), self.light, self.viewer(path))
        return Actor(model, decals, path, body.length, body.width, lamps, colour)

    def hung(self, plate: PlateFace, height: float) -> Decal:
        """A plate at its place, as bright as this light makes it; plates throw light back, so dusk dims them less."""
        picture = plate.image.astype(np.float32)
        picture[..., :3] *= 1.0 - 0.3 * self.light.dusk
        return Decal(plate.corners(height), picture.astype(np.uint8))


def near_end_first(body: Body, direction: Direction) -> Mesh:
    """The mesh with the end that the camera sees at y = 0: the front of what approaches, the rear of what leaves."""
    return turned(body.mesh, body.length) if direction is Direction.OUT else body.mesh


def plate_of(vehicle: Vehicle, body: Body, direction: Direction) -> PlateFace:
    """The plate of a vehicle; its two plates differ in dirt."""
    rng = np.random.default_rng([vehicle.look, 2, direction is Direction.OUT])
    return plate_face(vehicle.plate, vehicle.kind, rng, small=body.small_plate)


def vehicle_actors(traffic: Traffic, passing: Pass, stage: Stage) -> list[Actor]:
    """The vehicle of one pass, and its trailer."""
    vehicle, path = traffic.vehicles[passing.vehicle], path_of(passing)
    body = body_of(vehicle, leaving=passing.direction is Direction.OUT)
    actors = [stage.actor(body, passing.direction, path, plate_of(vehicle, body, passing.direction))]
    if vehicle.trailer:
        actors.append(_trailer(vehicle, body, passing, stage))
    return actors


def _trailer(vehicle: Vehicle, car: Body, passing: Pass, stage: Stage) -> Actor:
    """The trailer behind its car: nearer to the camera when they leave, farther when they come."""
    trailer, path = trailer_of(vehicle), path_of(passing)
    behind = HITCH - trailer.length if passing.direction is Direction.OUT else car.length - HITCH
    plate = plate_face(vehicle.trailer, PlateKind.NL, np.random.default_rng([vehicle.look, 3]))
    return stage.actor(trailer, passing.direction, path.shifted(behind), plate)


def walker_actor(walker: Walker, stage: Stage) -> Actor:
    """Somebody on a bicycle or on foot."""
    coat = bodies.PAINTS[walker.look % len(bodies.PAINTS)]
    body = riders.cyclist(coat) if walker.cycling else riders.pedestrian(coat)
    sign = 1.0 if walker.direction is Direction.OUT else -1.0
    return stage.actor(body, walker.direction, Path(walker.x, walker.time, sign * walker.speed), None)
