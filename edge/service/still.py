"""`anpr-edge line`: the view drawn on a still of the camera."""

import time
from datetime import datetime
from pathlib import Path

import cv2
import msgspec

from edge.camera.frame import EndOfSource, Frame
from edge.camera.opener import open_source
from edge.camera.steady import SteadySource
from edge.config import Config, load, replace_source
from edge.errors import ConfigError, SourceError
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.view import draw_view

FIRST_FRAME_SECONDS = 15.0
SURE_ENOUGH_TO_HIDE = 0.15


def draw(file: Path, url: str | None, start: datetime | None, out: Path) -> None:
    """Draw line, directions, region and masks of ``file`` on a frame and write it to ``out``.

    Raises:
        ConfigError: the configuration is wrong or ``out`` can't be written.
        SourceError: the camera gave no frame in 15 seconds.
    """
    config = load(file)
    config = replace_source(config, url) if url else config
    # Plates are hidden everywhere, also where nothing is looked for when counting.
    everywhere = msgspec.structs.replace(config.view, region=(), masks=())
    detector = Detector(load_models(config.models).detector, everywhere, SURE_ENOUGH_TO_HIDE)
    gray = _first_frame(config, start).gray
    picture = draw_view(gray, config.view, detector.detect(gray))
    _write(out, cv2.imencode(".png", picture)[1].tobytes())


def _first_frame(config: Config, start: datetime | None) -> Frame:
    url = config.camera.source
    source = SteadySource(lambda: open_source(url, start=start))
    deadline = time.monotonic() + FIRST_FRAME_SECONDS
    try:
        while time.monotonic() < deadline:
            if (frame := source.read()) is not None:
                return frame
    except EndOfSource as error:
        raise SourceError("the source ended before its first frame") from error
    finally:
        source.close()
    raise SourceError(f"the camera gave no frame in {FIRST_FRAME_SECONDS:.0f} s")


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{out}: can't be written: {error.strerror}") from error
