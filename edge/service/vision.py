"""`anpr-edge vision`: frames in, counts of closed windows to the gate. The one process that sees plates."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import structlog

from edge import policy as policies
from edge.camera.frame import EndOfSource, Frame
from edge.camera.opener import is_recorded, open_source
from edge.camera.steady import SteadySource
from edge.categories import Attributes, Clock, Sandbox, Share, VisionHealth
from edge.config import Config
from edge.counting.counter import Counter
from edge.counting.handover import Handover
from edge.counting.sender import Sender
from edge.counting.spool import Spool
from edge.errors import AnprError, ConfigError
from edge.plates.detect import Detector
from edge.plates.inference import DETECTOR, READER, load_models
from edge.plates.passage import Passage
from edge.plates.read import Reader
from edge.plates.recognise import Recogniser
from edge.policy import Policy
from edge.service import in_force, process
from edge.service.clock import synchronised
from edge.service.lookups import Lookups
from edge.service.succession import PolicyChangedError, Succession
from edge.tmpfs import require_tmpfs
from edge.windows import LATE_SECONDS, Window, local_day, window_of

log = structlog.get_logger()

REPORT_SECONDS = 2.0
CLOCK_WARNING_SECONDS = 60.0
# SIGTERM leaves five seconds in all: one to wait for a frame, two to close a stuck driver.
HAND_OVER_SECONDS = 1.5
# A gate that is just starting is worth waiting for: what it misses would stay behind on tmpfs.
END_OF_FILE_SECONDS = 30.0
MOST_REOPENED = 99
# A frame may come so much later than it was taken; it must not be older than what recognition takes for now.
LATE_FRAME_SECONDS = 1.0
GRACE_SECONDS = LATE_SECONDS + 5
# A vehicle is in sight for some ten seconds, and may cost a slow board every frame of them.
IN_SIGHT_FRAMES = 200
FEW = 0.1


def build(config: Config, start: datetime | None, sandbox: Sandbox) -> "Vision":
    """Put the process together, which is walled in as well as ``sandbox`` says.

    Raises:
        ConfigError: policy, runtime folder, models, register or source are missing or wrong.
    """
    camera, anchor = config.camera, config.policy
    policy = policies.verify_for(anchor.file, anchor.officer_key, camera.id, camera.zone)
    spool = _open_spool(config.paths.runtime)
    if not is_recorded(camera.source):  # A file's hours are over: it has one policy.
        folder, serials = config.paths.runtime / "vision", open_under(spool, window_of(time.time()))
        policy = in_force.resumed(config, policy, folder, lambda one: one.file.policy.serial in serials)
    models = load_models(config.models)
    log.info(
        "models_loaded", provider=models.provider, detector=models.identity[DETECTOR], reader=models.identity[READER]
    )
    sender = Sender(config.socket, spool, process.uid_of(config.gate.user, "user"))
    lookups = Lookups(config, policy, lambda: local_day(time.time() - GRACE_SECONDS), tell=sender.tell)
    source = SteadySource(lambda: open_source(camera.source, start=start))
    recogniser = Recogniser(Detector(models.detector, config.view), Reader(models.reader), config.view)
    if not source.live:
        spool.forget_open()
    counter = Counter(policy, spool.next_key, live=source.live, tell=sender.tell)
    turn = Succession(config, policy).turn if source.live else None
    return Vision(
        source, recogniser, lookups, policy, Handover(counter, spool, sender), sender, turn=turn, sandbox=sandbox
    )


def _open_spool(runtime: Path) -> Spool:
    """Open the folder of open counters, which no link or mount may lead to a disk."""
    require_tmpfs(runtime)
    spool = Spool(runtime / "vision")
    require_tmpfs(runtime / "vision")
    return spool


def open_under(spool: Spool, hour: Window) -> set[int]:
    """Return the serials of the policies under which an hour that is still open was counted."""
    return {part.policy for part in spool.pending() if (part.start, part.final) == (hour.start, False)}


class Vision:
    """The loop of the process: read, recognise, count, hand over."""

    def __init__(  # noqa: PLR0913, PLR0917  (the parts of a process)
        self,
        source: SteadySource,
        recogniser: Recogniser,
        lookups: Lookups,
        policy: Policy,
        handover: Handover,
        sender: Sender,
        clock_known: Callable[[], bool] = synchronised,
        turn: Callable[[float], None] | None = None,
        sandbox: Sandbox = Sandbox.NONE,
    ) -> None:
        self._source = source
        self._recogniser = recogniser
        self._lookups = lookups
        self._policy = policy
        self._handover = handover
        self._sender = sender
        self._clock_known = clock_known
        self._turn = turn
        self._sandbox = sandbox
        self._clock = Clock.UNSYNCHRONISED if source.live else Clock.FILE
        # Of fewer frames than these fewer than k vehicles could make more than a few dropped ones.
        self._telling_frames = round((policy.file.release.k - 1) * IN_SIGHT_FRAMES / FEW)
        self._report_due = self._clock_warning_due = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set or the source ends; hand over what is open.

        Raises:
            ConfigError: the policy's term does not include the day.
            PolicyChangedError: a newer policy takes effect; the windows of the old one are closed.
            SourceError: the camera has been away for too long.
        """
        self._sender.start()
        complete = False
        try:
            while not stop.is_set():
                self._step(self._source.read())
        except EndOfSource:
            complete = True
        except PolicyChangedError:
            complete = True
            raise
        finally:
            self._end(complete=complete)

    def _step(self, frame: Frame | None) -> None:
        """Take one frame; while a live camera is silent its windows go on with the clock."""
        if self._time_known():
            if self._turn is not None:
                self._turn(time.time() if frame is None else frame.time)
            if frame is not None:
                self._count(frame)
            elif self._source.live:
                self._idle(time.time())
        if time.monotonic() >= self._report_due:
            self._lookups.refresh()
            self._report(frame)

    def _time_known(self) -> bool:
        """Tell whether windows may be opened; once known, the clock stays known."""
        if self._clock is Clock.UNSYNCHRONISED and self._clock_known():
            self._clock = Clock.SYNCHRONISED
            log.info("clock_synchronised")
        return self._clock is not Clock.UNSYNCHRONISED

    def _count(self, frame: Frame) -> None:
        self._check_term(frame.time)
        self._handover.observe(frame.time, self._classified(self._recogniser.passages(frame)))

    def _idle(self, now: float) -> None:
        """Let a silent camera's windows go on, and end what it saw: who stood in its last picture may be gone."""
        for passage, vehicle_class in self._classified(self._recogniser.idle(now - LATE_FRAME_SECONDS)):
            self._handover.count(passage, vehicle_class)
        self._handover.idle(now)

    def _classified(self, passages: Iterable[Passage]) -> Iterator[tuple[Passage, Attributes]]:
        """Look vehicles up, as of the day on which they passed."""
        for passage in passages:
            yield passage, self._lookups.enricher.attributes(passage.plate, passage.kind, local_day(passage.time))

    def _check_term(self, moment: float) -> None:
        """Stop outside the policy's term, once its last window, which needs its moment to close, is handed over."""
        day = local_day(moment)
        if not any(self._policy.admits(one) for one in (day, local_day(moment - GRACE_SECONDS))):
            self._handover.idle(moment)
            where, name = self._policy.file.where, self._policy.file.policy.id
            term = f"{where.valid_from} to {where.valid_until}"
            raise ConfigError(f"policy {name}: {day} is outside its term, {term}; nothing is counted")

    def _report(self, frame: Frame | None) -> None:
        """Tell the gate how it goes; tell who watches a file how far it is."""
        self._report_due = time.monotonic() + REPORT_SECONDS
        stats = self._source.stats
        everything = stats.delivered + stats.dropped + stats.corrupt
        if self._clock is Clock.UNSYNCHRONISED and time.monotonic() >= self._clock_warning_due:
            self._clock_warning_due = time.monotonic() + CLOCK_WARNING_SECONDS
            log.warning("waiting_for_clock", reason="the system's clock is not synchronised; nothing is counted")
        if frame is not None and not self._source.live:
            log.info("file_progress", at=round(frame.time), frames=stats.delivered)
        self._sender.report(
            VisionHealth(
                self._source.state,
                self._clock,
                _share(stats.dropped, max(self._telling_frames, everything)),
                _share(stats.corrupt, everything),
                min(stats.reopened, MOST_REOPENED),
                self._lookups.register_age(),
                self._sandbox,
            )
        )

    def _end(self, *, complete: bool) -> None:
        """Count who has crossed, hand over, and only then let go of the camera, whose driver may be stuck."""
        try:
            for passage, vehicle_class in self._classified(self._recogniser.finish()):
                self._handover.count(passage, vehicle_class)
        finally:
            timeout = END_OF_FILE_SECONDS if complete else HAND_OVER_SECONDS
            answered = self._handover.end(complete=complete, timeout=timeout)
            if complete and answered:
                # After the last window: with it the gate closes the day of a file.
                self._report(None)
                answered = self._sender.flush(timeout)
            self._source.close()
            self._sender.stop()
            self._lookups.close()
        if complete and not answered:
            raise AnprError("the gate did not take the last window; it waits in the runtime folder for the next start")
        if not answered:
            log.warning("gate_did_not_answer", kept="in the runtime folder, until the next start")


def _share(part: int, everything: int) -> Share:
    """Put a share of all frames into a bucket."""
    share = part / everything if everything else 0.0
    bounds = [(0.5, Share.MANY), (FEW, Share.SOME), (0.0, Share.FEW)]
    return next((bucket for bound, bucket in bounds if share > bound), Share.NONE)
