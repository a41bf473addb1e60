"""The policy under which a process runs, kept beside its counters in memory: a crash puts no newer one in force.

A newer policy that lies ready takes effect at a full hour. A process that is killed before, and started again, goes on
under the one that it had: under the newer one what the hour has counted so far would be refused.
"""

from collections.abc import Callable
from pathlib import Path

from edge import policy as policies
from edge import signed, tmpfs
from edge.config import Config
from edge.errors import ConfigError
from edge.policy import Policy
from edge.signed import signature_file

FILE = "policy.toml"


def resumed(config: Config, newest: Policy, folder: Path, ran: Callable[[Policy], bool]) -> Policy:
    """Return the policy that is kept in ``folder``, this process's own, or ``newest``, which is kept from now on.

    ``newest`` was just read from its place; ``ran`` tells whether what is open was counted under a policy.
    """
    before = _kept(config, folder)
    if before is not None and ran(before):
        return before
    _keep(config, newest, folder)
    return newest


def forget(folder: Path) -> None:
    """Let the next start take the policy that lies in its place."""
    for file in (folder / FILE, signature_file(folder / FILE)):
        file.unlink(missing_ok=True)


def _keep(config: Config, policy: Policy, folder: Path) -> None:
    """Copy it; without room a crash may cost the running hour, which is no reason not to count."""
    copy, place = folder / FILE, config.policy.file
    forget(folder)
    try:
        tmpfs.replace(signature_file(copy), signed.read(signature_file(place)))
        tmpfs.replace(copy, signed.read(place))
    except OSError:
        forget(folder)
    if _kept(config, folder) != policy:  # The place holds another one by now.
        forget(folder)


def _kept(config: Config, folder: Path) -> Policy | None:
    """Return what was kept, if it is still a policy for this camera, signed by its officer."""
    try:
        return policies.verify_for(folder / FILE, config.policy.officer_key, config.camera.id, config.camera.zone)
    except ConfigError:
        return None
