"""How each camera is doing, as the store knows it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlite_utils import Database

from central.sequence_book import SequenceBook
from edge.uplink.contract import Health, HealthData, Stream

# A report of an hour comes seconds after it; a camera that is online and says nothing for so long is silent.
SILENT_SECONDS = 2 * 3_600 + 600
NAMED = ("software", "policy", "models")


class Camera(msgspec.Struct, frozen=True):
    """One camera, by its latest key. What is None is not known; ``differs`` names what most others have otherwise."""

    zone: str
    name: str
    status: str
    since: datetime | None
    software: str | None
    policy: str | None
    models: str | None
    sandbox: str | None
    last_end: datetime | None
    last_stored: datetime | None
    health: HealthData | None
    health_at: datetime | None
    missing: int
    lost: int
    stored_hour: int
    stored_day: int
    log_size: int | None
    differs: frozenset[str] = frozenset()


class Missing(msgspec.Struct, frozen=True):
    """Reports that did not come: still awaited, or ``lost`` for good."""

    zone: str
    camera: str
    stream: str
    first: int
    last: int
    noticed: datetime
    lost: datetime | None


class Refusal(msgspec.Struct, frozen=True):
    """Messages that were refused, and why."""

    topic: str
    reason: str
    number: int
    last: datetime


def cameras(database: Database, now: float) -> list[Camera]:
    """Read every camera that ever sent something under a known key."""
    query = "select max(id), zone, camera from stations group by zone, camera order by zone, camera"
    rows = database.execute(query).fetchall()
    found = [_camera(database, station, zone, name, now) for station, zone, name in rows]
    return [msgspec.structs.replace(one, differs=_differences(one, found)) for one in found]


def missing(database: Database) -> list[Missing]:
    """Read what is missing, the newest first."""
    query = """
        select zone, camera, stream, first, last, noticed, lost from gaps join stations on stations.id = station
        order by lost is not null, noticed desc, first
    """
    return [
        Missing(zone, camera, stream, first, last, _moment(noticed), lost and _moment(lost))
        for zone, camera, stream, first, last, noticed, lost in database.execute(query).fetchall()
    ]


def refusals(database: Database) -> list[Refusal]:
    """Read what was refused, the latest first."""
    query = "select topic, reason, number, last from refusals order by last desc"
    rows = database.execute(query).fetchall()
    return [Refusal(topic, reason, number, _moment(last)) for topic, reason, number, last in rows]


def _camera(database: Database, station: int, zone: str, name: str, now: float) -> Camera:
    states = "status, stored, software, policy, models, sandbox"
    status, since, software, policy, models, sandbox = _latest(database, states, "states", station, 6)
    payload, health_at = _latest(database, "payload, stored", "health", station, 2)
    end, stored = _first(database, 'select max("end"), max(stored) from reports where station = ?', station)
    gaps = "select total(last - first + 1) filter (where lost is null), total(last - first + 1) filter (where lost)"
    open_gaps, lost = _first(database, f"{gaps} from gaps where station = ?", station)
    hour, day = (SequenceBook(database, station, stream).stored() for stream in (Stream.HOUR, Stream.DAY))
    (size,) = _first(database, "select max(size) from checkpoints where station = ?", station)
    health = msgspec.json.decode(payload, type=Health).data if payload else None
    return Camera(
        zone,
        name,
        _status(status, end, now),
        since and _moment(since),
        software,
        policy,
        models,
        sandbox,
        end and _moment(end),
        stored and _moment(stored),
        health,
        health_at and _moment(health_at),
        int(open_gaps),
        int(lost),
        hour,
        day,
        size,
    )


def _status(status: str | None, last_end: int | None, now: float) -> str:
    """Say `silent` of a camera that is online and does not report."""
    if status == "online" and (last_end is None or now - last_end > SILENT_SECONDS):
        return "silent"
    return status or "unknown"


def _differences(one: Camera, all_of_them: Sequence[Camera]) -> frozenset[str]:
    """Name what differs from most cameras (a policy: of the same zone)."""
    names = set[str]()
    for name in NAMED:
        beside = [other for other in all_of_them if name != "policy" or other.zone == one.zone]
        values = Counter(value for other in beside if (value := getattr(other, name)))
        own = getattr(one, name)
        if own and values and own != values.most_common(1)[0][0]:
            names.add(name)
    return frozenset(names)


def _latest(database: Database, columns: str, table: str, station: int, width: int) -> list[Any]:
    """Return the latest row of a station; where there is none, nothing in each column."""
    query = f"select {columns} from {table} where station = ? order by id desc limit 1"  # noqa: S608  (our own names)
    found = database.execute(query, [station]).fetchone()
    return list(found) if found else [None] * width


def _first(database: Database, query: str, station: int) -> Iterator[Any]:
    yield from database.execute(query, [station]).fetchone()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
