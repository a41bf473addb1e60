"""Which sequences of a stream came, on disk: the highest, and the gaps below it."""

from typing import Literal

from sqlite_utils import Database

from central.events import Gap

# No camera keeps a report longer in its outbox.
LONGEST_SECONDS = 366 * 86_400
Taken = Literal["new", "late", "again"]


class SequenceBook:
    """The sequences of one stream of one station; call it inside a transaction."""

    def __init__(self, database: Database, station: int, stream: str) -> None:
        self._database, self._key = database, [station, stream]

    def take(self, sequence: int, now: int) -> tuple[Taken, Gap | None]:
        """Note a sequence that came ``now``; return what is new about it, and the gap that it shows."""
        highest = self._highest()
        if sequence > highest:
            gap = Gap(highest + 1, sequence - 1) if sequence > highest + 1 else None
            if gap:
                self._open(gap.first, gap.last, now)
            query = "insert into streams values (?, ?, ?) on conflict do update set highest = excluded.highest"
            self._database.execute(query, [*self._key, sequence])
            return "new", gap
        if self._close(sequence):
            return "late", None
        return "again", None

    def stored(self) -> int:
        """Return the highest sequence up to which all came, or are known never to come; 0 where the first is missing.

        This is what a receipt says.
        """
        query = "select min(first) from gaps where station = ? and stream = ? and lost is null"
        first = self._database.execute(query, self._key).fetchone()[0]
        return self._highest() if first is None else int(first) - 1

    def give_up_below(self, oldest: int, now: int) -> None:
        """Give up what is missing below the ``oldest`` sequence that the camera still has."""
        missing = "station = ? and stream = ? and lost is null"
        across = f"select first, last, noticed from gaps where {missing} and first < ? and last >= ?"  # noqa: S608
        for first, last, noticed in self._database.execute(across, [*self._key, oldest, oldest]).fetchall():
            self._database.execute(f"delete from gaps where {missing} and first = ?", [*self._key, first])  # noqa: S608
            self._open(first, oldest - 1, noticed)
            self._open(oldest, last, noticed)
        query = f"update gaps set lost = ? where {missing} and last < ?"  # noqa: S608  (our own names)
        self._database.execute(query, [now, *self._key, oldest])

    def _highest(self) -> int:
        query = "select highest from streams where station = ? and stream = ?"
        found = self._database.execute(query, self._key).fetchone()
        return int(found[0]) if found else 0

    def _open(self, first: int, last: int, noticed: int, lost: int | None = None) -> None:
        query = "insert into gaps (station, stream, first, last, noticed, lost) values (?, ?, ?, ?, ?, ?)"
        self._database.execute(query, [*self._key, first, last, noticed, lost])

    def _close(self, sequence: int) -> bool:
        """Take a sequence out of the gap that it is in; tell whether it was in one."""
        query = """
            delete from gaps where station = ? and stream = ? and ? between first and last
            returning first, last, noticed, lost
        """
        found = self._database.execute(query, [*self._key, sequence]).fetchone()
        if found is None:
            return False
        first, last, noticed, lost = found
        if first < sequence:
            self._open(first, sequence - 1, noticed, lost)
        if sequence < last:
            self._open(sequence + 1, last, noticed, lost)
        return True


def give_up_oldest(database: Database, now: int) -> None:
    """Give up gaps that are older than what any camera keeps."""
    database.execute("update gaps set lost = ? where lost is null and noticed <= ?", [now, now - LONGEST_SECONDS])
