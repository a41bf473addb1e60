"""Room taken in advance."""

from pathlib import Path

from edge.uplink.reserve import Reserve


def test_it_takes_real_room_and_gives_it_back(tmp_path: Path) -> None:
    """The blocks are allocated, not only promised; taking it twice takes it once."""
    file = tmp_path / "reserve"
    reserve = Reserve(file, 100_000)
    assert reserve.take()
    assert reserve.take()
    assert file.stat().st_blocks * 512 >= 100_000
    reserve.give_back()
    reserve.give_back()
    assert not file.exists()


def test_where_there_is_no_room_nothing_is_left_behind(tmp_path: Path) -> None:
    """More than any disk has can't be taken, and neither can a folder that is absent be written to."""
    file = tmp_path / "reserve"
    assert not Reserve(file, 1 << 60).take()
    assert not file.exists()
    assert not Reserve(tmp_path / "absent" / "reserve", 1).take()
