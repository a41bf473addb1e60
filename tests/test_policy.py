"""The signed policy."""

from datetime import date
from pathlib import Path

import pytest

from edge import keys, policy, signed
from edge.errors import ConfigError
from edge.keys import Role
from hil.demo import site
from tests.policies import policy_text, signed_policy

DIGEST = "sha256:" + "0" * 64


def test_a_signed_policy_is_verified_and_known_by_its_digest(tmp_path: Path) -> None:
    """What the officer signed is accepted; its SHA-256 is that of the file's bytes."""
    file, public = signed_policy(tmp_path)
    loaded = policy.verify_for(file, public, "cam-017", "zez-demo")
    assert loaded.file.release.k == 10
    assert loaded.digest.startswith("sha256:")
    assert len(loaded.sha256) == 64


def test_a_changed_byte_breaks_the_signature(tmp_path: Path) -> None:
    """Lowering nothing but a comment after signing is refused."""
    file, public = signed_policy(tmp_path)
    file.write_text(file.read_text() + "# harmless\n")
    with pytest.raises(ConfigError, match="is not the signature of"):
        policy.verify(file, public)


def test_another_officers_signature_is_refused(tmp_path: Path) -> None:
    """Only the enrolled officer's key counts."""
    file, _ = signed_policy(tmp_path)
    _, other = keys.make(Role.OFFICER, tmp_path / "other")
    with pytest.raises(ConfigError, match="is not the signature of"):
        policy.verify(file, other)


def test_nothing_runs_without_signature_policy_or_key(tmp_path: Path) -> None:
    """Each missing file is named."""
    file, public = signed_policy(tmp_path)
    with pytest.raises(ConfigError, match=r"none\.pub: can't be read"):
        policy.verify(file, tmp_path / "none.pub")
    signed.signature_file(file).unlink()
    with pytest.raises(ConfigError, match=r"policy\.toml\.sig: can't be read.*needs its officer's signature"):
        policy.verify(file, public)
    file.unlink()
    with pytest.raises(ConfigError, match="nothing runs without a policy"):
        policy.verify(file, public)


def test_bench_and_production_never_mix(tmp_path: Path) -> None:
    """A bench key signs no production policy, an officer's key no bench policy, and neither verifies the other's."""
    bench_file, bench_public = signed_policy(tmp_path / "bench", role=Role.BENCH)
    file, public = signed_policy(tmp_path / "street")
    assert policy.verify(bench_file, bench_public).file.policy.bench
    with pytest.raises(ConfigError, match="is not the signature of"):
        policy.verify(bench_file, public)
    with pytest.raises(ConfigError, match="is a bench policy"):
        policy.sign(bench_file, tmp_path / "street" / "officer.key")
    with pytest.raises(ConfigError, match="is a production policy"):
        policy.sign(file, tmp_path / "bench" / "bench.key")


def test_a_signature_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    """As where a folder has its name."""
    file, _ = signed_policy(tmp_path)
    signed.signature_file(file).unlink()
    signed.signature_file(file).mkdir()
    with pytest.raises(ConfigError, match=r"policy\.toml\.sig: can't be written: Is a directory"):
        policy.sign(file, tmp_path / "officer.key")


def test_a_low_k_is_for_benches_only(tmp_path: Path) -> None:
    """Fewer than ten vehicles can't be signed for the street."""
    with pytest.raises(ConfigError, match=r"\[release\] k = 9; allowed: 10 or more"):
        signed_policy(tmp_path / "a", policy_text(k=9))
    signed_policy(tmp_path / "b", policy_text(k=1, bench=True), Role.BENCH)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("serial = 1", "serial = 0", r"\[policy\] serial = 0"),
        ("serial = 1", "", r"\[policy\] serial is missing"),
        ('["rdw"]', '["owner"]', r"\[what\] enrichment .*allowed: .*rdw"),
        ('["rdw"]', "[]", r"\[release\] dimensions = \['direction', .*allowed: vehicle_type with enrichment rdw only"),
        ('"drive"]', '"admitted"]', r"\[release\] dimensions .*admitted with \[what\] zone_rules only"),
        ('"drive"]', '"exemption"]', r"\[release\] dimensions .*exemption with enrichment exemptions only"),
        ('"drive"]', '"origin"]', r"\[release\] dimensions .*origin with enrichment origin only"),
        ('"drive"]', '"trade"]', r"\[release\] dimensions .*trade with enrichment trade only"),
        ('["rdw"]', '["rdw", "origin"]', r'\[why\] link_decision = ""; allowed: the decision .*enrichment origin'),
        ('["rdw"]', '["rdw", "trade"]', r'\[why\] link_decision = ""; allowed: the decision .*enrichment trade'),
        ('link_decision = ""', "", r"\[why\] link_decision is missing"),
        ('link_decision = ""', "link_decision = 3", r"\[why\] link_decision = 3; allowed: a text"),
        ('zone_rules = ""', "", r'\[what\] zone_rules is missing; allowed: "sha256:" .* or "" for none'),
        ('zone_rules = ""', 'zone_rules = "rules.toml"', r'\[what\] zone_rules = "rules.toml"; allowed: "sha256:"'),
        ('zone_rules = ""', f'zone_rules = "sha256:{"A" * 64}"', r"\[what\] zone_rules .*64 hexadecimal digits"),
        (
            'enrichment = ["rdw"]\nzone_rules = ""',
            f'enrichment = []\nzone_rules = "{DIGEST}"',
            r'\[what\] zone_rules = "sha256:.*; allowed: "" without enrichment rdw',
        ),
        ("valid_until = 2026-12-31", "valid_until = 2025-12-31", r"\[where\] valid_until = 2025-12-31; allowed"),
        ("2026-12-31", '"2026-12-31x"', r"\[where\] valid_until .*without quotes"),
        ("k = 10", "k = 10\nraw = true", r"\[release\] unknown option raw"),
        ('"drive"]', '"drive", "drive"]', "each dimension once"),
        ('"drive"]', '"brand"]', r"dimensions .*brand"),
        ('purpose = "Count', 'purpse = "Count', "did you mean purpose"),
        ('measure = "passages"', 'measure = "plates"', "passages, unique_vehicles"),
        ('cameras = ["cam-017"]', "cameras = []", r"\[where\] cameras = \[\]"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Each wrong, missing or contradictory field is refused with what is allowed."""
    file = tmp_path / "policy.toml"
    file.write_text(policy_text().replace(old, new, 1))
    with pytest.raises(ConfigError, match=message):
        policy.read(file)


@pytest.mark.parametrize(
    ("enrichment", "dimension", "fields"),
    [
        ([], "plate", {}),
        (["rdw"], "emission_class", {}),
        (["rdw"], "admitted", {"zone_rules": DIGEST}),
        (["exemptions"], "exemption", {}),
        (["origin"], "origin", {"link_decision": "B&W 2026/1"}),
        (["trade"], "trade", {"link_decision": "B&W 2026/1"}),
    ],
)
def test_a_dimension_needs_its_own_enrichment_and_no_other(
    tmp_path: Path, enrichment: list[str], dimension: str, fields: dict[str, str]
) -> None:
    """The lists stand beside the register: none needs another."""
    file = tmp_path / "policy.toml"
    quoted = {name: f'"{value}"' for name, value in fields.items()}
    file.write_text(site.policy_text(enrichment=enrichment, dimensions=["direction", dimension], **quoted))
    assert policy.read(file).file.release.dimensions == ("direction", dimension)


def test_a_policy_is_for_its_cameras_and_zone_only(tmp_path: Path) -> None:
    """Another camera or another zone is refused."""
    file, public = signed_policy(tmp_path)
    with pytest.raises(ConfigError, match="does not list this camera, 'cam-018'"):
        policy.verify_for(file, public, "cam-018", "zez-demo")
    with pytest.raises(ConfigError, match="zone 'elsewhere'"):
        policy.verify_for(file, public, "cam-017", "elsewhere")


def test_the_term_includes_its_first_and_last_day(tmp_path: Path) -> None:
    """A policy admits its dates and no day outside."""
    file, public = signed_policy(tmp_path)
    loaded = policy.verify(file, public)
    assert loaded.admits(date(2026, 1, 1))
    assert loaded.admits(date(2026, 12, 31))
    assert not loaded.admits(date(2025, 12, 31))
    assert not loaded.admits(date(2027, 1, 1))
