"""Messages of one made-up camera: made-up traffic, the gate's own release and signatures.

Everything is made up: the rates are those of `benchmarks.traffic_mix`, and some cameras have a trouble each, so that
there is something to see.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from nacl.signing import SigningKey

from benchmarks.traffic_mix import Street
from edge import __version__, policy
from edge.categories import CameraState, Clock, RegisterAge, Sandbox, Share, Unreadable
from edge.gate.release import Rule, release
from edge.gate.reports import Reports, Seen
from edge.gate.sights import Sight
from edge.gate.signing import Signer
from edge.policy import Policy
from edge.release_rules import Measure, Period
from edge.uplink import contract
from edge.uplink.contract import Address, Status, Stream, Term
from edge.uplink.outbox import Entry
from edge.windows import Window, day_window, local_day
from hil.demo.site import policy_text

DIGEST = f"sha256:{'0' * 64}"
MODELS = f"sha256:{'5e' * 32}"
OLDER_MODELS = f"sha256:{'3a' * 32}"
# On Saturdays and Sundays a camera has the traffic of one so many places further down.
WEEKEND = 4
CLOSED_SECONDS = 10
FAR = 4_102_444_800


class Trouble(StrEnum):
    """What is the matter with a camera."""

    NONE = "none"
    LOST = "lost"  # three hourly reports of yesterday did not come
    OFFLINE = "offline"  # for three hours
    DIRTY = "dirty"  # its lens, and it saw only part of some hours
    OLDER = "older"  # its software and models


class Plan(msgspec.Struct, frozen=True):
    """A camera, how much traffic it has (0 the most), its key and its trouble."""

    address: Address
    place: int
    key: SigningKey
    trouble: Trouble = Trouble.NONE


def example_policy() -> Policy:
    """Return the example's policy, for a zone with rules."""
    text = policy_text(zone_rules=f'"{DIGEST}"').replace('"emission_class"', '"emission_class", "admitted"')
    with TemporaryDirectory() as folder:
        file = Path(folder) / "policy.toml"
        file.write_text(text)
        return policy.read(file)


def entries(plan: Plan, terms: Policy, end: datetime, days: int) -> Iterator[Entry]:
    """Give what the camera would have published in the ``days`` up to ``end``, in its order; the presence is last."""
    if plan.trouble is Trouble.OFFLINE:
        end -= timedelta(hours=3)
    yield from _Camera(plan, terms, end.timestamp()).week(days)
    yield _checkpoint(plan, end)
    yield _health(plan, end)
    yield _state(plan, terms, end)


class _Camera:
    """Counts the reports of one camera."""

    def __init__(self, plan: Plan, terms: Policy, end: float) -> None:
        self._plan, self._terms, self._end, self._now = plan, terms, end, end
        self._reports = Reports(terms, plan.address, Signer(plan.key), lambda: self._now)
        self._streets = {weekend: Street(plan.place + weekend, seed=7) for weekend in (0, WEEKEND)}
        self._sequences = {Stream.HOUR: 0, Stream.DAY: 0}

    def week(self, days: int) -> Iterator[Entry]:
        today = local_day(self._end)
        for back in range(days - 1, -1, -1):
            yield from self._day(today - timedelta(days=back))

    def _day(self, day: date) -> Iterator[Entry]:
        """Give the reports of a day as far as it is over; the table is the policy's first."""
        table, rule = self._terms.file.release.tables[0], Rule(self._terms.file.release.k, Measure.PASSAGES)
        bins, left = [], list[Sight]()
        for hour, sights in enumerate(self._sights(day)):
            window = _hour(day, hour)
            if window.end + CLOSED_SECONDS > self._end:
                return
            outcome = release(sights, table, Period.HOUR, rule)
            bins.append(outcome.published)
            left += outcome.left
            yield from self._report(Stream.HOUR, window, outcome.cells)
        outcome = release(left, table, Period.DAY, rule, bins)
        yield from self._report(Stream.DAY, day_window(day), outcome.cells)

    def _sights(self, day: date) -> list[list[Sight]]:
        return self._streets[WEEKEND if day.isoweekday() > 5 else 0].day()

    def _report(self, stream: Stream, window: Window, cells: tuple[contract.Cell, ...]) -> Iterator[Entry]:
        self._sequences[stream] += 1
        self._now = window.end + CLOSED_SECONDS
        seen = Seen(window, 70, whole=False) if self._is_partial(stream, window) else Seen(window, 100, whole=True)
        if not self._is_lost(stream, window):
            yield self._reports.counts(stream, seen, self._terms.file.release.tables[0], cells)(self._sequences[stream])

    def _is_lost(self, stream: Stream, window: Window) -> bool:
        yesterday = local_day(window.start) == local_day(self._end) - timedelta(days=1)
        hour = datetime.fromtimestamp(window.start, UTC).hour
        return self._plan.trouble is Trouble.LOST and stream is Stream.HOUR and yesterday and hour in {12, 13, 14}

    def _is_partial(self, stream: Stream, window: Window) -> bool:
        hour = datetime.fromtimestamp(window.start, UTC).hour
        return self._plan.trouble is Trouble.DIRTY and stream is Stream.HOUR and hour in {7, 8}


def _hour(day: date, hour: int) -> Window:
    start = day_window(day).start + hour * 3600
    return Window(start, start + 3600)


def _state(plan: Plan, terms: Policy, end: datetime) -> Entry:
    older = plan.trouble is Trouble.OLDER
    status = Status.OFFLINE if plan.trouble is Trouble.OFFLINE else Status.ONLINE
    data = contract.StateData(
        status,
        "0.0.9" if older else __version__,
        terms.digest,
        OLDER_MODELS if older else MODELS,
        Sandbox.PARTIAL if older else Sandbox.FULL,
    )
    message = contract.State(
        id=f"{plan.address.camera}:state-{status}:{int(end.timestamp())}",
        source=plan.address.source,
        time=contract.timestamp(end.timestamp()),
        data=data,
    )
    return _signed(plan, plan.address.state, contract.encode(message))


def _health(plan: Plan, end: datetime) -> Entry:
    dirty = plan.trouble is Trouble.DIRTY
    data = contract.HealthData(
        camera=CameraState.DELIVERING,
        clock=Clock.SYNCHRONISED,
        frames_dropped=Share.NONE,
        frames_corrupt=Share.NONE,
        reopened=3 if dirty else 0,
        outbox_waiting="none",
        outbox_dropped=0,
        register_age=RegisterAge.BELOW_8_DAYS,
        unreadable=Unreadable.MANY if dirty else Unreadable.FEW,
        policy=Term.IN_FORCE,
    )
    message = contract.Health(
        id=f"{plan.address.camera}:health:{int(end.timestamp())}",
        source=plan.address.source,
        time=contract.timestamp(end.timestamp()),
        data=data,
    )
    return _signed(plan, plan.address.topic(Stream.HEALTH), contract.encode(message))


def _checkpoint(plan: Plan, end: datetime) -> Entry:
    """Vouch for nothing: there is no log behind it."""
    origin, empty = f"anpr-edge/{plan.address.zone}/{plan.address.camera}", base64.b64encode(bytes(32)).decode()
    note = f"{origin}\n5127\n{empty}\n\n\u2014 {origin} {base64.b64encode(bytes(68)).decode()}\n"
    message = contract.Checkpoint(
        id=f"{plan.address.camera}:checkpoint:5127",
        source=plan.address.source,
        time=contract.timestamp(end.timestamp()),
        data=contract.CheckpointData(note),
    )
    return _signed(plan, plan.address.checkpoint, contract.encode(message))


def _signed(plan: Plan, topic: str, payload: bytes) -> Entry:
    return Entry(topic, payload, Signer(plan.key).sign(topic, payload), FAR)
