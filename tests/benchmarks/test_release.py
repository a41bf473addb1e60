"""The release benchmark."""

import pytest

from benchmarks.release import ladders, line, measure


@pytest.mark.parametrize("name", ["classes", "classes and admission"])
def test_what_is_released_and_withheld_is_everything(name: str) -> None:
    """Of one day of the largest camera; what the hours release is a part of it."""
    table = ladders()[name]
    found = line(name, 10, measure(table, 10, days=1, camera=0), table)
    assert float(str(found["released"])) + float(str(found["withheld"])) == pytest.approx(1)
    assert 0.7 < float(str(found["released_hourly"])) < float(str(found["released"]))
    assert float(str(found["vans_with_emission"])) > 0.8
