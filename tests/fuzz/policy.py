"""python -m tests.fuzz.policy [-runs=N] [CORPUS]: the policy and its checks, fed with bent policies and any bytes.

Most inputs are read as choices: sections and options of a short policy are taken out, doubled or given values that
stand elsewhere, and ladders are put together at random, so that many come near what is allowed and a tenth is. Reading
TOML was most of the work: these are short, and read by tomli, which is tomllib compiled; any bytes are read by tomllib.
(Compiled, it never frees some of what it refuses: ten million inputs take 1.4 GB, of the 2 GB that libFuzzer allows.)
"""

import hashlib
import re
import sys
import tomllib
from itertools import pairwise
from math import isclose
from pathlib import Path

import atheris  # type: ignore[import-untyped, unused-ignore, import-not-found]  # Installed by `make fuzz` alone.
import tomli  # type: ignore[import-not-found, unused-ignore]  # The same for the two.

from edge import settings  # Not instrumented: it takes each option in the same way, and that slowly.

with atheris.instrument_imports(include=["edge"]):
    from edge import policy, policy_check, policy_prose
    from edge.categories import MOST_TABLES, VehicleType
    from edge.errors import ConfigError
    from edge.policy_fields import PolicyFile
    from edge.policy_scenario import Scenario, scenario_of
    from edge.policy_text import Language
    from edge.release_rules import Dimension, Enrichment, Measure, Period, Release, Rung, Table

FILE = Path("policy.toml")
DIGEST = f'"sha256:{"0" * 64}"'
BASE = {
    "policy": {"id": '"a"', "serial": "1", "bench": "false"},
    "who": {"controller": '"C"', "contact": '"C"', "data_protection_officer": '"D"', "information_url": '"http://a"'},
    "why": {
        "purpose": '"P"',
        "legal_basis": '"L"',
        "necessity": '"N"',
        "traffic_decision": '"T"',
        "dpia": '"D"',
        "link_decision": '""',
    },
    "where": {"zone": '"a"', "cameras": '["a"]', "valid_from": "2026-01-01", "valid_until": "2026-12-31"},
    "what": {
        "enrichment": '["rdw"]',
        "zone_rules": '""',
        "measure": '"passages"',
        "repeat_gap_minutes": "10",
    },
    "release": {"k": "10", "minimum_window_minutes": "15"},
    "retention": {"outbox_days": "1", "message_days": "9"},
    "set_up": {"minutes": "0"},
}
EVERYTHING = {
    ("what", "enrichment"): '["rdw", "exemptions", "origin", "trade"]',
    ("what", "zone_rules"): DIGEST,
    ("why", "link_decision"): '"B"',
}
OPTIONS = [(section, option) for section, options in BASE.items() for option in options]
OPTIONS += [("release", name) for name in ("perturbation", "dp", "dp", "tables", "raw")] + [("else", "a")]
VALUES = [
    *sorted({value for options in BASE.values() for value in options.values()}),
    *(f'"{name}"' for names in (Enrichment, Measure, Period, Dimension) for name in names),
    *(f'["{first}", "{second}"]' for first in Enrichment for second in Enrichment),
    *("true", "0", "9", "-1", "1000", "1001", "10.0", "1e400", "nan", "1" * 5_000, "0x0a", "[]", "{}", "[[]]"),
    *("{a = 1}", "[1]", '" "', '"\\u0007"', '"\\u009b"', '"\\u202e"', '"a\\nb"', f'"{"x" * 1001}"', DIGEST, "''"),
    *('"""a\nb"""', "1\nk = 1", '{name = "t0", weight = 1.0, rungs = [{period = "hour", dimensions = ["direction"]}]}'),
    *('"a\\n"', '"a\\u00a0b"', '"a\\u2028b"', '["a\\n"]', '"http://a\\n"'),
    *("{budget = 1.0}", "{budget = 0.1, starts = 10}", "{budget = nan}", "{budget = 1e-9}", '"unique_vehicles"'),
    *("2025-12-31", "2026-12-31T00:00:00", "12:00:00", "9999-12-31", "0001-01-01", "2026-02-30"),
]  # fmt: skip
DIMENSIONS = [*map(str, Dimension), "brand"]
TYPES = [*map(str, VehicleType), "boat"]
PERIODS = ["hour", "hour", "day", "day", "week"]
WEIGHTS = [
    *(["1.0"], ["1"], ["0.5", "0.5"], ["0.25", "0.5", "0.25"], ["0.125"] * 8),
    *(["0.1"] * 10, ["1.0", "0.0"], ["2.0", "-1.0"], ["nan"], ["inf"], ["0.5"], []),
]
SOURCES = {
    Enrichment.RDW: {Dimension.VEHICLE_TYPE, Dimension.DRIVE, Dimension.EMISSION_CLASS, Dimension.ADMITTED},
    Enrichment.EXEMPTIONS: {Dimension.EXEMPTION},
    Enrichment.ORIGIN: {Dimension.ORIGIN},
    Enrichment.TRADE: {Dimension.TRADE},
}


# What moves a terminal's cursor, ends a line or turns the direction of writing.
MISLEADING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def one_input(data: bytes) -> None:
    """Parse and check; a refusal is of printable lines, and what is accepted keeps every rule."""
    source = atheris.FuzzedDataProvider(data)
    thoroughly, language = source.ConsumeIntInRange(0, 7) == 7, source.PickValueInList(list(Language))
    content = _content(source)
    try:
        accepted = policy._check(FILE, content)
    except ConfigError as error:
        _check_refusal(str(error), content if thoroughly else None)
        return
    _must_hold(accepted.file)
    if thoroughly:
        assert accepted.sha256 == hashlib.sha256(content).hexdigest()
        assert not MISLEADING.search(policy_prose.tell(accepted, language))


def _check_refusal(told: str, content: bytes | None) -> None:
    """Fail where it does not fit in a line; with ``content`` also where it is not the first of all faults."""
    everything = [told] if content is None else _all_faults(content)
    assert everything[0] == told
    assert all(map(str.isprintable, everything))


def _all_faults(content: bytes) -> list[str]:
    try:
        return [str(fault) for fault in policy_check.faults(FILE, content)]
    except ConfigError as error:
        return [str(error)]


def _must_hold(file: PolicyFile) -> None:
    """Fail where an accepted policy allows what none may."""
    what, release = file.what, file.release
    assert release.k >= 10 or file.policy.bench
    assert release.minimum_window_minutes >= 15 or file.policy.bench
    assert file.where.valid_from <= file.where.valid_until
    assert file.where.cameras
    assert file.retention.outbox_days <= file.retention.message_days
    assert file.set_up.minutes <= 120
    assert (scenario_of(what.enrichment) is Scenario.ALLOWED) is (not what.enrichment)
    assert file.why.dpia.strip() or not what.enrichment
    links = {Enrichment.ORIGIN, Enrichment.TRADE} & set(what.enrichment)
    assert bool(file.why.link_decision.strip()) is bool(links)
    assert release.dp is None or (what.measure is Measure.UNIQUE_VEHICLES and not release.perturbation)
    assert all(release.threshold(table) >= release.k for table in release.tables)
    _tables_must_hold(release, what.measure)
    known = {Dimension.DIRECTION, Dimension.PLATE}.union(*(SOURCES[one] for one in what.enrichment))
    known -= set() if what.zone_rules else {Dimension.ADMITTED}
    assert all(known.issuperset(rung.dimensions) for table in release.tables for rung in table.rungs)


def _tables_must_hold(release: Release, measure: Measure) -> None:
    assert 1 <= len(release.tables) <= MOST_TABLES
    assert len({table.name for table in release.tables}) == len(release.tables)
    assert isclose(sum(table.weight for table in release.tables), 1.0, abs_tol=1e-6)
    for table in release.tables:
        assert measure is Measure.PASSAGES or len({rung.period for rung in table.rungs}) == 1
        for vehicle_type in VehicleType:
            _ladder_must_hold(table, vehicle_type)


def _ladder_must_hold(table: Table, vehicle_type: VehicleType) -> None:
    """Hours come before days, and what a rung tells is part of what the one before it of the same length tells."""
    rungs = [rung for rung in table.rungs if vehicle_type in rung.vehicle_types]
    periods = [rung.period for rung in rungs]
    assert periods == sorted(periods, key=list(Period).index)
    for period in Period:
        told = [_told(rung, vehicle_type) for rung in rungs if rung.period is period]
        assert all(later <= earlier for earlier, later in pairwise(told))
        assert all(Dimension.DIRECTION in one for one in told)


def _told(rung: Rung, vehicle_type: VehicleType) -> set[Dimension]:
    """Leave out what is the same for all vehicles of unknown type."""
    nothing = SOURCES[Enrichment.RDW] - {Dimension.VEHICLE_TYPE}
    return set(rung.dimensions) - (nothing if vehicle_type is VehicleType.UNKNOWN else set())


def _content(source: atheris.FuzzedDataProvider) -> bytes:
    """Make any bytes, or a policy with ladders of its own and some options spoilt or replaced."""
    any_bytes = source.ConsumeIntInRange(0, 15) == 1
    settings.__dict__["tomllib"] = tomllib if any_bytes else tomli
    if any_bytes:
        return bytes(source.ConsumeBytes(source.remaining_bytes()))
    sections = {section: dict(options) for section, options in BASE.items()}
    for (section, option), value in EVERYTHING.items() if source.ConsumeBool() else ():
        sections[section][option] = value
    tables = [_table(source, at, weight) for at, weight in enumerate(source.PickValueInList(WEIGHTS))]
    for _ in range(source.ConsumeIntInRange(0, 4)):
        section, option = source.PickValueInList(OPTIONS)
        _change(source, sections.setdefault(section, {}), option)
    text = "".join(f"[{section}]\n{_lines(options)}" for section, options in sections.items() if options)
    return (text + "".join(tables)).encode()


def _change(source: atheris.FuzzedDataProvider, options: dict[str, str], option: str) -> None:
    """Take an option out, or give it a value that stands elsewhere, or any text."""
    how = source.ConsumeIntInRange(0, 7)
    if how == 0:
        options.pop(option, None)
    elif how == 1:
        options[option] = source.ConsumeUnicodeNoSurrogates(source.ConsumeIntInRange(0, 24))
    else:
        options[option] = source.PickValueInList(VALUES)


def _table(source: atheris.FuzzedDataProvider, at: int, weight: str) -> str:
    rungs = ", ".join(_rung(source) for _ in range(source.ConsumeIntInRange(0, 4)))
    name = source.PickValueInList([f"t{at}", f"t{at}", f"t{at}", "t0"])
    return f'[[release.tables]]\nname = "{name}"\nweight = {weight}\nrungs = [{rungs}]\n'


def _rung(source: atheris.FuzzedDataProvider) -> str:
    """Mostly with a direction, and for all vehicles or some."""
    dimensions = _some(source, DIMENSIONS, 3)
    if source.ConsumeIntInRange(0, 15):
        dimensions = ["direction", *dimensions]
    types = _some(source, TYPES, 2)
    named = f", vehicle_types = {_list(types)}" if types else ""
    return f'{{period = "{source.PickValueInList(PERIODS)}", dimensions = {_list(dimensions)}{named}}}'


def _some(source: atheris.FuzzedDataProvider, names: list[str], most: int) -> list[str]:
    return [source.PickValueInList(names) for _ in range(source.ConsumeIntInRange(0, most))]


def _list(names: list[str]) -> str:
    quoted = (f'"{name}"' for name in names)
    return f"[{', '.join(quoted)}]"


def _lines(options: dict[str, str]) -> str:
    return "".join(f"{option} = {value}\n" for option, value in options.items())


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=10"], one_input)
    atheris.Fuzz()
