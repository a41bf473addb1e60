"""Marks of texts."""

from hypothesis import given
from hypothesis import strategies as st

from edge.plates.mark import MARK_BITS, Marker
from edge.plates.syntax import ALPHABET

texts = st.text(ALPHABET.decode(), min_size=5, max_size=9).map(str.encode)


@given(texts)
def test_a_text_has_one_mark(text: bytes) -> None:
    """The same from the same marker, whatever kind of buffer it is in, and as short as it says."""
    marker = Marker()
    assert marker.mark(text) == marker.mark(bytearray(text)) < 1 << MARK_BITS


def test_other_markers_give_other_marks() -> None:
    """So no mark says anything outside the recognition that made it."""
    assert len({Marker().mark(b"V12BDF") for _ in range(20)}) > 10


def test_many_plates_share_a_mark() -> None:
    """A million texts leave 39 % of all marks free, as chance has it; of the whole register some 16 share each."""
    marker = Marker()
    marks = {marker.mark(b"%06d" % number) for number in range(1_000_000)}
    assert 0.60 < len(marks) / (1 << MARK_BITS) < 0.63


def test_a_marker_shows_no_key() -> None:
    """Its repr is its name."""
    marker = Marker(lambda key: key.__setitem__(slice(None), b"k" * len(key)))
    assert "kk" not in repr(marker)
