"""Reading a municipality's files."""

import os
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from edge.errors import ConfigError
from edge.registry.lists import importing
from edge.registry.lists.fields import MalformedError, day, plate, postcode
from edge.registry.lists.hashing import PlateHash
from edge.registry.lists.importing import Imported
from edge.registry.lists.municipalities import read_municipalities
from tests.registry.lists.office import TODAY, plates

UNTIL = date(2026, 12, 31)
PLATES = PlateHash(bytes(range(32)))
HEADER = "plate,kind,from,until\n"
Read = Callable[[Path, str], Imported]
GOOD = "V-12-BDF,day,2026-11-23,2026-11-24\n"


def _exemptions(folder: Path, text: str, encoding: str = "utf-8") -> Imported:
    source = folder / "list.csv"
    source.write_text(text, encoding=encoding)
    return importing.exemptions(source, PLATES, TODAY)


def _origin(folder: Path, text: str) -> Imported:
    source = folder / "list.csv"
    source.write_text(text)
    return importing.origin(source, {"3511": 344}, PLATES, UNTIL)


def _trade(folder: Path, text: str) -> Imported:
    source = folder / "list.csv"
    source.write_text(text)
    return importing.trade(source, PLATES, UNTIL)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + GOOD,
        "kenteken;soort;van;tot en met\nV-12-BDF;dag;23-11-2026;24-11-2026\n",
        'Until,From,Kind,Plate\r\n2026-11-24,2026-11-23,DAG,"v12bdf"\r\n',
        "\ufeff" + HEADER + GOOD + "\n\n",
    ],
)
def test_either_language_separator_and_order_will_do(tmp_path: Path, text: str) -> None:
    """Dutch and English headers, comma and semicolon, quotes, a byte order mark and empty lines give the same rows."""
    assert _exemptions(tmp_path, text).rows == _exemptions(tmp_path, HEADER + GOOD).rows
    assert _exemptions(tmp_path, text).summary.rows == 1


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (_exemptions, "plate,kind,from,until,reden\n", "line 1: not allowed: column 'reden'; allowed are only: plate"),
        (_exemptions, "kenteken;soort;van;t/m;naam\n", "column 'naam'"),
        (_exemptions, "kenteken;soort;van;tot\n", "column 'tot'; allowed are only: .*tot en met"),
        (_exemptions, "kentekn;soort;van;t/m\n", r"column 'kentekn' \(did you mean kenteken\?\)"),
        (_exemptions, "kenteken;soort;t/m\n", "column from is missing"),
        (_exemptions, "kenteken;plate;soort;van;t/m\n", "column plate stands there twice"),
        (_origin, "kenteken;postcode;huisnummer\n", "column 'huisnummer'; .*: plate or kenteken, postcode"),
        (_origin, "kenteken;postcode;straat;naam\n", "column 'straat', 'naam'"),
        (_trade, "kenteken;sbi;kvk\n", "column 'kvk'"),
        (_trade, "kenteken;kvknummer\n", "column 'kvknummer'"),
    ],
)  # fmt: skip
def test_another_column_is_refused_by_name(tmp_path: Path, read: Read, text: str, message: str) -> None:
    """A reason, a name, a house number, a number of the chamber of commerce: named, with what is allowed."""
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


def test_a_column_is_refused_before_a_row_is_read(tmp_path: Path) -> None:
    """From a pipe that has given its header only, and stays open."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    refused = threading.Event()

    def write() -> None:
        with pipe.open("w") as stream:
            stream.write("plate,kind,from,until,reason\n")
            stream.flush()
            refused.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(ConfigError, match="column 'reason'"):
        importing.exemptions(pipe, PLATES, TODAY)
    refused.set()
    writer.join()


@pytest.mark.parametrize("text", [GOOD, "", "\0\0\0", "V12BDF;V12BDG\n"])
def test_a_file_without_a_header_shows_no_plate(tmp_path: Path, text: str) -> None:
    """Its first row is not repeated in the error."""
    with pytest.raises(ConfigError, match="line 1: names none of the columns; allowed: plate or kenteken") as refused:
        _exemptions(tmp_path, text)
    assert "12" not in str(refused.value)


def test_malformed_rows_are_counted_and_the_others_taken(tmp_path: Path) -> None:
    """Each reason has its number; nothing of the row is told; 5 % may be so."""
    bad = [
        "V-12-BD!,day,2026-11-23,2026-11-24",
        "V-12-BDG,day,2026-11-23",
        "V-12-BDG,month,2026-11-23,2026-11-24",
        "V-12-BDG,day,2026-02-30,2026-11-24",
        "V-12-BDG,day,23/11/2026,2026-11-24",
        "V-12-BDG,day,2026-11-25,2026-11-24",
        '"V-12-BDG,day,2026-11-25',
    ]
    good = [f"{plate},day,2026-11-23,2026-11-24" for plate in plates(133, first=1000)]
    imported = _exemptions(tmp_path, HEADER + "\n".join(bad[:4] + good + bad[4:]))
    assert sum(map(len, imported.rows.values())) == 133
    assert imported.summary.rows == 140
    assert imported.summary.malformed == {
        "plate is not 4 to 9 letters and digits": 1,
        "row does not have 4 columns": 2,
        "kind is not day, dag, long_term, langdurig": 1,
        "from or until is a day that no calendar has": 1,
        "from or until is no day such as 2026-12-31 or 31-12-2026": 1,
        "until is before from": 1,
    }
    assert "BDG" not in repr(imported)
    with pytest.raises(ConfigError, match="7 of 139 rows are malformed, more than 5%: 1 from or until") as refused:
        _exemptions(tmp_path, HEADER + "\n".join(bad + good[1:]))
    assert "BDG" not in str(refused.value)


def test_files_that_are_no_lists_are_refused(tmp_path: Path) -> None:
    """A missing file, other bytes, and a header alone."""
    with pytest.raises(ConfigError, match=r"none\.csv: can't be read: No such file"):
        importing.exemptions(tmp_path / "none.csv", PLATES, TODAY)
    with pytest.raises(ConfigError, match=r"list\.csv: is not UTF-8 text"):
        _exemptions(tmp_path, HEADER + "é" + GOOD, "latin-1")
    with pytest.raises(ConfigError, match=r"list\.csv: holds no row"):
        _exemptions(tmp_path, HEADER)


def test_what_has_expired_is_left_out(tmp_path: Path) -> None:
    """A row whose last day is past is counted, and goes no further; one that ends today goes."""
    past = "V-12-BDG,day,2026-11-20,2026-11-22\nV-12-BDG,day,2026-11-20,2026-11-23\n"
    imported = _exemptions(tmp_path, HEADER + past)
    assert list(imported.rows) == [TODAY]
    assert imported.summary.lines() == ["2 rows read", "1 expired already, left out"]


def test_rare_municipalities_are_elsewhere(tmp_path: Path) -> None:
    """A value of 999 vehicles is merged, one of 1,000 is not; both numbers are told. Letters of postcodes are cut."""
    source = tmp_path / "list.csv"
    rows = [f"{plate};3511 AB" for plate in plates(1000)] + [f"{plate};3512CD" for plate in plates(999, first=1000)]
    source.write_text("\n".join(["kenteken;postcode", *rows, "V99ZZZ;9999"]))
    imported = importing.origin(source, {"3511": 344, "3512": 310}, PLATES, UNTIL)
    assert {row.value for row in imported.rows[UNTIL]} == {344}
    assert len(imported.rows[UNTIL]) == 1000
    assert imported.summary.notes == {
        "postcodes with letters, which were cut off": 1999,
        "postcodes that the table of municipalities does not name, elsewhere": 1,
        "values with fewer than 1000 vehicles, merged": 1,
        "vehicles of such values": 999,
    }


def test_a_plate_has_one_value(tmp_path: Path) -> None:
    """The first row counts; one that contradicts it is counted; a plate that stands there often is one vehicle."""
    rows = [f"{plate};56" for plate in plates(1000)]
    imported = _trade(tmp_path, "\n".join(["kenteken;sbi", *rows, *rows, f"{plates(1)[0]};47"]))
    assert {row.value for row in imported.rows[UNTIL]} == {ord("I")}
    assert len(imported.rows[UNTIL]) == 1000
    assert imported.summary.notes["rows of a plate that has another value further up, left out"] == 1
    repeated = [f"{plate};56" for plate in plates(500)]
    assert not _trade(tmp_path, "\n".join(["kenteken;sbi", *repeated, *repeated])).rows


@pytest.mark.parametrize(
    ("text", "result"),
    [("V-12-BDF", b"V12BDF"), ("v12bdf", b"V12BDF"), ("B.AB 1234", b"BAB1234"), ("ABCD", b"ABCD"), ("1" * 9, b"1" * 9)],
)
def test_plates_lose_their_dashes(text: str, result: bytes) -> None:
    """Dutch and foreign ones become capitals and digits."""
    assert plate(text) == result


@pytest.mark.parametrize("text", ["", "V12", "V12BDF1234", "V12BDÖ", "V12BD\u0131", "V12BDß", "V12/BDF", "V12\0BDF"])
def test_other_plates_are_malformed(text: str) -> None:
    """Too short, too long, other letters, also those of which capitals would be ASCII."""
    with pytest.raises(MalformedError, match=r"^plate is not 4 to 9 letters and digits$"):
        plate(text)


@pytest.mark.parametrize("text", ["2026-11-03", "03-11-2026", "3-11-2026"])
def test_days_are_written_in_two_ways(text: str) -> None:
    """ISO, or day-month-year."""
    assert day(text) == date(2026, 11, 3)


@pytest.mark.parametrize("text", ["", "20261103", "2026-W01-1", "3-11-26", "11/03/2026", "0000-01-01", "٣-11-2026"])
def test_other_days_are_malformed(text: str) -> None:
    """Whatever could be read in more than one way."""
    with pytest.raises(MalformedError, match=r"^from or until is "):
        day(text)


@pytest.mark.parametrize(("text", "lettered"), [("3511 AB", True), ("3511ab", True), ("3511", False)])
def test_of_a_postcode_the_digits_are_taken(text: str, *, lettered: bool) -> None:
    """Its letters go no further."""
    assert postcode(text) == ("3511", lettered)


@pytest.mark.parametrize("text", ["", "0511", "351", "3511 A", "3511  AB", "3511 AB 12", "35111"])
def test_other_postcodes_are_malformed(text: str) -> None:
    """A house number behind it, too."""
    with pytest.raises(MalformedError, match=r"^postcode is not 1234 or 1234 AB$"):
        postcode(text)


def test_a_table_of_municipalities_is_read(tmp_path: Path) -> None:
    """Numbers with and without their letters, in either language."""
    file = tmp_path / "pc4.csv"
    file.write_text("pc4;gm_code\n3511;GM0344\n3512;344\n3511;0344\n")
    assert read_municipalities(file) == {"3511": 344, "3512": 344}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pc4;gemeente\n3511 AB;344\n", "line 2: postcode = '3511 AB'; allowed: four digits"),
        ("pc4;gemeente\n3511;Utrecht\n", "line 2: municipality = 'Utrecht'; allowed: such as GM0344 or 344"),
        ("pc4;gemeente\n3511;0\n", "line 2: municipality = '0'"),
        ("pc4;gemeente\n3511;344;x\n", "line 2: does not have 2 columns"),
        ("pc4;gemeente\n3511;344\n3511;345\n", "line 3: postcode 3511 has another municipality further up"),
        ("pc4;provincie\n", "column 'provincie'"),
    ],
)
def test_a_wrong_table_of_municipalities_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With line and value, which are no personal data."""
    file = tmp_path / "pc4.csv"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_municipalities(file)
