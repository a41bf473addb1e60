"""What arrived at the subscriber beside what the same release rule gives for the truth."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from edge.categories import PlateKind
from edge.policy_fields import PolicyFile
from edge.release_rules import Measure
from edge.uplink.contract import Cell, CountReport
from hil.scenes.traffic import TruePassage

Key = tuple[str, ...]
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of one window; None where it is withheld or empty."""

    start: int
    key: Key
    counted: int | None
    truth: int | None


def rows(reports: Iterable[CountReport], passages: Sequence[TruePassage], policy: PolicyFile) -> list[Row]:
    """Put released cells beside the truth's, ordered by window and cell."""
    counted = {
        (seconds(report.data.window.start), _key(cell, policy)): cell.n
        for report in reports
        for cell in report.data.cells
    }
    truth = released_truth(passages, policy)
    everything = sorted(counted.keys() | truth.keys())
    return [Row(start, key, counted.get((start, key)), truth.get((start, key))) for start, key in everything]


@dataclass(slots=True)
class _Cell:
    """What the truth holds of one cell."""

    passages: int = 0
    unreadable: int = 0
    plates: set[str] = field(default_factory=set)

    def add(self, passage: TruePassage) -> None:
        self.passages += 1
        if passage.kind is PlateKind.UNREADABLE:
            self.unreadable += 1
        else:
            self.plates.add(passage.plate)

    def released(self, policy: PolicyFile) -> int | None:
        """Return the number that may leave; unreadable vehicles count towards k only where there are no others."""
        different = len(self.plates) or self.unreadable
        if different < policy.release.k:
            return None
        return self.passages if policy.what.measure is Measure.PASSAGES else len(self.plates) + self.unreadable


def released_truth(passages: Sequence[TruePassage], policy: PolicyFile) -> Mapping[tuple[int, Key], int | None]:
    """Apply the policy to the truth, written apart from the gate's code; None is a cell below the threshold."""
    cells: defaultdict[tuple[int, Key], _Cell] = defaultdict(_Cell)
    for passage in _without_repeats(passages, policy.what.repeat_gap_minutes * 60):
        cells[int(passage.time) // HOUR * HOUR, _true_key(passage, policy)].add(passage)
    return {place: cell.released(policy) for place, cell in cells.items()}


def seconds(timestamp: str) -> int:
    """Read a timestamp of the contract as Unix seconds."""
    return int(datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


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


def _true_key(passage: TruePassage, policy: PolicyFile) -> Key:
    vehicle_class = passage.vehicle_class
    values = {
        "direction": passage.direction,
        "plate": passage.kind,
        "vehicle_type": vehicle_class.vehicle_type,
        "drive": vehicle_class.drive,
        "emission_class": vehicle_class.emission_class,
        "admitted": vehicle_class.admitted,
        "exemption": vehicle_class.exemption,
        "origin": f"GM{vehicle_class.origin:04}" if vehicle_class.origin else "elsewhere",
        "trade": vehicle_class.trade,
    }
    return tuple(str(values[dimension]) for dimension in policy.release.dimensions)


def _key(cell: Cell, policy: PolicyFile) -> Key:
    return tuple(str(getattr(cell, dimension)) for dimension in policy.release.dimensions)
