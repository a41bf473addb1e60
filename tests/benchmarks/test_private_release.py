"""The benchmark of differential privacy."""

import pytest

from benchmarks.private_release import SHORT, line, measure
from benchmarks.release import ladders
from edge.release_rules import Table


@pytest.mark.parametrize("table", [SHORT, ladders()["classes and admission"]])
def test_less_epsilon_releases_less_and_errs_more(table: Table) -> None:
    """Of one day of the largest camera; what the hours release is a part of all."""
    shares = []
    for budget in (0.5, 8.0):
        found = line("any", budget, 1, measure(table, budget, days=1, camera=0), table)
        shares.append({name: float(str(value)) for name, value in found.items() if name != "ladder"})
    little, much = shares
    assert 0.3 < little["released_hourly"] < much["released_hourly"] < much["released"] <= 1
    assert little["error"] > much["error"]
