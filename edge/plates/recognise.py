"""From frames to passages: detect, read, track, cross the line, vote."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edge.camera.frame import Frame
from edge.categories import PlateKind
from edge.config import ViewConfig
from edge.plates.evidence import TRAILERS
from edge.plates.line import CountingLine, Course, Crossing
from edge.plates.look import Looker, PlateFinder, PlateReader
from edge.plates.motion import Motion
from edge.plates.passage import Look, Passage, overwrite
from edge.plates.track import LOST, Point, Track, Tracker
from edge.plates.vote import Vote, vote

# Seconds after its crossing in which a vehicle that stays in the picture may still be read better: after two its plate
# may not be held any more. On the rendered street 10 s read the same plates.
PATIENCE = 1.5
SEEN_LATE = 0.5  # Seconds for which this lasts at least after the crossing was seen: some vehicles stop on the line.
TRAILER_GAP = 2.5  # Seconds between the plates of a vehicle and its trailer.
SAME_BODY = 0.7  # Seconds within which no second vehicle can follow in the same lane.
LANE = 3.0  # Plate widths to either side: three times 0.52 m is half a lane.
_LOOKS = 4
_SCORE = 0.5
_REMEMBERED = PATIENCE + LOST + TRAILER_GAP
_MAX_REMEMBERED = 256


@dataclass(slots=True)
class _Way:
    """A track and its way over the line; ``passed`` once a crossing of it was voted on."""

    track: Track
    course: Course
    passed: bool = False


@dataclass(slots=True)
class _Crossed:
    """A crossing on its way to becoming a passage.

    ``noted`` is the time of the look that completed it, which may be long after the crossing where a vehicle stops on
    the line. ``company`` crossed earlier in the same lane, so near that this may be its trailer, or its plate once
    more. ``counted`` is None until the vote, then whether it became a passage; ``trailer`` says that the vote was a
    trailer's own plate.
    """

    crossing: Crossing
    noted: float
    track: Track = field(repr=False)
    company: "tuple[_Crossed, ...]" = field(repr=False)
    counted: bool | None = None
    trailer: bool = False

    def waits(self, time: float) -> bool:
        """Tell whether looks may come that it had better wait for."""
        patient = time <= max(self.crossing.time + PATIENCE, self.noted + SEEN_LATE)
        return patient and time - self.track.last.time <= LOST


class Recogniser:
    """Turns the frames of one camera into passages.

    A passage is given out once its vehicle was not seen for ``LOST`` seconds of frame time, so that all looks vote,
    or ``PATIENCE`` seconds after its crossing where it stays in the picture. From then on nothing spells its
    plate any more, nor that of a vehicle that was not seen for ``LOST`` seconds, or that is parked. Where nothing moves
    most frames are not looked at; time goes on with them all the same. The memory it holds is bounded whatever the
    traffic.

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

    def passages(self, frame: Frame) -> list[Passage]:
        """Take the next frame; return the passages that are complete with it."""
        self._set_aspect(frame.gray.shape[1] / frame.gray.shape[0])
        return self._follow(frame.time, self._looks(frame))

    def idle(self, time: float) -> list[Passage]:
        """Say that it is ``time`` and no frame came; return the passages that are complete with it."""
        return self._follow(time, [])

    def finish(self) -> list[Passage]:
        """Say that no frame follows; return the passages that were still open."""
        ended = self._tracker.finish()
        self._settle(ended)
        found = self._give_out(np.inf, set())
        self._drop(ended, np.inf)
        return found

    def _follow(self, time: float, looks: list[Look]) -> list[Passage]:
        """Go on to ``time``, at which the looks were taken, and overwrite what they say."""
        update = self._tracker.update(time, looks, self._aspect)
        for look in looks:
            if look.reading is not None:
                look.reading.wipe()
        for kept, gone in update.merged:
            self._join(kept, gone)
        for track in update.seen:
            self._advance(track, [track.last])
        self._settle([*self._unseen(time), *update.ended])
        found = self._give_out(time, {track.number for track in update.ended})
        self._drop(update.ended, time)
        self._seal(time)
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
        self._crossed.append(_Crossed(crossing, track.last.time, track, company))

    def _unseen(self, time: float) -> list[Track]:
        return [way.track for way in self._ways.values() if time - way.track.last.time > LOST]

    def _give_out(self, time: float, ended: set[int]) -> list[Passage]:
        """Vote on every crossing that is complete."""
        found = []
        for entry in self._crossed:
            if entry.counted is not None or (entry.waits(time) and entry.track.number not in ended):
                continue
            passage = self._passage(entry)
            entry.counted, entry.company = passage is not None, ()  # Company has company: no endless chain.
            if entry.track.number in self._ways:
                self._ways[entry.track.number].passed = True
            found += [passage] if passage is not None else []
        return found

    def _passage(self, entry: _Crossed) -> Passage | None:
        outcome = vote(entry.track.evidence)
        entry.trailer = _is_trailers_own(outcome)
        if outcome.kind is None or _is_trailer(entry, outcome):
            overwrite(outcome.text)
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
        """Forget what no later frame needs; marks go with whatever remembers the track."""
        recent = [entry for entry in self._crossed if abs(time - entry.noted) <= _REMEMBERED]
        self._crossed = recent[-_MAX_REMEMBERED:]
        for track in ended:
            self._ways.pop(track.number, None)
            track.evidence.hold(wanted=False)

    def _seal(self, time: float) -> None:
        """Overwrite the texts that no vote waits for, and keep those of vehicles on their way to the line."""
        awaited = {entry.track.number for entry in self._crossed if entry.counted is None}
        for way in self._ways.values():
            wanted = way.track.number in awaited or _is_coming(way, time)
            way.track.evidence.hold(wanted=wanted)


def _is_coming(way: _Way, time: float) -> bool:
    """Tell whether a vehicle may soon cross the line, once more if it has."""
    in_sight = time - way.track.last.time <= LOST and not way.track.parked
    return in_sight and (way.course.returning or not way.passed)


def _is_near(one: Crossing, other: Crossing, seconds: float) -> bool:
    """Tell whether two crossings went the same way in the same lane within some time."""
    same_lane = abs(one.along - other.along) <= LANE * min(one.width, other.width)
    return same_lane and one.direction is other.direction and abs(one.time - other.time) <= seconds


def _counts(entry: _Crossed) -> bool:
    """Tell whether a crossing became a passage, or is about to become one with a plate."""
    if entry.counted is not None:
        return entry.counted
    outcome = vote(entry.track.evidence)
    overwrite(outcome.text)
    return outcome.kind in (PlateKind.NL, PlateKind.FOREIGN)


def _is_trailer(entry: _Crossed, outcome: Vote) -> bool:
    """Tell whether a plate is on a vehicle that is counted by another, or on its trailer."""
    return bool(outcome.text) and any(_belongs_to(other, entry, outcome) for other in entry.company)


def _belongs_to(other: _Crossed, entry: _Crossed, outcome: Vote) -> bool:
    if other.counted is False or other.trailer:
        return False
    evidence = other.track.evidence
    usual = evidence.usual()
    drawn = entry.crossing.time > other.crossing.time and _is_trailers_own(outcome)
    return evidence.says(outcome.text) or (drawn and not (usual is not None and usual.trailer))


def _is_trailers_own(outcome: Vote) -> bool:
    return outcome.kind is PlateKind.NL and outcome.text[:1] in TRAILERS
