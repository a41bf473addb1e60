"""The outbox: released messages on disk, between the gate that writes them and the uplink that sends them.

One SQLite file in WAL mode, opened by both processes. A message whose `append` returned is on the disk
(``synchronous=FULL``); its id and sequence never change.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog
from sqlite_utils import Database

from edge.errors import AnprError, ConfigError
from edge.uplink import database
from edge.uplink.contract import Sequences, Status, Stream
from edge.uplink.database import pragma, transaction
from edge.uplink.reserve import Reserve

log = structlog.get_logger()
T = TypeVar("T")

RESERVE_BYTES = 2 * database.CHECKPOINT_PAGES * database.PAGE
DAY = 86_400
# What was sent later than that may still be waited for.
RECEIPT_SECONDS = 600
# Sent, and with every named subscriber; null where none is named.
DELIVERED = """
    (outcome is not null and sequence <= (select min(sequence) from receipts where stream = messages.stream))
"""
# The low byte of an SQLite error says what it is, the others where it came from.
_KIND = 0xFF
HEALTH = "health"
CHECKPOINT = "checkpoint"


class OutboxError(AnprError):
    """The outbox can't be read or written at the moment: keep what was to be stored and try again."""


class Entry(msgspec.Struct, frozen=True):
    """A finished message: MQTT topic, the payload's bytes, their signature, and the Unix second it expires at."""

    topic: str
    payload: bytes
    signature: str
    expires: int


class Row(msgspec.Struct, frozen=True):
    """A message that is to be sent, for the first time or again."""

    id: int
    stream: Stream
    sequence: int
    entry: Entry
    again: bool = False


class Sent(msgspec.Struct, frozen=True):
    """A message that the broker took, at which Unix second."""

    id: int
    sequence: int
    settled: int


class Stats(msgspec.Struct, frozen=True):
    """How many messages wait to be sent, and how many were ever dropped before they were delivered.

    ``unreceived`` is how many were sent ten minutes ago or earlier that a named subscriber has no receipt for, None
    where none is named; ``oldest`` the lowest sequence of each stream that is here, the next one where there is none.
    """

    waiting: int
    dropped: int
    unreceived: int | None
    oldest: Sequences


class Outbox:
    """The gate's side: writes messages; used by one thread."""

    def __init__(self, file: Path, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        """Open or make ``file``, which never grows beyond ``max_bytes`` (or its present size where that is more).

        Raises:
            ConfigError: it can't be opened, or is something else.
        """
        self._file, self._clock, self._max_pages = file, clock, max_bytes // database.PAGE
        self._reserve = Reserve(file.with_name(f"{file.name}-reserve"), RESERVE_BYTES)
        try:
            self._database = self._make()
            self._disk_full = True
            self._look_at_disk()
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{file}: the outbox can't be opened: {error}") from error

    def append(self, stream: Stream, window: int, makes: Sequence[Callable[[int], Entry]]) -> bool:
        """Store the messages that ``makes`` give for the next sequences of ``stream``: all are on the disk on return.

        ``window`` is the end of their bin, Unix seconds. At or below the highest one of the stream nothing is stored
        and False returned: a closed bin never opens again. ``makes`` are called again where room must be made first.

        Raises:
            OutboxError: it can't be written even after dropping the oldest messages.
        """
        return self._write(lambda: self._append(stream, window, makes))

    def highest_window(self, stream: Stream) -> int | None:
        """Return the highest window ever stored in ``stream``, also when its message is gone.

        Raises:
            OutboxError: it can't be read.
        """
        with _named(self._file):
            return self._last(stream)[1]

    def set_states(self, states: Mapping[Status, Entry]) -> None:
        """Replace the presence messages, the last will among them."""
        self._write(lambda: self._retain(states))

    def put_health(self, entry: Entry) -> None:
        """Replace the health message."""
        self._write(lambda: self._retain({HEALTH: entry}))

    def put_checkpoint(self, entry: Entry) -> None:
        """Replace the audit log's checkpoint."""
        self._write(lambda: self._retain({CHECKPOINT: entry}))

    def checkpoint(self) -> Entry | None:
        """Return the audit log's latest checkpoint.

        Raises:
            OutboxError: it can't be read.
        """
        query = "select topic, payload, signature, expires from retained where name = ?"
        with _named(self._file):
            found = self._database.execute(query, [CHECKPOINT]).fetchone()
        return Entry(*found) if found else None

    def windows_after(self, stream: Stream, sequence: int) -> list[tuple[int, int]]:
        """Return sequence and window of the messages of ``stream`` that came after ``sequence`` and are still here.

        Raises:
            OutboxError: it can't be read.
        """
        query = "select sequence, window from messages where stream = ? and sequence > ? order by sequence"
        with _named(self._file):
            return self._database.execute(query, [stream, sequence]).fetchall()

    def prune(self, days: int) -> int:
        """Remove messages that have expired or have lain here for ``days``, sent or not; return their number."""
        now = self._clock()
        query = "delete from messages where expires <= ? or stored <= ?"
        return self._write(lambda: self._database.execute(query, [int(now), int(now) - days * DAY]).rowcount)

    def stats(self) -> Stats:
        """Count.

        Raises:
            OutboxError: it can't be read.
        """
        query = f"""
            select (select count(*) from messages where outcome is null),
            (select total(value) from counters),
            (select count(*) from messages where outcome = 'sent' and settled <= ? and not {DELIVERED}),
            exists (select * from receipts)
        """  # noqa: S608  (a constant)
        with _named(self._file):
            found = self._database.execute(query, [int(self._clock()) - RECEIPT_SECONDS]).fetchone()
            waiting, dropped, unreceived, asked = map(int, found)
            oldest = Sequences(self._oldest(Stream.HOUR), self._oldest(Stream.DAY))
        return Stats(waiting, dropped, unreceived if asked else None, oldest)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _make(self) -> Database:
        """Open the file, with the room of the reserve where there is no other: SQLite's own files take some."""
        try:
            return database.make(self._file)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _KIND not in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
                raise
            self._reserve.give_back()
            return database.make(self._file)

    def _append(self, stream: Stream, window: int, makes: Sequence[Callable[[int], Entry]]) -> bool:
        last, highest = self._last(stream)
        if highest is not None and window <= highest:
            return False
        fields = {"stream": stream, "window": window}
        newest = {**fields, "sequence": last + len(makes)}
        self._database.table("streams").insert(newest, pk="stream", replace=True)
        for sequence, make in enumerate(makes, last + 1):
            entry = msgspec.structs.asdict(make(sequence))
            row = {**fields, "sequence": sequence, "stored": int(self._clock()), **entry}
            self._database.table("messages").insert(row)
        return True

    def _oldest(self, stream: Stream) -> int:
        query = "select min(sequence) from messages where stream = ?"
        (oldest,) = self._database.execute(query, [stream]).fetchone()
        return self._last(stream)[0] + 1 if oldest is None else int(oldest)

    def _last(self, stream: Stream) -> tuple[int, int | None]:
        query = "select sequence, window from streams where stream = ?"
        found: tuple[int, int] | None = self._database.execute(query, [stream]).fetchone()
        return found or (0, None)

    def _retain(self, entries: Mapping[Status, Entry] | Mapping[str, Entry]) -> None:
        query = """
            insert into retained values (?, 1, ?, ?, ?, ?) on conflict (name) do update set
            version = version + 1, topic = excluded.topic, payload = excluded.payload,
            signature = excluded.signature, expires = excluded.expires
        """
        for name, entry in entries.items():
            self._database.execute(query, [name, *msgspec.structs.astuple(entry)])

    def _write(self, action: Callable[[], T]) -> T:
        """Do ``action`` in one transaction, dropping messages where it needs room."""
        while True:
            try:
                with transaction(self._database):
                    result = action()
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
                    raise OutboxError(f"{self._file}: can't be written: {error}") from error
                self._make_room()
            else:
                # What was to be written is written: failing here would only have it repeated.
                with suppress(sqlite3.Error):
                    self._look_at_disk()
                return result

    def _make_room(self) -> None:
        try:
            if pragma(self._database, "page_count") < self._max_pages:
                self._freeze_size()
            dropped = self._drop_oldest()
        except sqlite3.Error as error:
            raise OutboxError(f"{self._file}: no room on the disk, not even to drop a message: {error}") from error
        if not dropped:
            raise OutboxError(f"{self._file}: no room on the disk, and no message left to drop")
        stream, sequence, outcome = dropped
        log.warning("outbox_message_dropped", stream=stream, sequence=sequence, outcome=outcome)

    def _freeze_size(self) -> None:
        """Bring the log into the database, with the reserve's room, and let the file grow no more: the disk is full."""
        self._disk_full = True
        self._reserve.give_back()
        self._database.execute("pragma wal_checkpoint(restart)").fetchall()
        pragma(self._database, "max_page_count = 1")  # SQLite takes the present size instead.

    def _look_at_disk(self) -> None:
        """Let the file grow again once there is room for the reserve."""
        if self._disk_full and self._reserve.take():
            self._disk_full = False
            pragma(self._database, f"max_page_count = {self._max_pages}")

    def _drop_oldest(self) -> tuple[str, int, str] | None:
        """Drop one message: delivered ones go before sent ones, those before unsent ones, old ones before new ones."""
        find = f"""
            select id, stream, sequence, iif({DELIVERED}, 'delivered', coalesce(outcome, 'unsent'))
            from messages order by not coalesce({DELIVERED}, 0), outcome is null, id limit 1
        """  # noqa: S608  (a constant)
        with transaction(self._database):
            found: tuple[int, str, int, str] | None = self._database.execute(find).fetchone()
            if not found:
                return None
            self._database.execute("delete from messages where id = ?", [found[0]])
            self._database.execute("update counters set value = value + ?", [int(found[3] != "delivered")])
        return found[1:]


class OutboxReader:
    """The uplink's side: reads messages and marks what became of them; empty while the file does not exist."""

    def __init__(self, file: Path) -> None:
        """Remember where the outbox is or will be."""
        self._file = file
        self._opened: Database | None = None

    def unsent(self, limit: int) -> list[Row]:
        """Return the oldest messages that wait, in the order of their sequences."""
        query = """
            select id, stream, sequence, topic, payload, signature, expires from messages
            where outcome is null order by id limit ?
        """
        return [_row(row) for row in self._read(query, limit)]

    def states(self) -> dict[Status, Entry]:
        """Return the presence messages."""
        query = "select name, topic, payload, signature, expires from retained where name not in (?, ?)"
        rows = self._read(query, HEALTH, CHECKPOINT)
        return {Status(row[0]): Entry(*row[1:]) for row in rows}

    def health(self) -> tuple[int, Entry] | None:
        """Return the latest health message and its version, which rises with each."""
        return self._latest(HEALTH)

    def checkpoint(self) -> tuple[int, Entry] | None:
        """Return the audit log's latest checkpoint and its version, which rises with each."""
        return self._latest(CHECKPOINT)

    def oldest(self) -> tuple[int | None, int | None]:
        """Return when the oldest message was stored, and the first moment at which one expires (Unix seconds)."""
        query = """
            select min(stored), min(expires) from (
                select stored, expires from messages union all select null, expires from retained
            )
        """
        return next(((row[0], row[1]) for row in self._read(query)), (None, None))

    def sent_after(self, stream: Stream, sequence: int, limit: int) -> list[Sent]:
        """Return messages of ``stream`` that were sent and have a higher sequence, lowest first."""
        query = """
            select id, sequence, settled from messages
            where stream = ? and sequence > ? and outcome = 'sent' order by sequence limit ?
        """
        return [Sent(*row) for row in self._read(query, stream, sequence, limit)]

    def row(self, message: int) -> Row | None:
        """Return the message with this id, if it is still here."""
        query = "select id, stream, sequence, topic, payload, signature, expires from messages where id = ?"
        return next((_row(row) for row in self._read(query, message)), None)

    def highest(self, stream: Stream) -> int:
        """Return the highest sequence that was ever used in ``stream``, 0 for none."""
        rows = self._read("select sequence from streams where stream = ?", stream)
        return next((int(row[0]) for row in rows), 0)

    def receipts(self) -> dict[str, Sequences]:
        """Return up to which sequences each named subscriber has everything."""
        query = """
            select subscriber, max(iif(stream = ?, sequence, 0)), max(iif(stream = ?, sequence, 0))
            from receipts group by subscriber
        """
        return {row[0]: Sequences(*row[1:]) for row in self._read(query, Stream.HOUR, Stream.DAY)}

    def name_subscribers(self, subscribers: Iterable[str]) -> None:
        """Say whose receipts count from now on; those that were named before keep theirs."""
        named = sorted(subscribers)
        if set(named) == set(self.receipts()):
            return
        places = ", ".join("?" * len(named))
        rows = [(stream, subscriber) for stream in (Stream.HOUR, Stream.DAY) for subscriber in named]
        if opened := self._open():
            with _named(self._file), transaction(opened):
                opened.execute(f"delete from receipts where subscriber not in ({places})", named)  # noqa: S608
                opened.conn.executemany("insert or ignore into receipts values (?, ?, 0)", rows)

    def mark_received(self, subscriber: str, stored: Sequences) -> None:
        """Note a named subscriber's receipt."""
        query = "update receipts set sequence = ? where stream = ? and subscriber = ?"
        rows = [(stored.hour, Stream.HOUR, subscriber), (stored.day, Stream.DAY, subscriber)]
        if opened := self._open():
            with _named(self._file), transaction(opened):
                opened.conn.executemany(query, rows)

    def mark_sent(self, messages: Iterable[int], at: float) -> None:
        """Note that the broker took the messages with these ids ``at`` that Unix time, all in one transaction."""
        self._settle(messages, "sent", at)

    def mark_expired(self, messages: Iterable[int], at: float) -> None:
        """Note that the messages with these ids expired before they could be sent."""
        self._settle(messages, "expired", at)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        if self._opened:
            self._opened.close()
        self._opened = None

    def _latest(self, name: str) -> tuple[int, Entry] | None:
        query = "select version, topic, payload, signature, expires from retained where name = ?"
        rows = self._read(query, name)
        return next(((row[0], Entry(*row[1:])) for row in rows), None)

    def _settle(self, messages: Iterable[int], outcome: str, at: float) -> None:
        query = "update messages set outcome = ?, settled = ? where id = ? and outcome is null"
        if opened := self._open():
            with _named(self._file), transaction(opened):
                opened.conn.executemany(query, [(outcome, int(at), message) for message in messages])

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        opened = self._open()
        if opened is None:
            return []
        with _named(self._file):
            return opened.execute(query, list(values)).fetchall()

    def _open(self) -> Database | None:
        if self._opened is None and self._file.exists():
            with _named(self._file):
                self._opened = database.join(self._file)
        return self._opened


def _row(found: tuple[Any, ...]) -> Row:
    return Row(found[0], Stream(found[1]), found[2], Entry(*found[3:]))


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Say which file it is that SQLite complains about."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutboxError(f"{file}: {error}") from error
