"""From OpenCV's pictures to luma."""

import cv2
import numpy as np

from edge.camera.frame import Luma


def to_luma(picture: cv2.typing.MatLike) -> Luma:
    """Return the luma (h, w) uint8 of a BGR picture (h, w, 3), or the picture itself where the camera sees grey."""
    gray = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)  # noqa: PLR2004
    return gray.astype(np.uint8, copy=False)
