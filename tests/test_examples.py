"""Every example in the repository works."""

from pathlib import Path

import pytest

from edge import config, policy
from edge.registry.zone import rules

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.name)
def test_every_example_loads(file: Path) -> None:
    """Example policies, zone rules and camera configurations are accepted as they stand."""
    if file.name.startswith("policy"):
        assert policy.read(file).file.where.cameras
    elif file.name.startswith("zone-rules"):
        assert rules.read(file).rows
    else:
        assert config.load(file).camera.id
