"""Events as text for people."""

from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from central.checks import moment
from central.events import Event, HealthNote, Refused, Repeated, Report, StateChange
from edge.uplink.contract import Cell, CountReport, Window

DIMENSIONS = ("direction", "plate", "vehicle_type", "drive", "emission_class")
LONGEST_LINE = 200


def print_event(event: Event, console: Console) -> None:
    """Print an event; a repeated message is silently dropped, as the contract says."""
    match event:
        case Report():
            console.print(_table(event))
        case Refused(topic, reason):
            console.print(_line(f"refused: {topic}: {reason}", "red"), soft_wrap=True)
        case StateChange():
            console.print(_line(_state(event), "bold"), soft_wrap=True)
        case HealthNote():
            console.print(_line(_health(event), "dim"), soft_wrap=True)
        case Repeated():
            pass


def printable(text: str) -> str:
    """Make a stranger's text harmless for a terminal, and no longer than a line."""
    clean = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return clean if len(clean) <= LONGEST_LINE else f"{clean[: LONGEST_LINE - 3]}..."


def _line(text: str, style: str) -> RenderableType:
    return Text(printable(text), style)


def _state(event: StateChange) -> str:
    state = event.message
    return f"{_camera(state.source)} is {state.data.status} (software {state.data.software}; {_signature(event)})"


def _health(event: HealthNote) -> str:
    data = event.message.data
    return (
        f"{_camera(event.message.source)} health: camera {data.camera}, clock {data.clock}, reports waiting "
        f"{data.outbox_waiting}, dropped {data.outbox_dropped} ({_signature(event)})"
    )


def _camera(source: str) -> str:
    zone, camera = source.split(":")[-2:]
    return f"{camera} in {zone}"


def _signature(event: Report | StateChange | HealthNote) -> str:
    return f"signature {event.signature}"


def _table(event: Report) -> Table:
    report = event.message
    used = [name for name in DIMENSIONS if any(isinstance(getattr(cell, name), str) for cell in report.data.cells)]
    table = Table(box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left", title_style="bold")
    table.title = Text(printable(f"{_camera(report.source)}  {local(report.data.window)}"), "bold")
    for name in used:
        table.add_column(name.replace("_", " "))
    if any(isinstance(cell.rest, tuple) for cell in report.data.cells):
        table.add_column("rest of")
    table.add_column(report.data.measure.replace("_", " "), justify="right")
    for cell in report.data.cells:
        table.add_row(*_row(cell, used, with_rest=len(table.columns) > len(used) + 1))
    table.caption = Text("\n".join(printable(remark) for remark in _remarks(event)), "dim")
    return table


def _row(cell: Cell, used: list[str], *, with_rest: bool) -> list[str]:
    values = [value if isinstance(value := getattr(cell, name), str) else "" for name in used]
    rest = [", ".join(cell.rest) if isinstance(cell.rest, tuple) else ""] if with_rest else []
    return [*(str(value).replace("_", " ") for value in values), *rest, str(cell.n)]


def _remarks(event: Report) -> list[str]:
    report = event.message
    k = report.data.release.k
    remarks = [f"what fewer than {k} different vehicles share is withheld" if report.data.cells else _empty(k)]
    if report.data.window.partial:
        remarks.append(f"partial: the camera saw {report.data.window.observed_share:.0%} of this window")
    if report.data.weight < 1:
        remarks.append(f"table {report.data.table}: divide by its weight, {report.data.weight:g}")
    if event.late:
        remarks.append("late: later reports came before this one")
    if event.gap:
        remarks.append(f"missing: sequence {event.gap} of this camera did not come")
    return [*remarks, _origin(report, event)]


def _empty(k: int) -> str:
    return f"no cell: nothing passed, or everything is shared by fewer than {k} different vehicles and withheld"


def _origin(report: CountReport, event: Report) -> str:
    return f"{report.id}, {_signature(event)}, policy {report.data.policy[:15]}"


def local(window: Window) -> str:
    """Show a window in its own local time, so that also the hour that comes twice in October is clear."""
    zone = ZoneInfo(window.timezone)
    start, end = (moment(text).astimezone(zone) for text in (window.start, window.end))
    changes = start.utcoffset() != end.utcoffset()
    day = "" if end.date() == start.date() else "%a "
    return f"{start.strftime('%a %d %b %Y %H:%M' + (' %Z' if changes else ''))} to {end.strftime(f'{day}%H:%M %Z')}"
