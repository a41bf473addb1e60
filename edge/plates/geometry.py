"""Boxes and points, as pure functions.

Pictures are wider than high, so a distance in shares means nothing: whatever is compared is measured in heights of
the picture, x multiplied by its aspect (width / height).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def in_heights(points: Floats, aspect: float) -> Floats:
    """Turn shares of width and height (..., 2) into heights of the picture."""
    return points * np.array([aspect, 1.0], np.float32)


def plate_width(corners: Floats) -> float:
    """Return the mean length of the upper and lower edge of corners (4, 2), in their own unit."""
    upper, lower = corners[1] - corners[0], corners[2] - corners[3]
    return float(np.hypot(*upper) + np.hypot(*lower)) / 2


def bounds(corners: Floats) -> Floats:
    """Return (..., 4): left, top, right and bottom of corners (..., 4, 2)."""
    return np.concatenate([corners.min(axis=-2), corners.max(axis=-2)], axis=-1)


def overlap(one: Floats, others: Floats) -> Floats:
    """Return the intersection over union of the bounds (4,) with each of (N, 4)."""
    inner = np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])
    shared = np.clip(inner, 0.0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (one[2:] - one[:2]).prod()
    union = np.maximum(areas - shared, np.finfo(np.float32).tiny)
    return np.asarray(shared / union, np.float32)


def inside(point: Floats, polygon: Floats) -> bool:
    """Tell whether a point (2,) lies in a polygon (N, 2), by counting the edges to its right."""
    following = np.roll(polygon, -1, axis=0)
    x, y = point
    spans = (polygon[:, 1] > y) != (following[:, 1] > y)
    rise = np.where(spans, following[:, 1] - polygon[:, 1], 1.0)
    at = polygon[:, 0] + (y - polygon[:, 1]) * (following[:, 0] - polygon[:, 0]) / rise
    return bool(np.count_nonzero(spans & (x < at)) % 2)
