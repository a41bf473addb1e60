"""python -m hil.week FOLDER: publish a made-up week of cameras at the broker of `python -m hil.broker FOLDER`."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import click

from edge import keys
from edge.errors import AnprError
from edge.keys import Role
from edge.uplink.connection import Broker, Connection, ConnectionFailedError, Will
from edge.uplink.contract import Address
from edge.uplink.outbox import Entry
from edge.uplink.tls import client_context
from hil.week.made import Plan, Trouble, entries, example_policy

ZONES = ("zez-demo", "mz-demo")
OTHERS = {"ca", "localhost"}
IN_FLIGHT = 10


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--host", default="localhost", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8883, show_default=True)
@click.option("--days", type=click.IntRange(1, 31), default=8, show_default=True)
@click.option("--keys-only", is_flag=True, help="Make the cameras' keys, and publish nothing yet.")
def main(folder: Path, host: str, port: int, days: int, *, keys_only: bool) -> None:
    """Publish what every camera with a certificate in FOLDER would have in a week, up to now.

    FOLDER/keys gets CAMERA.pub of each; start the collector with them first. Every number is made up.
    """
    try:
        if not _cameras(folder):
            raise click.ClickException(f"{folder}: holds no certificate of a camera; python -m hil.broker makes them")
        plans = [_plan(folder, number, name) for number, name in enumerate(_cameras(folder))]
        for plan in [] if keys_only else plans:
            click.echo(
                f"{plan.address.camera} in {plan.address.zone}: {_publish(plan, folder, host, port, days)} messages"
            )
        if keys_only:
            click.echo(f"{len(plans)} keys in {folder / 'keys'}")
    except (AnprError, ConnectionFailedError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _cameras(folder: Path) -> list[str]:
    """List the names of certificates of cameras: those have no dot."""
    names = sorted(file.name.removesuffix(".crt") for file in folder.glob("*.crt"))
    return [name for name in names if name not in OTHERS and "." not in name]


def _plan(folder: Path, number: int, name: str) -> Plan:
    secret = folder / "keys" / name / "camera.key"
    if not secret.exists():
        _, public = keys.make(Role.CAMERA, secret.parent)
        public.rename(folder / "keys" / f"{name}.pub")
    key = keys.read_secret(secret, Role.CAMERA)[1]
    troubles = [Trouble.NONE, Trouble.LOST, Trouble.DIRTY, Trouble.OLDER, Trouble.NONE, Trouble.OFFLINE]
    trouble = next(one for at, one in enumerate(cycle(troubles)) if at == number)
    return Plan(Address(ZONES[number % 3 == 2], name, bench=False), number * 2, key, trouble)


def _publish(plan: Plan, folder: Path, host: str, port: int, days: int) -> int:
    name = plan.address.camera
    tls = client_context(folder / "ca.crt", folder / f"{name}.crt", folder / f"{name}.tls.key")
    found = list(entries(plan, example_policy(), datetime.now(UTC), days))
    connection = Connection(Broker(host, port, tls), name, Will(found[-1], 0))
    connection.open(threading.Event())
    try:
        send(connection, found)
    finally:
        connection.close()
    return len(found)


def send(connection: Connection, found: Sequence[Entry]) -> None:
    """Publish in order, few at a time."""
    waiting = set[int]()
    for entry in found:
        waiting.add(connection.publish(entry, retain="/counts/" not in entry.topic))
        while len(waiting) >= IN_FLIGHT:
            waiting -= _answered(connection)
    while waiting:
        waiting -= _answered(connection)


def _answered(connection: Connection) -> set[int]:
    return {answer.message for answer in connection.turn(0.1)}


if __name__ == "__main__":
    main()
