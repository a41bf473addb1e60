"""What is sent again and when, with clocks set by hand."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.uplink.contract import Sequences, Stream
from edge.uplink.outbox import DAY, Entry, Outbox, OutboxReader
from edge.uplink.replay import PAGE, Replays
from tests.messages import BEGIN, FAR

PATIENCE = 120
HOUR = 3600
ALL = 10_000
A, B = "a.central", "b.central"


class Bench:
    """An outbox whose reports were sent, and who asks what to send again; one clock for all."""

    def __init__(self, file: Path, *subscribers: str) -> None:
        """Begin with nothing sent and nothing received."""
        self.now, self.jump = float(BEGIN), 0.0
        self.outbox, self.reader = Outbox(file, 10_000_000, self.wall), OutboxReader(file)
        self.replays = Replays(self.reader, PATIENCE, self.wall, lambda: self.now)
        for subscriber in subscribers:
            self.replays.expect(subscriber, Sequences(0, 0))

    def wall(self) -> float:
        """Tell the time of day, which may be set."""
        return self.now + self.jump

    def send(self, number: int, stream: Stream = Stream.HOUR) -> None:
        """Have so many more reports taken by the broker."""
        first = (self.outbox.highest_window(stream) or 0) + 1
        self.outbox.append(stream, first, [lambda sequence: Entry("t", b"%d" % sequence, "sig", FAR)] * number)
        for row in self.reader.unsent(number):
            self.reader.mark_sent([row.id], self.wall())

    def receipt(self, subscriber: str, hour: int, day: int = 0, *, live: bool = True) -> None:
        """Have a receipt come."""
        self.replays.hear(subscriber, Sequences(hour, day), live=live)

    def due(self, room: int = ALL) -> list[int]:
        """Return the sequences that are to be sent again now, until there are no more for ``room``."""
        return [row.sequence for row in self.replays.due(room)]

    def all_due(self) -> list[int]:
        """Return the same over as many turns as it takes."""
        found: list[int] = []
        while more := self.due():
            found += more
        return found

    def close(self) -> None:
        """Close the files."""
        self.outbox.close()
        self.reader.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Make a bench with one subscriber."""
    made = Bench(tmp_path / "outbox.db", A)
    with closing(made):
        yield made


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Bench]:
    """Make a bench with two subscribers."""
    made = Bench(tmp_path / "outbox.db", A, B)
    with closing(made):
        yield made


def test_nobody_named_means_nothing_is_sent_again(tmp_path: Path) -> None:
    """However long it was sent ago."""
    with closing(Bench(tmp_path / "outbox.db")) as bench:
        bench.send(5)
        bench.now += DAY
        assert bench.due() == []


def test_silence_brings_the_first_report_only(bench: Bench) -> None:
    """After two minutes: one report finds out as much as all of them."""
    bench.send(5)
    bench.now += PATIENCE - 1
    assert bench.due() == []
    bench.now += 1
    assert (bench.due(), bench.due()) == ([1], [])


def test_a_sign_of_life_brings_all_that_is_missing(bench: Bench) -> None:
    """Above the receipt, but nothing that was sent within two minutes."""
    bench.send(5)
    bench.now += PATIENCE
    bench.send(1)
    bench.receipt(A, 2)
    bench.now += PATIENCE / 4
    assert bench.due() == [3, 4, 5]
    bench.now += PATIENCE
    assert bench.due() == [6]


def test_what_the_broker_had_kept_is_no_sign_of_life(bench: Bench) -> None:
    """A retained receipt may be of last week."""
    bench.send(5)
    bench.now += PATIENCE
    bench.receipt(A, 2, live=False)
    bench.now += PATIENCE
    assert bench.due() == [3]


def test_an_old_sign_of_life_is_none(bench: Bench) -> None:
    """After ten minutes without another one the subscriber may have gone."""
    bench.receipt(A, 0)
    bench.now += 5 * PATIENCE
    bench.send(5)
    bench.now += PATIENCE
    assert bench.due() == [1]


def test_who_works_through_a_queue_is_left_in_peace(bench: Bench) -> None:
    """While receipts move nothing is sent again; it is once they stand still."""
    bench.send(100)
    bench.now += HOUR
    for stored in range(1, 60):
        bench.receipt(A, stored)
        bench.now += 5
        assert bench.due() == []
    bench.now += PATIENCE / 4
    assert bench.all_due() == list(range(60, 101))


def test_the_same_report_goes_after_ever_longer_waits(bench: Bench) -> None:
    """After 4, 8, 16 minutes and so on, at most six hours: some twenty times in three days."""
    bench.send(1)
    times = []
    for minute in range(3 * 24 * 60):
        bench.now = BEGIN + minute * 60
        times += [minute] * len(bench.due())
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert times[0] == 2
    assert waits == [4, 8, 16, 32, 64, 128, 256, *[360] * (len(waits) - 7)]


def test_what_two_subscribers_lack_goes_once(two: Bench) -> None:
    """One report serves both."""
    two.send(5)
    two.receipt(A, 1)
    two.receipt(B, 3)
    two.now += PATIENCE
    assert sorted(two.all_due()) == [2, 3, 4, 5]


def test_who_is_away_holds_up_nobody_else(two: Bench) -> None:
    """What the other one lacks goes all the same; of what only the absent one lacks, the first report."""
    two.send(50)
    two.receipt(B, 40)
    two.now += PATIENCE
    assert sorted(two.all_due()) == [1, *range(41, 51)]


def test_a_receipt_that_goes_back_brings_what_is_still_here(bench: Bench) -> None:
    """The subscriber was restored from a backup: all since then, whatever had been received."""
    bench.send(4)
    bench.now += 20 * DAY
    bench.send(3)
    bench.receipt(A, 7)
    bench.now += 15 * DAY
    bench.outbox.prune(days=30)
    assert bench.all_due() == []
    bench.receipt(A, 2)
    bench.now += PATIENCE / 4
    assert bench.all_due() == [5, 6, 7]


def test_streams_are_looked_at_each_for_itself(bench: Bench) -> None:
    """A receipt for one of them covers nothing of the other."""
    bench.send(3)
    bench.send(2, Stream.DAY)
    bench.receipt(A, 3, day=0)
    bench.now += PATIENCE
    assert [(row.stream, row.sequence, row.entry.payload) for row in bench.replays.due(ALL)] == [
        (Stream.DAY, 1, b"1"),
        (Stream.DAY, 2, b"2"),
    ]


def test_room_is_kept_and_the_rest_follows(bench: Bench) -> None:
    """A few at a time, over pages, each once."""
    bench.send(3 * PAGE + 5)
    bench.receipt(A, 0)
    bench.now += PATIENCE
    found = []
    while more := bench.due(8):
        assert len(more) <= 8
        found += more
    assert found == list(range(1, 3 * PAGE + 6))


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_clock_that_jumps_stops_nothing(bench: Bench, jump: int) -> None:
    """What was sent before the jump is sent again when it is due, or at once; never only a day later."""
    bench.send(2)
    bench.receipt(A, 0)
    bench.jump = jump
    bench.now += PATIENCE
    assert bench.due() == [1, 2]
    assert bench.due() == []


def test_who_is_expected_again_stays_as_it_is(bench: Bench) -> None:
    """A new connection is no new beginning: what was known of a subscriber is known."""
    bench.send(3)
    bench.receipt(A, 3)
    bench.replays.expect(A, Sequences(0, 0))
    bench.now += PATIENCE
    assert bench.due() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(1, 12)),
            st.tuples(st.just("wait"), st.integers(1, 4 * PATIENCE)),
            st.tuples(st.just("receipt"), st.integers(0, 60)),
            st.tuples(st.just("kept"), st.integers(0, 60)),
        ),
        max_size=40,
    )
)
def test_no_receipts_make_a_storm_and_in_the_end_all_is_received(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Whatever a subscriber claims: the waits of a report double; once it tells the truth it gets what it lacks."""
    with closing(Bench(tmp_path_factory.mktemp("outbox") / "outbox.db", A)) as bench:
        sent_again: dict[int, list[float]] = {}

        def turn() -> list[int]:
            found = bench.due(8)
            for sequence in found:
                sent_again.setdefault(sequence, []).append(bench.now)
            return found

        for step, number in steps:
            if step == "send":
                bench.send(number)
            elif step == "wait":
                bench.now += number
            else:
                bench.receipt(A, min(number, bench.reader.highest(Stream.HOUR)), live=step == "receipt")
            turn()
        _heal(bench, turn)
        for times in sent_again.values():
            waits = [later - earlier for earlier, later in pairwise(times)]
            assert all(wait >= min(PATIENCE * 2 ** (n + 1), 6 * HOUR) for n, wait in enumerate(waits))


def _heal(bench: Bench, turn: Callable[[], list[int]]) -> None:
    """Have a subscriber that lacks everything store what comes, and say so, until it has all; within some hours."""
    highest, contiguous = bench.reader.highest(Stream.HOUR), 0
    stored: set[int] = set()
    bench.receipt(A, 0)
    for _ in range(13 * 60):
        bench.now += 60
        stored.update(turn())
        while contiguous + 1 in stored:
            contiguous += 1
        bench.receipt(A, contiguous)
    assert contiguous == highest
