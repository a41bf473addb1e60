"""The lines of fuel.csv and particulars.csv: several per vehicle, or none."""

import random
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hil.register.bodies import BODIES
from hil.register.columns import Style, after_plate
from hil.register.fuels import EMISSIONS, FUELS, NAMES, UNKNOWN, E, Fuel
from hil.register.outfit import PARTICULARS

_FILLINGS = 4


class Wording(IntEnum):
    """How the rows of a vehicle tell its emission class."""

    BOTH = 0
    """As code and as level: 5 and EURO 5."""
    BETTER_TWIN = 1
    """As above, but of two rows that burn something one is a class better."""
    LEVEL_ONLY = 2
    CODE_ONLY = 3


@dataclass(frozen=True)
class Lists:
    """What follows the plate in the lines of each case of a vehicle."""

    texts: NDArray[np.object_]
    start: NDArray[np.intp]
    """(cases,) where a case's texts begin; the next case's is their end."""

    def count(self, case: NDArray[np.integer]) -> NDArray[np.intp]:
        """Return (n,) how many lines some cases have."""
        return np.asarray(self.start[case + 1] - self.start[case], np.intp)

    def spread(self, case: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
        """Return for all lines of some cases (n,) the place of their vehicle, and their text."""
        counts = self.count(case)
        owner = np.repeat(np.arange(len(case)), counts)
        first = np.cumsum(counts) - counts
        return owner, self.texts[self.start[case][owner] + np.arange(len(owner)) - first[owner]]


def fuel_case(
    fuel: NDArray[np.uint8], emission: NDArray[np.uint8], wording: NDArray[np.uint8], body: NDArray[np.uint8],
    tail: NDArray[np.uint8],
) -> NDArray[np.uint32]:  # fmt: skip
    """Return the case in `fuel_lists` of vehicles with these columns."""
    heavy = np.array([each.heavy for each in BODIES], np.uint32)[body]
    case = (fuel.astype(np.uint32) * len(EMISSIONS) + emission) * len(Wording) + wording
    return np.asarray((case * 2 + heavy) * _FILLINGS + tail % _FILLINGS, np.uint32)


@cache
def fuel_lists(style: Style) -> Lists:
    """Make the lines of all cases of fuel, emission class, wording, heaviness and filling."""
    rng = random.Random(2)
    return _lists(
        [
            [_text("fuel", style, values) for values in _fuel_rows(FUELS[name], emission, wording, heavy, rng)]
            for name in NAMES
            for emission in range(len(EMISSIONS))
            for wording in Wording
            for heavy in (False, True)
            for _ in range(_FILLINGS)
        ]
    )


@cache
def particulars_lists(style: Style) -> Lists:
    """Make the lines of all cases of particulars."""
    return _lists([[_particular(style, place, code) for place, code in enumerate(codes, 1)] for codes in PARTICULARS])


def _lists(cases: list[list[bytes]]) -> Lists:
    texts = [text for case in cases for text in case]
    return Lists(np.array(texts, np.object_), np.cumsum([0, *map(len, cases)], dtype=np.intp))


def _text(file: str, style: Style, values: dict[str, str]) -> bytes:
    return after_plate(file, style, values).encode()


def _fuel_rows(
    fuel: Fuel, emission: int, wording: Wording, heavy: bool, rng: random.Random  # noqa: FBT001  (a case is of five)
) -> list[dict[str, str]]:  # fmt: skip
    rows = []
    for place, name in enumerate(fuel.rows):
        told = _emission(fuel, place, emission, wording) | {
            "Brandstof volgnummer": str(place + 1),
            "Brandstof omschrijving": name,
            "Klasse hybride elektrisch voertuig": fuel.hybrid,
        }
        if told["Uitlaatemissieniveau"].isdigit():
            told["Uitlaatemissieniveau"] = _level(int(told["Uitlaatemissieniveau"]), heavy, rng)
        rows.append((_electric(rng) if name == E else _thermal(rng)) | told)
    return rows


def _emission(fuel: Fuel, place: int, emission: int, wording: Wording) -> dict[str, str]:
    """Return code and level of one row; the level as a digit yet."""
    if place not in fuel.burning:
        # Beside an engine the electric row says nothing, or Z; both are seen.
        silent = wording is Wording.LEVEL_ONLY or (fuel.burning and wording is Wording.BOTH)
        return {"Emissieklasse": "" if silent else "Z", "Uitlaatemissieniveau": "AX" if silent else ""}
    if emission >= UNKNOWN - 1:
        return {"Emissieklasse": "", "Uitlaatemissieniveau": "AX" if wording is Wording.LEVEL_ONLY else ""}
    better = wording is Wording.BETTER_TWIN and len(fuel.burning) > 1 and place == fuel.burning[0]
    step = min(emission + better, 6)
    # Class 0 has no level; a hydrogen engine without a code is taken for a fuel cell.
    code_missing = wording is Wording.LEVEL_ONLY and step > 0 and fuel.rows != ("Waterstof",)
    level_missing = wording is Wording.CODE_ONLY or step == 0
    return {
        "Emissieklasse": "" if code_missing else str(step),
        "Uitlaatemissieniveau": "" if level_missing else str(step),
    }


def _level(step: int, heavy: bool, rng: random.Random) -> str:  # noqa: FBT001
    if heavy:
        return "EURO " + ("I", "II", "III", "IV", "V", "VI")[step - 1] + rng.choice(("", "", " D"))
    return f"EURO {step}" + (rng.choice(("", "", " AP", " DG")) if step == 6 else "")


def _electric(rng: random.Random) -> dict[str, str]:
    return {
        "Geluidsniveau rijdend": str(rng.randint(60, 75)),
        "Nominaal continu maximumvermogen": f"{rng.randint(20, 180)}.00",
        "Elektrisch verbruik enkel elektrisch wltp": f"{rng.randint(130, 300)}.00",
        "Actie radius enkel elektrisch wltp": str(rng.randint(40, 600)),
        "Netto max vermogen elektrisch": f"{rng.randint(40, 350)}.00",
        "CO2 emissieklasse": "5",
    }


def _thermal(rng: random.Random) -> dict[str, str]:
    return {
        "Brandstofverbruik gecombineerd": f"{rng.randint(35, 140) / 10:.2f}",
        "CO2 uitstoot gecombineerd": str(rng.randint(85, 320)),
        "Geluidsniveau rijdend": str(rng.randint(66, 80)),
        "Geluidsniveau stationair": str(rng.randint(70, 95)),
        "Milieuklasse EG Goedkeuring (licht)": rng.choice(("715/2007*2018/1832AP", "98/69*B", "70/220*2003/76B", "")),
        "Nettomaximumvermogen": f"{rng.randint(33, 340)}.00",
        "Toerental geluidsniveau": f"{rng.randint(1500, 5200)}",
    }


def _particular(style: Style, place: int, code: int) -> bytes:
    told = {
        "Bijzonderheid volgnummer": str(place),
        "Bijzonderheid code": str(code),
        "Bijzonderheid code omschrijving": f"Bijzonderheid {code}",
    }
    return _text("particulars", style, told)
