"""A store that a test fills by hand, with the clock in its hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from central import store
from central.book import Book
from central.checks import Checker
from central.events import Event, Received
from edge.uplink.contract import CONTENT_TYPE, CountReport
from edge.uplink.outbox import Entry
from tests.central.test_checks import TheKey
from tests.messages import BEGIN, report


class Filled:
    """A store and the checks before it; ``now`` is the clock."""

    def __init__(self, file: Path, *, bench: bool = False) -> None:
        """Make an empty one."""
        self.file, self.now = file, float(BEGIN)
        self.database = store.make(file, bench=bench, name="test")
        self.book = Book(self.database, lambda: self.now)
        self._checker = Checker(TheKey(), self.book, bench=bench)

    def take(self, entry: Entry) -> Event:
        """Take a message as the collector does."""
        received = Received(entry.topic, entry.payload, entry.signature, CONTENT_TYPE, retained=False)
        with store.transaction(self.database):
            return self._checker.check(received)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the store."""
        return self.database.execute(query, list(values)).fetchall()


@contextmanager
def filled(file: Path, *, bench: bool = False) -> Iterator[Filled]:
    """Give an empty store."""
    made = Filled(file, bench=bench)
    try:
        yield made
    finally:
        made.database.close()


def changed(sequence: int = 1, **data: Any) -> CountReport:
    """Return a report with other data."""
    made = report(sequence)
    return msgspec.structs.replace(made, data=msgspec.structs.replace(made.data, **data))
