"""A whole made-up installation in one folder: keys, policy, register, configuration."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from edge import keys, policy
from edge.keys import Role
from edge.proof.pki import Pki
from edge.registry.zone import rules
from edge.registry.zone.rules import ZoneRules
from hil.register.packing import make_pack

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "policy.toml"
RULES = ROOT / "docs" / "examples" / "zone-rules-zero-emission.toml"
TABLE = "[[release.tables]]"
CAMERA = "cam-017"
ZONE = "zez-demo"

CONFIG = """\
[camera]
id = "{camera}"
zone = "{zone}"
source = {source}

[view]
line = {line}
inwards = "down"

[models]
directory = {models}

[registry]
pack = "register.db"
key = "registry.pub"
zone_rules = "zone-rules.toml"

[policy]
file = "policy.toml"
officer_key = "{role}.pub"

[paths]
runtime = {runtime}
state = "state"

[gate]
signing_key = {signing_key}

[uplink]
host = "127.0.0.1"
port = {port}
ca = {ca}
certificate = {certificate}
key = {key}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs between installations."""

    source: Path
    register: Path
    """The folder with the register's exports."""
    line: tuple[tuple[float, float], tuple[float, float]]
    port: int
    runtime: Path
    bench: bool = False
    k: int = 10


@dataclass(frozen=True, slots=True)
class Site:
    """The files that others need."""

    folder: Path
    config: Path
    policy: Path
    camera_key: Path


def make(folder: Path, plan: Plan, pki: Pki) -> Site:
    """Write an installation into two folders of ``folder``, which must exist.

    The signing key lies apart: tables are replaced as new files, so a process that reads them reads their whole folder.
    """
    role = Role.BENCH if plan.bench else Role.OFFICER
    folder, secret = folder / "camera", folder / "secret"
    folder.mkdir()
    secret.mkdir()
    officer, _ = keys.make(role, folder)
    _, camera_key = keys.make(Role.CAMERA, secret)
    policy_file = folder / "policy.toml"
    fields = {"bench": str(plan.bench).lower(), "k": plan.k, "repeat_gap_minutes": 5}
    if plan.bench:
        fields["minimum_window_minutes"] = 0  # Scenes on a bench are short.
    zone = _zone_rules(folder, officer)
    text = policy_text(**fields, zone_rules=f'"{zone.digest}"')
    policy_file.write_text(text.replace('"emission_class"', '"emission_class", "admitted"'))
    policy.sign(policy_file, officer)
    make_pack(plan.register, folder / "register.db")
    config = folder / "camera.toml"
    config.write_text(_config(plan, pki, role, secret / "camera.key"))
    return Site(folder, config, policy_file, camera_key)


def _zone_rules(folder: Path, officer: Path) -> ZoneRules:
    """Sign the example's rules for this zone."""
    file = folder / "zone-rules.toml"
    shutil.copy(RULES, file)
    rules.sign(file, officer)
    return rules.read(file)


def policy_text(*tables: str, **fields: object) -> str:
    """Return the example policy with other tables, each the options of one, and other values of some fields (TOML)."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, value in fields.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, count=1, flags=re.MULTILINE)
    before, _, rest = text.partition(TABLE)
    _, end, after = rest.partition("[retention]")
    return "".join([before, *(f"{TABLE}\n{one}\n" for one in tables), end, after]) if tables else text


def _config(plan: Plan, pki: Pki, role: Role, signing_key: Path) -> str:
    paths = {
        "source": plan.source,
        "models": ROOT / "models",
        "runtime": plan.runtime,
        "signing_key": signing_key,
        "ca": pki.ca,
        "certificate": pki.cameras[CAMERA].certificate,
        "key": pki.cameras[CAMERA].key,
    }
    quoted = {name: json.dumps(str(path.absolute())) for name, path in paths.items()}
    return CONFIG.format(camera=CAMERA, zone=ZONE, line=json.dumps(plan.line), role=role, port=plan.port, **quoted)
