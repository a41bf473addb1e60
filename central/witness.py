"""What the store has kept of the cameras' audit logs."""

from collections.abc import Iterator

from sqlite_utils import Database

from edge.errors import AnprError


class WitnessError(AnprError):
    """Nothing was kept of this camera."""


def checkpoints(database: Database, camera: str, zone: str | None) -> Iterator[str]:
    """Give the messages of a camera's topic `checkpoint`, oldest first; of all its keys.

    Raises:
        WitnessError: there is none.
    """
    query = """
        select payload from checkpoints join stations on stations.id = station
        where camera = ? and (zone = ? or ? is null) order by checkpoints.id
    """
    found = database.execute(query, [camera, zone, zone]).fetchall()
    if not found:
        raise WitnessError(f"nothing was kept of a camera {camera}{f' in {zone}' if zone else ''}")
    for (payload,) in found:
        yield payload.decode()
