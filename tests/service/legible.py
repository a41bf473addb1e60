"""What the models can read in a picture."""

from pathlib import Path

import numpy as np

from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource, Frame
from edge.config import ModelsConfig, ViewConfig
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.read import Reader
from hil.demo.site import ROOT
from hil.scenes import truth

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MODELS = load_models(ModelsConfig(ROOT / "models", "cpu", 1, ROOT))


def texts(gray: np.ndarray) -> set[str]:
    """Read everything in a picture that the models take for a plate, however unsure they are."""
    view = ViewConfig(((0.0, 0.5), (1.0, 0.5)), "down", (), ())
    gray = np.ascontiguousarray(gray, np.uint8)
    readings = Reader(MODELS.reader).read(gray, Detector(MODELS.detector, view, 0.05).detect(gray))
    return {"".join(CHARACTERS[place] for place in reading.slots.argmax(1)) for reading in readings if reading}


def legible_frames(scene: Path, plate: str) -> list[Frame]:
    """Return the frames around the crossing in which the models read the plate."""
    known = truth.load(scene / "truth.json")
    source = FileSource(scene / "street.mkv", known.start)
    legible = []
    try:
        while True:
            frame = source.read()
            if abs(frame.time - known.passages[0].time) < 1 and plate in texts(frame.full):
                legible.append(frame)
    except EndOfSource:
        source.close()
    return legible
