"""An office for each test."""

from pathlib import Path

import pytest

from tests.registry.lists.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A municipality's office, and the keys of one camera."""
    return Office(tmp_path)
