"""`anpr-edge rules`: the file that says whom a zone lets in, and until when."""

from datetime import date
from pathlib import Path

import click

from edge.cli.options import PATH, Day


@click.group()
def rules() -> None:
    """Read, sign and check zone rule files: whom a zone lets in, and until when.

    \b
    The way of a rule file, from the law to the camera:
      1. copy docs/examples/zone-rules-zero-emission.toml (or -low-emission), enter your zone's dates
      2. anpr-edge rules show FILE --date 2026-12-31      read it as the camera will
      3. anpr-edge rules sign FILE --key officer.key      the privacy officer signs it
      4. anpr-edge rules verify FILE --key officer.pub    prints the digest
      5. enter the digest as zone_rules in the policy's [what], "admitted" in its dimensions, and sign the policy
      6. name the file as zone_rules in camera.toml's [registry]

    When the law changes, edit the file and begin at step 2; the camera's software stays as it is.
    """  # noqa: D301  (click's mark for lines that it must not wrap)


@rules.command()
@click.argument("file", type=PATH)
@click.option("--key", required=True, type=PATH, metavar="FILE", help="The officer's secret key (officer.key).")
def sign(file: Path, key: Path) -> None:
    """Check the rule file FILE and write its signature to FILE.sig.

    Read FILE with `anpr-edge rules show` first: who signs says that it tells the law. Every change, even of a comment,
    needs a new signature and a policy with the new digest.
    """
    from edge.registry.zone import rules as files  # noqa: PLC0415

    click.echo(f"{files.sign(file, key)}: signed")


@rules.command()
@click.argument("file", type=PATH)
@click.option("--key", required=True, type=PATH, metavar="FILE", help="The officer's public key (officer.pub).")
def verify(file: Path, key: Path) -> None:
    """Check FILE's fields and its signature in FILE.sig; print the digest that the policy must name."""
    from edge.registry.zone import rules as files  # noqa: PLC0415

    checked = files.verify(file, key)
    click.echo(f"{file}: valid; {checked.zone.id}, from {checked.zone.valid_from} to {checked.zone.valid_until}")
    click.echo(f'policy.toml: [what] zone_rules = "{checked.digest}"')


@rules.command()
@click.argument("file", type=PATH)
@click.option("--date", "day", required=True, type=Day(), metavar="DAY", help="The day, such as 2026-12-31.")
def show(file: Path, day: date) -> None:
    """Tell in plain English whom FILE lets in on a day, until when, and which law says so.

    Needs no signature: it is for reading a file before it is signed. Show the days on both sides of a date of the law,
    such as 2026-12-31 and 2027-01-01, to see what changes.
    """
    from edge.registry.zone import prose  # noqa: PLC0415
    from edge.registry.zone import rules as files  # noqa: PLC0415

    click.echo(prose.tell(files.read(file), day))
