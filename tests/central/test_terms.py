"""Nothing is kept longer than it may be."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central import terms
from central.book import expiry
from central.events import Report
from edge.uplink.contract import Checkpoint, CountReport, Health, State, Status
from tests.central.stores import Filled, changed, filled
from tests.messages import BEGIN, checkpoint, health, report, signed, state

DAY = 86_400
FIRST, SECOND = date(2026, 11, 24), date(2026, 11, 26)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Filled]:
    """A store with two reports, which expire two days apart, presence, health and checkpoints."""
    with filled(tmp_path / "counts.db") as made:
        for message in (changed(1, expires=FIRST), changed(2, expires=SECOND), state(Status.ONLINE), health(1)):
            made.take(signed(message))
        yield made


def test_a_report_goes_with_its_own_day(kept: Filled) -> None:
    """At the end of it, not before; its cells go with it, and its number stays known."""
    end = expiry(changed(1, expires=FIRST))
    assert not terms.due(kept.database, end - 1)
    assert terms.expire(kept.database, end - 1) == 0
    assert terms.due(kept.database, end)
    assert terms.expire(kept.database, end) == 1
    assert kept.rows("select sequence from reports") == [(2,)]
    assert kept.rows("select count(*) from cells") == [(1,)]
    kept.now = end
    assert not isinstance(kept.take(signed(changed(1, expires=FIRST))), Report)
    assert kept.rows("select count(*) from reports") == [(1,)]


@pytest.mark.parametrize(
    ("kind", "days"), [("states", 92), ("health", 92), ("refusals", 92), ("checkpoints", 800), ("evidence", None)]
)
def test_everything_that_is_past_its_term_is_due(tmp_path: Path, kind: str, days: int | None) -> None:
    """Not reports only: so whoever deletes what is due leaves nothing that `retention` names."""
    end = BEGIN + days * DAY if days else expiry(changed(1, expires=SECOND))
    with filled(tmp_path / "counts.db") as made:
        _put(made, kind)
        assert not terms.due(made.database, end - 1)
        assert terms.due(made.database, end)
        assert [one.kind for one in terms.holdings(made.database, end + terms.GRACE) if one.over] == [kind]
        assert terms.expire(made.database, end) == 1
        assert not terms.due(made.database, end + terms.GRACE)
        assert not any(one.over for one in terms.holdings(made.database, end + terms.GRACE))


def test_what_is_deleted_is_nowhere_in_the_files(kept: Filled) -> None:
    """Payload and signature of a deleted report are in no page and no log of the database; the others' are."""
    gone, stays = signed(changed(1, expires=FIRST)), signed(changed(2, expires=SECOND))
    marks = [gone.signature.encode()[-60:], b'cam-017:hour:1"']
    assert all(mark in _content(kept.file) for mark in marks)
    terms.expire(kept.database, expiry(changed(1, expires=FIRST)))
    content = _content(kept.file)
    assert not any(mark in content for mark in marks)
    assert stays.signature.encode()[-60:] in content


def test_presence_and_health_go_too_but_for_the_latest(kept: Filled) -> None:
    """How a camera is now stays known, however long ago it said so."""
    kept.now += 10
    kept.take(signed(state(Status.OFFLINE)))
    kept.take(signed(health(2)))
    terms.expire(kept.database, BEGIN + 92 * DAY + 5)
    assert kept.rows("select status from states") == [("offline",)]
    assert kept.rows("select count(*) from health") == [(1,)]
    terms.expire(kept.database, BEGIN + 900 * DAY)
    assert kept.rows("select status from states") == [("offline",)]


def test_checkpoints_are_thinned_and_kept_as_long_as_a_camera_keeps_its_log(kept: Filled) -> None:
    """Hourly for a month, then daily, then not."""
    for hour in range(48):
        kept.now = (BEGIN // DAY) * DAY + hour * 3600
        kept.take(signed(checkpoint(hour + 1)))
    terms.expire(kept.database, BEGIN + 31 * DAY)
    assert kept.rows("select count(*) from checkpoints") == [(48,)]
    terms.expire(kept.database, BEGIN + 40 * DAY)
    assert kept.rows("select size from checkpoints") == [(24,), (48,)]
    terms.expire(kept.database, BEGIN + 900 * DAY)
    assert kept.rows("select size from checkpoints") == [(48,)]


def test_evidence_goes_with_its_report(kept: Filled) -> None:
    """A contradiction is no reason to keep counts longer."""
    kept.take(signed(changed(1, expires=FIRST, cells=())))
    assert kept.rows("select count(*) from evidence") == [(1,)]
    terms.expire(kept.database, expiry(changed(1, expires=FIRST)))
    assert kept.rows("select count(*) from evidence") == [(0,)]


def test_retention_names_what_is_overdue(kept: Filled) -> None:
    """Where nobody deletes; a few minutes are left to whoever does."""
    end = expiry(changed(1, expires=FIRST))
    assert not any(one.over for one in terms.holdings(kept.database, end + terms.GRACE - 1))
    over = [one for one in terms.holdings(kept.database, end + terms.GRACE) if one.over]
    assert [(one.kind, one.items, one.due) for one in over] == [("reports", 2, "2026-11-24 23:00 UTC")]


def test_a_clock_that_is_behind_is_noticed(kept: Filled) -> None:
    """By what cameras say."""
    kept.take(signed(report(3)))
    assert not terms.clock_is_behind(kept.database, BEGIN)
    assert terms.clock_is_behind(kept.database, BEGIN - 2 * DAY)


@given(st.dates(date(2026, 1, 1), date(2100, 1, 1)))
def test_the_day_of_expiry_ends_where_the_camera_is(day: date) -> None:
    """As the gate has it: 22:00 or 23:00 UTC."""
    assert re.fullmatch(r"2[23]:00", terms._day(expiry(changed(expires=day)))[11:16])


def _put(made: Filled, kind: str) -> None:
    """Put one item of a kind into an empty store, and what is newer where the newest stays."""
    puts: Mapping[str, Sequence[State | Health | Checkpoint | CountReport]] = {
        "states": [state(Status.ONLINE), state(Status.OFFLINE)],
        "health": [health(1), health(2)],
        "checkpoints": [checkpoint(1), checkpoint(2)],
        "evidence": [changed(1, expires=SECOND), changed(1, expires=SECOND, cells=())],
    }
    if kind == "refusals":
        made.book.note_refusal("anpr/1/zez-demo/cam-017/counts/hour", "a made-up reason")
    for message in puts.get(kind, []):
        made.take(signed(message))
        made.now += 10
    if kind == "evidence":
        made.rows("delete from reports")


def _content(file: Path) -> bytes:
    return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
