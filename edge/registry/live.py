"""Tables and lists of a running camera, which may be replaced at any time."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, Generic, ParamSpec, TypeVar

import structlog

from edge.errors import AnprError, ConfigError

log = structlog.get_logger()

CHECK_SECONDS = 5.0

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Identity = tuple[int, int, int]


def _nothing(_gone: object) -> None:
    """Leave what is no longer used to the interpreter."""


class Live(Generic[T]):
    """What the newest good file at one place holds.

    A file that takes the place of another is loaded and verified in a thread, so that no frame waits; until it is
    found good, and for ever if it is not, what is in use stays in use.
    """

    def __init__(
        self,
        file: Path,
        load: Callable[[], T],
        accept: Callable[[T, T], None],
        retire: Callable[[T], None] = _nothing,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load ``file``.

        ``accept(old, new)`` raises a ConfigError where new may not follow old; ``retire`` gets what is not used any
        more; ``monotonic`` is the clock, in seconds.

        Raises:
            ConfigError: the file is missing, damaged or wrong.
        """
        self._file, self._load, self._accept, self._retire = file, load, accept, retire
        self._monotonic = monotonic
        self._seen = _identity(file)
        self.current = load()
        self._next: T | None = None
        self._thread: threading.Thread | None = None
        self._due = monotonic() + CHECK_SECONDS

    def follow(self, ask: Callable[Concatenate[T, P], R]) -> Callable[P, R]:
        """Return a function that asks what is in use at the time of each call."""

        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            return ask(self.current, *args, **kwargs)

        return asked

    def refresh(self) -> bool:
        """Take a new file into use if one has been found good, and say so; look for one every few seconds.

        Never waits.
        """
        new = self._next
        if new is not None:
            self._retire(self.current)
            self.current, self._next = new, None
        if self._monotonic() >= self._due and (self._thread is None or not self._thread.is_alive()):
            self._due = self._monotonic() + CHECK_SECONDS
            self._look()
        return new is not None

    def wait(self) -> None:
        """Wait until what is being looked at has been found good or not."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Retire what is in use."""
        self.wait()
        for one in (self.current, self._next):
            if one is not None:
                self._retire(one)

    def _look(self) -> None:
        """Have the file loaded if it is another one than when it was last looked at."""
        found = _identity(self._file)
        # What was found good meanwhile is taken first: the next one is compared with it.
        if self._next is None and found is not None and found != self._seen:
            self._seen = found
            self._thread = threading.Thread(target=self._try, name=f"load {self._file.name}", daemon=True)
            self._thread.start()

    def _try(self) -> None:
        try:
            self._next = self._accepted(self._load())
        except (AnprError, OSError) as error:
            log.warning("new_file_refused", file=str(self._file), reason=str(error), kept="the one before")

    def _accepted(self, new: T) -> T:
        try:
            self._accept(self.current, new)
        except ConfigError:
            self._retire(new)
            raise
        return new


def _identity(file: Path) -> Identity | None:
    """Return what changes when another file takes this place; None while there is none."""
    with suppress(OSError):
        found = file.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns
    return None
