"""What vision counted survives its death, in memory only."""

import stat
import tempfile
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import LAST_PART, WindowCounts
from edge.counting.spool import Spool, SpoolError
from edge.errors import ConfigError
from edge.windows import Window
from tests.counts import HOUR, cell, counts, van
from tests.examples import examples
from tests.strategies import window_counts

NEXT = HOUR.next


def _open(*, part: int = 0, vehicles: int = 12, window: Window = HOUR) -> WindowCounts:
    return counts(cell(van(), vehicles), window=window, part=part, final=False)


def _final(one: WindowCounts) -> WindowCounts:
    return msgspec.structs.replace(one, final=True)


def test_what_was_put_is_pending_for_the_next_vision(tmp_path: Path) -> None:
    """By window and part, each as it was put last."""
    spool = Spool(tmp_path / "vision")
    later, second, first = _open(window=NEXT), _open(part=10), _open(part=2)
    for one in (later, second, _open(part=2, vehicles=3), first):
        spool.put(one)
    assert Spool(tmp_path / "vision").pending() == [first, second, later]


@examples(30)
@given(st.lists(window_counts, max_size=8))
def test_any_counts_come_back_as_they_were(some: list[WindowCounts]) -> None:
    """The last put of each part, unless a later final part made it final."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder))
        for one in some:
            spool.put(one)
        last = {(one.start, one.part): one for one in some}
        found = {(one.start, one.part): one for one in spool.pending()}
        assert found.keys() == last.keys()
        assert all(one in (last[key], _final(last[key])) for key, one in found.items())


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    """Folder 0700, files 0600, also where the folder was there with another mode."""
    folder = tmp_path / "vision"
    folder.mkdir(mode=0o755)
    Spool(folder).put(_open())
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_number_of_a_key_is_given_twice(tmp_path: Path) -> None:
    """From 0 on each day, also by a spool that is opened anew, and also where nothing is pending any more."""
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    assert [Spool(tmp_path).next_key(monday) for _ in range(3)] == [0, 1, 2]
    assert [Spool(tmp_path).next_key(day) for day in (tuesday, monday, tuesday)] == [0, 3, 1]


@given(st.lists(st.dates(date(2026, 11, 20), date(2026, 11, 24)), max_size=30))
def test_no_day_has_a_number_twice_however_the_clock_is_set(days: list[date]) -> None:
    """Days come in any order: the gate would take two keys of one number for one, and add up what each has seen."""
    with tempfile.TemporaryDirectory() as folder:
        given = [(day, Spool(Path(folder)).next_key(day)) for day in days]
        assert len(set(given)) == len(given)


def test_a_day_with_too_many_keys_counts_no_more(tmp_path: Path) -> None:
    """Two keys under one number would let restarts add vehicles up; so would a damaged note of them."""
    day = date(2026, 11, 23)
    (tmp_path / "tag-keys").write_text(f'{{"newest":"{day}","last":{LAST_PART},"highest":{LAST_PART}}}')
    with pytest.raises(SpoolError, match="10000 restarts on 2026-11-23"):
        Spool(tmp_path).next_key(day)
    (tmp_path / "tag-keys").write_text("{")
    with pytest.raises(SpoolError, match="is damaged"):
        Spool(tmp_path).next_key(day)


def test_a_window_that_is_over_gets_its_last_part_marked_final(tmp_path: Path) -> None:
    """A vision that died before the end left nobody to say so; the open window stays open."""
    spool = Spool(tmp_path)
    for one in (_open(part=0), _open(part=1), _open(window=NEXT)):
        spool.put(one)
    spool.seal(HOUR.end + 9)
    assert not any(one.final for one in spool.pending())
    spool.seal(HOUR.end + 10)
    assert [(one.start, one.part, one.final) for one in spool.pending()] == [
        (HOUR.start, 0, False),
        (HOUR.start, 1, True),
        (NEXT.start, 0, False),
    ]


def test_a_final_part_makes_all_earlier_windows_final(tmp_path: Path) -> None:
    """Were a later window released first, the gate would refuse the earlier one."""
    spool = Spool(tmp_path)
    spool.put(_open())
    spool.put(_final(_open(window=NEXT)))
    assert [one.final for one in spool.pending()] == [True, True]


def test_a_window_is_discarded_whole_and_a_part_alone(tmp_path: Path) -> None:
    """After the answer to a final part, and after a refusal."""
    spool = Spool(tmp_path)
    kept = _open(window=NEXT, part=1)
    for one in (_open(part=0), _open(part=1), _open(window=NEXT), kept):
        spool.put(one)
    spool.discard(HOUR.start)
    spool.drop(_open(window=NEXT))
    spool.drop(_open(window=NEXT))
    assert spool.pending() == [kept]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"type":"window_counts"}'])
def test_a_damaged_file_is_reported_and_removed(tmp_path: Path, content: bytes) -> None:
    """The rest is handed over all the same."""
    spool = Spool(tmp_path)
    spool.put(_open())
    (tmp_path / f"{NEXT.start}-00.json").write_bytes(content)
    (tmp_path / f"{NEXT.start}-01.new").write_bytes(content)
    with capture_logs() as logs:
        assert Spool(tmp_path).pending() == [_open()]
    assert [(entry["event"], entry["file"]) for entry in logs] == [("spool_file_damaged", f"{NEXT.start}-00.json")]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """As a file in its place, and when it disappears later."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file/vision: open counters can't be kept here"):
        Spool(tmp_path / "file" / "vision")
    spool = Spool(tmp_path / "vision")
    (tmp_path / "vision").rmdir()
    with pytest.raises(SpoolError, match="can't be written: No such file"):
        spool.put(_open())


def test_windows_that_nobody_closed_can_be_forgotten(tmp_path: Path) -> None:
    """What is final still waits for the gate; an open window goes, with all its parts."""
    spool = Spool(tmp_path / "vision")
    later = HOUR.next
    kept = counts(window=HOUR, part=1)
    for one in (counts(window=HOUR, final=False), kept, counts(window=later, final=False)):
        spool.put(one)
    spool.forget_open()
    assert {one.start for one in spool.pending()} == {HOUR.start}
    assert kept in spool.pending()
