"""Which boxes are looks."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.camera.frame import Frame
from edge.plates.detect import Detector
from edge.plates.inference import load_models
from edge.plates.look import MAX_UNSURE, SURE_BOX, Looker
from edge.plates.passage import Look, PlateBox, Reading
from edge.plates.read import Reader
from tests.plates import tiny_models
from tests.plates.drawn import NOTHING, VIEW, Script, box, reading

PICTURE = np.zeros((9, 16), np.uint8)
FRAME = Frame(0, 0.0, PICTURE, PICTURE)
TEXT = "V12BDF"


class Nothing:
    """A memory of nothing."""

    def knows(self, time: float, box: PlateBox) -> bool:
        """Know no box."""
        del time, box
        return False

    def missing(self, time: float, looks: Sequence[Look]) -> list[PlateBox]:
        """Miss no plate."""
        del time, looks
        return []


class Everything(Nothing):
    """A memory of every place."""

    def knows(self, time: float, box: PlateBox) -> bool:
        """Know every box."""
        del time, box
        return True


class Longing(Nothing):
    """A memory of a plate that is not there any more."""

    def missing(self, time: float, looks: Sequence[Look]) -> list[PlateBox]:
        """Miss it."""
        del time, looks
        return [box(0.7, 0.7)]


def looks(*found: Look) -> list[Look]:
    """Look at one frame with these boxes."""
    script = Script([found])
    return Looker(script, script).look(FRAME, Nothing())


def sight(score: float, said: Reading | None) -> Look:
    """Make one look."""
    return Look(0.0, box(0.5, 0.5, score=score), said)


def test_a_sure_box_is_a_look_read_or_not() -> None:
    """Also where nothing can be read, or the reader sees no plate: the vote decides."""
    assert len(looks(sight(0.9, reading(TEXT)), sight(0.6, None), sight(0.5, reading(TEXT, kind=NOTHING)))) == 3


def test_the_reader_confirms_an_unsure_box() -> None:
    """A whole clear text makes it a look."""
    assert len(looks(sight(0.3, reading(TEXT)))) == 1


@pytest.mark.parametrize(
    "said",
    [None, reading(TEXT, 0.7), reading("V1B"), reading("V12BDFGHJK"), reading(TEXT, kind=NOTHING)],
)
def test_an_unsure_box_that_the_reader_does_not_confirm_is_dropped(said: Reading | None) -> None:
    """Unread, unclear, too short, too long or no plate."""
    assert looks(sight(SURE_BOX - 0.1, said)) == []


def test_unsure_boxes_have_a_bound() -> None:
    """A wall of lettering does not cost a reading per letter."""
    script = Script([[sight(0.9, reading(TEXT)), *[sight(0.3, reading(TEXT)) for _ in range(12)]]])
    assert len(Looker(script, script).look(FRAME, Nothing())) == 1 + MAX_UNSURE
    assert script.read_boxes == 1 + MAX_UNSURE


def test_known_boxes_are_not_read() -> None:
    """They are looks all the same, sure or not."""
    script = Script([[sight(0.9, reading(TEXT)), sight(0.3, reading(TEXT))]])
    found = Looker(script, script).look(FRAME, Everything())
    assert [look.reading for look in found] == [None, None]
    assert script.read_boxes == 0


def peek(first: list[Look], hidden: list[Look]) -> list[PlateBox]:
    """Look at one frame in which a closer look finds what is hidden; return the boxes of the looks."""
    script = Script([first], lambda _: hidden)
    return [look.box for look in Looker(script, script).look(FRAME, Nothing())]


def test_a_closer_look_finds_what_the_first_did_not() -> None:
    """Around a box that is unsure, or sure but unread; also where there was none before."""
    beside = Look(0.0, box(0.55, 0.55, score=0.4), reading(TEXT))
    for doubtful in (sight(0.3, None), sight(0.9, None), sight(0.9, reading("V1"))):
        found = peek([doubtful], [beside])
        assert beside.box in found
        assert len(found) == 1 + (doubtful.box.score > 0.5)


def test_a_closer_look_replaces_the_first_at_the_same_place() -> None:
    """Where that read nothing."""
    closer = sight(0.6, reading(TEXT))
    assert peek([sight(0.9, None)], [closer]) == [closer.box]


def test_a_closer_look_does_not_replace_what_was_read() -> None:
    """The plate beside the doubtful box that it was for is in its picture too."""
    read = sight(0.9, reading(TEXT))
    doubtful = Look(0.0, box(0.7, 0.5, score=0.3), None)
    assert peek([read, doubtful], [sight(0.9, reading(TEXT))]) == [read.box]


def test_what_was_read_in_vain_is_overwritten() -> None:
    """A box that is dropped, a closer look that adds nothing, and one that reads too little."""
    kept, dropped, again, vague = reading(TEXT), reading(TEXT, 0.7), reading(TEXT), reading(TEXT, 0.6)
    closer = [sight(0.9, again), Look(0.0, box(0.2, 0.2), vague)]
    script = Script([[sight(0.9, kept), Look(0.0, box(0.7, 0.5, score=0.3), dropped)]], lambda _: closer)
    Looker(script, script).look(FRAME, Nothing())
    assert [bool(one.slots.any()) for one in (kept, dropped, again, vague)] == [True, False, False, False]


def test_a_closer_look_must_be_whole_and_read() -> None:
    """What touches the edge of its picture, or says nothing, is no look."""
    cut = Look(0.0, box(0.5, 0.5, whole=False), reading(TEXT))
    assert peek([sight(0.3, None)], [cut, sight(0.9, None)]) == []


def test_a_plate_that_fills_the_picture_is_looked_at_again() -> None:
    """Its corners may lie beyond the edge by mistake; what is small and cut by the edge is left alone."""
    wide = np.array([(0.1, 0.6), (1.0, 0.6), (1.0, 0.9), (0.1, 0.9)], np.float32)
    whole = Look(0.0, box(0.55, 0.75), reading(TEXT))
    assert peek([Look(0.0, PlateBox(wide, 0.8, whole=False), None)], [whole])[-1] == whole.box
    assert len(peek([Look(0.0, box(0.98, 0.5, whole=False), None)], [whole])) == 1


def test_what_is_read_needs_no_closer_look() -> None:
    """It would cost as much as a frame."""
    script = Script([[sight(0.9, reading(TEXT)), sight(0.3, reading(TEXT))], []])
    looker = Looker(script, script)
    looker.look(FRAME, Nothing())
    looker.look(FRAME, Nothing())
    assert script.zooms == 0


def test_one_closer_look_per_frame_and_none_in_vain() -> None:
    """A place where there was nothing is left alone for a second; others are looked at meanwhile."""
    here, there = sight(0.4, None), Look(0.0, box(0.2, 0.2, score=0.3), None)
    script = Script([[here, there]] * 15)
    looker = Looker(script, script)
    zooms = []
    for index in range(15):
        looker.look(Frame(index, index / 10, PICTURE, PICTURE), Nothing())
        zooms.append(script.zooms)
    assert zooms[:9] == [1, 2, 2, 2, 2, 2, 2, 2, 2]
    assert zooms[-1] == 4


def test_a_missing_plate_is_looked_for_first() -> None:
    """Before any doubtful box."""
    places: list[PlateBox] = []

    def closer(place: PlateBox) -> list[Look]:
        places.append(place)
        return [Look(0.0, box(0.7, 0.71, score=0.4), reading(TEXT))]

    script = Script([[sight(0.3, None)]], closer)
    assert len(Looker(script, script).look(FRAME, Longing())) == 1
    assert [round(float(place.corners.mean()), 2) for place in places] == [0.7]


class Attentive(Nothing):
    """A memory that misses a plate in another place with each frame: a small one, then one that fills the picture."""

    def missing(self, time: float, looks: Sequence[Look]) -> list[PlateBox]:
        """Miss one."""
        del looks
        return [box(0.1 * (time % 10), 0.5, 0.06 if time % 2 else 0.4)]


def test_no_frame_is_copied(tmp_path: Path) -> None:
    """From the frame to the inputs of both models, in a region, under a mask, and closer: nothing of its size."""
    models = load_models(tiny_models.config(tiny_models.folder(tmp_path)))
    region, mask = ((0.05, 0.1), (0.9, 0.1), (0.9, 1.0), (0.0, 1.0)), ((0.5, 0.1), (0.6, 0.1), (0.6, 0.3))
    view = msgspec.structs.replace(VIEW, region=region, masks=(mask,))
    looker = Looker(Detector(models.detector, view), Reader(models.reader))
    picture = np.zeros((1080, 1920), np.uint8)
    picture[500:560, 800:900] = 255
    frames = [Frame(index, float(index), picture, picture) for index in range(10)]
    assert looker.look(frames[0], Attentive())
    tracemalloc.start()
    for frame in frames:
        looker.look(frame, Attentive())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < picture.size / 20
