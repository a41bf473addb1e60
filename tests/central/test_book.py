"""What the store makes of messages."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from sqlite_utils import Database

from central.events import CheckpointNote, Expired, Gap, HealthNote, Refused, Repeated, Report, StateChange
from central.sequence_book import LONGEST_SECONDS, SequenceBook, give_up_oldest
from central.store import SCHEMA
from edge.uplink.contract import Sequences, Status
from tests.central.stores import Filled, changed, filled
from tests.messages import CELL, checkpoint, health, report, signed, state


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Filled]:
    """An empty store."""
    with filled(tmp_path / "counts.db") as made:
        yield made


def empty() -> Database:
    """Make tables in memory."""
    database = Database(memory=True)
    database.conn.executescript(SCHEMA)
    return database


def test_other_content_under_the_same_id_is_refused_and_kept_as_evidence(kept: Filled) -> None:
    """The first stays what counts; the second is there for whoever looks into it, with its signature."""
    other = signed(changed(1, cells=(msgspec.structs.replace(CELL, n=38),)))
    assert isinstance(kept.take(signed(report(1))), Report)
    event = kept.take(other)
    assert isinstance(event, Refused)
    assert event.reason == "cam-017:hour:1 came before with other content"
    assert kept.rows("select payload, signature from evidence") == [(other.payload, other.signature)]
    assert kept.rows("select n from cells") == [(37,)]


def test_what_has_expired_is_not_kept_and_not_missing(kept: Filled) -> None:
    """A report that comes too late leaves its number only."""
    assert kept.take(signed(changed(1, expires=date(2026, 11, 20)))) == Expired("cam-017:hour:1")
    assert isinstance(kept.take(signed(report(2))), Report)
    assert kept.rows("select sequence from reports") == [(2,)]
    assert kept.rows("select * from gaps") == []


def test_a_store_that_begins_late_asks_for_what_was_before(kept: Filled) -> None:
    """Until the camera says that it has no more of it."""
    first = kept.take(signed(report(40)))
    assert isinstance(first, Report)
    assert first.gap == Gap(1, 39)
    assert SequenceBook(kept.database, 1, "hour").stored() == 0
    oldest = msgspec.structs.replace(health(1), data=msgspec.structs.replace(health(1).data, oldest=Sequences(38, 1)))
    assert isinstance(kept.take(signed(oldest)), HealthNote)
    assert SequenceBook(kept.database, 1, "hour").stored() == 37
    for sequence in (38, 39):
        assert isinstance(kept.take(signed(report(sequence))), Report)
    assert SequenceBook(kept.database, 1, "hour").stored() == 40


def test_a_new_card_begins_its_own_numbering(kept: Filled) -> None:
    """A camera with another key is another station: its first report is no second one."""
    kept.take(signed(report(1)))
    kept.database.execute("update stations set kid = ?", [SigningKey(bytes(32)).verify_key.encode().hex()])
    assert isinstance(kept.take(signed(changed(1, cells=()))), Report)
    assert kept.rows("select count(*) from stations") == [(2,)]


def test_presence_and_health_are_kept_when_they_change(kept: Filled) -> None:
    """Retained messages come again on each connection."""
    events = [kept.take(signed(state(one))) for one in (Status.ONLINE, Status.ONLINE, Status.OFFLINE)]
    assert [type(one) for one in events] == [StateChange, Repeated, StateChange]
    events = [kept.take(signed(health(number))) for number in (1, 1, 2)]
    assert [type(one) for one in events] == [HealthNote, Repeated, HealthNote]


def test_a_log_that_was_set_back_or_rewritten_is_refused_and_kept(kept: Filled) -> None:
    """As many entries with another root, or fewer, are evidence."""
    rewritten = msgspec.structs.replace(checkpoint(7))
    note = rewritten.data.note.replace("\n7\nAAAA", "\n7\nBBBB")
    rewritten = msgspec.structs.replace(rewritten, data=msgspec.structs.replace(rewritten.data, note=note))
    events = [kept.take(signed(one)) for one in (checkpoint(7), checkpoint(7), rewritten, checkpoint(6))]
    assert [type(one) for one in events] == [CheckpointNote, Repeated, Refused, Refused]
    assert len(kept.rows("select payload from evidence")) == 2


def test_a_window_is_reported_once(kept: Filled) -> None:
    """Under another number it is evidence, and no vehicle counts twice; each table has its own report of it."""
    kept.take(signed(report(1)))
    event = kept.take(signed(changed(2, window=report(1).data.window)))
    assert isinstance(event, Refused)
    assert event.reason == "cam-017:hour:2 is of a window that was reported before"
    assert isinstance(kept.take(signed(changed(3, window=report(1).data.window, table="other"))), Report)
    assert isinstance(kept.take(signed(report(4))), Report)
    assert kept.rows("select sequence from reports") == [(1,), (3,), (4,)]
    assert len(kept.rows("select 1 from evidence")) == 1
    assert SequenceBook(kept.database, 1, "hour").stored() == 4


def test_sequences_begin_at_one(kept: Filled) -> None:
    """Nothing has number 0."""
    event = kept.take(signed(report(0)))
    assert isinstance(event, Refused)
    assert event.reason == "its sequence is 0; they begin at 1"


def test_refusals_are_counted_within_bounds(kept: Filled) -> None:
    """A flood of strangers fills no disk."""
    for number in range(1_100):
        kept.book.note_refusal(f"anpr/1/z/{number}/x", "is no topic of the contract" * 100)
    kept.book.note_refusal("anpr/1/z/0/x", "is no topic of the contract" * 100)
    assert kept.rows("select count(*), sum(number), max(length(reason)) from refusals") == [(1_000, 1_001, 300)]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_a_receipt_covers_what_came_and_nothing_else(sequences: list[int]) -> None:
    """In whatever order and however often they come: numbers that came, and gaps, are all numbers up to the highest."""
    database = empty()
    book, came = SequenceBook(database, 1, "hour"), set[int]()
    for sequence in sequences:
        taken, _ = book.take(sequence, 0)
        assert (taken == "again") == (sequence in came)
        came.add(sequence)
        missing = set(range(1, max(came) + 1)) - came
        assert book.stored() == min(missing, default=max(came) + 1) - 1
        gaps = database.execute("select first, last from gaps").fetchall()
        assert sorted(one for first, last in gaps for one in range(first, last + 1)) == sorted(missing)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(0, 35))
def test_what_the_camera_has_no_more_is_given_up(sequences: list[int], oldest: int) -> None:
    """What is missing below its oldest counts as stored; what is missing above it stays open."""
    database = empty()
    book = SequenceBook(database, 1, "hour")
    for sequence in sequences:
        book.take(sequence, 0)
    book.give_up_below(oldest, 1)
    missing = set(range(oldest, max(sequences) + 1)) - set(sequences) - {0}
    assert book.stored() == min(missing, default=max(sequences) + 1) - 1
    assert book.take(1, 2)[0] == ("again" if 1 in sequences else "late")


def test_no_gap_is_waited_for_longer_than_any_camera_keeps_reports() -> None:
    """A camera that says nothing of its oldest, because it is older software or gone."""
    database = empty()
    book = SequenceBook(database, 1, "hour")
    book.take(5, 1_000)
    give_up_oldest(database, 1_000 + LONGEST_SECONDS - 1)
    assert book.stored() == 0
    give_up_oldest(database, 1_000 + LONGEST_SECONDS)
    assert book.stored() == 5
