"""Meshes of four-cornered faces, and the few solids that vehicles are made of."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Colour = tuple[float, float, float]
"""Blue, green, red, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Material:
    """How a face answers light: its own colour, how much it mirrors, how much it shines by itself."""

    colour: Colour
    gloss: float = 0.0
    glow: float = 0.0


@dataclass(frozen=True, slots=True)
class Mesh:
    """``faces`` (n, 4, 3) in metres, ``outward``, ``normals``, ``colours`` (n, 3), ``gloss``, ``glow``, ``lift`` (n,).

    ``outward`` is the side from which a face is seen, ``normals`` how it takes light. ``lift`` brings a face forward
    in the order of painting, in metres: what is stuck on a surface has some.
    """

    faces: Floats
    outward: Floats
    normals: Floats
    colours: Floats
    gloss: Floats
    glow: Floats
    lift: Floats

    def lifted(self, metres: float) -> Self:
        """The same faces, painted as if nearer."""
        return replace(self, lift=self.lift + metres)


def make_mesh(faces: Floats, normals: Floats, materials: list[Material]) -> Mesh:
    """Faces with one material each, or one for all."""
    chosen = materials if len(materials) == len(faces) else materials[:1] * len(faces)
    return Mesh(
        faces,
        normals,
        normals,
        np.array([m.colour for m in chosen], float).reshape(-1, 3),
        np.array([m.gloss for m in chosen], float),
        np.array([m.glow for m in chosen], float),
        np.zeros(len(faces)),
    )


def join(parts: list[Mesh]) -> Mesh:
    """All parts in one mesh."""
    return Mesh(
        np.concatenate([part.faces for part in parts]),
        np.concatenate([part.outward for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.colours for part in parts]),
        np.concatenate([part.gloss for part in parts]),
        np.concatenate([part.glow for part in parts]),
        np.concatenate([part.lift for part in parts]),
    )


def turned(mesh: Mesh, length: float) -> Mesh:
    """The mesh of a vehicle of ``length`` seen from behind: turned half round, its rear at y = 0."""
    half = np.array([-1.0, -1.0, 1.0])
    faces = mesh.faces * half + np.array([0.0, length, 0.0])
    return replace(mesh, faces=faces, outward=mesh.outward * half, normals=mesh.normals * half)


def face_normals(faces: Floats, centres: Floats) -> Floats:
    """Unit normals (n, 3) that point away from ``centres`` (n, 3)."""
    normals = np.cross(faces[:, 2] - faces[:, 0], faces[:, 3] - faces[:, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    outward = np.einsum("nk,nk->n", normals, faces.mean(axis=1) - centres)
    flipped: Floats = normals * np.where(outward < 0, -1.0, 1.0)[:, None]
    return flipped


def loft(rings: Floats, materials: list[Material]) -> Mesh:
    """The skin between successive closed rings (r, n, 3); materials for all faces, for one band, or one alone."""
    following = np.roll(rings, -1, axis=1)
    faces = np.stack([rings[:-1], following[:-1], following[1:], rings[1:]], axis=2).reshape(-1, 4, 3)
    middles = (rings[:-1].mean(axis=1) + rings[1:].mean(axis=1)) / 2
    centres = np.repeat(middles, rings.shape[1], axis=0)
    if len(materials) == rings.shape[1]:
        materials = materials * (len(rings) - 1)
    flat = make_mesh(faces, face_normals(faces, centres), materials)
    return replace(flat, normals=_bulged(faces, flat.outward))


def _bulged(faces: Floats, normals: Floats) -> Floats:
    """Bend normals outwards from the middle of the whole, so that flat faces shade as pressed sheet metal does."""
    middles = faces.mean(axis=1)
    reach = (middles - middles.mean(axis=0)) / np.maximum(np.ptp(middles, axis=0), 0.3)
    bent = normals + 0.45 * reach
    rounded: Floats = bent / np.linalg.norm(bent, axis=1, keepdims=True)
    return rounded


def panel(corners: list[tuple[float, float, float]], facing: tuple[float, float, float], material: Material) -> Mesh:
    """One flat face that looks towards ``facing``, a little before what it is stuck on."""
    direction = np.array([facing], float)
    direction /= np.linalg.norm(direction)
    return make_mesh(np.array([corners], float), direction, [material]).lifted(0.3)


def box(low: tuple[float, float, float], high: tuple[float, float, float], material: Material) -> Mesh:
    """A box from its least to its greatest corner, long sides cut into pieces of a metre."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    cuts = np.linspace(y0, y1, max(2, int(np.ceil(y1 - y0)) + 1))
    section = np.array([[x0, z0], [x1, z0], [x1, z1], [x0, z1]])
    rings = np.array([[(x, y, z) for x, z in section] for y in cuts])
    ends = make_mesh(rings[[0, -1]], np.array([[0.0, -1, 0], [0.0, 1, 0]]), [material])
    return join([loft(rings, [material]), ends])


def disc(centre: tuple[float, float, float], radius: float, side: int, material: Material) -> Mesh:
    """A round plate that looks along x, to the right (side 1) or left (side -1)."""
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    rim = np.array(centre) + radius * np.stack([np.zeros(16), np.cos(angles), np.sin(angles)], axis=1)
    fan = np.array([[rim[0], rim[i], rim[i + 1], rim[i + 2]] for i in range(1, 14, 2)])
    normals = np.tile([float(side), 0, 0], (len(fan), 1))
    return make_mesh(fan, normals, [material]).lifted(0.35)
