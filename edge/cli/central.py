"""`anpr-edge central`: what the city's side runs, never a camera."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo

import click
import msgspec

from edge.cli.options import PATH, Day, language_option
from edge.errors import ConfigError
from edge.uplink.contract import DimensionName
from edge.windows import TIMEZONE

F = TypeVar("F", bound=Callable[..., Any])
DIMENSIONS: tuple[str, ...] = get_args(DimensionName)

store_option = click.option("--store", required=True, type=PATH, metavar="FILE", help="The store of `collect`.")


@click.group()
def central() -> None:
    """Collect what cameras publish, keep it until it expires, and make something of it.

    \b
    A city's server:
      anpr-edge central collect --store counts.db --camera-keys keys ...   runs all the time
      anpr-edge central dashboard --store counts.db                        a page at http://127.0.0.1:8090
      anpr-edge central export --store counts.db --from 2026-11-23         cells, as CSV or JSON
      anpr-edge central totals --store counts.db --by vehicle_type         what may be added, added
    Twice a year, for the privacy officer:
      anpr-edge central retention --store counts.db                        nothing is kept longer than it may be
      anpr-edge central checkpoints --store counts.db --camera NAME        for `anpr-edge audit verify --checkpoint`
    """  # noqa: D301  (click's mark for lines that it must not wrap)


@central.command()
@click.option("--store", required=True, type=PATH, metavar="FILE", help="Where to keep it; made where it is absent.")
@click.option("--camera-keys", required=True, type=PATH, metavar="FOLDER", help="CAMERA.pub of each camera.")
@click.option("--host", default="localhost", show_default=True, help="The broker.")
@click.option("--port", type=click.IntRange(1, 65535), default=8883, show_default=True, help="Its TLS port.")
@click.option("--ca", required=True, type=PATH, metavar="FILE", help="Certificate of the authority (PEM).")
@click.option("--certificate", required=True, type=PATH, metavar="FILE", help="Your client certificate (PEM).")
@click.option("--key", required=True, type=PATH, metavar="FILE", help="Its secret key (PEM).")
@click.option("--bench", is_flag=True, help="Collect from benches instead, whose counts are no counts of a street.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after that time.")
def collect(**choices: Any) -> None:
    """Keep what cameras publish: verified, each report once, until it expires; run it as a service.

    What is stored is acknowledged to its camera (topic `receipt`, under the name of your certificate); name it in the
    cameras' [uplink] subscribers, and they send again whatever was lost on the way. Expired reports are deleted and
    overwritten within a minute. A new CAMERA.pub in the folder is read while it runs; a message signed with another
    key is refused.
    """
    with _needed():
        from central.collector import Options, run  # noqa: PLC0415
    sys.exit(run(Options(**choices), sys.stdout))


def _choice_options(command: F) -> F:
    """Add what to choose from a store, and the form."""
    options = [
        store_option,
        click.option("--from", "first", type=Day(), metavar="DAY", help="From this local day on."),
        click.option("--to", "last", type=Day(), metavar="DAY", help="To this local day, included."),
        click.option("--zone", metavar="NAME", help="One zone only."),
        click.option("--camera", metavar="NAME", help="One camera only."),
        click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True),
        click.option(
            "--vocabulary",
            type=click.Choice(["en", "nl"]),
            default="en",
            show_default=True,
            help="nl: columns named as in the national ANPR visualisation standard, where it has a name.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@central.command()
@_choice_options
@click.option("--table", metavar="NAME", help="One table only.")
def export(store: Path, form: Any, vocabulary: Any, **choice: Any) -> None:
    """Print one row for each cell that was released, with where it comes from.

    \b
    bin             hour, or day: what the hours of that day left; a vehicle is in one of them
    rest            what earlier rungs told: the cell is what they left, never the whole
    passages,
    unique_vehicles the number, in the column of what it counts; 0 with no values: nothing was released
    weight          of the table: divide by it, for one table of several
    partial         the camera did not see all of it; observed_share says how much
    noise           empty, or what noise is on the number
    expires         delete the row by then, here too

    To add rows up rightly, use `totals`.
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    with _needed():
        from central import cells, export  # noqa: PLC0415
        from central.store import reading  # noqa: PLC0415
    with reading(store) as database:
        rows = export.cells(cells.with_cells(database, cells.Choice(**choice)))
        _say_if_none(export.write(rows, sys.stdout, form, vocabulary))


@central.command()
@_choice_options
@click.option("--by", multiple=True, type=click.Choice(["camera", *DIMENSIONS]), help="What to tell apart; repeatable.")
@click.option("--per", type=click.Choice(["day", "period"]), default="day", show_default=True)
@click.option("--table", metavar="NAME", help="One table, divided by its weight; otherwise all tables are added.")
def totals(  # noqa: PLR0913  (a command's options)
    *, store: Path, form: Any, vocabulary: Any, by: tuple[str, ...], per: str, table: str | None, **choice: Any
) -> None:
    """Print sums of what may be added: hours and what they left for the day, tables, cameras.

    \b
    quality         at_least: no fewer passed; what fewer than k vehicles share is not in it
                    estimate: divided by the weight of its table
                    noisy: with noise, whose standard deviation is `deviation`
    observed_share  which part of the time the cameras saw, missing reports and days included; today up to the
                    zone's last report; days before the zone's first report are not counted

    A row whose dimension is empty holds what cells do not tell of it. Different vehicles of two hours, days or cameras
    are never added: one that came twice would be two.
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    with _needed():
        from central import cells, export  # noqa: PLC0415
        from central.store import reading  # noqa: PLC0415
        from central.totals import Coverage, Wanted, totals  # noqa: PLC0415
    dimensions = tuple(dict.fromkeys(one for one in by if one != "camera"))
    wanted = Wanted(dimensions, each_camera="camera" in by, each_day=per == "day", table=table)
    with reading(store) as database:
        chosen = cells.Choice(**choice)
        everyone = cells.bins(database, msgspec.structs.replace(chosen, camera=None))
        today = datetime.now(ZoneInfo(TIMEZONE)).date()
        coverage = Coverage(everyone, today, last=chosen.last, camera=chosen.camera)
        found = totals(cells.with_cells(database, chosen), wanted, coverage)
    _say_if_none(export.write(export.sums(found, wanted), sys.stdout, form, vocabulary))


@central.command()
@store_option
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="Where to serve it.")
@click.option("--html", type=PATH, metavar="FILE", help="Write the page into a file instead, once.")
@language_option
def dashboard(store: Path, port: int, html: Path | None, language: Any) -> None:
    """Show zones and cameras on one page: at http://127.0.0.1:8090 until Ctrl-C, or in a file.

    The page has no script and no outside parts, and loads itself again every five minutes. It is served to this machine
    only: put a web server with a login of two factors before it, or write it to a file that such a server gives out.
    """
    with _needed():
        from central.dashboard import serve  # noqa: PLC0415
    if html is not None:
        serve.write(store, html, language)
        click.echo(f"{html}: written")
        return
    with serve.server(store, port, language) as server, _stopping(server.shutdown):
        click.echo(f"http://{serve.HOST}:{server.server_port} until Ctrl-C")
        server.serve_forever()


@central.command()
@store_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each kind.")
def retention(store: Path, *, as_json: bool) -> None:
    """Prove that nothing in the store is older than its term.

    Prints each kind, its term and when its oldest item must go (must have gone); exit status 1 where something is
    overdue, or where this machine's clock is behind that of the cameras, so that nobody can tell.
    """
    with _needed():
        import msgspec  # noqa: PLC0415

        from central import terms  # noqa: PLC0415
        from central.store import reading  # noqa: PLC0415
    with reading(store) as database:
        found, behind = list(terms.holdings(database)), terms.clock_is_behind(database)
    for one in found:
        line = f"{'OLDER' if one.over else 'ok':<6} {one.kind:<12} {one.items:>9}  term: {one.term:<42} due: {one.due}"
        click.echo(msgspec.json.encode(one) if as_json else line)
    if behind:
        click.echo("this machine's clock is more than a day behind that of a camera: set it first", err=True)
    sys.exit(1 if behind or any(one.over for one in found) else 0)


@central.command()
@store_option
@click.option("--zone", metavar="NAME", help="One zone only.")
@click.option("--camera", required=True, metavar="NAME", help="The camera.")
def checkpoints(store: Path, zone: str | None, camera: str) -> None:
    """Print the heads of a camera's audit log that were kept, one message a line.

    \b
      anpr-edge central checkpoints --store counts.db --camera cam-017 > kept.jsonl
      anpr-edge audit verify --config camera.toml --checkpoint kept.jsonl
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    with _needed():
        from central.store import reading  # noqa: PLC0415
        from central.witness import checkpoints  # noqa: PLC0415
    with reading(store) as database:
        for payload in checkpoints(database, camera, zone):
            click.echo(payload)


def _say_if_none(rows: int) -> None:
    if not rows:
        click.echo("no report in the store is so", err=True)


@contextmanager
def _stopping(end: Callable[[], None]) -> Iterator[None]:
    """Call ``end`` on Ctrl-C and SIGTERM, in a thread: it waits for what it ends."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: threading.Thread(target=end).start()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _needed() -> Iterator[None]:
    """Say what to install where a part is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is missing; this needs: pip install 'anpr-edge[central]'") from error
