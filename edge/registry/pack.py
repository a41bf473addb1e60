"""The register pack: one SQLite file from plate to vehicle class, made centrally and read only on the camera."""

import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from nacl.signing import SigningKey, VerifyKey
from sqlite_utils import Database

from edge.errors import AnprError, ConfigError
from edge.registry import blocks, manifest
from edge.registry.draft import replacing
from edge.registry.manifest import ContentHash, Manifest, Signed, Source
from edge.registry.numbering import slot
from edge.registry.vehicle import VehicleClass

# SQLite starts a file with it.
MAGIC = b"SQLite format 3\0"

_TABLES = {
    "manifest": "CREATE TABLE manifest (body BLOB NOT NULL, signature BLOB NOT NULL)",
    "classes": "CREATE TABLE classes (id INTEGER PRIMARY KEY, class BLOB NOT NULL)",
    "blocks": "CREATE TABLE blocks (number INTEGER PRIMARY KEY, block BLOB NOT NULL)",
}
_FIND = "select block from blocks where number = ?"
# What is looked up is spread over the whole table: a larger cache would only hold more of it twice.
_CACHE_KIB = 512
# Blocks of half a kilobyte fill larger pages better, and a look-up that has to wait for the card brings more along.
_PAGE_BYTES = 16_384

Block = tuple[int, bytes]


class Facts(NamedTuple):
    """What a pack's manifest says beside its contents."""

    built: datetime
    sources: tuple[Source, ...]
    rejects: dict[str, int]


class Contents(NamedTuple):
    """Classes in the order of their numbers, and numbered blocks in theirs."""

    classes: Sequence[VehicleClass]
    blocks: Iterable[Block]


class Made(NamedTuple):
    """What was written into a file."""

    classes: int
    blocks: int
    vehicles: int
    content: str


Seal = Callable[[Made], tuple[Signed, Manifest]]


def write(pack: Path, contents: Contents, seal: Seal) -> Manifest:
    """Write a pack and put it into its place in one step; ``seal`` gives the manifest for what was written.

    Raises:
        AnprError: it can't be written; an older pack stays what it was, as after any error of ``seal``.
    """
    try:
        with replacing(pack) as draft:
            return _write(draft, contents, seal)
    except (OSError, sqlite3.Error) as error:
        raise AnprError(f"{pack}: can't be written: {getattr(error, 'strerror', None) or error}") from error


def new_seal(facts: Facts, key: SigningKey, check: Callable[[Manifest], None]) -> Seal:
    """Sign a manifest for whatever was written, if it passes ``check``."""

    def seal(made: Made) -> tuple[Signed, Manifest]:
        if not made.vehicles:
            raise ConfigError("the exports hold no vehicle")
        day = min(source.day for source in facts.sources)
        found = Manifest(manifest.SCHEMA, day, **facts._asdict(), **made._asdict())
        check(found)
        return manifest.sign(found, key), found

    return seal


class Pack:
    """One pack, verified when opened, opened read only and immutable."""

    def __init__(self, file: Path, key: VerifyKey, name: Path | None = None) -> None:
        """Open ``file``, called ``name`` in errors, and verify its signature, schema, checksum and row count.

        Raises:
            ConfigError: it is missing, damaged, of another schema or signed by another key.
        """
        self.file = name or file
        if not file.is_file():
            raise ConfigError(f"{self.file}: the register pack is missing; `anpr-edge registry build` makes one")
        try:
            # A new pack is verified in a thread of its own, and used in another.
            self._connection = sqlite3.connect(
                f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise ConfigError(f"{self.file}: can't be opened: {error}") from error
        try:
            self._prepare()
            self.manifest = self._verify(key)
        except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError, struct.error) as error:
            self.close()
            with file.open("rb") as stream:
                is_delta = stream.read(len(manifest.DELTA_MAGIC)) == manifest.DELTA_MAGIC
            what = "is a delta, not a pack" if is_delta else f"is no register pack, or is damaged: {error}"
            raise ConfigError(f"{self.file}: {what}") from error
        except ConfigError:
            self.close()
            raise

    def lookup(self, plate: bytes | bytearray) -> VehicleClass | None:
        """Return the class of the vehicle with this plate, None where the register does not know it.

        Raises:
            AnprError: the pack is damaged.
        """
        number = slot(plate)
        if number is None:
            return None
        try:
            row = self._connection.execute(_FIND, (number // blocks.SPAN,)).fetchone()
            found = None if row is None else blocks.find(row[0], number % blocks.SPAN)
            return None if found is None else self.classes[found]
        except (sqlite3.Error, IndexError) as error:
            # Not what stands there: an error is read by more people than a register.
            raise AnprError(f"{self.file}: the register pack is damaged ({type(error).__name__})") from error

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks in the order of their numbers."""
        yield from self._connection.execute("select number, block from blocks order by number")

    @property
    def signed(self) -> Signed:
        """The manifest as it was signed."""
        rows = self._connection.execute("select body, signature from manifest").fetchall()
        return msgspec.convert(dict(zip(("body", "signature"), rows[0], strict=True)) if rows else {}, Signed)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self) -> None:
        """Let the file be nothing but data."""
        self._connection.execute("pragma trusted_schema = off")
        self._connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version != manifest.SCHEMA:
            raise ConfigError(f"{self.file}: has schema {version}; this software reads schema {manifest.SCHEMA}")
        tables = dict(self._connection.execute("select name, sql from sqlite_schema"))
        if tables != _TABLES:
            raise ConfigError(f"{self.file}: its tables are not those of a register pack")

    def _verify(self, key: VerifyKey) -> Manifest:
        found = manifest.verify(self.file, self.signed, key)
        rows = self._connection.execute("select class from classes order by id")
        self.classes = tuple(msgspec.json.decode(row[0], type=VehicleClass) for row in rows)
        content, count = ContentHash(self.classes), 0
        for number, block in self.blocks():
            content.add(number, block)
            count += 1
        if (content.hexdigest(), len(self.classes), count) != (found.content, found.classes, found.blocks):
            raise ConfigError(f"{self.file}: its checksum is not the signed one; it is damaged")
        return found


def _write(draft: Path, contents: Contents, seal: Seal) -> Manifest:
    database = Database(draft)
    try:
        # The draft is removed if anything goes wrong, and synchronised as a whole at the end.
        database.execute("pragma journal_mode = off")
        database.execute("pragma synchronous = off")
        database.execute(f"pragma page_size = {_PAGE_BYTES}")
        database.execute(f"pragma user_version = {manifest.SCHEMA}")
        for sql in _TABLES.values():
            database.execute(sql)
        signed, found = seal(_fill(database, contents))
        database.table("manifest").insert(msgspec.structs.asdict(signed))
        return found
    finally:
        database.close()


def _fill(database: Database, contents: Contents) -> Made:
    content, count, vehicles = ContentHash(contents.classes), 0, 0

    def rows() -> Iterator[dict[str, int | bytes]]:
        nonlocal count, vehicles
        for number, block in contents.blocks:
            content.add(number, block)
            count, vehicles = count + 1, vehicles + blocks.count(block)
            yield {"number": number, "block": block}

    database.table("blocks").insert_all(rows())
    database.table("classes").insert_all(
        {"id": number, "class": msgspec.json.encode(one)} for number, one in enumerate(contents.classes)
    )
    return Made(len(contents.classes), count, vehicles, content.hexdigest())
