"""What all looks at one vehicle say together.

One read is no evidence, however sure: blur reads as something too. A plate counts as read when at least two looks,
each by itself, say what the sum of all looks says, and that is probably right.
"""

from dataclasses import dataclass, field

import numpy as np

from edge.categories import PlateKind
from edge.plates.calibration import Grounds, calibrated
from edge.plates.geometry import Floats
from edge.plates.passage import Look, Reading
from edge.plates.syntax import decode, fit, is_special

AGREEING = 2
# Least probability of a vote. A wrong Dutch plate is looked up, now and then as another vehicle, for the register is
# dense; an unreadable one only lacks a class. Of made-up vehicles this limit keeps 98 % of the right plates, and 0.9 %
# of those believed are wrong, a quarter of them another's (models/reader.md). A foreign plate is looked up nowhere, so
# it need only be rather right than wrong.
BELIEVED = {PlateKind.NL: 0.9, PlateKind.FOREIGN: 0.5}
SURE_TEXT = 0.85  # Mean probability of its characters from which a look's text tells plates apart.
SHORTEST, LONGEST = 5, 9  # Characters of a plate; a ring, a badge or half a plate is shorter.

# Thresholds on what the reader gives, as its model card has it.
_DUTCH = 5e-3  # Least support of a Dutch text: one look-alike swapped, not two, nor any other character.
_FOREIGN = 0.8  # From here on the reader's word "foreign" outweighs that a text happens to fit a sidecode.
_NO_PLATE = 0.5

_FLOOR = 0.01  # No single look may veto a character.
_INDEPENDENT = 3.0  # Looks of one track share their light and angle: more of them count as no more than this many.
_FULL_WIDTH = 0.12  # Plate width, in heights of the picture, from which a look counts in full.
_UNFIT = 0.3  # Half of a Dutch plate is read more often than a foreign one.
_TALLY = 8  # Different texts that are counted per vehicle.
_HALVED_AT = 64.0
_DUTCH_KIND, _FOREIGN_KIND, _NO_KIND = range(3)


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


@dataclass(slots=True)
class _Tally:
    """How many looks said one text."""

    text: bytearray = field(repr=False)
    count: float


@dataclass(slots=True)
class _Sum:
    """Looks of one length: the weighted sum of their log-distributions (length, 36)."""

    logs: Floats = field(repr=False)
    weight: float
    looks: float = 1.0


@dataclass(slots=True)
class Evidence:
    """The looks at one vehicle, summed; frames and single looks are not kept, so it never grows."""

    sums: dict[int, _Sum] = field(default_factory=dict, repr=False)
    tally: list[_Tally] = field(default_factory=list, repr=False)
    kinds: Floats = field(default_factory=lambda: np.zeros(3, np.float32), repr=False)

    def add(self, look: Look, width: float) -> None:
        """Add one look at a plate ``width`` picture heights wide; one without a reading changes nothing."""
        if look.reading is None:
            return
        weight = look.box.score * min(1.0, width / _FULL_WIDTH)
        self.kinds += weight * look.reading.kind
        if SHORTEST <= len(look.reading.slots) <= LONGEST:
            self._add_text(look.reading, weight * (1.0 - float(look.reading.kind[_NO_KIND])))

    def _add_text(self, reading: Reading, weight: float) -> None:
        text, dutch = text_of(reading)
        weight *= 1.0 if dutch else _UNFIT
        logs = weight * np.log(np.maximum(reading.slots, _FLOOR))
        self._add_sum(len(reading.slots), _Sum(logs.astype(np.float32), weight))
        self._count(text, 1.0)

    def merge(self, other: "Evidence") -> None:
        """Take over the looks of another track of the same vehicle."""
        self.kinds += other.kinds
        for length, part in other.sums.items():
            self._add_sum(length, part)
        for entry in other.tally:
            self._count(entry.text, entry.count)

    def agreeing(self, text: bytes | bytearray) -> float:
        """Return how many looks said ``text``."""
        return next((entry.count for entry in self.tally if entry.text == text), 0.0)

    def favourite(self) -> bytearray:
        """Return what most looks say, empty if none says anything; the caller's own copy."""
        best = max(self.tally, key=lambda entry: entry.count, default=None)
        return bytearray(best.text) if best else bytearray()

    def wipe(self) -> None:
        """Overwrite everything that spells a plate."""
        for entry in self.tally:
            entry.text[:] = bytes(len(entry.text))
        for part in self.sums.values():
            part.logs[:] = 0.0
        self.tally.clear()
        self.sums.clear()

    def _add_sum(self, length: int, part: _Sum) -> None:
        known = self.sums.setdefault(length, _Sum(np.zeros_like(part.logs), 0.0, 0.0))
        known.logs += part.logs
        known.weight += part.weight
        known.looks += part.looks
        if known.looks > _HALVED_AT:  # A parked car is seen for days: what it says now must still count.
            known.logs *= 0.5
            known.weight *= 0.5
            known.looks *= 0.5
            for entry in self.tally:
                entry.count *= 0.5

    def _count(self, text: bytearray, count: float) -> None:
        """Count a text; of too many the rarest is forgotten."""
        for entry in self.tally:
            if entry.text == text:
                entry.count += count
                return
        self.tally.append(_Tally(bytearray(text), count))
        if len(self.tally) > _TALLY:
            rarest = min(self.tally[:-1], key=lambda entry: entry.count)
            rarest.text[:] = bytes(len(rarest.text))
            self.tally.remove(rarest)


def text_of(reading: Reading) -> tuple[bytearray, bool]:
    """Return what one look says by itself, and whether that is a Dutch text."""
    dutch = fit(reading.slots)
    if dutch is not None and dutch.support >= _DUTCH and _may_be_dutch(reading.kind):
        return dutch.text, True
    return decode(reading.slots.argmax(axis=1)), False


def says_plate(reading: Reading) -> bool:
    """Tell whether one look, by itself, is surely at a plate: a whole text, each character clear."""
    plausible = SHORTEST <= len(reading.slots) <= LONGEST and reading.kind[_NO_KIND] < _NO_PLATE
    return bool(plausible and reading.slots.max(axis=1).mean() >= SURE_TEXT)


def vote(evidence: Evidence) -> Vote:
    """Combine all looks: not a plate, a Dutch or foreign plate with its text, or unreadable."""
    if shows_nothing(evidence):
        return Vote(None)
    found = candidate(evidence)
    if found is None:
        return Vote(PlateKind.UNREADABLE)
    probability = calibrated(found.kind, found.grounds)
    believed = probability >= BELIEVED[found.kind]
    return Vote(found.kind, found.text, probability) if believed else Vote(PlateKind.UNREADABLE)


def shows_nothing(evidence: Evidence) -> bool:
    """Tell whether the looks show no plate at all."""
    total = float(evidence.kinds.sum())
    return total > 0 and bool(evidence.kinds[_NO_KIND] / total >= _NO_PLATE)


def candidate(evidence: Evidence) -> Candidate | None:
    """Return the likeliest text of the fullest length; None where too few looks say it, or it is nobody's."""
    if not evidence.sums:
        return None
    slots = _distribution(max(evidence.sums.values(), key=lambda part: part.weight))
    text, dutch = text_of(Reading(slots, evidence.kinds / evidence.kinds.sum()))
    found = fit(slots) if dutch else None
    kind = PlateKind.NL if found else _kind(text, evidence.kinds)
    agreeing = evidence.agreeing(text)
    if kind is None or agreeing < AGREEING:
        return None
    probability = found.probability if found else float(slots.max(axis=1).prod())
    looks = sum(part.looks for part in evidence.sums.values())
    return Candidate(kind, text, slots, Grounds(probability, agreeing, looks))


def _kind(text: bytearray, kinds: Floats) -> PlateKind | None:
    """Say whose a text outside the sidecodes is; None for nobody's, such as half a plate."""
    if is_special(text):
        return PlateKind.NL
    return PlateKind.FOREIGN if kinds[_FOREIGN_KIND] > kinds[_DUTCH_KIND] else None


def _distribution(part: _Sum) -> Floats:
    """Turn summed log-distributions into one distribution (length, 36)."""
    logs = part.logs / part.weight * min(part.looks, _INDEPENDENT)
    shifted = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def _may_be_dutch(kind: Floats) -> bool:
    plates = float(kind[_DUTCH_KIND] + kind[_FOREIGN_KIND])
    return float(kind[_FOREIGN_KIND]) < _FOREIGN * plates or plates == 0.0
