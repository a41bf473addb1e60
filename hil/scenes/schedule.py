"""Which moments are filmed: every tenth of a second while traffic is in the picture, and empty street skipped."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.categories import Direction
from hil.scenes.motion import path_of
from hil.scenes.traffic import SIZES, TRAILER_LENGTH, BodyKind, Size, Traffic

RATE: Final = 10
"""Ticks per second; a frame is shown at its tick."""
QUIET: Final = 2 * RATE
"""Ticks of empty street before and after traffic, so that trackers see that it is over."""
QUIET_STEP: Final = 5
"""Of the quiet ticks only each fifth is filmed."""
BEST_VIEW: Final = 18.0
"""Metres from the mast at which a vehicle looks best on a still."""


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames without a gap of a second or more: their ticks, rising."""

    ticks: tuple[int, ...]

    @property
    def seconds(self) -> tuple[float, float]:
        """The first and the last moment."""
        return self.ticks[0] / RATE, self.ticks[-1] / RATE


def shots(traffic: Traffic) -> list[Shot]:
    """All that is to be filmed, in order."""
    busy = _busy(traffic)
    padded = np.convolve(busy, np.ones(2 * QUIET + 1), "same") > 0
    chosen = busy | (padded & (np.arange(len(busy)) % QUIET_STEP == 0))
    ticks = np.flatnonzero(chosen)
    cuts = np.flatnonzero(np.diff(ticks) >= RATE) + 1
    return [Shot(tuple(part.tolist())) for part in np.split(ticks, cuts)]


def _busy(traffic: Traffic) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Per tick whether a vehicle may be in the picture; the first and the last moment are always filmed."""
    spans = [_span(traffic, number) for number in range(len(traffic.passes))]
    last = max(traffic.seconds, *(end for _, end in spans))
    busy = np.zeros(round(last * RATE) + 2 * QUIET, bool)
    busy[[0, round(traffic.seconds * RATE)]] = True
    for start, end in spans:
        busy[max(0, int(start * RATE)) : max(0, int(end * RATE) + 2)] = True
    return busy


def _span(traffic: Traffic, number: int) -> tuple[float, float]:
    passing = traffic.passes[number]
    vehicle = traffic.vehicles[passing.vehicle]
    size = SIZES[vehicle.body]
    return path_of(passing).shown(Size(size.length + TRAILER_LENGTH * bool(vehicle.trailer), size.height))


def best_moment(traffic: Traffic) -> float:
    """The second at which the nicest still can be taken: a car near the line in both directions, by day."""
    pretty = [p for p in traffic.passes if traffic.vehicles[p.vehicle].body is BodyKind.CAR]
    half = [p for p in pretty if p.time <= traffic.seconds / 2] or pretty or list(traffic.passes)
    moments = np.unique([tick for shot in shots(traffic) for tick in shot.ticks]) / RATE
    closeness = {way: np.full(len(moments), 0.05) for way in Direction}
    for passing in half:
        y = BEST_VIEW + path_of(passing).velocity * (moments - passing.time)
        near = closeness[passing.direction]
        np.maximum(near, np.exp(-(((y - BEST_VIEW) / 3) ** 2)), out=near)
    return float(moments[np.argmax(closeness[Direction.IN] * closeness[Direction.OUT])])
