"""Does the camera refuse a policy that nobody has signed as it is?"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from edge import keys
from edge.errors import ConfigError
from edge.keys import Role
from edge.policy_text import Words
from edge.proof.claims import Claim, judged, listed
from edge.proof.instance import Instance, write

_TIMEOUT: Final = 60


def _changed(policy: Path, _officer: Path) -> None:
    """Add a comment after the signature was made."""
    policy.write_bytes(policy.read_bytes() + b"# changed\n")


def _unsigned(policy: Path, _officer: Path) -> None:
    policy.with_name(policy.name + ".sig").unlink()


def _of_another_key(_policy: Path, officer: Path) -> None:
    """Trust another officer than the one who signed."""
    role, _ = keys.read_public(officer, Role.OFFICER, Role.BENCH)
    other = officer.parent / "other"
    other.mkdir()
    shutil.copyfile(keys.make(role, other)[1], officer)


_WAYS: Final[dict[str, Callable[[Path, Path], None]]] = {
    "changed": _changed,
    "unsigned": _unsigned,
    "of another key": _of_another_key,
}


def refusals(instance: Instance, folder: Path) -> Claim:
    """Start vision and gate under policies that are not what the officer signed."""
    started = [f"{name}: {way}" for way in _WAYS for name in _started(instance, folder / way.replace(" ", "-"), way)]
    starts = 2 * len(_WAYS)
    refused, names = starts - len(started), f": {listed(started)}" if started else ""
    return Claim(
        Words(
            "The camera counts under a policy that its officer has signed, or not at all",
            "De camera telt onder een policy die haar functionaris heeft getekend, of niet",
        ),
        Words(
            "Vision and gate were started under copies of this camera's policy: changed by a comment, without "
            "signature, and signed by another key.",
            "Herkenning en poort zijn gestart onder kopieën van de policy van deze camera: met een regel commentaar "
            "erbij, zonder handtekening, en getekend met een andere sleutel.",
        ),
        Words(f"of {starts} starts {refused} refused{names}", f"van {starts} starts {refused} geweigerd{names}"),
        judged(good=not started),
    )


def _started(instance: Instance, folder: Path, way: str) -> list[str]:
    """Return which processes do not refuse."""
    folder.mkdir(parents=True)
    policy, officer = folder / "policy.toml", folder / instance.config.policy.officer_key.name
    source = instance.config.policy.file
    shutil.copyfile(source, policy)
    shutil.copyfile(source.with_name(source.name + ".sig"), folder / "policy.toml.sig")
    shutil.copyfile(instance.config.policy.officer_key, officer)
    _WAYS[way](policy, officer)
    replace = msgspec.structs.replace
    paths = replace(instance.config.paths, state=folder / "state", runtime=folder / "runtime")
    named = replace(instance.config.policy, file=policy, officer_key=officer)
    file = write(replace(instance.config, policy=named, paths=paths), folder / "camera.toml")
    return [name for name in ("vision", "gate") if _status(name, file) != ConfigError.exit_status]


def _status(name: str, config: Path) -> int | None:
    """Return the exit status of a process, None where it goes on running."""
    command = [sys.executable, "-m", "edge", name, "--config", str(config)]
    try:
        return subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False).returncode  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
