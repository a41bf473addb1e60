"""A whole camera for attackers: vision's loop and the gate, wired as their mains do, under a clock that may be set.

Only the socket between them is left out: what is handed over is at the gate at once, in the bytes of the wall.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import msgspec
import numpy as np
import pytest

from edge import wall
from edge.camera.frame import Frame, SourceStats
from edge.camera.steady import SteadySource
from edge.categories import Ack, Attributes, Direction, Message, PlateKind, RegisterAge, Sandbox
from edge.counting.counter import Counter
from edge.counting.handover import Handover
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.gate.audit import witness
from edge.gate.audit.journal import Journal
from edge.gate.audit.log import AuditLog
from edge.gate.audit.outbox import AuditedOutbox
from edge.gate.carry import Carry
from edge.gate.desk import Desk
from edge.gate.presence import Presence
from edge.gate.reports import Reports
from edge.gate.serials import Serials
from edge.gate.signing import Signer
from edge.plates.passage import Passage
from edge.plates.recognise import Recogniser
from edge.policy import Policy
from edge.registry.enrich import Enricher
from edge.service.gate import ran_under, under
from edge.service.lookups import Lookups
from edge.service.succession import Succession
from edge.service.vision import Vision
from edge.uplink.contract import CountReport, Status, Stream
from edge.uplink.outbox import Entry, OutboxError
from tests.counting.passages import plate
from tests.counts import policy as unsigned
from tests.gate.audit.logs import KEY, ORIGIN
from tests.gate.desks import ADDRESS
from tests.policies import FLAT, rung, table

MODELS = "sha256:" + "0" * 64
PICTURE = np.zeros((9, 16), np.uint8)
FPS = 12
MEGABYTE = 1_000_000
# Of the policies to attack: the example's ladder, and others that are harder to keep.
TABLES: Sequence[Sequence[str]] = (
    (),
    (FLAT,),
    (table(rung("direction", period="day")),),
    (table(rung("direction"), name="all", weight=0.5), table(rung("direction", "plate"), name="plates", weight=0.5)),
)


class Vehicle(NamedTuple):
    """One vehicle; ``number`` makes up its plate, None where that is unreadable."""

    number: int | None
    seen: Attributes
    direction: Direction = Direction.IN


@cache
def rules(tables: int, gap: int = 10) -> Policy:
    """Return the policy with some of the `TABLES`, and a repeat gap in minutes."""
    with tempfile.TemporaryDirectory() as folder:
        return unsigned(Path(folder), tables=TABLES[tables], gap=gap)


@dataclass
class Clock:
    """The system's clock, which jumps when it is set, and the one that never does."""

    now: float
    monotonic: float = 0.0

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set it, ahead or back."""
        self.now += seconds


class _Street:
    """Source, recogniser and register in one: it shows the vehicles of the next frame."""

    live = True

    def __init__(self, clock: Clock, dropped: int) -> None:
        self.stats = SourceStats()
        self._clock, self._dropped, self._since = clock, dropped, clock.monotonic
        self.coming: list[Vehicle] = []
        self._seen: dict[bytes, Attributes] = {}

    def read(self) -> Frame:
        """Return a frame; each vehicle costs some, as on a slow board."""
        elapsed, self._since = self._clock.monotonic - self._since, self._clock.monotonic
        self.stats.dropped += self._dropped * len(self.coming)
        self.stats.delivered += 1 + int(elapsed * FPS)
        return Frame(self.stats.delivered, self._clock.now, PICTURE, PICTURE)

    def passages(self, frame: Frame) -> list[Passage]:
        """Recognise who is coming."""
        coming, self.coming = self.coming, []
        return [self._passage(frame.time, vehicle) for vehicle in coming]

    def finish(self) -> list[Passage]:
        """Nobody is in sight."""
        return []

    def close(self) -> None:
        """Nothing is open."""

    def attributes(self, read: bytearray, kind: PlateKind, day: date) -> Attributes:
        """Look a plate up."""
        unknown = Enricher().attributes(read, kind, day)
        return unknown if kind is PlateKind.UNREADABLE else self._seen[bytes(read)]

    def _passage(self, time: float, vehicle: Vehicle) -> Passage:
        if vehicle.number is None:
            return Passage(time, vehicle.direction, PlateKind.UNREADABLE)
        read = plate(vehicle.number)
        self._seen[bytes(read)] = vehicle.seen
        return Passage(time, vehicle.direction, PlateKind.NL, read)


class _Register(Lookups):
    """Lookups that were never in a file."""

    def __init__(self, enricher: Enricher) -> None:
        self.enricher = enricher

    def refresh(self) -> None:
        """Nothing is replaced."""

    def register_age(self) -> RegisterAge:
        """Return that nothing is known."""
        return RegisterAge.UNKNOWN

    def close(self) -> None:
        """Nothing is open."""


class _NoSuccessor(Succession):
    """No other policy lies ready."""

    def __init__(self) -> None:
        """Look nowhere."""

    def follow(self, serial: int) -> None:
        """Stay."""


class _AtOnce(Sender):
    """The sender without thread and socket; a gate that is away, or can't store, is asked again."""

    def __init__(self, camera: "Camera", spool: Spool) -> None:
        super().__init__(camera.folder / "unused", spool, 0)
        self._camera = camera
        self.had: dict[tuple[int, int], object] = {}
        self._awake = True

    def start(self) -> None:
        """Nothing runs beside the test."""

    def stop(self) -> None:
        """Nothing runs beside the test."""

    def wake(self) -> None:
        """Note that there is something to do."""
        self._awake = True

    def turn(self) -> None:
        """Bring everything to the gate that is not there yet, as a turn of the real one does."""
        try:
            if self._awake:
                self._bring()
            self._awake = False
        except ConnectionError:
            self.had.clear()

    def flush(self, timeout: float) -> bool:
        """Do as the real one."""
        del timeout
        self.turn()
        return not self._awake

    def exchange(self, message: Message) -> Ack:
        """Take the place of the connection."""
        return self._camera.tell(message)

    def _bring(self) -> None:
        pending = self._spool.pending()
        for counts in pending:
            if self.had.get((counts.start, counts.part)) != counts:
                self._deliver(self, counts)  # type: ignore[arg-type]
        self.had = {(counts.start, counts.part): counts for counts in pending}
        if self._health is not None:
            self.exchange(self._health)
            self._health = None
        while self._events:
            self.exchange(self._events[0])
            self._events.popleft()


@dataclass
class Gate:
    """The parts of one gate."""

    audit: AuditLog
    outbox: AuditedOutbox
    journal: Journal
    desk: Desk
    take: Callable[[Message], Ack]


class _Watched(AuditedOutbox):
    """An outbox whose messages somebody outside sees, each with its moment."""

    def __init__(self, file: Path, audit: AuditLog, clock: Clock, seen: list[tuple[float, object]]) -> None:
        super().__init__(file, MEGABYTE, audit, lambda: clock.now)
        self._times, self._seen = clock, seen

    def append(self, stream: Stream, window: int, makes: Sequence[Callable[[int], Entry]]) -> bool:
        """Store and note."""
        made = list[Entry]()

        def noted(make: Callable[[int], Entry], sequence: int) -> Entry:
            made.append(make(sequence))
            return made[-1]

        stored = super().append(stream, window, [partial(noted, make) for make in makes])
        # Where room had to be made first, they were made more than once.
        self._seen += [(self._times.now, entry) for entry in made[-len(makes) :]]
        return stored

    def _retain(self, entries: Mapping[Status, Entry] | Mapping[str, Entry]) -> None:
        super()._retain(entries)
        self._seen.append((self._times.now, entries))


class Camera:
    """One camera in one folder; whoever holds it may kill its processes and set its clock.

    ``left`` is what has left it and may be seen at the broker, each with its moment.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what attacks vary)
        self,
        folder: Path,
        policy: Policy,
        clock: Clock,
        patch: pytest.MonkeyPatch,
        step: int,
        dropped: int = 0,
    ) -> None:
        """Start it. Each vehicle costs so many ``dropped`` frames.

        One frame in ``step`` seconds is looked at, and passes for all of them: nights would be long otherwise.
        """
        self.folder, self.policy, self.clock = folder, policy, clock
        times = SimpleNamespace(time=lambda: clock.now, monotonic=lambda: clock.monotonic)
        patch.setattr("edge.service.vision.time", times)
        patch.setattr("edge.counting.counter.UNOBSERVED_SECONDS", step)
        self._step, self._dropped = step, dropped
        self.left: list[tuple[float, object]] = []
        self.gate: Gate | None = None
        self.start_gate()
        self.start_vision()

    def start_vision(self) -> None:
        """Put vision together, as its main does."""
        self.street = _Street(self.clock, self._dropped)
        spool = Spool(self.folder / "vision")
        self._sender = _AtOnce(self, spool)
        counter = Counter(self.policy, spool.next_key, live=True, tell=self._sender.tell)
        handover = Handover(counter, spool, self._sender)
        lookups, recogniser = _Register(self.street), self.street  # type: ignore[arg-type]
        source = SteadySource(lambda: self.street)
        self.vision = Vision(
            source, _as_recogniser(recogniser), lookups, self.policy, handover, self._sender, lambda: True,
            sandbox=Sandbox.FULL,
        )  # fmt: skip

    def start_gate(self) -> None:
        """Put the gate together, as its main does.

        Raises:
            ConfigError: it refuses to start.
        """
        clock, file = (lambda: self.clock.now), self.folder / "outbox.db"
        audit = AuditLog(self.folder / "audit", ORIGIN, KEY, witness.in_outbox(file), clock, self._monotonic)
        outbox, signer = _Watched(file, audit, self.clock, self.left), Signer(KEY)
        reports = Reports(self.policy, ADDRESS, signer, clock)
        presence = Presence(outbox, Sandbox.FULL, lambda level: reports.states("1.0", MODELS, level))
        try:
            journal = Journal(audit, outbox, self.policy, ADDRESS, signer, lambda: MODELS, clock)
        except BaseException:
            outbox.close()
            audit.close()
            raise
        carry = Carry(self.folder / "day", self.policy.digest)
        desk = Desk(self.policy, reports, outbox, carry, clock, journal.take, audit)
        serials = Serials(self.folder / "policy-serial")
        take = under(self.policy, lambda: ran_under(self.policy, serials, journal), _NoSuccessor(), desk.take)
        self.gate = Gate(audit, outbox, journal, desk, presence.over(take))

    def kill_gate(self) -> None:
        """Pull its plug: what it held in memory is gone."""
        if self.gate is not None:
            self.gate.outbox.close()
            self.gate.audit.close()
        self.gate = None

    def end(self) -> None:
        """Close the day, as at the end of a policy, and end."""
        if self.gate is not None:
            self.gate.desk.end_policy()
        self.kill_gate()

    def restart_vision(self, *, kindly: bool = False) -> None:
        """Kill it, or end it as SIGTERM does, and start it anew."""
        if kindly:
            self.vision._end(complete=False)
        self.start_vision()

    def restart_gate(self) -> None:
        """Kill it and start it anew: vision's next connection brings the whole spool."""
        self.kill_gate()
        self.start_gate()
        self._sender.had.clear()
        self._sender.wake()

    def tell(self, message: Message) -> Ack:
        """Bring a message to the gate, in the bytes of the wall."""
        if self.gate is None:
            raise ConnectionError("the gate is away")
        try:
            return wall.decode_ack(wall.encode(self.gate.take(wall.decode(wall.encode(message)[4:])))[4:])
        except OutboxError as error:
            raise ConnectionError(str(error)) from error

    def drive(self, *vehicles: Vehicle) -> None:
        """Let vehicles pass in one frame."""
        self.street.coming.extend(vehicles)
        self._turn()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(int(seconds // self._step)):
            self.clock.wait(self._step)
            self._turn()

    def _turn(self) -> None:
        self.vision._step(self.vision._source.read())
        self._sender.turn()
        if self.gate is not None:
            self.gate.desk.tick()
            self.gate.journal.tick()

    def _monotonic(self) -> float:
        return self.clock.monotonic


def _as_recogniser(street: _Street) -> Recogniser:
    made: Recogniser = street  # type: ignore[assignment]
    return made


def reports_of(camera: Camera) -> list[CountReport]:
    """Return the reports that have left a camera, as somebody at the broker has them."""
    entries = [entry for _, entry in camera.left if isinstance(entry, Entry)]
    return [msgspec.json.decode(entry.payload, type=CountReport) for entry in entries]


def audit_of(folder: Path) -> list[bytes]:
    """Return the audit log as it lies on the disk."""
    return [file.read_bytes() for file in sorted((folder / "audit").glob("*.jsonl"))]
