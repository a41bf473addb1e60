"""What is handed over, and what the broker's answers do, with clocks set by hand."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from structlog.testing import capture_logs

from edge.uplink.connection import Acknowledged
from edge.uplink.contract import Sequences, Stream
from edge.uplink.delivery import MAX_IN_FLIGHT, Delivery
from edge.uplink.outbox import Entry, Outbox, OutboxError, OutboxReader
from edge.uplink.replay import Replays
from tests.messages import BEGIN, report, signed

TAKEN, NOBODY, QUOTA = 0, 16, 151


class Reader(OutboxReader):
    """An outbox's reader that can be locked out."""

    locked = False

    def mark_sent(self, messages: Iterable[int], at: float) -> None:
        """Mark, or fail as SQLite does when the gate holds the lock."""
        if self.locked:
            raise OutboxError("database is locked")
        super().mark_sent(messages, at)


class Bench:
    """An outbox, a delivery and a connection that remembers."""

    def __init__(self, file: Path) -> None:
        """Begin with an empty outbox."""
        self.wall, self.monotonic = float(BEGIN), 0.0
        self.outbox, self.reader = Outbox(file, 1_000_000, lambda: self.wall), Reader(file)
        self.replays = Replays(self.reader, 120, lambda: self.wall, lambda: self.monotonic)
        self.delivery = Delivery(self.reader, self.replays, lambda: self.wall, lambda: self.monotonic)
        self.sent: list[tuple[int, int | None]] = []

    def publish(self, entry: Entry, *, expiry: int | None) -> int:
        """Take a message as an open connection does."""
        self.sent.append((int(entry.topic.rsplit("/", maxsplit=1)[-1]), expiry))
        return len(self.sent)

    def add(self, *sequences: int, expires: int = BEGIN + 86_400) -> None:
        """Put reports into the outbox; their sequence is the end of their topic."""
        for _ in sequences:
            self.outbox.append(Stream.HOUR, (self.outbox.highest_window(Stream.HOUR) or 0) + 1, [self._entry(expires)])

    def hand_over(self) -> list[int]:
        """Return the sequences that are handed over now."""
        before = len(self.sent)
        self.delivery.hand_over(self)
        return [sequence for sequence, _ in self.sent[before:]]

    def answer(self, message: int, code: int) -> None:
        """Answer the message with this number."""
        self.delivery.settle([Acknowledged(message, ReasonCode(PacketTypes.PUBACK, identifier=code))])

    def waiting(self) -> list[int]:
        """Return the sequences that wait."""
        return [row.sequence for row in self.reader.unsent(100)]

    @staticmethod
    def _entry(expires: int) -> Callable[[int], Entry]:
        def make(sequence: int) -> Entry:
            entry = signed(report(sequence))
            return Entry(f"{entry.topic}/{sequence}", entry.payload, entry.signature, expires)

        return make


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Make a bench."""
    made = Bench(tmp_path / "outbox.db")
    with closing(made.outbox), closing(made.reader):
        yield made


def test_few_are_on_their_way_in_order(bench: Bench) -> None:
    """Eight at most; each that is taken makes room for the next, and none is handed over twice."""
    bench.add(*range(20))
    assert bench.hand_over() == list(range(1, MAX_IN_FLIGHT + 1))
    assert bench.hand_over() == []
    bench.answer(1, TAKEN)
    bench.answer(3, TAKEN)
    assert bench.hand_over() == [9, 10]
    assert bench.waiting() == [2, *range(4, 21)]


def test_nobody_subscribed_keeps_the_report(bench: Bench) -> None:
    """Reason 16: they stay, and one at a time is tried again, later each time, until somebody listens."""
    bench.add(*range(10))
    bench.hand_over()
    with capture_logs() as logs:
        for message in range(1, 9):
            bench.answer(message, NOBODY)
    assert [entry["event"] for entry in logs] == ["nobody_subscribed"]
    assert bench.waiting() == list(range(1, 11))
    assert bench.hand_over() == []
    bench.monotonic = 1.0
    assert bench.hand_over() == [1]
    bench.answer(9, NOBODY)
    bench.monotonic = 2.9
    assert bench.hand_over() == []
    bench.monotonic = 3.0
    assert bench.hand_over() == [1]
    bench.answer(10, TAKEN)
    assert bench.hand_over() == list(range(2, 10))


def test_a_refused_report_waits_and_holds_up_no_other(bench: Bench) -> None:
    """A reason of 128 or more keeps that report for later; those behind it go on."""
    bench.add(*range(9))
    bench.hand_over()
    with capture_logs() as logs:
        bench.answer(1, QUOTA)
    assert logs[0]["event"] == "report_refused"
    assert (logs[0]["sequence"], logs[0]["reason"], logs[0]["retry_in_s"]) == (1, "Quota exceeded", 1)
    assert bench.hand_over() == [9]
    for message in range(2, 10):
        bench.answer(message, TAKEN)
    assert bench.hand_over() == []
    bench.monotonic = 1.0
    assert bench.hand_over() == [1]
    bench.answer(10, TAKEN)
    assert bench.waiting() == []


def test_expiry_is_what_is_left_at_the_moment_of_sending(bench: Bench) -> None:
    """Not what was left when it was stored; what has expired is marked so and not sent."""
    bench.add(1, expires=BEGIN + 100)
    bench.add(2, expires=BEGIN + 1000)
    bench.wall += 99.5
    with capture_logs() as logs:
        assert bench.hand_over() == [2]
    assert bench.sent == [(2, 900)]
    assert [(entry["event"], entry["sequence"]) for entry in logs] == [("report_expired", 1)]
    assert bench.waiting() == [2]


def test_a_new_connection_sends_again_what_was_on_its_way(bench: Bench) -> None:
    """A late answer to the old connection's number means nothing any more."""
    bench.add(1, 2)
    assert bench.hand_over() == [1, 2]
    idle_before = bench.delivery.idle
    bench.delivery.begin()
    assert (idle_before, bench.delivery.idle) == (False, True)
    bench.answer(1, TAKEN)
    assert bench.hand_over() == [1, 2]


def test_a_mark_that_can_not_be_written_is_no_end(bench: Bench) -> None:
    """Where the outbox is locked the report is sent again later; a duplicate is dropped by its id."""
    bench.add(1)
    bench.hand_over()
    bench.reader.locked = True
    with capture_logs() as logs:
        bench.answer(1, TAKEN)
    assert [entry["event"] for entry in logs] == ["report_sent", "report_refused"]
    bench.reader.locked = False
    bench.monotonic = 1.0
    assert bench.hand_over() == [1]
    bench.answer(2, TAKEN)
    assert bench.waiting() == []


def _all_sent(bench: Bench, number: int, expires: int = BEGIN + 86_400) -> None:
    """Have so many reports taken, and a live subscriber that lacks them all."""
    bench.add(*range(number), expires=expires)
    while bench.waiting():
        before = len(bench.sent)
        for offset, _ in enumerate(bench.hand_over(), 1):
            bench.answer(before + offset, TAKEN)
    bench.replays.expect("a.central", Sequences(0, 0))
    bench.wall += 120
    bench.monotonic += 120
    bench.replays.hear("a.central", Sequences(0, 0), live=True)


def test_what_waits_goes_before_what_goes_again(bench: Bench) -> None:
    """Both share the eight places; what was taken again is not marked again."""
    _all_sent(bench, 12)
    bench.add(*range(3))
    first = len(bench.sent)
    assert bench.hand_over() == [13, 14, 15, 1, 2, 3, 4, 5]
    assert bench.hand_over() == []
    with capture_logs() as logs:
        bench.answer(first + 4, TAKEN)
        bench.answer(first + 1, TAKEN)
    assert [(log["event"], log["sequence"]) for log in logs] == [("report_sent_again", 1), ("report_sent", 13)]
    assert bench.hand_over() == [6, 7]
    assert bench.reader.sent_after(Stream.HOUR, 0, 1)[0].settled == BEGIN


def test_what_is_refused_again_waits_its_turn(bench: Bench) -> None:
    """It stays sent, and others go on."""
    _all_sent(bench, 9)
    first = len(bench.sent)
    assert bench.hand_over() == list(range(1, 9))
    with capture_logs() as logs:
        bench.answer(first + 1, QUOTA)
    assert [(log["event"], log["sequence"], log["reason"]) for log in logs] == [("report_refused", 1, "Quota exceeded")]
    assert bench.hand_over() == [9]
    assert bench.waiting() == []


def test_what_has_expired_does_not_go_again(bench: Bench) -> None:
    """Silently: the gate deletes it within the hour."""
    _all_sent(bench, 2, expires=BEGIN + 60)
    with capture_logs() as logs:
        assert bench.hand_over() == []
    assert logs == []
