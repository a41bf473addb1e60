"""How a newer signed policy takes the place of the one in force while a camera runs.

Vision goes on under the old one to the end of the clock hour, hands that window over and starts anew under the new
one. The gate follows when the first counts under the new one arrive. So no window has two policies, and no hour is
lost. Whatever is not valid, not newer or not for this camera is refused, and counting goes on as before.
"""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from edge.config import Config
from edge.errors import AnprError, ConfigError
from edge.policy import Policy, verify_for
from edge.signed import signature_file
from edge.windows import local_day, window_of

log = structlog.get_logger()

CHECK_SECONDS = 5.0

Identity = tuple[tuple[int, int, int] | None, ...]


class PolicyChangedError(AnprError):
    """A newer policy takes effect: the process ends, to be started again under it."""

    exit_status = 75  # EX_TEMPFAIL of sysexits.h: supervisor and systemd start it again.


class OlderPolicyError(ConfigError):
    """The policy in place is sound, but not newer than the one in force."""


class Succession:
    """Looks after the files of the policy in force; ``monotonic`` is the clock, in seconds."""

    def __init__(
        self,
        config: Config,
        policy: Policy,
        monotonic: Callable[[], float] = time.monotonic,
        refused: Callable[[ConfigError], None] = lambda _: None,
    ) -> None:
        """Look after the successor of ``policy``; ``refused`` hears, once per content, of what may not succeed it."""
        self._config, self._policy, self._monotonic, self._tell = config, policy, monotonic, refused
        self._refused = b""
        self._due = monotonic() + CHECK_SECONDS
        self._judged: Identity = ()
        self._seen: Identity = ()
        self._successor: Policy | None = None
        self._from = 0.0

    def turn(self, moment: float) -> None:
        """Start anew, as vision must, once the clock hour is over in which a successor was found.

        ``moment`` is the time (Unix seconds) of the next frame. A successor whose first day has not come is waited for.

        Raises:
            PolicyChangedError: it is time.
        """
        self.watch(moment)
        if self._successor and moment >= self._from and self._successor.admits(local_day(moment)):
            raise _changed(self._successor)

    def follow(self, serial: int) -> None:
        """Start anew, as the gate must, if vision counts under policy ``serial`` and a successor lies ready.

        Raises:
            PolicyChangedError: it does.
        """
        if serial > self._policy.file.policy.serial:
            self._judge(time.time())
            if self._successor:
                raise _changed(self._successor)

    def sound(self) -> bool:
        """Tell whether what lies in place now is the policy in force, or one that may succeed it."""
        self._judge(time.time())
        return not self._refused

    def watch(self, moment: float) -> None:
        """Judge files that have changed, once they stand still: policy and signature are replaced one by one."""
        if self._monotonic() < self._due:
            return
        self._due = self._monotonic() + CHECK_SECONDS
        before, self._seen = self._seen, _identity(self._config.policy.file)
        if self._seen == before != self._judged:
            self._judge(moment)

    def _judge(self, moment: float) -> None:
        self._judged = self._seen = _identity(self._config.policy.file)
        self._successor = None
        try:
            found = self._verified()
        except ConfigError as error:
            self._refuse(error)
            return
        self._refused = b""
        if found != self._policy:
            self._successor, self._from = found, window_of(moment).end
            log.info("policy_found", serial=found.file.policy.serial, digest=found.digest)

    def _refuse(self, error: ConfigError) -> None:
        """Say why, once: the same files are often copied again."""
        content = _content(self._config.policy.file)
        if content != self._refused:
            self._refused = content
            log.warning("policy_refused", reason=str(error), kept="the one in force")
            self._tell(error)

    def _verified(self) -> Policy:
        """Return the policy that lies in place, which is the one in force or a newer one."""
        camera, anchor = self._config.camera, self._config.policy
        found, current = verify_for(anchor.file, anchor.officer_key, camera.id, camera.zone), self._policy
        serial, above = found.file.policy.serial, current.file.policy.serial
        if found != current and serial <= above:
            raise OlderPolicyError(
                f"{anchor.file}: [policy] serial = {serial}; allowed: {above + 1} or higher, for a policy of serial "
                f"{above} is in force"
            )
        return found


def _changed(successor: Policy) -> PolicyChangedError:
    identity = successor.file.policy
    return PolicyChangedError(f"policy {identity.id}, serial {identity.serial}, takes effect; starting anew under it")


def _identity(file: Path) -> Identity:
    """Return what changes when a policy or its signature is replaced."""
    return tuple(_stat(one) for one in (file, signature_file(file)))


def _content(file: Path) -> bytes:
    """Return a digest of a policy and its signature, as far as they can be read."""
    return hashlib.sha256(b"".join(map(_read, (file, signature_file(file))))).digest()


def _read(file: Path) -> bytes:
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError:
        return b""


def _stat(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
