"""From a plate to what may be counted of its vehicle: the one place where register, zone rules and lists meet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import msgspec

from edge.categories import (
    ELSEWHERE,
    UNKNOWN_ATTRIBUTES,
    Admitted,
    Attributes,
    Exemption,
    PlateKind,
    Trade,
)
from edge.errors import ConfigError
from edge.policy_fields import What
from edge.registry.vehicle import VehicleClass
from edge.registry.zone.admission import admitted
from edge.registry.zone.rules import ZoneRules
from edge.release_rules import Enrichment

T = TypeVar("T")

Plate = bytes | bytearray
Lookup = Callable[[Plate], VehicleClass | None]
# What lists say of a plate: its exemption on a day (local), its municipality's number, its holder's trade.
ExemptionOn = Callable[[Plate, date], Exemption]
OriginOf = Callable[[Plate], int]
TradeOf = Callable[[Plate], Trade]
EXEMPT = (Exemption.DAY, Exemption.LONG_TERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """How a camera opens what it has; None for what it does not have. What the policy does not name stays closed."""

    register: Callable[[], Lookup] | None = None
    rules: Callable[[str], ZoneRules] | None = None
    """Opens the rule file with this digest, ``sha256:`` and 64 hexadecimal digits."""
    exemptions: Callable[[], ExemptionOn] | None = None
    origins: Callable[[], OriginOf] | None = None
    trades: Callable[[], TradeOf] | None = None


def enricher(what: What, sources: Sources) -> "Enricher":
    """Open what a policy names, and nothing else.

    Raises:
        ConfigError: the camera does not have something that is named, or it can't be opened.
    """
    return Enricher(
        lookup=_opened(what, Enrichment.RDW, sources.register),
        rules=_rules(what, sources),
        exemptions=_opened(what, Enrichment.EXEMPTIONS, sources.exemptions),
        origins=_opened(what, Enrichment.ORIGIN, sources.origins),
        trades=_opened(what, Enrichment.TRADE, sources.trades),
    )


class Enricher:
    """Looks one vehicle up in whatever is given; what is not given stays unknown."""

    def __init__(
        self,
        *,
        lookup: Lookup | None = None,
        rules: ZoneRules | None = None,
        exemptions: ExemptionOn | None = None,
        origins: OriginOf | None = None,
        trades: TradeOf | None = None,
    ) -> None:
        self._lookup, self._rules = lookup, rules
        self._exemptions, self._origins, self._trades = exemptions, origins, trades
        self._day: date | None = None
        self._admitted: dict[VehicleClass, Admitted] = {}

    def attributes(self, plate: Plate, kind: PlateKind, day: date) -> Attributes:
        """Return what may be counted of the vehicle with this plate, ASCII capitals and digits, on ``day`` (local).

        Of a foreign plate only an exemption can be known. The plate is not kept.

        Raises:
            AnprError: register or list are damaged.
        """
        if kind is PlateKind.UNREADABLE:
            return UNKNOWN_ATTRIBUTES
        exemption = Exemption.UNKNOWN if self._exemptions is None else self._exemptions(plate, day)
        if kind is PlateKind.FOREIGN:
            return msgspec.structs.replace(UNKNOWN_ATTRIBUTES, exemption=exemption)
        vehicle = None if self._lookup is None else self._lookup(plate)
        return msgspec.structs.replace(
            _public(vehicle),
            admitted=self._admission(vehicle, exemption, day),
            exemption=exemption,
            origin=ELSEWHERE if self._origins is None else self._origins(plate),
            trade=Trade.UNKNOWN if self._trades is None else self._trades(plate),
        )

    def _admission(self, vehicle: VehicleClass | None, exemption: Exemption, day: date) -> Admitted:
        """Apply the rules; an exemption helps only whom they keep out."""
        if vehicle is None or self._rules is None:
            return Admitted.UNKNOWN
        found = self._by_rules(vehicle, self._rules, day)
        return Admitted.EXEMPT if found is Admitted.NO and exemption in EXEMPT else found

    def _by_rules(self, vehicle: VehicleClass, rules: ZoneRules, day: date) -> Admitted:
        """Work each class out once a day: they are few, and the rules are many."""
        if day != self._day:
            self._day = day
            self._admitted.clear()
        if vehicle not in self._admitted:
            self._admitted[vehicle] = admitted(vehicle, rules, day)
        return self._admitted[vehicle]


def _public(vehicle: VehicleClass | None) -> Attributes:
    """Leave out what never leaves the register."""
    if vehicle is None:
        return UNKNOWN_ATTRIBUTES
    return Attributes(vehicle.vehicle_type, vehicle.drive, vehicle.emission_class)


def _opened(what: What, name: Enrichment, opener: Callable[[], T] | None) -> T | None:
    if name not in what.enrichment:
        return None
    if opener is None:
        raise ConfigError(f"the policy's [what] enrichment names {name}, but [registry] {name} names no file")
    return opener()


def _rules(what: What, sources: Sources) -> ZoneRules | None:
    if not what.zone_rules:
        return None
    if sources.rules is None:
        raise ConfigError("the policy's [what] zone_rules names a rule file, but [registry] zone_rules names none")
    return sources.rules(what.zone_rules)
