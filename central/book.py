"""What the collector remembers: everything that cameras published, in the store.

Each method is called inside a transaction of the collector: what it has written is on the disk before the broker hears
that it came.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils import Database

from central.checks import LONGEST, local_times
from central.events import BreachError, CheckpointNote, Event, Expired, HealthNote, Repeated, Report, StateChange
from central.memory import Arrival, check_growth, check_head, conflict, head, log_size
from central.sequence_book import SequenceBook
from central.store import DIMENSIONS
from edge.uplink.contract import Cell, Checkpoint, CountReport, Health, State, Stream

DAY = 86_400
# Evidence of a breach is for somebody to look into: it goes with its report's expiry, and by then at the latest.
EVIDENCE_SECONDS = 366 * DAY
# What strangers can make us write is bounded.
MOST_EVIDENCE = 100
MOST_REFUSALS = 1_000
LONGEST_REASON = 300


class Book:
    """Takes messages into the store; ``clock`` gives Unix seconds."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def take_report(self, report: CountReport, stream: Stream, arrival: Arrival) -> Event:
        """Take counts: each sequence once, and none after its expiry."""
        now, sequence = int(self._clock()), int(report.sequence)
        if not sequence:
            raise BreachError("its sequence is 0; they begin at 1")
        station = self._station(arrival, now)
        taken, gap = SequenceBook(self._database, station, stream).take(sequence, now)
        if taken == "again":
            return self._again(report, station, stream, arrival)
        if (expires := expiry(report)) <= now:
            return Expired(report.id)
        self._check_overlap(station, stream, report, arrival)
        values = [station, stream, sequence, *_described(report), expires, now, *_evidence(arrival)]
        self._insert_cells(self._insert("reports", _REPORT_COLUMNS, values), report.data.cells)
        return Report(report, arrival.signature, gap=gap, late=taken == "late")

    def take_state(self, state: State, arrival: Arrival) -> Event:
        """Take a presence, where it says something new."""
        now = int(self._clock())
        station, data = self._station(arrival, now), state.data
        said = [data.status, data.software, data.policy, data.models, data.sandbox or None]
        query = """
            select status, software, policy, models, sandbox from states where station = ? order by id desc limit 1
        """
        if self._one(query, station) == tuple(said):
            return Repeated(state.id)
        columns = "station, status, software, policy, models, sandbox, stored, payload, signature"
        self._insert("states", columns, [station, *said, now, *_evidence(arrival)])
        return StateChange(state, arrival.signature)

    def take_health(self, health: Health, arrival: Arrival) -> Event:
        """Take a health message, where it is new."""
        now = int(self._clock())
        station = self._station(arrival, now)
        last = self._one("select payload from health where station = ? order by id desc limit 1", station)
        if last == (arrival.received.payload,):
            return Repeated(health.id)
        columns = "station, time, stored, payload, signature"
        self._insert("health", columns, [station, seconds(health.time), now, *_evidence(arrival)])
        if oldest := health.data.oldest:
            for stream, sequence in {Stream.HOUR: oldest.hour, Stream.DAY: oldest.day}.items():
                SequenceBook(self._database, station, stream).give_up_below(sequence, now)
        return HealthNote(health, arrival.signature)

    def take_checkpoint(self, checkpoint: Checkpoint, arrival: Arrival) -> Event:
        """Keep the head of an audit log, as a witness."""
        now, size = int(self._clock()), log_size(checkpoint)
        station = self._station(arrival, now)
        try:
            if self._came_before(checkpoint, station):
                return Repeated(checkpoint.id)
        except BreachError:
            self._keep_evidence(station, arrival, now + EVIDENCE_SECONDS)
            raise
        columns = "station, size, stored, payload, signature"
        self._insert("checkpoints", columns, [station, size, now, *_evidence(arrival)])
        return CheckpointNote(checkpoint, arrival.signature)

    def note_refusal(self, topic: str, reason: str) -> None:
        """Count a message that was refused."""
        now, topic, reason = int(self._clock()), topic[:LONGEST_REASON], reason[:LONGEST_REASON]
        known = "update refusals set number = number + 1, last = ? where topic = ? and reason = ?"
        if self._database.execute(known, [now, topic, reason]).rowcount:
            return
        new = f"""
            insert into refusals select ?, ?, 1, ?, ? where (select count(*) from refusals) < {MOST_REFUSALS}
        """  # noqa: S608  (a constant)
        self._database.execute(new, [topic, reason, now, now])

    def _again(self, report: CountReport, station: int, stream: Stream, arrival: Arrival) -> Event:
        """Tell a repeated report from another one under its number; of one that has expired nobody can."""
        query = "select payload from reports where station = ? and stream = ? and sequence = ?"
        kept = self._one(query, station, stream, int(report.sequence))
        if kept is None or kept == (arrival.received.payload,):
            return Repeated(report.id)
        self._keep_evidence(station, arrival, min(expiry(report), int(self._clock()) + EVIDENCE_SECONDS))
        raise conflict(report)

    def _check_overlap(self, station: int, stream: Stream, report: CountReport, arrival: Arrival) -> None:
        """Refuse a second report of a bin: bins never overlap, or vehicles would be counted twice."""
        query = """
            select 1 from reports where station = ? and stream = ? and start > ? and start < ? and "end" > ?
            and "table" = ?
        """
        start, end = (int(moment.timestamp()) for moment in local_times(report.data.window))
        if self._one(query, station, stream, start - LONGEST[stream], end, start, report.data.table):
            self._keep_evidence(station, arrival, min(expiry(report), int(self._clock()) + EVIDENCE_SECONDS))
            raise BreachError(f"{report.id} is of a window that was reported before")

    def _came_before(self, checkpoint: Checkpoint, station: int) -> bool:
        """Tell a repeated checkpoint, of whatever size, from a log that was set back or written anew."""
        size = log_size(checkpoint)
        kept = self._one("select payload from checkpoints where station = ? and size = ?", station, size)
        if kept:
            check_head(head(msgspec.json.decode(kept[0], type=Checkpoint)), checkpoint)
            return True
        (last,) = self._one("select coalesce(max(size), 0) from checkpoints where station = ?", station) or (0,)
        check_growth(size, last)
        return False

    def _station(self, arrival: Arrival, now: int) -> int:
        values = [arrival.address.zone, arrival.address.camera, arrival.kid]
        found = self._one("select id from stations where zone = ? and camera = ? and kid = ?", *values)
        return int(found[0]) if found else self._insert("stations", "zone, camera, kid, since", [*values, now])

    def _insert_cells(self, report: int, cells: tuple[Cell, ...]) -> None:
        columns = f"report, n, {', '.join(DIMENSIONS)}, rest, vehicle_types"
        for cell in cells:
            told = [getattr(cell, name) or None for name in DIMENSIONS]
            lists = [",".join(cell.rest or ()) or None, "+".join(cell.vehicle_types or ()) or None]
            self._insert("cells", columns, [report, cell.n, *told, *lists])

    def _keep_evidence(self, station: int, arrival: Arrival, expires: int) -> None:
        (kept,) = self._one("select count(*) from evidence where station = ?", station) or (0,)
        if kept < MOST_EVIDENCE:
            values = [station, arrival.received.topic, expires, int(self._clock()), *_evidence(arrival)]
            self._insert("evidence", "station, topic, expires, stored, payload, signature", values)

    def _insert(self, table: str, columns: str, values: list[object]) -> int:
        marks = ", ".join("?" * len(values))
        query = f"insert into {table} ({columns}) values ({marks})"  # noqa: S608  (our own names)
        return int(self._database.execute(query, values).lastrowid or 0)

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._database.execute(query, list(values)).fetchone()
        return found


_REPORT_COLUMNS = (
    'station, stream, sequence, start, "end", timezone, day, partial, observed_share, policy, k, noise, "table", '
    "weight, measure, expires, stored, payload, signature"
)


def expiry(report: CountReport) -> int:
    """Return from when on nobody may keep a report: the end of its day, Unix seconds."""
    last: date = report.data.expires
    zone = ZoneInfo(report.data.window.timezone)
    return int(datetime.combine(last + timedelta(days=1), datetime.min.time(), zone).timestamp())


def seconds(timestamp: str) -> int:
    """Return a time of a message in Unix seconds; 0 where it is none, such as a 31st of February."""
    try:
        return int(datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0


def _described(report: CountReport) -> list[object]:
    data, (start, end) = report.data, local_times(report.data.window)
    noise = msgspec.json.encode(data.release.noise).decode() if data.release.noise else None
    return [
        int(start.timestamp()),
        int(end.timestamp()),
        data.window.timezone,
        start.date().isoformat(),
        int(data.window.partial),
        data.window.observed_share,
        data.policy,
        data.release.k,
        noise,
        data.table,
        data.weight,
        data.measure,
    ]


def _evidence(arrival: Arrival) -> list[object]:
    """Return what proves later that the camera said this."""
    return [arrival.received.payload, arrival.received.signature]
