"""What many tests need: a folder in memory, a rendered street, certificates."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from edge.proof.pki import Pki, make_pki
from hil.demo.site import CAMERA
from hil.scenes.__main__ import main as render

IN_MEMORY = Path("/dev/shm")  # noqa: S108  (a tmpfs, by intent)

# A loaded machine is slow, not wrong.
settings.register_profile("any-machine", deadline=None)
settings.register_profile("attack", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "10000")))
settings.load_profile("any-machine")


@pytest.fixture(autouse=True)
def _logs_as_by_default() -> Iterator[None]:
    """Commands that run inside a test set logs up for their process."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder on tmpfs."""
    if not IN_MEMORY.is_dir():
        pytest.skip(f"{IN_MEMORY}, a tmpfs, is absent")
    with tempfile.TemporaryDirectory(prefix="anpr-edge-test-", dir=IN_MEMORY) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def one_vehicle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A street on which one made-up vehicle passes: street.mkv, truth.json, the register's exports."""
    folder = tmp_path_factory.mktemp("one-vehicle")
    render(["--out", str(folder), "--vehicles", "1", "--hours", "0.01"], standalone_mode=False)
    return folder


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A small certificate authority."""
    return make_pki(tmp_path_factory.mktemp("pki"), [CAMERA])
