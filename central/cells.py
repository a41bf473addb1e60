"""Cells out of the store, as exports, totals and the dashboard read them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlite_utils import Database

from central.store import DIMENSIONS
from edge.uplink.contract import DifferentialPrivacy, Perturbation

NOISE = Perturbation | DifferentialPrivacy | None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which reports: of bins that begin on these local days (both included), of one zone or camera, of one table."""

    first: date | None = None
    last: date | None = None
    zone: str | None = None
    camera: str | None = None
    table: str | None = None


class Bin(msgspec.Struct, frozen=True):
    """One report without its cells; ``day`` is the local day on which it begins."""

    id: int
    zone: str
    camera: str
    stream: str
    sequence: int
    start: datetime
    end: datetime
    day: date
    partial: bool
    observed_share: float
    policy: str
    k: int
    noise: NOISE
    table: str
    weight: float
    measure: str
    expires: datetime
    kid: str

    @property
    def begun(self) -> float:
        """Its start in Unix seconds: to Python both hours of October that begin at 2 are the same time."""
        return self.start.timestamp()

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end.timestamp() - self.start.timestamp()) / 3600


class Counted(msgspec.Struct, frozen=True):
    """One cell: what it tells by dimension, what it is the rest of, which types it holds together, and its number."""

    values: dict[str, str]
    rest: tuple[str, ...]
    vehicle_types: tuple[str, ...]
    n: int

    def told(self, dimension: str) -> str | None:
        """Return the cell's value of a dimension; several vehicle types that it holds together are one, with +."""
        if dimension == "vehicle_type" and self.vehicle_types:
            return "+".join(self.vehicle_types)
        return self.values.get(dimension)


_COLUMNS = (
    'reports.id, zone, camera, stream, sequence, start, "end", day, partial, observed_share, policy, k, noise, '
    '"table", weight, measure, expires, kid, timezone'
)


def bins(database: Database, choice: Choice) -> Iterator[Bin]:
    """Give the reports, by zone, camera and time; of a camera with two cards those of both."""
    where, values = _where(choice)
    query = f"""
        select {_COLUMNS} from reports join stations on stations.id = station
        where {where} order by zone, camera, start, stream desc, "table"
    """  # noqa: S608  (our own names)
    for row in database.execute(query, values):
        yield _bin(row)


def with_cells(database: Database, choice: Choice) -> Iterator[tuple[Bin, list[Counted]]]:
    """Give the reports and the cells of each, empty reports too."""
    query = f"select n, rest, vehicle_types, {', '.join(DIMENSIONS)} from cells where report = ? order by rowid"  # noqa: S608
    for one in bins(database, choice):
        yield one, [_cell(row) for row in database.execute(query, [one.id])]


def _where(choice: Choice) -> tuple[str, list[str]]:
    conditions: dict[str, str | None] = {
        "day >= ?": choice.first.isoformat() if choice.first else None,
        "day <= ?": choice.last.isoformat() if choice.last else None,
        "zone = ?": choice.zone,
        "camera = ?": choice.camera,
        '"table" = ?': choice.table,
    }
    chosen = {condition: value for condition, value in conditions.items() if value is not None}
    return " and ".join(["true", *chosen]), list(chosen.values())


def _bin(row: tuple[Any, ...]) -> Bin:
    number, zone, camera, stream, sequence, start, end, day, partial, share, policy, k, noise, *last = row
    table, weight, measure, expires, kid, timezone = last
    local = ZoneInfo(timezone)
    return Bin(
        number,
        zone,
        camera,
        stream,
        sequence,
        datetime.fromtimestamp(start, local),
        datetime.fromtimestamp(end, local),
        date.fromisoformat(day),
        bool(partial),
        share,
        policy,
        k,
        msgspec.json.decode(noise, type=NOISE) if noise else None,
        table,
        weight,
        measure,
        datetime.fromtimestamp(expires, local),
        kid,
    )


def _cell(row: tuple[Any, ...]) -> Counted:
    n, rest, types, *values = row
    told = {name: value for name, value in zip(DIMENSIONS, values, strict=True) if value is not None}
    return Counted(told, tuple(rest.split(",")) if rest else (), tuple(types.split("+")) if types else (), n)
