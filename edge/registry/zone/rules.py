"""Zone rule files: whom a traffic sign concerns and whom it lets in until when, as data that an officer signs.

A change of law is an edit of such a file, never of code. Of the vehicles in its scope, a zone lets in on a day those
that fit any row in force on that day; `edge.registry.zone.admission` says so for one vehicle.
"""

import hashlib
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from edge import keys, signed
from edge.config import Identifier, Text
from edge.errors import ConfigError
from edge.policy_fields import Day
from edge.registry.zone.conditions import Conditions, check, one_of
from edge.settings import nearest, parse, refusal, table

PURPOSE = "zone rules"
SECTIONS = ("zone", "scope", "admitted")


class Colour(StrEnum):
    """Colours of the plate under sign C22a; each stands for its own lowest emission class."""

    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"


_Colour = Annotated[Colour | None, Meta(description=one_of(Colour))]


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """Which rules these are, and on which days the file claims to say what the law says."""

    id: Identifier
    title: Text
    sign: Text
    valid_from: Day
    valid_until: Day
    colour: _Colour = None


class Scope(Conditions, frozen=True, kw_only=True):
    """Whom the sign concerns; to all others it is not applicable."""

    source: Text


class Row(Conditions, frozen=True, kw_only=True):
    """Vehicles that are let in, from the first to the last day of the row, both included."""

    text: Text
    source: Text
    since: Day = msgspec.field(name="from", default=date.min)
    until: Day = date.max
    colour: _Colour = None

    def in_force(self, day: date) -> bool:
        """Tell whether the row says anything on ``day``."""
        return self.since <= day <= self.until


class ZoneRules(msgspec.Struct, frozen=True):
    """The rules of one zone, those of other colours left out, and the SHA-256 (hexadecimal) of the file's bytes."""

    zone: Zone
    scope: Scope
    rows: tuple[Row, ...]
    sha256: str

    @property
    def digest(self) -> str:
        """The digest as a policy names it."""
        return f"sha256:{self.sha256}"

    def holds(self, day: date) -> bool:
        """Tell whether the file claims to hold on ``day`` (local)."""
        return self.zone.valid_from <= day <= self.zone.valid_until


def load(file: Path, officer_key: Path, sha256: str) -> ZoneRules:
    """Read the rule file that a policy names by its digest, ``sha256:`` and 64 hexadecimal digits.

    Raises:
        ConfigError: as for `verify`, or the file is another one.
    """
    rules = verify(file, officer_key)
    if rules.digest != sha256:
        raise ConfigError(f"{file}: is {rules.digest}, but the policy's [what] zone_rules names {sha256}")
    return rules


def verify(file: Path, officer_key: Path) -> ZoneRules:
    """Read a rule file whose signature, ``{file}.sig``, is that of ``officer_key``.

    Raises:
        ConfigError: as for `read`, or the signature is missing or wrong.
    """
    content = _bytes(file)
    signed.check(file, content, officer_key, PURPOSE)
    return _parse(file, content)


def sign(file: Path, secret_key: Path) -> Path:
    """Check a rule file and write its signature beside it; return that file.

    Raises:
        ConfigError: as for `read`, the key is not an officer's or a bench's, or the signature can't be written.
    """
    role, key = keys.read_secret(secret_key, *signed.ROLES)
    content = _bytes(file)
    _parse(file, content)
    return signed.sign(file, content, role, key, PURPOSE)


def read(file: Path) -> ZoneRules:
    """Read a rule file and check its fields, not its signature.

    Raises:
        ConfigError: naming file, section or row, option, value and what is allowed.
    """
    return _parse(file, _bytes(file))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}; nobody's admission is known") from error


def _parse(file: Path, content: bytes) -> ZoneRules:
    tree = parse(file, content).tree
    _check_sections(file, tree)
    zone = table(Zone, file, "zone", tree["zone"])
    scope = table(Scope, file, "scope", tree["scope"])
    rows = tuple(table(Row, file, _title(number), row) for number, row in enumerate(tree["admitted"], start=1))
    _check(file, zone, scope, rows)
    own = tuple(row for row in rows if row.colour in {None, zone.colour})
    return ZoneRules(zone, scope, own, hashlib.sha256(content).hexdigest())


def _title(number: int) -> str:
    return f"admitted, row {number}"


def _check_sections(file: Path, tree: dict[str, Any]) -> None:
    for section in tree:
        if section not in SECTIONS:
            raise ConfigError(f"{file}: unknown section [{section}]{nearest(section, SECTIONS)}")
    for section in SECTIONS:
        if section not in tree:
            raise ConfigError(f"{file}: [{section}] is missing; allowed: [zone], [scope] and at least one [[admitted]]")
    if not isinstance(tree["admitted"], list) or not tree["admitted"]:
        raise ConfigError(
            f"{file}: admitted is no list of rows; allowed: at least one row that begins with [[admitted]]"
        )


def _check(file: Path, zone: Zone, scope: Scope, rows: tuple[Row, ...]) -> None:
    if zone.valid_until < zone.valid_from:
        raise refusal(file, "zone", "valid_until", zone.valid_until, f"{zone.valid_from} (valid_from) or later")
    check(file, "scope", scope)
    for number, row in enumerate(rows, start=1):
        check(file, _title(number), row)
        if row.until < row.since:
            raise refusal(file, _title(number), "until", row.until, f"{row.since} (from) or later")
        if row.colour and not zone.colour:
            raise refusal(file, _title(number), "colour", row.colour, "none, as [zone] has no colour")
    _check_colour(file, zone, rows)


def _check_colour(file: Path, zone: Zone, rows: tuple[Row, ...]) -> None:
    """Refuse a colour of which the law knows nothing on some day of the file: it would shut everybody out."""
    ends = [row.until + timedelta(1) for row in rows if row.colour and zone.valid_from <= row.until < zone.valid_until]
    for day in (zone.valid_from, *sorted(ends)):
        lawful = sorted({row.colour for row in rows if row.colour and row.in_force(day)})
        if zone.colour and zone.colour not in lawful:
            allowed = f"a colour with a row in force on {day}: {', '.join(lawful) or 'none is'}"
            raise refusal(file, "zone", "colour", zone.colour, allowed)
