"""How often a text is right for which so much speaks.

What the sum of the looks gives a text says too much: looks at one vehicle share their light, their angle and their
errors. So it is weighed with the share of looks that say the text by themselves. The weights were fitted on made-up
vehicles by models/training/calibrate.py, which prints them; models/reader.md shows how well they hold.
"""

from dataclasses import dataclass
from math import exp, log

from edge.categories import PlateKind

# For one, the log-odds and the share. A foreign text counts as right with O for 0 and I for 1, which few plates tell
# apart.
WEIGHTS = {
    PlateKind.NL: (-1.73, 0.92, 3.56),
    PlateKind.FOREIGN: (-1.53, 0.26, 3.22),
}
_EDGE = 1e-4  # From 0 and 1, where a probability is as good as certain.


@dataclass(frozen=True, slots=True)
class Grounds:
    """What speaks for a text.

    ``probability`` is what the sum of the looks gives it, 0 to 1; ``agreeing`` of ``looks`` said it by themselves.
    """

    probability: float
    agreeing: float
    looks: float


def calibrated(kind: PlateKind, grounds: Grounds) -> float:
    """Return the probability, 0 to 1, that a Dutch or foreign text is right."""
    score = sum(weight * value for weight, value in zip(WEIGHTS[kind], features(grounds), strict=True))
    return 1.0 / (1.0 + exp(-score))


def features(grounds: Grounds) -> tuple[float, float, float]:
    """Return what the weights are for: one, the log-odds, and the share of the looks that agree."""
    sure = min(max(grounds.probability, _EDGE), 1.0 - _EDGE)
    return 1.0, log(sure / (1.0 - sure)), min(1.0, grounds.agreeing / grounds.looks)
