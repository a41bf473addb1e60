"""Pictures of the plates that made-up vehicles bear."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from edge.categories import PlateKind
from hil.scenes.camera import Floats, Image
from models.training.plates import render_plate
from models.training.styles import BAND_BLUE, DUTCH, DUTCH_MOTORCYCLE, WHITE, Clutter, PlateStyle

MOTORCYCLE: Final = replace(DUTCH_MOTORCYCLE, break_after=2)
FOREIGN: Final = PlateStyle(back=WHITE, band=BAND_BLUE, kind="foreign", groups=(2, 4, 2), separators=("gap",))

RIM: Final = 0.1
"""Share of the height that mud leaves clean at each edge."""


@dataclass(frozen=True, slots=True)
class PlateFace:
    """A plate as a picture (h, w, 4) in daylight, and its size in metres."""

    image: Image
    width: float
    height: float

    def corners(self, z: float) -> Floats:
        """Its corners (4, 3) at the near end of a vehicle, the middle at height ``z``; top left first, clockwise."""
        x, y, half = self.width / 2, -0.03, self.height / 2
        return np.array([[-x, y, z + half], [x, y, z + half], [x, y, z - half], [-x, y, z - half]])


def plate_face(text: str, kind: PlateKind, rng: np.random.Generator, *, small: bool = False) -> PlateFace:
    """The plate ``text``; ``small`` for motorcycles, in two lines; mud over everything where it can't be read."""
    style = FOREIGN if kind is PlateKind.FOREIGN else MOTORCYCLE if small else DUTCH
    clutter = Clutter(
        screws=int(rng.choice([0, 2, 2])), dirt=float(rng.uniform(0, 0.12)), duplicate=bool(rng.random() < 0.1)
    )
    drawn = render_plate(text, rng, replace(style, clutter=clutter)).image
    image = _muddy(drawn, rng) if kind is PlateKind.UNREADABLE else drawn
    width, height = style.size
    return PlateFace(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), width / 1000, height / 1000)


def _muddy(image: Image, rng: np.random.Generator) -> Image:
    """The plate after weeks on building sites: its form and its edge show, its characters don't."""
    height, width = image.shape[:2]
    worn = cv2.blur(image, (61, 25))
    veil = cv2.resize(rng.random((5, 22)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    share = np.clip(0.35 + 0.5 * veil, 0, 0.85)[..., None]
    muddy = worn * (1 - share) + np.array((52, 74, 92), np.float32) * share
    rim = round(height * RIM)
    edged = image.copy()
    edged[rim:-rim, rim:-rim] = np.clip(muddy, 0, 255)[rim:-rim, rim:-rim]
    return edged
