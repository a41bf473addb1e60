"""Days as small numbers, and the ways in which an export writes them."""

from datetime import date, timedelta
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hil.register.columns import Style

EPOCH = date(1900, 1, 1)
TODAY = (date(2026, 11, 2) - EPOCH).days
"""The day of the export; nothing here reads a clock."""
LAST = (date(2040, 12, 31) - EPOCH).days


class DateForm(IntEnum):
    """How a row gives its date, once as a number and once as its DT twin."""

    BOTH = 0
    COMMAS = 1
    """Only exports have them: a number among numbers."""
    TWIN_ONLY = 2
    MISSING = 3
    ZEROS = 4


FORM_WEIGHTS = (94.0, 4.0, 2.0)
"""Assumption; the last two forms come only with mess."""
UNREADABLE = DateForm.MISSING
"""This form and those after it tell no year."""


def number(year: int, month: int = 1, day: int = 1) -> int:
    """Return days since the epoch."""
    return (date(year, month, day) - EPOCH).days


@cache
def years() -> NDArray[np.uint16]:
    """Return the year of each day number."""
    return np.array([(EPOCH + timedelta(days=day)).year for day in range(LAST + 1)], np.uint16)


@cache
def texts(style: Style) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return (form, day) the bytes in the number's column, and those in the DT column."""
    numbers = np.full((len(DateForm), LAST + 1), b"", np.object_)
    twins = numbers.copy()
    every = [EPOCH + timedelta(days=day) for day in range(LAST + 1)]
    plain, twin, zeros = '"%Y%m%d"', '"%Y-%m-%dT00:00:00.000"', b'"00000000"'
    if style is Style.EXPORT:
        plain, twin, zeros = "%Y%m%d", "%m/%d/%Y 12:00:00 AM", b"00000000"
    numbers[[DateForm.BOTH, DateForm.COMMAS]] = [day.strftime(plain).encode() for day in every]
    twins[[DateForm.BOTH, DateForm.COMMAS, DateForm.TWIN_ONLY]] = [day.strftime(twin).encode() for day in every]
    numbers[DateForm.ZEROS] = zeros
    if style is Style.EXPORT:
        numbers[DateForm.COMMAS] = [f'"{int(day.strftime(plain)):,}"'.encode() for day in every]
    return numbers, twins
