"""Vehicles drawn from the front or the back, with the parts that a detector takes for plates.

A vehicle is painted in millimetres with its centre line at x = 0 and the road at y = 0 (y grows downwards, so the
vehicle has negative y). Proportions are those of common European cars, each with a wide random spread.
"""

from dataclasses import dataclass

import numpy as np

from models.training.clutter import words
from models.training.painter import Painter, Point, painter, rounded


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A painted vehicle; `plate` is the centre of the plate's place in millimetres."""

    painter: Painter
    plate: Point


@dataclass(frozen=True, slots=True)
class _Body:
    """What the parts of one vehicle have in common."""

    p: Painter
    rng: np.random.Generator
    half: float  # half the width
    waist: float  # height of the bonnet's or boot's edge
    roof: float
    shade: float
    trim: float  # shade of unpainted plastic
    front: bool
    van: bool
    lit: bool

    def near(self, shade: float, spread: float = 15.0) -> float:
        """A shade close to another."""
        return float(np.clip(shade + self.rng.normal(0, spread), 0, 255))

    def mirrored(self, points: list[Point], value: float) -> None:
        """The same polygon on both sides."""
        self.p.polygon(points, value)
        self.p.polygon([(-x, y) for x, y in points], value)


def draw_vehicle(rng: np.random.Generator, scale: float, *, lit: bool = False) -> Vehicle:
    """Paint a random car or van at `scale` pixels per millimetre; `lit` switches its lamps on."""
    van = bool(rng.random() < 0.25)
    half = rng.uniform(780, 930) * (1.08 if van else 1.0)
    roof = rng.uniform(1850, 2500) if van else rng.uniform(1350, 1650)
    waist = rng.uniform(900, 1250) if van else rng.uniform(800, 1000)
    canvas = painter((-half * 2.6, -roof - 60, half * 2.6, 60), scale)
    shade = float(rng.choice([rng.uniform(10, 60), rng.uniform(60, 160), rng.uniform(160, 245)]))
    trim = float(rng.uniform(12, 70)) if rng.random() < 0.6 else shade * rng.uniform(0.8, 1.1)
    front = bool(rng.random() < 0.5)
    body = _Body(canvas, rng, half, waist, roof, shade, trim, front, van, lit)
    _shell(body)
    _glass(body)
    return Vehicle(canvas, _face(body) if front else _tail(body))


def _shell(b: _Body) -> None:
    """Shadow, flank, wheels and the painted body with its light from above."""
    rng, h = b.rng, b.half
    b.p.gradient([(-h, -200), (h, -200), (h * 1.03, 40), (-h * 1.03, 40)], 10, rng.uniform(10, 50))
    if rng.random() < 0.5:
        _flank(b, side=int(rng.choice([-1, 1])))
    b.mirrored(rounded(h * 0.72, -420, h * 0.98, 0, 60), 14)  # tyres
    slope = rng.uniform(0.70, 0.9) if not b.van else rng.uniform(0.88, 0.97)
    cabin = [(-h * slope, -b.roof), (h * slope, -b.roof), (h * 0.97, -b.waist), (-h * 0.97, -b.waist)]
    b.p.gradient(cabin, b.shade * rng.uniform(0.9, 1.25), b.shade)
    sill = -rng.uniform(170, 260)
    lower = rounded(-h, -b.waist - rng.uniform(0, 120), h, sill, rng.uniform(60, 220))
    b.p.gradient(lower, b.shade * rng.uniform(0.95, 1.3) + 8, b.shade * rng.uniform(0.45, 0.9))


def _flank(b: _Body, side: int) -> None:
    """The side of the car, as seen from a corner: darker panel, side window, wheels."""
    rng = b.rng
    far = side * b.half * rng.uniform(1.5, 2.5)
    near = side * b.half * 0.85
    tone = b.shade * rng.uniform(0.4, 0.85)
    b.p.gradient([(near, -b.roof * 0.97), (far, -b.roof * 0.85), (far, -330), (near, -220)], tone * 1.1, tone * 0.7)
    window = [(near, -b.roof * 0.93), (far * 0.97, -b.roof * 0.82), (far * 0.97, -b.waist), (near, -b.waist * 1.02)]
    b.p.gradient(window, rng.uniform(10, 90), rng.uniform(10, 60))
    middle = (near + far) / 2
    b.p.outline([(middle, -b.roof * 0.9), (middle, -b.waist)], tone * 0.6, 40, closed=False)
    b.p.ellipse((far * 0.86, -310), (abs(far - near) * 0.2, 310), 15)
    b.p.ellipse((far * 0.86, -310), (abs(far - near) * 0.12, 200), rng.uniform(50, 190))
    if b.van and rng.random() < 0.6:
        for row in range(int(rng.integers(1, 4))):
            b.p.text(rng, words(rng), (min(near, far), -b.waist + 180 * row), rng.uniform(70, 160), rng.uniform(0, 255))


def _glass(b: _Body) -> None:
    """Windscreen or rear window with reflections, people, stickers; mirrors; a wiper."""
    rng, h = b.rng, b.half
    if b.van and not b.front and rng.random() < 0.5:
        _doors(b)
        return
    top, bottom = b.roof * rng.uniform(0.93, 0.97), b.waist * rng.uniform(1.02, 1.12)
    wide = rng.uniform(0.62, 0.8)
    pane = [(-h * wide, -top), (h * wide, -top), (h * rng.uniform(0.8, 0.92), -bottom), (-h * 0.86, -bottom)]
    b.p.gradient(pane, rng.uniform(10, 150), rng.uniform(10, 70))
    if rng.random() < 0.55:
        _cabin(b, top, bottom)
    for _ in range(int(rng.integers(0, 5))):
        at = (rng.uniform(-0.6, 0.6) * h, -rng.uniform(bottom, top))
        b.p.ellipse(at, (rng.uniform(40, 260), rng.uniform(20, 120)), rng.uniform(10, 190), angle=rng.uniform(-20, 20))
    if rng.random() < 0.35:
        at = (rng.uniform(-0.7, 0.5) * h, -rng.uniform(bottom + 40, top - 40))
        b.p.polygon(rounded(at[0], at[1] - 70, at[0] + rng.uniform(60, 260), at[1], 8), rng.uniform(150, 250))
        b.p.text(rng, words(rng)[:6], (at[0] + 8, at[1] - 15), 40, rng.uniform(0, 120))
    b.p.outline([(-h * 0.5, -bottom), (h * rng.uniform(0.0, 0.5), -bottom - 60)], 15, 18, closed=False)
    mirror = rounded(h * 0.97, -bottom - 170, h * 1.17, -bottom - 20, 40)
    b.mirrored(mirror, b.near(b.shade if rng.random() < 0.6 else b.trim))
    if rng.random() < 0.4:
        b.mirrored(rounded(h * 1.0, -bottom - 150, h * 1.14, -bottom - 50, 20), rng.uniform(80, 255))


def _cabin(b: _Body, top: float, bottom: float) -> None:
    """What shows through the glass: the light of the far window, head rests, mirror, wheel, papers on the board."""
    rng, h = b.rng, b.half
    low, high = bottom + rng.uniform(0.1, 0.5) * (top - bottom), top - rng.uniform(0.05, 0.25) * (top - bottom)
    wide = rng.uniform(0.3, 0.6) * h
    far, dark = rng.uniform(70, 250), rng.uniform(5, 60)
    b.p.gradient([(-wide, -high), (wide, -high), (wide * 1.1, -low), (-wide * 1.1, -low)], far, b.near(far, 30))
    for x in (-0.42, 0.42) if rng.random() < 0.7 else (-0.45, 0.0, 0.45):
        b.p.polygon(rounded(x * h - 110, -low - rng.uniform(20, 160), x * h + 110, -low + 30, 50), dark)
        b.p.polygon(rounded(x * h - 200, -low - 30, x * h + 200, -bottom, 60), b.near(dark, 10))
    if rng.random() < 0.7:
        b.p.polygon(rounded(-120, -high - 30, 120, -high + 35, 25), b.near(dark + rng.uniform(0, 120), 20))
    if rng.random() < 0.4:
        b.p.ellipse((rng.uniform(0.25, 0.45) * h, -bottom - 60), (180, 150), dark * 0.5, 30)
    if rng.random() < 0.4:
        x = rng.uniform(-0.6, 0.4) * h
        b.p.polygon([(x, -bottom - 70), (x + 230, -bottom - 70), (x + 250, -bottom - 10), (x - 20, -bottom - 10)], 210)


def _doors(b: _Body) -> None:
    """A van's back without glass: door seam, hinges, lettering."""
    rng, h = b.rng, b.half
    b.p.outline([(0, -b.roof), (0, -400)], b.shade * 0.55, 15, closed=False)
    for _ in range(int(rng.integers(1, 6))):
        at = (rng.uniform(-0.85, 0.3) * h, -rng.uniform(b.waist * 0.8, b.roof * 0.95))
        b.p.text(rng, words(rng), at, rng.uniform(50, 200), rng.uniform(0, 255))


def _face(b: _Body) -> Point:
    """Front: bonnet edge, headlights, grille, badge, bumper; returns the plate's place."""
    rng, h = b.rng, b.half
    b.p.outline([(-h * 0.9, -b.waist), (h * 0.9, -b.waist)], b.shade * 0.6, 14, closed=False)
    middle = rng.uniform(600, 760) * (1.12 if b.van else 1.0)
    height = rng.uniform(110, 210)
    _headlights(b, middle, height)
    if rng.random() < 0.9:
        _grille(b, middle, height * rng.uniform(0.5, 1.3))
    _badge(b, (0, -middle - rng.uniform(-40, 130)))
    bumper = -rng.uniform(440, 560)
    _bumper(b, bumper)
    _vents(b, rng.uniform(210, 330))
    at = (float(rng.choice([0, 0, 0, 0, rng.uniform(-250, 250)])), -rng.uniform(300, 520))
    if rng.random() < 0.3:
        _behind(b, at)
    else:
        _recess(b, at)
    return at


def _behind(b: _Body, at: Point) -> None:
    """A grille that the plate hangs in front of, as high as the bonnet: its bars run on beyond the plate's edges."""
    rng = b.rng
    wide, top, low = rng.uniform(0.36, 0.7) * b.half, rng.uniform(100, 380), rng.uniform(70, 190)
    box = (-max(wide, abs(at[0]) + 200), at[1] - top, max(wide, abs(at[0]) + 200), min(at[1] + low, -150))
    _slats(b, box, rng.uniform(5, 50), rng.uniform(60, 245), upright=bool(rng.random() < 0.5))


def _headlights(b: _Body, middle: float, height: float) -> None:
    """Two lamps with rims, reflectors, indicators; glaring where lit."""
    rng, h = b.rng, b.half
    inner, drop = rng.uniform(0.42, 0.68) * h, rng.uniform(-60, 60)
    if rng.random() < 0.3:
        for side in (-1, 1):
            _lamp(b, (side * h * 0.72, -middle), height * 0.6, height * 0.6)
        return
    tilt = rng.uniform(-60, 60)
    top, low = -middle - height / 2, -middle + height / 2
    b.mirrored([(inner, top + drop), (h * 0.95, top + tilt), (h * 0.97, low), (inner * 1.05, low)], b.near(40, 25))
    pad = height * 0.1
    lens = [
        (inner + pad, top + drop + pad),
        (h * 0.94, top + tilt + pad),
        (h * 0.955, low - pad),
        (inner * 1.05 + pad, low - pad),
    ]
    b.mirrored(lens, rng.uniform(90, 240))
    for k in range(int(rng.integers(1, 4))):
        x = inner + (0.25 + 0.3 * k) * (h * 0.95 - inner)
        for side in (-1, 1):
            _lamp(b, (side * x, -middle), height * rng.uniform(0.24, 0.42), height * 0.33)


def _lamp(b: _Body, at: Point, width: float, height: float) -> None:
    """One round reflector."""
    rim = b.near(90, 40)
    b.p.ellipse(at, (width, height), 255 if b.lit else rim)
    b.p.ellipse(at, (width * 0.8, height * 0.8), 255 if b.lit else b.near(190, 40))
    b.p.ellipse(
        (at[0] - width * 0.2, at[1] - height * 0.2), (width * 0.3, height * 0.3), 255 if b.lit else b.near(120, 60)
    )


def _grille(b: _Body, middle: float, height: float) -> None:
    """Slats, bars, a mesh, or two kidneys: the classic false plate."""
    rng = b.rng
    wide = rng.uniform(0.2, 0.55) * b.half
    dark, bright = rng.uniform(5, 50), rng.uniform(60, 235)
    if rng.random() < 0.25:
        width = height * rng.uniform(0.8, 1.6)
        for side in (-1, 1):
            x = side * (width / 2 + 15)
            _slats(
                b,
                (x - width / 2, -middle - height / 2, x + width / 2, -middle + height / 2),
                dark,
                bright,
                upright=True,
            )
        return
    box = (-wide, -middle - height / 2, wide, -middle + height / 2)
    _slats(b, box, dark, bright, upright=bool(rng.random() < 0.25))


def _slats(b: _Body, box: tuple[float, float, float, float], dark: float, bright: float, *, upright: bool) -> None:
    """A framed dark opening with parallel bars, perhaps crossed."""
    left, top, right, bottom = box
    frame = rounded(left, top, right, bottom, b.rng.uniform(5, 80))
    b.p.polygon(frame, dark)
    count = int(b.rng.integers(2, 18 if upright else 9))
    for k in range(1, count):
        t = k / count
        x, y = left + t * (right - left), top + t * (bottom - top)
        ends = [(x, top + 6), (x, bottom - 6)] if upright else [(left + 6, y), (right - 6, y)]
        b.p.outline(ends, bright, b.rng.uniform(4, 20), closed=False)
    if b.rng.random() < 0.2:
        for x in np.linspace(left, right, int(b.rng.integers(6, 24)))[1:-1]:
            b.p.outline([(x, top), (x, bottom)], bright, 5, closed=False)
    if b.rng.random() < 0.6:
        b.p.outline(frame, b.near(bright, 30), b.rng.uniform(5, 25))


def _badge(b: _Body, at: Point) -> None:
    """A maker's badge: ring, oval or shield with strokes; sometimes letters."""
    rng = b.rng
    r, tone = rng.uniform(35, 85), rng.uniform(90, 250)
    flat = rng.uniform(0.45, 1.0)
    b.p.ellipse(at, (r, r * flat), rng.uniform(0, 120))
    b.p.ellipse(at, (r, r * flat), tone, rng.uniform(6, 18))
    for _ in range(int(rng.integers(1, 4))):
        ends = [(at[0] + rng.uniform(-r, r) * 0.8, at[1] + rng.uniform(-r, r) * 0.8 * flat) for _ in range(3)]
        b.p.outline(ends, tone, rng.uniform(5, 14), closed=bool(rng.random() < 0.5))
    if rng.random() < 0.2:
        b.p.text(rng, words(rng)[:5], (at[0] - r, at[1] + 12), r * 0.5, tone)


def _bumper(b: _Body, y: float) -> None:
    """A seam, or a band of bare plastic, or a chrome bar."""
    rng, h = b.rng, b.half
    if rng.random() < 0.5:
        b.p.gradient(rounded(-h, y, h, -200, 60), b.trim * 1.15 + 5, b.trim * 0.7)
    b.p.outline([(-h, y), (h, y)], b.near(b.shade * 0.6), 12, closed=False)
    if rng.random() < 0.15:
        b.p.gradient(rounded(-h, y, h, y + rng.uniform(60, 120), 30), rng.uniform(150, 250), rng.uniform(60, 160))


def _vents(b: _Body, height: float) -> None:
    """Lower air intakes, fog lamps, parking sensors, a towing eye."""
    rng, h = b.rng, b.half
    if rng.random() < 0.8:
        wide = rng.uniform(0.3, 0.75) * h
        _slats(
            b,
            (-wide, -height - 40, wide, -height + rng.uniform(30, 90)),
            rng.uniform(5, 40),
            rng.uniform(20, 120),
            upright=False,
        )
    if rng.random() < 0.5:
        for side in (-1, 1):
            x = side * h * rng.uniform(0.7, 0.85)
            b.p.polygon(rounded(x - 110, -height - 60, x + 110, -height + 60, 40), rng.uniform(5, 50))
            _lamp(b, (x, -height), 50, 45)
    for x in rng.uniform(-0.9, 0.9, int(rng.integers(0, 4))) * h:
        b.p.ellipse((float(x), -height - 110), (18, 18), b.near(b.shade * 0.5))


def _tail(b: _Body) -> Point:
    """Back: lamps, boot seam, badge, model names, bumper; returns the plate's place."""
    rng, h = b.rng, b.half
    _rear_lamps(b)
    seam = -rng.uniform(420, 620)
    edge = rng.uniform(0.6, 0.85) * h
    b.p.outline(
        [(-edge, -b.waist), (-edge * 0.95, seam), (edge * 0.95, seam), (edge, -b.waist)],
        b.shade * 0.55,
        12,
        closed=False,
    )
    _bumper(b, seam + rng.uniform(0, 40))
    high = bool(rng.random() < 0.55)
    at = (
        float(rng.choice([0, 0, 0, 0, 0, rng.uniform(-300, 300)])),
        -rng.uniform(600, 820) if high else -rng.uniform(330, 470),
    )
    if rng.random() < 0.8:
        _badge(b, (0, -b.waist * rng.uniform(0.9, 0.98)))
    for _ in range(int(rng.integers(0, 4))):
        x = float(rng.choice([-0.75, 0.35])) * h
        b.p.text(
            rng,
            words(rng)[:8],
            (x, -rng.uniform(b.waist * 0.75, b.waist * 0.95)),
            rng.uniform(35, 65),
            rng.uniform(120, 255),
        )
    if rng.random() < 0.25:
        b.p.ellipse((rng.uniform(0.3, 0.6) * h, -rng.uniform(520, 700)), (80, 55), 240)
        b.p.text(rng, words(rng)[:2], (0.4 * h, -600), 50, 10)
    if rng.random() < 0.3:
        b.mirrored(rounded(h * 0.6, -300, h * 0.9, -240, 20), rng.uniform(100, 255))  # reflectors
    _recess(b, at)
    return at


def _rear_lamps(b: _Body) -> None:
    """Two tail lamps with bright and dark fields; glaring where lit; a third brake light."""
    rng, h = b.rng, b.half
    tall = rng.uniform(140, 520)
    top = -b.waist + rng.uniform(-150, 120)
    inner = rng.uniform(0.62, 0.84) * h
    base = 250 if b.lit else rng.uniform(40, 130)
    b.mirrored([(inner, top), (h * 0.98, top + 20), (h, top + tall), (inner * 1.04, top + tall)], base)
    for k in range(int(rng.integers(1, 4))):
        y = top + tall * (0.1 + 0.28 * k)
        b.mirrored(
            [(inner + 20, y), (h * 0.96, y), (h * 0.97, y + tall * 0.18), (inner + 20, y + tall * 0.18)],
            255 if b.lit else b.near(base, 60),
        )
    if rng.random() < 0.5:
        b.p.polygon(rounded(-150, -b.roof * 0.97, 150, -b.roof * 0.97 + 25, 8), 255 if b.lit else 70)


def _recess(b: _Body, at: Point) -> None:
    """The room for the plate: nothing, a dark hollow, a bright strip above it."""
    rng = b.rng
    width, height = rng.uniform(540, 640), rng.uniform(115, 180)
    if rng.random() < 0.5:
        box = (at[0] - width / 2, at[1] - height / 2, at[0] + width / 2, at[1] + height / 2)
        b.p.polygon(rounded(*box, rng.uniform(5, 40)), b.near(min(b.shade, b.trim) * 0.6))
    if rng.random() < 0.3:
        strip = rounded(at[0] - width / 2, at[1] - height / 2 - 70, at[0] + width / 2, at[1] - height / 2 - 20, 10)
        b.p.gradient(strip, rng.uniform(100, 255), rng.uniform(40, 160))
