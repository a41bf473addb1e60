"""`anpr-edge central`: what the city's side runs, never a camera."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from edge.cli.options import PATH
from edge.errors import ConfigError

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


@contextmanager
def _needed() -> Iterator[None]:
    """Say what to install where a part is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is missing; this needs: pip install 'anpr-edge[central]'") from error
