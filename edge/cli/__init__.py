"""Every command of `anpr-edge`; nothing but argument handling.

Commands import what they need when they run: uplink and gate never load OpenCV or ONNX Runtime.
"""

import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from edge import __version__, keys
from edge.cli.audit import audit
from edge.cli.central import central
from edge.cli.lists import lists
from edge.cli.options import PATH, config_option, source_options, supervisor_option
from edge.cli.policy import policy
from edge.cli.prove import prove
from edge.cli.registry import registry
from edge.cli.rules import rules
from edge.errors import AnprError, ConfigError

EPILOG = "Every command explains itself with --help. Exit status 78 means: mend the configuration first."


@click.group(epilog=EPILOG)
@click.version_option(__version__, prog_name="anpr-edge")
def commands() -> None:
    """Count vehicles by class on a roadside camera; number plates never leave it."""


commands.add_command(audit)
commands.add_command(central)
commands.add_command(policy)
commands.add_command(prove)
commands.add_command(registry)
commands.add_command(lists)
commands.add_command(rules)


@commands.command()
@config_option
@source_options
def run(config: Path, source: str | None, start: datetime | None) -> None:
    """Run vision, gate and uplink together, restart what dies, end all on Ctrl-C or SIGTERM.

    With a video file as source it ends with the file, after the last report is released.
    """
    from edge.service.run import main  # noqa: PLC0415

    sys.exit(main(config, source, start))


@commands.command()
@config_option
@source_options
@supervisor_option
def vision(config: Path, source: str | None, start: datetime | None, *, supervisor: int | None) -> None:
    """Recognise and count; hand counts of closed windows to the gate. Sees plates, has no network."""
    from edge.service.start import vision as main  # noqa: PLC0415

    sys.exit(main(config, source, start, supervisor=supervisor))


@commands.command()
@config_option
@supervisor_option
@click.option("--proof", is_flag=True, hidden=True, help="Publish where `prove` listens and nobody else.")
def gate(config: Path, *, supervisor: int | None, proof: bool) -> None:
    """Decide what may leave, sign it, put it into the outbox. Sees counts, never a plate."""
    from edge.service.start import gate as main  # noqa: PLC0415

    sys.exit(main(config, supervisor=supervisor, proof=proof))


@commands.command()
@config_option
@supervisor_option
def uplink(config: Path, *, supervisor: int | None) -> None:
    """Publish the outbox over MQTT. Sees released messages only."""
    from edge.service.start import uplink as main  # noqa: PLC0415

    sys.exit(main(config, supervisor=supervisor))


@commands.command()
@config_option
@source_options
@click.option("--out", required=True, type=PATH, metavar="PNG", help="Where the drawing goes.")
def line(config: Path, source: str | None, start: datetime | None, out: Path) -> None:
    """Draw counting line, directions, region and masks on a still of the camera, plates made unreadable."""
    from edge.service import process  # noqa: PLC0415
    from edge.service.still import draw  # noqa: PLC0415

    process.log_to_stderr("line", logging.WARNING)
    draw(config, source, start, out)
    click.echo(f"{out}: drawn; move [view] line in {config} until it lies where plates are largest")


@commands.command()
@config_option
@source_options
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Of this machine only.")
def setup(config: Path, source: str | None, start: datetime | None, port: int) -> None:
    """Show what the camera sees to an installer who aims it, blurred, for the minutes that the policy allows.

    \b
    In vision's place, while the gate runs:
      systemctl stop anpr-edge-vision
      anpr-edge setup --config /etc/anpr-edge/camera.toml
      systemctl start anpr-edge-vision

    Prints a link for a browser on this machine; from a laptop, ssh -L brings it there. Every picture is blurred so
    far that no plate can be read, and none is kept. The audit log says when it was on.
    """  # noqa: D301  (click's mark for lines that it must not wrap)
    from edge.service.start import setup as main  # noqa: PLC0415

    sys.exit(main(config, source, start, port))


@commands.command("config")
@config_option
def show_config(config: Path) -> None:
    """Check camera.toml and print every option that results, defaults included."""
    import msgspec  # noqa: PLC0415

    from edge.config import load  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(load(config), enc_hook=str), indent=2).decode())


@commands.command("keys")
@click.argument("role", type=click.Choice([role.value for role in keys.Role]))
@click.option("--out", required=True, type=PATH, metavar="FOLDER", help="Where the two files go.")
def make_keys(role: str, out: Path) -> None:
    """Make a pair of keys for ROLE.

    officer: signs policies; the secret half stays with the privacy officer.
    bench: signs policies of benches, which no production camera accepts.
    camera: signs what one camera publishes; the secret half stays on the camera.
    registry: signs register packs and lists for cameras; the secret half stays on the server that makes them.
    sealing: opens lists of plates; the secret half stays on the camera, with vision.
    """
    private, public = keys.make(keys.Role(role), out)
    click.echo(f"{private}: secret, keep it where only its owner reads it\n{public}: public, hand it out")


@commands.command()
@click.option("--host", default="localhost", show_default=True, help="The broker.")
@click.option("--port", type=click.IntRange(1, 65535), default=8883, show_default=True, help="Its TLS port.")
@click.option("--ca", required=True, type=PATH, metavar="FILE", help="Certificate of the authority (PEM).")
@click.option("--certificate", required=True, type=PATH, metavar="FILE", help="Your client certificate (PEM).")
@click.option("--key", required=True, type=PATH, metavar="FILE", help="Its secret key (PEM).")
@click.option("--zone", metavar="NAME", help="One zone only.")
@click.option("--camera", metavar="NAME", help="One camera only.")
@click.option(
    "--camera-key", "camera_keys", multiple=True, type=PATH, metavar="FILE", help="A camera.pub to verify; repeatable."
)
@click.option("--bench", is_flag=True, help="Listen to benches instead, whose counts are no counts of a street.")
@click.option("--json", is_flag=True, help="Print each report as one line of JSON.")
@click.option("--count", type=click.IntRange(1), help="End after so many reports.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after that time.")
def subscribe(camera_keys: tuple[Path, ...], **choices: Any) -> None:
    """Show the reports of cameras as they arrive, checked against schema and signature."""
    try:
        from central.subscriber import Options, run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is missing; the subscriber needs: pip install 'anpr-edge[central]'") from error
    sys.exit(run(Options(camera_keys=camera_keys, **choices), sys.stdout, sys.stderr))


def entry() -> None:
    """Run a command; an expected error is one line and its exit status."""
    try:
        commands(prog_name="anpr-edge")
    except AnprError as error:
        click.echo(f"anpr-edge: {error}", err=True)
        sys.exit(error.exit_status)
