"""Finding columns in either style of header."""

import pytest

from edge.errors import ConfigError
from edge.registry.rdw.columns import FUELS, VEHICLES, find
from tests.registry.rdw import exports

DUTCH = (
    b"Kenteken,Voertuigsoort,Merk,Inrichting,Europese voertuigcategorie,Technische max. massa voertuig,"
    b'"Toegestane maximum massa voertuig",Datum eerste toelating,Datum eerste toelating DT\r\n'
)


def test_both_styles_give_the_same_names() -> None:
    """Dutch headers with spaces, and the API's names; other columns are numbered."""
    assert set(find("x", DUTCH, VEHICLES)) == {*VEHICLES.names, "2"}
    assert find("x", exports.VEHICLES.encode(), VEHICLES) == VEHICLES.names
    assert find("x", b"Kenteken,Brandstof omschrijving,Emissieklasse", FUELS)[2] == "emissiecode_omschrijving"


def test_the_mark_of_a_spreadsheet_is_left_out() -> None:
    """A byte order mark before the header is no part of it."""
    assert find("x", b"\xef\xbb\xbf" + exports.FUEL.encode(), FUELS)[0] == "kenteken"


def test_a_column_that_may_be_missing_may_be_missing() -> None:
    """Such as the twin of the date."""
    header = exports.VEHICLES.replace(",datum_eerste_toelating_dt", "")
    assert len(find("x", header.encode(), VEHICLES)) == 7


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            exports.VEHICLES.replace("inrichting", "inrchting"),
            r"v\.csv: has no column inrichting \(Inrichting\); the nearest is 'inrchting'",
        ),
        (exports.VEHICLES.replace("kenteken,", "", 1), r"v\.csv: has no column kenteken \(Kenteken\)"),
        (exports.VEHICLES + ",Kenteken", r"v\.csv: has the column kenteken more than once"),
        (exports.VEHICLES.replace(",", ";"), r"v\.csv: has no column kenteken"),
        ("", r"v\.csv: has no column kenteken"),
        ("\udcff", r"v\.csv: its first line is no header of a CSV file in UTF-8"),
        ('"kenteken', r"v\.csv: its first line is no header"),
    ],
)
def test_a_wrong_header_is_named(header: str, message: str) -> None:
    """Missing columns with the nearest that is there, doubled ones, and what is no header."""
    with pytest.raises(ConfigError, match=message):
        find("v.csv", header.encode("utf-8", "surrogateescape"), VEHICLES)
