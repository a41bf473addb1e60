"""Zone rule files: their form, signature, digest, and the commands that show them."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge import keys, signed
from edge.cli import commands
from edge.errors import ConfigError
from edge.keys import Role
from edge.registry.zone import rules
from tests.policies import policy_text
from tests.registry.zone.zones import LOW, LOW_2020, ZERO, signed_zone, zone

HEAD = ZERO.split("\n[[admitted]]", maxsplit=1)[0]
ROWS = """
[[admitted]]
text = "Everybody"
source = "Nobody"
"""
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "zone-rules.md"


def test_a_signed_file_is_loaded_by_its_digest(tmp_path: Path) -> None:
    """What the officer signed and the policy names is accepted, and knows its digest and dates."""
    file, public = signed_zone(tmp_path, ZERO)
    digest = rules.verify(file, public).digest
    loaded = rules.load(file, public, digest)
    assert loaded.digest == digest
    assert len(loaded.sha256) == 64
    assert [loaded.holds(day) for day in (date(2023, 12, 31), date(2024, 1, 1))] == [False, True]
    assert [loaded.holds(day) for day in (date(2030, 12, 31), date(2031, 1, 1))] == [True, False]


def test_a_file_that_the_policy_does_not_name_is_refused(tmp_path: Path) -> None:
    """Both digests are told."""
    file, public = signed_zone(tmp_path, ZERO)
    digest = rules.verify(file, public).digest
    with pytest.raises(
        ConfigError, match=rf"zone\.toml: is {digest}, but the policy's \[what\] zone_rules names sha256:00"
    ):
        rules.load(file, public, f"sha256:{'0' * 64}")


def test_a_changed_byte_breaks_the_signature(tmp_path: Path) -> None:
    """Also that of a comment."""
    file, public = signed_zone(tmp_path, ZERO)
    file.write_text(ZERO + "# harmless\n")
    with pytest.raises(ConfigError, match=r"zone\.toml\.sig: is not the signature of .*officer\.pub over"):
        rules.verify(file, public)


def test_a_bench_signs_its_own_rules(tmp_path: Path) -> None:
    """A street's camera, which holds the officer's key, refuses them."""
    file, public = signed_zone(tmp_path, ZERO, Role.BENCH)
    _, officer = keys.make(Role.OFFICER, tmp_path)
    assert rules.verify(file, public).rows
    with pytest.raises(ConfigError, match="is not the signature of"):
        rules.verify(file, officer)


def test_a_policys_signature_serves_for_no_rule_file(tmp_path: Path) -> None:
    """The officer's key signs for a purpose."""
    secret, public = keys.make(Role.OFFICER, tmp_path)
    file = tmp_path / "zone.toml"
    file.write_text(ZERO)
    signed.sign(file, ZERO.encode(), *keys.read_secret(secret, Role.OFFICER), "policy")
    with pytest.raises(ConfigError, match="is not the signature of"):
        rules.verify(file, public)


def test_missing_files_are_named(tmp_path: Path) -> None:
    """The rule file, its signature, the officer's key."""
    file, public = signed_zone(tmp_path, ZERO)
    with pytest.raises(ConfigError, match=r"none\.pub: can't be read"):
        rules.verify(file, tmp_path / "none.pub")
    signed.signature_file(file).unlink()
    with pytest.raises(ConfigError, match=r"zone\.toml\.sig: can't be read: .*needs its officer's signature"):
        rules.verify(file, public)
    file.unlink()
    with pytest.raises(ConfigError, match=r"zone\.toml: can't be read: No such file"):
        rules.load(file, public, "sha256:")


def test_a_wrong_file_is_not_signed(tmp_path: Path) -> None:
    """Signing checks as reading does."""
    with pytest.raises(ConfigError, match="valid_until"):
        signed_zone(tmp_path, ZERO.replace("2030-12-31", "2020-12-31"))
    assert not (tmp_path / "zone.toml.sig").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n[scope]", "\n[scop]", r"unknown section \[scop\]; did you mean scope\?"),
        ("[zone]", "[ZONE]\n[zone]", r"unknown section \[ZONE\]; allowed: zone, scope, admitted"),
        ("[zone]", "[[zone]]", "zone is no table of options"),
        ('title = "Z', 'titel = "Z', r"\[zone\] unknown option titel; did you mean title\?"),
        ('title = "Zero-emission zone"', "", r"\[zone\] title is missing; allowed: a text that is not empty"),
        ('"nl-zero', '"NL zero', r'\[zone\] id = "NL zero-emission-2025"; allowed: lower-case letters'),
        ("= 2030-12-31", "= 2023-12-31", r"\[zone\] valid_until = 2023-12-31; allowed: 2024-01-01 \(valid_from\) or"),
        ("= 2030-12-31", '= "soon"', r'\[zone\] valid_until = "soon"; allowed: a date such as 2026-12-31$'),
        (
            '"van", "truck"',
            '"lorry", "truck"',
            r"\[scope\] vehicle_types = .*lorry.*; allowed: a list of: passenger_car, van",
        ),
        (
            '"van", "truck"',
            '"unknown", "truck"',
            r'\[scope\] vehicle_types = "unknown"; allowed: passenger_car, .*, other$',
        ),
        ('["van", "truck", "tractor_unit"]', "[]", r"\[scope\] vehicle_types = \[\]; allowed: a list of"),
        (
            'source = "RVV 1990, art. 86c and 86e',
            'sources = "',
            r"\[scope\] unknown option sources; did you mean source\?",
        ),
        (
            'emission_at_least = "Z"',
            'emission_at_least = "7"',
            r'row 2\] emission_at_least = "7"; allowed: .*0, .*, Z$',
        ),
        ('emission_at_least = "Z"', "emission_at_least = 6", r"row 2\] emission_at_least = 6; allowed: in quotes: 0"),
        (
            'emission_at_least = "Z"',
            'emission_at_least = "unknown"',
            r'row 2\] emission_at_least = "unknown"; allowed: Z',
        ),
        (
            'emission_at_most = "5"',
            'emission_at_most = "4"',
            r'row 3\] emission_at_most = "4"; allowed: 5 \(emission_at_least\)',
        ),
        (
            'emission_at_most = "5"',
            'emission_at_mots = "5"',
            r"row 3\] unknown option emission_at_mots; did you mean emission_at_most",
        ),
        (
            "until = 2026-12-31",
            "from = 2027-01-01\nuntil = 2026-12-31",
            r"row 3\] until = 2026-12-31; allowed: 2027-01-01 \(from\)",
        ),
        ('text = "Vans of class 5"', "", r"\[admitted, row 3\] text is missing"),
        ('categories = ["N1"]', 'categories = ["N7"]', r"row 5\] categories .*N7.*; allowed: a list of: M1, .*N3"),
        (
            "before = 2020-01-01",
            "before = 2017-01-01",
            r"row 9\] first_admitted_before = 2017-01-01; allowed: a day after 2017-01-01",
        ),
        (
            "age_at_least = 40",
            "age_at_least = 40\nage_below = 40",
            r"row 10\] age_below = 40; allowed: more than 40 \(age_at_least\)",
        ),
        (
            "age_at_least = 40",
            "age_at_least = 0",
            r"row 10\] age_at_least = 0; allowed: years, a whole number from 1 to 150",
        ),
        ("wheelchair = true", 'wheelchair = "yes"', r'row 11\] wheelchair = "yes"; allowed: true or false'),
        ("special = true", "special = true\ndrives = ['unknown']", r'row 12\] drives = "unknown"; allowed: electric'),
        (
            "special = true",
            'special = true\ncolour = "blue"',
            r'row 12\] colour = "blue"; allowed: none, as \[zone\] has no',
        ),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    """File, row, option, value and what is allowed, or the nearest name."""
    assert old in ZERO
    with pytest.raises(ConfigError, match=rf"^{tmp_path}/zone\.toml: .*{message}"):
        zone(tmp_path, ZERO.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD,
            r"\[admitted\] is missing; allowed: \[zone\], \[scope\] and at least one",
        ),
        (HEAD.split("\n[scope]", maxsplit=1)[0] + ROWS, r"\[scope\] is missing"),
        (
            "admitted = 3\n" + HEAD,
            "admitted is no list of rows; allowed: at least one",
        ),
        ("admitted = [3]\n" + HEAD, "admitted, row 1 is no table of options"),
        ("admitted", "is not TOML"),
    ],
)
def test_a_missing_part_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Each of the three parts is needed, and rows are tables."""
    with pytest.raises(ConfigError, match=message):
        zone(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LOW.replace('colour = "green"', 'colour = "purple"', 1), r'colour = "purple"; allowed: yellow, green, blue'),
        (LOW.replace('colour = "green"', 'colour = "yellow"', 1), r'colour = "yellow"; .*on 2025-01-01: blue, green'),
        (
            LOW_2020.replace('colour = "green"', 'colour = "blue"', 1),
            r'colour = "blue"; .*on 2020-01-01: green, yellow',
        ),
        (ZERO.replace("[zone]", '[zone]\ncolour = "green"'), r'colour = "green"; .*on 2024-01-01: none is'),
    ],
)
def test_a_colour_that_the_law_does_not_know_on_those_days_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """It would shut every car out."""
    with pytest.raises(ConfigError, match=rf"\[zone\] {message}"):
        zone(tmp_path, text)


def test_rows_of_other_colours_are_left_out(tmp_path: Path) -> None:
    """A green zone has the green row and those without a colour."""
    assert {row.colour for row in zone(tmp_path, LOW).rows} == {None, "green"}


@pytest.mark.parametrize("text", [ZERO, LOW])
def test_the_documentation_has_every_row(text: str) -> None:
    """The table of docs/zone-rules.md is that of the example files."""
    documentation = DOCUMENTATION.read_text()
    texts = [line.split('"')[1] for line in text.splitlines() if line.startswith("text = ")]
    assert [one for one in texts if f"| {one} |" not in documentation] == []


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, ["rules", *map(str, arguments)])


def test_the_commands_sign_and_verify(tmp_path: Path) -> None:
    """The digest is printed as the policy takes it."""
    keys.make(Role.OFFICER, tmp_path)
    file = tmp_path / "zone.toml"
    file.write_text(LOW)
    assert _run("sign", file, "--key", tmp_path / "officer.key").output == f"{file}.sig: signed\n"
    shown = _run("verify", file, "--key", tmp_path / "officer.pub").output
    line = f'zone_rules = "{rules.read(file).digest}"'
    assert "valid; nl-low-emission-green" in shown
    assert line in shown
    assert 'zone_rules = ""' in policy_text()


@pytest.mark.parametrize(
    ("text", "day", "present", "absent"),
    [
        (ZERO, "2026-12-31", ["Vans of class 5:   ", "2026-12-31", "vans, of emission class 5, first admitted"], []),
        (ZERO, "2027-01-01", ["NO LONGER ADMITTED", "tractor units, of category N2 or N3"], ["NOT YET"]),
        (ZERO, "2031-01-01", ["nobody's admission is known"], ["ADMITTED"]),
        (
            LOW,
            "2026-12-31",
            ["C22a, green", "passenger cars, vans, trucks, tractor units and buses, with a diesel engine"],
            ["class 5"],
        ),
        (LOW_2020, "2021-12-31", ["NOT YET ADMITTED", "Trucks and buses of class 6", "40 years or older"], []),
    ],
)
def test_rules_are_shown_in_plain_english(
    tmp_path: Path, text: str, day: str, present: list[str], absent: list[str]
) -> None:
    """Who is let in until when, who no longer and not yet, with the sources."""
    file = tmp_path / "zone.toml"
    file.write_text(text)
    shown = _run("show", file, "--date", day).output
    assert [each for each in present if each not in shown] == []
    assert [each for each in absent if each in shown] == []
    assert max(map(len, shown.splitlines())) <= 120


def test_every_condition_is_shown(tmp_path: Path) -> None:
    """No condition of a row is left out of what a lawyer reads."""
    conditions = """emission_at_most = "4"\ndiesel = false\nspecial = true\nwheelchair = false
        drives = ["gas", "petrol"]\nvehicle_types = ["other", "two_wheeler"]\ncategories = ["L"]
        age_below = 13\nage_at_least = 4\nfirst_admitted_from = 2001-02-03\nfirst_admitted_before = 2004-05-06"""
    file = tmp_path / "zone.toml"
    file.write_text(HEAD + ROWS + conditions)
    shown = " ".join(line[:56].strip() for line in _run("show", file, "--date", "2026-01-01").output.splitlines())
    assert (
        "two-wheelers and other vehicles, of category L, driven by gas or petrol, of emission class 0 to 4, not with a "
        "diesel engine, with a special body, not accessible for wheelchairs, first admitted from 2001-02-03, "
        "first admitted before 2004-05-06, 4 years or older, younger than 13 years"
    ) in shown


def test_a_wrong_day_is_refused(tmp_path: Path) -> None:
    """The allowed form is shown."""
    assert "is no day such as 2026-12-31" in _run("show", tmp_path / "x", "--date", "tomorrow").output
