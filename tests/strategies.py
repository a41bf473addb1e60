"""Messages of the wall for property tests."""

from collections.abc import Mapping

from hypothesis import strategies as st

from edge.categories import (
    LAST_PART,
    MOST_TABLES,
    Admitted,
    CameraState,
    CellCount,
    CellKey,
    Clock,
    Direction,
    Drive,
    EmissionClass,
    Exemption,
    PlateKind,
    RegisterAge,
    Share,
    Trade,
    VehicleType,
    VisionAct,
    VisionEvent,
    VisionHealth,
)
from edge.windows import Window
from tests.counts import cell, counts

keys = st.builds(
    CellKey,
    st.integers(0, MOST_TABLES - 1),
    st.sampled_from(Direction),
    st.sampled_from(PlateKind),
    st.sampled_from(VehicleType),
    st.sampled_from(Drive),
    st.sampled_from(EmissionClass),
    st.sampled_from(Admitted),
    st.sampled_from(Exemption),
    st.integers(0, 9_999),
    st.sampled_from(Trade),
)


def _cells(sizes: Mapping[CellKey, tuple[int, int, int]]) -> list[CellCount]:
    some = {key: sorted(numbers) for key, numbers in sizes.items()}
    readable = {key: 0 if key.plate is PlateKind.UNREADABLE else fresh for key, (fresh, _, _) in some.items()}
    return [cell(key, vehicles, n, readable[key]) for key, (_, vehicles, n) in some.items()]


numbers = st.integers(1, 9_999)
cells = st.dictionaries(keys, st.tuples(numbers, numbers, numbers), max_size=30).map(_cells)
quarters = st.integers(1_700_000, 4_500_000).map(lambda quarter: Window(quarter * 900, quarter * 900 + 3_600))
window_counts = st.builds(
    lambda some, **fields: counts(*some, **fields),
    cells,
    window=quarters,
    part=st.integers(0, LAST_PART),
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
    st.sampled_from(RegisterAge),
)
events = st.builds(VisionEvent, st.sampled_from(VisionAct), st.integers(10_957, 47_481))
messages = window_counts | healths | events
