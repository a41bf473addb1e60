"""The privacy budget: charged before anything is drawn, never exceeded, not won back by a restart or a clock."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.categories import Ack, CameraState, Clock, Direction, Unreadable, VisionAct
from edge.gate import modes
from edge.gate.audit.events import ActOfVision, BudgetCharged, BudgetRefused, Refusal, ReportReleased
from edge.gate.budget import Bin, Budget
from edge.policy import Policy
from edge.uplink.contract import DifferentialPrivacy, Health, HealthData, Stream
from edge.uplink.outbox import Outbox, OutboxError, OutboxReader
from edge.windows import Window, day_number, day_window, local_day, window_of
from tests.counts import DELIVERING, HOUR, cell, counts, policy, unreadable, van
from tests.gate.desks import MemoryLog, desk, outbox, released
from tests.policies import rung, table

Rules = Mapping[str, Any]
DAY = local_day(HOUR.start)
ENDED = msgspec.structs.replace(DELIVERING, camera=CameraState.ENDED, clock=Clock.FILE)
RULE: Rules = {"measure": "unique_vehicles", "dp": "budget = 1.0"}
TWICE: Rules = {"measure": "unique_vehicles", "dp": "budget = 1.0\nstarts = 2"}
VANS = [table(rung("direction", "vehicle_type", types=["van"]), rung("direction", period="day"))]


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise is nothing."""
    monkeypatch.setattr(modes, "laplace", lambda _: 0)


def _noted(store: Outbox, log: MemoryLog) -> MemoryLog:
    """Write down what is in the outbox, as an audited one does."""
    for stream in (Stream.HOUR, Stream.DAY):
        last = log.history.released.get(stream)
        for sequence, end in store.windows_after(stream, last.sequence if last else 0):
            log.note(ReportReleased(stream, sequence, end))
    return log


def _again(log: MemoryLog) -> MemoryLog:
    """Read a log as the next gate does: from what it holds."""
    read = MemoryLog()
    for event in log.events:
        read.note(event)
    return read


def _budget(log: MemoryLog) -> list[tuple[str, int, int] | tuple[str, Refusal]]:
    """Return what the log says of noise: of which bin, what it cost and what is left; or why it was refused."""
    found: list[tuple[str, int, int] | tuple[str, Refusal]] = []
    for event in log.events:
        if isinstance(event, BudgetCharged):
            found.append((str(event.stream), event.charged, event.left))
        elif isinstance(event, BudgetRefused):
            found.append((str(event.stream), event.why))
    return found


def _numbers(folder: Path) -> list[list[int]]:
    return [[one.n for one in report.data.cells] for report in released(folder)]


@pytest.mark.usefixtures("quiet")
def test_a_day_costs_its_budget_once(tmp_path: Path) -> None:
    """With its first hour, for all rungs; further hours and the day cost nothing: a vehicle is fresh once a day."""
    store, log = outbox(tmp_path), MemoryLog()
    gate = desk(tmp_path, store, log=log, tables=VANS, **RULE)
    for window in (HOUR, HOUR.next):
        assert gate.take(counts(cell(van(), 60), window=window)) == Ack(accepted=True)
    gate.take(ENDED)
    assert _budget(log) == [("hour", 1_000, 0), ("hour", 0, 0), ("day", 0, 0)]
    assert _numbers(tmp_path) == [[60], [60], []]
    store.close()


def test_reports_state_epsilon_and_unit(tmp_path: Path) -> None:
    """Two ways of two rungs each at a budget of 1 make a scale of 4; the threshold lies four scales above k."""
    store = outbox(tmp_path)
    desk(tmp_path, store, tables=VANS, **RULE).take(counts())
    desk(tmp_path, store, tables=VANS, **RULE).take(ENDED)
    hour, day = released(tmp_path)
    told = DifferentialPrivacy(epsilon=1.0, unit="vehicle_camera_day", scale=4.0, threshold=26)
    assert hour.data.release.noise == day.data.release.noise == told
    assert json.loads(msgspec.json.encode(hour))["data"]["release"]["noise"]["mode"] == "dp"
    store.close()


def test_real_noise_moves_numbers_both_ways(tmp_path: Path) -> None:
    """Each hour anew; two hundred vans are never below the threshold of 26."""
    store, window = outbox(tmp_path), HOUR
    gate = desk(tmp_path, store, tables=VANS, **RULE)
    for _ in range(30):
        gate.take(counts(cell(van(), 200), window=window))
        window = window.next
    numbers = [one.n for report in released(tmp_path) for one in report.data.cells if one.direction == "in"]
    assert min(numbers) < 200 < max(numbers)
    assert len(set(numbers)) > 5
    store.close()


def test_an_empty_hour_writes_as_much_as_a_full_one(tmp_path: Path) -> None:
    """What is charged depends on keys, never on traffic."""
    logs = []
    for name, cells in (("empty", []), ("full", [cell(van(), 900)])):
        (tmp_path / name).mkdir()
        store, log = outbox(tmp_path / name), MemoryLog()
        desk(tmp_path / name, store, log=log, tables=VANS, **RULE).take(counts(*cells))
        logs.append(log.events)
        store.close()
    assert logs[0] == logs[1]
    assert len(logs[0]) == 1


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("rules", "paid", "hours"), [(RULE, [1_000], [[60], [], []]), (TWICE, [500, 500], [[60], [110], []])]
)
def test_a_restart_of_vision_is_paid_for_or_nothing_more_leaves(
    tmp_path: Path, rules: Rules, paid: list[int], hours: list[list[int]]
) -> None:
    """After it nobody is known again: each vehicle may be fresh once more. The day has what was paid for."""
    store, log, window = outbox(tmp_path), MemoryLog(), HOUR
    gate = desk(tmp_path, store, log=log, tables=VANS, **rules)
    for part in range(3):
        gate.take(counts(cell(van(), 60 + 50 * part), cell(van(Direction.OUT), 22), window=window, part=part))
        window = window.next
    gate.take(ENDED)
    assert [event.charged for event in log.events if isinstance(event, BudgetCharged) and event.charged] == paid
    assert _budget(log)[-2:] == [("hour", Refusal.USED_UP), ("day", 0, 0)]
    assert _numbers(tmp_path)[:3] == hours
    assert _numbers(tmp_path)[3:] == [[44] if len(paid) > 1 else []]
    store.close()


def test_a_power_cut_that_resets_the_numbers_of_keys_is_noticed(tmp_path: Path) -> None:
    """The next key is number 0 again; but vision says that it made one."""
    store, log, window = outbox(tmp_path), MemoryLog(), HOUR
    for _ in range(2):
        log.note(ActOfVision(VisionAct.TAG_KEY_MADE, day_number(DAY)))
        desk(tmp_path, store, log=log, tables=VANS, **RULE).take(counts(window=window))
        log, window = _again(log), window.next
    assert _budget(log) == [("hour", 1_000, 0), ("hour", Refusal.USED_UP)]
    store.close()


class _Full(Outbox):
    """An outbox whose disk is full for a while."""

    full = False

    def append(self, *arguments: Any) -> bool:
        """Store, or fail."""
        if self.full:
            raise OutboxError("outbox.db: disk full")
        return super().append(*arguments)


def test_what_could_not_be_stored_is_stored_with_the_same_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is charged once: of the same vehicles nothing is drawn twice."""
    noise = iter([10, 20])  # One for each direction; there is no more.
    monkeypatch.setattr(modes, "laplace", lambda _: next(noise))
    store, log = _Full(tmp_path / "outbox.db", 1_000_000), MemoryLog()
    gate = desk(tmp_path, store, log=log, tables=VANS, **RULE)
    store.full = True
    for _ in range(3):
        with pytest.raises(OutboxError):
            gate.take(counts(cell(van(), 60)))
    store.full = False
    gate.take(counts(cell(van(), 60)))
    assert _budget(log) == [("hour", 1_000, 0)]
    assert _numbers(tmp_path) == [[70]]
    store.close()


def test_without_a_written_charge_nothing_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit log must have it on the disk first; vision repeats, and it is charged once."""
    drawn = list[Fraction]()

    def draw(scale: Fraction) -> int:
        drawn.append(scale)
        return 0

    monkeypatch.setattr(modes, "laplace", draw)
    store, log = outbox(tmp_path), MemoryLog()
    gate = desk(tmp_path, store, log=log, tables=VANS, **RULE)
    log.full = True
    for _ in range(3):
        with pytest.raises(OutboxError, match="the audit log can't be written"):
            gate.take(counts(cell(van(), 60)))
    assert not drawn
    log.full = False
    gate.take(counts(cell(van(), 60)))
    assert _budget(log) == [("hour", 1_000, 0)]
    assert _numbers(tmp_path) == [[60]]
    store.close()


@pytest.mark.parametrize(("first", "second"), [({}, RULE), (RULE, {}), (RULE, {**RULE, "k": 11})])
def test_a_day_has_one_policy_where_one_states_an_epsilon(tmp_path: Path, first: Rules, second: Rules) -> None:
    """It would not hold for a day of which a part was released by other rules: the rest is withheld."""
    store, log = outbox(tmp_path), MemoryLog()
    desk(tmp_path, store, log=log, **first).take(counts(cell(van(), 500)))
    gate = desk(tmp_path, store, log=_noted(store, log), **second)
    gate.take(counts(cell(van(), 500), window=HOUR.next))
    gate.take(ENDED)
    assert _budget(_noted(store, log))[-2:] == [("hour", Refusal.MIXED), ("day", Refusal.MIXED)]
    assert _numbers(tmp_path)[1:] == [[], []]
    tomorrow = window_of(day_window(DAY).end)
    gate.take(counts(cell(van(), 500), window=tomorrow))
    assert _numbers(tmp_path)[-1]
    store.close()


def test_health_says_nothing_of_unreadable_plates(tmp_path: Path) -> None:
    """They are in no report, so a dirty lens does not show there."""
    now = [float(HOUR.end)]
    store = outbox(tmp_path)
    gate = desk(tmp_path, store, lambda: now[0], **RULE)
    gate.take(DELIVERING)
    gate.take(counts(cell(unreadable(), 500)))
    now[0] += 15
    gate.tick()
    assert _health(tmp_path).unreadable is Unreadable.UNKNOWN
    store.close()


def _health(folder: Path) -> HealthData:
    reader = OutboxReader(folder / "outbox.db")
    latest = reader.health()
    reader.close()
    assert latest is not None
    return msgspec.json.decode(latest[1].payload, type=Health).data


class Camera:
    """A day's bins, keys and gates, with what really happened beside what the log says."""

    def __init__(self, rules: Policy) -> None:
        self.rules, self.log = rules, MemoryLog()
        self.window = HOUR
        self.key = self.number = -1
        self.allowed = defaultdict[date, set[int]](set)
        self.released = list[Window]()
        self.restart_gate()
        self.restart_vision()

    def restart_gate(self) -> None:
        """It knows what the log holds, and nothing else."""
        self.log = _again(self.log)
        self.budget = Budget(self.rules, self.log)

    def restart_vision(self) -> None:
        """It makes a key, under the next number, and says so."""
        self.key, self.number = self.key + 1, self.number + 1
        self.log.note(ActOfVision(VisionAct.TAG_KEY_MADE, day_number(local_day(self.window.start))))

    def cut_power(self) -> None:
        """Both start anew; the numbers of keys begin at 0."""
        self.number = -1
        self.restart_gate()
        self.restart_vision()

    def hour(self) -> None:
        """Release the hour."""
        bin_ = self._ask()
        self.budget.close(bin_)
        self._next(self.window.next)

    def crash(self) -> None:
        """Die between the charge and the report; vision repeats the hour."""
        self._ask()
        self.restart_gate()
        self.hour()

    def full_disk(self) -> None:
        """Fail, and be asked again."""
        self.log.full = True
        with pytest.raises(OutboxError):
            self._ask()
        self.log.full = False
        self.hour()

    def jump(self) -> None:
        """Let the clock go on a day; where it is set back no window opens, for later ones are closed."""
        self._next(window_of(self.window.start + 86_400))

    def _ask(self) -> Bin:
        bin_ = Bin(Stream.HOUR, self.window, self.number + 1, stump=False)
        if self.budget.allows(bin_):
            self.released.append(self.window)
            self.allowed[bin_.day].add(self.key)
        return bin_

    def _next(self, window: Window) -> None:
        before, self.window = self.window, window
        if local_day(before.start) != local_day(window.start):  # A new day has a new key.
            self.number = -1
            self.restart_vision()


ACTS = ("restart_gate", "restart_vision", "cut_power", "hour", "hour", "crash", "full_disk", "jump")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTS), max_size=60), st.sampled_from([(1.0, 1), (0.7, 3), (10.0, 10)]))
def test_no_day_costs_more_than_its_budget(tmp_path: Path, acts: list[str], terms: tuple[float, int]) -> None:
    """Whatever restarts, crashes or is full: each key under which something left is paid, each bin leaves once."""
    budget, starts = terms
    camera = Camera(policy(tmp_path, measure="unique_vehicles", dp=f"budget = {budget}\nstarts = {starts}"))
    for act in acts:
        getattr(camera, act)()
    privacy = camera.rules.file.release.dp
    assert privacy is not None
    for day, keys in camera.allowed.items():
        charged = camera.log.history.days[day].charged
        assert len(keys) * privacy.charge <= charged <= privacy.thousandths
    assert len(camera.released) == len(set(camera.released))


def test_a_budget_is_divided_down(tmp_path: Path) -> None:
    """A third of 0.7 is 0.233: three of them are no more than the whole."""
    privacy = policy(tmp_path, measure="unique_vehicles", dp="budget = 0.7\nstarts = 3").file.release.dp
    assert privacy is not None
    assert (privacy.thousandths, privacy.charge) == (700, 233)


def test_a_bin_that_nobody_asks_for_again_is_forgotten(tmp_path: Path) -> None:
    """Vision ended before it was stored: with the next one it goes from memory."""
    rules = policy(tmp_path, tables=VANS, **RULE)
    mode = modes.mode_of(rules, MemoryLog())
    bins = [Bin(Stream.HOUR, window, 1, stump=False) for window in (HOUR, HOUR.next)]
    for one in bins:
        mode.release(one, [], rules.file.release.tables[0])
    mode.close(bins[1])
    assert isinstance(mode, modes.Private)
    assert (mode._drawn, mode._budget._answers) == ({}, {})
