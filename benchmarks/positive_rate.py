"""Frames per second of recognition, by the share of frames that show a plate, and what an empty street costs.

    python -m benchmarks.positive_rate [--json] [--models DIR]

Renders traffic at dusk, 1280 x 720, with headlamps and noise, each moment twice: as it is, and with the plates taken
off. At 0 % the vehicles without plates drive, and so on; shares are mixed by vehicle. Prints one line for each number
of threads: ``{"threads", "fps_0", "fps_25", "fps_50", "fps_75", "fps_100", "still_ms_per_s", "still_share"}``. Time is
that of detecting, reading, tracking and voting; pictures are ready before it begins.

The last two are of the same street without traffic, 25 frames a second with fresh noise in each: milliseconds of
processor time per second of video, once the noise is known, and the share that this is of looking at every frame.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count, islice
from pathlib import Path

import click
import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.clips import MODELS
from edge.camera.frame import Frame
from edge.config import ModelsConfig, ViewConfig
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.look import Looker, PlateFinder, PlateReader
from edge.plates.read import Reader
from edge.plates.recognise import Recogniser
from edge.plates.track import Tracker
from hil.scenes.actors import Actor, Stage
from hil.scenes.camera import HEIGHT, WIDTH, counting_line, mast_camera
from hil.scenes.render import Renderer
from hil.scenes.traffic import Pass, make_traffic

START = datetime.fromisoformat("2026-11-17T16:40:00+01:00")
SECONDS, VEHICLES, SEED = 240.0, 40, 3
RATE = 10
PASSES = 20  # That are filmed: a multiple of four, so that every share is exact.
AROUND = 0.8  # Seconds before and after a plate is on the counting line, in which it may be in the picture.
VISIBLE = 0.002  # Of the picture, in which a plate differs from the place where it was: half of one at least.
SHARES = (0, 25, 50, 75, 100)
STILL_RATE = 25
LEARNING, MEASURED = 30, 20  # Seconds of the still street: before the clock runs, and while it does.
NOISE = 5.0  # Grey levels: a street at dusk.
ROUNDS = 3  # The quickest counts: what else the machine does is not our speed.


@dataclass(frozen=True, slots=True)
class Scene:
    """The pictures (720, 1280) of one vehicle's way through the picture, with and without plates."""

    plates: tuple[NDArray[np.uint8], ...]
    bare: tuple[NDArray[np.uint8], ...]


class Street(Renderer):
    """The street with parked cars that bear no plates: only what drives shows one."""

    def _parked(self, number: int, stage: Stage) -> Actor:
        return replace(super()._parked(number, stage), decals=())


def film(passes: int = PASSES) -> Iterator[Scene]:
    """Render vehicle after vehicle."""
    traffic = make_traffic(START, SECONDS, VEHICLES, SEED)
    street = Street(traffic, SEED)
    for passing in traffic.passes[:passes]:
        yield _scene(street, passing)


def _scene(renderer: Renderer, passing: Pass) -> Scene:
    first, last = passing.time - AROUND, passing.time + AROUND
    stretch = renderer.stretch(first, last)
    bare = replace(stretch, actors=tuple(replace(actor, decals=()) for actor in stretch.actors))
    pairs = [
        (_gray(stretch.frame(moment)), _gray(bare.frame(moment)))
        for moment in np.arange(first, last, 1 / RATE).tolist()
    ]
    shown = [(one, other) for one, other in pairs if np.mean(one != other) > VISIBLE]
    return Scene(tuple(one for one, _ in shown), tuple(other for _, other in shown))


def _gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8)


def mixed(scenes: Sequence[Scene], share: int) -> list[NDArray[np.uint8]]:
    """Return the pictures of all vehicles, ``share`` per cent of them with plates, evenly mixed."""
    found: list[NDArray[np.uint8]] = []
    for place, scene in enumerate(scenes):
        shown = (place + 1) * share // 100 > place * share // 100
        found += scene.plates if shown else scene.bare
    return found


def fps(recogniser: Recogniser, pictures: Sequence[NDArray[np.uint8]]) -> float:
    """Return how many pictures a second are recognised, one after the other."""
    frames = [Frame(number, number / RATE, picture, picture) for number, picture in enumerate(pictures)]
    begin = time.perf_counter()
    for frame in frames:
        recogniser.passages(frame)
    return len(frames) / (time.perf_counter() - begin)


def still_street() -> Iterator[Frame]:
    """Film the street without traffic, for ever, with fresh noise in each picture."""
    traffic = make_traffic(START, SECONDS, VEHICLES, SEED)
    picture = _gray(Street(traffic, SEED).stretch(0.0, 1.0).background)
    rng = np.random.default_rng(SEED)
    noise = NOISE * rng.standard_normal((2 * HEIGHT, 2 * WIDTH), np.float32)
    for index in count():
        down, right = int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))
        seen = np.clip(picture + noise[down : down + HEIGHT, right : right + WIDTH], 0, 255).astype(np.uint8)
        yield Frame(index, index / STILL_RATE, seen, seen)


def still(finder: PlateFinder, reader: PlateReader, view: ViewConfig) -> dict[str, float]:
    """Return what the still street costs, and which share of looking at every frame of it that is."""
    recogniser, looker, tracker = Recogniser(finder, reader, view), Looker(finder, reader), Tracker()

    def look(frame: Frame) -> None:
        tracker.update(frame.time, looker.look(frame, tracker), WIDTH / HEIGHT)

    street = still_street()
    for frame in islice(street, LEARNING * STILL_RATE):
        recogniser.passages(frame)
    cost = processor_ms(recogniser.passages, islice(street, MEASURED * STILL_RATE))
    every = processor_ms(look, islice(street, MEASURED * STILL_RATE // 4))
    return {"still_ms_per_s": round(cost * STILL_RATE, 2), "still_share": round(cost / every, 3)}


def processor_ms(work: Callable[[Frame], object], frames: Iterable[Frame]) -> float:
    """Return the processor time of all threads per frame, without what it takes to film them."""
    spent = []
    for frame in frames:
        begin = time.process_time()
        work(frame)
        spent.append(time.process_time() - begin)
    return 1_000 * sum(spent) / len(spent)


def measure(scenes: Sequence[Scene], models: Path, threads: int) -> dict[str, float]:
    """Return the figures of one number of threads."""
    opened = load_models(ModelsConfig(models, "cpu", threads, models / "engines"))
    view = ViewConfig(counting_line(mast_camera()), "down", (), ())
    found: dict[str, float] = {"threads": threads}
    for share in SHARES:
        pictures = mixed(scenes, share)
        runs = [
            fps(Recogniser(Detector(opened.detector, view), Reader(opened.reader), view), pictures)
            for _ in range(ROUNDS)
        ]
        found[f"fps_{share}"] = round(max(runs), 1)
    return found | still(Detector(opened.detector, view), Reader(opened.reader), view)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each number of threads.")
@click.option("--models", type=click.Path(path_type=Path), default=MODELS, help="Folder of the ONNX files.")
def main(models: Path, *, as_json: bool) -> None:
    """Measure recognition at 0, 25, 50, 75 and 100 % of frames with a plate, on one and two threads."""
    click.echo(f"rendering {PASSES} vehicles, twice", err=True)
    scenes = list(film())
    for threads in (1, 2):
        found = measure(scenes, models, threads)
        if as_json:
            click.echo(msgspec.json.encode(found))
        else:
            click.echo(", ".join(f"{name} {value:g}" for name, value in found.items()))


if __name__ == "__main__":
    main()
