"""Which looks are at the same vehicle.

Plates jump further than their own width between frames of a slow camera, cars stand behind each other, and whatever
passes hides what is parked. So a look belongs to a track by three things together: where the track is expected to be
now, how wide its plate was, and what it read. A broken track is taken up again where a later one reads the same text.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.plates.evidence import Evidence, Tally, says_plate, text_of
from edge.plates.geometry import Floats, in_heights, plate_width
from edge.plates.mark import Marker
from edge.plates.passage import Look, PlateBox, Reading, overwrite
from edge.plates.vote import AGREEING

LOST = 1.0  # Seconds unseen after which the place says nothing any more and a passage is over.
FORGOTTEN = 3.0  # Seconds unseen after which the text does not bring a track back either.
PARKED_MEMORY = 600.0  # Seconds for which the place of a parked vehicle is kept, whatever stands before it.
MAX_TRACKS = 128
POINTS = 64

# How far from the expected place a look may be, in plate widths: (at once, more per second, at most), by the number
# of looks that the expectation rests on. 60 widths/s is 110 km/h; a track's second look can be anywhere that far.
_REACH = ((0.5, 60.0, 6.0), (0.75, 25.0, 3.0), (0.75, 12.0, 2.5))
_EXPECTED = (0.35, 0.6, LOST)  # Seconds unseen after which there is no expectation any more, likewise.
_PARKED_REACH = 0.6
_HIDDEN = 0.5  # Seconds unseen after which a parked vehicle is hidden, and will be where it was.
_GROWTH = (0.35, 3.0, 1.0)  # Likewise for the logarithm of the ratio of widths.
_STILL = 0.5  # Plate widths within which a parked vehicle's plate stays, for so many looks and seconds.
_STILL_LOOKS = 5
_STILL_SECONDS = 1.0
_YOUNG = 1.5  # Seconds after its birth in which a track can turn out to be the rest of another.
_NEWEST = 0.7  # Weight of the last step in the velocity: perspective makes vehicles faster as they come near.
_ASLEEP = 0.3  # Cost of waking a parked track instead of following a moving one.
_STRANGER = 0.34  # Share of equal characters below which two sure texts are two plates,
_CLOSE = 1.0  # unless they are this near, in plate widths.
_STRAIGHT = 0.5  # Least share of a vehicle's steps that lead from its first place to its last.
_MISSED = 0.5  # Seconds for which a plate that is not found is looked for where it should be,
_NEAR = 1.5  # in plate widths.
_FLAT = 110 / 520  # Height of a plate by its width.
_EPSILON = 1e-6  # Width of a box that has none.
_KNOWN_BY = 5.0  # Agreeing looks after which a parked plate is read again only now and then,
_RECHECK = 10  # at every tenth look.


@dataclass(frozen=True, slots=True)
class Point:
    """Where a plate was: ``centre`` (2,) and ``width`` in picture heights, ``time`` in Unix seconds."""

    time: float
    centre: Floats
    width: float


@dataclass(slots=True)
class Track:
    """One vehicle's plate over time; ``points`` are its last ``POINTS`` places."""

    number: int
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=POINTS))
    velocity: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    evidence: Evidence = field(default_factory=Evidence)
    looks: int = 0
    scores: float = 0.0
    born: float = 0.0
    anchor: Point | None = None
    still: int = 0

    @property
    def last(self) -> Point:
        """Return the newest place."""
        return self.points[-1]

    @property
    def parked(self) -> bool:
        """Tell whether it has not moved for a while."""
        rested = self.anchor is not None and self.last.time - self.anchor.time >= _STILL_SECONDS
        return rested and self.still >= _STILL_LOOKS

    def add(self, look: Look, point: Point) -> None:
        """Take one more look."""
        if self.points:
            self._move(point)
        else:
            self.born = point.time
        self._rest(point)
        self.points.append(point)
        self.looks += 1
        self.scores += look.box.score
        self.evidence.add(look, point.width)

    def goes_somewhere(self) -> bool:
        """Tell whether it moved along a way, rather than jump about as boxes on noise do."""
        steps = [_apart(one.centre, two.centre) for one, two in pairwise(self.points)]
        moved = sum(
            step for step, point in zip(steps, list(self.points)[1:], strict=True) if step > _STILL * point.width / 2
        )
        return _apart(self.last.centre, self.points[0].centre) >= _STRAIGHT * moved

    def absorb(self, other: "Track") -> None:
        """Go on as ``other``, which turned out to be the same vehicle."""
        self.points.extend(other.points)
        self.velocity, self.anchor, self.still = other.velocity, other.anchor, other.still
        self.looks += other.looks
        self.scores += other.scores
        self.evidence.merge(other.evidence)
        other.evidence.wipe()

    def expected(self, time: float) -> Floats:
        """Return where the plate should be at ``time``."""
        if self.parked:
            return self.last.centre
        return self.last.centre + self.velocity * np.float32(time - self.last.time)

    def reach(self, time: float) -> float:
        """Return how far from there it may be, in plate widths; 0 where the place says nothing any more."""
        unseen = time - self.last.time
        if self.parked and unseen > _HIDDEN:
            return _PARKED_REACH
        grade = min(self.looks, len(_REACH)) - 1
        return _grown(_REACH[grade], unseen) if unseen <= _EXPECTED[grade] else 0.0

    def _move(self, point: Point) -> None:
        seconds = point.time - self.last.time
        if seconds <= 0:
            return
        step = (point.centre - self.last.centre) / np.float32(seconds)
        share = np.float32(_NEWEST if self.looks > 1 else 1.0)
        self.velocity = share * step + (1 - share) * self.velocity

    def _rest(self, point: Point) -> None:
        """Count the looks within ``_STILL`` of one place."""
        if self.anchor is not None and _apart(point.centre, self.anchor.centre) <= _STILL * self.anchor.width:
            self.still += 1
        else:
            self.anchor, self.still = point, 1


@dataclass(frozen=True, slots=True)
class Update:
    """What one frame changed.

    ``seen``: tracks with a look in it; ``merged``: pairs (kept, gone) that turned out to be one vehicle, where kept has
    all looks of gone now and is not among those seen; ``ended``: tracks that no look will be added to.
    """

    seen: list[Track]
    merged: list[tuple[Track, Track]]
    ended: list[Track]


class Tracker:
    """Follows plates from frame to frame; holds at most ``MAX_TRACKS`` tracks."""

    def __init__(self) -> None:
        self._marker = Marker()
        self._tracks: list[Track] = []
        self._count = 0
        self._time = -np.inf
        self._aspect = 1.0

    def update(self, time: float, looks: Sequence[Look], aspect: float) -> Update:
        """Take the looks of one frame at ``time``; ``aspect`` is the picture's width divided by its height.

        A clock that goes back ends everything: what came before it can't be compared.
        """
        ended = self.finish() if time < self._time else self._forget(time)
        self._time, self._aspect = time, aspect
        points = [_point(look, aspect) for look in looks]
        seen = self._assign(time, looks, points)
        merged = self._reconnect(time)
        gone = {other.number for _, other in merged}
        return Update([track for track in seen if track.number not in gone], merged, ended + self._crowd_out())

    def finish(self) -> list[Track]:
        """End all tracks."""
        ended, self._tracks = self._tracks, []
        return ended

    def knows(self, time: float, box: PlateBox) -> bool:
        """Tell whether a box at ``time`` is a plate that need not be read: parked and read often enough, or sealed.

        Now and then it is read again all the same, for it might be another.
        """
        place = in_heights(box.corners, self._aspect)
        centre, width = place.mean(axis=0), plate_width(place)
        near = [track for track in self._tracks if _apart(track.expected(time), centre) < _STILL * width]
        return any(track.looks % _RECHECK != 0 and _is_known(track, time) for track in near)

    def missing(self, time: float, looks: Sequence[Look]) -> list[PlateBox]:
        """Return where moving plates should be at ``time`` that none of the looks is near, the latest seen first."""
        centres = [in_heights(look.box.corners, self._aspect).mean(axis=0) for look in looks]
        moving = [track for track in self._tracks if not track.parked and time - track.last.time <= _MISSED]
        lost = [track for track in moving if not _any_near(track, time, centres)]
        boxes = [_expected_box(track, time, self._aspect) for track in sorted(lost, key=lambda track: -track.last.time)]
        return [box for box in boxes if box.corners.min() >= 0.0 and box.corners.max() <= 1.0]

    def _assign(self, time: float, looks: Sequence[Look], points: list[Point]) -> list[Track]:
        """Give each look to the track that it fits best, or to a new one."""
        costs = self._costs(time, looks, points)
        owner: dict[int, Track] = {}
        for row, column in _cheapest_first(costs):
            track = self._tracks[row]
            if column not in owner and track not in owner.values():
                owner[column] = track
        for index, (look, point) in enumerate(zip(looks, points, strict=True)):
            track = owner.get(index) or self._begin()
            track.add(look, point)
            owner[index] = track
        return list(owner.values())

    def _begin(self) -> Track:
        self._count += 1
        track = Track(self._count, evidence=Evidence(self._marker))
        self._tracks.append(track)
        return track

    def _costs(self, time: float, looks: Sequence[Look], points: list[Point]) -> NDArray[np.float64]:
        """Return (tracks, looks): infinite where a look can't be of that track."""
        costs = np.full((len(self._tracks), len(looks)), np.inf)
        if not costs.size:
            return costs
        away, growth = self._deviations(time, points)
        reach = np.array([[track.reach(time)] for track in self._tracks])
        grown = np.array([[_grown(_GROWTH, time - track.last.time)] for track in self._tracks])
        texts = [_sure_text(look.reading) for look in looks]
        for row, column in np.argwhere((away < reach) & (growth < grown)):
            track, apart = self._tracks[row], float(away[row, column])
            cost = apart / float(reach[row, 0]) + 0.5 * float(growth[row, column])
            costs[row, column] = cost + _text_cost(track, texts[column], apart) + _sleep_cost(track, time)
        for text in texts:
            overwrite(text)
        return costs

    def _deviations(self, time: float, points: list[Point]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how far each look is from where each track is expected, in plate widths, and how much larger."""
        expected = np.array([track.expected(time) for track in self._tracks])
        widths = np.array([[track.last.width] for track in self._tracks])
        places = np.array([point.centre for point in points])
        sizes = np.array([point.width for point in points])
        ways = places[None] - expected[:, None]
        return np.hypot(ways[..., 0], ways[..., 1]) / widths, np.abs(np.log(sizes / widths))

    def _reconnect(self, time: float) -> list[tuple[Track, Track]]:
        """Join each young track with the unseen one that read the same text."""
        merged = []
        for young in [track for track in self._tracks if track.last.time == time and time - track.born <= _YOUNG]:
            kept = next((track for track in self._tracks if _is_rest_of(young, track)), None)
            if kept is not None:
                kept.absorb(young)
                self._tracks = [track for track in self._tracks if track is not young]
                merged.append((kept, young))
        return merged

    def _forget(self, time: float) -> list[Track]:
        ended = [track for track in self._tracks if time - track.last.time > _memory(track)]
        self._tracks = [track for track in self._tracks if time - track.last.time <= _memory(track)]
        return ended

    def _crowd_out(self) -> list[Track]:
        """End the tracks that were not seen for longest, where there are too many."""
        self._tracks.sort(key=lambda track: track.last.time)
        excess = max(0, len(self._tracks) - MAX_TRACKS)
        ended, self._tracks = self._tracks[:excess], self._tracks[excess:]
        return ended


def _point(look: Look, aspect: float) -> Point:
    place = in_heights(look.box.corners, aspect)
    return Point(look.time, place.mean(axis=0), max(plate_width(place), _EPSILON))


def _apart(one: Floats, other: Floats) -> float:
    return float(np.hypot(*(one - other)))


def _grown(limits: tuple[float, float, float], seconds: float) -> float:
    at_once, per_second, at_most = limits
    return min(at_once + per_second * seconds, at_most)


def _memory(track: Track) -> float:
    return PARKED_MEMORY if track.parked else FORGOTTEN


def _is_known(track: Track, time: float) -> bool:
    if track.parked:
        usual = track.evidence.usual()
        return usual is not None and usual.count >= _KNOWN_BY
    return track.evidence.sealed and time - track.last.time <= _MISSED


def _any_near(track: Track, time: float, centres: list[Floats]) -> bool:
    expected = track.expected(time)
    return any(_apart(centre, expected) <= _NEAR * track.last.width for centre in centres)


def _expected_box(track: Track, time: float, aspect: float) -> PlateBox:
    """Return a level box of the plate's usual form where the track should be."""
    half = track.last.width / 2 * np.array([1.0, _FLAT])
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    corners = (track.expected(time) + signs * half) / np.array([aspect, 1.0])
    return PlateBox(corners.astype(np.float32), 0.0)


def _is_rest_of(young: Track, other: Track) -> bool:
    """Tell whether ``young`` began after ``other`` was last seen, and reads the same text."""
    if other is young or other.last.time >= young.born:
        return False
    text, known = young.evidence.usual(), other.evidence.usual()
    return text is not None and known is not None and text.is_same(known)


def _cheapest_first(costs: NDArray[np.float64]) -> list[tuple[int, int]]:
    rows, columns = np.nonzero(np.isfinite(costs))
    order = np.argsort(costs[rows, columns], kind="stable")
    return [(int(rows[at]), int(columns[at])) for at in order]


def _sure_text(reading: Reading | None) -> bytearray:
    """Return what a look says, empty where it is not sure."""
    return text_of(reading)[0] if reading is not None and says_plate(reading) else bytearray()


def _text_cost(track: Track, text: bytearray, away: float) -> float:
    """Return from -0.5 for the same text to 0.5 for another, infinite for another that is not close; 0 if unknown."""
    known = track.evidence.usual()
    if known is None or len(text) != known.length:
        return 0.0
    equal = _equal_share(track.evidence, known, text)
    if equal < _STRANGER and away > _CLOSE and known.count >= AGREEING:
        return float("inf")
    return 0.5 - equal


def _equal_share(evidence: Evidence, known: Tally, text: bytearray) -> float:
    """Return the share of equal characters; of a text that is overwritten only whether it is the same is known."""
    if not known.text:
        return float(evidence.says(text))
    return sum(one == other for one, other in zip(text, known.text, strict=True)) / len(text)


def _sleep_cost(track: Track, time: float) -> float:
    return _ASLEEP if track.parked and time - track.last.time > LOST else 0.0
