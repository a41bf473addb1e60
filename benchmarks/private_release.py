"""What differential privacy leaves of a zone's counts: the gate's own code over the made-up days of `traffic_mix`.

A JSON line for each ladder and budget. Shares are of vehicles, each counted once a day in each direction, as this mode
counts them; ``empty_cells`` are released cells in which there was nobody, ``error`` the mean distance of a released
number from the truth, in vehicles and as a share of the mean released number. ``short`` is a ladder made for this mode:

    python -m benchmarks.private_release --json
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product

import click
import msgspec

from benchmarks.release import HEAVY, ladders
from benchmarks.traffic_mix import CAMERAS, Street
from edge.categories import VehicleType
from edge.gate.combinations import listed
from edge.gate.noise import laplace
from edge.gate.private import release
from edge.gate.release import grouped
from edge.gate.sights import Sight
from edge.release_rules import Dimension, Period, Privacy, Release, Rung, Table

BUDGETS = (0.5, 1.0, 2.0, 4.0)
K = 10
KIND = (Dimension.DIRECTION, Dimension.VEHICLE_TYPE)
OTHERS = tuple(one for one in VehicleType if one not in {*HEAVY, VehicleType.VAN})
# The fewer rungs a vehicle comes to, the less noise: here two, an answer and a total for what is left.
SHORT = Table(
    "short",
    1.0,
    (
        Rung(Period.HOUR, KIND, OTHERS),
        Rung(Period.DAY, (*KIND, Dimension.EMISSION_CLASS), (VehicleType.VAN,)),
        Rung(Period.DAY, (Dimension.DIRECTION, Dimension.EMISSION_CLASS), tuple(sorted(HEAVY))),
        Rung(Period.DAY, (Dimension.DIRECTION,)),
    ),
)


def measure(table: Table, budget: float, days: int, camera: int) -> Counter[str]:
    """Release so many days of one camera; return vehicles and cells by what became of them."""
    rules = Release(K, 15, (table,), dp=Privacy(budget))
    threshold, draw = rules.threshold(table), partial(laplace, Privacy(budget).scale(table))
    street, found = Street(camera, seed=1), Counter[str]()
    for _ in range(days):
        left = list[Sight]()
        for sights in street.day():
            found.update(_kinds(sights))
            left += _climb(sights, table, Period.HOUR, threshold, draw, found)
        _climb(left, table, Period.DAY, threshold, draw, found)
    return found


def _climb(  # noqa: PLR0913, PLR0917  (what `release` takes, and where to count)
    sights: list[Sight],
    table: Table,
    period: Period,
    threshold: int,
    draw: Callable[[], int],
    found: Counter[str],
) -> list[Sight]:
    """Release one rung after the other, as the gate does in one go, and note what each took."""
    for rung in table.rungs:
        if rung.period is period:
            truth = {values: _fresh(cell) for values, cell in grouped(sights, rung)[0].items()}
            noise = list[int]()
            one = msgspec.structs.replace(table, rungs=(rung,))
            outcome = release(sights, one, period, threshold, partial(_noting, draw, noise))
            for values, amount in zip(listed(rung), noise, strict=True):
                found.update(_cell(truth.get(values, 0), amount, threshold))
            found.update(_taken(_kinds(sights), _kinds(outcome.left), rung))
            sights = outcome.left
    return sights


def _noting(draw: Callable[[], int], noise: list[int]) -> int:
    noise.append(draw())
    return noise[-1]


def _cell(truth: int, noise: int, threshold: int) -> dict[str, int]:
    if truth + noise < threshold:
        return {}
    return {"cells": 1, "empty": not truth, "off": abs(noise), "told": truth + noise}


def _taken(before: Counter[str], after: Counter[str], rung: Rung) -> Counter[str]:
    """Name what a rung released."""
    taken = before - after
    found = Counter({"released": taken["all"]})
    if rung.period is Period.HOUR:
        found["hourly"] = taken["all"]
    if Dimension.EMISSION_CLASS in rung.dimensions:
        found.update({f"{name} told": taken[name] for name in ("vans", "trucks")})
    return found


def _kinds(sights: Iterable[Sight]) -> Counter[str]:
    found = Counter[str]()
    for sight in sights:
        found["all"] += sight.cell.fresh
        found["vans"] += sight.cell.fresh * (sight.cell.key.vehicle_type is VehicleType.VAN)
        found["trucks"] += sight.cell.fresh * (sight.cell.key.vehicle_type in HEAVY)
    return found


def _fresh(sights: Iterable[Sight]) -> int:
    return sum(sight.cell.fresh for sight in sights)


def line(name: str, budget: float, days: int, counts: Counter[str], table: Table) -> dict[str, object]:
    """Turn counts into shares; cells are those of one camera and day."""
    rules = Release(K, 15, (table,), dp=Privacy(budget))
    return {
        "ladder": name,
        "epsilon": budget,
        "scale": round(float(Privacy(budget).scale(table)), 2),
        "threshold": rules.threshold(table),
        "released": round(counts["released"] / counts["all"], 3),
        "released_hourly": round(counts["hourly"] / counts["all"], 3),
        "vans_with_emission": round(counts["vans told"] / counts["vans"], 3),
        "trucks_with_emission": round(counts["trucks told"] / counts["trucks"], 3),
        "cells": round(counts["cells"] / days, 1),
        "empty_cells": round(counts["empty"] / days, 2),
        "error": round(counts["off"] / counts["cells"], 1),
        "error_share": round(counts["off"] / counts["told"], 3),
    }


def _lines(days: int, cameras: int) -> Iterator[dict[str, object]]:
    tables: Mapping[str, Table] = {"short": SHORT, **ladders()}
    with ProcessPoolExecutor() as pool:
        for (name, table), budget in product(tables.items(), BUDGETS):
            parts = pool.map(partial(measure, table, budget, days), range(cameras))
            yield line(name, budget, days * cameras, sum(parts, Counter[str]()), table)


@click.command()
@click.option("--days", type=int, default=35, show_default=True, help="Simulated days.")
@click.option("--cameras", type=int, default=CAMERAS, show_default=True, help="Cameras, the largest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each ladder and budget.")
def main(days: int, cameras: int, *, as_json: bool) -> None:
    """Measure how much is released with differential privacy, and how far off it is."""
    for found in _lines(days, cameras):
        shown = msgspec.json.encode(found).decode() if as_json else "\n".join(_told(found))
        click.echo(shown)


def _told(found: Mapping[str, object]) -> Iterator[str]:
    yield from (f"{name:>22}  {value}" for name, value in found.items())
    yield ""


if __name__ == "__main__":
    sys.exit(main())
