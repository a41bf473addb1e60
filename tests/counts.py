"""Messages of the wall for tests: hypothesis strategies and short constructors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from edge.categories import (
    CameraState,
    CellCount,
    CellKey,
    Clock,
    Direction,
    Drive,
    EmissionClass,
    PlateKind,
    Share,
    VehicleType,
    VisionHealth,
    WindowCounts,
)
from edge.policy import Policy, read
from edge.wall import order
from edge.windows import Window
from tests.policies import policy_text

HOUR = Window(1_795_428_000, 1_795_431_600)  # 2026-11-23, 11:00 to 12:00 in Amsterdam
DELIVERING = VisionHealth(CameraState.DELIVERING, Clock.SYNCHRONISED, Share.NONE, Share.NONE, 0)

keys = st.builds(
    CellKey,
    st.sampled_from(Direction),
    st.sampled_from(PlateKind),
    st.sampled_from(VehicleType),
    st.sampled_from(Drive),
    st.sampled_from(EmissionClass),
)


def cell(key: CellKey, vehicles: int, n: int | None = None) -> CellCount:
    """Count ``vehicles`` that passed ``n`` times in all; of unreadable ones only that is known."""
    return CellCount(key, n or vehicles, 0 if key.plate is PlateKind.UNREADABLE else vehicles)


def van(
    direction: Direction = Direction.IN, drive: Drive = Drive.DIESEL, emission: EmissionClass = EmissionClass.E6
) -> CellKey:
    """Return the cell of a Dutch van."""
    return CellKey(direction, PlateKind.NL, VehicleType.VAN, drive, emission)


def unreadable(direction: Direction = Direction.IN) -> CellKey:
    """Return the cell of vehicles without a readable plate."""
    return CellKey(direction, PlateKind.UNREADABLE, VehicleType.UNKNOWN, Drive.UNKNOWN, EmissionClass.UNKNOWN)


def counts(
    *cells: CellCount, window: Window = HOUR, part: int = 0, final: bool = True, observed: int = 100, policy: int = 1
) -> WindowCounts:
    """Make a message with its cells in order."""
    ordered = tuple(sorted(cells, key=lambda one: order(one.key)))
    return WindowCounts(window.start, window.end, part, final, observed, policy, ordered)


def _cells(sizes: Mapping[CellKey, tuple[int, int]]) -> list[CellCount]:
    return [cell(key, min(pair), max(pair)) for key, pair in sizes.items()]


def policy(folder: Path, **changes: Any) -> Policy:
    """Return an unsigned policy with ``changes``."""
    file = folder / "policy.toml"
    file.write_text(policy_text(**changes))
    return read(file)


numbers = st.integers(1, 9_999)
cells = st.dictionaries(keys, st.tuples(numbers, numbers), max_size=30).map(_cells)
quarters = st.integers(1_700_000, 4_500_000).map(lambda quarter: Window(quarter * 900, quarter * 900 + 3_600))
window_counts = st.builds(
    lambda some, **fields: counts(*some, **fields),
    cells,
    window=quarters,
    part=st.integers(0, 99),
    final=st.booleans(),
    observed=st.integers(0, 20).map(lambda step: step * 5),
    policy=numbers,
)
healths = st.builds(
    VisionHealth,
    st.sampled_from(CameraState),
    st.sampled_from(Clock),
    st.sampled_from(Share),
    st.sampled_from(Share),
    st.integers(0, 99),
)
messages = window_counts | healths
