"""The search finds a plate in each form, in each kind of place, and reports without spelling it."""

import base64
import os
import socket
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.proof import capture, forms, places
from edge.proof.forms import ALPHABET
from edge.proof.search import CHUNK, LARGE, Find, Searcher

PLATES = ["X-99-XXX", "Z12ZZZ", "K-45-KLM"]
BARE = "Z12ZZZ"
NUMBER = int(BARE, 36)
PLACES_IN_ALPHABET = np.array([ALPHABET.index(char) for char in BARE])
TAGS = [bytes(range(index, index + 16)) for index in range(3)]
SPELLINGS: dict[str, bytes] = {
    "text": BARE.encode(),
    "text with dashes": b"Z-12-ZZZ",
    "text, lower case": b"z12zzz",
    "text with dashes, lower case": b"z-12-zzz",
    "text, 16 bits each": BARE.encode("utf-16-le"),
    "text with dashes, 16 bits each": "Z-12-ZZZ".encode("utf-16-be"),
    "text, 32 bits each": BARE.encode("utf-32-be"),
    "text, lower case, 32 bits each": BARE.lower().encode("utf-32-le"),
    "text, hexadecimal": BARE.encode().hex().encode(),
    "text with dashes, hexadecimal capitals": b"Z-12-ZZZ".hex().upper().encode(),
    "text, base64": base64.b64encode(b"ab" + BARE.encode() + b"cd"),
    "text with dashes, base64": base64.urlsafe_b64encode(b"a" + b"Z-12-ZZZ"),
    "base 36, decimal text": str(NUMBER).encode(),
    "base 36, 64 bits, little endian": struct.pack("<Q", NUMBER),
    "base 36, 64 bits, big endian": struct.pack(">Q", NUMBER),
    "base 36, 32 bits, little endian": struct.pack("<I", NUMBER),
    "base 36, 32 bits, big endian": struct.pack(">I", NUMBER),
    "base 36, integer of CPython": struct.pack("<II", NUMBER & (2**30 - 1), NUMBER >> 30),
    "indices": PLACES_IN_ALPHABET.astype(np.uint8).tobytes(),
    "indices, 32 bits each": PLACES_IN_ALPHABET.astype(np.int32).tobytes(),
    "indices, 64 bits each": PLACES_IN_ALPHABET.astype(np.int64).tobytes(),
    "indices from 1, 64 bits each": (PLACES_IN_ALPHABET + 1).tobytes(),
    "tag": TAGS[1],
    "tag, hexadecimal": TAGS[1].hex().encode(),
    "tag, base64": base64.b64encode(TAGS[1]),
}
SEARCHER = Searcher(forms.needles(PLATES) + forms.tag_needles(TAGS))


def _in_file(tmp_path: Path, spelling: bytes) -> list[Find]:
    file = tmp_path / "log.json"
    file.write_bytes(b'{"event": "' + spelling + b'"}')
    return places.file(SEARCHER, file)


def _in_folder(tmp_path: Path, spelling: bytes) -> list[Find]:
    below = tmp_path / "one" / "two"
    below.mkdir(parents=True)
    (below / "file").write_bytes(os.urandom(3) + b"\0" * 8 + spelling + b"\0" * 8)
    return places.folder(SEARCHER, tmp_path)


def _in_database(tmp_path: Path, spelling: bytes) -> list[Find]:
    file = tmp_path / "outbox.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("create table messages (id integer primary key, payload blob)")
        connection.execute("insert into messages (payload) values (?)", [b"." * 3_000 + spelling])
        connection.commit()
        return places.database(SEARCHER, file)


def _in_write_ahead_log(tmp_path: Path, spelling: bytes) -> list[Find]:
    """A row that was deleted before it was ever written back is in the log alone."""
    file = tmp_path / "outbox.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table messages (payload blob)")
        connection.execute("insert into messages values (?)", [spelling])
        connection.execute("delete from messages")
        return places.database(SEARCHER, file)


def _in_memory(_tmp_path: Path, spelling: bytes) -> list[Find]:
    """Memory of a process that got the spelling over a pipe, and overwrote what it read into once."""
    code = "import sys\nkept = bytearray(sys.stdin.buffer.read())\nprint(flush=True)\nimport time\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\0" * 16 + spelling + b"\0" * 16)
        process.stdin.close()
        process.stdout.readline()
        found = places.memory(SEARCHER, "a process", process.pid)
        process.kill()
    return found


def _in_message(_tmp_path: Path, spelling: bytes) -> list[Find]:
    return places.messages(SEARCHER, "subscriber", [("anpr/1", b"{}"), ("anpr/2", b"[" + spelling + b"]")])


def _in_packets(_tmp_path: Path, spelling: bytes) -> list[Find]:
    try:
        with capture.loopback(9) as packets, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(spelling, ("127.0.0.1", 9))
            sender.sendto(b"end", ("127.0.0.1", 9))
            while b"end" not in packets:
                time.sleep(0.01)
    except PermissionError:
        pytest.skip("this user may not capture packets")
    return SEARCHER.whole("loopback", packets)


PLACES: list[Callable[[Path, bytes], list[Find]]] = [
    _in_file, _in_folder, _in_database, _in_write_ahead_log, _in_memory, _in_message, _in_packets,
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_planted_plate_is_found_in_every_form(
    tmp_path_factory: pytest.TempPathFactory, place: Callable[[Path, bytes], list[Find]]
) -> None:
    """In each kind of place; in memory but for 32-bit numbers and six small bytes, which chance writes there too."""
    short = {form for form in SPELLINGS if "32 bits, " in form and form.startswith("base 36")} | {"indices"}
    for form, spelling in SPELLINGS.items():
        found = place(tmp_path_factory.mktemp("place"), spelling)
        expected = place is not _in_memory or form not in short
        assert (("form", form, 1) in {("form", find.form, find.plate) for find in found}) == expected, form


def test_a_report_spells_no_plate(tmp_path: Path) -> None:
    """A find names place, form, index and offset, also where the plate is in the middle of a long file."""
    (find,) = _in_file(tmp_path, b"Z-12-ZZZ")
    assert find == Find(str(tmp_path / "log.json"), "text with dashes", 1, 11)
    assert "12" not in str(find).replace(str(tmp_path), "")


def test_the_name_of_a_file_is_searched(tmp_path: Path) -> None:
    """Cameras of other makers write plates there."""
    (tmp_path / "Z12ZZZ.jpg").touch()
    (find,) = places.folder(SEARCHER, tmp_path)
    assert (find.form, find.plate) == ("text", 1)


@given(before=st.integers(0, 64), width=st.sampled_from([1, 2, 4, 8]), noise=st.randoms(use_true_random=False))
def test_where_it_stands_does_not_matter(before: int, width: int, noise: object) -> None:
    """At any offset, beside anything, a text of any width is found there, once."""
    spelt = b"".join(char.to_bytes(width, "little") for char in BARE.encode())
    around = noise.randbytes(before)  # type: ignore[attr-defined]
    found = [find for find in SEARCHER.whole("bytes", around + spelt + bytes(8)) if find.form.startswith("text")]
    assert found == [Find("bytes", "text" if width == 1 else f"text, {8 * width} bits each", 1, before)]


def test_a_plate_across_two_pieces_is_found() -> None:
    """Large places are searched piece by piece."""
    data = bytearray(LARGE + 1)
    for at in (CHUNK - 3, 2 * CHUNK - 1, LARGE - 5):
        data[at : at + 6] = BARE.encode()
    found = SEARCHER.whole("zeros", data)
    assert [find.offset for find in found] == [CHUNK - 3, 2 * CHUNK - 1, LARGE - 5]


def test_plates_of_any_length_are_searched_for() -> None:
    """Foreign ones have up to nine characters, and as a number more than 32 bits."""
    foreign = ["ZZ9", "ABC1234", "ZZZZZZZZZ"]
    searcher = Searcher(forms.needles(foreign))
    for index, plate in enumerate(foreign):
        (find,) = searcher.whole("bytes", struct.pack("<Q", int(plate, 36)))[:1]
        assert find.plate == index


def test_noise_holds_no_plate() -> None:
    """In 32 MB of random bytes nothing is found."""
    assert SEARCHER.whole("noise", np.random.default_rng(1).bytes(1 << 25)) == []
