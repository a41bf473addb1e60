"""A whole made-up installation in one folder: keys, policy, register, configuration."""

import json
from dataclasses import dataclass
from pathlib import Path

from edge import keys, policy
from edge.keys import Role
from edge.registry import pack
from hil.pki import Pki

ROOT = Path(__file__).parent.parent.parent
CAMERA = "cam-017"
ZONE = "zez-demo"

POLICY = """\
[policy]
id = "zez-demo-2026"
serial = 1
bench = {bench}

[who]
controller = "Gemeente Demo"
contact = "verkeer@demo.example"
data_protection_officer = "fg@demo.example"
information_url = "https://demo.example/camera"

[why]
purpose = "Count vehicles per class in the zero-emission zone"
legal_basis = "art. 6(1)(e) GDPR; Wegenverkeerswet 1994, art. 2"
necessity = "Counting loops tell neither vehicle type nor drive"
traffic_decision = "Stcrt. 2026, 1"
dpia = "DPIA-2026-1"

[where]
zone = "{zone}"
cameras = ["{camera}"]
valid_from = 2026-01-01
valid_until = 2026-12-31

[what]
enrichment = ["rdw"]
measure = "passages"
repeat_gap_minutes = 5

[release]
k = {k}
table = "emission"
dimensions = ["direction", "plate", "vehicle_type", "drive"]

[retention]
outbox_days = 30
message_days = 365
"""

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

[policy]
file = "policy.toml"
officer_key = "{role}.pub"

[paths]
runtime = {runtime}
state = "state"

[gate]
signing_key = "camera.key"

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
    """Write an installation into ``folder``, which must exist."""
    role = Role.BENCH if plan.bench else Role.OFFICER
    officer, _ = keys.make(role, folder)
    _, camera_key = keys.make(Role.CAMERA, folder)
    policy_file = folder / "policy.toml"
    policy_file.write_text(POLICY.format(bench=str(plan.bench).lower(), zone=ZONE, camera=CAMERA, k=plan.k))
    policy.sign(policy_file, officer)
    pack.build(plan.register, folder / "register.db")
    config = folder / "camera.toml"
    config.write_text(_config(plan, pki, role))
    return Site(folder, config, policy_file, camera_key)


def _config(plan: Plan, pki: Pki, role: Role) -> str:
    paths = {
        "source": plan.source,
        "models": ROOT / "models",
        "runtime": plan.runtime,
        "ca": pki.ca,
        "certificate": pki.cameras[CAMERA].certificate,
        "key": pki.cameras[CAMERA].key,
    }
    quoted = {name: json.dumps(str(path.absolute())) for name, path in paths.items()}
    return CONFIG.format(camera=CAMERA, zone=ZONE, line=json.dumps(plan.line), role=role, port=plan.port, **quoted)
