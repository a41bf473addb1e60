"""Vehicle bodies: meshes in metres with their lamps and the places of their plates.

A body's own coordinates: x to the right of who looks at its front, y from the front backwards, z up from the road.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np

from hil.scenes.shapes import Colour, Floats, Material, Mesh, box, disc, join, loft, make_mesh, panel

Spot = tuple[float, float, float]

GLASS: Final = Material((0.10, 0.09, 0.08), gloss=0.75)
TYRE: Final = Material((0.035, 0.035, 0.035))
RIM: Final = Material((0.42, 0.42, 0.42), gloss=0.3)
BLACK: Final = Material((0.05, 0.05, 0.05), gloss=0.08)
TRIM: Final = Material((0.11, 0.11, 0.11), gloss=0.1)
CHROME: Final = Material((0.55, 0.55, 0.55), gloss=0.5)
LENS: Final = Material((0.72, 0.72, 0.72), gloss=0.4, glow=0.35)
RED: Final = Material((0.07, 0.05, 0.55), gloss=0.25, glow=0.25)
AMBER: Final = Material((0.06, 0.35, 0.85), gloss=0.2)
STEEL: Final = Material((0.3, 0.3, 0.3))


@dataclass(frozen=True, slots=True)
class Body:
    """A vehicle without its plate; ``head`` and ``tail`` are its lamps."""

    mesh: Mesh
    length: float
    width: float
    head: tuple[Spot, ...] = ()
    tail: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class CarShape:
    """Proportions of a passenger car or van, in metres."""

    length: float
    width: float
    height: float
    nose: float
    """Where the windscreen begins, as share of the length."""
    rake: float
    """How far the windscreen's top lies behind its foot, as share of the length."""
    tail: float
    """Where the rear window ends above, as share of the length."""
    belt: float
    """Height of the windows' lower edge."""
    glazed: float = 1.0
    """Share of the side that is window, from the front."""
    lamps: float = field(default=0.68)
    """Height of the headlamps."""


CITY: Final = CarShape(3.6, 1.64, 1.49, 0.22, 0.15, 0.93, 0.92)
HATCH: Final = CarShape(4.25, 1.8, 1.47, 0.27, 0.16, 0.90, 0.93)
ESTATE: Final = CarShape(4.65, 1.83, 1.47, 0.28, 0.15, 0.92, 0.93)
SALOON: Final = CarShape(4.75, 1.84, 1.44, 0.28, 0.16, 0.74, 0.93)
OFFROAD: Final = CarShape(4.5, 1.86, 1.66, 0.25, 0.12, 0.93, 1.05, lamps=0.8)
SMALL_VAN: Final = CarShape(4.5, 1.83, 1.83, 0.20, 0.15, 0.985, 1.08, glazed=0.3, lamps=0.78)
LARGE_VAN: Final = CarShape(5.6, 2.02, 2.45, 0.13, 0.14, 0.99, 1.25, glazed=0.22, lamps=0.88)
CARS: Final = (CITY, HATCH, HATCH, HATCH, ESTATE, SALOON, OFFROAD, OFFROAD)
VANS: Final = (SMALL_VAN, LARGE_VAN, LARGE_VAN)

PAINTS: Final[tuple[Colour, ...]] = (
    (0.30, 0.29, 0.28),
    (0.16, 0.16, 0.16),
    (0.05, 0.05, 0.05),
    (0.62, 0.62, 0.61),
    (0.80, 0.80, 0.80),
    (0.38, 0.18, 0.08),
    (0.22, 0.11, 0.05),
    (0.06, 0.05, 0.45),
    (0.20, 0.30, 0.20),
    (0.34, 0.45, 0.52),
    (0.55, 0.32, 0.14),
)
"""Greys, black, white, blues, red, green, sand: what Dutch streets show."""

_SECTION: Final = np.array(
    [
        (0.72, 0.0),
        (0.9, 0.03),
        (0.97, 0.12),
        (1.0, 0.3),
        (1.0, 0.5),
        (0.99, 0.7),
        (0.965, 0.85),
        (0.92, 0.94),
        (0.82, 0.985),
        (0.5, 1.02),
        (0.2, 1.035),
    ]
)
"""Half a body's cross-section: shares of half the width, and of the way from sill to deck."""


def _ring(y: float, half: float, sill: float, deck: float) -> Floats:
    """A closed cross-section (22, 3): the deck is a little crowned."""
    side = np.column_stack([_SECTION[:, 0] * half, np.full(11, y), sill + _SECTION[:, 1] * (deck - sill)])
    return np.concatenate([side, side[::-1] * np.array([-1.0, 1.0, 1.0])])


def _cap(ring: Floats, facing: float, material: Material) -> Mesh:
    """Close a cross-section with level strips, bent a little from top to bottom."""
    count = len(ring) // 2
    right, left = ring[:count], ring[::-1][:count]
    strips = np.stack([right[:-1], left[:-1], left[1:], right[1:]], axis=1)
    tilt = np.linspace(-0.25, 0.45, len(strips))
    normals = np.column_stack([np.zeros(len(strips)), np.full(len(strips), facing), tilt])
    flat = make_mesh(strips, np.tile([0.0, facing, 0.0], (len(strips), 1)), [material])
    return replace(flat, normals=normals / np.linalg.norm(normals, axis=1, keepdims=True))


_STATIONS: Final = (
    # y share, width share, sill height, deck: share of the way from bonnet edge (0) to windows' edge (1)
    (0.0, 0.80, 0.30, -0.30),
    (0.012, 0.90, 0.24, -0.14),
    (0.045, 0.965, 0.21, 0.08),
    (0.1, 0.995, 0.19, 0.32),
    (0.2, 1.0, 0.18, 0.66),
    (0.27, 1.0, 0.18, 0.86),
    (0.5, 1.0, 0.18, 1.0),
    (0.75, 1.0, 0.18, 1.03),
    (0.92, 0.985, 0.2, 1.02),
    (0.965, 0.965, 0.23, 0.98),
    (0.99, 0.92, 0.28, 0.9),
    (1.0, 0.84, 0.34, 0.7),
)


def _hull(shape: CarShape, paint: Material) -> Mesh:
    """The lower body up to the windows."""
    half, edge = shape.width / 2, shape.lamps + 0.04
    rings = [
        _ring(y * shape.length, half * width, sill, edge + deck * (shape.belt - edge))
        for y, width, sill, deck in _STATIONS
    ]
    skin = loft(np.array(rings), [paint])
    return join([skin, _cap(rings[0], -1.0, paint), _cap(rings[-1], 1.0, paint)])


_ACROSS: Final = np.array([-1.0, -0.9, 0.0, 0.9, 1.0])
_ALONG: Final = np.array([0.0, 0.06, 0.27, 0.46, 0.5, 0.72, 0.9, 1.0])


def _cabin_ring(half: float, front: float, rear: float, height: float) -> Floats:
    """A closed level ring (22, 3) round the windows: front, right, rear, left."""
    bulge = 0.1 * (_ACROSS**2)
    fore = np.column_stack([_ACROSS * half, front + bulge, np.full(5, height)])
    aft = np.column_stack([-_ACROSS * half, rear - bulge[::-1] * 0.6, np.full(5, height)])
    ys = fore[-1, 1] + _ALONG[1:-1] * (aft[0, 1] - fore[-1, 1])
    right = np.column_stack([np.full(6, half), ys, np.full(6, height)])
    left = np.column_stack([np.full(6, -half), ys[::-1], np.full(6, height)])
    return np.concatenate([fore, right, aft, left])


def _glazing(shape: CarShape, paint: Material) -> list[Material]:
    """What each of the 22 faces of a cabin's band is made of."""
    pillar = Material(paint.colour, paint.gloss)
    front = [pillar, GLASS, GLASS, pillar]
    reach = shape.glazed
    side = [pillar]
    for start, end in pairwise(_ALONG[1:]):
        blind = end > reach + 0.2 or end == 1.0
        side.append(pillar if blind else BLACK if start == 0.46 else GLASS)
    rear = [pillar, GLASS, GLASS, pillar]
    return [*front, *side, *rear, *side[::-1]]


def _cabin(shape: CarShape, paint: Material) -> Mesh:
    """Windows, pillars and roof."""
    half, size = shape.width / 2, shape.length
    boxy = 0.93 if shape.glazed < 1 else 0.78
    foot = (half * 0.94, shape.nose * size, min(shape.tail + 0.1, 0.985) * size, shape.belt - 0.06)
    brow = (half * boxy, (shape.nose + shape.rake) * size, shape.tail * size, shape.height - 0.08)
    steps = np.linspace(0, 1, 7)
    rings = [_cabin_ring(*(a + (b - a) * s for a, b in zip(foot, brow, strict=True))) for s in steps]
    roof = [_cabin_ring(brow[0] * (1 - s), brow[1] + s * 0.9, brow[2] - s * 0.6, brow[3] + r)
            for s, r in ((0.0, 0.0), (0.06, 0.045), (0.3, 0.07), (1.0, 0.08))]  # fmt: skip
    return join([_curved(loft(np.array(rings), _glazing(shape, paint))), loft(np.array(roof), [paint])])


def _curved(cabin: Mesh) -> Mesh:
    """Bend a cabin's faces from foot to brow only, as panes are."""
    middles = cabin.faces.mean(axis=1)
    share = (middles[:, 2] - middles[:, 2].min()) / np.ptp(middles[:, 2])
    bent = cabin.outward + (0.5 * share - 0.15)[:, None] * np.array([0.0, 0.0, 1.0])
    return replace(cabin, normals=bent / np.linalg.norm(bent, axis=1, keepdims=True))


def wheels(width: float, axles: list[float], radius: float) -> Mesh:
    """Tyres with their rims on both sides."""
    parts = []
    for y in axles:
        for side in (-1, 1):
            outer, inner = side * (width / 2 - 0.01), side * (width / 2 - 0.22)
            low, high = min(outer, inner), max(outer, inner)
            parts.append(box((low, y - radius * 0.75, 0.0), (high, y + radius * 0.75, radius * 1.5), TYRE))
            parts.append(disc((side * (width / 2 + 0.004), y, radius), radius * 1.13, side, BLACK))
            parts.append(disc((side * (width / 2 + 0.008), y, radius), radius, side, TYRE).lifted(0.05))
            parts.append(disc((side * (width / 2 + 0.012), y, radius), radius * 0.66, side, RIM).lifted(0.1))
    return join(parts)


def patch(x: tuple[float, float], z: tuple[float, float], y: tuple[float, float], material: Material) -> Mesh:
    """A face on the front or rear; its inner edge (x[0]) lies at depth y[0], its outer at y[1]; fronts have y < 1."""
    facing = (0.0, -1.0, 0.1) if y[0] < 1 else (0.0, 1.0, 0.1)
    corners = [(x[0], y[0], z[0]), (x[1], y[1], z[0]), (x[1], y[1], z[1]), (x[0], y[0], z[1])]
    return panel(corners, facing, material)


def pane(x: float, z: tuple[float, float], y: float) -> Mesh:
    """A flat window on the front or rear, from -x to x, that mirrors the sky above and the street below."""
    levels = np.linspace(*z, 9)
    strips = [patch((-x, x), (low, high), (y, y), GLASS) for low, high in pairwise(levels.tolist())]
    window = join(strips)
    tilt = np.linspace(-0.02, 0.55, len(strips))[:, None] * np.array([0.0, 0.0, 1.0])
    bent = window.outward + tilt
    return replace(window, normals=bent / np.linalg.norm(bent, axis=1, keepdims=True))


def both(x: tuple[float, float], z: tuple[float, float], y: tuple[float, float], material: Material) -> list[Mesh]:
    """The same face left and right."""
    return [patch(x, z, y, material), patch((-x[0], -x[1]), z, y, material)]


def _face(shape: CarShape) -> list[Mesh]:
    """Headlamps, grille, air intake, badge, plate holder."""
    half, lamp = shape.width / 2, shape.lamps
    return [
        *both((half * 0.56, half * 0.93), (lamp - 0.09, lamp + 0.06), (-0.005, 0.13), TRIM),
        *(m.lifted(0.05) for m in both((half * 0.6, half * 0.9), (lamp - 0.07, lamp + 0.045), (-0.01, 0.12), LENS)),
        patch((-half * 0.5, half * 0.5), (lamp - 0.12, lamp + 0.03), (-0.01, -0.01), BLACK),
        patch((-half * 0.5, half * 0.5), (lamp - 0.05, lamp - 0.03), (-0.012, -0.012), CHROME).lifted(0.05),
        patch((-0.05, 0.05), (lamp - 0.08, lamp + 0.01), (-0.015, -0.015), CHROME).lifted(0.08),
        patch((-half * 0.62, half * 0.62), (0.26, 0.38), (-0.005, -0.005), BLACK),
        *both((half * 0.7, half * 0.86), (0.3, 0.39), (0.0, 0.08), TRIM),
        patch((-0.275, 0.275), (0.42, 0.56), (-0.018, -0.018), BLACK).lifted(0.1),
    ]


def _back(shape: CarShape) -> list[Mesh]:
    """Tail lamps, bumper, boot edge, plate recess."""
    half, end = shape.width / 2, shape.length + 0.005
    top = shape.belt - 0.06
    return [
        *both((half * 0.58, half * 0.93), (top - 0.2, top), (end, end - 0.09), RED),
        patch((-half * 0.8, half * 0.8), (0.3, 0.42), (end, end), TRIM),
        *both((half * 0.62, half * 0.8), (0.45, 0.49), (end, end - 0.02), RED),
        patch((-half * 0.56, half * 0.56), (top - 0.22, top - 0.2), (end, end), TRIM),
        patch((-0.3, 0.3), (0.585, 0.735), (end + 0.005, end + 0.005), TRIM).lifted(0.1),
        patch((-0.06, 0.06), (top - 0.12, top - 0.03), (end, end), CHROME),
        *(_doors(shape, end) if shape.glazed < 1 else []),
    ]


def _doors(shape: CarShape, end: float) -> list[Mesh]:
    """The gap and the handle of a van's rear doors."""
    slit = patch((-0.012, 0.012), (0.44, shape.belt), (end, end), BLACK)
    return [slit, patch((0.05, 0.2), (shape.belt - 0.3, shape.belt - 0.26), (end, end), BLACK)]


def _mirrors(shape: CarShape, paint: Material) -> list[Mesh]:
    half, y = shape.width / 2, (shape.nose + 0.05) * shape.length
    low, high = shape.belt + 0.0, shape.belt + 0.13
    return [
        box((half * 0.94, y, low), (half + 0.14, y + 0.12, high), paint),
        box((-half - 0.14, y, low), (-half * 0.94, y + 0.12, high), paint),
    ]


def car(shape: CarShape, colour: Colour) -> Body:
    """A passenger car, or a van if its shape is one."""
    paint = Material(colour, gloss=0.32)
    half, size = shape.width / 2, shape.length
    parts = [_hull(shape, paint), _cabin(shape, paint), *_face(shape), *_back(shape), *_mirrors(shape, paint)]
    parts.append(wheels(shape.width, [size * 0.19, size * 0.8], 0.32))
    lamp, tail = (half * 0.75, -0.02, shape.lamps), (half * 0.75, size + 0.02, shape.belt - 0.15)
    return Body(
        join(parts),
        size,
        shape.width,
        head=(lamp, (-lamp[0], *lamp[1:])),
        tail=(tail, (-tail[0], *tail[1:])),
    )
