"""How old the register is, as health tells it."""

from datetime import date

from edge.categories import RegisterAge

BELOW = ((8, RegisterAge.BELOW_8_DAYS), (32, RegisterAge.BELOW_32_DAYS), (92, RegisterAge.BELOW_92_DAYS))


def register_age(source_day: date | None, today: date) -> RegisterAge:
    """Return the bucket of the age of data from ``source_day`` on ``today``; data of a later day are new."""
    if source_day is None:
        return RegisterAge.UNKNOWN
    days = (today - source_day).days
    return next((bucket for bound, bucket in BELOW if days < bound), RegisterAge.OLDER)
