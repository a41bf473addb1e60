"""Entries, and what an examination of them found, as sentences for people."""

from datetime import datetime
from zoneinfo import ZoneInfo

from edge.gate.audit import events
from edge.gate.audit.events import Entry, Event, decode
from edge.gate.audit.store import Content
from edge.gate.audit.verify import Verdict
from edge.windows import TIMEZONE, day_of

REFUSALS = {
    events.Refusal.USED_UP: "the day's budget is used up",
    events.Refusal.REPEATED: "it was drawn before, by a gate that ended",
    events.Refusal.MIXED: "its day was begun under another policy",
}


def tell(entry: Entry) -> str:
    """Return an entry as a line: number, local time, what happened."""
    return f"{entry.number:>8}  {local(entry.time)}  {_sentence(entry.what)}"


def judge(origin: str, content: Content, verdict: Verdict) -> str:
    """Return what was examined and, where there is no fault, what that shows and what it does not."""
    newest = f", the newest over {verdict.elsewhere} entries" if verdict.outside else ""
    outbox = f"one over {verdict.outbox} entries" if verdict.outbox else "none looked at"
    lines = [
        f"audit log {origin}",
        f"  {verdict.size} entries, {verdict.expired} of them past their term and kept as hashes",
        f"  {_checkpoints(verdict.checkpoints)} of its own, the last good one over {verdict.covered} entries"
        + _open(verdict),
        f"  in the camera's own outbox: {outbox}",
        f"  {_checkpoints(verdict.outside)} from elsewhere{newest}",
    ]
    return "\n".join(lines if verdict.findings else [*lines, *_shown(content, verdict)])


def _checkpoints(number: int) -> str:
    return "1 checkpoint" if number == 1 else f"{number or 'no'} checkpoints"


def _open(verdict: Verdict) -> str:
    """Tell of the entries behind the last good checkpoint."""
    number = verdict.size - verdict.covered
    if not number:
        return ""
    return f"; {number} after them under no good one" if verdict.findings else f"; {number} since then, under the next"


def _shown(content: Content, verdict: Verdict) -> list[str]:
    """Say what a log without a fault shows: of its end only what a checkpoint from elsewhere vouches for."""
    if not verdict.elsewhere:
        return [
            "not fully checked: the log is consistent in itself;",
            "  whether its end is missing, or all of it is another, can't be told: give --checkpoint",
        ]
    last = verdict.elsewhere - 1
    kept = last >= verdict.expired
    at = f", of {local(decode(content.lines[last - verdict.expired]).time)}," if kept else ""
    return [
        f"good: up to entry {last}{at} nothing was changed, taken out, reordered, cut off or set back",
        "  what follows is consistent in itself; whether more followed can't be told from these checkpoints",
    ]


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
        case events.PolicyRefused(fault, kept):
            return f"policy refused: {fault}; {'the one in force goes on' if kept else 'nothing is counted'}"
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
        case events.BudgetCharged() | events.BudgetRefused():
            return f"noise: {_noise(event)}"
        case events.SetupMode(on):
            return f"set-up mode {'on' if on else 'off'}"
        case events.LoggedIn():
            return "somebody logged in"
        case _:
            return "something was exported"


def _noise(event: events.BudgetCharged | events.BudgetRefused) -> str:
    bin_ = f"the {event.stream} to {local(event.end)}"
    if isinstance(event, events.BudgetRefused):
        return f"nothing is released of {bin_}: {REFUSALS[event.why]}"
    left = f"the day has {event.left / 1000:g} left"
    if event.charged:
        return f"{event.charged / 1000:g} of epsilon charged with {bin_}, for all rungs of the day; {left}"
    return f"{bin_} costs nothing more; {left}"
