"""Does the search find a plate that is there? One is planted in each kind of place, in each spelling."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from edge.policy_text import Words
from edge.proof import forms, places
from edge.proof.claims import Claim, judged
from edge.proof.forms import Needle
from edge.proof.search import Find, Searcher

PLATE: Final = "Z-12-ZZZ"
_TAG: Final = bytes(range(16))
# It holds so many bytes of its standard input, says so, and waits for the end of that.
_HOLD: Final = (
    "import sys; kept = bytearray(sys.stdin.buffer.read(int(sys.argv[1]))); print(flush=True); sys.stdin.buffer.read()"
)
_PADDING: Final = bytes(16)


def check(folder: Path) -> Claim:
    """Plant and search."""
    needles = [*forms.needles([PLATE]), *forms.tag_needles([_TAG])]
    searcher, spelt = Searcher(needles), [(one, width) for one in needles for width in one.widths]
    missed = [
        f"{name}: {needle.form}"
        for name, plant in _PLACES.items()
        for needle, width in spelt
        if not _is_found(plant(searcher, folder, _written(needle, width)), needle)
    ]
    missed += [f"memory: {form}" for form in _missed_in_memory(searcher, spelt)]
    tried = len(_PLACES) * len(spelt) + sum(not needle.short for needle, _ in spelt)
    found = tried - len(missed)
    return Claim(
        Words("The search finds what is there", "De zoekactie vindt wat er is"),
        Words(
            f"A made-up plate and its tag were planted in {len(spelt)} spellings (ASCII, UTF-16, UTF-32, base64, "
            "hexadecimal, numbers, indices) in a file, a deleted row of a database, a message and, but for the "
            "shortest (a number of 32 bits, six bytes of indices), which chance writes there too, the memory of a "
            "process.",
            f"Een verzonnen kenteken en zijn tag zijn in {len(spelt)} schrijfwijzen (ASCII, UTF-16, UTF-32, base64, "
            "hexadecimaal, getallen, indices) verstopt in een bestand, een gewiste rij van een database, een bericht "
            "en, behalve de kortste (een getal van 32 bits, zes bytes met indices), die daar ook toevallig staan, het "
            "geheugen van een proces.",
        ),
        Words(f"{found} of {tried} found", f"{found} van {tried} gevonden"),
        judged(good=not missed),
    )


def _written(needle: Needle, width: int) -> bytes:
    """Spell a needle out: its bytes stand ``width`` apart."""
    return b"".join(char.to_bytes(width, "little") for char in needle.narrow)


def _is_found(found: Sequence[Find], needle: Needle) -> bool:
    return any(find.form.startswith(needle.form) for find in found)


def _in_file(searcher: Searcher, folder: Path, planted: bytes) -> list[Find]:
    file = folder / "planted"
    file.write_bytes(_PADDING + planted + _PADDING)
    return places.file(searcher, file)


def _in_deleted_row(searcher: Searcher, folder: Path, planted: bytes) -> list[Find]:
    """A row that was deleted at once stands in the write-ahead log alone."""
    file = folder / "planted.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table if not exists messages (payload blob)")
        connection.execute("insert into messages values (?)", [_PADDING + planted + _PADDING])
        connection.execute("delete from messages")
        found = places.database(searcher, file)
    for left in folder.glob("planted.db*"):
        left.unlink()
    return found


def _in_message(searcher: Searcher, _folder: Path, planted: bytes) -> list[Find]:
    return places.messages(searcher, "planted", [("anpr", b"{" + _PADDING + planted + _PADDING + b"}")])


_PLACES: Final[dict[str, Callable[[Searcher, Path, bytes], list[Find]]]] = {
    "file": _in_file,
    "deleted row of a database": _in_deleted_row,
    "MQTT message": _in_message,
}


def _missed_in_memory(searcher: Searcher, spelt: Sequence[tuple[Needle, int]]) -> list[str]:
    """Let a process hold all spellings at once; return those that are not found. Short ones chance writes there too."""
    planted = _PADDING.join([b"", *(_written(needle, width) for needle, width in spelt), b""])
    command = [sys.executable, "-c", _HOLD, str(len(planted))]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as process:  # noqa: S603  (our own command)
        if process.stdin is None or process.stdout is None:
            return ["nothing was planted"]
        process.stdin.write(planted)
        process.stdin.flush()
        process.stdout.readline()
        found = places.memory(searcher, "a process", process.pid)
    return [needle.form for needle, _ in spelt if not needle.short and not _is_found(found, needle)]
