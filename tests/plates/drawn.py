"""Boxes, readings and whole scenes made up for the tests of recognition."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.camera.frame import Frame
from edge.config import ViewConfig
from edge.plates.passage import Look, Passage, PlateBox, Reading
from edge.plates.recognise import Recogniser
from edge.plates.syntax import ALPHABET

ASPECT = 16 / 9
DUTCH, FOREIGN, NOTHING = (0.97, 0.02, 0.01), (0.02, 0.97, 0.01), (0.01, 0.01, 0.98)
VIEW = ViewConfig(line=((0.0, 0.5), (1.0, 0.5)), inwards="down", region=(), masks=())


def box(x: float, y: float, width: float = 0.06, *, score: float = 0.9, whole: bool = True) -> PlateBox:
    """Draw a level plate, centre and width as shares of a picture of 16 to 9."""
    half, high = width / 2, width * ASPECT * 110 / 520 / 2
    corners = [(x - half, y - high), (x + half, y - high), (x + half, y + high), (x - half, y + high)]
    return PlateBox(np.array(corners, np.float32), score, whole)


def reading(text: str, sure: float = 0.98, kind: Sequence[float] = DUTCH) -> Reading:
    """Spell a text; what is missing to certainty is spread over all other characters."""
    slots = np.full((len(text), len(ALPHABET)), (1 - sure) / (len(ALPHABET) - 1), np.float32)
    for slot, char in zip(slots, text.encode(), strict=True):
        slot[ALPHABET.index(char)] = sure
    return Reading(slots, np.array(kind, np.float32))


def look(time: float, x: float, y: float, text: str = "", width: float = 0.06) -> Look:
    """Combine box and reading; no reading where there is no text."""
    return Look(time, box(x, y, width), reading(text) if text else None)


class Script:
    """A detector and a reader that say, frame by frame, what a scene says."""

    def __init__(
        self,
        frames: Iterable[Sequence[Look]],
        closer: Callable[[PlateBox], Sequence[Look]] = lambda _: (),
    ) -> None:
        self._frames = iter(frames)
        self._closer = closer
        self._readings: dict[int, Reading | None] = {}
        self.read_boxes = 0
        self.zooms = 0

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Return the boxes of the next frame."""
        del gray
        looks = next(self._frames)
        self._readings = {id(look.box): look.reading for look in looks}
        return [look.box for look in looks]

    def zoom(self, full: NDArray[np.uint8], box: PlateBox) -> list[PlateBox]:
        """Return what is hidden beside a box, noting the question."""
        del full
        self.zooms += 1
        found = self._closer(box)
        self._readings |= {id(look.box): look.reading for look in found}
        return [look.box for look in found]

    def read(self, full: NDArray[np.uint8], boxes: Sequence[PlateBox]) -> list[Reading | None]:
        """Return their readings."""
        del full
        self.read_boxes += len(boxes)
        return [self._readings[id(box)] for box in boxes]


Vehicle = Callable[[float], Look | None]


def driving(  # noqa: PLR0913  (each test changes one of these)
    text: str,
    *,
    x: float = 0.5,
    start: float = 0.0,
    speed: float = 0.4,
    y: float = 0.1,
    width: float = 0.06,
    kind: Sequence[float] = DUTCH,
) -> Vehicle:
    """Drive down the picture (up, where ``speed`` in heights per second is negative) from ``y`` at ``start``."""

    def at(time: float) -> Look | None:
        place = y + speed * (time - start)
        if time < start or not 0.03 <= place <= 0.97:
            return None
        return Look(time, box(x, place, width), reading(text, kind=kind) if text else None)

    return at


def standing(text: str, x: float, y: float, *, hidden: Callable[[float], bool] = lambda _: False) -> Vehicle:
    """Stand still, shaking by a hundredth of a plate, unseen while ``hidden``."""

    def at(time: float) -> Look | None:
        shake = 0.0006 * np.sin(40 * time)
        return None if hidden(time) else Look(time, box(x + shake, y - shake), reading(text))

    return at


def watch(
    vehicles: Sequence[Vehicle],
    seconds: float,
    *,
    fps: float = 10.0,
    view: ViewConfig = VIEW,
) -> list[Passage]:
    """Film vehicles from time 0 on; return all passages."""
    times = [index / fps for index in range(int(seconds * fps))]
    frames = [[seen for vehicle in vehicles if (seen := vehicle(time)) is not None] for time in times]
    return play(frames, times, view)


def play(frames: Sequence[Sequence[Look]], times: Sequence[float], view: ViewConfig = VIEW) -> list[Passage]:
    """Run made-up looks through a recogniser."""
    script = Script(frames)
    recogniser = Recogniser(script, script, view)
    found = []
    for index, time in enumerate(times):
        found += recogniser.passages(stirring(index, time))
    return found + recogniser.finish()


def stirring(index: int, time: float) -> Frame:
    """Make a small frame that differs from the one before it, so that it is looked at."""
    picture = np.full((9, 16), 200 * (index % 2), np.uint8)
    return Frame(index, time, picture, picture)
