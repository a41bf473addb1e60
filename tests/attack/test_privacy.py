"""A statistical audit of the epsilon that reports state: whoever knows all vehicles of a day but one looks for it.

Days with and without it are released many times; one event that its presence makes likelier is counted in both. Far
into the tails of both counts, the odds must not say more than epsilon; against a weakened gate they do.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from scipy.stats import binomtest

from edge.categories import Direction
from edge.gate.budget import Bin
from edge.gate.modes import mode_of
from edge.gate.sights import Sight
from edge.policy import Policy
from edge.release_rules import Privacy
from edge.uplink.contract import Cell, Stream
from tests.counts import HOUR, cell, policy, van
from tests.gate.desks import MemoryLog
from tests.policies import rung, table

EPSILON = 1.0
DAYS = 10_000
# Once in a million runs the truth is outside.
SURE = 1 - 1e-6
OTHERS = 18  # One less than the event needs.
TABLES = [table(rung("direction"))]
Hours = Sequence[Sequence[Sight]]


def _rules(folder: Path) -> Policy:
    """Noise of scale 2, and a threshold that the others just reach."""
    return policy(folder, tables=TABLES, measure="unique_vehicles", dp=f"budget = {EPSILON}")


def _day(fresh: Sequence[int]) -> Hours:
    """Let so many fresh vehicles pass in each direction, hour by hour."""
    return [[Sight(hour, 0, cell(van(direction), n)) for direction in Direction] for hour, n in enumerate(fresh)]


def _released(rules: Policy, day: Hours) -> list[Cell]:
    """Release a day's hours as a gate does that has just begun to write its log."""
    mode, window, cells = mode_of(rules, MemoryLog()), HOUR, list[Cell]()
    for sights in day:
        cells += mode.release(Bin(Stream.HOUR, window, 1, stump=False), sights, rules.file.release.tables[0]).cells
        window = window.next
    return cells


def _happened(rules: Policy, day: Hours) -> int:
    """Count the days on which every cell is there and says more than the others alone."""
    wanted = len(Direction) * len(day)
    days = (_released(rules, day) for _ in range(DAYS))
    return sum(sum(one.n > OTHERS for one in cells) == wanted for cells in days)


def _least_loss(rules: Policy, there: Hours, gone: Hours) -> float:
    """Return the epsilon that the gate has at least, as far as the counts are sure (Clopper and Pearson)."""
    likely, unlikely = (
        binomtest(_happened(rules, day), DAYS).proportion_ci(SURE, method="exact") for day in (there, gone)
    )
    return math.log(max(likely.low, 1e-9) / unlikely.high)


def test_reports_tell_no_more_than_they_say(tmp_path: Path) -> None:
    """And hardly less: the event is the one that tells most of a vehicle that drives in and out."""
    loss = _least_loss(_rules(tmp_path), _day([OTHERS + 1]), _day([OTHERS]))
    assert EPSILON / 2 < loss <= EPSILON


def _one_way(patch: pytest.MonkeyPatch, _: Path) -> Policy | None:
    """Scale the noise as if a vehicle only drove in."""
    scale = Privacy.scale
    patch.setattr(Privacy, "scale", lambda self, table: scale(self, table) / len(Direction))
    return None


def _true_numbers(_: pytest.MonkeyPatch, folder: Path) -> Policy:
    """Choose cells by true numbers and blur what leaves: perturbation, for which no epsilon is stated."""
    return policy(folder, tables=TABLES, measure="unique_vehicles", k=OTHERS + 1, perturbation=2)


@pytest.mark.parametrize("weaken", [_one_way, _true_numbers])
def test_a_weakened_gate_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weaken: Callable[[pytest.MonkeyPatch, Path], Policy | None]
) -> None:
    """The same event says more than epsilon."""
    rules = weaken(monkeypatch, tmp_path) or _rules(tmp_path)
    assert _least_loss(rules, _day([OTHERS + 1]), _day([OTHERS])) > EPSILON


def test_a_vision_that_forgets_within_the_day_is_found_out(tmp_path: Path) -> None:
    """There a vehicle would be fresh in each hour in which it passes, and pay once."""
    assert _least_loss(_rules(tmp_path), _day([OTHERS + 1] * 2), _day([OTHERS] * 2)) > EPSILON


def test_the_noise_is_that_of_the_stated_scale(tmp_path: Path) -> None:
    """Two ways of one rung at an epsilon of one."""
    rules = _rules(tmp_path)
    assert rules.file.release.dp is not None
    assert rules.file.release.dp.scale(rules.file.release.tables[0]) == Fraction(2)
    assert rules.file.release.threshold(rules.file.release.tables[0]) == OTHERS
