"""What the store makes of messages."""

import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from sqlite_utils import Database

from central import export, terms
from central.cells import Choice, bins, with_cells
from central.dashboard.page import page, view
from central.events import CheckpointNote, Expired, Gap, HealthNote, Refused, Repeated, Report, StateChange
from central.sequence_book import LONGEST_SECONDS, SequenceBook, give_up_oldest
from central.store import SCHEMA, transaction
from central.totals import Coverage, Wanted, totals
from edge.gate.signing import Signer
from edge.uplink.contract import Sequences, Status, Stream
from edge.uplink.outbox import Entry
from tests.central.stores import Filled, changed, filled
from tests.messages import ADDRESS, BEGIN, CELL, KEY, checkpoint, health, report, signed, state


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


def test_a_checkpoint_that_comes_again_is_no_evidence(kept: Filled) -> None:
    """Not even after later ones: a run of them is delivered again where a confirmation was lost."""
    events = [kept.take(signed(checkpoint(size))) for size in (5, 6, 7, 5, 6, 7)]
    assert [type(one) for one in events] == [CheckpointNote] * 3 + [Repeated] * 3
    assert kept.rows("select 1 from evidence") == []
    other = msgspec.structs.replace(checkpoint(6).data, note=checkpoint(6).data.note.replace("\n6\nAAAA", "\n6\nBBBB"))
    assert isinstance(kept.take(signed(msgspec.structs.replace(checkpoint(6), data=other))), Refused)
    assert len(kept.rows("select 1 from evidence")) == 1


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


def test_a_long_topic_is_counted_again(kept: Filled) -> None:
    """It is cut before it is looked for."""
    for _ in range(2):
        kept.book.note_refusal(f"anpr/1/{'z' * 400}/cam-002/counts/hour", "is no topic of the contract")
    assert kept.rows("select number, length(topic) from refusals") == [(2, 300)]


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


EXTREME = st.sampled_from(
    ["", "x" * 5_000, "\x00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9" * 18, "2026-02-31T00:00:00Z"]
) | st.text(max_size=5)
HUGE = st.integers(1, 2**64) | st.sampled_from([-1, 0, 10, 2**53, 2**63, 2**64, 10**30])
FIELDS: dict[tuple[str, ...], st.SearchStrategy[Any]] = {
    ("id",): EXTREME,
    ("time",): EXTREME,
    ("sequence",): EXTREME,
    ("data", "table"): EXTREME,
    ("data", "weight"): st.floats(0, 1) | HUGE,
    ("data", "window", "from"): EXTREME,
    ("data", "window", "to"): EXTREME,
    ("data", "window", "timezone"): EXTREME | st.sampled_from(["Pacific/Kiritimati", "America/New_York", "../UTC"]),
    ("data", "window", "observed_share"): st.floats(0, 1) | HUGE,
    ("data", "release", "k"): HUGE,
    ("data", "release", "noise"): st.fixed_dictionaries({"mode": st.just("perturbation"), "scale": HUGE})
    | st.fixed_dictionaries(
        {
            "mode": st.just("dp"),
            "epsilon": st.just(1.0),
            "unit": st.just("vehicle_camera_day"),
            "scale": st.floats(0, allow_nan=False, allow_infinity=False),
            "threshold": st.just(1),
        }
    ),
    ("data", "cells"): st.lists(st.fixed_dictionaries({"n": HUGE, "direction": st.just("in")}), max_size=3),
    ("data", "expires"): st.dates().map(str) | EXTREME,
}


@pytest.mark.parametrize(
    "field", [("data", "cells"), ("data", "release", "k"), ("data", "weight"), ("data", "release", "noise")]
)
@given(data=st.data())
def test_no_number_is_too_much(field: tuple[str, ...], data: st.DataObject) -> None:
    """A camera's key may be in wrong hands: what no store can keep is refused."""
    _take_spoilt(data, [field])


@given(st.data())
def test_whatever_a_camera_signs_is_taken_or_refused(data: st.DataObject) -> None:
    """Never an error, which would come again with the message for ever; what is taken can be read and added up."""
    _take_spoilt(data, data.draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=3, unique=True)))


def _take_spoilt(data: st.DataObject, paths: list[tuple[str, ...]]) -> None:
    content = msgspec.to_builtins(report(data.draw(st.integers(1, 3))))
    for path in paths:
        place = content
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = data.draw(FIELDS[path])
    topic, payload = ADDRESS.topic(Stream.HOUR), msgspec.json.encode(content)
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder) / "counts.db") as kept:
        event = kept.take(Entry(topic, payload, Signer(KEY).sign(topic, payload), 0))
        if isinstance(event, Refused):
            with transaction(kept.database):
                kept.book.note_refusal(event.topic, event.reason)
        list(export.cells(with_cells(kept.database, Choice())))
        for table in (None, "emission"):
            wanted = Wanted(("direction",), table=table)
            coverage = Coverage(bins(kept.database, Choice()), date(2026, 11, 24))
            list(export.sums(totals(with_cells(kept.database, Choice()), wanted, coverage), wanted))
        view(kept.database, BEGIN)
        terms.expire(kept.database, BEGIN)
        list(terms.holdings(kept.database))


@pytest.mark.parametrize(
    ("made", "topic", "fields"),
    [
        (state(Status.ONLINE), ADDRESS.state, {"software": "x" * 9_000, "policy": "sha256:" + "f" * 64}),
        (state(Status.ONLINE), ADDRESS.state, {"software": "\x00\u202e<b>"}),
        (health(1), ADDRESS.topic(Stream.HEALTH), {"reopened": 10**30, "outbox_dropped": 2**64}),
        (health(1), ADDRESS.topic(Stream.HEALTH), {"oldest": {"hour": 10**18 - 1, "day": 0}}),
        (checkpoint(10**17), ADDRESS.checkpoint, {}),
    ],
)
def test_extremes_of_other_messages_are_kept_and_shown(
    kept: Filled, made: Any, topic: str, fields: dict[str, Any]
) -> None:
    """Whatever is right by the schema can be stored and be on the page."""
    content = msgspec.to_builtins(made)
    content["data"].update(fields)
    payload = msgspec.json.encode(content) if 10**30 not in fields.values() else _text(content)
    assert not isinstance(kept.take(Entry(topic, payload, Signer(KEY).sign(topic, payload), 0)), Refused)
    assert "cam-017" in page(view(kept.database, BEGIN), "en", served=False)


def _text(content: Any) -> bytes:
    """Write numbers that msgspec does not."""
    return json.dumps(content).encode()
