"""`anpr-edge setup`: the camera's view for an installer who aims it, blurred, for as long as the policy allows.

It takes vision's place at the gate, which allows it or not by the policy in force, writes down when it begins and when
it is over, however it ends, and bounds its time. It counts nothing, reads no plate, and can write to no file.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import click
import structlog

from edge import policy as policies
from edge.camera.frame import EndOfSource
from edge.camera.opener import open_source
from edge.camera.steady import SteadySource
from edge.categories import Objection, VisionAct, VisionEvent
from edge.config import Config
from edge.counting.sender import Link
from edge.errors import AnprError, ConfigError, ProtocolError
from edge.plates.inference import load_models
from edge.policy_fields import MOST_SET_UP, SESSIONS
from edge.service import process
from edge.service.aim import Aim
from edge.service.setup_page import Page
from edge.windows import day_number, local_day

log = structlog.get_logger()

# Twice a second is enough to turn a lens by; the board has a rest meanwhile.
PAUSE_SECONDS = 0.4
WHY = {
    Objection.NOT_ALLOWED: "the policy in force at the gate does not allow set-up mode: [set_up] minutes = 0, or its "
    "last day is over; a newer one is in force once vision has counted under it",
    Objection.POLICY_REFUSED: "the gate refuses the policy that lies in place: it is not valid, or older than the one "
    "in force; the gate's log says which",
    Objection.USED_UP: f"today's time for set-up mode is used up: {SESSIONS} times the minutes of the policy, and "
    f"{MOST_SET_UP} at most",
    Objection.TOO_OFTEN: "set-up mode was begun too often this hour; try again in the next one",
}


@dataclass(frozen=True, slots=True)
class Term:
    """How long it goes on: until ``stop`` is set, or the clock ``monotonic`` reaches ``until``, or the gate is gone."""

    link: Link
    stop: threading.Event
    until: float
    monotonic: Callable[[], float]

    def left(self) -> int:
        """Return how many seconds are left, 0 at the end.

        Raises:
            AnprError: the gate is gone, or has ended it: nobody would write down that it is over.
        """
        try:
            self.link.check()
        except OSError as error:
            raise AnprError(f"the gate is gone, and set-up mode ends with it; or {WHY[Objection.USED_UP]}") from error
        return 0 if self.stop.is_set() else max(0, round(self.until - self.monotonic()))


def run(
    config: Config,
    page: Page,
    start: datetime | None,
    stop: threading.Event,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Show what the camera sees on ``page``, for as long as a `Term` of the policy's minutes lasts.

    Raises:
        ConfigError: the policy does not allow it, or something is missing or wrong.
        AnprError: the gate does not take it, or is gone.
    """
    minutes = _minutes(config)
    with _noted_by_gate(config) as link:
        term = Term(link, stop, monotonic() + 60 * minutes, monotonic)
        aim = Aim(load_models(config.models).detector, config.view)
        with closing(SteadySource(lambda: open_source(config.camera.source, start=start))) as source, page.served():
            port = page.server_address[1]
            click.echo(f"{page.link}\nopen it here, or on a laptop after: ssh -L {port}:127.0.0.1:{port} THIS-CAMERA")
            _show(source, aim, page, term)


def _show(source: SteadySource, aim: Aim, page: Page, term: Term) -> None:
    due = -math.inf
    with suppress(EndOfSource):
        while left := term.left():
            frame = source.read()
            if frame is not None and not source.live and frame.time < due:
                continue  # A file is shown as fast as it was filmed, but for this machine's own time.
            if frame is not None:
                due = frame.time + PAUSE_SECONDS
                page.put(*aim.look(frame, left))
            term.stop.wait(PAUSE_SECONDS)


def _minutes(config: Config) -> int:
    """Return for how many minutes the policy in place allows it.

    Before the policy's first day too: a camera is aimed before it counts.
    """
    camera, anchor = config.camera, config.policy
    file = policies.verify_for(anchor.file, anchor.officer_key, camera.id, camera.zone).file
    if local_day(time.time()) > file.where.valid_until:
        raise ConfigError(f"policy {file.policy.id}: ended on {file.where.valid_until}; set-up mode is not allowed")
    if not file.set_up.minutes:
        raise ConfigError(f"policy {file.policy.id}: [set_up] minutes = 0; set-up mode is not allowed")
    return file.set_up.minutes


@contextmanager
def _noted_by_gate(config: Config) -> Iterator[Link]:
    """Have the gate write down that set-up mode is on, and at the end of the block that it is off."""
    _check_user(config)
    with _connected(config) as link:
        _tell(link, VisionAct.SET_UP_ON)
        log.info("set_up_on")
        try:
            yield link
        finally:
            with suppress(AnprError):  # A gate that is gone has written it down.
                _tell(link, VisionAct.SET_UP_OFF)
            log.info("set_up_off")


def _check_user(config: Config) -> None:
    """Refuse another user than vision's early, and say which it is: the gate closes the door without a word."""
    user = config.gate.vision_user
    if process.uid_of(user, "vision_user") != process.uid_of("", "vision_user"):
        raise ConfigError(f"set-up mode takes vision's place: run it as its user (sudo -u {user} anpr-edge setup …)")


def _connected(config: Config) -> Link:
    try:
        return Link(config.socket, process.uid_of(config.gate.user, "user"))
    except OSError as error:
        told = "start it first: systemctl start anpr-edge-gate, or anpr-edge gate --config …"
        raise AnprError(f"no gate answers at {config.socket}: {error.strerror or error}; {told}") from error


def _tell(link: Link, act: VisionAct) -> None:
    try:
        ack = link.exchange(VisionEvent(act, day_number(local_day(time.time()))))
    except (OSError, ProtocolError) as error:
        told = "stop it first: systemctl stop anpr-edge-vision; or end anpr-edge run, and start anpr-edge gate alone"
        raise AnprError(f"the gate takes one vision only, and has one: {told}") from error
    if not ack.accepted:
        raise _refused(ack.why or Objection.NOT_ALLOWED)


def _refused(why: Objection) -> AnprError:
    """Return the error: what the policy forbids no later try mends."""
    lasting = why in {Objection.NOT_ALLOWED, Objection.POLICY_REFUSED}
    return ConfigError(WHY[why]) if lasting else AnprError(WHY[why])
