"""The store: one SQLite file with everything that cameras published and nobody has to delete yet.

In WAL mode, so that exports and the dashboard read while the collector writes; what is committed is on the disk
(``synchronous=FULL``), and what is deleted is overwritten (``secure_delete``).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from sqlite_utils import Database

from edge.errors import AnprError, ConfigError
from edge.uplink.contract import DimensionName

BUSY_SECONDS = 5.0
# The collector's own, and read by the group of those who may.
MODE = 0o640
VERSION = 1
PRIMARY = 0xFF  # of SQLite's result codes; what lies above says more.
# "anpc": tells a store from any other SQLite file.
APPLICATION = 0x616E7063
DIMENSIONS: tuple[str, ...] = get_args(DimensionName)

# A station is a camera with one key: a card that dies takes key and numbering with it, and the new one begins at 1.
# `highest` and the gaps below it say which sequences came, also when their reports have expired.
SCHEMA = f"""
create table about (name text primary key, value text not null) strict;
create table stations (
    id integer primary key, zone text not null, camera text not null, kid text not null, since integer not null,
    unique (zone, camera, kid)
) strict;
create table streams (
    station integer not null references stations, stream text not null, highest integer not null,
    primary key (station, stream)
) strict;
create table gaps (
    id integer primary key, station integer not null references stations, stream text not null,
    first integer not null, last integer not null, noticed integer not null,
    lost integer
) strict;
create table reports (
    id integer primary key, station integer not null references stations, stream text not null,
    sequence integer not null, start integer not null, "end" integer not null, timezone text not null,
    day text not null, partial integer not null, observed_share real not null, policy text not null,
    k integer not null, noise text, "table" text not null, weight real not null, measure text not null,
    expires integer not null, stored integer not null, payload blob not null, signature text not null,
    unique (station, stream, sequence)
) strict;
create index reports_by_start on reports (start);
create index reports_by_bin on reports (station, stream, start);
create index reports_by_expiry on reports (expires);
create table cells (
    report integer not null references reports on delete cascade, n integer not null,
    {", ".join(f"{name} text" for name in DIMENSIONS)}, rest text, vehicle_types text
) strict;
create index cells_by_report on cells (report);
create table states (
    id integer primary key, station integer not null references stations, status text not null,
    software text not null, policy text not null, models text not null, sandbox text,
    stored integer not null, payload blob not null, signature text not null
) strict;
create table health (
    id integer primary key, station integer not null references stations, time integer not null,
    stored integer not null, payload blob not null, signature text not null
) strict;
create index health_by_station on health (station, time);
create table checkpoints (
    id integer primary key, station integer not null references stations, size integer not null,
    stored integer not null, payload blob not null, signature text not null, unique (station, size)
) strict;
create table evidence (
    id integer primary key, station integer not null references stations, topic text not null,
    expires integer not null, stored integer not null, payload blob not null, signature text not null
) strict;
create table refusals (
    topic text not null, reason text not null, number integer not null, first integer not null, last integer not null,
    primary key (topic, reason)
) strict;
"""


class StoreError(AnprError):
    """The store can't be read or written at the moment."""


def make(file: Path, *, bench: bool, name: str) -> Database:
    """Open ``file`` for the collector, making it where it is absent; ``name`` is the store's own, random one.

    Raises:
        ConfigError: it can't be opened, is something else, or holds counts of the other kind.
    """
    with _explained(file):
        _make_file(file)
        database = _connect(file, "rw")
        with _closed_on_error(database):
            database.enable_wal()
            for setting in ("synchronous = full", "secure_delete = on", "foreign_keys = on"):
                database.execute(f"pragma {setting}").fetchall()
            with transaction(database):
                if _is_empty(database):
                    _fill(database, bench=bench, name=name)
            _check(file, database)
            _check_kind(file, database, bench=bench)
        return database


def read(file: Path) -> Database:
    """Open ``file`` for reading only.

    Raises:
        ConfigError: it is absent, can't be opened, or is something else.
    """
    with _explained(file):
        try:
            return _opened(file, "rw")
        except sqlite3.OperationalError as error:
            written = file.with_name(f"{file.name}-wal").exists()
            if written or error.sqlite_errorcode & PRIMARY != sqlite3.SQLITE_READONLY:
                raise
            # Nobody writes it, and whoever may only read can't make the files by which readers and writers agree.
            return _opened(file, "ro&immutable=1")


def _opened(file: Path, mode: str) -> Database:
    database = _connect(file, mode)
    with _closed_on_error(database):
        _check(file, database)
        database.execute("pragma query_only = on")
    return database


@contextmanager
def reading(file: Path) -> Iterator[Database]:
    """Give a view of ``file`` at one moment, whatever the collector writes meanwhile.

    Raises:
        ConfigError: as `read`.
        StoreError: it can't be read.
    """
    database = read(file)
    try:
        database.conn.execute("begin")
        yield database
    except sqlite3.Error as error:
        raise StoreError(f"{file}: can't be read: {error}") from error
    finally:
        database.close()


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """Take the write lock at once; all that is written inside is on the disk after it, or nothing."""
    database.conn.execute("begin immediate")
    try:
        yield
        database.conn.execute("commit")
    except BaseException:
        if database.conn.in_transaction:
            database.conn.execute("rollback")
        raise


@contextmanager
def part(database: Database) -> Iterator[None]:
    """Inside a transaction: where this fails, what was written in it is undone, and nothing else of the transaction."""
    database.conn.execute("savepoint part")
    try:
        yield
        database.conn.execute("release part")
    except BaseException:
        if database.conn.in_transaction:  # Some errors end all of it.
            database.conn.execute("rollback to part")
            database.conn.execute("release part")
        raise


def about(database: Database, name: str) -> str:
    """Return what the store says about itself: `kind` (street or bench) or `name`."""
    return str(database.execute("select value from about where name = ?", [name]).fetchone()[0])


def _make_file(file: Path) -> None:
    """Make an empty file where there is none; SQLite gives its own files the mode of the database."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, MODE))
    except OSError as error:
        raise ConfigError(f"{file}: can't be written: {error.strerror}") from error


def _connect(file: Path, mode: str) -> Database:
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    # Transactions are ours alone: the module would begin some by itself.
    return Database(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None))


def _is_empty(database: Database) -> bool:
    return not database.execute("select count(*) from sqlite_master").fetchone()[0]


def _fill(database: Database, *, bench: bool, name: str) -> None:
    for statement in SCHEMA.split(";"):
        database.conn.execute(statement)
    for about_name, value in {"kind": _kind(bench=bench), "name": name}.items():
        database.execute("insert into about values (?, ?)", [about_name, value])
    database.execute(f"pragma user_version = {VERSION}")
    database.execute(f"pragma application_id = {APPLICATION}")


def _kind(*, bench: bool) -> str:
    return "bench" if bench else "street"


def _check(file: Path, database: Database) -> None:
    if database.execute("pragma application_id").fetchone()[0] != APPLICATION:
        raise ConfigError(f"{file}: is a SQLite file, but no store of `anpr-edge central collect`")
    if (version := database.execute("pragma user_version").fetchone()[0]) != VERSION:
        raise ConfigError(f"{file}: is a store of schema {version}; this software reads schema {VERSION}")


def _check_kind(file: Path, database: Database, *, bench: bool) -> None:
    if (kind := about(database, "kind")) != _kind(bench=bench):
        hint = "give another --store" if bench else "add --bench, or give another --store"
        raise ConfigError(f"{file}: holds counts of a {kind}; {hint}")


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Say which file it is, and what SQLite makes of it."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise ConfigError(f"{file}: is no SQLite file, so no store of `anpr-edge central collect`") from error
        hint = "" if file.exists() else "; `anpr-edge central collect` makes it"
        raise ConfigError(f"{file}: can't be opened: {error}{hint}") from error


@contextmanager
def _closed_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise
