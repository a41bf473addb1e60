"""Lorries, tractor units with semi-trailers, buses, and the trailers behind cars."""

from typing import Final

import numpy as np

from hil.scenes.bodies import (
    BLACK,
    CHROME,
    GLASS,
    LENS,
    RED,
    STEEL,
    TRIM,
    TYRE,
    Body,
    both,
    pane,
    patch,
    wheels,
)
from hil.scenes.shapes import Colour, Floats, Material, Mesh, box, join, loft

BAND: Final = Material((0.75, 0.75, 0.75), gloss=0.2)
WIDTH: Final = 2.5
CAB: Final = 2.2
"""Length of a cab in metres."""


def _shell(size: tuple[float, float, float], low: float, materials: list[Material]) -> Mesh:
    """An upright hull of length, width, height with round edges; seven materials go round each cross-section."""
    length, width, height = size
    half, reach = width / 2, max(2, int(length) + 1)
    section = np.array([(-1, low), (1, low), (1, height - 0.25), (0.94, height - 0.05), (0.8, height),
                        (-0.8, height), (-0.94, height - 0.05), (-1, height - 0.25)])  # fmt: skip
    stations = [(0.0, 0.93), (0.06, 0.98), *((y, 1.0) for y in np.linspace(0.2, length - 0.1, reach)), (length, 0.98)]
    rings = [np.column_stack([section[:, 0] * half * wide, np.full(8, y), section[:, 1]]) for y, wide in stations]
    skin = loft(np.array(rings), materials)
    return join([skin, *_ends(rings, materials[0])])


def _ends(rings: list[Floats], material: Material) -> list[Mesh]:
    """Front and rear of a hull, as two faces each."""
    found = []
    for ring in (rings[0], rings[-1]):
        y, low, edge, top = ring[0, 1], ring[0, 2], ring[2, 2], ring[4, 2]
        outer = abs(ring[0, 0])
        level = (float(y), float(y))
        found.append(patch((-outer, outer), (low, edge), level, material).lifted(-0.3))
        found.append(patch((-outer * 0.9, outer * 0.9), (edge, top), level, material).lifted(-0.3))
    return found


def _cab(colour: Colour, height: float) -> list[Mesh]:
    """A lorry's cab: windscreen, grille, lamps, bumper."""
    half = WIDTH / 2
    paint = Material(colour, gloss=0.3)
    return [
        _shell((CAB, WIDTH, height), 0.42, [paint]),
        pane(half * 0.88, (1.75, 2.55), -0.012),
        patch((-half * 0.88, half * 0.88), (2.55, 2.66), (-0.012, -0.012), BLACK),
        patch((-half * 0.62, half * 0.62), (0.98, 1.6), (-0.012, -0.012), TRIM),
        *(patch((-half * 0.6, half * 0.6), (z, z + 0.05), (-0.014, -0.014), BLACK).lifted(0.05)
          for z in (1.04, 1.18, 1.32, 1.46)),
        patch((-half * 0.1, half * 0.1), (1.36, 1.5), (-0.016, -0.016), CHROME).lifted(0.1),
        patch((-half * 0.92, half * 0.92), (0.4, 0.92), (-0.013, -0.013), TRIM),
        *(m.lifted(0.4) for m in both((half * 0.56, half * 0.88), (0.68, 0.86), (-0.016, -0.013), LENS)),
        patch((-0.29, 0.29), (0.47, 0.61), (-0.018, -0.018), BLACK).lifted(0.15),
        box((half, 0.1, 1.7), (half + 0.22, 0.22, 2.35), BLACK),
        box((-half - 0.22, 0.1, 1.7), (-half, 0.22, 2.35), BLACK),
    ]  # fmt: skip


def _tail(length: float, deck: float) -> list[Mesh]:
    """The rear of a lorry under its load: beam, lamps, plate holder, mud flaps."""
    half, end = WIDTH / 2, length + 0.01
    return [
        patch((-half * 0.95, half * 0.95), (0.5, deck), (end, end), BLACK),
        *(m.lifted(0.4) for m in both((half * 0.6, half * 0.92), (0.66, 0.82), (end, end), RED)),
        patch((-0.3, 0.3), (0.66, 0.82), (end + 0.01, end + 0.01), TRIM).lifted(0.1),
        *both((half * 0.5, half * 0.95), (0.15, 0.5), (end - 0.3, end - 0.3), TYRE),
    ]


def _load(start: float, end: float, height: float, colour: Colour) -> list[Mesh]:
    """A box body with its doors."""
    half = WIDTH / 2 + 0.02
    hull = box((-half, start, 0.98), (half, end, height), Material(colour, gloss=0.1))
    bars = [patch((x, x + 0.03), (1.0, height - 0.05), (end + 0.01, end + 0.01), STEEL)
            for x in (-half * 0.5, -0.015, half * 0.5)]  # fmt: skip
    frame = patch((-half, half), (height - 0.06, height), (end + 0.012, end + 0.012), STEEL)
    return [hull, *bars, frame]


def _head_lamps(height: float, y: float = -0.03) -> tuple[tuple[float, float, float], ...]:
    return ((0.9, y, height), (-0.9, y, height))


def lorry(colour: Colour, load: Colour, length: float = 8.5) -> Body:
    """A rigid lorry with a box body."""
    parts = [*_cab(colour, 3.0), *_load(CAB + 0.15, length, 3.6, load), *_tail(length, 0.98)]
    parts.append(wheels(WIDTH, [1.3, length * 0.78], 0.5))
    return Body(join(parts), length, WIDTH, _head_lamps(0.77), _head_lamps(0.74, length + 0.03))


def tractor_with_semi(colour: Colour, load: Colour) -> Body:
    """A tractor unit that draws a semi-trailer; only its front bears the tractor's own plate."""
    length = 15.0
    parts = [*_cab(colour, 3.5), *_load(CAB + 0.5, length, 3.9, load), *_tail(length, 0.98)]
    parts.append(wheels(WIDTH, [1.3, 4.4, 11.0, 12.3, 13.6], 0.5))
    return Body(join(parts), length, WIDTH, _head_lamps(0.77), _head_lamps(0.74, length + 0.03))


def tractor(colour: Colour) -> Body:
    """A tractor unit without a trailer."""
    length, half = 6.0, WIDTH / 2
    frame = box((-0.45, CAB, 0.6), (0.45, length, 0.9), STEEL)
    wings = [box((side * half - 0.32 * (side > 0), 3.6, 0.95), (side * half + 0.32 * (side < 0), 5.4, 1.05), BLACK)
             for side in (-1, 1)]  # fmt: skip
    parts = [*_cab(colour, 3.5), frame, *wings, *_tail(length, 0.86), wheels(WIDTH, [1.3, 4.5], 0.5)]
    return Body(join(parts), length, WIDTH, _head_lamps(0.77), _head_lamps(0.74, length + 0.03))


def bus(colour: Colour) -> Body:
    """A city bus."""
    length, width, height = 12.0, 2.55, 3.1
    half, end = width / 2, length + 0.01
    paint = Material(colour, gloss=0.25)
    skirt = box((-half - 0.005, 0.3, 0.28), (half + 0.005, length - 0.2, 0.5), TRIM)
    parts = [
        _shell((length, width, height), 0.3, [paint]),
        skirt,
        patch((-half * 0.96, half * 0.96), (0.98, 2.66), (-0.01, -0.01), BLACK),
        pane(half * 0.93, (1.05, 2.6), -0.012).lifted(0.05),
        patch((-half * 0.02, half * 0.02), (1.05, 2.6), (-0.014, -0.014), BLACK).lifted(0.15),
        patch((-half * 0.93, half * 0.93), (0.42, 0.64), (-0.012, -0.012), BLACK),
        patch((-half * 0.93, half * 0.93), (0.86, 0.94), (-0.012, -0.012), BAND),
        *both((half * 0.3, half * 0.52), (0.7, 0.79), (-0.014, -0.014), TRIM),
        patch((-half * 0.7, half * 0.7), (2.66, 2.92), (-0.014, -0.014), BLACK),
        *(m.lifted(0.4) for m in both((half * 0.62, half * 0.92), (0.67, 0.83), (-0.014, 0.0), LENS)),
        patch((-half * 0.9, half * 0.9), (0.3, 0.42), (-0.012, -0.012), TRIM),
        pane(half * 0.8, (1.6, 2.5), end),
        patch((-half * 0.75, half * 0.75), (0.95, 1.45), (end, end), TRIM),
        *(m.lifted(0.4) for m in both((half * 0.78, half * 0.95), (0.7, 1.3), (end, end - 0.01), RED)),
        patch((-0.3, 0.3), (0.57, 0.73), (end + 0.01, end + 0.01), BLACK).lifted(0.1),
        *_bus_windows(half, length),
        wheels(width, [2.6, 8.9], 0.48),
    ]
    return Body(join(parts), length, width, _head_lamps(0.71), _head_lamps(1.0, length + 0.03))


def _bus_windows(half: float, length: float) -> list[Mesh]:
    """Side windows, one a metre and a half."""
    panes = []
    for y in np.arange(0.4, length - 1.4, 1.5):
        for side in (-1, 1):
            x = side * (half + 0.006)
            panes.append(box((min(x, x - side * 0.02), y, 1.15), (max(x, x - side * 0.02), y + 1.42, 2.45), GLASS))
    return panes


def trailer(colour: Colour) -> Body:
    """A low open trailer behind a car, its drawbar included; its plate is its own."""
    length, half = 3.4, 0.8
    side = Material(colour, gloss=0.05)
    parts = [
        box((-0.04, 0.0, 0.42), (0.04, 1.2, 0.5), STEEL),
        box((-half, 1.1, 0.45), (half, length, 0.55), side),
        box((-half, 1.1, 0.55), (-half + 0.05, length, 0.68), side),
        box((half - 0.05, 1.1, 0.55), (half, length, 0.68), side),
        box((-half, 1.1, 0.55), (half, 1.15, 0.68), side),
        box((-half, length - 0.05, 0.55), (half, length, 0.68), side),
        patch((-half, half), (0.36, 0.5), (length + 0.01, length + 0.01), BLACK),
        *both((half * 0.72, half * 0.98), (0.38, 0.48), (length + 0.015, length + 0.015), RED),
        wheels(2 * half + 0.3, [2.2], 0.28),
    ]
    lamps = ((0.7, length + 0.02, 0.43), (-0.7, length + 0.02, 0.43))
    return Body(join(parts), length, 2 * half + 0.3, (), lamps)
