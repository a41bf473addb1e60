"""How long the store keeps what, and that it does not keep it longer.

Reports say themselves when they expire. Everything else says nothing of vehicles; its terms are ours.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from sqlite_utils import Database

from central.sequence_book import give_up_oldest
from central.store import transaction

DAY = 86_400
PRESENCE_DAYS = 92
# A camera keeps its audit log for 400 days, or as long as its reports; after a month one checkpoint a day is witness
# enough.
CHECKPOINT_DAYS, HOURLY_DAYS = 800, 32
REFUSAL_DAYS = 92
# The collector looks every minute; in so many seconds it has deleted, also on a busy machine.
GRACE = 300


class Holding(msgspec.Struct, frozen=True):
    """Items of one kind, when the first of them must go, and whether it should be gone."""

    kind: str
    items: int
    term: str
    due: str
    over: bool


class _Kind(msgspec.Struct, frozen=True):
    """Rows of ``table`` go when ``due`` (SQL, Unix seconds) is past, but for those that ``kept`` names."""

    table: str
    term: str
    due: str
    kept: str = "false"

    @property
    def past(self) -> str:
        """Say in SQL which rows must go; it asks for the time."""
        return f"{self.due} <= ? and not ({self.kept})"


def _last_of(table: str) -> str:
    """Name the latest row of each station, which says how the camera is now."""
    return f"id in (select max(id) from {table} group by station)"  # noqa: S608  (our own names)


KINDS = (
    _Kind("reports", "the day in each report", "expires"),
    _Kind("evidence", "the day in each report, a year at most", "expires"),
    _Kind("states", f"{PRESENCE_DAYS} days", f"stored + {PRESENCE_DAYS * DAY}", _last_of("states")),
    _Kind("health", f"{PRESENCE_DAYS} days", f"stored + {PRESENCE_DAYS * DAY}", _last_of("health")),
    _Kind("checkpoints", f"{CHECKPOINT_DAYS} days", f"stored + {CHECKPOINT_DAYS * DAY}", _last_of("checkpoints")),
    _Kind("refusals", f"{REFUSAL_DAYS} days", f"last + {REFUSAL_DAYS * DAY}"),
)


def expire(database: Database, now: int) -> int:
    """Delete what is past its term, overwrite it also in the log of the database, and return the number of items."""
    with transaction(database):
        deleted = sum(_delete(database, kind, now) for kind in KINDS)
        _thin_checkpoints(database, now)
        give_up_oldest(database, now)
    # Readers may keep a part of the log busy: then it goes with the next commit, or with the next call.
    database.execute("pragma wal_checkpoint(truncate)").fetchall()
    return deleted


def due(database: Database, now: int) -> bool:
    """Tell whether anything is past its term."""
    return any(_is_due(database, kind, now) for kind in KINDS)


def holdings(database: Database, now: float | None = None) -> Iterator[Holding]:
    """Say of each kind what is oldest."""
    now = time.time() if now is None else now
    for kind in KINDS:
        query = f"select count(*), min({kind.due}) filter (where not ({kind.kept})) from {kind.table}"  # noqa: S608
        items, first = database.execute(query).fetchone()
        over = first is not None and first <= now - GRACE
        yield Holding(kind.table, items, kind.term, "-" if first is None else _day(first), over)


def clock_is_behind(database: Database, now: float | None = None) -> bool:
    """Tell whether something came that was made, says the camera, more than a day after ``now``.

    Then either clock is wrong; if it is ours, nothing that is past its term is seen to be.
    """
    now = time.time() if now is None else now
    query = """
        select max(
            (select coalesce(max("end"), 0) from reports where stream = 'hour'),
            (select coalesce(max(time), 0) from health)
        )
    """
    return bool(database.execute(query).fetchone()[0] > now + DAY)


def _is_due(database: Database, kind: _Kind, now: int) -> bool:
    query = f"select exists (select 1 from {kind.table} where {kind.past})"  # noqa: S608  (our own names)
    return bool(database.execute(query, [now]).fetchone()[0])


def _delete(database: Database, kind: _Kind, now: int) -> int:
    query = f"delete from {kind.table} where {kind.past}"  # noqa: S608  (our own names)
    return int(database.execute(query, [now]).rowcount)


def _thin_checkpoints(database: Database, now: int) -> None:
    query = f"""
        delete from checkpoints where stored <= ?
        and id not in (select max(id) from checkpoints group by station, stored / {DAY})
    """  # noqa: S608  (a constant)
    database.execute(query, [now - HOURLY_DAYS * DAY])


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
