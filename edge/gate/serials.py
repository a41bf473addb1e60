"""The highest policy serial under which this camera has counted, on the disk: no older policy ever runs again."""

import os
import re
from pathlib import Path

from edge.errors import ConfigError
from edge.policy import Policy
from edge.uplink.outbox import OutboxError

_LINE = re.compile(r"serial ([1-9][0-9]{0,3}) (sha256:[0-9a-f]{64})\n")


class Serials:
    """One file of one line, replaced in one step: a power cut leaves the old line or the new one, whole."""

    def __init__(self, file: Path) -> None:
        """Read the file; one that is absent is that of a new camera.

        Raises:
            ConfigError: it can't be read, or holds anything else.
        """
        self._file = file
        self._highest, self._digest = _read(file)

    def check(self, policy: Policy, named: Path) -> None:
        """Refuse a policy, read from ``named``, that is older than one that ran, or another of the same serial.

        Raises:
            ConfigError: it is one of these.
        """
        serial = policy.file.policy.serial
        if serial < self._highest:
            raise ConfigError(
                f"{named}: [policy] serial = {serial}; allowed: {self._highest} or higher, for a policy of serial "
                f"{self._highest} has run on this camera"
            )
        if serial == self._highest and policy.digest != self._digest:
            raise ConfigError(
                f"{named}: [policy] serial = {serial}; allowed: {serial + 1} or higher, for another policy of serial "
                f"{serial} has run on this camera"
            )

    def ran_last(self, policy: Policy) -> bool:
        """Tell whether counts were taken under ``policy``, and under none newer."""
        return (policy.file.policy.serial, policy.digest) == (self._highest, self._digest)

    def note(self, policy: Policy) -> None:
        """Put down that counts are taken under ``policy``; it is on the disk on return.

        Raises:
            OutboxError: it can't be written now.
        """
        if not self.ran_last(policy):
            _write(self._file, f"serial {policy.file.policy.serial} {policy.digest}\n")
            self._highest, self._digest = policy.file.policy.serial, policy.digest


def _read(file: Path) -> tuple[int, str]:
    """Return the serial and digest, 0 and nothing for a new camera."""
    try:
        line = file.read_text(encoding="ascii")
    except FileNotFoundError:
        return 0, ""
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(file) from error
    if not (match := _LINE.fullmatch(line)):
        raise _damaged(file)
    return int(match[1]), match[2]


def _damaged(file: Path) -> ConfigError:
    return ConfigError(
        f"{file}: is damaged: which policy ran last is not known; look the serial up in the camera's last reports, and "
        "remove the file only for a policy that is not older"
    )


def _write(file: Path, line: str) -> None:
    """Replace the file; draft and folder are synchronised, so that the line survives a power cut."""
    draft = file.with_name(file.name + ".new")
    try:
        with draft.open("w", encoding="ascii") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise OutboxError(f"{file}: can't be written: {error.strerror}") from error
