"""Daylight, dusk and lamps: how bright everything is at one moment."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.scenes.shapes import Mesh

Floats = NDArray[np.float64]

LATITUDE: Final = 52.37
LONGITUDE: Final = 4.9
STREET_AZIMUTH: Final = 35.0
"""The camera looks this many degrees east of north."""


@dataclass(frozen=True, slots=True)
class Light:
    """One moment's light; colours are blue, green, red of about 0 to 1."""

    sun: Floats
    """(3,) towards the sun, in world coordinates."""
    sunlight: Floats
    """(3,) colour of direct light; zero after sunset."""
    sky: Floats
    """(3,) colour of the light from everywhere."""
    dusk: float
    """0 by day to 1 when lamps are all the light."""

    @property
    def noise(self) -> float:
        """Standard deviation of the sensor's noise in grey levels: rises with the gain."""
        return 1.2 + 4.5 * self.dusk

    @property
    def exposure(self) -> float:
        """Seconds that one picture is exposed; plate cameras keep it short."""
        return 0.001 + 0.0025 * self.dusk


def sun_position(moment: datetime) -> tuple[float, float]:
    """Elevation and azimuth (from north over east) of the sun in degrees, good to about a degree."""
    instant = moment.astimezone(UTC)
    day = instant.timetuple().tm_yday
    declination = -23.44 * np.cos(2 * np.pi * (day + 10) / 365.25)
    hours = instant.hour + instant.minute / 60 + instant.second / 3600 + LONGITUDE / 15 + _equation_of_time(day)
    angle, lat, dec = np.radians([(hours - 12) * 15, LATITUDE, declination])
    elevation = np.arcsin(np.sin(lat) * np.sin(dec) + np.cos(lat) * np.cos(dec) * np.cos(angle))
    azimuth = np.arctan2(np.sin(angle), np.cos(angle) * np.sin(lat) - np.tan(dec) * np.cos(lat)) + np.pi
    return float(np.degrees(elevation)), float(np.degrees(azimuth))


def _equation_of_time(day: int) -> float:
    """Hours that the sun is ahead of the mean clock."""
    turn = 2 * np.pi * (day - 81) / 364
    return float(9.87 * np.sin(2 * turn) - 7.53 * np.cos(turn) - 1.5 * np.sin(turn)) / 60


def _step(value: float, low: float, high: float) -> float:
    """A smooth step from 0 at ``low`` to 1 at ``high``."""
    share = float(np.clip((value - low) / (high - low), 0, 1))
    return share * share * (3 - 2 * share)


def light_at(moment: datetime) -> Light:
    """The light of a fair day at ``moment`` (an aware time), in Amsterdam."""
    elevation, azimuth = sun_position(moment)
    flat, turn = np.radians(max(elevation, 2.0)), np.radians(azimuth - STREET_AZIMUTH)
    sun = np.array([np.sin(turn) * np.cos(flat), np.cos(turn) * np.cos(flat), np.sin(flat)])
    day, direct = _step(elevation, -4.5, 9.0), _step(elevation, 0.0, 9.0)
    warm = np.array([0.42, 0.70, 0.95]) * (1 - direct) + np.array([0.72, 0.85, 0.95]) * direct
    night, noon = np.array([0.20, 0.17, 0.155]), np.array([0.56, 0.53, 0.50])
    return Light(sun, warm * 0.75 * direct, night + (noon - night) * day, 1 - day)


def shade(mesh: Mesh, light: Light, viewer: Floats) -> NDArray[np.int64]:
    """Colours (n, 3), 0-255, of a mesh that stands as it will be seen, from direction ``viewer`` (3,)."""
    normals = mesh.normals
    open_sky = 0.42 + 0.58 * (normals[:, 2:] + 1) / 2
    lit = np.clip(normals @ light.sun, 0, 1)[:, None]
    matt = mesh.colours * (open_sky * light.sky * 1.25 + lit * light.sunlight)
    mirrored = 2 * (normals @ viewer)[:, None] * normals - viewer
    facing = np.clip(normals @ viewer, 0, 1)
    fresnel = (mesh.gloss * (0.35 + 0.65 * (1 - facing) ** 3))[:, None]
    shine = matt * (1 - fresnel * 0.5) + fresnel * _surroundings(mirrored, light)
    shine += (mesh.glow * (0.25 + light.dusk))[:, None] * mesh.colours
    return np.asarray(np.clip(shine * 255, 0, 255), np.int64)


def _surroundings(directions: Floats, light: Light) -> Floats:
    """What a mirror sees there: road below, trees and houses at the horizon, sky above."""
    up = directions[:, 2]
    height = np.clip((up - 0.1) / 0.9, 0, 1)[:, None] ** 1.5
    street = np.where(up < 0, 0.26, 0.16)[:, None] * light.sky
    glint = np.clip(directions @ light.sun, 0, 1)[:, None] ** 40 * light.sunlight
    seen: Floats = street * (1 - height) + height * light.sky * np.array([1.5, 1.35, 1.25]) + glint
    return seen
