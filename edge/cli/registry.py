"""`anpr-edge registry`: the table in which cameras look vehicles up.

No command here shows what the register says of one plate.
"""

import os
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from edge import keys
from edge.cli.options import PATH, config_option
from edge.errors import ConfigError
from edge.keys import Role

if TYPE_CHECKING:
    from edge.registry.manifest import Manifest

API = "https://opendata.rdw.nl"
TOKEN = "RDW_APP_TOKEN"  # noqa: S105  (the name of a variable)


@click.group()
def registry() -> None:
    """Make, check and install the register pack: what cameras know of vehicles.

    A server makes a pack each week from the open data of the Dutch register (build), and what changed since the last
    one (delta); both are signed with the registry key. A camera takes either (install).
    """


def key_option(command: "click.decorators.FC") -> "click.decorators.FC":
    """Add --key, the secret one."""
    return click.option(
        "--key", required=True, type=PATH, metavar="FILE", help="The server's secret key (registry.key)."
    )(command)


def public_key_option(command: "click.decorators.FC") -> "click.decorators.FC":
    """Add --key, the public one."""
    return click.option(
        "--key", required=True, type=PATH, metavar="FILE", help="The server's public key (registry.pub)."
    )(command)


def allowed_options(command: "click.decorators.FC") -> "click.decorators.FC":
    """Add what may differ from the pack that lies there already."""
    older = click.option("--allow-older", is_flag=True, help="Also a pack that is older than the one there.")
    size = click.option("--allow-size", is_flag=True, help="Also one with over 10 % more or fewer vehicles.")
    return older(size(command))


@registry.command()
@click.option("--vehicles", metavar="SOURCE", help="Export of data set m9d7-ebf2.")
@click.option("--fuel", metavar="SOURCE", help="Export of data set 8ys7-d773.")
@click.option("--particulars", metavar="SOURCE", help="Export of data set 7ug8-2dtt.")
@click.option("--api", is_flag=True, help="Instead of exports, page the JSON API.")
@click.option(
    "--spool",
    type=PATH,
    default="rdw-pages",
    show_default=True,
    metavar="FOLDER",
    help="Where pages are kept until the pack is made; for --api.",
)
@click.option("--base", default=API, show_default=True, metavar="URL", help="The API's address.")
@key_option
@click.option("--out", required=True, type=PATH, metavar="FILE", help="The pack; an older one there is replaced.")
@allowed_options
def build(  # noqa: PLR0913  (options)
    spool: Path,
    base: str,
    key: Path,
    out: Path,
    *,
    api: bool,
    allow_older: bool,
    allow_size: bool,
    **exports: str | None,
) -> None:
    """Build and sign a pack from the register's open data.

    Each SOURCE is a CSV export with Dutch headers or the API's names, plain or gzip: a file, or an https address such
    as https://opendata.rdw.nl/api/views/m9d7-ebf2/rows.csv?accessType=DOWNLOAD. With --api the needed columns are
    paged instead; what is there already after an interruption is not fetched again. The environment variable
    RDW_APP_TOKEN holds the token, if you have one.

    \b
    Several fuel rows of one vehicle become one drive:
      hydrogen, if any row says so
      electric, if nothing else is there; hybrid beside anything that burns
      gas before diesel before petrol
    Its emission class is the worst among the rows that burn something, Z if none does.
    """  # noqa: D301  (click wants the backspace)
    from edge.cli.progress import progress, stoppable  # noqa: PLC0415
    from edge.registry.manifest import Allowed  # noqa: PLC0415

    _, secret = keys.read_secret(key, Role.REGISTRY)
    with _builder() as builder, stoppable():
        if api and any(exports.values()):
            raise click.UsageError("give either exports or --api")
        sources = _paged(builder, base, spool) if api else builder.Sources(*_named(**exports))
        order = builder.Order(out, secret, datetime.now(UTC), _warn, Allowed(allow_older, allow_size))
        with progress() as watch:
            built = builder.build(sources, order, watch)
        if api:
            builder.forget_pages(sources)
    _show(out, built)


@registry.command()
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
@key_option
@click.option("--out", required=True, type=PATH, metavar="FILE", help="The delta.")
def delta(old: Path, new: Path, key: Path, out: Path) -> None:
    """Write what changed from pack OLD to pack NEW, for cameras that have OLD."""
    from edge.cli.progress import stoppable  # noqa: PLC0415
    from edge.registry import delta as deltas  # noqa: PLC0415
    from edge.registry.pack import Pack  # noqa: PLC0415

    _, secret = keys.read_secret(key, Role.REGISTRY)
    with stoppable(), closing(Pack(old, secret.verify_key)) as before, closing(Pack(new, secret.verify_key)) as after:
        changed = deltas.make(before, after, out, secret)
        days = f"{before.manifest.day} to {after.manifest.day}"
    click.echo(f"{out}: {changed} vehicles changed, {days}, {out.stat().st_size:,} bytes")


@registry.command()
@click.argument("file", type=PATH)
@config_option
@allowed_options
def install(file: Path, config: Path, *, allow_older: bool, allow_size: bool) -> None:
    """Verify FILE, a pack or a delta, and put the pack that results where the camera looks for it.

    A running camera takes it within seconds, without missing a frame, except where you allowed what is refused as a
    rule: that counts from its next start. If anything is wrong, the pack in use stays.
    """
    from edge.cli.progress import stoppable  # noqa: PLC0415
    from edge.config import load  # noqa: PLC0415
    from edge.registry.install import install as put  # noqa: PLC0415
    from edge.registry.manifest import Allowed  # noqa: PLC0415

    places = load(config).registry
    with stoppable():
        installed = put(file, places.pack, places.key, Allowed(allow_older, allow_size), _warn)
    click.echo(f"{places.pack}: {installed.vehicles:,} vehicles of {installed.day}")


@registry.command()
@click.argument("file", type=PATH)
@public_key_option
def verify(file: Path, key: Path) -> None:
    """Check signature, schema and checksum of FILE, a pack or a delta."""
    from edge.registry.install import verify as check  # noqa: PLC0415

    found, base = check(file, key)
    kind = "pack" if base is None else "delta"
    click.echo(f"{file}: valid {kind}; {found.vehicles:,} vehicles of {found.day}, contents sha256:{found.content}")


@registry.command()
@click.argument("file", type=PATH)
@public_key_option
def info(file: Path, key: Path) -> None:
    """Show what FILE, a pack or a delta, says of itself: sources, dates, numbers, what was left out and why."""
    from edge.registry.install import verify as check  # noqa: PLC0415

    found, base = check(file, key)
    if base is not None:
        click.echo(f"{file}: a delta, for the pack with the contents sha256:{base}; what results:")
    _show(file, found)


@registry.command("lookup-stats")
@click.argument("file", type=PATH)
@public_key_option
@click.option("--lookups", type=click.IntRange(100, 10_000_000), default=100_000, show_default=True)
def lookup_stats(file: Path, key: Path, lookups: int) -> None:
    """Measure on this machine how long look-ups in pack FILE take, with random plates that are not shown."""
    from edge.registry import stats  # noqa: PLC0415
    from edge.registry.pack import Pack  # noqa: PLC0415

    _, public = keys.read_public(key, Role.REGISTRY)
    with closing(Pack(file, public)) as pack:
        found = stats.measure(pack.lookup, stats.random_plates(lookups, random.Random()))  # noqa: S311  (no secret)
    click.echo(
        f"{found.lookups:,} look-ups of random plates, {found.found:.1%} of which exist; "
        f"half took at most {found.p50_us:.1f} us, 99 of 100 at most {found.p99_us:.1f} us"
    )


@contextmanager
def _builder() -> Iterator[ModuleType]:
    """Import what builds packs, which no camera has."""
    try:
        from edge.registry.rdw import builder  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is missing; building needs the extra: pip install '.[registry]' in the repository"
        ) from error
    yield builder


def _warn(text: str) -> None:
    click.echo(f"anpr-edge: {text}", err=True)


def _paged(builder: ModuleType, base: str, spool: Path) -> Any:
    """Page the API; return what `builder` calls its sources."""
    from edge.cli.progress import ROWS, progress  # noqa: PLC0415

    with progress(ROWS) as watch:
        return builder.page(base, spool, os.environ.get(TOKEN), watch)


def _named(**exports: str | None) -> list[str]:
    """Return all three exports; none may be missing: without one every vehicle would be of another class."""
    missing = [f"--{name}" for name, spec in exports.items() if spec is None]
    if missing:
        raise click.UsageError(f"{', '.join(missing)} missing: give all three exports, or --api")
    return [spec for spec in exports.values() if spec is not None]


def _show(file: Path, manifest: "Manifest") -> None:
    """Print the facts of a pack."""
    click.echo(f"{file}: {manifest.vehicles:,} vehicles of {manifest.day} in {manifest.classes:,} classes")
    for source in manifest.sources:
        click.echo(f"  {source.name:12} {source.rows:>12,} rows of {source.day}")
    for reason, count in manifest.rejects.items():
        click.echo(f"  left out     {count:>12,} {reason}")
    click.echo(f"  built {manifest.built.isoformat(timespec='seconds')}, contents sha256:{manifest.content}")
