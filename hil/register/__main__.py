"""python -m hil.register: write made-up exports of the vehicle register."""

import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click

from edge.errors import AnprError
from hil.register.exports import Exports, Style, count_rows, write
from hil.register.fleet import make_fleet
from hil.register.mess import MOST_MESS
from hil.register.series import MOST

INTERRUPTED, TERMINATED = 130, 143
"""Exit status after Ctrl-C and after a request to end, as shells have it."""


class Progress:
    """One line that tells how many rows are written, how fast, and how long it still takes."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._done = 0
        self._start = time.monotonic()

    def add(self, rows: int) -> None:
        """Count rows and show the line, where somebody looks on."""
        self._done += rows
        if sys.stderr.isatty():
            click.echo(f"\r{self._line()}", err=True, nl=False)

    def end(self) -> None:
        """Show the last line."""
        click.echo(f"\r{self._line()}" if sys.stderr.isatty() else self._line(), err=True)

    def _line(self) -> str:
        rate = self._done / max(time.monotonic() - self._start, 1e-6)
        left = max(self._rows - self._done, 0) / max(rate, 1e-6)
        clock = f"{int(left) // 60}:{int(left) % 60:02}"
        return f"{self._done:11,} of {max(self._rows, self._done):,} rows  {rate:9,.0f} rows/s  {clock} left"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the three files."
)
@click.option("--vehicles", type=click.IntRange(1, MOST), default=1000, show_default=True,
              help="The real register has some 16,600,000.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, other vehicles.")
@click.option("--style", type=click.Choice([style.value for style in Style]), default=Style.EXPORT.value,
              show_default=True, help="All columns and Dutch headers, or what the API selects.")  # fmt: skip
@click.option("--gzip", "gzipped", is_flag=True, help="Compress the files.")
@click.option("--mess", type=click.FloatRange(0, MOST_MESS), default=0.0, show_default=True,
              help="Share of rows that are spoilt on purpose.")  # fmt: skip
def main(  # noqa: PLR0913  (one per option)
    out: Path, vehicles: int, seed: int, style: str, mess: float, *, gzipped: bool
) -> None:
    """Write a made-up vehicle register in the formats of the real one.

    Vehicles are spread over sidecodes, types, drives, emission classes and years as in the Netherlands. Their plates
    have the forms of real ones, and some are bound to exist: keep the files out of the repository.

    \b
    vehicles.csv     one row per vehicle, in no order
    fuel.csv         none, one or several rows per vehicle
    particulars.csv  rows of a few vehicles, such as that wheelchairs can come in

    The same arguments write the same files. 16,600,000 vehicles take a minute or two, 14 GB on disk and half a
    GB of memory.
    """  # noqa: D301  (click wants the backspace)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        fleet = make_fleet(vehicles, seed)
        progress = Progress(count_rows(fleet))
        made = write(fleet, out, Style(style), gzipped=gzipped, mess=mess, told=progress.add)
    except AnprError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("\nstopped; nothing was written", err=True)
        sys.exit(INTERRUPTED)
    progress.end()
    _tell(made)


def _tell(made: Exports) -> None:
    """Say what was made."""
    for file in (made.vehicles, made.fuel, made.particulars):
        click.echo(f"{file} ({file.stat().st_size / 1e6:,.1f} MB)")
    spoilt = {kind.replace("_", " "): count for kind, count in asdict(made.mess).items() if count}
    if spoilt:
        click.echo("spoilt: " + ", ".join(f"{count:,} {kind}" for kind, count in spoilt.items()))


if __name__ == "__main__":
    main()
