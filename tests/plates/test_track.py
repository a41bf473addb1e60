"""Following plates from frame to frame."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.plates.passage import Look
from edge.plates.track import FORGOTTEN, MAX_TRACKS, PARKED_MEMORY, POINTS, Track, Tracker
from tests.plates.drawn import ASPECT, Vehicle, box, driving, look, reading, standing

TEXT, OTHER = "V12BDF", "V34GHJ"


def follow(frames: Sequence[Sequence[Look]], times: Sequence[float]) -> list[Track]:
    """Track looks; return all tracks there ever were, merged ones left out."""
    tracker = Tracker()
    found: dict[int, Track] = {}
    for time, looks in zip(times, frames, strict=True):
        update = tracker.update(time, looks, ASPECT)
        found |= {track.number: track for track in update.seen}
        for _, gone in update.merged:
            found.pop(gone.number, None)
    return list(found.values())


def film(vehicles: Sequence[Vehicle], seconds: float, fps: float = 10.0) -> list[Track]:
    """Track made-up vehicles."""
    times = [index / fps for index in range(int(seconds * fps))]
    return follow([[seen for some in vehicles if (seen := some(time))] for time in times], times)


@pytest.mark.parametrize("speed", [0.05, 0.4, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("text", [TEXT, ""])
def test_a_vehicle_is_one_track(speed: float, text: str) -> None:
    """Read or not, also where its plate jumps nearly three times its own width from frame to frame."""
    vehicle = driving(text, speed=speed)

    def seen(time: float) -> Look | None:
        found = vehicle(time)
        return (
            found if found or text else (Look(time, box(0.5, 0.1 + speed * time), None) if time < 0.8 / speed else None)
        )

    tracks = film([seen], 1.0 / speed)
    assert len(tracks) == 1
    assert tracks[0].looks >= 3


def test_two_cars_in_one_frame_are_two_tracks() -> None:
    """Side by side, one behind the other, and against each other."""
    assert len(film([driving(TEXT, x=0.4), driving(OTHER, x=0.6)], 2)) == 2
    assert len(film([driving(TEXT), driving(OTHER, start=0.6)], 3)) == 2
    assert len(film([driving(TEXT, x=0.4), driving(OTHER, x=0.6, speed=-0.4, y=0.9)], 2)) == 2


def test_each_track_keeps_its_own_text() -> None:
    """Two cars that meet do not swap their looks."""
    tracks = film([driving(TEXT, x=0.46, speed=1.5), driving(OTHER, x=0.54, speed=-1.5, y=0.9)], 1)
    assert sorted(bytes(track.evidence.favourite()) for track in tracks) == [TEXT.encode(), OTHER.encode()]
    assert all(len(track.evidence.tally) == 1 for track in tracks)


def test_a_short_gap_is_bridged_by_place() -> None:
    """A plate that nobody can read, hidden for half a second, goes on where it is expected."""

    def seen(time: float) -> Look | None:
        return None if 0.5 <= time < 1.0 else Look(time, box(0.5, 0.1 + 0.4 * time), None)

    assert len(film([seen], 2)) == 1


def test_a_single_look_has_no_expectation_for_long() -> None:
    """Another plate elsewhere, most of a second later, is not its second look."""
    assert len(follow([[look(0.0, 0.3, 0.3)], [], [look(0.7, 0.4, 0.5)]], [0.0, 0.3, 0.7])) == 2


def test_a_longer_gap_is_bridged_by_text() -> None:
    """The same text read again within seconds, anywhere, is the same vehicle."""
    frames = [[look(0.0, 0.5, 0.1, TEXT)], [look(0.1, 0.5, 0.14, TEXT)], [look(2.5, 0.3, 0.8, TEXT)]]
    tracks = follow(frames, [0.0, 0.1, 2.5])
    assert len(tracks) == 1
    assert tracks[0].looks == 3


def test_a_text_read_late_reconnects() -> None:
    """A broken track is taken up again when the new one can be read, not only with its first look."""
    times = [0.0, 0.1, 2.0, 2.1, 2.2]
    frames = [
        [look(0.0, 0.5, 0.1, TEXT)],
        [look(0.1, 0.5, 0.14, TEXT)],
        [look(2.0, 0.3, 0.7)],
        [look(2.1, 0.3, 0.72)],
        [look(2.2, 0.3, 0.74, TEXT)],
    ]
    tracks = follow(frames, times)
    assert len(tracks) == 1
    assert tracks[0].looks == 5
    assert len(tracks[0].points) == 5


def test_the_same_text_at_the_same_time_is_two_plates() -> None:
    """A trailer may carry the plate of the vehicle before it."""
    assert len(film([driving(TEXT), driving(TEXT, start=0.5)], 2)) == 2


def test_another_text_far_off_is_another_vehicle() -> None:
    """Where one car vanishes and another appears within reach, what was read tells them apart."""
    frames = [[look(time / 10, 0.5, 0.3, TEXT)] for time in range(3)] + [[look(0.3, 0.5, 0.45, OTHER)]]
    assert len(follow(frames, [0.0, 0.1, 0.2, 0.3])) == 2


def test_a_parked_car_hidden_twenty_times_is_one_track() -> None:
    """Its place is remembered, whatever passes before it and for how long."""

    def hidden(time: float) -> bool:
        return time > 2 and time % 10 < 6

    assert len(film([standing(TEXT, 0.5, 0.5, hidden=hidden)], 202)) == 1


def test_a_parked_car_without_text_is_one_track() -> None:
    """Also where nothing can be read."""

    def seen(time: float) -> Look | None:
        return None if time > 2 and time % 10 < 6 else Look(time, box(0.5, 0.5), None)

    assert len(film([seen], 100)) == 1


def test_a_passing_car_does_not_take_the_parked_one_along() -> None:
    """A car that passes close by, hiding the parked plate, leaves both tracks whole."""

    def hidden(time: float) -> bool:
        return 4.7 < time < 5.7

    tracks = film([standing(TEXT, 0.5, 0.5, hidden=hidden), driving(OTHER, x=0.51, start=4.0)], 8)
    assert sorted(bytes(track.evidence.favourite()) for track in tracks) == [TEXT.encode(), OTHER.encode()]
    assert all(len(track.evidence.tally) == 1 for track in tracks)


def test_a_parked_car_is_forgotten_in_the_end() -> None:
    """Ten minutes after it was last seen."""
    tracker = Tracker()
    for index in range(30):
        tracker.update(index / 10, [look(index / 10, 0.5, 0.5, TEXT)], ASPECT)
    assert tracker.update(PARKED_MEMORY, [], ASPECT).ended == []
    assert len(tracker.update(3 + PARKED_MEMORY, [], ASPECT).ended) == 1


def test_a_parked_plate_is_not_read_all_the_time() -> None:
    """Once read often enough its box is known; now and then it is looked at again; elsewhere boxes are new."""
    tracker = Tracker()
    known = []
    for index in range(100):
        here = look(index / 10, 0.5, 0.5, TEXT)
        known.append(tracker.knows(index / 10, here.box))
        tracker.update(index / 10, [here], ASPECT)
    assert not any(known[:5])
    assert sum(known[20:]) == 72
    assert not tracker.knows(9.9, box(0.6, 0.5))


def sealed_track(tracker: Tracker, text: str = TEXT) -> Track:
    """Let a vehicle drive down to the middle in half a second, and overwrite what spells its plate."""
    for index in range(5):
        (track,) = tracker.update(index / 10, [look(index / 10, 0.5, 0.3 + 0.04 * index, text)], ASPECT).seen
    track.evidence.hold(wanted=False)
    return track


def test_a_sealed_track_is_taken_up_again_by_its_text() -> None:
    """Though nobody can read it any more; another text is another vehicle, in reach or not."""
    for text, pairs in ((TEXT, 1), (OTHER, 0), ("V12BDG", 0)):
        tracker = Tracker()
        track = sealed_track(tracker)
        merged = [tracker.update(time, [look(time, 0.3, 0.8, text)], ASPECT).merged for time in (2.5, 2.6)]
        assert sum(map(len, merged)) == pairs
        assert track.looks == 5 + 2 * pairs
    tracker = Tracker()
    track = sealed_track(tracker)
    assert tracker.update(0.5, [look(0.5, 0.5, 0.62, OTHER)], ASPECT).seen != [track]


def test_a_sealed_plate_is_not_read_where_it_is_expected() -> None:
    """For half a second, but for one look in ten; elsewhere boxes are new."""
    tracker = Tracker()
    track = sealed_track(tracker)
    assert tracker.knows(0.5, box(0.5, 0.5))
    assert not tracker.knows(0.5, box(0.5, 0.6))
    assert not tracker.knows(1.1, box(0.5, 0.74))
    track.looks = 10
    assert not tracker.knows(0.5, box(0.5, 0.5))
    track.looks = 11
    track.evidence.hold(wanted=True)
    assert not tracker.knows(0.5, box(0.5, 0.5))


def missing(tracker: Tracker, time: float, *looks: Look) -> list[tuple[float, float]]:
    """Return where the tracker misses a plate."""
    centres = [found.corners.mean(axis=0) for found in tracker.missing(time, looks)]
    return [(round(float(x), 2), round(float(y), 2)) for x, y in centres]


def test_a_moving_plate_is_missed_where_it_should_be() -> None:
    """For half a second; not where it is found, nor once it has left the picture."""
    tracker = Tracker()
    for index in range(5):
        tracker.update(index / 10, [look(index / 10, 0.5, 0.3 + 0.04 * index, TEXT)], ASPECT)
    assert missing(tracker, 0.5) == [(0.5, 0.5)]
    assert missing(tracker, 0.5, look(0.5, 0.5, 0.52)) == []
    assert missing(tracker, 0.8) == [(0.5, 0.62)]
    assert missing(tracker, 1.0) == []
    for index in range(5, 17):
        tracker.update(index / 10, [look(index / 10, 0.5, 0.3 + 0.04 * index, TEXT)], ASPECT)
    assert missing(tracker, 1.8) == []


def test_a_missed_plate_keeps_its_form() -> None:
    """The box is as wide as the plate was last."""
    tracker = Tracker()
    tracker.update(0.0, [look(0.0, 0.5, 0.3)], ASPECT)
    (expected,) = tracker.missing(0.1, [])
    assert np.allclose(expected.corners, box(0.5, 0.3).corners, atol=1e-4)


def test_a_parked_plate_is_not_missed() -> None:
    """What hides it is looked at anyway."""
    tracker = Tracker()
    for index in range(30):
        tracker.update(index / 10, [look(index / 10, 0.5, 0.5, TEXT)], ASPECT)
    assert missing(tracker, 3.0) == []


def test_tracks_end_after_a_while_unseen() -> None:
    """A vehicle that drove off is handed over once."""
    tracker = Tracker()
    tracker.update(0.0, [look(0.0, 0.5, 0.5, TEXT)], ASPECT)
    assert tracker.update(FORGOTTEN, [], ASPECT).ended == []
    assert len(tracker.update(FORGOTTEN + 0.1, [], ASPECT).ended) == 1
    assert tracker.finish() == []


def test_a_clock_that_goes_back_ends_everything() -> None:
    """What came before it can't be compared with what follows."""
    tracker = Tracker()
    tracker.update(100.0, [look(100.0, 0.5, 0.5, TEXT)], ASPECT)
    update = tracker.update(50.0, [look(50.0, 0.5, 0.5, TEXT)], ASPECT)
    assert (len(update.ended), len(update.seen)) == (1, 1)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_memory_is_bounded_for_endless_streams(seed: int) -> None:
    """However many boxes flicker wherever, there are never more tracks, places or texts than the bounds."""
    rng = np.random.default_rng(seed)
    tracker = Tracker()
    begun = ended = 0
    for index in range(120):
        time = index / 10
        places = rng.random((int(rng.integers(0, 16)), 2))
        looks = [Look(time, box(x, y), reading(TEXT if x < 0.2 else f"V{int(90 * y) + 10}BDF")) for x, y in places]
        update = tracker.update(time, looks, ASPECT)
        begun = max([begun, *(track.number for track in [*update.seen, *(gone for _, gone in update.merged)])])
        ended += len(update.ended) + len(update.merged)
        assert all(len(track.points) <= POINTS for track in update.seen)
        assert begun - ended <= MAX_TRACKS
    assert begun == ended + len(tracker.finish())
