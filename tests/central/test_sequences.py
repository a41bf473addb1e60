"""Which reports of a stream came."""

from hypothesis import given
from hypothesis import strategies as st

from central.events import Gap
from central.sequences import Sequences


def test_the_first_one_says_where_it_begins() -> None:
    """What came before we listened is not missing."""
    assert Sequences().take(4711, b"") is None


def test_a_gap_is_said_once_and_a_late_one_closes_it() -> None:
    """5 after 2 means that 3 and 4 are missing; they are no surprise when they come."""
    stream = Sequences()
    assert stream.take(2, b"two") is None
    assert stream.take(5, b"five") == Gap(3, 4)
    assert stream.is_late(4)
    assert stream.take(4, b"four") is None
    assert stream.take(6, b"six") is None
    assert (str(Gap(3, 4)), str(Gap(3, 3))) == ("3 to 4", "3")


def test_the_same_sequence_is_the_same_content_or_not() -> None:
    """A repeated message is told from another one under its number."""
    stream = Sequences()
    stream.take(1, b"one")
    assert stream.came_before(1)
    assert stream.is_same(1, b"one")
    assert not stream.is_same(1, b"other")
    assert not stream.came_before(2)


@given(st.lists(st.integers(1, 200), unique=True, min_size=1))
def test_gaps_and_arrivals_cover_everything(sequences: list[int]) -> None:
    """In whatever order they come, every number between the first and the highest came or is in exactly one gap."""
    stream, missing = Sequences(), list[int]()
    for sequence in sequences:
        gap = stream.take(sequence, b"")
        missing += range(gap.first, gap.last + 1) if gap else []
    assert len(missing) == len(set(missing))
    above = {sequence for sequence in sequences if sequence > sequences[0]}
    assert set(missing) | above == set(range(sequences[0] + 1, max(sequences) + 1))
