"""How long set-up mode may be on: at a time, and on a day, whoever starts it how often."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.categories import Objection
from edge.gate.audit import store
from edge.gate.audit.events import SetupMode
from edge.gate.set_up import GRACE_SECONDS, MOST_BEGUN, SetUpTime
from edge.policy import Policy
from edge.policy_fields import SetUp
from edge.windows import end_of_day, local_day
from tests.counts import policy
from tests.gate.audit.logs import DAY, NOON, Clock, open_log

MINUTES = 5


class Gate:
    """What a gate knows of set-up mode, with its audit log in ``folder``."""

    def __init__(self, folder: Path, minutes: int = MINUTES, clock: Clock | None = None) -> None:
        self.folder, self.minutes, self.clock = folder, minutes, clock or Clock()
        self.audit = open_log(folder / "audit", self.clock)
        self.time = SetUpTime(self.policy, self.audit, lambda: self.clock.now, lambda: self.clock.monotonic)
        self.time.end()  # As the journal does at its start.

    @property
    def policy(self) -> Policy:
        """Its policy."""
        found = policy(self.folder)
        return msgspec.structs.replace(found, file=msgspec.structs.replace(found.file, set_up=SetUp(self.minutes)))

    def wait(self, seconds: float) -> None:
        """Let time pass, by both clocks."""
        self.clock.now += seconds
        self.clock.monotonic += seconds

    def session(self, seconds: int) -> Objection | None:
        """Aim for so long, or until the gate ends it, and return why not, if so."""
        objection = self.time.begin()
        if objection is None:
            self.look(seconds)
        self.time.end()
        return objection

    def look(self, seconds: int) -> int:
        """Let time pass; return for how many seconds of it set-up mode was on."""
        shown = 0
        for _ in range(seconds):
            shown += self.audit.history.set_up is not None
            self.wait(1)
            if self.time.overdue():
                self.time.end()
        return shown

    def again(self) -> "Gate":
        """Pull the plug; the next gate knows what the log holds."""
        self.audit.close()
        return Gate(self.folder, self.minutes, self.clock)

    def seconds(self) -> int:
        """Add up for how long set-up mode was on, by the log."""
        total, since = 0, 0
        for entry in store.load(self.folder / "audit").entries():
            assert isinstance(entry.what, SetupMode)
            total += 0 if entry.what.on else entry.time - since
            since = entry.time
        return total


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate whose policy allows five minutes."""
    made = Gate(tmp_path)
    yield made
    made.audit.close()


def test_a_session_is_overdue_after_the_minutes_of_the_policy(gate: Gate) -> None:
    """And some seconds, in which it ends by itself; saying again that it is on wins nothing."""
    assert gate.time.begin() is None
    gate.wait(60 * MINUTES + GRACE_SECONDS)
    assert (gate.time.begin(), gate.time.overdue()) == (None, False)
    gate.wait(1)
    assert gate.time.overdue()
    gate.time.end()
    assert not gate.time.overdue()


def test_a_clock_that_is_set_back_wins_no_time(gate: Gate) -> None:
    """The session ends by the clock that nobody sets, and counts as a whole one."""
    for _ in range(4):
        gate.time.begin()
        gate.clock.now -= 10
        gate.clock.monotonic += 60 * MINUTES + GRACE_SECONDS + 1
        assert gate.time.overdue()
        gate.time.end()
    assert gate.time.begin() is Objection.USED_UP


def test_a_day_has_four_whole_sessions(gate: Gate) -> None:
    """Or more that are shorter; the next day has as many."""
    assert [gate.session(900) for _ in range(5)] == [None] * 4 + [Objection.USED_UP]
    gate.clock.now = end_of_day(local_day(NOON))
    assert [gate.session(60) for _ in range(3)] == [None] * 3


@pytest.mark.parametrize(("minutes", "whole"), [(1, 4), (30, 4), (31, 3), (60, 2), (120, 1)])
def test_no_policy_allows_more_than_two_hours_a_day(tmp_path: Path, minutes: int, whole: int) -> None:
    """The last session is a shorter one where a whole one does not fit."""
    gate = Gate(tmp_path, minutes)
    while gate.session(8_000) is None:
        gate.time.turn()
    expected = min(60 * 4 * minutes, 7_200)
    assert expected <= gate.seconds() <= expected + (whole + 1) * (GRACE_SECONDS + 1)
    gate.audit.close()


def test_a_gate_that_is_restarted_has_not_forgotten(tmp_path: Path) -> None:
    """In good order or not: the log holds what a day has had."""
    gate = Gate(tmp_path)
    for _ in range(4):
        assert gate.time.begin() is None
        gate.look(900)
        gate = gate.again()
    assert gate.session(900) is Objection.USED_UP
    gate.audit.close()


def test_a_power_cut_in_a_session_costs_one(tmp_path: Path) -> None:
    """However long it lasts: who comes back the same day may go on."""
    gate = Gate(tmp_path)
    gate.time.begin()
    gate.wait(8 * 3_600)
    gate = gate.again()
    assert [gate.session(900) for _ in range(4)] == [None] * 3 + [Objection.USED_UP]
    gate.audit.close()


def test_it_is_begun_twenty_times_an_hour(gate: Gate) -> None:
    """A loop that starts it and is killed fills no disk."""
    answers = [gate.session(1) for _ in range(MOST_BEGUN + 1)]
    assert answers == [None] * MOST_BEGUN + [Objection.TOO_OFTEN]
    gate.time.turn()
    assert gate.session(1) is None


def test_a_policy_without_minutes_allows_none(tmp_path: Path) -> None:
    """Nothing is written down."""
    gate = Gate(tmp_path, 0)
    assert gate.session(1) is Objection.NOT_ALLOWED
    assert store.load(tmp_path / "audit").size == 0
    gate.audit.close()


def test_after_the_last_day_of_the_policy_there_is_none(gate: Gate) -> None:
    """Before the first one there is: a camera is aimed before it counts."""
    where = gate.policy.file.where
    gate.clock.now = end_of_day(where.valid_from) - 2 * DAY
    assert gate.session(1) is None
    gate.clock.now = end_of_day(where.valid_until) - 1
    assert gate.session(1) is None
    gate.clock.now = end_of_day(where.valid_until)
    assert gate.session(1) is Objection.NOT_ALLOWED


ACTS = ("begin", "end", "kill", "look", "look", "set back", "next hour")


@settings(max_examples=60)
@given(st.lists(st.sampled_from(ACTS), max_size=60))
def test_no_day_has_more_than_its_time(acts: list[str]) -> None:
    """Whoever begins and ends it, kills the gate, or sets the clock: a grace for each session is all that it wins."""
    with tempfile.TemporaryDirectory() as folder:
        gate, begun, shown = Gate(Path(folder)), 0, 0
        for act in acts:
            match act:
                case "begin":
                    begun += gate.time.begin() is None
                case "end":
                    gate.time.end()
                case "kill":
                    gate = gate.again()
                case "set back":
                    gate.clock.now -= 60
                case "next hour":
                    gate.time.turn()
                case _:
                    shown += gate.look(100)
        assert shown <= 60 * 4 * MINUTES + begun * (GRACE_SECONDS + 1)
        gate.audit.close()
