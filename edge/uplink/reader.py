"""The uplink's side of the outbox."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from edge.uplink import database
from edge.uplink.contract import Sequences, Status, Stream
from edge.uplink.database import transaction
from edge.uplink.entries import CHECKPOINT, HEALTH, Entry, Row, Sent, named


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
        names = sorted(subscribers)
        if set(names) == set(self.receipts()):
            return
        places = ", ".join("?" * len(names))
        rows = [(stream, subscriber) for stream in (Stream.HOUR, Stream.DAY) for subscriber in names]
        if opened := self._open():
            with named(self._file), transaction(opened):
                opened.execute(f"delete from receipts where subscriber not in ({places})", names)  # noqa: S608
                opened.conn.executemany("insert or ignore into receipts values (?, ?, 0)", rows)

    def mark_received(self, subscriber: str, stored: Sequences) -> None:
        """Note a named subscriber's receipt."""
        query = "update receipts set sequence = ? where stream = ? and subscriber = ?"
        rows = [(stored.hour, Stream.HOUR, subscriber), (stored.day, Stream.DAY, subscriber)]
        if opened := self._open():
            with named(self._file), transaction(opened):
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
            with named(self._file), transaction(opened):
                opened.conn.executemany(query, [(outcome, int(at), message) for message in messages])

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        opened = self._open()
        if opened is None:
            return []
        with named(self._file):
            return opened.execute(query, list(values)).fetchall()

    def _open(self) -> Database | None:
        if self._opened is None and self._file.exists():
            with named(self._file):
                self._opened = database.join(self._file)
        return self._opened


def _row(found: tuple[Any, ...]) -> Row:
    return Row(found[0], Stream(found[1]), found[2], Entry(*found[3:]))
