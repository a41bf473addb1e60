"""The outbox: released messages on disk, between the gate that writes them and the uplink that sends them.

One SQLite file in WAL mode, opened by both processes. A message whose `append` returned is on the disk
(``synchronous=FULL``); its id and sequence never change. The gate's side is here, the uplink's in `reader`.
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog
from sqlite_utils import Database

from edge.errors import ConfigError
from edge.uplink import database
from edge.uplink.contract import Sequences, Status, Stream
from edge.uplink.database import pragma, transaction
from edge.uplink.entries import CHECKPOINT, HEALTH, Entry, OutboxError, Row, Sent, named
from edge.uplink.reader import OutboxReader
from edge.uplink.reserve import Reserve

__all__ = ["Entry", "Outbox", "OutboxError", "OutboxReader", "Row", "Sent", "Stats"]

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
        with named(self._file):
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
        with named(self._file):
            found = self._database.execute(query, [CHECKPOINT]).fetchone()
        return Entry(*found) if found else None

    def windows_after(self, stream: Stream, sequence: int) -> list[tuple[int, int]]:
        """Return sequence and window of the messages of ``stream`` that came after ``sequence`` and are still here.

        Raises:
            OutboxError: it can't be read.
        """
        query = "select sequence, window from messages where stream = ? and sequence > ? order by sequence"
        with named(self._file):
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
        with named(self._file):
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
