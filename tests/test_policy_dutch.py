"""What a policy is refused for, in Dutch."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from edge.errors import ConfigError
from edge.policy_check import ended, faults
from edge.policy_dutch import rule, told
from edge.policy_fields import PolicyFile
from edge.policy_text import Language
from edge.settings import hints_of
from tests.policies import policy_text, rung, table

CODES = re.compile(r"[a-z_]+(, [a-z_]+)*")
D, DT, DTE = ("direction",), ("direction", "vehicle_type"), ("direction", "vehicle_type", "emission_class")
DTEA, DTA = (*DTE, "admitted"), (*DT, "admitted")


def _descriptions(hint: Any) -> Iterator[str]:
    """Yield what the options of a type, and of the tables in it, may be."""
    yield from (meta.description for meta in getattr(hint, "__metadata__", ()) if meta.description)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        for inner in hints_of(hint).values():
            yield from _descriptions(inner)
    for inner in get_args(hint):
        yield from _descriptions(inner)


DESCRIPTIONS = sorted(set(_descriptions(PolicyFile)))


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_what_each_field_may_be_is_said_in_dutch(description: str) -> None:
    """But for codes, which stand in the file."""
    assert len(DESCRIPTIONS) > 20
    assert rule(description, Language.EN) == description
    assert (rule(description, Language.NL) == description) == bool(CODES.fullmatch(description))


def _faults(file: Path, text: str) -> list[str]:
    file.write_text(text)
    try:
        found = [*faults(file, text.encode()), *ended(file, text.encode(), date(2026, 6, 1))]
    except ConfigError as fault:
        found = [fault]
    return [str(fault) for fault in found]


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('purpose = "Count', 'purpse = "Count', "[why] onbekende optie purpse; bedoelt u purpose?"),
        ("serial = 1", "", "[policy] serial ontbreekt; toegestaan: een geheel getal van 1 tot 9999, hoger dan elk"),
        ("k = 10", "k = 10\nzzz = 1", "[release] onbekende optie zzz; toegestaan: k, minimum_window_minutes"),
        ("[retention]", "[zzz]\n[retention]", "onbekende sectie [zzz]; toegestaan: policy, who"),
        ("valid_until = 2026-12-31", "valid_until = 2026-05-31", "; toegestaan: 2026-06-01 (vandaag) of later: een"),
        ("valid_until = 2026-12-31", "valid_until = 2025-12-31", "; toegestaan: 2026-01-01 (valid_from) of later"),
        ("2026-12-31", "31-12-2026", ": is geen TOML: regel 27: valid_until = 31-12-2026; een datum wordt geschreven"),
        ("2026-12-31", "year", ": regel 27: valid_until is geen getal, datum, true of false; een tekst staat tussen"),
        ("2026-12-31", '"', ": is geen TOML: Illegal character"),
        ("k = 10", "k = 9", "; toegestaan: 10 of meer (minder alleen in een testpolicy)"),
        ("days = 365", "days = 29", "; toegestaan: 29 (message_days) of minder"),
        ('["rdw"]', "[]", "; toegestaan: vehicle_type alleen bij verrijking rdw"),
        ('["rdw"]', '["rdw", "rdw"]', "; toegestaan: elke naam eenmaal"),
        ('["rdw"]', '["rdw", "origin"]', "; toegestaan: het besluit dat de koppeling nodig is"),
        ('link_decision = ""', 'link_decision = "x"', '; toegestaan: "" zonder verrijking origin of trade'),
        ('zone_rules = ""', f'zone_rules = "sha256:{"0" * 64}"', '; toegestaan: "" zonder verrijking rdw'),
        ('"drive"]', '"admitted"]', "de digest die `anpr-edge rules verify` toont (docs/zone-rules.md), bij admitted"),
        ('"drive"]', '"drive", "drive"]', "; toegestaan: elke dimensie eenmaal"),
    ],
)
def test_a_fault_is_told_in_dutch(tmp_path: Path, old: str, new: str, part: str) -> None:
    """Names, values and codes as they stand in the file, and the rest in words of the reader."""
    text = policy_text()
    if "zonder verrijking rdw" in part:
        text = text.replace('["rdw"]', "[]")
    assert old in text
    found = _faults(tmp_path / "policy.toml", text.replace(old, new, 1))
    assert any(part in told(fault, Language.NL) for fault in found), [told(fault, Language.NL) for fault in found]
    assert [told(fault, Language.EN) for fault in found] == found


TWO = [table(rung(*D), name=name, weight=0.5) for name in "ab"]


@pytest.mark.parametrize(
    "changes",
    [
        {"tables": [table(rung("vehicle_type"))]},
        {"tables": [table(rung(*DT, "drive"), rung(*DTE))]},
        {"tables": [table(rung(*DT, "drive"), rung(*DTE, period="day"))]},
        {"tables": [table(rung(*DT, period="day"), rung(*DTE))]},
        {"tables": [table(rung(*DTEA), rung(*DTA))]},
        {"tables": [table(rung(*DT), rung(*DTE, period="day"), rung(*D, period="day"))]},
        {"tables": [table()]},
        {"tables": [TWO[0]]},
        {"tables": TWO[:1] * 2},
        {"tables": [table(rung(*D), name=f"t{at}", weight=1 / 9) for at in range(9)]},
        {"measure": "unique_vehicles"},
        {"dp": "budget = 1.0", "perturbation": 3},
        {"dp": "budget = 1.0", "tables": TWO},
        {"dp": "budget = 1.0", "bench": True},
    ],
    ids=str,
)
def test_what_contradicts_on_a_ladder_is_told_in_dutch(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Each rule of the release has its words."""
    found = _faults(tmp_path / "policy.toml", policy_text(**changes))
    assert found
    for fault in found:
        dutch = told(fault, Language.NL)
        assert "; toegestaan: " in dutch
        assert dutch.partition("; toegestaan: ")[2] != fault.partition("; allowed: ")[2]


def test_a_value_is_never_taken_for_words(tmp_path: Path) -> None:
    """What the file says stays as it is, whatever it says."""
    said = "policy.toml: is not TOML: x is missing; allowed: true or false"
    (found,) = _faults(tmp_path / "policy.toml", policy_text().replace("serial = 1", f'serial = "{said}"'))
    assert f'serial = "{said}"; toegestaan: een geheel getal' in told(found, Language.NL)
