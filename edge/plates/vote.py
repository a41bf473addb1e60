"""What all looks at one vehicle say together.

One read is no evidence, however sure: blur reads as something too. A plate counts as read when at least two looks,
each by itself, say what the sum of all looks says, and that is probably right.
"""

from dataclasses import dataclass, field

import numpy as np

from edge.categories import PlateKind
from edge.plates.calibration import Grounds, calibrated
from edge.plates.evidence import DUTCH_KIND, FOREIGN_KIND, NO_KIND, NO_PLATE, Evidence, Sum, text_of
from edge.plates.geometry import Floats
from edge.plates.passage import Reading, overwrite
from edge.plates.syntax import fit, is_special

AGREEING = 2
# Least probability of a vote. A wrong Dutch plate is looked up, now and then as another vehicle, for the register is
# dense; an unreadable one only lacks a class. Of made-up vehicles this limit keeps 98 % of the right plates, and 0.9 %
# of those believed are wrong, a quarter of them another's (models/reader.md). A foreign plate is looked up nowhere, so
# it need only be rather right than wrong.
BELIEVED = {PlateKind.NL: 0.9, PlateKind.FOREIGN: 0.5}
_INDEPENDENT = 3.0  # Looks of one track share their light and angle: more of them count as no more than this many.


@dataclass(frozen=True, slots=True)
class Vote:
    """The outcome: ``kind`` is None where the looks show no plate at all; ``text`` is empty unless it was read.

    ``probability`` says how often such a text is right; 0 where there is none.
    """

    kind: PlateKind | None
    text: bytearray = field(default_factory=bytearray, repr=False)
    probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the looks say, believed or not; ``slots`` (length, 36) is the distribution over characters."""

    kind: PlateKind
    text: bytearray = field(repr=False)
    slots: Floats = field(repr=False)
    grounds: Grounds


def vote(evidence: Evidence) -> Vote:
    """Combine all looks: not a plate, a Dutch or foreign plate with its text, or unreadable."""
    if shows_nothing(evidence):
        return Vote(None)
    found = candidate(evidence)
    if found is None:
        return Vote(PlateKind.UNREADABLE)
    found.slots.fill(0.0)
    probability = calibrated(found.kind, found.grounds)
    if probability >= BELIEVED[found.kind]:
        return Vote(found.kind, found.text, probability)
    overwrite(found.text)
    return Vote(PlateKind.UNREADABLE)


def shows_nothing(evidence: Evidence) -> bool:
    """Tell whether the looks show no plate at all."""
    total = float(evidence.kinds.sum())
    return total > 0 and bool(evidence.kinds[NO_KIND] / total >= NO_PLATE)


def candidate(evidence: Evidence) -> Candidate | None:
    """Return the likeliest text of the fullest length; None where too few looks say it, or it is nobody's."""
    fullest = max(evidence.sums.values(), key=lambda part: part.weight, default=None)
    if fullest is None or not fullest.weight:
        return None
    slots = _distribution(fullest)
    text, dutch = text_of(Reading(slots, evidence.kinds / evidence.kinds.sum()))
    kind = PlateKind.NL if dutch else _kind(text, evidence.kinds)
    agreeing = evidence.agreeing(text)
    if kind is None or agreeing < AGREEING:
        overwrite(text)
        slots.fill(0.0)
        return None
    looks = sum(part.looks for part in evidence.sums.values())
    return Candidate(kind, text, slots, Grounds(_probability(slots, dutch=dutch), agreeing, looks))


def _probability(slots: Floats, *, dutch: bool) -> float:
    """Return what a distribution (length, 36) gives its text among all Dutch texts, or among all there are."""
    found = fit(slots) if dutch else None
    if found is None:
        return float(slots.max(axis=1).prod())
    overwrite(found.text)
    return found.probability


def _kind(text: bytearray, kinds: Floats) -> PlateKind | None:
    """Say whose a text outside the sidecodes is; None for nobody's, such as half a plate."""
    if is_special(text):
        return PlateKind.NL
    return PlateKind.FOREIGN if kinds[FOREIGN_KIND] > kinds[DUTCH_KIND] else None


def _distribution(part: Sum) -> Floats:
    """Turn summed log-distributions into one distribution (length, 36)."""
    slots = part.logs * np.float32(min(part.held, _INDEPENDENT) / part.weight)
    slots -= slots.max(axis=1, keepdims=True)
    np.exp(slots, out=slots)
    slots /= slots.sum(axis=1, keepdims=True)
    return slots
