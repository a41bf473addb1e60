"""The outbox's file: a SQLite database in WAL mode that two processes share."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from edge.errors import ConfigError

MODE = 0o660  # Gate and uplink are two users of one group; SQLite gives its own files the mode of the database.
PAGE = 4096
# Some 256 KB: a log that never grows far needs little room when the disk fills up.
CHECKPOINT_PAGES = 64
BUSY_SECONDS = 5.0
# autoincrement: the id of a dropped message, which may be on its way, is never given to another one.
MESSAGES = """
create table messages (
    id integer primary key autoincrement, stream text not null, sequence integer not null, window integer not null,
    stored integer not null, outcome text, settled integer,
    topic text not null, payload blob not null, signature text not null, expires integer not null,
    unique (stream, sequence)
) strict;
create index waiting on messages (id) where outcome is null;
create table streams (stream text primary key, sequence integer not null, window integer not null) strict;
create table retained (
    name text primary key, version integer not null,
    topic text not null, payload blob not null, signature text not null, expires integer not null
) strict;
create table counters (name text primary key, value integer not null) strict;
insert into counters values ('dropped', 0);
pragma user_version = 1;
"""
# Up to which sequence each named subscriber has everything.
RECEIPTS = """
create table receipts (
    stream text not null, subscriber text not null, sequence integer not null, primary key (stream, subscriber)
) strict, without rowid;
pragma user_version = 2;
"""
# Each leads from the schema with its number, counted from 0, to the next one.
STEPS = (MESSAGES, RECEIPTS)


def make(file: Path) -> Database:
    """Open ``file`` for the gate, making it where it is absent; what is committed is on the disk.

    One of an older schema is brought up to date, whoever opens it.

    Raises:
        ConfigError: it is an outbox of another schema.
        OSError, sqlite3.Error: it can't be opened, or is something else.
    """
    _make_file(file)
    database = _connect(file)
    with _closed_on_error(database):
        database.enable_wal()
        database.execute("pragma synchronous = full")
        _bring_up_to_date(file, database)
    return database


def join(file: Path) -> Database | None:
    """Open ``file`` for the uplink; None where the gate has not finished making it.

    Raises:
        ConfigError: it is an outbox of another schema.
        sqlite3.Error: it can't be opened, or is something else.
    """
    database = _connect(file)
    with _closed_on_error(database):
        if not _version(database):
            database.close()
            return None
        _bring_up_to_date(file, database)
        # A mark that a power cut takes back costs a duplicate, which subscribers drop; a sync costs the card.
        database.execute("pragma synchronous = normal")
    return database


@contextmanager
def transaction(database: Database) -> Iterator[None]:
    """Take the write lock at once: a lock taken after a read could meet a newer version and fail."""
    database.conn.execute("begin immediate")
    try:
        yield
        database.conn.execute("commit")
    except BaseException:
        if database.conn.in_transaction:
            database.conn.execute("rollback")
        raise


def pragma(database: Database, text: str) -> int:
    """Set or read a pragma; return what it is now."""
    return int(database.execute(f"pragma {text}").fetchone()[0])


def _make_file(file: Path) -> None:
    """Make an empty file with its final mode, which the umask may not narrow."""
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, MODE)
    except FileExistsError:
        return
    os.fchmod(handle, MODE)
    os.close(handle)


def _connect(file: Path) -> Database:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    database = Database(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS))
    with _closed_on_error(database):
        pragma(database, f"wal_autocheckpoint = {CHECKPOINT_PAGES}")
    return database


@contextmanager
def _closed_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


def _version(database: Database) -> int:
    return pragma(database, "user_version")


def _bring_up_to_date(file: Path, database: Database) -> None:
    if _version(database) == len(STEPS):
        return
    with transaction(database):
        version = _version(database)
        if version > len(STEPS):
            raise ConfigError(f"{file}: is an outbox of schema {version}; this software reads schema {len(STEPS)}")
        for statement in ";".join(STEPS[version:]).split(";"):
            database.conn.execute(statement)
