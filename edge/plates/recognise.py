"""From frames to passages: detect, read, track, cross the line, vote."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edge.camera.frame import Frame
from edge.categories import PlateKind
from edge.config import ViewConfig
from edge.plates.line import CountingLine, Course, Crossing
from edge.plates.look import Looker, PlateFinder, PlateReader
from edge.plates.motion import Motion
from edge.plates.passage import Look, Passage
from edge.plates.track import LOST, Point, Track, Tracker
from edge.plates.vote import Vote, vote

PATIENCE = 10.0  # Seconds after its crossing in which a vehicle that stays in the picture may still be read better.
TRAILER_GAP = 2.5  # Seconds between the plates of a vehicle and its trailer.
SAME_BODY = 0.7  # Seconds within which no second vehicle can follow in the same lane.
LANE = 3.0  # Plate widths to either side: three times 0.52 m is half a lane.
_LOOKS = 4
_SCORE = 0.5
_TRAILERS = (b"W", b"O")  # First letters of trailers and semi-trailers.
_REMEMBERED = PATIENCE + LOST + TRAILER_GAP
_MAX_REMEMBERED = 256


@dataclass(slots=True)
class _Way:
    """A track and its way over the line."""

    track: Track
    course: Course


@dataclass(slots=True)
class _Crossed:
    """A crossing on its way to becoming a passage.

    ``company`` crossed earlier in the same lane, so near that this may be its trailer, or its plate once more.
    ``counted`` is None until the vote, then whether it became a passage; ``trailer`` says that the vote was a
    trailer's own plate.
    """

    crossing: Crossing
    track: Track = field(repr=False)
    company: "tuple[_Crossed, ...]" = field(repr=False)
    counted: bool | None = None
    trailer: bool = False


class Recogniser:
    """Turns the frames of one camera into passages.

    A passage is given out once its vehicle was not seen for ``LOST`` seconds of frame time, so that all looks vote,
    or ``PATIENCE`` seconds after the crossing where the vehicle stays in the picture. Where nothing moves most frames
    are not looked at; time goes on with them all the same. The memory it holds is bounded whatever the traffic.

    Raises:
        ConfigError: the line runs along ``inwards``.
    """

    def __init__(self, detector: PlateFinder, reader: PlateReader, view: ViewConfig) -> None:
        self._looker, self._view = Looker(detector, reader), view
        self._motion = Motion(view)
        self._aspect = 1.0
        self._line = CountingLine(view, self._aspect)
        self._tracker = Tracker()
        self._ways: dict[int, _Way] = {}
        self._crossed: list[_Crossed] = []
        self._leaving: list[Track] = []

    def passages(self, frame: Frame) -> list[Passage]:
        """Take the next frame; return the passages that are complete with it."""
        self._set_aspect(frame.gray.shape[1] / frame.gray.shape[0])
        update = self._tracker.update(frame.time, self._looks(frame), self._aspect)
        for kept, gone in update.merged:
            self._join(kept, gone)
        for track in update.seen:
            self._advance(track, [track.last])
        self._settle([*self._unseen(frame.time), *update.ended])
        found = self._give_out(frame.time, {track.number for track in update.ended})
        self._drop(update.ended, frame.time)
        return found

    def finish(self) -> list[Passage]:
        """Say that no frame follows; return the passages that were still open."""
        ended = self._tracker.finish()
        self._settle(ended)
        found = self._give_out(np.inf, set())
        self._drop(ended, np.inf)
        return found

    def _looks(self, frame: Frame) -> list[Look]:
        """Look at a frame that is worth it. One that is not says nothing: no rule counts the frames without a look."""
        if not self._motion.worth_a_look(frame, following=self._is_following(frame.time)):
            return []
        return self._looker.look(frame, self._tracker)

    def _is_following(self, time: float) -> bool:
        """Tell whether a vehicle that does not stand was seen so lately that the next frame may show it again."""
        tracks = [way.track for way in self._ways.values()]
        return any(not track.parked and time - track.last.time <= LOST for track in tracks)

    def _set_aspect(self, aspect: float) -> None:
        if aspect != self._aspect:
            self._aspect, self._line = aspect, CountingLine(self._view, aspect)

    def _advance(self, track: Track, points: Iterable[Point]) -> None:
        way = self._ways.setdefault(track.number, _Way(track, Course(self._line)))
        for point in points:
            self._record(track, way.course.add(point))

    def _join(self, kept: Track, gone: Track) -> None:
        """Let a track that goes on as another have the other's way behind it."""
        self._ways.pop(gone.number, None)
        self._crossed = [entry for entry in self._crossed if entry.track is not gone]
        self._advance(kept, gone.points)

    def _settle(self, tracks: Iterable[Track]) -> None:
        """Let a lone last look count for tracks that are over."""
        for track in tracks:
            if track.number in self._ways:
                self._record(track, self._ways[track.number].course.finish())

    def _record(self, track: Track, crossing: Crossing | None) -> None:
        if crossing is None:
            return
        others = [entry for entry in self._crossed if entry.track is not track]
        company = tuple(entry for entry in others if _is_near(entry.crossing, crossing, TRAILER_GAP))
        self._crossed.append(_Crossed(crossing, track, company))

    def _unseen(self, time: float) -> list[Track]:
        return [way.track for way in self._ways.values() if time - way.track.last.time > LOST]

    def _give_out(self, time: float, ended: set[int]) -> list[Passage]:
        """Vote on every crossing that is complete."""
        found = []
        for entry in self._crossed:
            waiting = time - entry.track.last.time <= LOST and time - entry.crossing.time <= PATIENCE
            if entry.counted is not None or (waiting and entry.track.number not in ended):
                continue
            passage = self._passage(entry)
            entry.counted, entry.company = passage is not None, ()  # Company has company: no endless chain.
            found += [passage] if passage is not None else []
        return found

    def _passage(self, entry: _Crossed) -> Passage | None:
        outcome = vote(entry.track.evidence)
        entry.trailer = _is_trailers_own(outcome)
        if outcome.kind is None or _is_trailer(entry, outcome):
            return None
        if outcome.kind is PlateKind.UNREADABLE and not self._is_vehicle(entry):
            return None
        return Passage(entry.crossing.time, entry.crossing.direction, outcome.kind, outcome.text)

    def _is_vehicle(self, entry: _Crossed) -> bool:
        """Tell whether something unreadable is a plate, and not lettering on a vehicle that counts anyway."""
        track = entry.track
        if track.looks < _LOOKS or track.scores / track.looks < _SCORE or not track.goes_somewhere():
            return False
        others = [other for other in self._crossed if other is not entry]
        return not any(_counts(other) for other in others if _is_near(other.crossing, entry.crossing, SAME_BODY))

    def _drop(self, ended: Iterable[Track], time: float) -> None:
        """Forget what no later frame needs, the plates first."""
        recent = [entry for entry in self._crossed if abs(time - entry.crossing.time) <= _REMEMBERED]
        self._crossed = recent[-_MAX_REMEMBERED:]
        awaited = {id(other.track) for entry in self._crossed for other in entry.company}
        for track in ended:
            self._ways.pop(track.number, None)
        leaving = [*self._leaving, *ended]
        self._leaving = [track for track in leaving if id(track) in awaited]
        for track in leaving:
            if id(track) not in awaited:
                track.evidence.wipe()


def _is_near(one: Crossing, other: Crossing, seconds: float) -> bool:
    """Tell whether two crossings went the same way in the same lane within some time."""
    same_lane = abs(one.along - other.along) <= LANE * min(one.width, other.width)
    return same_lane and one.direction is other.direction and abs(one.time - other.time) <= seconds


def _counts(entry: _Crossed) -> bool:
    """Tell whether a crossing became a passage, or is about to become one with a plate."""
    if entry.counted is not None:
        return entry.counted
    return vote(entry.track.evidence).kind in (PlateKind.NL, PlateKind.FOREIGN)


def _is_trailer(entry: _Crossed, outcome: Vote) -> bool:
    """Tell whether a plate is on a vehicle that is counted by another, or on its trailer."""
    return bool(outcome.text) and any(_belongs_to(other, entry, outcome) for other in entry.company)


def _belongs_to(other: _Crossed, entry: _Crossed, outcome: Vote) -> bool:
    if other.counted is False or other.trailer:
        return False
    text = other.track.evidence.favourite()
    behind = entry.crossing.time > other.crossing.time
    return outcome.text == text or (behind and _is_trailers_own(outcome) and text[:1] not in _TRAILERS)


def _is_trailers_own(outcome: Vote) -> bool:
    return outcome.kind is PlateKind.NL and outcome.text[:1] in _TRAILERS
