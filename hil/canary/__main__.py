"""python -m hil.canary PLACE...: known plates pass a camera, and then every place is searched for them."""

import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import click

from edge.errors import AnprError
from edge.proof import planted
from edge.proof.claims import Outcome
from hil.canary.run import Result, run
from hil.canary.show import of_place

FOUND, INTERRUPTED, TERMINATED = 1, 130, 143
"""Exit status where a plate was found, after Ctrl-C and after a request to end."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "where", nargs=-1, required=True, metavar="PLACE...", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--gap", type=click.FloatRange(0, 3600), default=3.0, show_default=True,
              help="Seconds between searches of memory; 0 searches two seconds after every passage.")  # fmt: skip
def main(where: tuple[Path, ...], gap: float) -> None:
    """Let known plates pass the three processes of a camera with a real broker, and search every place for them.

    PLACE is a scene of `python -m hil.scenes`, or a folder of clips with a labels.csv (columns file and plate). Vision
    is held two seconds after passages and at its end, and memory searched; then logs, output, folders, outbox, audit
    log, messages and packets. What is printed are places and numbers, never a plate. Exit status 1 where one is found,
    or where the search does not find what is planted. Needs root, who may read memory and packets; a scene of two hours
    takes an hour.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        results = [_one(place, gap) for place in where]
    except AnprError as error:
        click.echo(f"canary: {error}", err=True)
        sys.exit(error.exit_status)
    except PermissionError as error:
        click.echo(f"canary: {error}; only root reads memory and packets", err=True)
        sys.exit(FOUND)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(0 if all(results) else FOUND)


def _one(place: Path, gap: float) -> bool:
    """Run the canary over one place; tell whether all is well."""
    with tempfile.TemporaryDirectory(prefix="anpr-edge-canary-") as name:
        folder = Path(name)
        search = planted.check(folder)
        result = run(of_place(place, folder, gap), folder, _told)
    click.echo(f"\r\033[K{place}" if sys.stderr.isatty() else f"{place}")
    click.echo(f"  planted spellings of a made-up plate: {search.found.en}")
    _show(result)
    return result.clean and search.outcome is Outcome.HOLDS


def _told(step: str) -> None:
    """Show how far it is, where somebody looks on."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{step}", err=True, nl=False)


def _show(result: Result) -> None:
    click.echo(
        f"  {result.plates} plates; vision held {result.held} of them while it may, and before the end of the day tags "
        f"of {result.tagged}"
    )
    click.echo(f"  {'place':42}{'searched':>16}{'finds':>8}")
    for row in result.rows:
        click.echo(f"  {row.place:42}{row.searched:>16}{len(row.finds):>8}")
        for form, count in sorted(Counter(find.form for find in row.finds).items()):
            click.echo(f"    {count} as {form}")


if __name__ == "__main__":
    main()
