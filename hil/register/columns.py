"""The columns of the three exports, in both header styles."""

from enum import StrEnum
from functools import cache
from importlib import resources


class Style(StrEnum):
    """Where a file comes from."""

    EXPORT = "export"
    """The whole-table export: Dutch headers, all columns, thousands commas, American dates in the DT columns."""
    SELECT = "select"
    """``resource/ID.csv?$select=``: snake_case headers, needed columns only, ISO dates, every value in quotes."""


# Real exports are in this order (a header of 2023 with 92 columns); for fuel and particulars the order is that of the
# JSON answers, an assumption.
NEEDED = {
    "vehicles": {
        "kenteken": "Kenteken",
        "voertuigsoort": "Voertuigsoort",
        "inrichting": "Inrichting",
        "europese_voertuigcategorie": "Europese voertuigcategorie",
        "toegestane_maximum_massa_voertuig": "Toegestane maximum massa voertuig",
        "technische_max_massa_voertuig": "Technische max. massa voertuig",
        "datum_eerste_toelating": "Datum eerste toelating",
        "datum_eerste_toelating_dt": "Datum eerste toelating DT",
    },
    "fuel": {
        "kenteken": "Kenteken",
        "brandstof_volgnummer": "Brandstof volgnummer",
        "brandstof_omschrijving": "Brandstof omschrijving",
        "emissiecode_omschrijving": "Emissieklasse",
        "uitlaatemissieniveau": "Uitlaatemissieniveau",
        "klasse_hybride_elektrisch_voertuig": "Klasse hybride elektrisch voertuig",
    },
    "particulars": {"kenteken": "Kenteken", "bijzonderheid_code": "Bijzonderheid code"},
}
"""Per file the columns that SELECT asks for, with their names in EXPORT."""


@cache
def header(file: str, style: Style) -> tuple[str, ...]:
    """Return the column names of ``vehicles``, ``fuel`` or ``particulars``."""
    if style is Style.SELECT:
        return tuple(NEEDED[file])
    line = resources.files("hil.register").joinpath("headers", f"{file}.csv").read_text(encoding="utf-8")
    return tuple(line.strip().split(","))


def after_plate(file: str, style: Style, values: dict[str, str]) -> str:
    """Return what follows the plate, which comes first, in a row whose values are keyed by Dutch names."""
    quote = '"' if style is Style.SELECT else ""
    return quote + "," + ",".join(_fields(file, style, values)[1:]) + "\n"


def heading(file: str, style: Style) -> bytes:
    """Return the first line of a file."""
    names = header(file, style)
    return (",".join(f'"{name}"' for name in names) if style is Style.SELECT else ",".join(names)).encode() + b"\n"


def _fields(file: str, style: Style, values: dict[str, str]) -> list[str]:
    """Return the fields of a row whose values are keyed by Dutch names; what is absent is empty."""
    if style is Style.EXPORT:
        return [_plain(values.get(name, "")) for name in header(file, style)]
    return [f'"{value.replace(",", "")}"' if (value := values.get(name, "")) else "" for name in NEEDED[file].values()]


def _plain(value: str) -> str:
    return f'"{value}"' if "," in value else value
