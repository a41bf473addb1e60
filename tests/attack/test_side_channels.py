"""What leaves a camera at night, content, moment, size and number: with a few vehicles it is as with none.

Reports, health, state, checkpoints, the audit log and the journal are compared byte by byte, as somebody at the broker,
an auditor and a thief of the card see them. They are of the last hour of a day, so that the day's report is there too.
"""

import random
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import Ack, CellKey, Direction, Message, VisionAct, VisionEvent, VisionHealth, WindowCounts
from edge.counting.part import Part
from edge.counting.spool import Spool
from edge.gate.desk import Desk
from edge.uplink.contract import CountReport
from edge.windows import day_number, day_window
from tests.attack.camera import TABLES, Camera, Clock, Vehicle, audit_of, reports_of, rules
from tests.conftest import IN_MEMORY
from tests.examples import dices, examples
from tests.gate.streets import CLASSES, VAN

K = 10
DAY = date(2026, 11, 23)
MIDNIGHT = day_window(DAY).end
# A vehicle is in sight so long, and every frame of it may be lost on a slow board.
FRAMES = 200
Weaken = Callable[[pytest.MonkeyPatch], None]
VICTIM = Vehicle(1, next(one for one in CLASSES if one.vehicle_type is VAN))
CROWD = [Vehicle(100 + number, CLASSES[0]) for number in range(K + 2)]
KILLED = 28


class Night(NamedTuple):
    """Which processes an attacker kills two minutes before midnight, and what is there anyway.

    The ``crowd`` passes at half past eleven, and is released.
    """

    vision_killed: bool = False
    gate_killed: bool = False
    crowd: bool = False
    tables: int = 0


class Sighting(NamedTuple):
    """Everything that can be seen of a night."""

    left: list[tuple[float, object]]
    reports: list[CountReport]
    audit: list[bytes]
    journal: list[object]


def _watch(night: Night, passages: Sequence[tuple[int, Vehicle]], weaken: Weaken) -> Sighting:
    """Watch a camera from half past eleven on; vehicles pass in this minute after it."""
    with (
        tempfile.TemporaryDirectory(dir=IN_MEMORY) as name,
        pytest.MonkeyPatch.context() as patch,
        capture_logs() as logs,
    ):
        folder = Path(name)
        weaken(patch)
        camera = Camera(folder, rules(night.tables), Clock(MIDNIGHT - 1_800.0), patch, step=60, dropped=FRAMES)
        _pass(camera, night, passages)
        camera.kill_gate()
        return Sighting(camera.left, reports_of(camera), audit_of(folder), list(logs))


def _pass(camera: Camera, night: Night, passages: Sequence[tuple[int, Vehicle]]) -> None:
    camera.wait(60)
    camera.drive(*CROWD if night.crowd else ())
    for minute in range(36):
        if minute == KILLED and night.vision_killed:
            camera.restart_vision()
        if minute == KILLED and night.gate_killed:
            camera.restart_gate()
        camera.drive(*(vehicle for at, vehicle in passages if at == minute))
        camera.wait(60)


@cache
def _empty(night: Night) -> Sighting:
    return _watch(night, (), _sound)


def _sound(_: pytest.MonkeyPatch) -> None:
    """Change nothing."""


def _lowest_bucket_begins_at_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("edge.gate.reports._blurred", lambda share: share)


def _share_of_a_moment(patch: pytest.MonkeyPatch) -> None:
    """Judge dropped frames by the few that there were since a restart."""
    patch.setattr("edge.service.vision.IN_SIGHT_FRAMES", 0)


def _health_at_once(patch: pytest.MonkeyPatch) -> None:
    """Say at any moment how many frames are dropped at that moment."""
    take = Desk.take

    def taken(self: Desk, message: Message) -> Ack:
        if isinstance(message, VisionHealth):
            self._dropped = message.frames_dropped
        return take(self, message)

    patch.setattr(Desk, "take", taken)


def _health_of_quiet_hours(patch: pytest.MonkeyPatch) -> None:
    """Say how many frames are dropped after hours with an empty report, too."""
    patch.setattr(Desk, "_released", lambda self, _: setattr(self, "_busy", True))


def _report_only_what_was_seen(patch: pytest.MonkeyPatch) -> None:
    """Hand windows without a passage over to nobody."""
    put = Spool.put
    patch.setattr(Spool, "put", lambda self, counts: put(self, counts) if counts.cells else None)


def _entry_for_each_cell(patch: pytest.MonkeyPatch) -> None:
    """Write down what is counted, for auditors."""
    take = Desk.take

    def taken(self: Desk, message: Message) -> Ack:
        for _ in message.cells if isinstance(message, WindowCounts) else ():
            self._note(VisionEvent(VisionAct.TAG_KEY_MADE, day_number(DAY)))
        return take(self, message)

    patch.setattr(Desk, "take", taken)


def _observed_while_something_moved(patch: pytest.MonkeyPatch) -> None:
    """Leave frames out of the observed share in which nobody drove."""
    counts = Part.counts

    def written(self: Part, policy: int, *, final: bool) -> WindowCounts:
        made = counts(self, policy, final=final)
        return made if made.cells else msgspec.structs.replace(made, observed=max(0, made.observed - 5))

    patch.setattr(Part, "counts", written)


def _journal_of_passages(patch: pytest.MonkeyPatch) -> None:
    """Log each vehicle, without its plate."""
    add = Part.add_vehicle

    def added(self: Part, key: CellKey, vehicle: int) -> None:
        structlog.get_logger().info("vehicle_counted")
        add(self, key, vehicle)

    patch.setattr(Part, "add_vehicle", added)


QUIET, VISION, GATE = Night(), Night(vision_killed=True), Night(gate_killed=True)
CROWDED = Night(vision_killed=True, crowd=True)
ONCE, TO_AND_FRO = [(KILLED, VICTIM)], [(minute, VICTIM) for minute in range(KILLED, 30) for _ in range(10)]


@pytest.mark.parametrize(
    ("night", "passages", "weaken", "succeeds"),
    [
        *((night, ONCE, _sound, False) for night in (QUIET, VISION, CROWDED, GATE)),
        *((night, TO_AND_FRO, _sound, False) for night in (QUIET, VISION, GATE)),
        (CROWDED, ONCE, _lowest_bucket_begins_at_one, True),
        (CROWDED, ONCE, _share_of_a_moment, True),
        (VISION, TO_AND_FRO, _health_at_once, True),
        (QUIET, TO_AND_FRO, _health_of_quiet_hours, True),
        (QUIET, ONCE, _report_only_what_was_seen, True),
        (QUIET, ONCE, _entry_for_each_cell, True),
        (QUIET, ONCE, _observed_while_something_moved, True),
        (QUIET, ONCE, _journal_of_passages, True),
    ],
)
def test_one_vehicle_in_the_night(
    night: Night,
    passages: Sequence[tuple[int, Vehicle]],
    weaken: Weaken,
    succeeds: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """It drives past just before midnight, once or to and fro: is anything else than if it had stayed at home?"""
    assert (_watch(night, (), weaken) != _watch(night, passages, weaken)) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_report_only_what_was_seen, True)])
def test_gaps_of_sequences(weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Count the reports and their numbers alone: is an hour without vehicles left out?"""
    with_it, without = (_watch(QUIET, passages, weaken).reports for passages in (ONCE, ()))
    assert ([one.sequence for one in with_it] != [one.sequence for one in without]) is succeeds


def _few(dice: random.Random) -> list[tuple[int, Vehicle]]:
    """Draw who passes, and in which minutes; those of an unreadable plate pass once, for they are not told apart."""
    fleet = [Vehicle(number, dice.choice(CLASSES)) for number in range(dice.randint(1, K - 1))]
    passages = list[tuple[int, Vehicle]]()
    for vehicle in fleet:
        number = None if dice.random() < 0.2 else vehicle.number
        for _ in range(dice.choice((1, 1, 2, 20)) if number is not None else 1):
            direction = dice.choice(tuple(Direction))
            passages.append((dice.randrange(36), Vehicle(number, vehicle.seen, direction)))
    return passages


@examples(100)
@given(dices, st.builds(Night, st.booleans(), st.booleans(), st.just(value=False), st.integers(0, len(TABLES) - 1)))
def test_a_night_with_few_vehicles_is_as_an_empty_one(dice: random.Random, night: Night) -> None:
    """Fewer than k in all, each as often as it likes, in any direction and class; some plates can't be read."""
    passages = _few(dice)
    assert _watch(night, passages, _sound) == _empty(night)
