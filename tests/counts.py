"""Messages of the wall and a policy for tests, by short constructors."""

from pathlib import Path
from typing import Any

from edge.categories import (
    UNKNOWN_ATTRIBUTES,
    Attributes,
    CameraState,
    CellCount,
    CellKey,
    Clock,
    Direction,
    Drive,
    EmissionClass,
    PlateKind,
    RegisterAge,
    Share,
    VehicleType,
    VisionHealth,
    WindowCounts,
)
from edge.counting.part import key_of
from edge.policy import Policy, read
from edge.wall import order
from edge.windows import Window
from tests.policies import policy_text

HOUR = Window(1_795_428_000, 1_795_431_600)  # 2026-11-23, 11:00 to 12:00 in Amsterdam
DELIVERING = VisionHealth(CameraState.DELIVERING, Clock.SYNCHRONISED, Share.NONE, Share.NONE, 0, RegisterAge.UNKNOWN)


def cell(key: CellKey, vehicles: int, n: int | None = None, fresh: int | None = None) -> CellCount:
    """Count ``vehicles`` that passed ``n`` times in all, all fresh or some; of unreadable ones only ``n`` is known."""
    known = 0 if key.plate is PlateKind.UNREADABLE else vehicles
    return CellCount(key, n or vehicles, known, known if fresh is None else fresh)


def van(
    direction: Direction = Direction.IN, drive: Drive = Drive.DIESEL, emission: EmissionClass = EmissionClass.E6
) -> CellKey:
    """Return the cell of a Dutch van."""
    return key_of(direction, PlateKind.NL, Attributes(VehicleType.VAN, drive, emission))


def unreadable(direction: Direction = Direction.IN) -> CellKey:
    """Return the cell of vehicles without a readable plate."""
    return key_of(direction, PlateKind.UNREADABLE, UNKNOWN_ATTRIBUTES)


def counts(
    *cells: CellCount, window: Window = HOUR, part: int = 0, final: bool = True, observed: int = 100, policy: int = 1
) -> WindowCounts:
    """Make a message with its cells in order."""
    ordered = tuple(sorted(cells, key=lambda one: order(one.key)))
    return WindowCounts(window.start, window.end, part, final, observed, policy, ordered)


def policy(folder: Path, **changes: Any) -> Policy:
    """Return an unsigned policy with ``changes``."""
    file = folder / "policy.toml"
    file.write_text(policy_text(**changes))
    return read(file)
