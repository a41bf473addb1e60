"""Vehicles that are no cars, drawn from behind or before: motorcycles with their small plates, and lorries."""

import numpy as np

from models.training.cars import Vehicle
from models.training.clutter import words
from models.training.painter import Painter, painter, rounded


def draw_motorcycle(rng: np.random.Generator, scale: float, *, lit: bool = False) -> Vehicle:
    """Paint a motorcycle or scooter and its rider from behind at `scale` pixels per millimetre."""
    p = painter((-700, -1900, 700, 40), scale)
    p.ellipse((0, 0), (rng.uniform(200, 400), 30), rng.uniform(10, 50))
    tyre = rng.uniform(60, 110)
    p.gradient(rounded(-tyre, -650, tyre, 0, 50), rng.uniform(8, 30), rng.uniform(15, 45))
    _exhausts(rng, p)
    _rider(rng, p)
    _panniers(rng, p)
    plate = (float(rng.normal(0, 12)), -rng.uniform(480, 760))
    _carrier(rng, p, plate, 255.0 if lit else float(rng.uniform(30, 150)))
    return Vehicle(p, plate)


def _exhausts(rng: np.random.Generator, p: Painter) -> None:
    """One or two pipes beside the wheel, their ends dark."""
    for side in [(-1,), (1,), (-1, 1)][int(rng.integers(3))]:
        at = (side * rng.uniform(130, 260), -rng.uniform(280, 520))
        radius = rng.uniform(40, 75)
        p.ellipse(at, (radius, radius * rng.uniform(1, 1.5)), rng.uniform(50, 230))
        p.ellipse(at, (radius * 0.55, radius * 0.6), 10)


def _rider(rng: np.random.Generator, p: Painter) -> None:
    """Seat, legs, back and helmet; mirrors at both sides."""
    coat, half = rng.uniform(10, 200), rng.uniform(190, 280)
    for side in (-1, 1):
        p.ellipse((side * rng.uniform(230, 330), -1230), (rng.uniform(40, 70), 35), rng.uniform(20, 240))
        p.polygon([(side * 90, -900), (side * 330, -800), (side * 300, -330), (side * 190, -330)], coat * 0.8)
    p.gradient(rounded(-190, -930, 190, -740, 80), rng.uniform(10, 120), rng.uniform(5, 60))
    if rng.random() < 0.85:
        p.gradient(rounded(-half, -1500, half, -850, 140), coat * 1.1, coat * 0.7)
        p.ellipse((0, -1610), (135, 160), rng.uniform(10, 250))
        if rng.random() < 0.3:
            p.text(rng, words(rng)[:8], (-half * 0.7, -1200), rng.uniform(50, 110), rng.uniform(0, 255))


def _panniers(rng: np.random.Generator, p: Painter) -> None:
    """Cases at both sides, or a top case above the plate, with reflectors that look like small plates."""
    shade = rng.uniform(10, 180)
    if rng.random() < 0.3:
        for side in (-1, 1):
            left, right = sorted((side * rng.uniform(170, 220), side * rng.uniform(430, 540)))
            p.gradient(rounded(left, -950, right, -480, 50), shade * 1.1, shade * 0.7)
            p.polygon(rounded(left + 40, -800, right - 40, -740, 10), rng.uniform(60, 250))
    if rng.random() < 0.25:
        p.gradient(rounded(-260, -1250, 260, -900, 60), shade * 1.2, shade * 0.8)
        p.polygon(rounded(-200, -1010, 200, -960, 10), rng.uniform(80, 250))


def _carrier(rng: np.random.Generator, p: Painter, plate: tuple[float, float], lamp: float) -> None:
    """Mudguard behind the plate, tail lamp above it, indicators beside it, a reflector below it."""
    x, y = plate
    p.gradient(rounded(x - 125, y - 160, x + 125, y + rng.uniform(80, 200), 50), rng.uniform(10, 60), 20)
    wide = rng.uniform(40, 130)
    p.polygon(rounded(x - wide, y - 190, x + wide, y - rng.uniform(95, 130), 25), lamp)
    out = rng.uniform(160, 260)
    for side in (-1, 1):
        p.ellipse((x + side * out, y - rng.uniform(60, 180)), (45, 30), rng.uniform(60, 230))
    if rng.random() < 0.4:
        p.polygon(rounded(x - 45, y + 85, x + 45, y + 120, 6), rng.uniform(100, 255))


def draw_lorry(rng: np.random.Generator, scale: float, *, lit: bool = False) -> Vehicle:
    """Paint the back of a lorry or trailer at `scale` pixels per millimetre: doors, lettering, marks, bumper."""
    half, roof, floor = rng.uniform(1150, 1280), rng.uniform(2900, 3900), rng.uniform(900, 1200)
    p = painter((-half * 1.3, -roof - 50, half * 1.3, 60), scale)
    p.gradient([(-half, -500), (half, -500), (half * 1.02, 40), (-half * 1.02, 40)], 12, rng.uniform(10, 50))
    for side in (-1, 1):
        p.gradient(rounded(side * half * 0.75 - 260, -950, side * half * 0.75 + 260, 0, 60), 10, 30)
    shade = rng.uniform(20, 240)
    p.gradient(rounded(-half, -roof, half, -floor, 20), shade * rng.uniform(0.9, 1.1), shade * rng.uniform(0.7, 1.0))
    _doors(rng, p, (half, roof, floor), shade)
    lamp = 255.0 if lit else float(rng.uniform(30, 140))
    return Vehicle(p, _bumper(rng, p, half, lamp))


def _doors(rng: np.random.Generator, p: Painter, size: tuple[float, float, float], shade: float) -> None:
    """Seam, locking bars with handles, lettering, bright marks along the edges."""
    half, roof, floor = size
    p.outline([(0, -roof), (0, -floor)], shade * 0.5, 20, closed=False)
    for x in rng.uniform(0.1, 0.7, 2) * half:
        for side in (-1, 1):
            p.outline([(side * x, -roof + 60), (side * x, -floor - 40)], rng.uniform(60, 220), 30, closed=False)
    for _ in range(int(rng.integers(0, 6))):
        at = (rng.uniform(-0.9, 0.1) * half, -rng.uniform(floor + 100, roof - 100))
        p.text(rng, words(rng), at, float(np.exp(rng.uniform(np.log(70), np.log(420)))), rng.uniform(0, 255))
    if rng.random() < 0.6:
        wide, tall = rng.uniform(280, 570), rng.uniform(130, 200)
        for side in (-1, 1):
            box = rounded(
                side * half * 0.6 - wide / 2, -floor - 250, side * half * 0.6 + wide / 2, -floor - 250 + tall, 8
            )
            p.polygon(box, rng.uniform(140, 255))
            p.outline(box, rng.uniform(20, 110), 40)


def _bumper(rng: np.random.Generator, p: Painter, half: float, lamp: float) -> tuple[float, float]:
    """Under-run bar with rows of lamps, mudflaps with lettering; returns the plate's place on or above the bar."""
    bar = rng.uniform(420, 620)
    for side in (-1, 1):
        p.polygon(rounded(side * half * 0.72 - 250, -bar + 60, side * half * 0.72 + 250, -150, 10), 25)
        if rng.random() < 0.4:
            p.text(rng, words(rng)[:7], (side * half * 0.72 - 200, -bar + 250), 90, rng.uniform(120, 250))
    p.gradient(rounded(-half, -bar - 90, half, -bar + 60, 15), rng.uniform(20, 200), rng.uniform(15, 90))
    for side in (-1, 1):
        for k in range(int(rng.integers(2, 6))):
            p.ellipse((side * (half - 110 - 140 * k), -bar - rng.uniform(0, 30)), (55, 50), lamp)
    x = float(rng.choice([0.0, 0.0, rng.uniform(-0.6, 0.6) * half]))
    at = (x, -bar - rng.uniform(-10, 260))
    p.polygon(rounded(at[0] - 290, at[1] - 75, at[0] + 290, at[1] + 75, 10), rng.uniform(10, 90))
    return at
