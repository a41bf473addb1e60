"""Renders the street at any moment: background of that time of day, shadows, vehicles, glare."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from edge.categories import Direction
from hil.scenes.actors import Actor, Stage, pass_actors, vehicle_actor, walker_actor
from hil.scenes.camera import HEIGHT, LINE_Y, WIDTH, Camera, Floats, Image, mast_camera
from hil.scenes.light import light_at
from hil.scenes.motion import Path
from hil.scenes.painting import Easel, Grain, blend, blurred, grainy, make_grain, solid, unit_noise
from hil.scenes.street import lit, make_street
from hil.scenes.traffic import Traffic

COARSE: Final = 4
"""Shadows and glare are soft: they are drawn at this fraction of the size."""
PARKED: Final = ((-3.85, 25.0), (-3.8, 31.2))
"""x and near end of the two parked cars; the second one's plate is hidden behind the first."""
LONGEST_SHADOW: Final = 5.0


class Renderer:
    """Renders one scene; the same moment of the same stretch always gives the same picture."""

    def __init__(self, traffic: Traffic, seed: int) -> None:
        self.camera = mast_camera()
        self.traffic = traffic
        self._noise = unit_noise(np.random.default_rng([seed, 3]))
        self._easel = Easel(self.camera)
        self._street = make_street(self.camera, np.random.default_rng([seed, 2]))

    def stretch(self, start: float, end: float) -> "Stretch":
        """Prepare the seconds from ``start`` to ``end``, in which the light stays the same."""
        light = light_at(self.traffic.moment((start + end) / 2))
        stage = Stage(self.camera, light)
        grain = make_grain(self._noise, light.noise)
        actors = [a for a in self._actors(start, end, stage) if _meets(a, start, end)]
        return Stretch(self._easel, self._background(stage, grain), tuple(actors), stage, grain)

    def _actors(self, start: float, end: float, stage: Stage) -> list[Actor]:
        near = [p for p in self.traffic.passes if start - 30 < p.time < end + 30]
        actors = [actor for passing in near for actor in pass_actors(self.traffic, passing, stage)]
        walkers = [w for w in self.traffic.walkers if start - 30 < w.time < end + 30]
        return actors + [walker_actor(walker, stage) for walker in walkers]

    def _background(self, stage: Stage, grain: Grain) -> Image:
        """The street without traffic, with noise that stands still: cameras take out what moves nowhere."""
        picture = lit(self._street, stage.light)
        parked = [self._parked(number, stage) for number in range(len(PARKED))]
        _darken(picture, parked, 0.0, stage)
        scenery = self._easel.paint(solid(self._street.scenery, stage.light, stage.viewer(parked[0].path)), np.zeros(3))
        if scenery:
            blend(picture, scenery, grain)
        for actor in reversed(parked):
            sprite = self._easel.paint(actor.model, actor.path.at(0.0), actor.decals)
            if sprite:
                blend(picture, sprite, grain)
        return grainy(cv2.GaussianBlur(picture, (0, 0), 0.6), grain)

    def _parked(self, number: int, stage: Stage) -> Actor:
        x, y = PARKED[number]
        standing = Path(x, -(y - LINE_Y) * 1e9, 1e-9)
        return vehicle_actor(self.traffic.parked[number], Direction.IN, standing, stage)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in one light, ready to be rendered frame by frame."""

    easel: Easel
    background: Image
    actors: tuple[Actor, ...]
    stage: Stage
    grain: Grain

    def frame(self, time: float) -> Image:
        """The picture (720, 1280, 3), blue, green, red, at ``time`` seconds from the start of the scene."""
        picture = self.background.copy()
        grain = self.grain.window(np.random.default_rng(round(time * 1000)))
        shown = [actor for actor in self.actors if _meets(actor, time, time)]
        present = sorted(shown, key=lambda actor: -actor.path.at(time)[1])
        _darken(picture, present, time, self.stage)
        for actor in present:
            self._draw(picture, actor, time, grain)
        if self.stage.light.dusk > 0.15:
            _shine(picture, present, time, self.stage)
        return picture

    def _draw(self, picture: Image, actor: Actor, time: float, grain: Grain) -> None:
        sprite = self.easel.paint(actor.model, actor.path.at(time), actor.decals)
        if sprite is not None:
            blend(picture, blurred(sprite, self._smear(actor, time)), grain)

    def _smear(self, actor: Actor, time: float) -> float:
        """Pixels that the near end moves while the picture is exposed."""
        moments = np.array([actor.path.at(time), actor.path.at(time + self.stage.light.exposure)])
        if self.stage.camera.depth(moments).min() < 1:
            return 0.0
        return float(abs(np.diff(self.stage.camera.project(moments)[:, 1])[0]))


def _meets(actor: Actor, start: float, end: float) -> bool:
    first, last = actor.path.shown(actor.size)
    return first < end and last > start


def _footprint(actor: Actor, time: float, grow: float) -> Floats:
    """Corners (4, 3) on the road of what an actor stands on, none nearer than the picture's lower edge needs."""
    x, y, _ = actor.path.at(time)
    half = actor.width / 2 + grow
    near, far = max(y - grow, 7.0), max(y + actor.size.length + grow, 7.0)
    return np.array([[x - half, near, 0], [x + half, near, 0], [x + half, far, 0], [x - half, far, 0]])


def _darken(picture: Image, actors: list[Actor], time: float, stage: Stage) -> None:
    """Lay the shadows of all actors on the road: close under them, and away from the sun."""
    mask = np.full((HEIGHT // COARSE, WIDTH // COARSE), 255, np.uint8)
    light = stage.light
    reach = -light.sun[:2] / max(light.sun[2], 0.1) * 1.3
    reach *= min(1.0, LONGEST_SHADOW / float(np.linalg.norm(reach)))
    strength = float(light.sunlight.mean())
    for actor in actors:
        under = _footprint(actor, time, 0.0)
        cast = np.concatenate([under, under + np.array([*reach, 0.0])])
        _polygon(mask, cast, round(255 * (1 - 0.55 * strength)), stage.camera)
    for actor in actors:
        _polygon(mask, _footprint(actor, time, 0.08), 95, stage.camera)
    soft = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 1.7), (WIDTH, HEIGHT))
    rows = np.flatnonzero(mask.min(axis=1) < 255) * COARSE
    if len(rows):
        part = np.s_[max(0, rows[0] - 16) : rows[-1] + 20]
        cv2.multiply(picture[part], cv2.cvtColor(soft[part], cv2.COLOR_GRAY2BGR), picture[part], scale=1 / 255)


def _polygon(mask: Image, corners: Floats, value: int, camera: Camera) -> None:
    """Fill the hull of points on the road, darkening only."""
    pixels = np.clip(camera.project(corners) / COARSE, -2_000, 2_000)
    hull = cv2.convexHull(np.rint(pixels).astype(np.int32))
    layer = np.full_like(mask, 255)
    cv2.fillConvexPoly(layer, hull, value)
    cv2.min(mask, layer, mask)


def _shine(picture: Image, actors: list[Actor], time: float, stage: Stage) -> None:
    """Add the glare of lamps and the pools that headlamps throw on the road."""
    glow = np.zeros((HEIGHT // COARSE, WIDTH // COARSE, 3), np.uint8)
    for actor in actors:
        for lamp in actor.lamps:
            _glare(glow, actor.path.at(time) + np.array(lamp), actor.lamp_colour, stage)
    wide = cv2.GaussianBlur(glow, (0, 0), 5.0)
    core = cv2.GaussianBlur(glow, (0, 0), 1.5)
    both = cv2.addWeighted(wide, 1.6 * stage.light.dusk, core, 0.5 * stage.light.dusk, 0)
    cv2.add(picture, cv2.resize(both, (WIDTH, HEIGHT)), picture)


def _glare(glow: Image, spot: Floats, colour: tuple[int, int, int], stage: Stage) -> None:
    depth = float(stage.camera.depth(spot))
    if depth < 2:
        return
    x, y = np.rint(stage.camera.project(spot) / COARSE).astype(int).tolist()
    if abs(x) < WIDTH and abs(y) < HEIGHT:
        cv2.circle(glow, (x, y), max(1, round(0.09 * stage.camera.focal / depth / COARSE)), colour, -1, cv2.LINE_AA)
