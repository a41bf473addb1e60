"""The codes of a policy in words, for whoever reads it and never wrote one."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from edge.categories import VehicleType
from edge.policy_text import Words
from edge.release_rules import Dimension, Enrichment

Code = TypeVar("Code")

LOOKED_UP_IN = {
    Enrichment.RDW: Words("the public vehicle register (RDW)", "het openbare kentekenregister (RDW)"),
    Enrichment.EXEMPTIONS: Words("the list of exemptions", "de lijst van ontheffingen"),
    Enrichment.ORIGIN: Words("the list of holders' municipalities", "de lijst van gemeenten van houders"),
    Enrichment.TRADE: Words("the list of holders' trades", "de lijst van bedrijfssectoren van houders"),
}
VEHICLES = {
    VehicleType.PASSENGER_CAR: Words("passenger cars", "personenauto's"),
    VehicleType.VAN: Words("vans", "bestelauto's"),
    VehicleType.TRUCK: Words("trucks", "vrachtauto's"),
    VehicleType.TRACTOR_UNIT: Words("tractor units", "trekkers"),
    VehicleType.BUS: Words("buses", "bussen"),
    VehicleType.TWO_WHEELER: Words("two-wheelers", "tweewielers"),
    VehicleType.OTHER: Words("other vehicles", "andere voertuigen"),
    VehicleType.UNKNOWN: Words("vehicles of unknown type", "voertuigen van onbekend type"),
}
DIMENSIONS = {
    Dimension.DIRECTION: Words("direction", "richting"),
    Dimension.PLATE: Words("kind of plate", "kentekensoort"),
    Dimension.VEHICLE_TYPE: Words("vehicle type", "voertuigtype"),
    Dimension.DRIVE: Words("drive", "aandrijving"),
    Dimension.EMISSION_CLASS: Words("emission class", "emissieklasse"),
    Dimension.ADMITTED: Words("admission to the zone", "toelating tot de zone"),
    Dimension.EXEMPTION: Words("exemption", "ontheffing"),
    Dimension.ORIGIN: Words("municipality of the holder", "gemeente van de houder"),
    Dimension.TRADE: Words("trade of the holder", "bedrijfssector van de houder"),
}


def listed(codes: Sequence[Code], names: Mapping[Code, Words]) -> Words:
    """List what codes stand for, with "and" before the last."""
    return Words(_joined([names[one].en for one in codes], "and"), _joined([names[one].nl for one in codes], "en"))


def _joined(words: Sequence[str], link: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {link} {last}" if first else last
