"""A real broker for tests, and somebody who listens to it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.config import UplinkConfig
from edge.proof.broker import Broker, BrokerError, broker, find_mosquitto
from edge.proof.pki import Identity, Pki, make_pki

CAMERA = "cam-017"
OTHER = "cam-018"


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates for two cameras."""
    return make_pki(tmp_path_factory.mktemp("pki"), [CAMERA, OTHER])


@pytest.fixture
def mosquitto(tmp_path: Path, pki: Pki) -> Iterator[Broker]:
    """Run a broker of its own for each test: retained messages of one test are not another's."""
    try:
        find_mosquitto()
    except BrokerError as error:
        pytest.skip(str(error))
    with broker(tmp_path / "broker", pki) as running:
        yield running


def uplink_config(running: Broker, pki: Pki, identity: Identity | None = None) -> UplinkConfig:
    """Configure a camera's uplink for a broker."""
    shown = identity or pki.cameras[CAMERA]
    return UplinkConfig(running.host, running.port, pki.ca, shown.certificate, shown.key)


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited for {seconds} s in vain"
        time.sleep(0.02)
