"""The broker's fixtures, and an outbox with an uplink."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.brokers import mosquitto, pki
from tests.uplink.site import Site

__all__ = ["mosquitto", "pki"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Make a site."""
    made = Site(tmp_path / "outbox.db")
    with closing(made.outbox):
        yield made
