"""The signed policy: why, where, when and what a camera may count, and how it may be released.

The municipality writes policy.toml, its privacy officer signs it; nothing runs without one. Vision and gate both
read it, and its SHA-256 stands in every message.
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge import keys, release_rules, signed
from edge.categories import Serial
from edge.config import Identifier, Text
from edge.errors import ConfigError
from edge.keys import Role
from edge.release_rules import Enrichment, Measure, Release, one_of
from edge.settings import build, parse, refusal

PURPOSE = "policy"


# These say something about the holder: they take a decision that the link is needed for the public task.
_LINKS = (Enrichment.ORIGIN, Enrichment.TRADE)


Day = Annotated[date, Meta(description="a date such as 2026-12-31, without quotes")]
Flag = Annotated[bool, Meta(description="true or false")]
ZoneRules = Annotated[
    str,
    Meta(
        pattern=r"\A(sha256:[0-9a-f]{64})?\Z",
        description='"sha256:" and the 64 hexadecimal digits of the zone rule file, or "" for none',
    ),
]


class Identity(msgspec.Struct, frozen=True):
    """Which policy."""

    id: Identifier
    serial: Annotated[Serial, Meta(description="a whole number from 1 to 9999, higher than any before")]
    bench: Flag


class Who(msgspec.Struct, frozen=True):
    """Who is responsible."""

    controller: Text
    contact: Text
    data_protection_officer: Text
    information_url: Text


class Why(msgspec.Struct, frozen=True):
    """Purpose limitation."""

    purpose: Text
    legal_basis: Text
    necessity: Text
    traffic_decision: Text
    dpia: Text
    link_decision: Annotated[str, Meta(description="a text, empty where neither origin nor trade is enriched")]


class Where(msgspec.Struct, frozen=True):
    """Where and when."""

    zone: Identifier
    cameras: Annotated[tuple[Identifier, ...], Meta(min_length=1, description="a list of camera names, at least one")]
    valid_from: Day
    valid_until: Day


class What(msgspec.Struct, frozen=True):
    """What is counted."""

    enrichment: Annotated[tuple[Enrichment, ...], Meta(description=f"a list, empty or of: {one_of(Enrichment)}")]
    zone_rules: ZoneRules
    measure: Annotated[Measure, Meta(description=one_of(Measure))]
    repeat_gap_minutes: Annotated[int, Meta(ge=0, le=1440, description="minutes, a whole number from 0 to 1440")]


class Retention(msgspec.Struct, frozen=True):
    """How long messages are kept."""

    outbox_days: Annotated[int, Meta(ge=1, le=366, description="days, a whole number from 1 to 366")]
    message_days: Annotated[int, Meta(ge=1, le=3660, description="days, a whole number from 1 to 3660")]


class PolicyFile(msgspec.Struct, frozen=True):
    """A whole policy.toml."""

    policy: Identity
    who: Who
    why: Why
    where: Where
    what: What
    release: Release
    retention: Retention


class Policy(msgspec.Struct, frozen=True):
    """A verified policy and the SHA-256 (hexadecimal) of the file's bytes."""

    file: PolicyFile
    sha256: str

    @property
    def digest(self) -> str:
        """The digest as messages carry it."""
        return f"sha256:{self.sha256}"

    def admits(self, day: date) -> bool:
        """Tell whether ``day`` (local) lies in the policy's term."""
        return self.file.where.valid_from <= day <= self.file.where.valid_until


def read(file: Path) -> Policy:
    """Read a policy and check its fields, not its signature.

    Raises:
        ConfigError: naming file, section, option, value and what is allowed.
    """
    return _check(file, _bytes(file))


def verify(file: Path, officer_key: Path) -> Policy:
    """Read a policy whose signature, ``{file}.sig``, is that of ``officer_key``.

    Raises:
        ConfigError: a field is wrong, the signature is missing or wrong, or a bench policy meets a production key.
    """
    content = _bytes(file)
    role = signed.check(file, content, officer_key, PURPOSE)
    policy = _check(file, content)
    _check_role(file, policy, role)
    return policy


def sign(file: Path, secret_key: Path) -> Path:
    """Check a policy and write its signature beside it; return that file.

    Raises:
        ConfigError: the policy is wrong, the key is not for policies of this kind, or the file can't be written.
    """
    role, key = keys.read_secret(secret_key, *signed.ROLES)
    content = _bytes(file)
    _check_role(file, _check(file, content), role)
    return signed.sign(file, content, role, key, PURPOSE)


def verify_for(file: Path, officer_key: Path, camera: str, zone: str) -> Policy:
    """Verify a policy and that it names this camera and zone."""
    policy = verify(file, officer_key)
    where = policy.file.where
    if zone != where.zone:
        raise ConfigError(f"{file}: [where] zone = {where.zone!r}, but this camera is in zone {zone!r}")
    if camera not in where.cameras:
        raise ConfigError(f"{file}: [where] cameras does not list this camera, {camera!r}")
    return policy


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}; nothing runs without a policy") from error


def _check(file: Path, content: bytes) -> Policy:
    policy = build(PolicyFile, [parse(file, content)])
    _check_term(file, policy.where)
    _check_enrichment(file, policy)
    what, bench = policy.what, policy.policy.bench
    release_rules.check(file, policy.release, what.enrichment, zone_rules=bool(what.zone_rules), bench=bench)
    return Policy(policy, hashlib.sha256(content).hexdigest())


def _check_term(file: Path, where: Where) -> None:
    if where.valid_until < where.valid_from:
        raise refusal(file, "where", "valid_until", where.valid_until, f"{where.valid_from} (valid_from) or later")


def _check_enrichment(file: Path, policy: PolicyFile) -> None:
    what, decision = policy.what, policy.why.link_decision
    links = [link for link in _LINKS if link in what.enrichment]
    if links and not decision.strip():
        allowed = f"the decision that the link is needed for the public task, with enrichment {links[0]}"
        raise refusal(file, "why", "link_decision", decision, allowed)
    if what.zone_rules and Enrichment.RDW not in what.enrichment:
        raise refusal(file, "what", "zone_rules", what.zone_rules, '"" without enrichment rdw')


def _check_role(file: Path, policy: Policy, role: Role) -> None:
    """Keep bench and production apart: each has its own trust anchor."""
    wanted = Role.BENCH if policy.file.policy.bench else Role.OFFICER
    if role is not wanted:
        kind = "a bench policy" if policy.file.policy.bench else "a production policy"
        raise ConfigError(f"{file}: is {kind}, which takes a key made by `anpr-edge keys {wanted}`, not {role}")
