"""From frames to passages: what happened in the field, as tests."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.camera.file import FileSource
from edge.camera.frame import EndOfSource, Frame
from edge.categories import Direction, PlateKind
from edge.config import ModelsConfig, ViewConfig
from edge.errors import ConfigError
from edge.plates.detect import Detector
from edge.plates.evidence import Evidence
from edge.plates.inference import load_models
from edge.plates.motion import Motion
from edge.plates.passage import Look, Passage, PlateBox, Reading
from edge.plates.read import Reader
from edge.plates.recognise import PATIENCE, Recogniser
from edge.plates.track import LOST
from hil.scenes import truth as truths
from tests.plates.drawn import (
    FOREIGN,
    NOTHING,
    VIEW,
    Script,
    Vehicle,
    box,
    driving,
    look,
    play,
    reading,
    standing,
    stirring,
    watch,
)

MODELS = Path(__file__).parents[2] / "models"
Found = list[tuple[Direction, PlateKind, bytes]]
TEXT, OTHER, TRAILER = "V12BDF", "V34GHJ", "W56KLM"
IN, OUT = Direction.IN, Direction.OUT


def seen(passages: list[Passage]) -> Found:
    """Reduce passages to what is compared."""
    return [(passage.direction, passage.kind, bytes(passage.plate)) for passage in passages]


def test_a_vehicle_is_one_passage() -> None:
    """In by the way of the line, at the time of the crossing, with its plate."""
    passages = watch([driving(TEXT, start=1.0)], 5)
    assert seen(passages) == [(IN, PlateKind.NL, TEXT.encode())]
    assert passages[0].time == pytest.approx(2.0, abs=0.05)


def test_a_wrong_way_passage_counts_in_its_real_direction() -> None:
    """Against the way in is out."""
    assert seen(watch([driving(TEXT, y=0.9, speed=-0.4)], 5)) == [(OUT, PlateKind.NL, TEXT.encode())]


def test_two_cars_in_one_frame_are_two_passages() -> None:
    """Side by side, and one close behind the other."""
    beside = watch([driving(TEXT, x=0.3), driving(OTHER, x=0.7)], 5)
    behind = watch([driving(TEXT), driving(OTHER, start=0.8)], 6)
    for passages in (beside, behind):
        assert sorted(plate for _, _, plate in seen(passages)) == [TEXT.encode(), OTHER.encode()]


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
@pytest.mark.parametrize("speed", [0.05, 0.4, 1.5])
def test_speed_and_frame_rate_do_not_matter(speed: float, fps: float) -> None:
    """A queue creeps, a fast one is seen three times."""
    assert len(watch([driving(TEXT, speed=speed)], 1.0 / speed + 1, fps=fps)) == 1


def test_a_parked_car_hidden_twenty_times_is_not_counted() -> None:
    """Wherever it stands, on the line too, while others pass before it."""
    traffic = [driving(f"V{30 + index}GHJ", x=0.52, start=10.0 * index + 4) for index in range(20)]

    def hidden(time: float) -> bool:
        return any(some(time) is not None for some in traffic)

    for place in (0.3, 0.47, 0.5, 0.53):
        passages = watch([standing(TEXT, 0.5, place, hidden=hidden), *traffic], 210, fps=6)
        assert len(passages) == 20
        assert not any(plate == TEXT.encode() for _, _, plate in seen(passages))


def stopping(text: str, where: float, seconds: float) -> Vehicle:
    """Drive down, stand at ``where``, drive on."""
    arrival = (where - 0.1) / 0.4
    before, after = driving(text), driving(text, start=seconds)

    def at(time: float) -> Look | None:
        if time < arrival:
            return before(time)
        if time < arrival + seconds:
            shake = 0.004 * np.sin(25 * time)
            return Look(time, box(0.5 + shake, where + shake), reading(text))
        return after(time)

    return at


@pytest.mark.parametrize("where", [0.48, 0.5, 0.52, 0.56])
def test_a_car_that_stops_on_the_line_counts_once(where: float) -> None:
    """It shakes with the camera there for twenty seconds, and drives on."""
    assert seen(watch([stopping(TEXT, where, 20)], 30)) == [(IN, PlateKind.NL, TEXT.encode())]


def test_a_car_that_stays_behind_the_line_is_given_out_in_time() -> None:
    """Its passage does not wait until it leaves, and it counts once."""
    vehicle = stopping(TEXT, 0.7, 100)
    script = Script([[found] if (found := vehicle(index / 10)) else [] for index in range(300)])
    recogniser = Recogniser(script, script, VIEW)
    given_out = [index / 10 for index in range(300) if recogniser.passages(stirring(index, index / 10))]
    assert given_out == [pytest.approx(1.0 + PATIENCE, abs=0.2)]
    assert recogniser.finish() == []


def test_stray_boxes_across_the_line_are_no_crossing() -> None:
    """Sides A A A B A A A, with the text of the same car, count in neither direction."""
    places = [0.3, 0.3, 0.3, 0.7, 0.3, 0.3, 0.3]
    frames = [[look(index / 10, 0.5, place, TEXT)] for index, place in enumerate(places)]
    assert play(frames, [index / 10 for index in range(7)]) == []


def test_detections_without_a_track_are_nothing() -> None:
    """Single boxes, each longer after the last than a track lives, are not one vehicle that jumps, nor many."""
    rng = np.random.default_rng(1)
    times = [1.1 * index for index in range(200)]
    frames = [[Look(time, box(rng.random(), rng.random()), None)] for time in times]
    assert play(frames, times) == []


def test_a_vehicle_nobody_can_read_is_counted() -> None:
    """Seen in several looks, over the line, unreadable: a passage without a plate."""

    def dirty(time: float) -> Look | None:
        clean = driving(TEXT)(time)
        return Look(time, clean.box, None) if clean else None

    assert seen(watch([dirty], 5)) == [(IN, PlateKind.UNREADABLE, b"")]


def test_one_sure_read_is_unreadable() -> None:
    """One read with confidence 1.00 from blur does not count; two that agree do."""
    for reads, kind in ((1, PlateKind.UNREADABLE), (2, PlateKind.NL)):
        frames = [
            [Look(index / 10, box(0.5, 0.1 + 0.04 * index), reading(TEXT, 1.0) if index in (9, 12)[:reads] else None)]
            for index in range(20)
        ]
        assert [passage.kind for passage in play(frames, [index / 10 for index in range(20)])] == [kind]


def test_a_foreign_plate_is_a_passage_of_its_kind() -> None:
    """With its text, whatever its form."""
    passages = watch([driving("B4D7F9H", kind=FOREIGN)], 5)
    assert seen(passages) == [(IN, PlateKind.FOREIGN, b"B4D7F9H")]


def test_a_badge_is_no_passage() -> None:
    """Four rings, detector 0.38, characters .99 .63 .74 .51, ride along with a car over the line."""
    slots = np.full((4, 36), 0.01, np.float32)
    slots[:, 0] = (0.99, 0.63, 0.74, 0.51)
    car = driving(TEXT, x=0.5)

    def rings(time: float) -> Look | None:
        found = car(time)
        place = found.box.corners.mean(axis=0) if found else (0, 0)
        badge = Reading(slots / slots.sum(axis=1, keepdims=True), np.array((0.3, 0.4, 0.3), np.float32))
        return Look(time, box(0.5, place[1] - 0.06, 0.04, score=0.38), badge) if found else None

    assert len(watch([car, rings], 5)) == 1
    assert watch([rings], 5) == []


def test_lettering_on_a_van_is_no_passage() -> None:
    """What the reader calls no plate never is one."""
    assert watch([driving("GARAGE", kind=NOTHING)], 5) == []


def test_lettering_that_looks_like_a_plate_is_part_of_its_van() -> None:
    """Unreadable boxes that ride along with a readable plate are not a second vehicle."""
    van = driving(TEXT, x=0.5)
    letters = [driving("", x=0.55, y=0.02), driving("", x=0.45, y=0.05)]

    def boxed(vehicle: Vehicle) -> Vehicle:
        def at(time: float) -> Look | None:
            place = 0.02 + 0.4 * time
            return vehicle(time) or (Look(time, box(0.54, place, 0.07), None) if place < 0.9 else None)

        return at

    assert seen(watch([van, *[boxed(some) for some in letters[:1]]], 5)) == [(IN, PlateKind.NL, TEXT.encode())]


def test_a_burnt_in_camera_name_is_no_passage() -> None:
    """Text that never moves crosses nothing, on the line either."""
    assert watch([standing("CAM03", 0.5, 0.5), standing("CAM03", 0.1, 0.05)], 60) == []


def test_a_trailer_is_part_of_its_vehicle() -> None:
    """A plate of the series W or O, or the vehicle's own text again, close behind in the lane."""
    for plate in (TRAILER, "O56KLM", TEXT):
        passages = watch([driving(TEXT), driving(plate, start=0.9)], 6)
        assert seen(passages) == [(IN, PlateKind.NL, TEXT.encode())]


def test_a_trailer_alone_is_a_passage() -> None:
    """Where the vehicle's own plate is hidden, where it is far ahead, in another lane, or goes the other way."""
    assert len(watch([driving(TRAILER)], 5)) == 1
    assert len(watch([driving(TEXT), driving(TRAILER, start=3.0)], 8)) == 2
    assert len(watch([driving(TEXT, x=0.2), driving(TRAILER, x=0.8, start=0.9)], 6)) == 2
    assert len(watch([driving(TEXT, x=0.4), driving(TRAILER, x=0.55, start=0.9, y=0.9, speed=-0.4)], 6)) == 2


def test_a_plate_found_twice_in_each_frame_is_one_passage() -> None:
    """Two boxes that do not overlap enough to be one, on the same plate."""
    for ahead in (-0.03, 0.03):
        assert len(watch([driving(TEXT), driving(TEXT, y=0.1 + ahead, x=0.52)], 5)) == 1


def test_lettering_between_does_not_part_a_trailer_from_its_vehicle() -> None:
    """Whatever else crosses between the two plates."""
    lettering = driving("GARAGE", start=0.4, kind=NOTHING)
    assert len(watch([driving(TEXT), lettering, driving(TRAILER, start=0.9)], 6)) == 1


def test_a_trailer_is_known_after_its_vehicle_was_given_out() -> None:
    """When the plate of the vehicle before it is overwritten already: by a slow pair, or after a long drawbar."""
    for plate, speed in ((TRAILER, 1.2), (TRAILER, 0.4), (TRAILER, 0.2), (TEXT, 0.2)):
        pair = [driving(TEXT, speed=speed), driving(plate, start=2.4, speed=speed)]
        assert seen(watch(pair, 12)) == [(IN, PlateKind.NL, TEXT.encode())]


def test_a_trailer_behind_a_trailer_is_a_passage() -> None:
    """Two trailers whose vehicles nobody saw."""
    assert len(watch([driving(TRAILER), driving("O56KLM", start=2.3)], 7)) == 2


def test_a_convoy_is_counted_in_full() -> None:
    """Trucks with semi-trailers one close behind the other: as many passages as trucks."""
    trucks = [driving(f"V{10 + index}BDF", start=3.0 * index) for index in range(5)]
    trailers = [driving(f"O{10 + index}GHJ", start=3.0 * index + 1.5) for index in range(5)]
    assert len(watch([*trucks, *trailers], 22)) == 5


def test_a_plate_at_the_edge_is_tracked_but_says_nothing() -> None:
    """A look that has no reading, because its plate is cut off, leaves the vote to the later whole ones."""
    whole = driving(TEXT)

    def cut(time: float) -> Look | None:
        found = whole(time)
        return Look(time, found.box, None) if found and time < 1.2 else found

    assert seen(watch([cut], 5)) == [(IN, PlateKind.NL, TEXT.encode())]


def test_a_broken_track_counts_once() -> None:
    """Hidden exactly on the line for longer than its place is remembered, the plate brings it back."""
    whole = driving(TEXT, speed=0.15)

    def hidden(time: float) -> Look | None:
        return None if 1.8 < time < 3.6 else whole(time)

    assert seen(watch([hidden], 8)) == [(IN, PlateKind.NL, TEXT.encode())]


def test_turning_round_is_a_passage_each_way() -> None:
    """Far behind the line and back again."""
    down, up = driving(TEXT), driving(TEXT, start=2.0, y=0.9, speed=-0.4)
    assert [way for way, _, _ in seen(watch([lambda time: down(time) if time < 2 else up(time)], 8))] == [IN, OUT]


def test_empty_street_skipped_in_a_file_keeps_vehicles_apart() -> None:
    """Where the clock jumps by minutes, the vehicle before it is complete and the next is another."""
    jumps = [index / 10 for index in range(25)] + [300 + index / 10 for index in range(25)]
    one, two = driving(TEXT), driving(TEXT, start=300)
    frames = [[found for some in (one, two) if (found := some(time))] for time in jumps]
    assert len(play(frames, jumps)) == 2


def test_a_clock_that_goes_back_loses_no_passage() -> None:
    """What was open is given out before the time starts anew."""
    times = [100 + index / 10 for index in range(18)] + [index / 10 for index in range(30)]
    one, two = driving(TEXT, start=100), driving(OTHER, x=0.2)
    frames = [[found for some in (one, two) if (found := some(time))] for time in times]
    frames[18:] = [[found] if (found := two(time)) else [] for time in times[18:]]
    assert [plate for _, _, plate in seen(play(frames, times))] == [TEXT.encode(), OTHER.encode()]


def test_parked_plates_are_not_read_in_every_frame() -> None:
    """A street of parked cars costs the reader little."""
    script = Script([[look(index / 10, 0.2, 0.2, TEXT)] for index in range(200)])
    recogniser = Recogniser(script, script, VIEW)
    for index in range(200):
        recogniser.passages(stirring(index, index / 10))
    assert script.read_boxes < 40


def test_a_line_along_the_way_is_refused_at_once() -> None:
    """Before any frame."""
    script = Script([])
    along = type(VIEW)(line=VIEW.line, inwards="left", region=(), masks=())
    with pytest.raises(ConfigError, match="inwards"):
        Recogniser(script, script, along)


class Street(Script):
    """A street in pictures with noise: each vehicle is a dark box; what is said is what is in the picture."""

    def __init__(self, vehicles: Sequence[Vehicle]) -> None:
        super().__init__([])
        self.looked = 0
        self._vehicles = vehicles
        self._rng = np.random.default_rng(1)

    def frame(self, index: int, time: float) -> Frame:
        """Take the next picture, (90, 160)."""
        looks = [found for vehicle in self._vehicles if (found := vehicle(time))]
        self._frames = iter([looks])
        picture = 100 + self._rng.standard_normal((90, 160))
        for one in looks:
            x, y = one.box.corners.mean(axis=0) * (160, 90)
            picture[max(0, round(y) - 10) : round(y) + 2, max(0, round(x) - 8) : round(x) + 8] -= 60
        pixels = np.clip(picture, 0, 255).astype(np.uint8)
        return Frame(index, time, pixels, pixels)

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Return the boxes of this picture, noting the question."""
        self.looked += 1
        return super().detect(gray)


class Counting(Detector):
    """A detector that notes how often it was asked."""

    looked = 0

    def detect(self, gray: NDArray[np.uint8]) -> list[PlateBox]:
        """Note the question."""
        self.looked += 1
        return super().detect(gray)


class Restless(Motion):
    """To whom every frame is worth a look."""

    def worth_a_look(self, frame: Frame, *, following: bool) -> bool:
        """Always."""
        del frame, following
        return True


def film(vehicles: Sequence[Vehicle], seconds: float, fps: float = 25, *, gated: bool = True) -> tuple[Street, Found]:
    """Film vehicles; return the street and its passages."""
    street = Street(vehicles)
    recogniser = Recogniser(street, street, VIEW)
    if not gated:
        recogniser._motion = Restless(VIEW)
    passages = [
        passage
        for index in range(round(seconds * fps))
        for passage in recogniser.passages(street.frame(index, index / fps))
    ]
    return street, seen([*passages, *recogniser.finish()])


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0])
def test_what_happens_on_a_still_street_is_the_same_with_fewer_looks(fps: float) -> None:
    """One passes, one stops on the line for twenty seconds and drives on, one parks there, one turns round."""
    there, back = driving(OTHER, x=0.2, start=33), driving(OTHER, x=0.2, start=43, y=0.9, speed=-0.4)
    vehicles = [
        standing("V56KLM", 0.8, 0.5),
        driving(TEXT, x=0.3, start=25),
        stopping("V78NPR", 0.5, 20),
        there,
        back,
    ]
    all_looks, expected = film(vehicles, 60, fps, gated=False)
    street, found = film(vehicles, 60, fps)
    assert found == expected
    assert len(found) == 4
    assert all_looks.looked == 60 * fps
    assert street.looked < 60 * fps * 0.8


def test_a_vehicle_is_looked_at_until_it_is_out_of_sight() -> None:
    """An empty street costs a tenth of the looks, and a vehicle as many as before."""
    empty, _ = film([], 40)
    assert empty.looked < 0.12 * 40 * 25
    street, found = film([driving(TEXT, start=20)], 40)
    in_sight = (0.97 - 0.1) / 0.4
    assert len(found) == 1
    assert in_sight * 25 < street.looked - empty.looked < (in_sight + 2) * 25


def test_a_passage_does_not_wait_for_a_look() -> None:
    """It is given out a second after its vehicle has left, though nothing is looked at meanwhile."""
    street = Street([driving(TEXT, speed=1.2)])
    recogniser = Recogniser(street, street, VIEW)
    times = [index / 25 for index in range(200)]
    given = [time for index, time in enumerate(times) if recogniser.passages(street.frame(index, time))]
    assert given == [pytest.approx((0.97 - 0.1) / 1.2 + LOST, abs=0.1)]


def pictures(street: Path) -> list[NDArray[np.uint8]]:
    """Return the pictures of a video, the first and the last of them for ten seconds."""
    source, found = FileSource(street, None), []
    with suppress(EndOfSource):
        while True:
            found.append(source.read().gray)
    return [*[found[0]] * 100, *found, *[found[-1]] * 100]


def test_a_rendered_street_is_counted_the_same_with_and_without_motion(one_vehicle: Path) -> None:
    """By the models that ship: the same passages at the same times, for fewer than half of the looks."""
    models = load_models(ModelsConfig(MODELS, "cpu", 1, MODELS))
    view = ViewConfig(truths.load(one_vehicle / "truth.json").line, "down", (), ())
    shown = pictures(one_vehicle / "street.mkv")

    def passages(motion: Motion) -> tuple[list[Passage], int]:
        detector = Counting(models.detector, view)
        recogniser = Recogniser(detector, Reader(models.reader), view)
        recogniser._motion = motion
        frames = [Frame(index, index / 10, picture, picture) for index, picture in enumerate(shown)]
        found = [passage for frame in frames for passage in recogniser.passages(frame)]
        return found + recogniser.finish(), detector.looked

    expected, every = passages(Restless(view))
    found, looked = passages(Motion(view))
    assert len(expected) == 1
    assert found == expected
    assert looked < every / 2


def spells(evidence: Evidence) -> bool:
    """Tell whether anything of it spells a plate."""
    return any(entry.text for entry in evidence.tally) or any(part.logs.any() for part in evidence.sums.values())


def spelt(vehicle: Vehicle, seconds: float, fps: float = 10.0) -> tuple[list[float], list[float]]:
    """Film a vehicle; return when its plate was held after a frame, and when its passages were given out."""
    script = Script([[found] if (found := vehicle(index / fps)) else [] for index in range(round(seconds * fps))])
    recogniser = Recogniser(script, script, VIEW)
    held, given = [], []
    for time in (index / fps for index in range(round(seconds * fps))):
        given += [time for _ in recogniser.passages(stirring(round(time * fps), time))]
        held += [time for way in recogniser._ways.values() if spells(way.track.evidence)]
    return held, given


@pytest.mark.parametrize("fps", [5.0, 12.5, 25.0])
@pytest.mark.parametrize("speed", [0.1, 0.2, 0.4, 1.5])
def test_a_plate_is_held_until_its_passage_is_given_out(speed: float, fps: float) -> None:
    """Two seconds after the crossing nothing spells it, also of a vehicle that stays in the picture."""
    held, given = spelt(driving(TEXT, speed=speed), 12, fps)
    crossing = 0.4 / speed
    assert given == [pytest.approx(crossing + PATIENCE, abs=1.0)]
    assert held[0] == 0.0
    assert crossing < held[-1] < given[0] < crossing + 2.0


def test_a_plate_is_held_for_as_long_again_where_its_vehicle_turns_round() -> None:
    """From where it is seen behind the line again, so that the way back counts with its plate."""
    down, up = driving(TEXT), driving(TEXT, start=4.0, y=0.9, speed=-0.2)

    def turning(time: float) -> Look | None:
        return down(min(time, 2.0)) if time < 4 else up(time)

    held, given = spelt(turning, 12)
    assert len(given) == 2
    assert not [time for time in held if given[0] <= time < 6.2]
    assert [time for time in held if 6.5 < time < given[1]]
    assert held[-1] < given[1]


def test_a_plate_out_of_sight_is_overwritten() -> None:
    """A vehicle that never crosses, such as one that turns off."""
    held, given = spelt(driving(TEXT, y=0.6), 12)
    assert given == []
    assert 0.37 / 0.4 <= held[-1] <= 0.37 / 0.4 + LOST + 0.1


def test_a_parked_plate_is_not_held() -> None:
    """From when it has stood for a second, until it drives off; it counts then with its plate."""
    vehicle = stopping(TEXT, 0.3, 20)
    held, given = spelt(vehicle, 30)
    assert len(given) == 1
    assert not [time for time in held if 2.0 < time < 20.0]
    assert seen(watch([vehicle], 30)) == [(IN, PlateKind.NL, TEXT.encode())]


def test_a_silent_camera_ends_what_is_open() -> None:
    """A passage does not wait for a frame that may never come, and no plate is held meanwhile."""
    vehicle = driving(TEXT)
    script = Script([[found] if (found := vehicle(index / 10)) else [] for index in range(14)])
    recogniser = Recogniser(script, script, VIEW)
    for index in range(14):
        assert recogniser.passages(stirring(index, index / 10)) == []
    tracks = [way.track for way in recogniser._ways.values()]
    assert recogniser.idle(1.9) == []
    assert [passage.plate for passage in recogniser.idle(3.0)] == [TEXT.encode()]
    assert not any(spells(track.evidence) for track in tracks)
    assert recogniser.idle(60.0) == recogniser.finish() == []


def test_who_has_passed_is_not_read_again() -> None:
    """But for one look in ten, which would tell that it is another."""
    frames = [[found] if (found := driving(TEXT, speed=0.1)(index / 10)) else [] for index in range(80)]
    script = Script(frames)
    recogniser = Recogniser(script, script, VIEW)
    read = []
    for index in range(80):
        recogniser.passages(stirring(index, index / 10))
        read.append(script.read_boxes)
    assert read[55] == 56
    assert 1 <= read[79] - read[60] <= 3


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_endless_stream_keeps_nothing(seed: int) -> None:
    """After any traffic and a quiet minute nothing is held any more, and every plate held before is wiped."""
    rng = np.random.default_rng(seed)
    vehicles = [
        driving(f"V{10 + index}BDF", x=rng.random(), start=float(rng.random() * 20), speed=float(rng.uniform(0.2, 2)))
        for index in range(40)
    ]
    times = [index / 10 for index in range(220)] + [90.0]
    script = Script([[found for some in vehicles if (found := some(time))] for time in times])
    recogniser = Recogniser(script, script, VIEW)
    ways = list(recogniser._ways.values())
    for index, time in enumerate(times):
        recogniser.passages(stirring(index, time))
        ways += recogniser._ways.values()
        assert len(recogniser._crossed) <= 40
    assert not recogniser._ways
    assert not recogniser._crossed
    assert not any(spells(way.track.evidence) for way in ways)
