"""The zone rule files of the documentation, and vehicles for them."""

from pathlib import Path

from edge import keys
from edge.categories import Drive, EmissionClass, VehicleType
from edge.keys import Role
from edge.registry.vehicle import Category, VehicleClass
from edge.registry.zone import rules
from edge.registry.zone.rules import ZoneRules

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
ZERO = (EXAMPLES / "zone-rules-zero-emission.toml").read_text()
LOW = (EXAMPLES / "zone-rules-low-emission.toml").read_text()
# Before 2025 a zone could also be yellow, and rows that have ended were in force.
LOW_2020 = LOW.replace("valid_from = 2025-01-01", "valid_from = 2020-01-01")
LOW_YELLOW = LOW_2020.replace('colour = "green"', 'colour = "yellow"', 1).replace("2030-12-31", "2024-12-31", 1)
LOW_BLUE = LOW.replace('colour = "green"', 'colour = "blue"', 1)


def zone(folder: Path, text: str) -> ZoneRules:
    """Read a rule file."""
    file = folder / "zone.toml"
    file.write_text(text)
    return rules.read(file)


def signed_zone(folder: Path, text: str, role: Role = Role.OFFICER) -> tuple[Path, Path]:
    """Return a signed rule file and its officer's public key."""
    secret, public = keys.make(role, folder)
    file = folder / "zone.toml"
    file.write_text(text)
    rules.sign(file, secret)
    return file, public


def vehicle(
    kind: str, emission: str = "6", year: int | None = 2016, drive: str = "diesel", **traits: bool
) -> VehicleClass:
    """Return a vehicle of a vehicle type, with the category that goes with it."""
    categories = {"van": "N1", "truck": "N2", "tractor_unit": "N3", "bus": "M3", "passenger_car": "M1"}
    return VehicleClass(
        VehicleType(kind), Drive(drive), EmissionClass(emission), Category(categories.get(kind, "unknown")), year,
        traits.get("special", False), traits.get("wheelchair", False), traits.get("diesel", drive == "diesel"),
    )  # fmt: skip
