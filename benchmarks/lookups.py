"""Measures look-ups in one table of the register, in a process of its own.

python -m benchmarks.lookups KIND FILE PLATES --key registry.pub

Kinds: pack (ours), text (a plain SQLite table with the plate as text), integer (with the plate as base-36 number).
Prints one JSON line.
"""

import ctypes
import mmap
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from edge import keys
from edge.keys import Role
from edge.registry.pack import Pack
from edge.registry.stats import measure

PAGE = mmap.PAGESIZE
LENGTH = 6
QUERY = "select class from vehicles where plate = ?"

Lookup = Callable[[bytes], object | None]


class Measured(msgspec.Struct, frozen=True):
    """Times in microseconds; megabytes by which the process grew, and of the file in the system's cache."""

    found: float
    p50_us: float
    p99_us: float
    process_mb: float
    cached_mb: float

    @property
    def resident_mb(self) -> float:
        """Everything that the table costs in memory."""
        return self.process_mb + self.cached_mb


def forget(file: Path) -> None:
    """Have the system forget the pages of a file, so that the first look-ups come from the disk."""
    with file.open("rb") as stream:
        os.fdatasync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cached(file: Path) -> int:
    """Return how many bytes of a file are in memory (mincore)."""
    size = file.stat().st_size
    with file.open("r+b") as stream, mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_COPY) as view:
        pages = -(-size // PAGE)
        there = (ctypes.c_ubyte * pages)()
        start = ctypes.addressof(ctypes.c_char.from_buffer(view))
        if ctypes.CDLL(None, use_errno=True).mincore(ctypes.c_void_p(start), ctypes.c_size_t(size), there):
            raise OSError(ctypes.get_errno(), "mincore")
        return sum(page & 1 for page in there) * PAGE


def resident() -> int:
    """Return the bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def opened(kind: str, file: Path, key: Path | None) -> Lookup:
    """Return how a plate is looked up."""
    if kind == "pack":
        assert key is not None  # noqa: S101  (the caller's part)
        return Pack(file, keys.read_public(key, Role.REGISTRY)[1]).lookup
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    return _plain(connection, str if kind == "text" else lambda plate: int(plate, 36))


def _plain(connection: sqlite3.Connection, name: Callable[[str], object]) -> Lookup:
    def lookup(plate: bytes) -> object | None:
        found: object = connection.execute(QUERY, (name(plate.decode()),)).fetchone()
        return found

    return lookup


@click.command()
@click.argument("kind", type=click.Choice(["pack", "text", "integer"]))
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.argument("plates", type=click.Path(path_type=Path, exists=True))
@click.option("--key", type=click.Path(path_type=Path, exists=True), help="registry.pub, for a pack.")
def main(kind: str, file: Path, plates: Path, key: Path | None) -> None:
    """Look up each of PLATES, six characters after six, in FILE; the first ones come from the disk."""
    wanted = plates.read_bytes()
    several = [wanted[place : place + LENGTH] for place in range(0, len(wanted), LENGTH)]
    before = resident()
    lookup = opened(kind, file, key)
    forget(file)
    stats = measure(lookup, several)
    grown = (resident() - before) / 1e6
    click.echo(msgspec.json.encode(Measured(stats.found, stats.p50_us, stats.p99_us, grown, cached(file) / 1e6)))


if __name__ == "__main__":
    main()
