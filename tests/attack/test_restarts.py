"""Whoever pulls plugs and sets the clock: no bin twice, no overlap, and never a cell of fewer than k vehicles.

The clock is that of the machine; vision and gate are killed and started by their real parts.
"""

import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import Direction
from edge.counting.spool import Spool
from edge.errors import ConfigError
from edge.gate.audit.journal import Journal
from edge.gate.ledger import Ledger
from edge.uplink.contract import CountReport
from edge.uplink.outbox import Outbox
from edge.windows import Window, day_window
from tests.attack.camera import TABLES, Camera, Clock, Vehicle, reports_of, rules
from tests.conftest import IN_MEMORY
from tests.examples import dices, examples
from tests.gate.streets import CLASSES, VAN

K = 10
HOUR, DAY = 3_600, 86_400
# How far frames are apart, and in the many random games.
STEP, COARSE = 600, 1_200
MIDNIGHT = day_window(date(2026, 11, 23)).start
NOON, EVENING = MIDNIGHT + 12 * HOUR, MIDNIGHT + 22 * HOUR
# Half an hour before the days that have 23 hours, and 25.
SPRING, AUTUMN = (day_window(date(2026, *day)).start - 1_800 for day in ((3, 29), (10, 25)))
VANS = next(one for one in CLASSES if one.vehicle_type is VAN)
VICTIM = Vehicle(0, VANS)
CROWD = [Vehicle(number, VANS) for number in range(1, K + 1)]
Weaken = Callable[[pytest.MonkeyPatch], None]
Game = Callable[[Camera], None]


def _play(game: Game, weaken: Weaken, start: float = NOON, tables: int = 0, step: int = STEP) -> list[CountReport]:
    """Let somebody play with a camera; return its reports."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as name, pytest.MonkeyPatch.context() as patch, capture_logs():
        weaken(patch)
        camera = Camera(Path(name), rules(tables, gap=0), Clock(start), patch, step)
        game(camera)
        camera.end()
        return reports_of(camera)


def _sound(_: pytest.MonkeyPatch) -> None:
    """Change nothing."""


def _bins_open_again(patch: pytest.MonkeyPatch) -> None:
    """Forget which bins are closed, in ledger, outbox and audit log."""
    patch.setattr(Outbox, "highest_window", lambda *_: None)
    last = Outbox._last
    patch.setattr(Outbox, "_last", lambda self, stream: (last(self, stream)[0], None))
    patch.setattr(Journal, "_check_outbox", lambda _: None)


def _keys_numbered_anew(patch: pytest.MonkeyPatch) -> None:
    """Forget which tag keys there were before a restart."""
    patch.setattr(Spool, "next_key", lambda *_: 0)


def _keys_of_two_days(patch: pytest.MonkeyPatch) -> None:
    """Remember the numbers of the two latest days only, as this project once did."""
    given = dict[date, int]()

    def next_key(_: Spool, day: date) -> int:
        number = given.get(day, -1) + 1
        newest = sorted({**given, day: number}.items())[-2:]
        given.clear()
        given.update(newest)
        return number

    patch.setattr(Spool, "next_key", next_key)


def _keys_added(patch: pytest.MonkeyPatch) -> None:
    """Add up what different tag keys saw."""
    patch.setattr("edge.gate.release.different", lambda seen: sum(one.cell.vehicles for one in seen))


def _stumps_released(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ledger, "_is_stump", lambda *_: False)


def _days_of_24_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("edge.gate.ledger.day_window", lambda day: Window(day_window(day).start, day_window(day).start + DAY))


def _again(camera: Camera, hours: int) -> None:
    """Wait until the crowd's bins are out, set the clock back, let the victim pass too, and take the difference."""
    camera.wait(STEP)
    camera.drive(*CROWD)
    camera.wait(hours * HOUR)
    camera.clock.jump(-hours * HOUR)
    camera.restart_vision()
    camera.drive(*CROWD, VICTIM)
    camera.wait(HOUR + STEP)


def _day_put_back(camera: Camera) -> None:
    """Keep what hours have left for the day, and put it back into memory once the day is out."""
    camera.drive(*CROWD)
    camera.wait(11 * HOUR)
    kept = {file: file.read_bytes() for file in (camera.folder / "day").iterdir()}
    camera.wait(2 * HOUR)
    for file, content in kept.items():
        file.write_bytes(content)
    camera.restart_gate()
    camera.wait(HOUR)


def _victim_each_hour(camera: Camera) -> None:
    """Kill vision each hour, so that each key sees the one van once."""
    for _ in range(11):
        camera.restart_vision(kindly=True)
        camera.wait(2 * STEP)
        camera.drive(VICTIM)
        camera.wait(HOUR - 2 * STEP)
    camera.wait(2 * HOUR)


def _victim_each_hour_after_a_trip(camera: Camera) -> None:
    """The same, after the clock has been two days ahead, and one."""
    for days in (2, -1):
        camera.clock.now += days * DAY
        camera.restart_vision(kindly=True)
        camera.wait(STEP)
    camera.clock.now -= DAY
    camera.restart_vision(kindly=True)
    _victim_each_hour(camera)


def _crowd_of_ten_minutes(camera: Camera) -> None:
    """Let the camera see ten minutes of an hour only, in which you know who passes."""
    camera.drive(*CROWD)
    camera.wait(STEP)
    camera.clock.wait(HOUR - STEP)
    camera.wait(HOUR)


def _bins(reports: Sequence[CountReport]) -> list[list[tuple[str, str]]]:
    """Return from when to when the reports of each stream and table tell."""
    found = defaultdict[tuple[str, str], list[tuple[str, str]]](list)
    for one in reports:
        found[_stream(one), one.data.table].append((one.data.window.start, one.data.window.end))
    return list(found.values())


def _stream(report: CountReport) -> str:
    return report.id.split(":")[1]


def _overlaps(reports: Sequence[CountReport]) -> bool:
    """Tell whether two bins of one length have a moment in common."""
    return any(first[1] > second[0] for bins in _bins(reports) for first, second in pairwise(sorted(bins)))


def _released(reports: Sequence[CountReport]) -> bool:
    return any(one.data.cells for one in reports)


@pytest.mark.parametrize(
    ("hours", "weaken", "succeeds"),
    [(1, _sound, False), (25, _sound, False), (1, _bins_open_again, True), (25, _bins_open_again, True)],
)
def test_a_clock_set_back(hours: int, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """The hour before, or the day: neither comes again to be subtracted from itself."""
    reports = _play(partial(_again, hours=hours), weaken)
    assert _released(reports)
    assert _overlaps(reports) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_bins_open_again, True)])
def test_a_day_put_back(weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """What it holds is out, and does not go out again."""
    assert _overlaps(_play(_day_put_back, weaken)) is succeeds


@pytest.mark.parametrize(
    ("start", "weaken", "succeeds"),
    [(SPRING, _sound, False), (AUTUMN, _sound, False), (SPRING, _days_of_24_hours, True)],
)
def test_the_days_on_which_clocks_change(start: int, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Days of 23 and of 25 hours: neither shares an hour with the next, and no hour is told twice."""
    reports = _play(lambda camera: camera.wait(27 * HOUR), weaken, start)
    assert len([one for one in reports if _stream(one) == "day"]) == 3
    assert _overlaps(reports) is succeeds


@pytest.mark.parametrize(
    ("game", "weaken", "succeeds"),
    [
        (_victim_each_hour, _sound, False),
        (_victim_each_hour_after_a_trip, _sound, False),
        (_victim_each_hour, _keys_numbered_anew, True),
        (_victim_each_hour, _keys_added, True),
        (_victim_each_hour_after_a_trip, _keys_of_two_days, True),
    ],
)
def test_one_van_under_many_keys(game: Game, weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Each restart makes another key, under which the van is another vehicle: no number of them lifts k."""
    assert _released(_play(game, weaken)) is succeeds


@pytest.mark.parametrize(("weaken", "succeeds"), [(_sound, False), (_stumps_released, True)])
def test_a_stump_of_an_hour(weaken: Weaken, succeeds: bool) -> None:  # noqa: FBT001
    """Ten minutes are no bin: nothing of less than the policy's minimum is released."""
    hours = [one for one in _play(_crowd_of_ten_minutes, weaken) if _stream(one) == "hour"]
    assert _released(hours) is succeeds


def _at_random(dice: random.Random) -> Game:
    """Make up a game: some moves, again and again, as attackers do. All plates can be read.

    In the street drive k-1 vehicles out, and a crowd in.
    """
    few = [Vehicle(number, dice.choice(CLASSES), Direction.OUT) for number in range(K - 1)]
    crowd = [Vehicle(100 + number, dice.choice(CLASSES[:4])) for number in range(3 * K)]

    def game(camera: Camera) -> None:
        with suppress(ConfigError):  # The clock may be set beyond the policy's term, which ends vision.
            for _ in range(dice.randint(1, 3)):
                moves = [_move(dice, camera, few, crowd) for _ in range(dice.randint(1, 4))]
                for move in moves * dice.choice((1, 2, 12)):
                    move()
            camera.wait(2 * HOUR)

    return game


def _move(
    dice: random.Random, camera: Camera, few: Sequence[Vehicle], crowd: Sequence[Vehicle]
) -> Callable[[], object]:
    """Draw what somebody may do to a camera."""
    some = dice.choice((few[:1], few, [*few[:1], *crowd]))
    seconds, jump = dice.choice((COARSE, HOUR, HOUR, HOUR)), dice.choice((HOUR, DAY, 2 * DAY)) * dice.choice((1, -1))
    moves: list[Callable[[], object]] = [
        partial(camera.drive, *some),
        partial(camera.wait, seconds),
        partial(camera.clock.jump, jump),
        partial(camera.restart_vision, kindly=dice.random() < 0.5),
        camera.restart_gate,
    ]
    return dice.choices(moves, (3, 3, 1, 2, 1))[0]


starts = st.sampled_from([MIDNIGHT, EVENING, SPRING, AUTUMN])


@examples(100)
@given(dices, starts, st.integers(0, len(TABLES) - 1))
def test_whatever_is_done_to_a_camera(dice: random.Random, start: int, tables: int) -> None:
    """Each bin is released once, in its order, under a number without a gap; and k-1 vehicles stay hidden for ever."""
    reports = _play(_at_random(dice), _sound, start, tables, COARSE)
    assert not _overlaps(reports)
    assert all(bins == sorted(bins) for bins in _bins(reports))
    for stream in ("hour", "day"):
        numbers = [int(one.sequence) for one in reports if _stream(one) == stream]
        assert numbers == list(range(1, len(numbers) + 1))
    assert not [cell for one in reports for cell in one.data.cells if cell.direction is Direction.OUT]
