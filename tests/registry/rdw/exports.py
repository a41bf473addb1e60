"""Small exports of the register, written by hand."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from edge.registry.manifest import Allowed, Manifest
from edge.registry.rdw.builder import Order, Sources, build
from tests.registry.packs import registry_keys

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
VEHICLES = (
    "kenteken,voertuigsoort,inrichting,europese_voertuigcategorie,toegestane_maximum_massa_voertuig,"
    "technische_max_massa_voertuig,datum_eerste_toelating,datum_eerste_toelating_dt"
)
FUEL = "kenteken,brandstof_volgnummer,brandstof_omschrijving,emissiecode_omschrijving,uitlaatemissieniveau"
PARTICULARS = "kenteken,bijzonderheid_volgnummer,bijzonderheid_code"

VAN_ROW = "V12BDF,Bedrijfsauto,gesloten opbouw,N1,3030,3030,20190312,"
CAR_ROW = "X12BDG,Personenauto,hatchback,M1,1719,1719,20010720,"


def write(
    folder: Path,
    vehicles: Iterable[str] = (VAN_ROW, CAR_ROW),
    fuel: Iterable[str] = ("V12BDF,1,Diesel,6,EURO 6 AP", "X12BDG,1,Benzine,4,EURO 4"),
    particulars: Iterable[str] = (),
) -> Sources:
    """Write three exports of these rows."""
    tables = {"vehicles": (VEHICLES, *vehicles), "fuel": (FUEL, *fuel), "particulars": (PARTICULARS, *particulars)}
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("".join(f"{row}\n" for row in rows))
    return Sources(*(str(folder / f"{name}.csv") for name in tables))


def unseen(_name: str) -> Callable[[int, int | None], None]:
    """Show no progress."""
    return lambda _done, _total: None


def make(sources: Sources, place: Path, now: datetime = NOW, allowed: Allowed = Allowed()) -> Manifest:  # noqa: B008  (immutable)
    """Build a pack with the keys beside it."""
    return build(sources, Order(place, registry_keys(place.parent)[0], now, print, allowed), unseen)
