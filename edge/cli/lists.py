"""`anpr-edge lists`: exemptions, origin and trade, sealed to one camera."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edge import keys
from edge.cli.options import PATH, Day
from edge.errors import ConfigError
from edge.keys import Role
from edge.windows import local_day

if TYPE_CHECKING:
    from edge.registry.lists.hashing import PlateHash
    from edge.registry.lists.importing import Imported
    from edge.registry.lists.kinds import ListKind
    from edge.registry.lists.sealing import Envelope

    Read = Callable[[PlateHash], Imported]

F = TypeVar("F", bound=Callable[..., Any])

_until = click.option("--until", required=True, type=Day(), metavar="DAY", help="The last day of the whole list.")


def _sealing_options(command: F) -> F:
    """Add what every list needs."""
    source = click.argument("file", type=PATH)
    camera = click.option(
        "--for", "camera", required=True, type=PATH, metavar="FILE", help="The camera's public key (sealing.pub)."
    )
    key = click.option(
        "--key", required=True, type=PATH, metavar="FILE", help="The server's secret key (registry.key)."
    )
    out = click.option("--out", required=True, type=PATH, metavar="FILE", help="The sealed list.")
    return source(camera(key(out(command))))


@click.group()
def lists() -> None:
    """Seal a municipality's lists of plates to a camera, show them, delete what has expired."""


@lists.group()
def seal() -> None:
    """Import a CSV file and seal it to one camera. It may have the columns of its kind and no other."""


@seal.command()
@_sealing_options
def exemptions(file: Path, camera: Path, key: Path, out: Path) -> None:
    """Seal FILE with the columns plate, kind (day or long_term), from, until (both days included)."""
    from edge.registry.lists import importing  # noqa: PLC0415
    from edge.registry.lists.kinds import ListKind  # noqa: PLC0415

    def read(plates: "PlateHash") -> "Imported":
        return importing.exemptions(file, plates, _today())

    _seal(ListKind.EXEMPTIONS, read, file, out, _envelope(camera, key))


@seal.command()
@_sealing_options
@click.option(
    "--municipalities", required=True, type=PATH, metavar="FILE", help="CSV file with the columns postcode, gemeente."
)
@_until
def origin(  # noqa: PLR0913, PLR0917  (a command's options)
    file: Path, camera: Path, key: Path, out: Path, municipalities: Path, until: date
) -> None:
    """Seal FILE with the columns plate, postcode; only the municipality goes into the list."""
    from edge.registry.lists import importing  # noqa: PLC0415
    from edge.registry.lists.kinds import ListKind  # noqa: PLC0415
    from edge.registry.lists.municipalities import read_municipalities  # noqa: PLC0415

    last, table = _last_day(until), read_municipalities(municipalities)

    def read(plates: "PlateHash") -> "Imported":
        return importing.origin(file, table, plates, last)

    _seal(ListKind.ORIGIN, read, file, out, _envelope(camera, key))


@seal.command()
@_sealing_options
@_until
def trade(file: Path, camera: Path, key: Path, out: Path, until: date) -> None:
    """Seal FILE with the columns plate, sbi; only the section of the SBI code goes into the list."""
    from edge.registry.lists import importing  # noqa: PLC0415
    from edge.registry.lists.kinds import ListKind  # noqa: PLC0415

    last = _last_day(until)

    def read(plates: "PlateHash") -> "Imported":
        return importing.trade(file, plates, last)

    _seal(ListKind.TRADE, read, file, out, _envelope(camera, key))


@lists.command()
@click.argument("file", type=PATH)
def info(file: Path) -> None:
    """Show what FILE says without a key: kind, when it was made, what expires when. Its signature is not checked."""
    from edge.registry.lists.sealed import opened  # noqa: PLC0415

    with opened(file) as sealed:
        header = sealed.header
        click.echo(f"{file}: {header.kind}, made {header.created:%Y-%m-%d %H:%M} UTC for the key {header.camera}")
        for place, segment in enumerate(header.segments):
            gone = ", deleted" if place < sealed.missing else ""
            click.echo(f"  until {segment.until}: {segment.bytes} bytes{gone}")


@lists.command()
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
def expire(files: tuple[Path, ...]) -> None:
    """Delete what has expired from sealed lists, as uplink does every hour."""
    from edge.registry.lists import expiry  # noqa: PLC0415

    for file in files:
        click.echo(f"{file}: {expiry.expire(file, _today())} segments deleted")


def _today() -> date:
    return local_day(time.time())


def _last_day(until: date) -> date:
    if until < _today():
        raise ConfigError(f"--until {until}: has passed already; allowed: today or later")
    return until


def _envelope(camera: Path, key: Path) -> "Envelope":
    from edge.registry.lists.sealing import Envelope  # noqa: PLC0415

    _, registry = keys.read_secret(key, Role.REGISTRY)
    return Envelope(keys.read_sealing_public(camera), registry, datetime.now(UTC).replace(microsecond=0))


def _seal(kind: "ListKind", read: "Read", file: Path, out: Path, envelope: "Envelope") -> None:
    """Seal what ``read`` makes of ``file``, and tell what became of its rows."""
    from edge.registry.lists.sealed import key_id  # noqa: PLC0415
    from edge.registry.lists.sealing import seal as put  # noqa: PLC0415

    if out.exists() and out.samefile(file):
        raise ConfigError(f"{out}: is the file to be sealed; name another for the sealed list")
    lines = put(kind, envelope, read, out).lines()
    click.echo("\n  ".join([f"{out}: sealed for the key {key_id(envelope.camera)}", *lines]))
