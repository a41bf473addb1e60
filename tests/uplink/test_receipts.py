"""Receipts as they come, good and bad."""

from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.uplink.connection import Received
from edge.uplink.contract import Sequences, Stream, encode
from edge.uplink.outbox import Entry, Outbox, OutboxError, OutboxReader
from edge.uplink.receipts import MAX_BYTES, ReceiptError, Receipts, read
from edge.uplink.replay import Replays
from tests.messages import ADDRESS, FAR, receipt

A, B = "a.central", "b.central"
BRANCH = ADDRESS.receipt(A).removesuffix(f"/{A}")
NOTHING = Sequences(0, 0)
GOOD = receipt(A, 4, 1)


class Reader(OutboxReader):
    """An outbox's reader that can be locked out."""

    locked = False

    def name_subscribers(self, subscribers: Iterable[str]) -> None:
        """Name them, or fail likewise."""
        if self.locked:
            raise OutboxError("database is locked")
        super().name_subscribers(subscribers)

    def mark_received(self, subscriber: str, stored: Sequences) -> None:
        """Mark, or fail as SQLite does when the gate holds the lock."""
        if self.locked:
            raise OutboxError("database is locked")
        super().mark_received(subscriber, stored)


class Bench:
    """An outbox with five hourly reports and one of a day, and who reads receipts for it."""

    def __init__(self, file: Path, *subscribers: str, locked: bool = False) -> None:
        """Begin with what is in the file, where there is one."""
        self.outbox, self.reader = Outbox(file, 1_000_000), Reader(file)
        self.reader.locked = locked
        for stream, number in ((Stream.HOUR, 5), (Stream.DAY, 1)):
            self.outbox.append(stream, 1, [lambda _: Entry("t", b"", "sig", FAR)] * number)
        self.receipts = Receipts(self.reader, subscribers, Replays(self.reader))
        self.asked = self.receipts.begin(BRANCH)

    def take(self, payload: bytes, subscriber: str = A, branch: str = BRANCH) -> list[MutableMapping[str, Any]]:
        """Have a message come; return what was logged."""
        with capture_logs() as logs:
            self.receipts.take(Received(f"{branch}/{subscriber}", payload, retained=False))
        return logs

    def close(self) -> None:
        """Close the files."""
        self.outbox.close()
        self.reader.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Make a bench with one named subscriber."""
    made = Bench(tmp_path / "outbox.db", A)
    with closing(made):
        yield made


def test_a_receipt_is_kept_and_told(bench: Bench, tmp_path: Path) -> None:
    """Per stream, also over a restart; the same one again is no news."""
    logs = bench.take(encode(GOOD))
    assert [(log["event"], log["subscriber"], log["stream"], log["sequence"]) for log in logs] == [
        ("receipt_taken", A, "hour", 4),
        ("receipt_taken", A, "day", 1),
    ]
    assert bench.take(encode(GOOD)) == []
    with closing(Bench(tmp_path / "outbox.db", A, B)) as later:
        assert later.reader.receipts() == {A: Sequences(4, 1), B: NOTHING}


def test_nobody_named_asks_for_nothing(tmp_path: Path) -> None:
    """Then no topic is subscribed to, and nothing that comes is heeded."""
    with closing(Bench(tmp_path / "outbox.db")) as bench:
        assert bench.asked is None
        assert bench.take(encode(GOOD)) == []
        assert bench.reader.receipts() == {}


def test_strangers_are_not_heeded(bench: Bench) -> None:
    """A subscriber that is not named, another camera's branch, and other topics: silently."""
    assert bench.asked == f"{BRANCH}/+"
    other = BRANCH.replace("cam-017", "cam-018")
    assert bench.take(encode(receipt(B, 4)), subscriber=B) == []
    assert bench.take(encode(GOOD), branch=other) == []
    assert bench.take(encode(GOOD), branch=f"{BRANCH}/{A}") == []
    assert bench.reader.receipts() == {A: NOTHING}


def _changed(**attributes: object) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(GOOD) | attributes)


BAD = {
    "nothing": b"",
    "no JSON": b"4711",
    "text": b"stored everything",
    "deep": b'{"data":' + b"[" * 4000,
    "no UTF-8": encode(GOOD).replace(b"receipt:4", b"\xff\xfe"),
    "type": _changed(type="nl.anpr-edge.state.v1"),
    "schema": _changed(dataschema="urn:anpr-edge:schema:receipt:2.0"),
    "source": _changed(source="urn:anpr-subscriber:b.central"),
    "camera as source": _changed(source=ADDRESS.source),
    "stream missing": _changed(data={"stored": {"hour": 4}}),
    "negative": _changed(data={"stored": {"hour": -1, "day": 0}}),
    "fraction": _changed(data={"stored": {"hour": 1.5, "day": 0}}),
    "text as number": _changed(data={"stored": {"hour": "4", "day": 0}}),
    "truth as number": _changed(data={"stored": {"hour": True, "day": 0}}),
    "more than 18 digits": _changed(data={"stored": {"hour": 10**18, "day": 0}}),
    "long": _changed(id="i" * MAX_BYTES),
    "two": encode(GOOD) * 2,
}


@pytest.mark.parametrize("payload", BAD.values(), ids=BAD)
def test_what_breaks_the_form_changes_nothing_and_is_told_once(bench: Bench, payload: bytes) -> None:
    """Until a good one has come; what stands in it is not repeated in the log."""
    logs = bench.take(payload)
    assert [(log["event"], log["subscriber"]) for log in logs] == [("receipt_refused", A)]
    assert len(logs[0]["reason"]) < 200
    assert bench.take(payload) == []
    assert bench.reader.receipts() == {A: NOTHING}
    bench.take(encode(GOOD))
    assert bench.reader.receipts() == {A: Sequences(4, 1)}
    assert len(bench.take(payload)) == 1


def test_a_later_minor_version_is_read(bench: Bench) -> None:
    """It may say more than is known today."""
    stored = {"stored": {"hour": 4, "day": 1, "week": 1}, "lost": []}
    bench.take(_changed(dataschema="urn:anpr-edge:schema:receipt:1.7", data=stored, added=1))
    assert bench.reader.receipts() == {A: Sequences(4, 1)}


def test_more_than_there_is_counts_up_to_what_there_is(bench: Bench) -> None:
    """It is logged once; what is released later is not taken for received."""
    logs = bench.take(encode(receipt(A, 4711, 1)))
    assert [log["event"] for log in logs] == ["receipt_beyond_outbox", "receipt_taken", "receipt_taken"]
    assert (logs[0]["stream"], logs[0]["sequence"]) == ("hour", 4711)
    bench.outbox.append(Stream.HOUR, 2, [lambda _: Entry("t", b"", "sig", FAR)])
    assert bench.reader.receipts() == {A: Sequences(5, 1)}
    assert "receipt_beyond_outbox" not in [log["event"] for log in bench.take(encode(receipt(A, 4711, 1)))]


def test_going_back_is_told_and_kept(bench: Bench) -> None:
    """A subscriber that was restored from a backup lacks what it had."""
    bench.take(encode(GOOD))
    logs = bench.take(encode(receipt(A, 2, 1)))
    assert [(log["event"], log["sequence"]) for log in logs] == [("receipt_went_back", 2)]
    assert bench.reader.receipts() == {A: Sequences(2, 1)}


def test_a_locked_outbox_is_no_end(bench: Bench) -> None:
    """The receipt comes again, with the next connection at the latest."""
    bench.reader.locked = True
    assert bench.take(encode(GOOD))[-1]["event"] == "receipts_not_stored"
    bench.reader.locked = False
    bench.take(encode(GOOD))
    assert bench.reader.receipts() == {A: Sequences(4, 1)}


def test_an_outbox_that_is_locked_at_the_start_is_no_end(tmp_path: Path) -> None:
    """Who is named is written with the first receipt then."""
    with capture_logs() as logs, closing(Bench(tmp_path / "outbox.db", A, locked=True)) as bench:
        assert [log["event"] for log in logs] == ["receipts_not_stored"]
        bench.reader.locked = False
        bench.take(encode(GOOD))
        assert bench.reader.receipts() == {A: Sequences(4, 1)}


@given(payload=st.binary(max_size=2 * MAX_BYTES))
def test_whatever_comes_is_read_or_refused(payload: bytes) -> None:
    """No other exception, whatever the bytes."""
    with pytest.raises(ReceiptError):
        read(payload, A)


@given(hour=st.integers(0, 10**18 - 1), day=st.integers(0, 10**18 - 1), cut=st.integers(0, 400))
def test_a_receipt_cut_short_is_refused(hour: int, day: int, cut: int) -> None:
    """A whole one says what it was made of; no part of one says anything."""
    payload = encode(receipt(A, hour, day))
    assert read(payload, A) == Sequences(hour, day)
    with pytest.raises(ReceiptError):
        read(payload[: min(cut, len(payload) - 1)], A)
