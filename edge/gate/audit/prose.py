"""Entries as sentences, for people."""

from datetime import datetime
from zoneinfo import ZoneInfo

from edge.gate.audit import events
from edge.gate.audit.events import Entry, Event
from edge.windows import TIMEZONE, day_of


def tell(entry: Entry) -> str:
    """Return an entry as a line: number, local time, what happened."""
    return f"{entry.number:>8}  {local(entry.time)}  {_sentence(entry.what)}"


def local(time: float) -> str:
    """Write a moment as the Dutch clock shows it."""
    return datetime.fromtimestamp(time, ZoneInfo(TIMEZONE)).strftime("%Y-%m-%d %H:%M:%S %Z")


def _sentence(event: Event) -> str:  # noqa: PLR0911  (one line per event)
    match event:
        case events.Started(software):
            return f"the gate started, software {software}"
        case events.Stopped():
            return "the gate ended in good order"
        case events.BegunAnew(before):
            return f"a new log begins; one of {before} entries was taken away"
        case events.PolicyLoaded(serial, digest):
            return f"policy in force: serial {serial}, {digest}"
        case events.PolicyRefused(fault):
            return f"policy refused: {fault}; nothing is counted"
        case events.ModelsInUse(digest):
            return f"models in use: {digest}"
        case events.ReportReleased(stream, sequence, end):
            return f"report released: {stream} {sequence}, of the bin to {local(end)}"
        case events.ActOfVision(act, day):
            return f"vision: {act.replace('_', ' ')}, {day_of(day)}"
        case _:
            return _rarer(event)


def _rarer(event: Event) -> str:
    match event:
        case events.Expired(store, items):
            return f"expired and deleted from the {store}: {items}"
        case events.RowsDropped(rows):
            return f"dropped from the outbox for want of room: {rows} messages"
        case events.BudgetCharged(day, charged, left):
            return f"noise: {charged / 1000:g} of epsilon charged for {day_of(day)}, {left / 1000:g} left"
        case events.SetupMode(on):
            return f"set-up mode {'on' if on else 'off'}"
        case events.LoggedIn():
            return "somebody logged in"
        case _:
            return "something was exported"
