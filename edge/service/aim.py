"""What set-up mode shows of a frame: a blurred picture, and how well the camera is aimed."""

from collections import deque
from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from edge.camera.frame import Frame, Luma
from edge.config import ViewConfig
from edge.plates.detect import Detector
from edge.plates.geometry import bounds, in_heights, plate_width
from edge.plates.inference import Session
from edge.plates.line import CountingLine
from edge.plates.look import SURE_BOX
from edge.plates.passage import PlateBox
from edge.plates.track import Point
from edge.plates.view import Picture, draw_view
from edge.service.setup_page import Numbers
from edge.service.still import SURE_ENOUGH_TO_HIDE

Detail = npt.NDArray[np.float32]
"""How much detail each part around the counting line has."""

# From 119 pixels on 95 % of plates are read at one look (models/reader.md).
WANTED_PX: Final = 120
# Plates so near to the line, in their widths, say how wide they are on it.
_NEAR: Final = 2.0
_WIDTHS: Final = 15
# A plate that the detector loses for a moment stays hidden where it was.
_REMEMBERED: Final = 4
_AROUND_LINE: Final = 0.15
# Vehicles have other detail than the road. Each part of the strip is mostly without one: its median over the latest
# looks, eight seconds of them, is the road's.
_DETAILS: Final = 15
_PART_PX: Final = 32
_MINUTE: Final = 120
_WIDEST: Final = 960
_JPEG_QUALITY: Final = 75
_DARK: Final = 30
_GLARE: Final = 250
_MUCH: Final = 0.05


class Aim:
    """Looks at frames as the detector does, and never reads."""

    def __init__(self, session: Session, view: ViewConfig) -> None:
        # Plates are hidden everywhere, also where nothing is looked for when counting.
        everywhere = msgspec.structs.replace(view, region=(), masks=())
        self._detector = Detector(session, everywhere, SURE_ENOUGH_TO_HIDE)
        self._view = view
        self._hidden = deque[list[PlateBox]](maxlen=_REMEMBERED)
        self._widths = deque[float](maxlen=_WIDTHS)
        self._details = deque[Detail](maxlen=_DETAILS)
        self._sharpness = deque[int](maxlen=_MINUTE)

    def look(self, frame: Frame, seconds_left: int) -> tuple[bytes, Numbers]:
        """Return the picture (JPEG, 960 pixels wide at most) and numbers of a frame."""
        found = self._detector.detect(frame.gray)
        self._hidden.append(found)
        picture = draw_view(frame.gray, self._view, [box for boxes in self._hidden for box in boxes])
        return _jpeg(picture), self._numbers(frame, [box for box in found if box.score >= SURE_BOX], seconds_left)

    def _numbers(self, frame: Frame, plates: list[PlateBox], seconds_left: int) -> Numbers:
        high, wide = frame.full.shape
        self._widths += [width for box in plates if (width := self._width_at_line(box, wide, high))]
        strip = _around_line(frame.full, self._view)
        sharpness = self._sharp(_detail(strip))
        width = round(float(np.median(self._widths))) if self._widths else 0
        return Numbers(
            (wide, high),
            len(plates),
            width,
            WANTED_PX,
            sharpness,
            max(self._sharpness, default=sharpness),
            _light(strip),
            seconds_left,
        )

    def _sharp(self, detail: Detail) -> int:
        """Return the detail of what stands still, over the latest looks."""
        if self._details and self._details[-1].shape != detail.shape:  # The source came back with another size.
            self._details.clear()
        self._details.append(detail)
        sharpness = round(float(np.median(np.stack(self._details), axis=0).mean()))
        if len(self._details) == _DETAILS:  # Vehicles may be in most of the very first looks.
            self._sharpness.append(sharpness)
        return sharpness

    def _width_at_line(self, box: PlateBox, wide: int, high: int) -> float | None:
        """Return a plate's width in pixels, None where it is far from the line."""
        line = CountingLine(self._view, wide / high)
        corners = in_heights(box.corners, wide / high)
        point = Point(0.0, corners.mean(axis=0), plate_width(corners))
        return point.width * high if abs(line.step(point).distance) <= _NEAR else None


def _around_line(full: Luma, view: ViewConfig) -> Luma:
    """Cut out the surroundings of the counting line: what matters is how sharp and bright it is there."""
    left, top, right, bottom = bounds(np.array(view.line, np.float32))
    high, wide = full.shape
    rows = np.clip(np.array([top - _AROUND_LINE, bottom + _AROUND_LINE]) * high, 0, high).astype(int)
    columns = np.clip(np.array([left - _AROUND_LINE, right + _AROUND_LINE]) * wide, 0, wide).astype(int)
    return full[rows[0] : rows[1], columns[0] : columns[1]]


def _detail(strip: Luma) -> Detail:
    """Return how much detail there is in each part of the strip."""
    energy = np.square(cv2.Laplacian(strip, cv2.CV_32F))
    high, wide = (max(1, pixels // _PART_PX) for pixels in strip.shape)
    return np.asarray(cv2.resize(energy, (wide, high), interpolation=cv2.INTER_AREA), np.float32)


def _light(strip: Luma) -> str:
    if np.count_nonzero(strip >= _GLARE) > _MUCH * strip.size:
        return "too bright"
    return "dark" if float(np.median(strip)) < _DARK else "good"


def _jpeg(picture: Picture) -> bytes:
    high, wide = picture.shape[:2]
    if wide > _WIDEST:
        picture = np.asarray(cv2.resize(picture, (_WIDEST, round(high * _WIDEST / wide)), interpolation=cv2.INTER_AREA))
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
