"""Rows for a data team: CSV or lines of JSON, in the words of the contract or of the national standard."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, TextIO

import msgspec

from central.cells import Bin, Counted
from central.store import DIMENSIONS
from central.totals import Total, Wanted

Form = Literal["csv", "json"]
Vocabulary = Literal["en", "nl"]
Row = Mapping[str, object]
# The terms of the national ANPR visualisation standard; it has none for anything else.
NATIONAL = {
    "passages": "aantalPassages",
    "unique_vehicles": "aantalUniekeVoertuigen",
    "direction": "rijRichtingZone",
    "vehicle_type": "voertuigType",
    "drive": "typeBrandstof",
    "hour_of_day": "uur",
    "day_of_week": "weekDag",
}
# With these a spreadsheet takes a text for a formula; cameras choose some texts, such as names of tables.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cells(reports: Iterable[tuple[Bin, Sequence[Counted]]]) -> Iterator[Row]:
    """Give a row for each cell; a report without cells has one whose number is 0, for nothing released is news too."""
    for one, found in reports:
        described, origin = _described(one), _origin(one)
        for cell in found:
            told = {name: cell.told(name) for name in DIMENSIONS}
            yield {**described, **told, "rest": ",".join(cell.rest) or None, **_number(one.measure, cell.n), **origin}
        if not found:
            yield {**described, **dict.fromkeys(DIMENSIONS), "rest": None, **_number(one.measure, 0), **origin}


def sums(totals: Iterable[Total], wanted: Wanted) -> Iterator[Row]:
    """Give a row for each total; a dimension that cells do not tell is empty."""
    for one in sorted(totals, key=_place):
        group = one.group
        camera = {"camera": group.camera} if wanted.each_camera else {}
        day = {"day": group.day.isoformat(), "day_of_week": group.day.isoweekday()} if group.day else {}
        told = dict(zip(wanted.dimensions, group.values, strict=True))
        quality = {"quality": one.quality, "deviation": round(one.deviation, 1)}
        seen = {"observed_share": round(one.observed, 3)}
        yield {"zone": group.zone, **camera, **day, **told, **_number(one.measure, _rounded(one.n)), **quality, **seen}


def write(rows: Iterable[Row], out: TextIO, form: Form, vocabulary: Vocabulary) -> int:
    """Write rows of the same columns; return their number."""
    number, writer = 0, csv.writer(out, lineterminator="\n")
    for number, row in enumerate(rows, 1):
        named = {_name(column, vocabulary): value for column, value in row.items()}
        if form == "json":
            out.write(msgspec.json.encode(named).decode() + "\n")
            continue
        if number == 1:
            writer.writerow(named)
        writer.writerow(_text(value) for value in named.values())
    return number


def _place(total: Total) -> tuple[str, ...]:
    """Order totals; what cells do not tell comes first."""
    zone, camera, day, values = total.group
    return zone, camera or "", str(day or ""), *(value or "" for value in values)


def _described(one: Bin) -> Row:
    return {
        "zone": one.zone,
        "camera": one.camera,
        "bin": one.stream,
        "from": _local(one.start),
        "to": _local(one.end),
        "day_of_week": one.start.isoweekday(),
        "hour_of_day": one.start.hour if one.stream == "hour" else None,
        "table": one.table,
        "weight": one.weight,
    }


def _origin(one: Bin) -> Row:
    return {
        "k": one.k,
        "noise": msgspec.json.encode(one.noise).decode() if one.noise else None,
        "partial": one.partial,
        "observed_share": one.observed_share,
        "policy": one.policy,
        "expires": _local(one.expires),
        "report": f"{one.camera}:{one.stream}:{one.sequence}",
        "key": one.kid,
    }


def _number(measure: str, n: float) -> Row:
    """Put the number into the column of its measure, so that nobody adds passages to vehicles."""
    return {"passages": None, "unique_vehicles": None, measure: n}


def _rounded(n: float) -> float:
    return int(n) if n == int(n) else round(n, 1)


def _local(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _name(column: str, vocabulary: Vocabulary) -> str:
    return NATIONAL.get(column, column) if vocabulary == "nl" else column


def _text(value: object) -> str:
    """Write a value for CSV: empty where there is none, and no formula to whoever opens it in a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return str(value).lower() if isinstance(value, bool) else str(value)
