"""Which attacks `make test` makes: all but those that take very many reports."""

from pathlib import Path

from tests.examples import attacking

MANY_REPORTS = "test_privacy.py"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave a file out, but where it is named or all attacks are made."""
    return True if collection_path.name == MANY_REPORTS and not attacking() else None
