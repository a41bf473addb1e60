"""Light and sensor: day, dusk, night and infrared; shadow, glare, rain; blur, noise and JPEG."""

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Field = NDArray[np.float32]
Quads = NDArray[np.float32]  # [n, 4, 2] pixels

LIGHTS = ("day", "dusk", "night", "infrared")
ODDS = (0.56, 0.14, 0.18, 0.12)


def light_scene(rng: np.random.Generator, frame: Gray, quads: Quads, light: str) -> Gray:
    """Light the whole scene; plates shine back at night and under infrared."""
    scene: Field = frame.astype(np.float32)
    if light == "day":
        scene = _shadows(rng, scene)
    else:
        gain = rng.uniform(*{"dusk": (0.25, 0.7), "night": (0.04, 0.3), "infrared": (0.05, 0.4)}[light])
        plate = rng.uniform(*{"dusk": (0.4, 0.9), "night": (0.25, 1.2), "infrared": (0.7, 1.8)}[light])
        scene *= gain + (plate - gain) * _glow_of_plates(rng, scene.shape, quads)
        scene = scene + _lamps(rng, scene.shape, quads)
    if rng.random() < 0.12:
        scene = scene + _veil(rng, scene.shape)
    return np.clip(scene, 0, 255).astype(np.uint8)


def _glow_of_plates(rng: np.random.Generator, shape: tuple[int, ...], quads: Quads) -> Field:
    """1 on the plates, falling off beside them as the number plate lamp does."""
    mask = np.zeros(shape, np.float32)
    for quad in quads:
        cv2.fillConvexPoly(mask, np.round(quad).astype(np.int32), 1.0, cv2.LINE_AA)
    if not len(quads) or rng.random() < 0.4:
        return mask
    size = float(np.abs(quads[:, 1] - quads[:, 0]).sum(axis=1).mean())
    small = cv2.resize(mask, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    halo = cv2.GaussianBlur(small, (0, 0), max(0.6, size / 8 * rng.uniform(0.1, 0.4)))
    halo = cv2.resize(halo, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    glow: Field = np.maximum(mask, halo * rng.uniform(0.3, 0.9)).astype(np.float32)
    return glow


def _lamps(rng: np.random.Generator, shape: tuple[int, ...], quads: Quads) -> Field:
    """Glaring lamps: some anywhere, some left and right of plates, with halos and streaks."""
    small = np.zeros((shape[0] // 4, shape[1] // 4), np.float32)
    for quad in quads:
        if rng.random() < 0.7:
            _pair(rng, small, quad / 4)
    for _ in range(int(rng.integers(0, 9))):
        at = (rng.uniform(0, small.shape[1]), rng.uniform(0, small.shape[0]))
        _lamp(rng, small, at, float(np.exp(rng.uniform(-0.5, 2.3))))
    return cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32)


def _pair(rng: np.random.Generator, field: Field, quad: NDArray[np.float32]) -> None:
    """Two lamps beside a plate, a little above it."""
    middle, across, down = quad.mean(axis=0), quad[1] - quad[0], quad[3] - quad[0]
    aside, above, size = rng.uniform(0.9, 1.7), rng.uniform(-0.5, 3.0), rng.uniform(0.05, 0.2)
    for side in (-1, 1):
        at = middle + side * aside * across - above * down
        _lamp(rng, field, (float(at[0]), float(at[1])), float(np.linalg.norm(across)) * size)


def _lamp(rng: np.random.Generator, field: Field, at: tuple[float, float], radius: float) -> None:
    """Core, halo and perhaps a streak, added in place."""
    spread, height = max(1.0, radius * rng.uniform(1.5, 5.0)), rng.uniform(60, 260)
    reach = int(spread * 3) + 1
    x0, y0 = max(0, int(at[0]) - reach), max(0, int(at[1]) - reach)
    patch = field[y0 : max(y0, int(at[1]) + reach), x0 : max(x0, int(at[0]) + reach)]
    y, x = np.mgrid[y0 : y0 + patch.shape[0], x0 : x0 + patch.shape[1]].astype(np.float32)
    far = np.hypot(x - at[0], y - at[1])
    patch += height * np.exp(-((far / spread) ** 2)) + 255 * (far < radius)
    if rng.random() < 0.25:
        patch += height * 0.6 * np.exp(-(((y - at[1]) / max(0.5, radius * 0.3)) ** 2)) * np.exp(-far / spread)


def _shadows(rng: np.random.Generator, scene: Field) -> Field:
    """Uneven daylight and the hard shadow of a house or a tree."""
    small = rng.uniform(0.75, 1.2, (3, 3)).astype(np.float32)
    scene = scene * cv2.resize(small, scene.shape[::-1], interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        edge = rng.uniform(0, 1, (int(rng.integers(3, 7)), 2)) * (scene.shape[1], scene.shape[0])
        mask = np.zeros(scene.shape, np.float32)
        cv2.fillPoly(mask, [edge.astype(np.int32)], 1.0, cv2.LINE_AA)
        scene = scene * (1 - mask * rng.uniform(0.3, 0.75))
    return scene


def _veil(rng: np.random.Generator, shape: tuple[int, ...]) -> Field:
    """Stray light of the sun or a lamp outside the frame; fog."""
    small = rng.uniform(-60, 130, (2, 2)).astype(np.float32)
    return np.maximum(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), 0)


def film(rng: np.random.Generator, frame: Gray, finest: float) -> Gray:
    """What lens and sensor add; `finest` (px) is the narrowest plate's width and bounds the blur."""
    limit = float(np.clip(finest / 25, 0.4, 3.0))
    frame = _blur(rng, frame, limit)
    if rng.random() < 0.07:
        frame = _rain(rng, frame)
    tone = 255 * (np.arange(256) / 255) ** rng.uniform(0.65, 1.5)
    tone = (tone - 128) * rng.uniform(0.5, 1.25) + 128 + rng.normal(0, 18)
    scene = tone.astype(np.float32)[frame]
    if rng.random() < 0.7:
        grain = rng.uniform(0.5, 5) if rng.random() < 0.75 else rng.uniform(5, 16)
        scene += rng.standard_normal(scene.shape, np.float32) * np.float32(grain)
    frame = np.clip(scene, 0, 255).astype(np.uint8)
    return _jpeg(rng, frame) if rng.random() < 0.65 else frame


def _blur(rng: np.random.Generator, frame: Gray, limit: float) -> Gray:
    """Motion along a line, defocus, or over-sharpening."""
    pick = rng.random()
    if pick < 0.22:
        return _motion(rng, frame, 1.0 + limit * rng.uniform(0.5, 2.5))
    if pick < 0.5:
        return cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.3, limit + 0.2)).astype(np.uint8)
    if pick < 0.62:
        soft = cv2.GaussianBlur(frame, (0, 0), 1.2)
        amount = rng.uniform(0.3, 1.5)
        return cv2.addWeighted(frame, 1 + amount, soft, -amount, 0).astype(np.uint8)
    return frame


def _motion(rng: np.random.Generator, frame: Gray, length: float) -> Gray:
    angle = rng.normal(0, 25) * np.pi / 180
    size = int(np.ceil(length)) * 2 + 1
    kernel = np.zeros((size, size), np.float32)
    half, middle = length / 2, size // 2
    for t in np.linspace(-half, half, 2 * size):
        kernel[round(middle + t * np.sin(angle)), round(middle + t * np.cos(angle))] += 1
    return cv2.filter2D(frame, -1, kernel / kernel.sum()).astype(np.uint8)


def _rain(rng: np.random.Generator, frame: Gray) -> Gray:
    """Bright slanting streaks and a loss of contrast."""
    layer = np.zeros(frame.shape, np.float32)
    height, width = frame.shape
    slant, reach = rng.uniform(-0.3, 0.3), rng.uniform(4, 22)
    for x, y in rng.uniform(0, 1, (int(rng.integers(30, 250)), 2)) * (width, height):
        cv2.line(layer, (int(x), int(y)), (int(x + slant * reach), int(y + reach)), float(rng.uniform(20, 80)), 1)
    wet: Gray = np.clip(frame * 0.85 + 20 + cv2.GaussianBlur(layer, (0, 0), 0.6), 0, 255).astype(np.uint8)
    return wet


def _jpeg(rng: np.random.Generator, frame: Gray) -> Gray:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(22, 95))]
    _, data = cv2.imencode(".jpg", frame, quality)
    result: Gray = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return result
