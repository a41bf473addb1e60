"""Noise on released numbers."""

import math
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from scipy.stats import chisquare

from edge.gate.noise import laplace
from edge.uplink.contract import Perturbation
from tests.counts import HOUR, cell, counts, van
from tests.gate.desks import desk, outbox, released

DRAWS = 40_000


def _draws(scale: Fraction | int) -> list[int]:
    dice = random.Random(repr(scale))
    return [laplace(scale, dice.randrange) for _ in range(DRAWS)]


@pytest.mark.parametrize("scale", [1, 2, 7, Fraction(1, 3), Fraction(10, 7), Fraction(20, 3)])
def test_draws_have_the_distribution_of_the_theory(scale: Fraction | int) -> None:
    """Chi-square over every value that comes often enough, the tails together."""
    seen, ratio = Counter(_draws(scale)), math.exp(-1 / scale)
    edge = math.ceil(4 * scale)
    share = {x: (1 - ratio) / (1 + ratio) * ratio ** abs(x) for x in range(-edge, edge + 1)}
    inside = [seen[x] for x in share]
    expected = [DRAWS * one for one in share.values()]
    found = chisquare([*inside, DRAWS - sum(inside)], [*expected, DRAWS - sum(expected)])
    assert found.pvalue > 0.001


@pytest.mark.parametrize("scale", [1, 3, 20, Fraction(5, 2)])
def test_draws_have_the_moments_of_the_theory(scale: Fraction | int) -> None:
    """Mean zero, variance 2q / (1-q)^2 with q = exp(-1/scale)."""
    draws, ratio = _draws(scale), math.exp(-1 / scale)
    variance = 2 * ratio / (1 - ratio) ** 2
    assert abs(sum(draws) / DRAWS) < 5 * math.sqrt(variance / DRAWS)
    assert sum(one * one for one in draws) / DRAWS == pytest.approx(variance, rel=0.06)


def test_released_numbers_are_perturbed_and_never_below_k(tmp_path: Path) -> None:
    """Which cells leave is decided by true numbers, so it is called perturbation; the report names it."""
    store, numbers, window = outbox(tmp_path), set[int](), HOUR
    gate = desk(tmp_path, store, perturbation=3)
    for _ in range(40):
        gate.take(counts(cell(van(), 12), window=window))
        window = window.next
    for report in released(tmp_path):
        (only,) = report.data.cells
        assert report.data.release.noise == Perturbation(3)
        numbers.add(only.n)
    assert min(numbers) >= 10
    assert len(numbers) > 3
    store.close()
