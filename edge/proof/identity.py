"""Which software, models and policy a proof is of."""

import hashlib
import platform
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import edge
from edge import __version__, keys
from edge.config import Config
from edge.keys import Role
from edge.policy import Policy
from edge.service.gate import models_digest
from edge.uplink.signature import key_id


@dataclass(frozen=True, slots=True)
class Identity:
    """Digests are SHA-256, hexadecimal; that of the software is over all files of its package."""

    camera: str
    zone: str
    software: str
    software_digest: str
    models: str
    policy: str
    serial: int
    policy_digest: str
    officer_key: str
    machine: str
    at: datetime


def of(config: Config, policy: Policy, at: datetime) -> Identity:
    """Name what this camera runs.

    Raises:
        ConfigError: the models or the officer's key can't be read.
    """
    _, officer = keys.read_public(config.policy.officer_key, Role.OFFICER, Role.BENCH)
    identity = policy.file.policy
    return Identity(
        camera=config.camera.id,
        zone=config.camera.zone,
        software=__version__,
        software_digest=_digest_of(Path(edge.__file__).parent),
        models=models_digest(config.models.directory).removeprefix("sha256:"),
        policy=identity.id,
        serial=identity.serial,
        policy_digest=policy.sha256,
        officer_key=key_id(officer),
        machine=f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}",
        at=at,
    )


def _digest_of(package: Path) -> str:
    """Hash the list that `sha256sum` makes of a package's files, ordered by name: anybody can repeat it."""
    files = {file.relative_to(package).as_posix(): file for file in package.rglob("*") if file.is_file()}
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {name}\n"
        for name, file in sorted(files.items())
        if file.suffix != ".pyc"
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
