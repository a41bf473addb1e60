"""The signed policy."""

import os
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge import keys, policy, signed
from edge.errors import ConfigError
from edge.keys import Role
from edge.policy_check import faults
from edge.policy_text import FIELDS
from hil.demo import site
from tests.policies import policy_text, rung, signed_policy, table

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


def test_a_signature_belongs_to_one_policy(tmp_path: Path) -> None:
    """Of two policies that the same officer signed, neither passes with the other's signature."""
    file, public = signed_policy(tmp_path)
    signature = signed.signature_file(file).read_bytes()
    file.write_text(policy_text(gap=7))
    policy.sign(file, tmp_path / "officer.key")
    assert policy.verify(file, public).file.what.repeat_gap_minutes == 7
    signed.signature_file(file).write_bytes(signature)
    with pytest.raises(ConfigError, match="is not the signature of"):
        policy.verify(file, public)


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
        (
            '["rdw"]',
            "[]",
            r"\.rungs\.1\] dimensions = \['direction', .*allowed: vehicle_type with enrichment rdw only",
        ),
        (
            '"drive"]',
            '"admitted"]',
            r'\[what\] zone_rules = ""; allowed: the digest that `anpr-edge rules verify` prints \(docs/zone-rules',
        ),
        (
            '"drive"]',
            '"exemption"]',
            r"\[release\.tables\.1\.rungs\.1\] dimensions .*exemption with enrichment exemptions only",
        ),
        ('"drive"]', '"origin"]', r"\[release\.tables\.1\.rungs\.1\] dimensions .*origin with enrichment origin only"),
        ('"drive"]', '"trade"]', r"\[release\.tables\.1\.rungs\.1\] dimensions .*trade with enrichment trade only"),
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
        ("2026-12-31", '"2026-12-31x"', r"\[where\] valid_until = .*; allowed: a date such as 2026-12-31$"),
        ("k = 10", "k = 10\nraw = true", r"\[release\] unknown option raw"),
        ('"drive"]', '"drive", "drive"]', "each dimension once"),
        ('"drive"]', '"brand"]', r"dimensions .*brand"),
        ('purpose = "Count', 'purpse = "Count', "did you mean purpose"),
        ('measure = "passages"', 'measure = "plates"', "passages, unique_vehicles"),
        ('id = "zez-demo-2026"', 'id = "zez-demo-2026\\n"', r"\[policy\] id = .*allowed: lower-case"),
        ('cameras = ["cam-017"]', 'cameras = ["cam-017\\n"]', r"\[where\] cameras = "),
        ('purpose = "Count', 'purpose = "\\u202eCount', r"\[why\] purpose = .*\\u202e.*allowed: a text of one line"),
        ('purpose = "Count', 'purpose = "Count\\u2028', r"\[why\] purpose = .*\\u2028.*allowed: a text of one line"),
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
    "tables",
    [
        "[3]",
        '["hour"]',
        "[[]]",
        "{}",
        '{name = "a", weight = 1.0, rungs = [{period = "hour", dimensions = ["direction"]}]}',
    ],
)
def test_what_is_no_list_of_tables_is_named(tmp_path: Path, tables: str) -> None:
    """A list of something else, and one table where a list of them belongs."""
    file = tmp_path / "policy.toml"
    text = _with([])
    found = _faults(
        file, text[: text.index("[[release.tables]]")] + f"tables = {tables}\n" + text[text.index("[retention]") :]
    )
    (only,) = found
    assert only.startswith(f"{file}: [release] tables = ")
    assert only.endswith("; allowed: one to 8 [[release.tables]]")


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
    file.write_text(site.policy_text(table(rung("direction", dimension)), enrichment=enrichment, **quoted))
    (only,) = policy.read(file).file.release.tables[0].rungs
    assert only.dimensions == ("direction", dimension)


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


UNIVERSALLY_WRONG = ("[[]]", "{ a = 1 }", "-1.5", '"\\u0007"', "inf", "99999999999999999999999", f'"{"x" * 2_000}"')
"""Values that no field takes."""

OPTIONS = [(field.section, field.option) for field in FIELDS if field.section != "release"]
CONTRADICTIONS = [
    ("why", "dpia", [("dpia", '""')]),
    ("why", "dpia", [("dpia", '"  "')]),
    ("why", "link_decision", [("link_decision", '"B&W 2026/1"')]),
    ("why", "link_decision", [("enrichment", '["rdw", "origin"]')]),
    ("why", "link_decision", [("enrichment", '["rdw", "trade"]'), ("link_decision", '" "')]),
    ("where", "valid_until", [("valid_until", "2025-12-31")]),
    ("where", "valid_until", [("valid_from", "2027-01-01")]),
    ("where", "cameras", [("cameras", '["cam-017", "cam-017"]')]),
    ("what", "enrichment", [("enrichment", '["rdw", "rdw"]')]),
    ("what", "zone_rules", [("enrichment", "[]"), ("zone_rules", f'"{DIGEST}"')]),
    ("retention", "outbox_days", [("message_days", "29")]),
]


def _with(changes: Iterable[tuple[str, str | None]]) -> str:
    """Return the example with other values of some options, or without them."""
    text = site.EXAMPLE.read_text(encoding="utf-8")
    for option, value in changes:
        line = "" if value is None else f"{option} = {value}"
        text, found = re.subn(rf"^{option} = .*$", line.replace("\\", r"\\"), text, count=1, flags=re.MULTILINE)
        assert found
    return text


def _faults(file: Path, text: str) -> list[str]:
    """Refuse a policy, which it must be; return all that is wrong with it."""
    file.write_text(text, encoding="utf-8")
    found = [str(fault) for fault in faults(file, text.encode())]
    with pytest.raises(ConfigError) as refused:
        policy.read(file)
    assert str(refused.value) == found[0]
    return found


@pytest.mark.parametrize("value", [None, *UNIVERSALLY_WRONG], ids=lambda value: str(value)[:12])
@pytest.mark.parametrize(("section", "option"), OPTIONS)
def test_every_field_that_is_missing_or_mistyped_is_named(
    tmp_path: Path, section: str, option: str, value: str | None
) -> None:
    """Each field alone, removed or of a wrong type: file, section and option stand in the one error."""
    file = tmp_path / "policy.toml"
    found = _faults(file, _with([(option, value)]))
    assert any(fault.startswith(f"{file}: [{section}] {option} ") for fault in found)
    assert all(fault.isprintable() for fault in found)


@pytest.mark.parametrize(("section", "option", "changes"), CONTRADICTIONS)
def test_every_contradiction_is_named(
    tmp_path: Path, section: str, option: str, changes: list[tuple[str, str | None]]
) -> None:
    """Fields that are right alone and wrong together, or end before they begin, are refused by name."""
    file = tmp_path / "policy.toml"
    assert any(fault.startswith(f"{file}: [{section}] {option} = ") for fault in _faults(file, _with(changes)))


@given(st.dictionaries(st.sampled_from(OPTIONS), st.sampled_from([None, *UNIVERSALLY_WRONG]), min_size=1))
def test_all_wrong_fields_are_named_in_one_run(
    tmp_path_factory: pytest.TempPathFactory, wrong: dict[tuple[str, str], str | None]
) -> None:
    """However many fields are missing or mistyped, and whatever contradicts them, each is named and none accepted."""
    file = tmp_path_factory.getbasetemp() / "policy.toml"
    found = _faults(file, _with((option, value) for (_, option), value in wrong.items()))
    for section, option in wrong:
        assert any(fault.startswith(f"{file}: [{section}] {option} ") for fault in found)


@given(
    st.lists(st.sampled_from(CONTRADICTIONS), min_size=1), st.sampled_from(OPTIONS), st.sampled_from(UNIVERSALLY_WRONG)
)
def test_contradictions_never_hide_a_wrong_field(
    tmp_path_factory: pytest.TempPathFactory,
    chosen: list[tuple[str, str, list[tuple[str, str | None]]]],
    spoilt: tuple[str, str],
    value: str,
) -> None:
    """Several contradictions beside a wrong field: the wrong field is named, and nothing crashes."""
    file = tmp_path_factory.getbasetemp() / "policy.toml"
    changes = [change for _, _, some in chosen for change in some]
    section, option = spoilt
    found = _faults(file, _with([*changes, (option, value)]))
    assert any(fault.startswith(f"{file}: [{section}] {option} ") for fault in found)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
@example(b"a = " + b"[" * 100_000)
@example(b"a = " + b"1" * 10_000)
@example(b'"\\u001b[2J" = 1')
@example(b"\xff\xfe")
def test_any_bytes_are_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """What is no policy is an error that names the file, never a crash, and never obeyed by a terminal."""
    file = tmp_path_factory.getbasetemp() / "policy.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        policy.read(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert "\x1b" not in str(refused.value)


def test_a_policy_signed_with_a_bench_key_by_hand_is_refused(tmp_path: Path) -> None:
    """Even where a bench key did sign a production policy, its camera does not take it."""
    secret, public = keys.make(Role.BENCH, tmp_path)
    file = tmp_path / "policy.toml"
    file.write_text(policy_text())
    role, key = keys.read_secret(secret, Role.BENCH)
    signed.sign(file, file.read_bytes(), role, key, policy.PURPOSE)
    with pytest.raises(ConfigError, match="is a production policy, which takes a key made by `anpr-edge keys officer`"):
        policy.verify(file, public)


def test_a_link_is_followed_and_what_counts_is_the_signature_beside_it(tmp_path: Path) -> None:
    """A link to a signed policy needs the signature at its own place; one to nowhere, or in a circle, can't be read."""
    file, public = signed_policy(tmp_path / "real")
    link = tmp_path / "policy.toml"
    link.symlink_to(file)
    with pytest.raises(ConfigError, match=r"policy\.toml\.sig: can't be read"):
        policy.verify(link, public)
    signed.signature_file(link).symlink_to(signed.signature_file(file))
    assert policy.verify(link, public) == policy.verify(file, public)
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    with pytest.raises(ConfigError, match=r"loop\.toml: can't be read: Too many levels"):
        policy.read(tmp_path / "loop.toml")


def test_what_is_no_small_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """A file of a gigabyte, an endless device and a pipe are errors at once."""
    huge, pipe = tmp_path / "huge.toml", tmp_path / "pipe.toml"
    with huge.open("wb") as stream:
        stream.truncate(1 << 30)
    os.mkfifo(pipe)
    for file, reason in [
        (huge, "larger than 262144 bytes"),
        (pipe, "no ordinary file"),
        (Path("/dev/zero"), "no ordinary file"),
    ]:
        with pytest.raises(ConfigError, match=f"can't be read: it is {reason}"):
            policy.read(file)


def test_a_huge_signature_is_refused(tmp_path: Path) -> None:
    """The signature is read with the same bound."""
    file, public = signed_policy(tmp_path)
    with signed.signature_file(file).open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(ConfigError, match=r"policy\.toml\.sig: can't be read: it is larger"):
        policy.verify(file, public)
