"""What is no plate: lettering, signs, burnt-in camera text, lamps, fences."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.painter import Painter, painter, rounded

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SMALL = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"


def words(rng: np.random.Generator) -> str:
    """Random lettering: a name, a number, a telephone number, an address of a site."""
    pick = rng.random()
    if pick < 0.3:
        return _of(rng, _CAPITALS, 3, 11)
    if pick < 0.55:
        return _of(rng, _CAPITALS, 1, 2) + _of(rng, _SMALL, 3, 10)
    if pick < 0.75:
        return _of(rng, _DIGITS, 2, 4) + "-" + _of(rng, _DIGITS, 3, 8)
    if pick < 0.85:
        return "www." + _of(rng, _SMALL, 4, 9) + ".nl"
    return _of(rng, _CAPITALS + _DIGITS, 1, 8)


def _of(rng: np.random.Generator, letters: str, low: int, high: int) -> str:
    return "".join(rng.choice(list(letters), int(rng.integers(low, high))))


def draw_sign(rng: np.random.Generator, scale: float) -> Painter:
    """A sign with lettering or a symbol: street name, route board, round or triangular, shop, poster."""
    kind = rng.random()
    if kind < 0.45:
        return _board(rng, scale)
    p = painter((-320, -320, 320, 320), scale)
    bright, dark = rng.uniform(150, 250), rng.uniform(20, 110)
    if kind < 0.75:
        p.ellipse((0, 0), (300, 300), dark)
        p.ellipse((0, 0), (240, 240), bright)
        p.text(rng, _of(rng, _DIGITS, 1, 4), (-150, 80), 160, 20)
    else:
        p.polygon([(-300, 250), (0, -290), (300, 250)], dark)
        p.polygon([(-200, 190), (0, -180), (200, 190)], bright)
        p.outline([(0, -80), (0, 120)], 20, 40, closed=False)
    return p


def _board(rng: np.random.Generator, scale: float) -> Painter:
    """A rectangle with one to four lines of lettering; never of a plate's proportions with one plate-like line."""
    rows = int(rng.integers(1, 5))
    width, height = rng.uniform(500, 2600), rng.uniform(130, 260) * rows + 60
    p = painter((0, 0, width, height), scale)
    back, ink = rng.uniform(0, 255), rng.uniform(0, 255)
    if abs(back - ink) < 60:
        ink = 255 - back if abs(back - 128) > 40 else 250
    p.polygon(rounded(2, 2, width - 2, height - 2, rng.uniform(0, 60)), back)
    if rng.random() < 0.4:
        p.outline(rounded(20, 20, width - 20, height - 20, 30), ink, 12)
    for row in range(rows):
        tall = height / rows * rng.uniform(0.3, 0.55)
        line = " ".join(words(rng) for _ in range(int(rng.integers(1, 4))))
        p.text(rng, line, (rng.uniform(20, 0.3 * width), height * (row + 0.75) / rows), tall, ink)
    return p


def burn_text(rng: np.random.Generator, frame: NDArray[np.uint8]) -> None:
    """Camera name, time stamp or a caption burnt into the frame's edge, in place."""
    day = f"{rng.integers(2015, 2030)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    stamp = f"{day} {rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    lines = [stamp, f"CAM{rng.integers(1, 99):02d}", words(rng), words(rng) + " " + words(rng)]
    for _ in range(int(rng.integers(1, 3))):
        _burn(rng, frame, str(rng.choice(lines)))


def _burn(rng: np.random.Generator, frame: NDArray[np.uint8], line: str) -> None:
    height, width = frame.shape
    size = rng.uniform(0.25, 0.9) * height / 288
    (wide, tall), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    x = int(rng.choice([rng.integers(2, 20), max(2, width - wide - 8)]))
    y = int(rng.choice([tall + rng.integers(2, 14), height - rng.integers(4, 16)]))
    if rng.random() < 0.5:
        cv2.rectangle(frame, (x - 3, y - tall - 3), (x + wide + 3, y + 4), int(rng.choice([0, 0, 255, 90])), -1)
    ink = 255 if frame[max(0, y - tall) : y + 1, x : x + wide].mean() < 140 else 0
    cv2.putText(frame, line, (x, y), int(rng.integers(0, 4)), size, ink, int(rng.integers(1, 3)), cv2.LINE_AA)


def scatter(rng: np.random.Generator, frame: NDArray[np.uint8], count: int) -> None:
    """Lines, boxes, rings and bar patterns anywhere in the frame, in place."""
    height, width = frame.shape
    for _ in range(count):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        size = int(np.exp(rng.uniform(np.log(6), np.log(width / 3))))
        shade, thick = int(rng.integers(256)), int(rng.choice([-1, 1, 2, 4]))
        other = (at[0] + int(rng.integers(-size, size + 1)), at[1] + int(rng.integers(-size, size + 1)))
        match int(rng.integers(5)):
            case 0:
                cv2.line(frame, at, other, shade, max(1, thick), cv2.LINE_AA)
            case 1:
                cv2.rectangle(frame, at, other, shade, thick)
            case 2:
                cv2.circle(frame, at, size // 2, shade, thick, cv2.LINE_AA)
            case 3:
                _bars(rng, frame, at, size, shade)
            case _:
                cv2.putText(
                    frame, words(rng), at, int(rng.integers(0, 5)), size / 60, shade, max(1, size // 25), cv2.LINE_AA
                )


def _bars(rng: np.random.Generator, frame: NDArray[np.uint8], at: tuple[int, int], size: int, shade: int) -> None:
    """A comb of bars: fences, zebra crossings, radiators, blinds."""
    step, tall = max(2, size // int(rng.integers(4, 14))), int(size * rng.uniform(0.15, 0.8))
    upright = rng.random() < 0.6
    for k in range(0, size, step):
        a, b = ((k, 0), (k + step // 2, tall)) if upright else ((0, k), (tall, k + step // 2))
        cv2.rectangle(frame, (at[0] + a[0], at[1] + a[1]), (at[0] + b[0], at[1] + b[1]), shade, -1)
