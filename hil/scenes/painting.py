"""Paints meshes into pictures: faces from far to near at twice the size, reduced, blurred by motion, noisy."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hil.scenes.camera import HEIGHT, WIDTH, Camera, Floats, Image
from hil.scenes.light import Light, shade
from hil.scenes.shapes import Mesh

Floats32 = NDArray[Any]
"""float32; OpenCV's annotations leave the element type open."""
OVER: Final = 2
"""Faces are painted at this many times the size."""
FRACTION_BITS: Final = 3
"""OpenCV takes polygon corners in eighths of a pixel."""
NEAREST: Final = 2.5
"""Faces whose middle is nearer than this to the camera are left out: they lie below the picture."""
MARGIN: Final = 8
GRAIN_ROOM: Final = 64
"""The noise is this much larger than a picture, so that windows of it differ."""


@dataclass(frozen=True, slots=True)
class Solid:
    """A mesh that is shaded for one light, ready to be painted at any offset."""

    faces: Floats
    middles: Floats
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


def unit_noise(rng: np.random.Generator) -> Floats32:
    """Noise (h, w, 3) of about one grey level, larger than a picture, softened as demosaicing does."""
    size = (HEIGHT + GRAIN_ROOM, WIDTH + GRAIN_ROOM, 3)
    return cv2.GaussianBlur(rng.standard_normal(size, np.float32) * 1.6, (0, 0), 0.6)


def make_grain(noise: Floats32, sigma: float) -> Grain:
    """Noise of ``sigma`` grey levels."""
    return Grain(
        cv2.convertScaleAbs(np.maximum(noise, 0), alpha=sigma), cv2.convertScaleAbs(np.minimum(noise, 0), alpha=sigma)
    )


def grainy(picture: Image, grain: Grain) -> Image:
    """The picture with noise; of the noise its upper left corner is taken."""
    part = np.s_[: picture.shape[0], : picture.shape[1]]
    return cv2.subtract(cv2.add(picture, grain.more[part]), grain.less[part])


def solid(mesh: Mesh, light: Light, viewer: Floats) -> Solid:
    """Shade a mesh for who looks at it from direction ``viewer`` (3,)."""
    opaque = tuple((int(b), int(g), int(r), 255) for b, g, r in shade(mesh, light, viewer))
    return Solid(mesh.faces, mesh.faces.mean(axis=1), mesh.outward, mesh.lift, opaque)


class Easel:
    """Paints solids as one camera sees them; keeps its canvas between pictures."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._canvas = np.zeros((HEIGHT * OVER, WIDTH * OVER, 4), np.uint8)

    def paint(self, model: Solid, offset: Floats, decals: tuple[Decal, ...] = ()) -> Sprite | None:
        """Paint a solid moved by ``offset`` (3,); None where it is out of the picture."""
        order = self._visible(model, offset)
        if not len(order):
            return None
        pixels = self._camera.project(model.faces[order] + offset)
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

    def _visible(self, model: Solid, offset: Floats) -> NDArray[np.int64]:
        """Indices of the faces that look at the camera, the farthest first."""
        away = model.middles + (offset - self._camera.position)
        seen = (np.einsum("nk,nk->n", away, model.outward) < 0) & (away @ self._camera.axes[2] > NEAREST)
        chosen = np.flatnonzero(seen)
        far = np.sqrt(np.einsum("nk,nk->n", away[chosen], away[chosen])) - model.lift[chosen]
        return chosen[np.argsort(-far)]

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
    """Smear a sprite downwards over ``pixels``: traffic moves nearly straight up and down the picture.

    The next larger whole blur is mixed in such that the spread is that of ``pixels``.
    """
    if pixels < 0.3:
        return sprite
    taps = int(np.sqrt(pixels**2 + 1)) // 2 * 2 + 3
    share = pixels**2 / (taps**2 - 1)
    smeared = cv2.addWeighted(sprite.image, 1 - share, cv2.blur(sprite.image, (1, taps)), share, 0)
    return Sprite(sprite.left, sprite.top, smeared)


def blend(picture: Image, sprite: Sprite, grain: Grain) -> None:
    """Lay a sprite with fresh noise over the picture."""
    height, width = sprite.image.shape[:2]
    region = picture[sprite.top : sprite.top + height, sprite.left : sprite.left + width]
    alpha = cv2.cvtColor(sprite.image[..., 3], cv2.COLOR_GRAY2BGR)
    colours = cv2.min(grainy(sprite.image[..., :3], grain), alpha)
    cv2.multiply(region, cv2.bitwise_not(alpha), region, scale=1 / 255)
    cv2.add(region, colours, region)
