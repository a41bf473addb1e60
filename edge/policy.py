"""The signed policy: why, where, when and what a camera may count, and how it may be released.

The municipality writes policy.toml, its privacy officer signs it; nothing runs without one. Vision and gate both
read it, and its SHA-256 stands in every message.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge import keys, signed
from edge.categories import Serial
from edge.config import Identifier, Text
from edge.errors import ConfigError
from edge.keys import Role
from edge.settings import build, parse, refusal

MIN_K = 10
PURPOSE = "policy"


class Enrichment(StrEnum):
    """What a plate may be looked up in."""

    RDW = "rdw"
    EXEMPTIONS = "exemptions"
    ORIGIN = "origin"
    TRADE = "trade"


class Measure(StrEnum):
    """What a cell's number counts."""

    PASSAGES = "passages"
    UNIQUE_VEHICLES = "unique_vehicles"


class Dimension(StrEnum):
    """Dimensions that a table may have."""

    DIRECTION = "direction"
    PLATE = "plate"
    VEHICLE_TYPE = "vehicle_type"
    DRIVE = "drive"
    EMISSION_CLASS = "emission_class"
    ADMITTED = "admitted"
    EXEMPTION = "exemption"
    ORIGIN = "origin"
    TRADE = "trade"


# What a dimension is looked up in; without that enrichment it would hold nothing.
_SOURCES = {
    Dimension.VEHICLE_TYPE: Enrichment.RDW,
    Dimension.DRIVE: Enrichment.RDW,
    Dimension.EMISSION_CLASS: Enrichment.RDW,
    Dimension.ADMITTED: Enrichment.RDW,
    Dimension.EXEMPTION: Enrichment.EXEMPTIONS,
    Dimension.ORIGIN: Enrichment.ORIGIN,
    Dimension.TRADE: Enrichment.TRADE,
}
# These say something about the holder: they take a decision that the link is needed for the public task.
_LINKS = (Enrichment.ORIGIN, Enrichment.TRADE)


def _one_of(names: type[StrEnum]) -> str:
    return ", ".join(names)


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

    enrichment: Annotated[tuple[Enrichment, ...], Meta(description=f"a list, empty or of: {_one_of(Enrichment)}")]
    zone_rules: ZoneRules
    measure: Annotated[Measure, Meta(description=_one_of(Measure))]
    repeat_gap_minutes: Annotated[int, Meta(ge=0, le=1440, description="minutes, a whole number from 0 to 1440")]


class Release(msgspec.Struct, frozen=True):
    """How counts are released: per clock hour, cells of at least ``k`` different vehicles."""

    k: Annotated[int, Meta(ge=1, le=1000, description=f"a whole number from {MIN_K} to 1000")]
    table: Identifier
    dimensions: Annotated[tuple[Dimension, ...], Meta(min_length=1, description=f"a list of: {_one_of(Dimension)}")]


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
    _check_release(file, policy)
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


def _check_release(file: Path, policy: PolicyFile) -> None:
    release = policy.release
    if release.k < MIN_K and not policy.policy.bench:
        raise refusal(file, "release", "k", release.k, f"{MIN_K} or more (less only in a bench policy)")
    if objection := _objection(release.dimensions, policy.what):
        raise refusal(file, "release", "dimensions", [str(one) for one in release.dimensions], objection)


def _objection(dimensions: Sequence[Dimension], what: What) -> str | None:
    """Say what would be allowed, where these dimensions are not."""
    if len(set(dimensions)) < len(dimensions):
        return "each dimension once"
    for dimension in dimensions:
        source = _SOURCES.get(dimension)
        if source is not None and source not in what.enrichment:
            return f"{dimension} with enrichment {source} only"
    if Dimension.ADMITTED in dimensions and not what.zone_rules:
        return f"{Dimension.ADMITTED} with [what] zone_rules only"
    return None


def _check_role(file: Path, policy: Policy, role: Role) -> None:
    """Keep bench and production apart: each has its own trust anchor."""
    wanted = Role.BENCH if policy.file.policy.bench else Role.OFFICER
    if role is not wanted:
        kind = "a bench policy" if policy.file.policy.bench else "a production policy"
        raise ConfigError(f"{file}: is {kind}, which takes a key made by `anpr-edge keys {wanted}`, not {role}")
