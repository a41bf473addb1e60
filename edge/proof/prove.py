"""Runs every check of a proof, on a separate instance that is gone afterwards."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge import keys
from edge import policy as policies
from edge.config import Config
from edge.errors import ConfigError
from edge.gate.audit import witness
from edge.gate.serials import Serials
from edge.keys import Role
from edge.policy import Policy
from edge.policy_text import Words
from edge.proof import (
    canary_claims,
    capture,
    clip,
    instance,
    log_checks,
    places,
    planted,
    policy_checks,
    room,
    wall_checks,
    wire_checks,
)
from edge.proof.broker import broker
from edge.proof.canary import AFTER, Canary, Passing, everywhere, moments, pictures
from edge.proof.canary_claims import Searched
from edge.proof.claims import Claim
from edge.proof.identity import Identity, of
from edge.proof.instance import Instance
from edge.proof.listener import Listener, listening
from edge.proof.pki import make_pki
from edge.proof.processes import Moment, Stage, perform
from edge.proof.search import Find
from edge.proof.wire_checks import Heard
from edge.uplink.contract import PROOF_ROOT, Address
from edge.windows import TIMEZONE

Tell = Callable[[Words], None]

IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  (a tmpfs, by intent)
_ZONE: Final = ZoneInfo(TIMEZONE)
_AT: Final = time(10, 0)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a privacy officer files."""

    identity: Identity
    claims: tuple[Claim, ...]
    seconds: float


def prove(camera: Config, tell: Tell, now: datetime) -> Proof:
    """Check every claim on this camera's software, models and policy; ``tell`` hears how far it is.

    Raises:
        ConfigError: the camera would not run: policy, models or keys are missing or wrong.
        BrokerError: Mosquitto is absent.
        ProofError: one of the processes did not run.
    """
    policy = policies.verify_for(camera.policy.file, camera.policy.officer_key, camera.camera.id, camera.camera.zone)
    _check_serial(camera, policy)
    day = _day(policy, now.astimezone(_ZONE).date(), camera.policy.file)
    identity = of(camera, policy, now)
    with _in_memory() as folder:
        claims = tuple(_Run(camera, policy, day, folder, tell).claims())
    return Proof(identity, claims, (datetime.now(UTC) - now).total_seconds())


def _check_serial(camera: Config, policy: Policy) -> None:
    """Refuse a policy that is older than one that ran here, as the camera does, where this user may know."""
    known = camera.paths.state / "policy-serial"
    if os.access(known, os.R_OK):
        Serials(known).check(policy, camera.policy.file)


def _day(policy: Policy, today: date, file: Path) -> date:
    """Choose the day that the clip is of: yesterday, or the nearest of the policy's term."""
    where = policy.file.where
    if today > where.valid_until:
        raise ConfigError(f"{file}: ended on {where.valid_until}; under it the camera counts nothing")
    return min(max(today - timedelta(days=1), where.valid_from), where.valid_until)


@contextmanager
def _in_memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="anpr-edge-proof-", dir=IN_MEMORY) as name:
        yield Path(name)


class _Run:
    """One proof, in ``folder``, of a camera and its policy; the clip is of ``day``."""

    def __init__(self, camera: Config, policy: Policy, day: date, folder: Path, tell: Tell) -> None:
        self._camera, self._policy, self._folder, self._tell = camera, policy, folder, tell
        self._start = datetime.combine(day, _AT, _ZONE)
        first = self._start.timestamp()
        self._passings = [Passing(first + one.second, one.plate) for one in clip.truth().passages]
        self._canary = Canary(self._passings, policy.file.policy.id)
        self._finds = list[Find]()

    def claims(self) -> Iterator[Claim]:
        """Check one after the other."""
        self._tell(Words("the search, on planted plates", "de zoekactie, op verstopte kentekens"))
        found = planted.check(self._folder)
        with ExitStack() as stack:
            pki = make_pki(self._folder / "pki", [self._camera.camera.id])
            running = stack.enter_context(broker(self._folder / "broker", pki, roots=(PROOF_ROOT,)))
            packets = stack.enter_context(_packets(running.port))
            listener = stack.enter_context(listening(running, pki))
            made = instance.make(self._folder, self._camera, pki, running.port)
            heard = self._heard(made, listener)
            self._perform(made, heard)
        yield from self._of_canary(made, heard, packets)
        yield found
        yield from self._of_walls(made)
        yield wire_checks.messages(heard)
        yield wire_checks.counts(heard, len(self._passings))
        yield wire_checks.encrypted(packets)
        yield from self._of_logs(made, heard)

    def _heard(self, made: Instance, listener: Listener) -> Heard:
        camera = self._camera.camera
        address = Address(camera.zone, camera.id, bench=self._policy.file.policy.bench, proof=True)
        _, key = keys.read_public(made.camera_key, Role.CAMERA)
        return Heard(listener.messages, address, key, self._policy)

    def _perform(self, made: Instance, heard: Heard) -> None:
        """Let the clip be counted, and look into memory at moments of it, where that is allowed."""
        first = self._start.timestamp()
        times = [time - first for time in moments(self._passings)] if _is_root() else []
        number = 0

        def look(moment: Moment) -> None:
            nonlocal number
            number += 1
            counted = f"{number}/{len(times) + 1}"
            self._tell(Words(f"counting the clip, memory {counted}", f"de film wordt geteld, geheugen {counted}"))
            if _is_root():
                self._canary.look(moment)
            self._finds += everywhere(self._canary.searcher(), self._folders(made), [made.config.outbox_file])

        perform(Stage(made.file, self._start, times, self._folder / "output", heard.complete), look)

    def _of_canary(self, made: Instance, heard: Heard, packets: bytearray | None) -> Iterator[Claim]:
        self._tell(Words("files, messages and packets", "bestanden, berichten en pakketten"))
        yield canary_claims.places(self._canary, self._searched(made, heard, packets))
        yield canary_claims.blind(self._canary, may=_is_root())
        yield canary_claims.forgetful(self._canary, AFTER, may=_is_root())

    def _searched(self, made: Instance, heard: Heard, packets: bytearray | None) -> Searched:
        folders, searcher = [*self._folders(made), self._folder / "broker"], self._canary.searcher()
        finds = [*self._finds, *everywhere(searcher, folders, [made.config.outbox_file])]
        finds += searcher.whole("packets", bytes(packets or b""))
        sent = [(message.topic, bytes(message.payload)) for message in heard.messages]
        finds += places.messages(searcher, "the broker", sent)
        files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files) + len(packets or b"") + sum(len(body) for _, body in sent)
        finds = [find._replace(place=find.place.replace(f"{self._folder}/", "")) for find in finds]
        return Searched(finds, pictures(folders), len(files), size, len(sent), packets is not None)

    def _folders(self, made: Instance) -> list[Path]:
        """Return what the processes can write to."""
        return [self._folder / "output", made.config.paths.runtime, made.config.paths.state]

    def _of_walls(self, made: Instance) -> Iterator[Claim]:
        self._tell(Words("walls", "muren"))
        yield room.check()
        yield wall_checks.network(made.walled)
        yield wall_checks.files(made.walled)
        yield wall_checks.levels(made.walled)

    def _of_logs(self, made: Instance, heard: Heard) -> Iterator[Claim]:
        self._tell(Words("policy, audit log and retention", "policy, auditlog en bewaartermijnen"))
        yield policy_checks.refusals(made, self._folder / "refused")
        notes = [one for one in heard.messages if one.topic == heard.address.checkpoint]
        kept = [witness.of_payload("the broker", bytes(message.payload)) for message in notes]
        scratch = self._folder / "tampered"
        scratch.mkdir()
        yield log_checks.tampering(made.config, heard.key, kept, scratch)
        yield log_checks.own_log(self._camera)
        yield log_checks.retention(self._camera, made.config, self._policy)


def _is_root() -> bool:
    """Tell whether memory of processes that hide theirs may be read."""
    return os.geteuid() == 0


@contextmanager
def _packets(port: int) -> Iterator[bytearray | None]:
    """Capture packets, where this user may."""
    with ExitStack() as stack:
        try:
            packets = stack.enter_context(capture.loopback(port))
        except PermissionError:
            packets = None
        yield packets
