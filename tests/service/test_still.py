"""What `anpr-edge line` draws."""

from pathlib import Path

import cv2
import numpy as np

from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource, Frame
from edge.config import ModelsConfig, ViewConfig, load
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.read import Reader
from edge.proof.pki import Pki
from edge.service import still
from hil.demo.site import ROOT
from hil.scenes import truth
from tests.service.sites import bench_site, edit

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MODELS = load_models(ModelsConfig(ROOT / "models", "cpu", 1, ROOT))


def _texts(gray: np.ndarray) -> set[str]:
    """Read everything in a picture that the models take for a plate, however unsure they are."""
    view = ViewConfig(((0.0, 0.5), (1.0, 0.5)), "down", (), ())
    gray = np.ascontiguousarray(gray, np.uint8)
    readings = Reader(MODELS.reader).read(gray, Detector(MODELS.detector, view, 0.05).detect(gray))
    return {"".join(CHARACTERS[place] for place in reading.slots.argmax(1)) for reading in readings if reading}


def _legible_frame(scene: Path, plate: str) -> Frame:
    """Return the last frame in which the models read the plate: the nearest to the line and beyond."""
    known = truth.load(scene / "truth.json")
    source = FileSource(scene / "street.mkv", known.start)
    legible = []
    try:
        while True:
            frame = source.read()
            if abs(frame.time - known.passages[0].time) < 1 and plate in _texts(frame.full):
                legible.append(frame)
    except EndOfSource:
        source.close()
    return legible[-1]


def test_no_plate_can_be_read_on_the_still_not_even_inside_a_mask(
    tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki
) -> None:
    """A plate that the models read in the frame is not read in the drawing, masked or not."""
    plate = truth.load(one_vehicle / "truth.json").passages[0].plate.replace("-", "")
    frame = _legible_frame(one_vehicle, plate)
    folder = tmp_path / "frames"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), frame.full)
    for name, masks in [("open", "[]"), ("masked", "[[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]]")]:
        site = bench_site(tmp_path / name, one_vehicle, memory, pki)
        edit(site, 'inwards = "down"', f'inwards = "down"\nmasks = {masks}')
        assert load(site.config).view.masks or name == "open"
        still.draw(site.config, str(folder), None, tmp_path / "still.png")
        drawn = cv2.imread(str(tmp_path / "still.png"), cv2.IMREAD_GRAYSCALE)
        assert drawn is not None
        assert plate not in _texts(np.asarray(drawn, np.uint8))
