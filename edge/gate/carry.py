"""What the hours of a day have left for the rungs of the day: in memory, and on tmpfs so that a killed gate goes on.

A power cut forgets it, as it should: nothing about vehicles touches a disk before it may leave.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
import structlog

from edge import tmpfs
from edge.categories import CellCount, Instant, Part, Percent5
from edge.errors import ConfigError
from edge.gate.combinations import Values
from edge.gate.interval import Published
from edge.gate.sights import Sight
from edge.uplink.contract import Digest
from edge.uplink.outbox import OutboxError
from edge.windows import Window, local_day

log = structlog.get_logger()


class Rest(msgspec.Struct, frozen=True):
    """What an hour published of one table, and what it left: the number of a tag key with each cell that it saw."""

    published: tuple[tuple[int, Values], ...]
    cells: tuple[tuple[Part, CellCount], ...]

    def bin(self) -> Published:
        """Return the published cells by rung."""
        rungs = {rung for rung, _ in self.published}
        return {rung: {values for one, values in self.published if one == rung} for rung in rungs}


class Hour(msgspec.Struct, frozen=True):
    """One hour, seen to ``observed`` per cent and, where ``partial``, not as a whole; a `Rest` for each table."""

    policy: Digest
    start: Instant
    end: Instant
    observed: Percent5
    partial: bool
    tables: tuple[Rest, ...]

    @property
    def day(self) -> date:
        """The local day of which it is a part."""
        return local_day(self.start)

    def sights(self, table: int) -> list[Sight]:
        """Return what it left of a table."""
        return [Sight(self.start, part, cell) for part, cell in self.tables[table].cells]


class Carry:
    """The hours of days that are not closed, each also in a file."""

    def __init__(self, folder: Path, policy: str) -> None:
        """Go on with what an earlier gate under the same policy (its digest) left in ``folder``.

        Raises:
            ConfigError: the folder can't be made.
        """
        self._folder = folder
        try:
            tmpfs.make_folder(folder)
        except OSError as error:
            raise ConfigError(f"{folder}: counts of the day can't be kept here: {error.strerror}") from error
        self._hours = {hour.start: hour for file in folder.glob("*.json") for hour in _read(file, policy)}

    def days(self) -> list[date]:
        """Return the days of which there is anything, oldest first."""
        return sorted({hour.day for hour in self._hours.values()})

    def hours(self, day: date) -> list[Hour]:
        """Return the hours of a day, in their order."""
        return sorted((hour for hour in self._hours.values() if hour.day == day), key=lambda hour: hour.start)

    def keep(self, hour: Hour) -> None:
        """Keep an hour; it replaces what was kept of the same.

        Raises:
            OutboxError: there is no room: the hour must not be released yet.
        """
        try:
            tmpfs.replace(self._file(hour.start), msgspec.json.encode(hour))
        except OSError as error:
            raise OutboxError(f"{self._folder}: counts of the day can't be written: {error.strerror}") from error
        self._hours[hour.start] = hour

    def forget(self, hours: Iterable[Hour]) -> None:
        """Forget hours whose day is closed, or that were never released."""
        for hour in hours:
            self._file(hour.start).unlink(missing_ok=True)
            self._hours.pop(hour.start, None)

    def _file(self, start: int) -> Path:
        return self._folder / f"{start}.json"


def _read(file: Path, policy: str) -> list[Hour]:
    """Read one hour; one that is damaged, or was counted under another policy, is withheld."""
    try:
        hour = msgspec.json.decode(file.read_bytes(), type=Hour)
    except msgspec.MsgspecError:
        log.error("carried_hour_damaged", file=file.name)  # noqa: TRY400  (a traceback could quote it)
    else:
        if hour.policy == policy:
            return [hour]
        log.warning("carried_hour_withheld", window=str(Window(hour.start, hour.end)), reason="another policy")
    file.unlink(missing_ok=True)
    return []
