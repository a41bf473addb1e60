"""From exports in a folder to a signed pack, for sites and measurements."""

from datetime import UTC, datetime
from pathlib import Path

from edge import keys
from edge.keys import Role
from edge.registry.manifest import Manifest
from edge.registry.rdw.builder import Order, Sources, build
from edge.registry.rdw.source import Told


def make_pack(exports: Path, place: Path) -> Manifest:
    """Build a pack from ``vehicles.csv``, ``fuel.csv`` and ``particulars.csv``.

    Its server's keys, ``registry.key`` and ``registry.pub``, are made beside it.

    Raises:
        AnprError: something of it is missing or wrong, or can't be written.
    """
    secret, _ = keys.make(Role.REGISTRY, place.parent)
    _, key = keys.read_secret(secret, Role.REGISTRY)
    sources = Sources(*(str(exports / f"{name}.csv") for name in Sources._fields))
    return build(sources, Order(place, key, datetime.now(UTC), _silent), _unseen)


def _silent(_text: str) -> None:
    """Warn nobody: there is no pack before."""


def _unseen(_name: str) -> Told:
    """Show no progress: these registers are small."""
    return lambda _done, _total: None
