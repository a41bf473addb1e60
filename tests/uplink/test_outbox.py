"""The outbox, on real files and with real processes."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.errors import ConfigError
from edge.uplink import database
from edge.uplink.contract import Sequences, Status, Stream
from edge.uplink.outbox import DAY, RECEIPT_SECONDS, RESERVE_BYTES, Entry, Outbox, OutboxError, OutboxReader
from edge.uplink.reserve import Reserve
from tests.messages import FAR, states

MEGABYTE = 1_000_000
SMALL = 120_000  # Some thirty pages.

APPENDING = """
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from edge.uplink.contract import Stream
from edge.uplink.outbox import Entry, Outbox
outbox = Outbox(Path(sys.argv[1]), int(sys.argv[2]))
for window in range(int(sys.argv[3])):
    last = []
    outbox.append(Stream.HOUR, window, [lambda s: last.append(s) or Entry("t", b"%d" % s * 300, "sig", 4102444800)])
    print(last[-1], flush=True)
print(outbox.stats().dropped)
"""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_795_420_800.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Boxes:
    """Opens both sides of one outbox, and closes them in the end."""

    def __init__(self, file: Path) -> None:
        """Remember the file."""
        self.file = file
        self._stack = ExitStack()

    def outbox(self, max_bytes: int = MEGABYTE, clock: Callable[[], float] = time.time) -> Outbox:
        """Open the gate's side."""
        return self._stack.enter_context(closing(Outbox(self.file, max_bytes, clock)))

    def reader(self) -> OutboxReader:
        """Open the uplink's side."""
        return self._stack.enter_context(closing(OutboxReader(self.file)))

    def close(self) -> None:
        """Close everything."""
        self._stack.close()


def _entry(sequence: int, size: int = 1500, expires: int = FAR) -> Entry:
    return Entry("anpr/1/zez-demo/cam-017/counts/hour", b"%d" % sequence + bytes(size), "sig", expires)


def _fill(outbox: Outbox, windows: range) -> None:
    for window in windows:
        assert outbox.append(Stream.HOUR, window, [_entry])


def _sequences(reader: OutboxReader) -> list[int]:
    return [row.sequence for row in reader.unsent(100_000)]


def _rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def boxes(tmp_path: Path) -> Iterator[Boxes]:
    """Make outboxes of one boxes.file."""
    made = Boxes(tmp_path / "outbox.db")
    yield made
    made.close()


def test_sequences_are_contiguous_and_survive_everything_else(boxes: Boxes) -> None:
    """They count from 1 per stream, also after reopening and after every message was pruned."""
    clock = Clock()
    outbox = boxes.outbox(clock=clock)
    _fill(outbox, range(3))
    clock.now += 31 * DAY
    assert outbox.prune(days=30) == 3
    outbox.close()
    outbox = boxes.outbox(clock=clock)
    _fill(outbox, range(3, 5))
    assert _sequences(boxes.reader()) == [4, 5]


def test_a_closed_window_never_opens_again(boxes: Boxes) -> None:
    """At or below the highest window nothing is stored, no sequence is used, and nothing is even made."""
    outbox = boxes.outbox()
    _fill(outbox, range(7, 8))

    def make(_sequence: int) -> Entry:
        raise AssertionError

    assert not outbox.append(Stream.HOUR, 7, [make])
    assert not outbox.append(Stream.HOUR, 6, [make])
    assert outbox.highest_window(Stream.HOUR) == 7
    assert outbox.highest_window(Stream.HEALTH) is None


def test_what_can_not_be_made_uses_no_sequence(boxes: Boxes) -> None:
    """An error in making the message leaves the outbox as it was, and the window open."""
    outbox = boxes.outbox()

    def make(_sequence: int) -> Entry:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outbox.append(Stream.HOUR, 1, [make])
    assert outbox.highest_window(Stream.HOUR) is None
    _fill(outbox, range(1, 2))
    assert _sequences(boxes.reader()) == [1]


def test_full_means_the_oldest_go_first_counted(boxes: Boxes) -> None:
    """Sent messages go before unsent ones, old before new; the file stays in its bounds, the count survives."""
    outbox, reader = boxes.outbox(SMALL), boxes.reader()
    _fill(outbox, range(10))
    for row in reader.unsent(100)[5:]:
        reader.mark_sent([row.id], 0)
    with capture_logs() as logs:
        _fill(outbox, range(10, 80))
    dropped = [(entry["sequence"], entry["outcome"]) for entry in logs if entry["event"] == "outbox_message_dropped"]
    assert dropped[:6] == [(6, "sent"), (7, "sent"), (8, "sent"), (9, "sent"), (10, "sent"), (1, "unsent")]
    assert boxes.file.stat().st_size <= SMALL
    outbox.close()
    assert boxes.outbox(SMALL).stats().dropped == len(dropped)
    left = _sequences(reader)
    assert left == list(range(left[0], 81))


def test_what_every_named_subscriber_has_goes_first_and_is_no_loss(boxes: Boxes) -> None:
    """Delivered messages go before those that were only sent, and are not counted as dropped."""
    outbox, reader = boxes.outbox(SMALL), boxes.reader()
    _fill(outbox, range(10))
    for row in reader.unsent(8):
        reader.mark_sent([row.id], 0)
    reader.name_subscribers(["a.central", "b.central"])
    reader.mark_received("a.central", Sequences(hour=4, day=0))
    reader.mark_received("b.central", Sequences(hour=9, day=0))
    with capture_logs() as logs:
        _fill(outbox, range(10, 80))
    dropped = [(entry["sequence"], entry["outcome"]) for entry in logs if entry["event"] == "outbox_message_dropped"]
    assert dropped[:4] == [(sequence, "delivered") for sequence in range(1, 5)]
    assert dropped[4:9] == [*((sequence, "sent") for sequence in range(5, 9)), (9, "unsent")]
    assert outbox.stats().dropped == len(dropped) - 4


def test_what_is_covered_and_not_yet_sent_is_not_delivered(boxes: Boxes) -> None:
    """A receipt for more than was sent delivers nothing: what waits goes last."""
    outbox, reader = boxes.outbox(SMALL), boxes.reader()
    _fill(outbox, range(10))
    reader.mark_sent([reader.unsent(10)[9].id], 0)
    reader.name_subscribers(["a.central"])
    reader.mark_received("a.central", Sequences(hour=9, day=0))
    with capture_logs() as logs:
        _fill(outbox, range(10, 80))
    assert [(logs[at]["sequence"], logs[at]["outcome"]) for at in range(2)] == [(10, "sent"), (1, "unsent")]


def test_receipts_are_those_of_named_subscribers(boxes: Boxes) -> None:
    """Naming others forgets who is not named any more, and keeps what the rest said; a stranger changes nothing."""
    reader = boxes.reader()
    reader.name_subscribers(["a.central"])
    reader.mark_received("a.central", Sequences(1, 1))
    assert (reader.receipts(), reader.highest(Stream.HOUR)) == ({}, 0)
    _fill(boxes.outbox(), range(3))
    assert reader.highest(Stream.HOUR) == 3
    reader.name_subscribers(["a.central", "b.central"])
    reader.mark_received("a.central", Sequences(hour=2, day=1))
    reader.mark_received("stranger", Sequences(hour=3, day=1))
    assert reader.receipts() == {"a.central": Sequences(2, 1), "b.central": Sequences(0, 0)}
    reader.name_subscribers(["c.central", "a.central"])
    assert reader.receipts() == {"a.central": Sequences(2, 1), "c.central": Sequences(0, 0)}
    reader.name_subscribers([])
    assert reader.receipts() == {}


def test_what_was_sent_and_not_received_is_counted_after_a_while(boxes: Boxes) -> None:
    """Not before ten minutes, not what waits, and not at all where nobody is named."""
    clock = Clock()
    outbox, reader = boxes.outbox(clock=clock), boxes.reader()
    _fill(outbox, range(5))
    for row in reader.unsent(4):
        reader.mark_sent([row.id], clock.now)
    clock.now += RECEIPT_SECONDS
    assert outbox.stats().unreceived is None
    reader.name_subscribers(["a.central", "b.central"])
    assert (outbox.stats().unreceived, outbox.stats().waiting) == (4, 1)
    reader.mark_received("a.central", Sequences(hour=3, day=0))
    assert outbox.stats().unreceived == 4
    reader.mark_received("b.central", Sequences(hour=5, day=0))
    assert outbox.stats().unreceived == 1
    clock.now -= 1
    assert outbox.stats().unreceived == 0


def test_the_oldest_sequence_is_what_can_still_be_sent(boxes: Boxes) -> None:
    """Of each stream; where nothing is left it is the next one."""
    clock = Clock()
    outbox = boxes.outbox(clock=clock)
    assert outbox.stats().oldest == Sequences(1, 1)
    _fill(outbox, range(2))
    clock.now += DAY
    _fill(outbox, range(2, 4))
    assert outbox.stats().oldest == Sequences(1, 1)
    outbox.prune(days=1)
    assert outbox.stats().oldest == Sequences(3, 1)
    clock.now += DAY
    outbox.prune(days=1)
    assert outbox.stats().oldest == Sequences(5, 1)


def test_sent_messages_are_found_again(boxes: Boxes) -> None:
    """Above a sequence, lowest first, of their stream alone; by id with their content, while they are here."""
    clock = Clock()
    outbox, reader = boxes.outbox(clock=clock), boxes.reader()
    _fill(outbox, range(4))
    outbox.append(Stream.DAY, 1, [_entry])
    rows = reader.unsent(5)
    for row in (rows[3], rows[0], rows[4], rows[1]):
        reader.mark_sent([row.id], clock.now)
    assert [sent.sequence for sent in reader.sent_after(Stream.HOUR, 0, 9)] == [1, 2, 4]
    (sent,) = reader.sent_after(Stream.HOUR, 1, 1)
    assert (sent.id, sent.sequence, sent.settled) == (rows[1].id, 2, clock.now)
    assert reader.row(sent.id) == rows[1]
    clock.now += DAY
    outbox.prune(days=1)
    assert reader.row(sent.id) is None


def _old_outbox(file: Path) -> None:
    """Make an outbox of the first schema, with one message of each kind."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(database.STEPS[0])
        connection.execute("pragma journal_mode = wal").fetchall()
        insert = "insert into messages values (?, 'hour', ?, ?, 5, ?, ?, 't', x'01', 'sig', 4102444800)"
        connection.executemany(insert, [(7, 7, 7, "sent", 6), (8, 8, 8, None, None)])
        connection.execute("insert into streams values ('hour', 8, 8)")
        connection.execute("insert into retained values ('health', 3, 't', x'02', 'sig', 4102444800)")
        connection.execute("update counters set value = 4")
        connection.commit()


OPENING = """
import sys
from pathlib import Path
from edge.uplink.outbox import Outbox
stats = Outbox(Path(sys.argv[1]), 100_000_000).stats()
print(stats.waiting, stats.oldest.hour)
"""


def _on_a_full_disk(tmp_path: Path, make: Callable[[Path], None], printed: str) -> None:
    """Open an outbox, made elsewhere, on a file system that has no room left but its reserve."""
    if not shutil.which("unshare"):
        pytest.skip("unshare(1) is absent: no small file system can be mounted")
    old, disk = tmp_path / "old", tmp_path / "disk"
    for folder in (old, disk):
        folder.mkdir()
    make(old / "outbox.db")
    assert Reserve(old / "outbox.db-reserve", RESERVE_BYTES).take()
    fill = f"dd if=/dev/zero of={disk}/filler bs=4k 2>/dev/null"
    opening = f"{sys.executable} -c '{OPENING}' {disk}/outbox.db"
    script = f"mount -t tmpfs -o size=2m tmpfs {disk} || exit 99; cp --sparse=never {old}/* {disk}; {fill}; {opening}"
    run = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
    if run.returncode == 99 or "unshare" in run.stderr:
        pytest.skip("this kernel lets us mount no small file system")
    assert run.stdout == printed, run.stderr


def test_a_gate_comes_back_while_the_disk_is_full(tmp_path: Path) -> None:
    """After an end in good order SQLite makes its own files anew, with the room that was taken in advance."""
    _on_a_full_disk(tmp_path, lambda file: Outbox(file, MEGABYTE).close(), "0 1\n")


@pytest.mark.parametrize("gate_first", [True, False])
def test_an_older_outbox_is_brought_up_to_date_by_whoever_comes_first(boxes: Boxes, *, gate_first: bool) -> None:
    """In place, with everything that was in it; the other side, and the next start, find it done."""
    _old_outbox(boxes.file)
    before = _rows(boxes.file, "select * from messages")
    reader = boxes.reader()
    if not gate_first:
        assert _sequences(reader) == [8]
    outbox = boxes.outbox()
    assert _rows(boxes.file, "select * from messages") == before
    assert (outbox.stats().waiting, outbox.stats().dropped, outbox.stats().oldest.hour) == (1, 4, 7)
    assert reader.health() == (3, Entry("t", b"\x02", "sig", FAR))
    reader.name_subscribers(["a.central"])
    _fill(outbox, range(9, 10))
    assert _sequences(reader) == [8, 9]
    outbox.close()
    assert boxes.outbox().stats().waiting == 2
    assert reader.receipts() == {"a.central": Sequences(0, 0)}


def test_an_older_outbox_is_brought_up_to_date_on_a_full_disk(tmp_path: Path) -> None:
    """With the room that the older software had taken in advance: the camera comes back after an update."""
    _on_a_full_disk(tmp_path, _old_outbox, "1 7\n")


def test_no_room_at_all_is_an_error_to_live_with(boxes: Boxes) -> None:
    """A message larger than the whole outbox is refused with the file's name; smaller ones still go in."""
    outbox = boxes.outbox(SMALL)
    with pytest.raises(OutboxError, match=r"outbox\.db: no room"):
        outbox.append(Stream.HOUR, 1, [lambda sequence: _entry(sequence, size=2 * SMALL)])
    _fill(outbox, range(1, 2))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(0, 60), st.integers(0, 9_000)),
            st.tuples(st.just("send"), st.integers(0, 5), st.just(0)),
            st.tuples(st.just("prune"), st.integers(1, 3), st.just(0)),
        ),
        max_size=60,
    )
)
def test_whatever_happens_sequences_are_contiguous_and_the_file_bounded(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """Over random appending, sending, pruning and days: no sequence twice, none skipped, everything accounted for."""
    clock, boxes = Clock(), Boxes(tmp_path_factory.mktemp("outbox") / "outbox.db")
    outbox, reader = boxes.outbox(SMALL, clock), boxes.reader()
    taken: list[int] = []
    pruned, highest = 0, -1
    for step, number, size in steps:
        clock.now += DAY / 4
        if step == "append":
            made: list[int] = []
            stored = outbox.append(
                Stream.HOUR,
                number,
                [lambda s, size=size, made=made: made.append(s) or _entry(s, size)],  # type: ignore[misc]
            )
            assert stored is (number > highest)
            highest = max(highest, number)
            taken += made[-1:]
        elif step == "send":
            for row in reader.unsent(number):
                reader.mark_sent([row.id], clock.now)
        else:
            pruned += outbox.prune(days=number)
        assert boxes.file.stat().st_size <= SMALL
    assert taken == list(range(1, len(taken) + 1))
    left = [row[0] for row in _rows(boxes.file, "select sequence from messages order by id")]
    assert left == sorted(set(left))
    assert len(left) + pruned + outbox.stats().dropped == len(taken)
    boxes.close()


def test_messages_leave_when_they_expire_or_have_lain_long_enough(boxes: Boxes) -> None:
    """Both terms count, sent or not, and the sequence goes on."""
    clock = Clock()
    outbox = boxes.outbox(clock=clock)
    outbox.append(Stream.HOUR, 1, [lambda sequence: _entry(sequence, expires=int(clock.now) + DAY)])
    outbox.append(Stream.HOUR, 2, [_entry])
    assert outbox.prune(days=30) == 0
    clock.now += DAY
    assert outbox.prune(days=30) == 1
    clock.now += 29 * DAY
    assert outbox.prune(days=30) == 1
    assert outbox.stats().waiting == 0


def test_kill_9_loses_nothing_that_was_acknowledged(boxes: Boxes) -> None:
    """Every append that returned is there after the process was killed, with its content, and the next one follows."""
    with subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(boxes.file), str(MEGABYTE), "100000"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(60)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines() if line.isdigit()]
    rows = boxes.reader().unsent(100_000)
    assert [row.sequence for row in rows][: len(acknowledged)] == acknowledged
    assert [row.entry.payload for row in rows] == [b"%d" % row.sequence * 300 for row in rows]
    _fill(boxes.outbox(), range(100_000, 100_001))
    assert _sequences(boxes.reader()) == list(range(1, len(rows) + 2))


def test_a_full_disk_costs_the_oldest_messages_and_no_process(tmp_path: Path) -> None:
    """On a file system of 1 MB the process goes on: new messages are stored, old ones dropped and counted."""
    if not shutil.which("unshare"):
        pytest.skip("unshare(1) is absent: no small file system can be mounted")
    appending = f"{sys.executable} -c '{APPENDING}' {tmp_path}/outbox.db {100 * MEGABYTE} 600"
    script = f"mount -t tmpfs -o size=1m tmpfs {tmp_path} || exit 99; {appending}"
    run = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
    if run.returncode == 99 or "unshare" in run.stderr:
        pytest.skip("this kernel lets us mount no small file system")
    numbers = [int(line) for line in run.stdout.splitlines() if line.isdigit()]
    assert numbers[:-1] == list(range(1, 601)), run.stderr
    assert numbers[-1] > 200


def test_ids_are_never_given_twice(boxes: Boxes) -> None:
    """The id of a message that is on its way is not reused when the message is dropped meanwhile."""
    clock = Clock()
    outbox, reader = boxes.outbox(clock=clock), boxes.reader()
    _fill(outbox, range(2))
    (_, second) = reader.unsent(2)
    clock.now += DAY
    outbox.prune(days=1)
    _fill(outbox, range(2, 3))
    reader.mark_sent([second.id], clock.now)
    assert _sequences(reader) == [3]


def test_a_group_may_share_it(boxes: Boxes) -> None:
    """Whatever the umask, the file and SQLite's own files are for owner and group."""
    before = os.umask(0o077)
    try:
        _fill(boxes.outbox(), range(1))
    finally:
        os.umask(before)
    for name in ("outbox.db", "outbox.db-wal", "outbox.db-shm"):
        assert stat.S_IMODE(boxes.file.with_name(name).stat().st_mode) == 0o660


def test_the_reader_waits_for_the_gate(boxes: Boxes) -> None:
    """No file, or one that the gate has not finished, is an empty outbox; then everything is there."""
    reader = boxes.reader()
    reader.mark_sent([1], 0)
    assert (reader.unsent(1), reader.states(), reader.health()) == ([], {}, None)
    boxes.file.touch()
    assert (reader.unsent(1), reader.states(), reader.health()) == ([], {}, None)
    outbox = boxes.outbox()
    assert (reader.unsent(1), reader.states(), reader.health()) == ([], {}, None)
    outbox.set_states(states())
    assert reader.states() == states()
    assert set(reader.states()) == set(Status)
    outbox.put_health(_entry(1))
    outbox.put_health(_entry(2))
    assert reader.health() == (2, _entry(2))
    assert (reader.checkpoint(), outbox.checkpoint()) == (None, None)
    outbox.put_checkpoint(_entry(3))
    assert (reader.checkpoint(), outbox.checkpoint()) == ((1, _entry(3)), _entry(3))
    assert (reader.states(), reader.health()) == (states(), (2, _entry(2)))
    _fill(outbox, range(1))
    assert reader.unsent(5)[0].entry == _entry(1)


def test_settled_messages_are_not_given_again(boxes: Boxes) -> None:
    """Sent and expired ones stay on the disk and wait no more; the first mark counts."""
    outbox, reader = boxes.outbox(), boxes.reader()
    _fill(outbox, range(3))
    first, second, _ = reader.unsent(3)
    reader.mark_sent([first.id], 5)
    reader.mark_expired([first.id], 6)
    reader.mark_expired([second.id], 7)
    assert _sequences(reader) == [3]
    assert outbox.stats().waiting == 1
    found = _rows(boxes.file, "select outcome, settled from messages")
    assert found == [("sent", 5), ("expired", 7), (None, None)]


def test_what_came_after_a_sequence_and_what_is_oldest_is_told(boxes: Boxes) -> None:
    """For the audit log, and for who checks terms; dropped and pruned messages are not told."""
    outbox, reader = boxes.outbox(), boxes.reader()
    assert reader.oldest() == (None, None)
    _fill(outbox, range(3))
    assert outbox.windows_after(Stream.HOUR, 1) == [(2, 1), (3, 2)]
    assert outbox.windows_after(Stream.HOUR, 3) == []
    stored, expires = reader.oldest()
    assert [(stored, expires)] == _rows(boxes.file, "select min(stored), min(expires) from messages")


def test_damage_is_an_error_that_names_the_file(boxes: Boxes) -> None:
    """Reading and writing alike, on either side, where a file was spoilt while it was open."""
    outbox, reader = boxes.outbox(), boxes.reader()
    _fill(outbox, range(1))
    _rows(boxes.file, "pragma wal_checkpoint(truncate)")
    boxes.file.write_bytes(b"\xff" * boxes.file.stat().st_size)
    actions: list[Callable[[], object]] = [
        lambda: outbox.highest_window(Stream.HOUR),
        outbox.stats,
        lambda: outbox.append(Stream.HOUR, 2, [_entry]),
        lambda: outbox.set_states(states()),
        lambda: outbox.put_health(_entry(1)),
        lambda: outbox.prune(30),
        lambda: outbox.windows_after(Stream.HOUR, 0),
        outbox.checkpoint,
        reader.oldest,
        lambda: reader.unsent(1),
        lambda: reader.sent_after(Stream.HOUR, 0, 1),
        reader.receipts,
        lambda: reader.name_subscribers(["a.central"]),
        lambda: reader.mark_received("a.central", Sequences(1, 1)),
    ]
    for action in actions:
        with pytest.raises(OutboxError, match=r"outbox\.db: ") as refused:
            action()
        assert "\n" not in str(refused.value)


def test_something_else_is_refused_by_name(tmp_path: Path) -> None:
    """A file that is no outbox, one of another schema, and a folder that is not there are configuration errors."""
    text = tmp_path / "notes.txt"
    text.write_text("no database" * 1000)
    with pytest.raises(ConfigError, match=r"notes\.txt: the outbox can't be opened: file is not a database"):
        Outbox(text, MEGABYTE)
    newer = tmp_path / "newer.db"
    _rows(newer, "pragma user_version = 9")
    for opening in (lambda: Outbox(newer, MEGABYTE), lambda: OutboxReader(newer).unsent(1)):
        with pytest.raises(ConfigError, match=r"newer\.db: is an outbox of schema 9; this software reads schema 2"):
            opening()
    with pytest.raises(ConfigError, match=r"absent/outbox\.db: the outbox can't be opened: .*No such file"):
        Outbox(tmp_path / "absent" / "outbox.db", MEGABYTE)
