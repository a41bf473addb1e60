"""How far long work is: a bar with rate and time left on a terminal, now and then a line elsewhere."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from edge.errors import AnprError

LINE_SECONDS = 10.0
Told = Callable[[int, int | None], None]


class StoppedError(AnprError):
    """The user asked for the end."""

    exit_status = 130


@contextmanager
def stoppable() -> Iterator[None]:
    """End the work inside cleanly on Ctrl-C and SIGTERM, with the status that shells have for it.

    Raises:
        StoppedError: it was asked for.
    """

    def ask(number: int, _frame: FrameType | None) -> None:
        error = StoppedError("stopped; nothing was changed")
        error.exit_status = 128 + number
        raise error

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Unit(NamedTuple):
    """What is counted: its name, and how many of it are told as one."""

    name: str
    size: int


MEGABYTES = Unit("MB", 1_000_000)
ROWS = Unit("thousand rows", 1_000)


@contextmanager
def progress(unit: Unit = MEGABYTES) -> Iterator[Callable[[str], Told]]:
    """Give what shows the progress of something with a name, and takes how much is done, and of how much."""
    if sys.stderr.isatty():
        with _bars(unit) as watch:
            yield watch
    else:
        yield lambda name: _Lines(name, unit)


@contextmanager
def _bars(unit: Unit) -> Iterator[Callable[[str], Told]]:
    from rich.console import Console  # noqa: PLC0415  (an optional part)
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description:12}"), BarColumn(), TextColumn("{task.fields[amount]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as shown:

        def watch(name: str) -> Told:
            task, begun = shown.add_task(name, total=None, amount=""), time.monotonic()

            def told(done: int, total: int | None) -> None:
                shown.update(task, completed=done, total=total, amount=_amount(unit, done, total, begun))

            return told

        yield watch


class _Lines:
    """One line at the end, and one every ten seconds before."""

    def __init__(self, name: str, unit: Unit) -> None:
        self._name, self._unit = name, unit
        self._begun = self._said = time.monotonic()
        self._last = 0

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if done != self._last and (done == total or now - self._said >= LINE_SECONDS):
            self._said, self._last = now, done
            left = _seconds_left(done, total, self._begun)
            sys.stderr.write(f"{self._name}: {_amount(self._unit, done, total, self._begun)}{left}\n")


def _amount(unit: Unit, done: int, total: int | None, begun: float) -> str:
    """Say how much, and how fast."""
    rate = done / unit.size / max(time.monotonic() - begun, 1e-3)
    of = f" of {total / unit.size:,.1f}" if total else ""
    return f"{done / unit.size:,.1f}{of} {unit.name}, {rate:,.1f} {unit.name}/s"


def _seconds_left(done: int, total: int | None, begun: float) -> str:
    if not total or not done or done >= total:
        return ""
    return f", {(time.monotonic() - begun) * (total - done) / done:,.0f} s left"
