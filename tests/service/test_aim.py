"""What set-up mode shows of a frame."""

import csv
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource, Frame
from edge.config import ViewConfig
from edge.service.aim import WANTED_PX, Aim, _around_line
from hil.scenes import truth
from hil.scenes.__main__ import main as render
from tests.service.legible import MODELS, legible_frames, texts

VIEW = ViewConfig(((0.0, 0.5), (1.0, 0.5)), "down", (), ())
MASKED = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@pytest.fixture(scope="module")
def seen(one_vehicle: Path) -> tuple[str, Frame]:
    """A made-up plate, and the frame nearest to its crossing in which the models read it."""
    passage = truth.load(one_vehicle / "truth.json").passages[0]
    plate = passage.plate.replace("-", "")
    return plate, min(legible_frames(one_vehicle, plate), key=lambda frame: abs(frame.time - passage.time))


def _view(scene: Path, masks: tuple[tuple[tuple[float, float], ...], ...] = ()) -> ViewConfig:
    return ViewConfig(truth.load(scene / "truth.json").line, "down", (), masks)


def _frames(scene: Path) -> list[Frame]:
    frames = list[Frame]()
    source = FileSource(scene / "street.mkv", truth.load(scene / "truth.json").start)
    with closing(source), suppress(EndOfSource):
        while True:
            frames.append(source.read())
    return frames


def _picture(jpeg: bytes) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert found is not None
    return np.asarray(found)


@pytest.mark.parametrize("masks", [(), (MASKED,)], ids=["open", "masked"])
def test_no_plate_can_be_read(
    one_vehicle: Path, seen: tuple[str, Frame], masks: tuple[tuple[tuple[float, float], ...], ...]
) -> None:
    """One that the models read in the frame is not read in the picture, nor in a larger copy, masked or not."""
    plate, frame = seen
    picture = _picture(Aim(MODELS.detector, _view(one_vehicle, masks)).look(frame, 60)[0])
    assert picture.shape[1] <= 960
    for size in (1, 4):
        assert plate not in texts(cv2.resize(picture, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize("name", ["photos-nl", "frames-nl"])
def test_no_plate_of_a_photograph_can_be_read(name: str) -> None:
    """Of those whose plate the models read, and most of which are taken from nearer than a roadside camera is."""
    folder = Path(__file__).parents[3] / "shared" / "data" / name
    if not folder.exists():
        pytest.skip("the photographs are not here")
    before = after = 0
    with (folder / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            gray = np.asarray(cv2.imread(str(folder / row["file"]), cv2.IMREAD_GRAYSCALE), np.uint8)
            plate = row["plate"].replace("-", "")
            before += plate in texts(gray)
            after += plate in texts(_picture(Aim(MODELS.detector, VIEW).look(Frame(0, 0.0, gray, gray), 60)[0]))
    assert before >= 30
    assert after == 0


def test_what_the_detector_misses_is_blurred_all_the_same(
    one_vehicle: Path, seen: tuple[str, Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a detector that finds nothing the plate can't be read either."""
    plate, frame = seen
    aim = Aim(MODELS.detector, _view(one_vehicle))
    monkeypatch.setattr(aim._detector, "detect", lambda _: [])
    picture = _picture(aim.look(frame, 60)[0])
    assert plate not in texts(picture)
    assert plate not in texts(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))


def test_a_plate_that_is_lost_for_a_moment_stays_hidden(
    one_vehicle: Path, seen: tuple[str, Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it was found in one of the last four frames; then it is blurred only."""
    _, frame = seen
    aim = Aim(MODELS.detector, _view(one_vehicle))
    hidden = aim.look(frame, 60)[0]
    monkeypatch.setattr(aim._detector, "detect", lambda _: [])
    pictures = [aim.look(frame, 60)[0] for _ in range(4)]
    assert [picture == hidden for picture in pictures] == [True, True, True, False]


def test_the_numbers_are_those_of_the_frame(one_vehicle: Path, seen: tuple[str, Frame]) -> None:
    """Size, plates in sight, their width near the line, the time that is left."""
    _, frame = seen
    numbers = Aim(MODELS.detector, _view(one_vehicle)).look(frame, 61)[1]
    assert (numbers.size, numbers.plates, numbers.wanted, numbers.seconds_left) == ((1280, 720), 1, WANTED_PX, 61)
    assert 60 < numbers.width < 200
    assert numbers.light == "good"


def test_a_plate_far_from_the_line_says_nothing_of_its_width_there(seen: tuple[str, Frame]) -> None:
    """It is counted as in sight."""
    _, frame = seen
    far = ViewConfig(((0.0, 0.02), (1.0, 0.02)), "down", (), ())
    numbers = Aim(MODELS.detector, far).look(frame, 60)[1]
    assert (numbers.plates, numbers.width) == (1, 0)


def test_a_lens_out_of_focus_is_told_from_a_sharp_one(one_vehicle: Path, seen: tuple[str, Frame]) -> None:
    """The number falls, and the best one stays to compare with; a vehicle that passes changes neither."""
    _, frame = seen
    aim = Aim(MODELS.detector, _view(one_vehicle))
    empty = np.asarray(cv2.blur(frame.full, (3, 3)), np.uint8)
    sharp = [aim.look(replace(frame, full=full), 60)[1] for full in [frame.full] * 6 + [empty] * 9][-1]
    assert sharp.sharpness == sharp.best
    soft = np.asarray(cv2.blur(frame.full, (9, 9)), np.uint8)
    blurred = [aim.look(replace(frame, full=soft), 60)[1] for _ in range(8)][-1]
    assert blurred.sharpness < sharp.sharpness / 2
    assert blurred.best == sharp.best


def test_traffic_does_not_make_a_lens_look_better_or_worse(tmp_path: Path) -> None:
    """On a street as busy as it gets, looked at twice a second, the number moves by less than the tile allows."""
    render(["--out", str(tmp_path), "--vehicles", "20", "--hours", "0.02"], standalone_mode=False)
    view = _view(tmp_path)
    frames = _frames(tmp_path)[::5]
    raw = [cv2.Laplacian(_around_line(frame.full, view), cv2.CV_32F).var() for frame in frames]
    assert max(raw) > 5 * min(raw)
    aim = Aim(MODELS.detector, view)
    told = [aim.look(frame, 60)[1] for frame in frames][15:]
    assert len(told) >= 40
    assert min(one.sharpness for one in told) >= 0.9 * max(one.best for one in told)


def test_a_source_that_comes_back_with_another_size_is_looked_at(one_vehicle: Path, seen: tuple[str, Frame]) -> None:
    """Its sharpness begins anew."""
    _, frame = seen
    aim = Aim(MODELS.detector, _view(one_vehicle))
    aim.look(frame, 60)
    half = np.ascontiguousarray(frame.full[::2, ::2])
    numbers = aim.look(replace(frame, full=half, gray=half), 60)[1]
    assert numbers.size == (640, 360)
    assert numbers.sharpness > 0


@pytest.mark.parametrize(("level", "said"), [(5, "dark"), (120, "good"), (255, "too bright")])
def test_light_is_told_in_words(one_vehicle: Path, seen: tuple[str, Frame], level: int, said: str) -> None:
    """By what is around the line."""
    _, frame = seen
    even = np.full_like(frame.full, level)
    assert Aim(MODELS.detector, _view(one_vehicle)).look(replace(frame, full=even), 60)[1].light == said
