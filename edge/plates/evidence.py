"""The looks at one vehicle, summed.

Texts and distributions are held while a vote may need them. Evidence that is sealed has overwritten them: it still
knows by their marks which texts were said how often, and goes on counting those, but nobody can read it.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from edge.plates.geometry import Floats
from edge.plates.mark import Marker
from edge.plates.passage import Look, Reading, overwrite
from edge.plates.syntax import fit, likeliest

SURE_TEXT = 0.85  # Mean probability of its characters from which a look's text tells plates apart.
SHORTEST, LONGEST = 5, 9  # Characters of a plate; a ring, a badge or half a plate is shorter.
TRAILERS = (b"W", b"O")  # First letters of trailers and semi-trailers.
DUTCH_KIND, FOREIGN_KIND, NO_KIND = range(3)
NO_PLATE = 0.5  # From here on the reader's word that it is no plate counts.

# Thresholds on what the reader gives, as its model card has it.
_DUTCH = 5e-3  # Least support of a Dutch text: one look-alike swapped, not two, nor any other character.
_FOREIGN = 0.8  # From here on the reader's word "foreign" outweighs that a text happens to fit a sidecode.

_FLOOR = 0.01  # No single look may veto a character.
_FULL_WIDTH = 0.12  # Plate width, in heights of the picture, from which a look counts in full.
_UNFIT = 0.3  # Half of a Dutch plate is read more often than a foreign one.
_TALLY = 8  # Different texts that are counted per vehicle.
_HALVED_AT = 64.0


@dataclass(slots=True)
class Tally:
    """How many looks said one text: ``text`` is empty once it is overwritten; what else is known of it stays."""

    text: bytearray = field(repr=False)
    mark: int
    length: int
    trailer: bool
    count: float = 1.0

    def is_same(self, other: "Tally") -> bool:
        """Tell whether both are of one text, which where one is overwritten their marks tell."""
        if self.text and other.text:
            return self.text == other.text
        return (self.mark, self.length) == (other.mark, other.length)

    def wipe(self) -> None:
        """Overwrite the text."""
        overwrite(self.text)
        self.text = bytearray()


@dataclass(slots=True)
class Sum:
    """Looks of one length: the weighted sum of the log-distributions (length, 36) of those that are ``held``."""

    logs: Floats = field(repr=False)
    weight: float = 0.0
    held: float = 0.0
    looks: float = 0.0

    def add(self, other: "Sum") -> None:
        """Take over the looks of another sum."""
        self.logs += other.logs
        self.weight += other.weight
        self.held += other.held
        self.looks += other.looks

    def halve(self) -> None:
        """Let what is in it count for half."""
        self.logs *= 0.5
        self.weight *= 0.5
        self.held *= 0.5
        self.looks *= 0.5

    def wipe(self) -> None:
        """Overwrite the distribution; how many looks there were is still known."""
        self.logs.fill(0.0)
        self.weight = self.held = 0.0


@dataclass(slots=True)
class Evidence:
    """The looks at one vehicle, summed; frames and single looks are not kept, so it never grows.

    Evidence that is merged shares a ``marker``.
    """

    marker: Marker = field(default_factory=Marker, repr=False)
    sums: dict[int, Sum] = field(default_factory=dict, repr=False)
    tally: list[Tally] = field(default_factory=list, repr=False)
    kinds: Floats = field(default_factory=lambda: np.zeros(3, np.float32), repr=False)
    sealed: bool = False

    def add(self, look: Look, width: float) -> None:
        """Add one look at a plate ``width`` picture heights wide; one without a reading changes nothing."""
        if look.reading is None:
            return
        weight = look.box.score * min(1.0, width / _FULL_WIDTH)
        self.kinds += weight * look.reading.kind
        if SHORTEST <= len(look.reading.slots) <= LONGEST:
            self._add_text(look.reading, weight * (1.0 - float(look.reading.kind[NO_KIND])))

    def _add_text(self, reading: Reading, weight: float) -> None:
        text, dutch = text_of(reading)
        weight *= 1.0 if dutch else _UNFIT
        part = Sum(_logs(reading.slots, weight), weight, 1.0, 1.0)
        self._add_sum(part)
        part.wipe()
        self._count(self._tally_of(text))
        overwrite(text)

    def merge(self, other: "Evidence") -> None:
        """Take over the looks of another track of the same vehicle."""
        self.kinds += other.kinds
        for part in other.sums.values():
            self._add_sum(part)
        for entry in other.tally:
            self._count(entry)

    def agreeing(self, text: bytearray) -> float:
        """Return how many looks said ``text``."""
        asked = self._tally_of(text)
        return next((entry.count for entry in self.tally if entry.is_same(asked)), 0.0)

    def usual(self) -> Tally | None:
        """Return what most looks say, None if none says anything."""
        return max(self.tally, key=lambda entry: entry.count, default=None)

    def says(self, text: bytearray) -> bool:
        """Tell whether ``text`` is what most looks say."""
        usual = self.usual()
        return usual is not None and usual.is_same(self._tally_of(text))

    def favourite(self) -> bytearray:
        """Return what most looks say, empty if none says anything or it is overwritten; the caller's own copy."""
        usual = self.usual()
        return bytearray(usual.text) if usual else bytearray()

    def hold(self, *, wanted: bool) -> None:
        """Keep what spells a plate from now on, or overwrite it and keep none."""
        if not wanted and not self.sealed:
            self._seal()
        self.sealed = not wanted

    def wipe(self) -> None:
        """Overwrite everything that spells a plate, and forget the rest."""
        self._seal()
        self.tally.clear()
        self.sums.clear()

    def _seal(self) -> None:
        for entry in self.tally:
            entry.wipe()
        for part in self.sums.values():
            part.wipe()

    def _add_sum(self, part: Sum) -> None:
        known = self.sums.setdefault(len(part.logs), Sum(np.zeros_like(part.logs)))
        known.add(part)
        if self.sealed:
            known.wipe()
        if known.looks > _HALVED_AT:  # A parked car is seen for days: what it says now must still count.
            known.halve()
            for entry in self.tally:
                entry.count *= 0.5

    def _count(self, said: Tally) -> None:
        """Count a text; of too many the rarest is forgotten."""
        known = next((entry for entry in self.tally if entry.is_same(said)), None)
        if known is None:
            known = replace(said, text=bytearray(), count=0.0)
            self.tally.append(known)
        known.count += said.count
        if not known.text and not self.sealed:
            known.text = bytearray(said.text)
        if len(self.tally) > _TALLY:
            rarest = min(self.tally[:-1], key=lambda entry: entry.count)
            rarest.wipe()
            self.tally.remove(rarest)

    def _tally_of(self, text: bytearray) -> Tally:
        """Return one look's word; it holds the text that it is given, no copy."""
        return Tally(text, self.marker.mark(text), len(text), text[:1] in TRAILERS)


def text_of(reading: Reading) -> tuple[bytearray, bool]:
    """Return what one look says by itself, and whether that is a Dutch text."""
    dutch = fit(reading.slots)
    if dutch is not None and dutch.support >= _DUTCH and _may_be_dutch(reading.kind):
        return dutch.text, True
    if dutch is not None:
        overwrite(dutch.text)
    return likeliest(reading.slots), False


def is_dutch(reading: Reading) -> bool:
    """Tell whether what one look says by itself is a Dutch text."""
    text, dutch = text_of(reading)
    overwrite(text)
    return dutch


def says_plate(reading: Reading) -> bool:
    """Tell whether one look, by itself, is surely at a plate: a whole text, each character clear."""
    plausible = SHORTEST <= len(reading.slots) <= LONGEST and reading.kind[NO_KIND] < NO_PLATE
    return bool(plausible and reading.slots.max(axis=1).mean() >= SURE_TEXT)


def _logs(slots: Floats, weight: float) -> Floats:
    """Return the weighted logarithms of a distribution (length, 36), with no copies on the way."""
    logs = np.maximum(slots, np.float32(_FLOOR))
    np.log(logs, out=logs)
    logs *= np.float32(weight)
    return logs


def _may_be_dutch(kind: Floats) -> bool:
    plates = float(kind[DUTCH_KIND] + kind[FOREIGN_KIND])
    return float(kind[FOREIGN_KIND]) < _FOREIGN * plates or plates == 0.0
