"""Pictures of one made-up plate under stated conditions, as a roadside camera would take them.

A drawn vehicle stands before a drawn street. Light falls on it, the lens and the motion blur it, a small sensor counts
electrons, and a tone curve makes gray values of them. All conditions but one can be held, so that the pictures say
what that one does: the same number gives the same plate, vehicle, street and grain under all of them.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.camera.frame import Luma
from hil.scenes.numbers import CAR_LETTERS, NumberOffice
from models.training.backgrounds import draw_street
from models.training.cars import Vehicle, draw_vehicle
from models.training.clutter import draw_sign
from models.training.painter import Painter, painter, rounded
from models.training.plates import RenderedPlate, render_plate
from models.training.styles import DUTCH, DUTCH_MOTORCYCLE, DUTCH_TWO_LINES, Clutter, PlateStyle

Form: TypeAlias = Literal["one line", "two lines", "motorcycle"]
Field: TypeAlias = NDArray[np.float32]
"""(HEIGHT, WIDTH), light or electrons."""
Matrix: TypeAlias = NDArray[np.float64]

WIDTH: Final = 1280
HEIGHT: Final = 720
PITCH: Final = 15.0
"""Degrees: how steeply the camera on its mast looks down on the plate."""
_DISTANCE: Final = 12_000.0  # Millimetres from the lens to the plate: how strong the perspective is.
_STYLES: Final[dict[Form, PlateStyle]] = {
    "one line": DUTCH,
    "two lines": replace(DUTCH_TWO_LINES, break_after=2),
    "motorcycle": replace(DUTCH_MOTORCYCLE, break_after=2),
}
_MOTORCYCLE_LETTERS: Final = "M"
_MUD: Final = (52, 74, 92)  # Blue, green, red.

# A 1/2.3" sensor, two by two pixels as one, behind f/1.8 with a shutter of 1/500 s.
_ELECTRONS_PER_LUX: Final = 6.0  # Of white paper.
_FULL_WELL: Final = 8_000.0  # Electrons; by more light the shutter is faster.
_READ_NOISE: Final = 3.0  # Electrons.
_MOST_GAIN: Final = 64.0
_LENS: Final = 0.6  # Pixels, standard deviation: what the sharpest lens blurs.

_RETRO: Final = 20.0  # How much brighter than white paint a plate shines back to the lamp beside the camera.
_LAMP: Final = 150.0  # Full wells that a headlight would fill.
_GLARE: Final = ((0.02, 2.0), (0.01, 9.0))  # Shares of the light that the lens scatters, and how far in 8 pixels.
_COARSE: Final = 8


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a picture is taken; the defaults are the moderate values, which hold while another one varies."""

    form: Form = "one line"
    width: float = 100.0
    """Pixels of the plate, seen straight on."""
    roll: float = 0.0
    """Degrees in the picture, clockwise."""
    yaw: float = 10.0
    """Degrees that the plate is turned away sideways; it becomes narrower by the cosine."""
    sideways: float = 0.01
    """Way across the picture while the shutter is open, over the plate's width."""
    ahead: float = 0.0
    """The same down the picture."""
    defocus: float = 0.01
    """Diameter of the disc that a point becomes, over the plate's width."""
    lux: float = 1_000.0
    """Daylight on the plate."""
    infrared: float = 0.0
    """With a lamp beside the camera in the dark: exposure of white on the plate, 1 just fits; 0: daylight."""
    headlights: bool = False
    mud: float = 0.05
    """Share of the plate's face that a film of mud hides, more here and less there."""

    def but(self, condition: str, value: float) -> "Conditions":
        """Return the same conditions but for one, given by its name."""
        return replace(self, **{condition: value})  # type: ignore[arg-type]  # mypy can't know which one it is.


EASY: Final = Conditions()


@dataclass(frozen=True, slots=True)
class View:
    """A picture and what is in it."""

    image: Luma
    """(HEIGHT, WIDTH)."""
    text: str = field(repr=False)
    """The plate, sidecode 12, no dashes."""
    quad: Matrix
    """(4, 2): corners of the plate in pixels, top left first, clockwise."""


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A scene as it is painted, in even light and sharp."""

    paint: Luma
    text: str
    quad: Matrix
    lamps: Matrix
    """(2, 2): middle of each headlight in pixels."""


@dataclass(frozen=True, slots=True)
class _Pose:
    """The part of the conditions that decides where things are."""

    form: Form
    width: float
    roll: float
    yaw: float
    mud: float


def take(number: int, conditions: Conditions) -> View:
    """Take the picture of plate ``number``; both arguments alone decide every pixel."""
    c = conditions
    drawing = _draw(number, _Pose(c.form, c.width, c.roll, c.yaw, c.mud))
    electrons = _infrared(drawing, c) if c.infrared else _daylight(drawing, c)
    return View(_sense(_blur(electrons, c), c, number), drawing.text, drawing.quad)


def take_bare(number: int) -> Luma:
    """Take the picture (HEIGHT, WIDTH) of a vehicle without a plate, among signs with lettering, by day."""
    rng = np.random.default_rng(number)
    pose = _Pose("one line", float(rng.uniform(40, 200)), 0.0, EASY.yaw, 0.0)
    paint = _street(rng)
    for scale in rng.uniform(0.04, 0.3, 3):
        sign = draw_sign(rng, scale)
        _paste(paint, sign, np.array([[1, 0, rng.uniform(0, WIDTH)], [0, 1, rng.uniform(0, HEIGHT)], [0, 0, 1]]))
    _paste_vehicle(rng, paint, pose, _place(rng, pose))
    return _sense(_blur(_linear(paint) * np.float32(_white(EASY)), EASY), EASY, number)


@lru_cache(maxsize=2)  # Most conditions leave everything in its place.
def _draw(number: int, pose: _Pose) -> _Drawing:
    rng = np.random.default_rng(number)
    letters = _MOTORCYCLE_LETTERS if pose.form == "motorcycle" else CAR_LETTERS
    text = NumberOffice(rng).dutch(letters)
    place = _place(rng, pose)
    paint = _street(rng)
    _paste_vehicle(rng, paint, pose, place)
    holder = 0.16 if rng.random() < 0.5 and pose.form != "motorcycle" else 0.0
    style = replace(_STYLES[pose.form], clutter=Clutter(screws=2, frame=holder))
    plate = render_plate(text, rng, style)
    quad = _paste_plate(paint, replace(plate, image=_muddy(rng, plate.image, pose.mud)), place)
    lamps = cv2.perspectiveTransform(np.array([[[-620.0, -150.0], [620.0, -150.0]]]), place)[0]
    return _Drawing(paint, text, quad, lamps)


def _street(rng: np.random.Generator) -> Luma:
    half = draw_street(rng, HEIGHT // 2, WIDTH // 2)
    return np.asarray(cv2.resize(half, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)


def _place(rng: np.random.Generator, pose: _Pose) -> Matrix:
    """Homography from millimetres around the plate's centre to pixels."""
    x, y = rng.uniform(0.3, 0.7) * WIDTH, rng.uniform(0.5, 0.8) * HEIGHT
    turn = _turned(2, pose.roll) @ _turned(0, PITCH) @ _turned(1, pose.yaw)
    scale = pose.width / _STYLES[pose.form].size[0]
    lens = np.array([[scale * _DISTANCE, 0, x], [0, scale * _DISTANCE, y], [0, 0, 1]])
    return np.asarray(lens @ np.column_stack([turn[:, 0], turn[:, 1], [0, 0, _DISTANCE]]), np.float64)


def _turned(axis: int, degrees: float) -> Matrix:
    """Rotation about x, y or z."""
    return np.asarray(cv2.Rodrigues(np.radians(degrees) * np.eye(3)[axis])[0], np.float64)


def _paste_vehicle(rng: np.random.Generator, paint: Luma, pose: _Pose, place: Matrix) -> None:
    scale = min(0.6, pose.width / _STYLES[pose.form].size[0])
    vehicle = _motorcycle(rng, scale) if pose.form == "motorcycle" else draw_vehicle(rng, scale)
    x, y = np.array(vehicle.painter.origin) - vehicle.plate
    _paste(paint, vehicle.painter, place @ np.array([[1 / scale, 0, x], [0, 1 / scale, y], [0, 0, 1]]))


def _paste(paint: Luma, drawn: Painter, matrix: Matrix) -> None:
    """Warp a drawing into the picture by a homography between pixels."""
    shade, alpha = (cv2.warpPerspective(layer, matrix, (WIDTH, HEIGHT)) for layer in (drawn.shade, drawn.alpha))
    _cover(paint, np.asarray(shade, np.uint8), np.asarray(alpha, np.uint8))


def _motorcycle(rng: np.random.Generator, scale: float) -> Vehicle:
    """A motorcycle with its rider from behind, in millimetres; the road is y = 0."""
    p = painter((-420, -1600, 420, 30), scale)
    coat, metal = rng.uniform(10, 130), rng.uniform(20, 90)
    p.polygon(rounded(-95, -640, 95, 0, 60), 18)  # tyre
    p.polygon(rounded(-250, -560, -150, -330, 40), metal + 90)  # exhaust
    p.gradient(rounded(-230, -1000, 230, -620, 90), metal + 30, metal)  # seat and tail
    p.gradient(rounded(-250, -1420, 250, -900, 120), coat + 25, coat)  # rider
    p.ellipse((0, -1450), (130, 140), rng.uniform(20, 240))  # helmet
    p.polygon(rounded(-90, -800, 90, -730, 20), rng.uniform(60, 130))  # rear lamp
    p.polygon(rounded(-125, -690, 125, -500, 15), rng.uniform(12, 50))  # carrier of the plate
    return Vehicle(p, (0.0, -600.0))


def _muddy(rng: np.random.Generator, image: Luma, amount: float) -> Luma:
    """Lay a film of uneven mud over a plate, which takes ``amount`` of its contrast."""
    height, width = image.shape[:2]
    rough = cv2.resize(rng.random((5, 20), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    share = np.clip(amount * (0.6 + 0.8 * rough), 0, 1)[..., None]
    return np.asarray(image * (1 - share) + np.array(_MUD, np.float32) * share, np.uint8)


def _paste_plate(paint: Luma, plate: RenderedPlate, place: Matrix) -> Matrix:
    """Paste a plate, four times as fine as the picture and then reduced; return its corners (4, 2) in pixels."""
    middle = plate.quad.mean(axis=0)
    mount = place @ np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]])
    height, width = plate.image.shape[:2]
    rim = cv2.perspectiveTransform(np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64), mount)
    x, y, w, h = cv2.boundingRect(rim.astype(np.float32))
    rows, columns = slice(max(y, 0), min(y + h, HEIGHT)), slice(max(x, 0), min(x + w, WIDTH))
    fine = np.array([[4, 0, -4 * columns.start], [0, 4, -4 * rows.start], [0, 0, 1]]) @ mount
    size = (columns.stop - columns.start, rows.stop - rows.start)
    gray = np.asarray(cv2.cvtColor(plate.image, cv2.COLOR_BGR2GRAY), np.uint8)
    layers = (_warped(layer, fine, size) for layer in (gray, np.full_like(gray, 255)))
    _cover(paint[rows, columns], *layers)
    return np.asarray(cv2.perspectiveTransform(plate.quad[None], mount)[0], np.float64)


def _warped(layer: Luma, fine: Matrix, size: tuple[int, int]) -> Luma:
    """Warp by a homography between pixel edges into four times ``size`` (width, height), and reduce to that."""
    shrink = min(1.0, 4 * size[0] / layer.shape[1])
    small = cv2.resize(layer, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    back = np.diag([layer.shape[1] / small.shape[1], layer.shape[0] / small.shape[0], 1.0])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the middle of a pixel.
    matrix = np.linalg.inv(half) @ fine @ back @ half
    big = cv2.warpPerspective(small, matrix, (4 * size[0], 4 * size[1]))
    return np.asarray(cv2.resize(big, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cover(under: Luma, shade: Luma, alpha: Luma) -> None:
    weight = alpha.astype(np.uint16)
    under[:] = ((under * (255 - weight) + shade * weight + 127) // 255).astype(np.uint8)


def _linear(paint: Luma) -> Field:
    """Turn painted gray values into light, 0 to 1; the tone curve is a square root."""
    return np.square(paint.astype(np.float32) / 255)


def _daylight(drawing: _Drawing, c: Conditions) -> Field:
    """Electrons of each pixel by daylight or what is left of it."""
    return _linear(drawing.paint) * np.float32(_white(c))


def _white(c: Conditions) -> float:
    return min(_ELECTRONS_PER_LUX * c.lux, _FULL_WELL)


def _infrared(drawing: _Drawing, c: Conditions) -> Field:
    """Electrons of each pixel by the light of a lamp beside the camera, to which the plate shines back."""
    light = np.full((HEIGHT, WIDTH), c.infrared / _RETRO, np.float32)
    cv2.fillConvexPoly(light, np.round(drawing.quad).astype(np.int32), c.infrared)
    electrons = _linear(drawing.paint) * light
    if c.headlights:
        radius = max(1, round(c.width * 0.1))
        for x, y in np.round(drawing.lamps).astype(int):
            cv2.circle(electrons, (int(x), int(y)), radius, _LAMP, -1)
    return np.asarray(electrons * _FULL_WELL, np.float32)


def _blur(electrons: Field, c: Conditions) -> Field:
    """What motion, focus and the lens do to the light."""
    moved = cv2.sepFilter2D(electrons, -1, _streak(c.sideways * c.width), _streak(c.ahead * c.width))
    focused = cv2.filter2D(moved, -1, _disc(c.defocus * c.width))
    sharp = cv2.GaussianBlur(focused, (0, 0), _LENS)
    small = cv2.resize(sharp, (WIDTH // _COARSE, HEIGHT // _COARSE), interpolation=cv2.INTER_AREA)
    spread = sum(share * cv2.GaussianBlur(small, (0, 0), far) for share, far in _GLARE)
    kept = 1 - sum(share for share, _ in _GLARE)
    glare = cv2.resize(np.asarray(spread, np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(sharp * np.float32(kept) + glare, np.float32)


def _streak(length: float) -> Field:
    """Weights (n,) of the pixels along a way of ``length`` pixels."""
    reach = int(np.ceil(length / 2))
    weights = np.clip(length / 2 + 0.5 - np.abs(np.arange(-reach, reach + 1)), 0, 1)
    return np.asarray(weights / weights.sum(), np.float32)


def _disc(diameter: float) -> Field:
    """Weights (n, n) of a disc of ``diameter`` pixels."""
    reach = int(np.ceil(diameter / 2))
    x = np.arange(-reach, reach + 1)
    weights = np.clip(diameter / 2 + 0.5 - np.hypot(x, x[:, None]), 0, 1)
    return np.asarray(weights / weights.sum(), np.float32)


def _sense(electrons: Field, c: Conditions, number: int) -> Luma:
    """Count electrons, with their noise, amplify, and apply the tone curve."""
    gain = 1.0 if c.infrared else min(_FULL_WELL / _white(c), _MOST_GAIN)
    noisy = electrons + np.sqrt(electrons + np.float32(_READ_NOISE**2)) * _grain(number)
    shares = np.clip(noisy * np.float32(gain / _FULL_WELL), 0, 1)
    return np.asarray(np.sqrt(shares) * 255, np.uint8)


@lru_cache(maxsize=1)
def _grain(number: int) -> Field:
    """Normal noise, which is as good as the law of counts from ten electrons on."""
    return np.random.default_rng([number, 1]).standard_normal((HEIGHT, WIDTH), np.float32)
