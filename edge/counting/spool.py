"""The spool: what vision counted and the gate has not taken yet, as files on tmpfs.

A vision that was killed goes on from here; after a power cut tmpfs has forgotten, as it should.
"""

from collections.abc import Callable
from datetime import date
from itertools import chain, groupby
from pathlib import Path
from typing import Self

import msgspec
import structlog

from edge import tmpfs
from edge.categories import LAST_PART, WindowCounts
from edge.errors import AnprError, ConfigError, ProtocolError
from edge.wall import decode
from edge.windows import Window

log = structlog.get_logger()

KEYS = "tag-keys"


class SpoolError(AnprError):
    """The spool can't be written."""


class _Keys(msgspec.Struct, frozen=True):
    """The ``last`` number given on the ``newest`` day that had a key, and the ``highest`` given on any."""

    newest: date = date.min
    last: int = -1
    highest: int = -1

    def after(self, day: date) -> int:
        """Return a number that ``day`` has not had.

        A day before the newest comes again after midnight, or where the clock was set: it shares numbers with all days.
        """
        if day > self.newest:
            return 0
        return 1 + (self.last if day == self.newest else self.highest)

    def with_key(self, day: date, number: int) -> Self:
        """Return what is to be known once ``day`` has a key of this ``number``."""
        newest, last = max((self.newest, self.last), (day, number))
        return type(self)(newest, last, max(self.highest, number))


class Spool:
    """A folder with one file per part of a window, and one that numbers tag keys; each is replaced in one step."""

    def __init__(self, folder: Path) -> None:
        """Open or make ``folder``, for this user alone.

        Raises:
            ConfigError: it can't be made.
        """
        self._folder = folder
        try:
            tmpfs.make_folder(folder)
        except OSError as error:
            raise ConfigError(f"{folder}: open counters can't be kept here: {error.strerror}") from error

    def put(self, counts: WindowCounts) -> None:
        """Keep the counts of a part; they replace earlier ones of the same part.

        A final part makes all earlier windows final too: the gate releases windows in their order, or not at all.

        Raises:
            SpoolError: there is no room.
        """
        if counts.final:
            self._seal(lambda window: window.start < counts.start)
        self._write(counts)

    def pending(self) -> list[WindowCounts]:
        """Return all parts, by window and number."""
        files = sorted(self._folder.glob("*.json"))
        return sorted(chain.from_iterable(map(_read, files)), key=lambda counts: (counts.start, counts.part))

    def next_key(self, day: date) -> int:
        """Return the number of the next tag key of a local day, from 0; no day has one twice, however clocks are set.

        Raises:
            SpoolError: it can't be noted, or the day has had too many.
        """
        last = self._last_keys()
        number = last.after(day)
        if number > LAST_PART:
            raise SpoolError(f"{self._folder}: {number} restarts on {day}; nothing more is counted on this day")
        self._replace(self._folder / KEYS, msgspec.json.encode(last.with_key(day, number)))
        return number

    def seal(self, now: float) -> None:
        """Mark the last part of each window that is over at ``now`` as final: nobody counts in it any more."""
        self._seal(lambda window: window.over(now))

    def drop(self, counts: WindowCounts) -> None:
        """Forget one part."""
        self._file(counts).unlink(missing_ok=True)

    def discard(self, start: int) -> None:
        """Forget all parts of the window at ``start``."""
        for file in self._folder.glob(f"{start}-*.json"):
            file.unlink(missing_ok=True)

    def _seal(self, meant: Callable[[Window], bool]) -> None:
        for (start, end), parts in groupby(self.pending(), key=lambda counts: (counts.start, counts.end)):
            *earlier, last = parts
            if meant(Window(start, end)) and not any(counts.final for counts in [*earlier, last]):
                self._write(msgspec.structs.replace(last, final=True))

    def _write(self, counts: WindowCounts) -> None:
        self._replace(self._file(counts), msgspec.json.encode(counts))

    def _last_keys(self) -> _Keys:
        """Read which numbers keys have had."""
        try:
            return msgspec.json.decode((self._folder / KEYS).read_bytes(), type=_Keys)
        except FileNotFoundError:
            return _Keys()
        except msgspec.MsgspecError as error:
            raise SpoolError(f"{self._folder / KEYS}: is damaged; remove it, and the gate's counts of today") from error

    def forget_open(self) -> None:
        """Forget windows that nobody has closed: a file that is read from its beginning again counts them anew."""
        parts = self.pending()
        closed = {counts.start for counts in parts if counts.final}
        for start in {counts.start for counts in parts} - closed:
            self.discard(start)

    def _replace(self, file: Path, content: bytes) -> None:
        try:
            tmpfs.replace(file, content)
        except OSError as error:
            raise SpoolError(f"{file}: open counters can't be written: {error.strerror}") from error

    def _file(self, counts: WindowCounts) -> Path:
        return self._folder / f"{counts.start}-{counts.part:02}.json"


def _read(file: Path) -> list[WindowCounts]:
    """Read one part; one that is gone meanwhile, or damaged, is none."""
    try:
        counts = decode(file.read_bytes())
    except FileNotFoundError:
        return []
    except ProtocolError as error:
        log.error("spool_file_damaged", file=file.name, reason=str(error))  # noqa: TRY400  (no traceback helps)
        file.unlink(missing_ok=True)
        return []
    return [counts] if isinstance(counts, WindowCounts) else []
