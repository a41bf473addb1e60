"""What arrived at the subscriber beside what the same ladder gives for the truth."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from edge.categories import CellCount, CellKey, Direction, PlateKind
from edge.counting.part import key_of
from edge.gate.release import Rule, release
from edge.gate.sights import Sight
from edge.policy_fields import PolicyFile
from edge.release_rules import Dimension, Period
from edge.uplink.contract import Cell, CountReport
from edge.windows import Window, day_window, local_day, window_of
from hil.scenes.traffic import TruePassage

Key = tuple[str, ...]
# What a cell of leftovers shows in place of a value.
REST = "rest"


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of one bin; None where it was not released."""

    bin: Window
    key: Key
    counted: int | None
    truth: int | None


def columns(policy: PolicyFile) -> tuple[str, ...]:
    """Name the dimensions of the policy's (first) table."""
    used = {dimension for rung in policy.release.tables[0].rungs for dimension in rung.dimensions}
    return tuple(str(dimension) for dimension in Dimension if dimension in used)


def rows(reports: Iterable[CountReport], passages: Sequence[TruePassage], policy: PolicyFile) -> list[Row]:
    """Put released cells beside the truth's, hours before days, ordered by bin and cell."""
    names = columns(policy)
    counted = {(bin_of(report), _key(cell, names)): cell.n for report in reports for cell in report.data.cells}
    truth = {(at, _key(cell, names)): cell.n for at, cell in released_truth(passages, policy)}
    everything = sorted(counted.keys() | truth.keys(), key=lambda place: (place[0].end, place[0].start, place[1]))
    return [Row(*place, counted.get(place), truth.get(place)) for place in everything]


def released_truth(passages: Sequence[TruePassage], policy: PolicyFile) -> Iterator[tuple[Window, Cell]]:
    """Let what a perfect camera would count climb down the policy's ladder, of one table."""
    (table,), rule = policy.release.tables, Rule(policy.release.k, policy.what.measure)
    days: defaultdict[Window, list[TruePassage]] = defaultdict(list)
    for passage in _without_repeats(passages, policy.what.repeat_gap_minutes * 60):
        days[day_window(local_day(passage.time))].append(passage)
    for day, seen in days.items():
        left, bins = list[Sight](), []
        for start, sights in _sights(seen).items():
            outcome = release(sights, table, Period.HOUR, rule)
            left += outcome.left
            bins.append(outcome.published)
            yield from ((window_of(start), cell) for cell in outcome.cells)
        yield from ((day, cell) for cell in release(left, table, Period.DAY, rule, bins).cells)


def seconds(timestamp: str) -> int:
    """Read a timestamp of the contract as Unix seconds."""
    return int(datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def bin_of(report: CountReport) -> Window:
    """Return the hour or day that a report is of."""
    return Window(seconds(report.data.window.start), seconds(report.data.window.end))


def _sights(passages: Sequence[TruePassage]) -> dict[int, list[Sight]]:
    """Count a day as vision does, by hour."""
    groups: defaultdict[int, defaultdict[CellKey, list[TruePassage]]] = defaultdict(lambda: defaultdict(list))
    for passage in passages:
        key = key_of(passage.direction, passage.kind, passage.vehicle_class)
        groups[window_of(passage.time).start][key].append(passage)
    known: defaultdict[Direction, set[str]] = defaultdict(set)
    found = {}
    for start, cells in sorted(groups.items()):
        found[start] = [Sight(start, 0, _count(key, group, known[key.direction])) for key, group in cells.items()]
    return found


def _count(key: CellKey, group: Sequence[TruePassage], known: set[str]) -> CellCount:
    """Count a cell; ``known`` are the day's plates so far in its direction, and from now on those of the cell."""
    plates = set() if key.plate is PlateKind.UNREADABLE else {passage.plate for passage in group}
    fresh = plates - known
    known |= plates
    return CellCount(key, len(group), len(plates), len(fresh))


def _without_repeats(passages: Sequence[TruePassage], gap: float) -> list[TruePassage]:
    """Leave out passages of a vehicle within ``gap`` seconds of its last counted one."""
    last: dict[str, float] = {}
    counted = []
    for passage in sorted(passages, key=lambda passage: passage.time):
        if passage.kind is not PlateKind.UNREADABLE:
            if passage.time - last.get(passage.plate, float("-inf")) < gap:
                continue
            last[passage.plate] = passage.time
        counted.append(passage)
    return counted


def _key(cell: Cell, names: Sequence[str]) -> Key:
    return tuple(_shown(cell, name) for name in names)


def _shown(cell: Cell, name: str) -> str:
    if name == Dimension.VEHICLE_TYPE and cell.vehicle_types:
        return " + ".join(cell.vehicle_types)
    return REST if name in (cell.rest or ()) else str(getattr(cell, name) or "")
