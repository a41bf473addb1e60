"""`anpr-edge registry`: the table in which cameras look vehicles up."""

from pathlib import Path

import click

from edge.cli.options import PATH


@click.group()
def registry() -> None:
    """Build the register pack that cameras look vehicles up in."""


@registry.command("build")
@click.argument("source", type=PATH)
@click.option("--out", required=True, type=PATH, metavar="FILE", help="The pack, a SQLite file.")
def build_pack(source: Path, out: Path) -> None:
    """Build a pack from SOURCE, a CSV file with the columns plate, vehicle_type, drive, emission_class."""
    from edge.registry import pack  # noqa: PLC0415

    click.echo(f"{out}: {pack.build(source, out)} vehicles")
