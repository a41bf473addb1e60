"""Who uses the street on two wheels or on foot."""

from typing import Final

import numpy as np

from hil.scenes.bodies import BLACK, LENS, RED, RIM, TRIM, TYRE, Body, patch
from hil.scenes.shapes import Colour, Floats, Material, Mesh, box, join, loft

SKIN: Final = Material((0.42, 0.52, 0.68))
DENIM: Final = Material((0.28, 0.16, 0.1))
DARK: Final = Material((0.09, 0.09, 0.1))


def _limb(start: tuple[float, float, float], end: tuple[float, float, float], radius: float, of: Material) -> Mesh:
    """A round stick from start to end."""
    return _tube(np.array([start, end]), np.array([radius, radius]), of)


def _tube(path: Floats, radii: Floats, material: Material) -> Mesh:
    """A tube along a path (n, 3); eight corners round."""
    along = path[-1] - path[0]
    along /= np.linalg.norm(along)
    across = np.cross(along, [0.0, 1.0, 0.02])
    across /= max(float(np.linalg.norm(across)), 1e-9)
    other = np.cross(along, across)
    angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    circle = np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * other
    return loft(path[:, None] + circle * radii[:, None, None], [material])


def _blob(centre: tuple[float, float, float], size: tuple[float, float, float], material: Material) -> Mesh:
    """An ellipsoid with half axes ``size``."""
    turns, levels = np.linspace(0, 2 * np.pi, 10, endpoint=False), np.linspace(-1.5, 1.5, 7)
    rings = [
        np.array(centre) + np.array(size) * np.column_stack(
            [np.cos(turns) * np.cos(a), np.sin(turns) * np.cos(a), np.full(10, np.sin(a))]
        )
        for a in levels
    ]  # fmt: skip
    return loft(np.array(rings), [material])


def _person(hip: tuple[float, float, float], coat: Material, head: Material) -> list[Mesh]:
    """Torso, arms and head above the hip."""
    x, y, z = hip
    torso = _blob((x, y - 0.05, z + 0.33), (0.21, 0.15, 0.36), coat)
    arms = [_limb((x + s * 0.2, y - 0.05, z + 0.52), (x + s * 0.27, y - 0.32, z + 0.16), 0.055, coat) for s in (-1, 1)]
    return [torso, *arms, _blob((x, y - 0.06, z + 0.82), (0.1, 0.12, 0.14), head)]


def motorcycle(colour: Colour) -> Body:
    """A motorcycle with its rider; in the Netherlands it has a plate at the rear only."""
    paint, helmet = Material(colour, gloss=0.35), Material((0.7, 0.7, 0.7), gloss=0.5)
    parts = [
        *(box((-0.07, y - 0.3, 0.02), (0.07, y + 0.3, 0.6), TYRE) for y in (0.32, 1.75)),
        _blob((0.0, 0.85, 0.78), (0.17, 0.5, 0.18), paint),
        _blob((0.0, 1.5, 0.82), (0.14, 0.45, 0.1), BLACK),
        box((-0.2, 0.5, 0.35), (0.2, 1.3, 0.66), BLACK),
        box((-0.36, 0.5, 0.98), (0.36, 0.55, 1.03), BLACK),
        _blob((0.0, 0.35, 0.9), (0.18, 0.18, 0.2), paint),
        *(_limb((s * 0.15, 1.25, 0.85), (s * 0.24, 0.95, 0.4), 0.08, DARK) for s in (-1, 1)),
        *_person((0.0, 1.25, 0.86), DARK, helmet),
        patch((-0.07, 0.07), (0.8, 0.86), (2.06, 2.06), RED),
        patch((-0.14, 0.14), (0.48, 0.7), (2.05, 2.05), TRIM),
    ]
    return Body(join(parts), 2.1, 0.4, (), ((0.0, 2.1, 0.85),))


def cyclist(coat: Colour) -> Body:
    """A cyclist; there is no plate."""
    cloth = Material(coat)
    parts = [
        *(_limb((0.0, y, 0.03), (0.0, y, 0.68), 0.035, TYRE) for y in (0.35, 0.5, 1.35, 1.5)),
        _limb((0.0, 0.45, 0.95), (0.0, 1.3, 0.5), 0.025, RIM),
        _limb((-0.28, 0.45, 1.05), (0.28, 0.45, 1.05), 0.025, BLACK),
        *(_limb((s * 0.1, 1.1, 0.95), (s * 0.12, 0.85, 0.3), 0.075, DENIM) for s in (-1, 1)),
        *_person((0.0, 1.1, 0.95), cloth, SKIN),
        patch((-0.03, 0.03), (0.72, 0.78), (1.72, 1.72), RED),
        patch((-0.04, 0.04), (0.86, 0.94), (0.2, 0.2), LENS),
    ]
    return Body(join(parts), 1.75, 0.6)


def pedestrian(coat: Colour) -> Body:
    """Somebody on foot."""
    cloth = Material(coat)
    legs = [_limb((s * 0.09, 0.3 + s * 0.12, 0.0), (s * 0.08, 0.3, 0.85), 0.075, DENIM) for s in (-1, 1)]
    return Body(join([*legs, *_person((0.0, 0.3, 0.82), cloth, SKIN)]), 0.6, 0.5)
