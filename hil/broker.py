"""python -m hil.broker FOLDER: a broker for trying things."""

import signal
from pathlib import Path

import click

from edge.errors import AnprError
from edge.proof.broker import broker
from edge.proof.pki import make_pki


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--port", type=click.IntRange(1, 65535), default=8883, show_default=True)
@click.option("--camera", "cameras", multiple=True, default=["cam-017"], show_default=True, help="Repeatable.")
def main(folder: Path, port: int, cameras: tuple[str, ...]) -> None:
    """Run a broker for trying things, on this machine only, until Ctrl-C.

    FOLDER gets a new small certificate authority: ca.crt, a pair NAME.crt and NAME.tls.key for each camera, and one
    for subscriber.central.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        pki = make_pki(folder, cameras)
        with broker(folder, pki, port) as running:
            click.echo(f"broker at {running.host}:{running.port}; certificates in {folder}; Ctrl-C ends it")
            signal.pause()
    except KeyboardInterrupt:
        click.echo("ended")
    except AnprError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
