"""A long download in a CSV file that a kill at any moment neither loses nor doubles."""

import csv
import fcntl
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from edge.errors import AnprError

log = structlog.get_logger()

# The register changes daily: what was begun longer ago doesn't fit what would be added.
RESUMED_FOR = timedelta(days=7)
# Long enough for the data sets beside it to be resumed, too short for next week's run to find it.
FINISHED_FOR = timedelta(days=1)


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a download is. It names a plate, as its rows do."""

    source: str
    columns: tuple[str, ...]
    started: datetime
    last: str = ""
    """The last kenteken whose rows are complete."""
    rows: int = 0
    skipped: int = 0
    length: int = 0
    """Bytes of the file that header and rows take; what stands behind them came after this state."""
    finished: bool = False


class Spool:
    """``NAME.csv.part`` with ``NAME.state.json`` beside it, which in the end becomes ``NAME.csv``.

    It holds the plates of every Dutch vehicle. They are public, and this is a server: no camera ever has this file.
    """

    def __init__(self, folder: Path, name: str) -> None:
        """Name the files; nothing is made yet."""
        self.csv = folder / f"{name}.csv"
        self.part = folder / f"{name}.csv.part"
        self._state = folder / f"{name}.state.json"

    def finished(self, fresh: State) -> State | None:
        """Return the state of a whole file that an earlier run left less than a day ago, None where there is none."""
        state = self._stored()
        if state is None or not state.finished or _objection(state, fresh, FINISHED_FOR):
            return None
        with _writing(self.csv):
            if _size(self.part) == state.length:  # It was killed just before its last step.
                self.part.replace(self.csv)
        return state if _size(self.csv) == state.length else None

    @contextmanager
    def opened(self, fresh: State) -> Iterator[State]:
        """Keep other runs away, and give the state in which to go on: the stored one, or ``fresh`` with a header.

        Raises:
            AnprError: another run is writing the file, or nothing can be written.
        """
        with _writing(self.part):
            self.part.parent.mkdir(parents=True, exist_ok=True)
            stream = self.part.open("ab")
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AnprError(f"{self.part}: another run is writing it") from error
            yield self._resumed(fresh) or self._begun(fresh)

    def append(self, state: State, rows: Iterable[Sequence[str | None]]) -> State:
        """Bring ``rows`` to the disk behind those of ``state``, then the state that counts them as done.

        Raises:
            AnprError: the disk is full, or the file can't be written for another reason.
        """
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        content = text.getvalue().encode()
        with _writing(self.part):
            with self.part.open("r+b") as stream:
                stream.truncate(state.length)
                stream.seek(state.length)
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            return self._store(msgspec.structs.replace(state, length=state.length + len(content)))

    def finish(self, state: State) -> None:
        """Give the file its final name.

        Raises:
            AnprError: it can't be renamed.
        """
        with _writing(self.csv):
            os.truncate(self.part, state.length)
            # Rows may be as old as the first page; the file's time tells the builder how old they are.
            began = state.started.timestamp()
            os.utime(self.part, (began, began))
            self._store(msgspec.structs.replace(state, finished=True))
            self.part.replace(self.csv)

    def _begun(self, fresh: State) -> State:
        with _writing(self.part):
            # Before the rows, so that it never counts rows that are not its own.
            self._state.unlink(missing_ok=True)
        return self.append(fresh, [fresh.columns])

    def _resumed(self, fresh: State) -> State | None:
        state = self._stored()
        if state is None:
            objection = "the state is damaged" if self._state.exists() else ""
        elif state.finished:
            objection = ""
        elif _size(self.part) < state.length:
            objection = "rows are missing"
        elif not (objection := _objection(state, fresh, RESUMED_FOR)):
            return state
        if objection:
            log.warning("download_begun_afresh", file=str(self.part), reason=objection)
        return None

    def _stored(self) -> State | None:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=State)
        except (OSError, msgspec.DecodeError):
            return None

    def _store(self, state: State) -> State:
        draft = self._state.with_suffix(".new")
        with draft.open("wb") as stream:
            stream.write(msgspec.json.encode(state))
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._state)
        return state


def _objection(state: State, fresh: State, term: timedelta) -> str:
    """Say why ``state`` can't be gone on with; nothing where it can."""
    if (state.source, state.columns) != (fresh.source, fresh.columns):
        return "other columns or another source"
    if not timedelta() <= fresh.started - state.started <= term:
        return f"it was not begun in the last {term.days} days"
    return ""


def _size(file: Path) -> int:
    """Return its bytes, -1 where there is none."""
    try:
        return file.stat().st_size
    except OSError:
        return -1


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise AnprError(f"{file}: can't be written: {reason}; run again, it goes on where it stopped") from error
