"""What may be counted of a vehicle: from register, rules and lists to attributes."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.categories import (
    ELSEWHERE,
    UNKNOWN_ATTRIBUTES,
    Admitted,
    Attributes,
    Drive,
    EmissionClass,
    Exemption,
    PlateKind,
    RegisterAge,
    Trade,
    VehicleType,
)
from edge.errors import ConfigError
from edge.policy_fields import What
from edge.registry import enrich
from edge.registry.age import register_age
from edge.registry.enrich import Enricher, Sources, enricher
from edge.registry.vehicle import Category, VehicleClass
from edge.registry.zone import rules
from edge.release_rules import Enrichment, Measure
from hil.demo.site import ROOT

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)
PLATE, OTHER, STRANGE = b"V12BDF", b"V34BDF", b"V78BDF"
ZONE = rules.read(ROOT / "docs" / "examples" / "zone-rules-zero-emission.toml")

VAN = VehicleClass(
    VehicleType.VAN, Drive.DIESEL, EmissionClass.E4, Category.N1, 2010, special=False, wheelchair=False, diesel=True
)
CLEAN = msgspec.structs.replace(VAN, drive=Drive.ELECTRIC, emission_class=EmissionClass.Z, diesel=False)
CAR = msgspec.structs.replace(VAN, vehicle_type=VehicleType.PASSENGER_CAR, category=Category.M1)


class Exempt:
    """A list of exemptions with two plates; counts how often it is asked."""

    def __init__(self, exemption: Exemption = Exemption.DAY) -> None:
        self.exemption, self.asked = exemption, 0

    def __call__(self, plate: bytes | bytearray, day: date) -> Exemption:
        """Return the exemption."""
        self.asked += 1
        return self.exemption if plate in (PLATE, STRANGE) and day == DAY else Exemption.NONE


def _origin(plate: bytes | bytearray) -> int:
    """A list of origins with two plates."""
    return 344 if plate in (PLATE, STRANGE) else ELSEWHERE


def _trade(plate: bytes | bytearray) -> Trade:
    """A list of trades with two plates."""
    return Trade.TRANSPORT if plate in (PLATE, STRANGE) else Trade.UNKNOWN


def _lookup(vehicle: VehicleClass) -> enrich.Lookup:
    """Return a register of one vehicle."""
    return lambda plate: vehicle if plate == PLATE else None


def _everything(vehicle: VehicleClass = VAN, exemption: Exemption = Exemption.DAY) -> Enricher:
    return Enricher(lookup=_lookup(vehicle), rules=ZONE, exemptions=Exempt(exemption), origins=_origin, trades=_trade)


def test_a_dutch_vehicle_is_looked_up_everywhere() -> None:
    """Its public attributes, its admission, and what the lists say of it."""
    assert _everything().attributes(bytearray(PLATE), PlateKind.NL, DAY) == Attributes(
        VehicleType.VAN, Drive.DIESEL, EmissionClass.E4, Admitted.EXEMPT, Exemption.DAY, 344, Trade.TRANSPORT
    )


def test_of_a_foreign_plate_only_an_exemption_is_known() -> None:
    """The register and the lists of holders are Dutch, though one may hold the same six characters."""
    seen = _everything().attributes(STRANGE, PlateKind.FOREIGN, DAY)
    assert seen == msgspec.structs.replace(UNKNOWN_ATTRIBUTES, exemption=Exemption.DAY)
    seen = Enricher(lookup=_lookup(VAN), rules=ZONE).attributes(PLATE, PlateKind.FOREIGN, DAY)
    assert seen == UNKNOWN_ATTRIBUTES


def test_of_an_unreadable_plate_nothing_is_known() -> None:
    """Nobody is asked."""
    lists = Exempt()
    seen = Enricher(lookup=_lookup(VAN), exemptions=lists).attributes(bytearray(6), PlateKind.UNREADABLE, DAY)
    assert (seen, lists.asked) == (UNKNOWN_ATTRIBUTES, 0)


def test_a_vehicle_that_the_register_does_not_know_is_unknown() -> None:
    """Its class and admission; the lists are asked all the same."""
    seen = _everything().attributes(OTHER, PlateKind.NL, DAY)
    assert seen == msgspec.structs.replace(UNKNOWN_ATTRIBUTES, exemption=Exemption.NONE)


@pytest.mark.parametrize(
    ("vehicle", "exemption", "admitted"),
    [
        (VAN, Exemption.NONE, Admitted.NO),
        (VAN, Exemption.UNKNOWN, Admitted.NO),
        (VAN, Exemption.DAY, Admitted.EXEMPT),
        (VAN, Exemption.LONG_TERM, Admitted.EXEMPT),
        (CLEAN, Exemption.DAY, Admitted.YES),
        (CAR, Exemption.DAY, Admitted.NOT_APPLICABLE),
    ],
)
def test_an_exemption_helps_whom_the_rules_keep_out(
    vehicle: VehicleClass, exemption: Exemption, admitted: Admitted
) -> None:
    """Nobody else becomes exempt by it."""
    assert _everything(vehicle, exemption).attributes(PLATE, PlateKind.NL, DAY).admitted is admitted


def test_an_exemption_holds_on_its_days_only() -> None:
    """The day after, the rules say no again."""
    everything = _everything()
    seen = [everything.attributes(PLATE, PlateKind.NL, day).admitted for day in (DAY, NEXT, DAY)]
    assert seen == [Admitted.EXEMPT, Admitted.NO, Admitted.EXEMPT]


def test_without_rules_nobodys_admission_is_known() -> None:
    """Whatever the register and the lists say."""
    seen = Enricher(lookup=_lookup(VAN), exemptions=Exempt()).attributes(PLATE, PlateKind.NL, DAY)
    assert (seen.vehicle_type, seen.admitted) == (VehicleType.VAN, Admitted.UNKNOWN)


def test_a_class_is_worked_out_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vehicles of one class share the answer until the day changes; then it is worked out anew."""
    asked = list[tuple[VehicleClass, date]]()

    def answer(vehicle: VehicleClass, _: rules.ZoneRules, day: date) -> Admitted:
        asked.append((vehicle, day))
        return Admitted.YES if day == DAY else Admitted.NO

    monkeypatch.setattr(enrich, "admitted", answer)
    one = Enricher(lookup=lambda plate: CAR if plate == OTHER else VAN, rules=ZONE)
    seen = [
        one.attributes(plate, PlateKind.NL, day).admitted
        for day in (DAY, DAY, NEXT, NEXT)
        for plate in (PLATE, b"V56BDF", OTHER)
    ]
    assert seen == [Admitted.YES] * 6 + [Admitted.NO] * 6
    assert asked == [(VAN, DAY), (CAR, DAY), (VAN, NEXT), (CAR, NEXT)]


def _what(*named: Enrichment, zone_rules: str = "") -> What:
    return What(named, zone_rules, Measure.PASSAGES, 10)


def _refused(*_: object) -> Any:
    pytest.fail("something is opened that the policy does not name")


@given(st.sets(st.sampled_from(Enrichment)), st.sampled_from(PlateKind))
def test_what_the_policy_does_not_name_is_not_opened(named: set[Enrichment], kind: PlateKind) -> None:
    """For every choice: what is named is looked up, what is not stays shut and unknown."""
    one = enricher(
        _what(*named),
        Sources(
            register=(lambda: _lookup(VAN)) if Enrichment.RDW in named else _refused,
            rules=_refused,
            exemptions=Exempt if Enrichment.EXEMPTIONS in named else _refused,
            origins=(lambda: _origin) if Enrichment.ORIGIN in named else _refused,
            trades=(lambda: _trade) if Enrichment.TRADE in named else _refused,
        ),
    )
    seen = one.attributes(PLATE, kind, DAY)
    dutch, readable = kind is PlateKind.NL, kind is not PlateKind.UNREADABLE
    assert (seen.vehicle_type is not VehicleType.UNKNOWN) == (dutch and Enrichment.RDW in named)
    assert (seen.exemption is not Exemption.UNKNOWN) == (readable and Enrichment.EXEMPTIONS in named)
    assert (seen.origin != ELSEWHERE) == (dutch and Enrichment.ORIGIN in named)
    assert (seen.trade is not Trade.UNKNOWN) == (dutch and Enrichment.TRADE in named)
    assert seen.admitted is Admitted.UNKNOWN


def test_the_rules_are_those_that_the_policy_names() -> None:
    """By their digest."""
    asked = list[str]()

    def opener(digest: str) -> rules.ZoneRules:
        asked.append(digest)
        return ZONE

    what = _what(Enrichment.RDW, zone_rules=ZONE.digest)
    one = enricher(what, Sources(register=lambda: _lookup(VAN), rules=opener))
    assert one.attributes(PLATE, PlateKind.NL, DAY).admitted is Admitted.NO
    assert asked == [ZONE.digest]


@pytest.mark.parametrize("name", Enrichment)
def test_a_camera_without_what_the_policy_names_does_not_start(name: Enrichment) -> None:
    """Counting "unknown" instead would pass for an answer."""
    with pytest.raises(ConfigError, match=rf"\[what\] enrichment names {name}, but \[registry\] {name} names no file"):
        enricher(_what(name), Sources())


def test_a_camera_without_the_rule_file_does_not_start() -> None:
    """Nor does one without the rules."""
    what = _what(Enrichment.RDW, zone_rules=ZONE.digest)
    with pytest.raises(
        ConfigError, match=r"\[what\] zone_rules names a rule file, but \[registry\] zone_rules names none"
    ):
        enricher(what, Sources(register=lambda: _lookup(VAN)))


@pytest.mark.parametrize(
    ("source_day", "bucket"),
    [
        (None, RegisterAge.UNKNOWN),
        (date(2026, 11, 24), RegisterAge.BELOW_8_DAYS),
        (date(2026, 11, 16), RegisterAge.BELOW_8_DAYS),
        (date(2026, 11, 15), RegisterAge.BELOW_32_DAYS),
        (date(2026, 10, 23), RegisterAge.BELOW_32_DAYS),
        (date(2026, 10, 22), RegisterAge.BELOW_92_DAYS),
        (date(2026, 8, 24), RegisterAge.BELOW_92_DAYS),
        (date(2026, 8, 23), RegisterAge.OLDER),
    ],
)
def test_the_age_of_the_register_is_told_in_buckets(source_day: date | None, bucket: RegisterAge) -> None:
    """A register of tomorrow is new: its source may be in another time zone."""
    assert register_age(source_day, DAY) is bucket
