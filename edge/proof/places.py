"""Where plates are looked for: files, folders, databases, memory, messages."""

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

from edge.proof.search import CHUNK, Find, Searcher

_MAPPING: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r(.)\S* \S+ \S+ (\d+) *(.*)")
_OVERLAP: Final = 256
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ENTRY: Final = 8  # Bytes per page in pagemap.


def file(searcher: Searcher, path: Path) -> list[Find]:
    """Search a file and its name; one that is gone meanwhile holds nothing."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    return searcher.whole(str(path), content) + searcher.whole(f"name of {path}", path.name.encode())


def folder(searcher: Searcher, path: Path) -> list[Find]:
    """Search all files below a folder, and the names of everything in it."""
    found = []
    for below in sorted(path.rglob("*")):
        if below.is_file():
            found += file(searcher, below)
        else:
            found += searcher.whole(f"name of {below}", below.name.encode())
    return found


def database(searcher: Searcher, path: Path) -> list[Find]:
    """Search a SQLite file with its write-ahead log, as bytes and value by value.

    As bytes, so that deleted rows are seen; by value, since a long value is cut into pages.
    """
    beside = [path.with_name(path.name + tail) for tail in ("", "-wal", "-shm", "-journal")]
    found = [find for one in beside if one.exists() for find in file(searcher, one)]
    for place, value in _values(path):
        found += searcher.whole(place, value)
    return found


def messages(searcher: Searcher, place: str, sent: Iterable[tuple[str, bytes]]) -> list[Find]:
    """Search MQTT messages, topics and payloads."""
    found = []
    for number, (topic, payload) in enumerate(sent):
        found += searcher.whole(f"{place}: message {number}", payload)
        found += searcher.whole(f"{place}: topic of message {number}", topic.encode())
    return found


def memory(searcher: Searcher, name: str, pid: int) -> list[Find]:
    """Search what a process can write to, and what it has not from a file; its offsets are addresses.

    Raises:
        OSError: the process is gone, or its memory is not for us.
    """
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as stream:
        return searcher.stream(f"memory of {name}", _parts(pid, stream.fileno()), large=True)


def _values(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        names = [name.decode() for (name,) in connection.execute("select name from sqlite_schema where type = 'table'")]
        for name in names:
            for row in connection.execute(f'select * from "{name}"'):  # noqa: S608  (its own tables)
                for value in row:
                    if value is not None:
                        yield f"{path}: a value of {name}", value if isinstance(value, bytes) else str(value).encode()


def _parts(pid: int, handle: int) -> Iterator[tuple[int, bytes]]:
    """Yield memory in pieces that overlap, without what was never touched."""
    with Path(f"/proc/{pid}/pagemap").open("rb", buffering=0) as pages:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines():
            if (mapping := _MAPPING.match(line)) and (mapping[3] == "w" or mapping[4] == "0"):
                for start, end in _touched(pages.fileno(), int(mapping[1], 16), int(mapping[2], 16)):
                    for at in range(start, end, CHUNK):
                        yield at, _read(handle, at, min(CHUNK + _OVERLAP, end - at))


def _touched(pages: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a mapping that have pages, in memory or swapped out (bits 63 and 62 of pagemap)."""
    try:
        raw = os.pread(pages, (end - start) // _PAGE * _ENTRY, start // _PAGE * _ENTRY)
    except OverflowError:  # The kernel's own.
        return
    there = np.frombuffer(raw, np.uint64) >> np.uint64(62) != 0
    edges = np.flatnonzero(np.diff(there, prepend=False, append=False)) * _PAGE + start
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _read(handle: int, at: int, size: int) -> bytes:
    try:
        return os.pread(handle, size, at)
    except OSError:  # Gone meanwhile.
        return b""
