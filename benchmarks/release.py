"""How much of a zone's traffic a ladder releases: the gate's own code over made-up days of twenty cameras.

Each camera releases alone, as in the street. `benchmarks.traffic_mix` says where the rates come from. A JSON line for
each ladder and k, as shares of all passages (of vans, of trucks and tractor units):

    python -m benchmarks.release --json
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, product
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec

from benchmarks.traffic_mix import CAMERAS, Street
from edge import policy
from edge.categories import CellKey, VehicleType
from edge.gate.release import Rule, release
from edge.release_rules import Measure, Period, Rung, Table
from edge.uplink.contract import Cell
from hil.demo.site import policy_text

KS = (10, 15, 25)
HEAVY = {VehicleType.TRUCK, VehicleType.TRACTOR_UNIT}
DIGEST = f'"sha256:{"0" * 64}"'


def ladders() -> Mapping[str, Table]:
    """Return the ladder of the example policy, and the same for a zone with rules (`admitted` beside the class)."""
    plain = policy_text()
    zone = policy_text(zone_rules=DIGEST).replace('"emission_class"', '"emission_class", "admitted"')
    return {"classes": _table(plain), "classes and admission": _table(zone)}


def measure(table: Table, k: int, days: int, camera: int) -> Counter[str]:
    """Release so many days of one camera; return passages by what became of them."""
    street, rule, found = Street(camera, seed=1), Rule(k, Measure.PASSAGES), Counter[str]()
    for _ in range(days):
        bins, left = [], []
        for sights in street.day():
            for sight in sights:
                found.update(_names(sight.cell.key.vehicle_type, sight.cell.n))
            outcome = release(sights, table, Period.HOUR, rule)
            found.update(_counted(outcome.cells, table, Period.HOUR))
            bins.append(outcome.published)
            left += outcome.left
        found.update(_counted(release(left, table, Period.DAY, rule, bins).cells, table, Period.DAY))
    return found


def line(name: str, k: int, counts: Counter[str], table: Table) -> dict[str, object]:
    """Turn passages into shares."""
    total = counts["all"]
    rungs = [round(counts[f"rung {at}"] / total, 4) for at in range(len(table.rungs))]
    released = sum(counts[f"rung {at}"] for at in range(len(table.rungs)))
    hourly = sum(counts[f"rung {at}"] for at, rung in enumerate(table.rungs) if rung.period is Period.HOUR)
    return {
        "ladder": name,
        "k": k,
        "released": round(released / total, 4),
        "released_hourly": round(hourly / total, 4),
        "withheld": round(1 - released / total, 4),
        "vans_with_emission": round(counts["vans told"] / counts["vans"], 4),
        "trucks_with_emission": round(counts["trucks told"] / counts["trucks"], 4),
        "per_rung": rungs,
    }


def _table(text: str) -> Table:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "policy.toml"
        file.write_text(text)
        return policy.read(file).file.release.tables[0]


def _names(vehicle_type: VehicleType, n: int) -> dict[str, int]:
    names = {"all": n}
    if vehicle_type is VehicleType.VAN:
        names["vans"] = n
    if vehicle_type in HEAVY:
        names["trucks"] = n
    return names


def _counted(cells: Iterable[Cell], table: Table, period: Period) -> Counter[str]:
    found = Counter[str]()
    for cell in cells:
        found[f"rung {_rung(cell, table, period)}"] += cell.n
        if cell.emission_class and cell.vehicle_type is VehicleType.VAN:
            found["vans told"] += cell.n
        if cell.emission_class and HEAVY.issuperset(cell.vehicle_types or [cell.vehicle_type]):
            found["trucks told"] += cell.n
    return found


def _rung(cell: Cell, table: Table, period: Period) -> int:
    told = {name for name in CellKey.__struct_fields__[1:] if getattr(cell, name)}
    return next(
        at
        for at, rung in enumerate(table.rungs)
        if rung.period is period
        and {str(one) for one in rung.dimensions} == told
        and (cell.vehicle_type in rung.vehicle_types if cell.vehicle_type else _same_types(cell, rung))
    )


def _same_types(cell: Cell, rung: Rung) -> bool:
    return set(cell.vehicle_types or VehicleType) == set(rung.vehicle_types)


def _lines(days: int, cameras: int) -> Iterator[dict[str, object]]:
    with ProcessPoolExecutor() as pool:
        for (name, table), k in product(ladders().items(), KS):
            parts = pool.map(partial(measure, table, k, days), range(cameras))
            yield line(name, k, sum(parts, Counter[str]()), table)


@click.command()
@click.option("--days", type=int, default=350, show_default=True, help="Simulated days.")
@click.option("--cameras", type=int, default=CAMERAS, show_default=True, help="Cameras, the largest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each ladder and k.")
def main(days: int, cameras: int, *, as_json: bool) -> None:
    """Measure how much the example's ladders release."""
    for found in _lines(days, cameras):
        shown = msgspec.json.encode(found).decode() if as_json else "\n".join(chain(_told(found), [""]))
        print(shown, flush=True)


def _told(found: Mapping[str, object]) -> Iterator[str]:
    yield from (f"{name:>22}  {value}" for name, value in found.items())


if __name__ == "__main__":
    sys.exit(main())
