"""What a plate bears beside its characters: bands, seals, shields, screws, dirt, borders, holders, lettering."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.styles import WHITE, Clutter, Colour, PlateStyle, Separator

Image = NDArray[np.uint8]
SUBPIXELS: Final = 4
_LETTERING: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def band_width(style: PlateStyle) -> int:
    """Width of the country band in mm: 45 on long plates, less on small ones, 0 without."""
    return round(min(45, style.size[0] * 0.1)) if style.band else 0


def paint_band(image: Image, style: PlateStyle, country: str, rng: np.random.Generator) -> None:
    """Paint the band with its ring of stars, or with a coat of arms on white, and the country's letters."""
    width = band_width(style)
    if not style.band or not width:
        return
    height = image.shape[0]
    left = image.shape[1] - width if style.band_right else 0
    cv2.rectangle(image, (left, 0), (left + width - 1, height - 1), style.band, -1)
    centre = np.array([left + width / 2, height * 0.3])
    white = style.band == WHITE
    if white:
        _shield(image, centre, width * 0.32, height * 0.2, style.ink, rng)
    else:
        _stars(image, centre, width * 0.3)
    tall = width * 0.65 / max(1, len(country))
    lettering(image, country, (left + width / 2, height * 0.78), tall, style.ink if white else WHITE)


def _stars(image: Image, centre: NDArray[np.float64], radius: float) -> None:
    for angle in np.arange(12) * np.pi / 6:
        star = centre + radius * np.array([np.cos(angle), np.sin(angle)])
        cv2.circle(image, _point(star), 2, (60, 200, 240), -1, cv2.LINE_AA)


def lettering(
    image: Image, text: str, centre: tuple[float, float], height: float, colour: Colour, font: int = 1
) -> None:
    """Write `text` with letters of `height` pixels around `centre`."""
    scale = max(height, 3) / 22
    thick = max(1, round(height / 8))
    face = _LETTERING[font % len(_LETTERING)]
    (width, up), _ = cv2.getTextSize(text, face, scale, thick)
    origin = (round(centre[0] - width / 2), round(centre[1] + up / 2))
    cv2.putText(image, text, origin, face, scale, colour, thick, cv2.LINE_AA)


def paint_separator(
    image: Image,
    kind: Separator,
    box: tuple[float, float, float, float],
    ink: Colour,
    rng: np.random.Generator,
) -> None:
    """Paint what stands between two groups into `box` (x, y, width, height), the height that of a character."""
    x, y, width, height = box
    centre = np.array([x + width / 2, y + height / 2])
    if kind == "dash":
        half = np.array([width * 0.5, height * rng.uniform(0.05, 0.08)])
        cv2.rectangle(image, _point(centre - half), _point(centre + half), ink, -1)
    elif kind == "dot":
        cv2.circle(image, _point(centre), round(height * 0.08), ink, -1, cv2.LINE_AA)
    elif kind == "crest":
        _crest(image, box, ink, rng)
    elif kind == "seal":
        _seal(image, centre, min(width * 0.6, height * 0.33), ink, rng)
    elif kind == "seals":
        for side in (-0.27, 0.27):
            _seal(image, centre + np.array([0, side * height]), min(width * 0.55, height * 0.23), ink, rng)
    elif kind == "shield":
        _shield(image, centre, width * 0.5, height * rng.uniform(0.3, 0.48), ink, rng)


def _crest(image: Image, box: tuple[float, float, float, float], ink: Colour, rng: np.random.Generator) -> None:
    """A dash with a sticker above it, below it or both, as on Slovak plates."""
    x, y, width, height = box
    paint_separator(image, "dash", (x, y, width, height), ink, rng)
    for side in (-0.25, 0.25):
        centre = np.array([x + width / 2, y + height * (0.5 + side)])
        if rng.random() < 0.35:
            _shield(image, centre, width * 0.42, height * 0.15, ink, rng)
        elif rng.random() < 0.8:
            _seal(image, centre, width * 0.45, ink, rng)


def _random_colour(rng: np.random.Generator) -> Colour:
    blue, green, red = rng.integers(20, 240, 3).tolist()
    return blue, green, red


def _seal(image: Image, centre: NDArray[np.float64], radius: float, ink: Colour, rng: np.random.Generator) -> None:
    """A round sticker: a ring, a filled disc or both, with something small inside."""
    colour = ink if rng.random() < 0.35 else _random_colour(rng)
    if rng.random() < 0.7:
        cv2.circle(image, _point(centre), round(radius), colour, -1, cv2.LINE_AA)
    edge = _random_colour(rng) if rng.random() < 0.6 else colour
    cv2.circle(image, _point(centre), round(radius), edge, max(1, round(radius / 6)), cv2.LINE_AA)
    _filling(image, centre, radius * 0.7, rng)


def _filling(image: Image, centre: NDArray[np.float64], radius: float, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(0, 4))):
        spot = centre + rng.uniform(-0.6, 0.6, 2) * radius
        axes = _point(np.maximum(rng.uniform(0.1, 0.6, 2) * radius, 1))
        cv2.ellipse(image, _point(spot), axes, float(rng.uniform(0, 180)), 0, 360, _random_colour(rng), -1, cv2.LINE_AA)
    if rng.random() < 0.3:
        lettering(image, f"{rng.integers(10, 30)}", (float(centre[0]), float(centre[1])), radius * 0.7, (40, 40, 40))


def _shield(
    image: Image, centre: NDArray[np.float64], half: float, tall: float, ink: Colour, rng: np.random.Generator
) -> None:
    """A coat of arms: straight above, pointed or round below."""
    outline = np.array([[-1, -1], [1, -1], [1, 0.2], [0.6, 0.7], [0, 1], [-0.6, 0.7], [-1, 0.2]])
    points = np.rint((centre + outline * np.array([half, tall])) * 2**SUBPIXELS).astype(np.int32)
    colour = _random_colour(rng)
    cv2.fillPoly(image, [points], colour, cv2.LINE_AA, SUBPIXELS)
    if rng.random() < 0.5:
        cv2.polylines(image, [points], isClosed=True, color=ink, thickness=2, lineType=cv2.LINE_AA, shift=SUBPIXELS)
    _filling(image, centre, min(half, tall) * 0.9, rng)


def paint_border(image: Image, width: int, ink: Colour) -> None:
    """Paint the line that runs round the plate."""
    if width:
        edge = width + 2
        corner = (image.shape[1] - edge, image.shape[0] - edge)
        cv2.rectangle(image, (edge, edge), corner, ink, width, cv2.LINE_AA)


def paint_screws(image: Image, clutter: Clutter, rng: np.random.Generator) -> None:
    """Paint screw heads and caps where plates have them: left and right of the middle, or in the corners."""
    height, width = image.shape[:2]
    spots = [(0.16, 0.5), (0.84, 0.5)] if rng.random() < 0.6 else [(0.28, 0.1), (0.72, 0.1), (0.28, 0.9), (0.72, 0.9)]
    for x, y in spots[: clutter.screws]:
        spot = np.array([(x + rng.normal(0, 0.03)) * width, (y + rng.normal(0, 0.05)) * height])
        radius = round(rng.uniform(3, 8))
        cv2.circle(image, _point(spot), radius, _random_colour(rng), -1, cv2.LINE_AA)
        cv2.circle(image, _point(spot + 1), radius // 2, _random_colour(rng), -1, cv2.LINE_AA)


def paint_specks(image: Image, rng: np.random.Generator) -> None:
    """Paint small lettering along an edge, as makers' and dealers' names are."""
    height, width = image.shape[:2]
    y = height * (0.05 if rng.random() < 0.5 else 0.95)
    name = "".join(rng.choice(list("ABCDEFGHIJKLMNOPRSTUVWXYZ .-0123456789"), size=rng.integers(4, 22)))
    lettering(image, name, (width * rng.uniform(0.3, 0.7), y), height * 0.05, (50, 50, 50))


def paint_dirt(image: Image, amount: float, rng: np.random.Generator) -> Image:
    """Lay smooth mud, scratches and spots over the plate; `amount` from 0 to about 1."""
    if amount < 0.05:
        return image
    height, width = image.shape[:2]
    coarse = rng.random((int(rng.integers(2, 8)), int(rng.integers(3, 16)))).astype(np.float32)
    veil = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None] * min(amount, 0.7) * 0.8
    mud = np.array(_random_colour(rng), np.float32)
    veil = np.clip(veil, 0, 1)
    dirty: Image = (image * (1 - veil) + mud * veil).astype(np.uint8)
    for _ in range(int(amount * 12)):
        spot = rng.uniform(0, 1, 2) * (width, height)
        cv2.circle(dirty, _point(spot), int(rng.integers(1, 4)), _random_colour(rng), -1, cv2.LINE_AA)
    return dirty


def holder(image: Image, share: float, rng: np.random.Generator) -> tuple[Image, tuple[int, int]]:
    """Put the plate into its holder with the dealer's name below; returns it and the plate's offset (x, y)."""
    height, width = image.shape[:2]
    rim, foot = int(rng.integers(3, 9)), round(height * share)
    shade = int(rng.integers(10, 80) if rng.random() < 0.8 else rng.integers(120, 240))
    framed = np.full((height + rim + foot, width + 2 * rim, 3), shade, np.uint8)
    framed[rim : rim + height, rim : rim + width] = image
    name = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVWZ .-&w"), size=rng.integers(5, 24)))
    colour = (235, 235, 235) if shade < 100 else (30, 30, 30)
    middle = (framed.shape[1] * rng.uniform(0.4, 0.6), height + rim + foot / 2)
    lettering(framed, name, middle, foot * rng.uniform(0.35, 0.6), colour, int(rng.integers(3)))
    return framed, (rim, rim)


def _point(place: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))
