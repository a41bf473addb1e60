"""Paints meshes into pictures: faces from far to near at twice the size, reduced, blurred by motion, noisy."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hil.scenes.camera import HEIGHT, WIDTH, Camera, Floats, Image
from hil.scenes.light import Light, shade
from hil.scenes.shapes import Mesh

OVER: Final = 2
"""Faces are painted at this many times the size."""
FRACTION_BITS: Final = 3
"""OpenCV takes polygon corners in eighths of a pixel."""
NEAREST: Final = 1.0
"""Faces with a corner nearer than this to the camera are left out: they lie below the picture."""
MARGIN: Final = 8
GRAIN_ROOM: Final = 64
"""The noise is this much larger than a picture, so that windows of it differ."""


@dataclass(frozen=True, slots=True)
class Solid:
    """A mesh that is shaded for one light, ready to be painted at any offset."""

    faces: Floats
    outward: Floats
    lift: Floats
    colours: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Decal:
    """A flat picture on four corners (4, 3) in the solid's coordinates, top left first, clockwise; with alpha."""

    corners: Floats
    image: Image


@dataclass(frozen=True, slots=True)
class Sprite:
    """A painted solid: ``image`` (h, w, 4), colours times alpha, at ``left``, ``top`` in the picture."""

    left: int
    top: int
    image: Image


@dataclass(frozen=True, slots=True)
class Grain:
    """Sensor noise, split because pictures are unsigned: what to add and what to take away, each (h, w, 3)."""

    more: Image
    less: Image

    def window(self, rng: np.random.Generator) -> "Grain":
        """The part of picture size at a random place, another for every frame."""
        top, left = (int(n) for n in rng.integers(0, GRAIN_ROOM, 2))
        part = np.s_[top : top + HEIGHT, left : left + WIDTH]
        return Grain(self.more[part], self.less[part])


def make_grain(sigma: float, rng: np.random.Generator) -> Grain:
    """Noise of ``sigma`` grey levels, softened as demosaicing does."""
    size = (HEIGHT + GRAIN_ROOM, WIDTH + GRAIN_ROOM, 3)
    raw = cv2.GaussianBlur(rng.normal(0, sigma * 1.6, size).astype(np.float32), (0, 0), 0.6)
    return Grain(np.clip(raw, 0, 255).astype(np.uint8), np.clip(-raw, 0, 255).astype(np.uint8))


def grainy(picture: Image, grain: Grain) -> Image:
    """The picture with noise; of the noise its upper left corner is taken."""
    part = np.s_[: picture.shape[0], : picture.shape[1]]
    return cv2.subtract(cv2.add(picture, grain.more[part]), grain.less[part])


def solid(mesh: Mesh, light: Light, viewer: Floats) -> Solid:
    """Shade a mesh for who looks at it from direction ``viewer`` (3,)."""
    opaque = tuple((int(b), int(g), int(r), 255) for b, g, r in shade(mesh, light, viewer))
    return Solid(mesh.faces, mesh.outward, mesh.lift, opaque)


class Easel:
    """Paints solids as one camera sees them; keeps its canvas between pictures."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._canvas = np.zeros((HEIGHT * OVER, WIDTH * OVER, 4), np.uint8)

    def paint(self, model: Solid, offset: Floats, decals: tuple[Decal, ...] = ()) -> Sprite | None:
        """Paint a solid moved by ``offset`` (3,); None where it is out of the picture."""
        faces = model.faces + offset
        order = self._visible(faces, model)
        if not len(order):
            return None
        pixels = self._camera.project(faces[order])
        window = _window(pixels)
        if window is None:
            return None
        canvas = self._clean(window)
        corners = _fixed(pixels, window)
        for index, corner in zip(order, corners, strict=True):
            cv2.fillConvexPoly(canvas, corner, model.colours[index], cv2.LINE_8, FRACTION_BITS)
        for decal in decals:
            self._stick(canvas, decal, offset, window)
        left, top, right, bottom = window
        return Sprite(left, top, cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA))

    def _visible(self, faces: Floats, model: Solid) -> NDArray[np.int64]:
        """Indices of the faces that look at the camera, the farthest first."""
        towards = self._camera.position - faces.mean(axis=1)
        seen = np.einsum("nk,nk->n", towards, model.outward) > 0
        seen &= self._camera.depth(faces).min(axis=1) > NEAREST
        near = np.linalg.norm(towards, axis=1) - model.lift
        order = np.argsort(-near)
        return np.asarray(order[seen[order]], np.int64)

    def _clean(self, window: tuple[int, int, int, int]) -> Image:
        left, top, right, bottom = window
        canvas = self._canvas[: (bottom - top) * OVER, : (right - left) * OVER]
        canvas[:] = 0
        return canvas

    def _stick(self, canvas: Image, decal: Decal, offset: Floats, window: tuple[int, int, int, int]) -> None:
        """Warp a decal onto the canvas, from a copy that is reduced first so that nothing aliases."""
        target = (self._camera.project(decal.corners + offset) - np.array(window[:2])) * OVER
        low, high = np.floor(target.min(axis=0)).astype(int), np.ceil(target.max(axis=0)).astype(int) + 1
        low, high = np.maximum(low, 0), np.minimum(high, canvas.shape[1::-1])
        if (high <= low).any():
            return
        image = _reduced(decal.image, float(np.linalg.norm(target[1] - target[0])))
        source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array(image.shape[1::-1]) - 0.5
        view = cv2.getPerspectiveTransform(source.astype(np.float32), (target - low - 0.5).astype(np.float32))
        part = canvas[low[1] : high[1], low[0] : high[0]]
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        part[:] = cv2.warpPerspective(image, view, size, part.copy(), cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)


def _reduced(image: Image, width: float) -> Image:
    """The image at most a little wider than ``width`` pixels."""
    factor = min(1.0, width * 1.25 / image.shape[1])
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _window(pixels: Floats) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what is seen of the points, with room for blur; None if nothing is."""
    low = np.maximum(np.floor(pixels.min(axis=(0, 1))).astype(int) - MARGIN, 0)
    high = np.minimum(np.ceil(pixels.max(axis=(0, 1))).astype(int) + MARGIN, (WIDTH, HEIGHT))
    if (high <= low).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _fixed(pixels: Floats, window: tuple[int, int, int, int]) -> NDArray[np.int32]:
    """Corners on the canvas as OpenCV wants them; clipped far outside, where its arithmetic would overflow."""
    local = np.clip((pixels - np.array(window[:2])) * OVER - 0.5, -6_000, 6_000)
    return np.asarray(np.rint(local * 2**FRACTION_BITS), np.int32)


def blurred(sprite: Sprite, pixels: float) -> Sprite:
    """Smear a sprite downwards over ``pixels``: traffic moves nearly straight up and down the picture."""
    if pixels < 0.3:
        return sprite
    taps = int(np.ceil(pixels)) // 2 * 2 + 1
    kernel = np.clip(pixels / 2 + 0.5 - np.abs(np.arange(taps) - taps // 2), 0, 1)
    smeared = cv2.sepFilter2D(sprite.image, -1, np.ones(1), kernel / kernel.sum())
    return Sprite(sprite.left, sprite.top, smeared)


def blend(picture: Image, sprite: Sprite, grain: Grain) -> None:
    """Lay a sprite with fresh noise over the picture."""
    height, width = sprite.image.shape[:2]
    region = picture[sprite.top : sprite.top + height, sprite.left : sprite.left + width]
    alpha = cv2.cvtColor(sprite.image[..., 3], cv2.COLOR_GRAY2BGR)
    colours = cv2.min(grainy(sprite.image[..., :3], grain), alpha)
    cv2.multiply(region, cv2.bitwise_not(alpha), region, scale=1 / 255)
    cv2.add(region, colours, region)
