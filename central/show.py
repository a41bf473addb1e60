"""Events as text for people."""

from collections.abc import Iterator
from typing import get_args

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from central.checks import local_times
from central.events import Aside, CheckpointNote, Event, Expired, HealthNote, Refused, Repeated, Report, StateChange
from edge.uplink.contract import (
    Cell,
    CountData,
    CountReport,
    DifferentialPrivacy,
    DimensionName,
    Perturbation,
    Window,
)

DIMENSIONS: tuple[str, ...] = get_args(DimensionName)
VEHICLE_TYPE = "vehicle_type"
LONGEST_LINE = 200


def print_event(event: Event, console: Console) -> None:
    """Print an event; a repeated message is silently dropped, as the contract says."""
    match event:
        case Report():
            _print_report(event, console)
        case Refused(topic, reason):
            _print_line(f"refused: {topic}: {reason}", "red", console)
        case StateChange():
            _print_line(_state(event), "bold", console)
        case HealthNote():
            _print_line(_health(event), "dim", console)
        case CheckpointNote():
            _print_line(_checkpoint(event), "dim", console)
        case Expired(name):
            _print_line(f"{name} came after its expiry, and is not kept", "dim", console)
        case Repeated() | Aside():
            pass


def printable(text: str) -> str:
    """Make a stranger's text harmless for any terminal, and no longer than a line; ours is ASCII."""
    clean = "".join(letter if letter.isascii() and letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return clean if len(clean) <= LONGEST_LINE else f"{clean[: LONGEST_LINE - 3]}..."


def _print_report(event: Report, console: Console) -> None:
    report = event.message
    _print_line(f"{_camera(report.source)}, {local(report.data.window)}", "bold", console)
    if report.data.cells:
        console.print(_table(report))
    for remark in _remarks(event):
        _print_line(f"  {remark}", "dim", console)
    console.print()


def _print_line(text: str, style: str, console: Console) -> None:
    # Cut here, not wrapped there: a line is a line also where it goes into a file.
    console.print(Text(printable(text), style), soft_wrap=True)


def _state(event: StateChange) -> str:
    state = event.message
    return f"{_camera(state.source)} is {state.data.status} (software {state.data.software}; {_signature(event)})"


def _health(event: HealthNote) -> str:
    data = event.message.data
    return (
        f"{_camera(event.message.source)} health: camera {data.camera}, clock {data.clock}, reports waiting "
        f"{data.outbox_waiting}, dropped {data.outbox_dropped}, register {data.register_age or 'unknown'}, "
        f"unreadable plates {data.unreadable or 'unknown'} ({_signature(event)})"
    )


def _checkpoint(event: CheckpointNote) -> str:
    _, size, root, *_ = event.message.data.note.split("\n")
    return f"{_camera(event.message.source)} audit log: {size} entries, root {root} ({_signature(event)})"


def _camera(source: str) -> str:
    zone, camera = source.split(":")[-2:]
    return f"{camera} in {zone}"


def _signature(event: Report | StateChange | HealthNote | CheckpointNote) -> str:
    return f"signature {event.signature}"


def _table(report: CountReport) -> Table:
    cells = report.data.cells
    used = [name for name in DIMENSIONS if any(_tells(cell, name) for cell in cells)]
    with_rest = any(cell.rest for cell in cells)
    table = Table(box=box.SIMPLE_HEAD)
    for name in [*used, *(["rest of"] if with_rest else [])]:
        table.add_column(name.replace("_", " "))
    table.add_column(report.data.measure.replace("_", " "), justify="right")
    for cell in cells:
        table.add_row(*_row(cell, used, with_rest=with_rest))
    return table


def _tells(cell: Cell, name: str) -> bool:
    return bool(getattr(cell, name) or (name == VEHICLE_TYPE and cell.vehicle_types))


def _row(cell: Cell, used: list[str], *, with_rest: bool) -> list[str]:
    values = [str(getattr(cell, name) or "") for name in used]
    rest = [", ".join(cell.rest or ())] if with_rest else []
    if cell.vehicle_types and VEHICLE_TYPE in used:
        values[used.index(VEHICLE_TYPE)] = " + ".join(cell.vehicle_types)
    return [value.replace("_", " ") for value in [*values, *rest, str(cell.n)]]


def _remarks(event: Report) -> list[str]:
    report = event.message
    remarks = list(_withheld(report.data))
    if report.data.window.partial:
        remarks.append(f"partial: the camera saw {report.data.window.observed_share:.0%} of this window")
    if report.data.weight < 1:
        remarks.append(f"table {report.data.table}: divide by its weight, {report.data.weight:g}")
    if event.late:
        remarks.append("late: later reports came before this one")
    if event.gap:
        remarks.append(f"missing: sequence {event.gap} of this camera did not come")
    return [*remarks, _origin(report, event)]


def _withheld(data: CountData) -> Iterator[str]:
    """Say what is not in a report, and what noise does to what is."""
    k, noise = data.release.k, data.release.noise
    if isinstance(noise, DifferentialPrivacy):
        yield f"{'' if data.cells else 'no cell: '}what stayed below {noise.threshold} with its noise is withheld"
        yield (
            f"differential privacy: epsilon {noise.epsilon:g} for each vehicle, camera and day; noise of scale "
            f"{noise.scale:g} on each number; unreadable plates are not counted"
        )
    elif data.cells:
        yield f"what fewer than {k} different vehicles share is withheld"
    else:
        yield f"no cell: nothing passed, or everything is shared by fewer than {k} different vehicles and withheld"
    if isinstance(noise, Perturbation):
        yield f"numbers are perturbed: noise of scale {noise.scale} on each"


def _origin(report: CountReport, event: Report) -> str:
    return f"{report.id}, {_signature(event)}, policy {report.data.policy[:15]}"


def local(window: Window) -> str:
    """Show a window in its own local time, so that also the hour that comes twice in October is clear."""
    start, end = local_times(window)
    changes = start.utcoffset() != end.utcoffset()
    day = "" if end.date() == start.date() else "%a "
    return f"{start.strftime('%a %d %b %Y %H:%M' + (' %Z' if changes else ''))} to {end.strftime(f'{day}%H:%M %Z')}"
