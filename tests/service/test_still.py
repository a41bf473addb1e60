"""What `anpr-edge line` draws."""

from pathlib import Path

import cv2
import numpy as np

from edge.config import load
from edge.proof.pki import Pki
from edge.service import still
from hil.scenes import truth
from tests.service.legible import legible_frames, texts
from tests.service.sites import bench_site, edit


def test_no_plate_can_be_read_on_the_still_not_even_inside_a_mask(
    tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki
) -> None:
    """A plate that the models read in the frame is not read in the drawing, masked or not."""
    plate = truth.load(one_vehicle / "truth.json").passages[0].plate.replace("-", "")
    frame = legible_frames(one_vehicle, plate)[-1]
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
        assert plate not in texts(np.asarray(drawn, np.uint8))
