"""Which boxes are looks."""

import numpy as np
import pytest

from edge.camera.frame import Frame
from edge.plates.look import MAX_UNSURE, Looker
from edge.plates.passage import Look, Reading
from tests.plates.drawn import NOTHING, Script, box, reading

PICTURE = np.zeros((9, 16), np.uint8)
FRAME = Frame(0, 0.0, PICTURE, PICTURE)
TEXT = "V12BDF"


def looks(*found: Look) -> list[Look]:
    """Look at one frame with these boxes."""
    script = Script([found])
    return Looker(script, script).look(FRAME)


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
    assert looks(sight(0.4, said)) == []


def test_unsure_boxes_have_a_bound() -> None:
    """A wall of lettering does not cost a reading per letter."""
    script = Script([[sight(0.9, reading(TEXT)), *[sight(0.3, reading(TEXT)) for _ in range(12)]]])
    assert len(Looker(script, script).look(FRAME)) == 1 + MAX_UNSURE
    assert script.read_boxes == 1 + MAX_UNSURE


def test_known_boxes_are_not_read() -> None:
    """They are looks all the same, sure or not."""
    script = Script([[sight(0.9, reading(TEXT)), sight(0.3, reading(TEXT))]])
    found = Looker(script, script).look(FRAME, lambda _: True)
    assert [look.reading for look in found] == [None, None]
    assert script.read_boxes == 0
