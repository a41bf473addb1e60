"""Discrete Laplace noise, drawn exactly: with whole numbers only, so that no rounding gives a number away.

Algorithms 1 and 2 of Canonne, Kamath, Steinke: The Discrete Gaussian for Differential Privacy (2020).
"""

import secrets
from collections.abc import Callable
from fractions import Fraction

# Gives a random whole number from 0 to below its argument.
Below = Callable[[int], int]


def laplace(scale: Fraction | int, below: Below = secrets.randbelow) -> int:
    """Draw x with a probability proportional to exp(-|x| / scale)."""
    whole, part = scale.as_integer_ratio()
    while True:
        size = _geometric(whole, below) // part
        negative = below(2) == 1
        # Zero would come twice as often as it should, once with each sign.
        if not (negative and size == 0):
            return -size if negative else size


def _geometric(scale: int, below: Below) -> int:
    """Draw x >= 0 with a probability proportional to exp(-x / scale)."""
    while True:
        rest = below(scale)
        if _happens(rest, scale, below):
            break
    whole = 0
    while _happens(scale, scale, below):
        whole += 1
    return rest + scale * whole


def _happens(part: int, whole: int, below: Below) -> bool:
    """Say yes with a probability of exp(-part / whole), for 0 <= part <= whole."""
    step = 1
    while below(whole * step) < part:
        step += 1
    return step % 2 == 1
