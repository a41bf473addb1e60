"""Small scenes that several tests share."""

from datetime import datetime

import pytest

from hil.scenes.render import Renderer
from hil.scenes.traffic import Traffic, make_traffic

AFTERNOON = datetime.fromisoformat("2026-11-17T15:00:00+01:00")


@pytest.fixture(scope="session")
def street() -> Traffic:
    """Twelve vehicles in two minutes."""
    return make_traffic(AFTERNOON, 120.0, 12, seed=1)


@pytest.fixture(scope="session")
def demo() -> Traffic:
    """The traffic of the demo: 600 vehicles in two hours."""
    return make_traffic(AFTERNOON, 7_200.0, 600, seed=1)


@pytest.fixture(scope="session")
def renderer(street: Traffic) -> Renderer:
    """A renderer of the small scene."""
    return Renderer(street, seed=1)
