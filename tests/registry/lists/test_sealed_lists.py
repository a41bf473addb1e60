"""A sealed list on its way: what it shows, and what is refused."""

import base64
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.public import SealedBox

from edge import keys
from edge.categories import Exemption
from edge.errors import ConfigError
from edge.registry.lists.layout import unpack
from edge.registry.lists.lookup import Exemptions, Origins, Trades
from edge.registry.lists.sealed import TITLE, encode, opened
from tests.registry.lists.office import TODAY, Office, plates

UNTIL = date(2026, 12, 31)
ROWS = (
    "V-12-BDF,day,2026-11-23,2026-11-25",
    "V-12-BDG,long_term,2026-01-01,2027-06-30",
    "V-12-BDH,day,2026-12-01,2026-12-01",
)


def _load(office: Office, file: Path | None = None, today: date = TODAY) -> Exemptions:
    return Exemptions.load(file or office.sealed, office.sealing_key, office.registry_key, today)


def _spellings(plate: str) -> list[bytes]:
    """Return how a plate may stand in bytes."""
    dashed = f"{plate[0]}-{plate[1:3]}-{plate[3:]}"
    number = int(plate, 36)
    texts = [
        text.encode(code) for text in (plate, dashed, plate.lower()) for code in ("ascii", "utf-16-le", "utf-32-le")
    ]
    return [*texts, number.to_bytes(4, "little"), number.to_bytes(4, "big")]


def _open_all(office: Office) -> bytes:
    """Return everything that the camera's key opens."""
    box = SealedBox(keys.read_sealing_secret(office.sealing_key))
    with opened(office.sealed) as sealed:
        return b"".join([
            box.decrypt(base64.b64decode(sealed.header.hash_key)),
            *(box.decrypt(sealed.read(segment)) for segment in sealed.present),
        ])  # fmt: skip


def test_a_sealed_list_opens_on_its_camera(office: Office) -> None:
    """What the office sealed, the camera looks up."""
    office.exemptions(*ROWS)
    loaded = _load(office)
    assert loaded.on(b"V12BDF", TODAY) is Exemption.DAY
    assert loaded.on(bytearray(b"V12BDG"), TODAY) is Exemption.LONG_TERM
    assert loaded.on(b"V12BDH", TODAY) is Exemption.NONE


def test_no_plate_stands_in_a_sealed_list_nor_in_what_is_opened(office: Office) -> None:
    """Neither in the file, nor in anything that the camera's key opens, in any spelling."""
    office.exemptions(*ROWS)
    for content in (office.sealed.read_bytes(), _open_all(office)):
        assert not [plate for plate in ("V12BDF", "V12BDG", "V12BDH") for text in _spellings(plate) if text in content]


def test_of_a_postcode_the_municipality_is_sealed(office: Office) -> None:
    """Beside the hashes of the plates, its number is all that the camera's key opens."""
    office.origin([f"{plate};3511 QX" for plate in plates(1000)], {"3511": 344}, UNTIL)
    assert _sealed_values(office) == {344}
    assert b"3511" not in office.sealed.read_bytes() + _open_all(office)
    assert Origins.load(office.sealed, office.sealing_key, office.registry_key, TODAY).of(b"V00BBB") == 344


def test_of_an_sbi_code_the_section_is_sealed(office: Office) -> None:
    """Beside the hashes of the plates, its letter is all that the camera's key opens."""
    office.trade([f"{plate};56.10.1" for plate in plates(1000)], UNTIL)
    assert _sealed_values(office) == {ord("I")}
    assert not any(text in office.sealed.read_bytes() + _open_all(office) for text in (b"5610", b"56.10"))
    assert Trades.load(office.sealed, office.sealing_key, office.registry_key, TODAY).of(b"V00BBB") == "I"


def test_sizes_do_not_tell_a_few_rows_from_many(office: Office) -> None:
    """A day of one exemption and a day of fifty have segments of the same size."""
    many = [f"{plate},day,2026-11-24,2026-11-24" for plate in plates(50)]
    office.exemptions(*many, "V-12-ZZZ,day,2026-11-25,2026-11-25")
    with opened(office.sealed) as sealed:
        assert len({segment.bytes for segment in sealed.present}) == 1


def test_each_list_has_its_own_hash_key(office: Office) -> None:
    """The same rows, sealed twice, have no hash in common."""
    first = _open_all(_sealed(office))
    second = _open_all(_sealed(office))
    assert first[:32] != second[:32]
    assert first[36:44] != second[36:44]


def test_a_list_of_another_camera_is_refused(office: Office, tmp_path: Path) -> None:
    """A key that it is not sealed to does not open it."""
    office.exemptions(*ROWS)
    other = Office(tmp_path / "other")
    with pytest.raises(ConfigError, match=r"list\.sealed: is sealed to another camera, whose key is [0-9a-f]{16}$"):
        Exemptions.load(office.sealed, other.sealing_key, office.registry_key, TODAY)


def test_a_list_of_another_signer_is_refused(office: Office, tmp_path: Path) -> None:
    """Anyone can seal to a camera; only its own registry's lists count."""
    office.exemptions(*ROWS)
    other = Office(tmp_path / "other")
    with pytest.raises(ConfigError, match=r"list\.sealed: is not signed by .*registry\.pub"):
        Exemptions.load(office.sealed, office.sealing_key, other.registry_key, TODAY)


def test_a_list_of_another_kind_is_refused(office: Office) -> None:
    """Trades are no exemptions."""
    office.trade([f"{plate};56" for plate in plates(1000)], UNTIL)
    with pytest.raises(ConfigError, match="is a list of trade; allowed here: exemptions"):
        _load(office)


def test_other_files_are_no_lists(office: Office) -> None:
    """A missing file, a text, a folder."""
    office.sealed.write_text("plate,kind\n")
    for file, message in [
        (office.folder / "none", "can't be read: No such file"),
        (office.sealed, "is no sealed list of this version"),
        (office.folder, "can't be read: Is a directory"),
    ]:
        with pytest.raises(ConfigError, match=message):
            _load(office, file)


@pytest.mark.parametrize("change", [{"kind": "origin"}, {"camera": "0" * 16}, {"hash_key": "AAAA"}, {"segments": ()}])
def test_a_changed_header_is_refused(office: Office, change: dict[str, object]) -> None:
    """Whatever is changed in it, the signature is over something else."""
    with opened(_sealed(office).sealed) as sealed:
        header = encode(msgspec.structs.replace(sealed.header, **change))
        content = office.sealed.read_bytes().replace(sealed.signed, header)
    if change.get("segments") == ():
        content = content[: content.index(header) + len(header) + 90]
    office.sealed.write_bytes(content)
    with pytest.raises(ConfigError, match="is not signed by"):
        _load(office)


def test_a_segment_of_another_file_is_refused(office: Office, tmp_path: Path) -> None:
    """Two lists of the same shape, to the same camera, by the same office: their segments can't be swapped."""
    office.exemptions(*ROWS)
    first = office.sealed.read_bytes()
    office.exemptions(*ROWS)
    second = office.sealed.read_bytes()
    with opened(office.sealed) as sealed:
        size = sealed.present[-1].bytes
    mixed = tmp_path / "mixed.sealed"
    mixed.write_bytes(first[:-size] + second[-size:])
    with pytest.raises(ConfigError, match=r"mixed\.sealed: what expires on 2027-06-30 is damaged"):
        _load(office, mixed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_a_list_cut_anywhere_is_refused(office: Office, data: st.DataObject) -> None:
    """Whatever is missing at its end, or behind it too much, the file is named and nothing is loaded."""
    content = _once(office)
    length = data.draw(st.integers(0, len(content) - 1))
    damaged = data.draw(st.sampled_from([content[:length], content[length + 1 :], content + content[length:]]))
    _refused(office, damaged)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_a_list_with_any_changed_bit_is_refused(office: Office, data: st.DataObject) -> None:
    """No byte of the file is without protection."""
    content = bytearray(_once(office))
    # Half of the changes fall into the header, which is the smaller part.
    place = data.draw(st.one_of(st.integers(0, content.index(b"=\n")), st.integers(0, len(content) - 1)))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    _refused(office, bytes(content))


def test_a_failed_import_keeps_the_old_list(office: Office) -> None:
    """A refused file, and one of which nothing is left, leave the list as it was, and nothing beside it."""
    before = _sealed(office).sealed.read_bytes()
    names = sorted(path.name for path in office.folder.iterdir())
    with pytest.raises(ConfigError, match="column 'reden'"):
        office.exemptions(header="plate,kind,from,until,reden")
    with pytest.raises(ConfigError, match=r"not written, for nothing is left to seal: 1 rows read; 1 expired already"):
        office.exemptions("V-12-BDF,day,2025-01-01,2025-01-01")
    assert office.sealed.read_bytes() == before
    assert sorted(path.name for path in office.folder.iterdir()) == names


def test_an_interrupted_import_leaves_no_half_list(office: Office) -> None:
    """Ctrl-C while the file is being read ends without a list, a draft, a traceback or a plate."""
    pipe = office.folder / "pipe.csv"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "edge", "lists", "seal", "exemptions", str(pipe)]
    keys_and_place: list[str | Path] = [
        "--for",
        office.sealing_public,
        "--key",
        office.registry_secret,
        "--out",
        office.sealed,
    ]
    process = subprocess.Popen(
        [*command, *keys_and_place],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with pipe.open("w") as stream:
        stream.write("plate,kind,from,until\n" + "V-12-BDF,day,2026-11-23,2099-11-25\n" * 1000)
        stream.flush()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=20)
    assert process.returncode not in {0, 78}
    assert "12-BDF" not in printed
    assert "Traceback" not in printed
    assert not list(office.folder.glob("*list.sealed*"))


def test_a_place_that_can_not_be_written_is_named(office: Office) -> None:
    """A folder in the list's place."""
    office.sealed.mkdir()
    with pytest.raises(ConfigError, match=r"list\.sealed: can't be written: "):
        office.exemptions(*ROWS)


def _sealed_values(office: Office) -> set[int]:
    """Return the values in the only segment, of which all but hashes and values is zero."""
    content = _open_all(office)[32:]
    rows = unpack(content)
    assert not any(content[4 + rows.nbytes :])
    assert not rows["since"].any()
    return set(rows["value"].tolist())


def _sealed(office: Office) -> Office:
    office.exemptions(*ROWS)
    return office


def _once(office: Office) -> bytes:
    """Seal one list for all examples of a test."""
    if not office.sealed.exists():
        office.exemptions(*ROWS)
    return office.sealed.read_bytes()


def _refused(office: Office, content: bytes) -> None:
    file = office.folder / "damaged.sealed"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"damaged\.sealed: ") as refused:
        _load(office, file)
    assert "12BD" not in str(refused.value)
    assert content.startswith(TITLE) or "is no sealed list" in str(refused.value)
