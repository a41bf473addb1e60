"""`anpr-edge gate`: counts of closed windows in, signed reports into the outbox. Never sees a plate."""

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edge import __version__, keys
from edge import policy as policies
from edge.categories import Ack, Message, WindowCounts
from edge.config import Config, load
from edge.errors import ConfigError
from edge.gate.desk import Desk
from edge.gate.reports import Reports
from edge.gate.serials import Serials
from edge.gate.server import GateServer
from edge.gate.signing import Signer
from edge.keys import Role
from edge.policy import Policy
from edge.service import process
from edge.service.succession import Succession
from edge.uplink.contract import Address
from edge.uplink.outbox import Outbox

MEGABYTE = 1_000_000
MODEL_SUMS = "MODELS.sha256"


def main(file: Path, *, supervisor: int | None) -> int:
    """Run until a signal; return the exit status."""
    process.end_with(supervisor)
    return process.run("gate", lambda stop: work(load(file), stop))


def work(config: Config, stop: threading.Event) -> None:
    """Put the process together and serve until ``stop`` is set.

    Raises:
        ConfigError: policy, signing key, outbox or socket are missing or wrong.
    """
    camera, anchor = config.camera, config.policy
    policy = policies.verify_for(anchor.file, anchor.officer_key, camera.id, camera.zone)
    serials = Serials(config.paths.state / "policy-serial")
    serials.check(policy, anchor.file)
    _, key = keys.read_secret(config.gate.signing_key, Role.CAMERA)
    address = Address(camera.zone, camera.id, bench=policy.file.policy.bench)
    reports = Reports(policy, address, Signer(key), time.time)
    outbox = Outbox(config.outbox_file, config.outbox.max_mb * MEGABYTE)
    outbox.set_states(reports.states(__version__, _models(config.models.directory)))
    desk = Desk(policy, reports, outbox, time.time, lambda _: True)
    vision = process.uid_of(config.gate.vision_user, "vision_user")
    take = under(policy, serials, Succession(config, policy), desk.take)
    try:
        GateServer(config.socket, vision, take, desk.tick).serve(stop)
    finally:
        outbox.close()


def under(
    policy: Policy, serials: Serials, succession: Succession, desk: Callable[[Message], Ack]
) -> Callable[[Message], Ack]:
    """Return what takes messages and follows vision to a newer policy; under which one counts are taken is kept."""

    def take(message: Message) -> Ack:
        if isinstance(message, WindowCounts):
            succession.follow(message.policy)
            if message.policy == policy.file.policy.serial:
                serials.note(policy)
        return desk(message)

    return take


def _models(directory: Path) -> str:
    """Return the digest of the file that lists the models' checksums: it names what vision runs."""
    file = directory / MODEL_SUMS
    try:
        return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
