"""`anpr-edge gate`: counts of closed windows in, signed reports into the outbox. Never sees a plate."""

import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from edge import __version__, keys, tmpfs
from edge import policy as policies
from edge.categories import Ack, Message, Objection, Sandbox, VisionAct, VisionEvent, WindowCounts
from edge.config import Config
from edge.errors import ConfigError
from edge.gate.audit import notes, witness
from edge.gate.audit.checkpoint import origin_of
from edge.gate.audit.events import PolicyFault, Started
from edge.gate.audit.journal import Journal, noting
from edge.gate.audit.log import AuditLog
from edge.gate.audit.outbox import AuditedOutbox
from edge.gate.carry import Carry
from edge.gate.desk import Desk
from edge.gate.presence import Presence
from edge.gate.reports import Reports
from edge.gate.serials import Serials
from edge.gate.server import GateServer
from edge.gate.signing import Signer
from edge.keys import Role
from edge.policy import Policy
from edge.service import in_force, process
from edge.service.succession import OlderPolicyError, PolicyChangedError, Succession
from edge.tmpfs import require_tmpfs
from edge.uplink.contract import Address
from edge.uplink.outbox import Outbox

MEGABYTE = 1_000_000
MODEL_SUMS = "MODELS.sha256"


def work(config: Config, sandbox: Sandbox, stop: threading.Event, *, proof: bool = False) -> None:
    """Put the process together, which is walled in as well as ``sandbox`` says, and serve until ``stop`` is set.

    What it signs is for the topics of a ``proof``, or for those of the policy.

    Raises:
        ConfigError: policy, signing key, outbox or socket are missing or wrong.
    """
    _, key = keys.read_secret(config.gate.signing_key, Role.CAMERA)
    with closing(_open_log(config, key)) as audit:
        policy, serials = _policy(config, audit)
        address = Address(config.camera.zone, config.camera.id, bench=policy.file.policy.bench, proof=proof)
        _serve(config, sandbox, _Terms(policy, serials, address, Signer(key)), audit, stop)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What may be released, and in whose name it is signed."""

    policy: Policy
    serials: Serials
    address: Address
    signer: Signer


def _serve(config: Config, sandbox: Sandbox, terms: _Terms, audit: AuditLog, stop: threading.Event) -> None:
    policy, address, signer = terms.policy, terms.address, terms.signer
    reports = Reports(policy, address, signer, time.time)
    directory = config.models.directory
    models = models_digest(directory)
    with closing(AuditedOutbox(config.outbox_file, config.outbox.max_mb * MEGABYTE, audit)) as outbox:
        presence = Presence(outbox, sandbox, lambda level: reports.states(__version__, models, level))
        journal = Journal(audit, outbox, policy, address, signer, lambda: models_digest(directory), time.time)
        desk = Desk(policy, reports, outbox, _open_carry(config, policy), time.time, journal.take, audit)
        vision = process.uid_of(config.gate.vision_user, "vision_user")
        succession = Succession(config, policy, refused=lambda error: journal.refuse(_fault(error)))
        take = under(policy, lambda: ran_under(policy, terms.serials, journal), succession, desk.take)
        tick = _each(desk.tick, journal.tick, lambda: succession.watch(time.time()), _told(config, journal))
        try:
            GateServer(config.socket, vision, presence.over(take), tick, journal.parted, journal.overdue).serve(stop)
        except PolicyChangedError:
            desk.end_policy()
            in_force.forget(config.socket.parent)
            raise
        finally:
            journal.end()


def _open_log(config: Config, key: SigningKey) -> AuditLog:
    """Open the audit log; what was published of it last must still be in it."""
    with closing(Outbox(config.outbox_file, config.outbox.max_mb * MEGABYTE)) as outbox:
        published = witness.of_message(outbox.checkpoint())
    origin = origin_of(config.camera.zone, config.camera.id)
    audit = AuditLog(config.audit_folder, origin, key, published)
    audit.note(Started(__version__))
    return audit


def _policy(config: Config, audit: AuditLog) -> tuple[Policy, Serials]:
    """Return the policy in force; one that is refused is written down.

    Where a gate that was killed took counts under an older one, that is still in force: vision says when it changes.
    """
    camera, anchor = config.camera, config.policy
    with noting(audit, PolicyFault.INVALID):
        policy = policies.verify_for(anchor.file, anchor.officer_key, camera.id, camera.zone)
    with noting(audit, PolicyFault.OLDER):
        serials = Serials(config.paths.state / "policy-serial")
        serials.check(policy, anchor.file)
    return in_force.resumed(config, policy, config.socket.parent, serials.ran_last), serials


def _each(*parts: Callable[[], None]) -> Callable[[], None]:
    def tick() -> None:
        for part in parts:
            part()

    return tick


def ran_under(policy: Policy, serials: Serials, journal: Journal) -> None:
    """Put down under which policy counts are taken, in the two places that outlast the gate: no older one runs again.

    One that was tried, and taken away before anything was counted, is in neither.
    """
    serials.note(policy)
    journal.counting()


def _told(config: Config, journal: Journal) -> Callable[[], None]:
    """Return what writes down the notes that were left for the audit log, in a folder of this user and root."""
    tmpfs.make_folder(config.notes_folder)
    return lambda: journal.told(notes.taken(config.notes_folder))


def _fault(error: ConfigError) -> PolicyFault:
    return PolicyFault.OLDER if isinstance(error, OlderPolicyError) else PolicyFault.INVALID


def _open_carry(config: Config, policy: Policy) -> Carry:
    """Open the folder of what hours have left, which no link or mount may lead to a disk."""
    require_tmpfs(config.paths.runtime)
    carry = Carry(config.day_folder, policy.digest)
    require_tmpfs(config.day_folder)
    return carry


def under(
    policy: Policy, ran: Callable[[], None], succession: Succession, desk: Callable[[Message], Ack]
) -> Callable[[Message], Ack]:
    """Return what takes messages and follows vision to a newer policy; ``ran`` is called before counts are taken.

    Set-up mode reads the policy that lies in place: where that may not run, neither may set-up mode.
    """

    def take(message: Message) -> Ack:
        if isinstance(message, WindowCounts):
            succession.follow(message.policy)
            if message.policy == policy.file.policy.serial:
                ran()
        if isinstance(message, VisionEvent) and message.act is VisionAct.SET_UP_ON and not succession.sound():
            return Ack(accepted=False, why=Objection.POLICY_REFUSED)
        return desk(message)

    return take


def models_digest(directory: Path) -> str:
    """Return the digest of the file that lists the models' checksums: it names what vision runs."""
    file = directory / MODEL_SUMS
    try:
        return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from error
