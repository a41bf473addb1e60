"""The register pack: a SQLite table from plate to vehicle class, built centrally and read only on the camera."""

import csv
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from edge.categories import Attributes
from edge.errors import AnprError, ConfigError

COLUMNS = ["plate", "vehicle_type", "drive", "emission_class"]
SCHEMA_VERSION = 1
PLATE_LENGTH = 6


class _Row(NamedTuple):
    plate: int
    vehicle_class: Attributes


def plate_number(plate: bytes | bytearray) -> int:
    """Return the plate, ASCII capitals and digits without dashes, as a base-36 number."""
    return int(plate, 36)


def build(source: Path, pack: Path) -> int:
    """Write a pack from a CSV file with the columns ``plate, vehicle_type, drive, emission_class``; return its rows.

    The pack replaces an older one in one step, so a reader sees the whole of either.

    Raises:
        ConfigError: naming file, line and value.
    """
    draft = pack.parent / f".{pack.name}.new"
    try:
        draft.unlink(missing_ok=True)
        rows = _write(draft, source)
        draft.replace(pack)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{pack}: can't be written: {reason}") from error
    finally:
        with suppress(OSError):  # Where nothing can be written, there is no draft.
            draft.unlink()
    return rows


class Registry:
    """Looks vehicles up in one pack; opened read only and immutable."""

    def __init__(self, pack: Path) -> None:
        """Open ``pack``.

        Raises:
            ConfigError: it is missing, damaged or of another schema.
        """
        if not pack.is_file():
            raise ConfigError(f"{pack}: the register pack is missing; `anpr-edge registry build` makes one")
        self._pack = pack
        self._connection = sqlite3.connect(f"{pack.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            self._check_schema(pack)
            self._classes = self._read_classes()
        except (sqlite3.Error, msgspec.ValidationError) as error:
            raise ConfigError(f"{pack}: is no register pack, or is damaged: {error}") from error

    def lookup(self, plate: bytes | bytearray) -> Attributes | None:
        """Return the class of the vehicle with this plate, None where the register does not know it.

        Raises:
            AnprError: the pack is damaged.
        """
        query = "select class from vehicles where plate = ?"
        try:
            found = self._connection.execute(query, (plate_number(plate),)).fetchone()
            return self._classes[found[0]] if found else None
        except (sqlite3.Error, KeyError) as error:
            # Not what stands there: an error is read by more people than a register.
            raise AnprError(f"{self._pack}: the register pack is damaged ({type(error).__name__})") from error

    def close(self) -> None:
        """Close the pack."""
        self._connection.close()

    def _check_schema(self, pack: Path) -> None:
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version != SCHEMA_VERSION:
            raise ConfigError(f"{pack}: has schema {version}; this software reads schema {SCHEMA_VERSION}")

    def _read_classes(self) -> dict[int, Attributes]:
        rows = self._connection.execute("select id, vehicle_type, drive, emission_class from classes")
        return {row[0]: msgspec.convert(row[1:], _ClassRow).vehicle_class() for row in rows}


class _ClassRow(Attributes, frozen=True, array_like=True):
    """A row of the table of classes."""

    def vehicle_class(self) -> Attributes:
        return Attributes(self.vehicle_type, self.drive, self.emission_class)


def _write(draft: Path, source: Path) -> int:
    classes: dict[Attributes, int] = {}
    vehicles = ((row.plate, classes.setdefault(row.vehicle_class, len(classes))) for row in _read(source))
    database = Database(draft)
    try:
        database.table("vehicles").insert_all(
            ({"plate": plate, "class": number} for plate, number in vehicles), pk="plate", replace=True
        )
        if not classes:
            raise ConfigError(f"{source}: holds no vehicle")
        database.table("classes").insert_all(
            ({"id": number, **msgspec.to_builtins(vehicle_class)} for vehicle_class, number in classes.items()),
            pk="id",
        )
        database.execute(f"pragma user_version = {SCHEMA_VERSION}")
        return int(database.table("vehicles").count)
    finally:
        database.close()
        _flush(draft)


def _flush(file: Path) -> None:
    """Bring the file to the card before it takes the old one's place."""
    if file.exists():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def _read(source: Path) -> Iterator[_Row]:
    try:
        # Spreadsheets put a mark before the header, which this encoding leaves out.
        with source.open(encoding="utf-8-sig", newline="") as stream:
            yield from _rows(source, stream)
    except OSError as error:
        raise ConfigError(f"{source}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: is not UTF-8 text") from error


def _rows(source: Path, lines: Iterable[str]) -> Iterator[_Row]:
    reader = csv.reader(lines)
    try:
        # What stands there is not shown: without a header it is a plate.
        if next(reader, []) != COLUMNS:
            raise ConfigError(f"{source}: line 1: columns are not {','.join(COLUMNS)}")
        for fields in reader:
            yield _row(source, reader.line_num, fields)
    except csv.Error as error:
        raise ConfigError(f"{source}: line {reader.line_num}: is no CSV: {error}") from error


def _row(source: Path, line: int, fields: list[str]) -> _Row:
    """Read one line; a plate never stands in the error, only where it is."""
    if len(fields) != len(COLUMNS):
        raise ConfigError(f"{source}: line {line}: {len(fields)} columns; expected {COLUMNS}")
    plate = fields[0].replace("-", "")
    if not (len(plate) == PLATE_LENGTH and plate.isascii() and plate.isalnum() and plate == plate.upper()):
        raise ConfigError(f"{source}: line {line}: plate is not six capitals and digits")
    try:
        return _Row(plate_number(plate.encode()), msgspec.convert(fields[1:], _ClassRow).vehicle_class())
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: line {line}: {fields[1:]}: {error}") from error
