"""Policies and keys for tests."""

from pathlib import Path

from edge import keys, policy

TEMPLATE = """
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
necessity = "Counting loops tell no emission class"
traffic_decision = "Stcrt. 2026, 1"
dpia = "DPIA-2026-1"

[where]
zone = "zez-demo"
cameras = ["cam-017"]
valid_from = {valid_from}
valid_until = {valid_until}

[what]
enrichment = ["rdw"]
measure = "{measure}"
repeat_gap_minutes = {gap}

[release]
k = {k}
table = "emission"
dimensions = ["direction", "plate", "vehicle_type", "drive"]

[retention]
outbox_days = 30
message_days = 365
"""


def policy_text(  # noqa: PLR0913  (each a field that tests vary)
    *,
    bench: bool = False,
    k: int = 10,
    gap: int = 10,
    measure: str = "passages",
    valid_from: str = "2026-01-01",
    valid_until: str = "2026-12-31",
) -> str:
    """Write a policy."""
    return TEMPLATE.format(
        bench=str(bench).lower(), k=k, gap=gap, measure=measure, valid_from=valid_from, valid_until=valid_until
    )


def signed_policy(folder: Path, text: str | None = None, role: keys.Role = keys.Role.OFFICER) -> tuple[Path, Path]:
    """Write and sign a policy with a new key of ``role``; return the policy's and the public key's file."""
    secret, public = keys.make(role, folder)
    file = folder / "policy.toml"
    file.write_text(text or policy_text(bench=role is keys.Role.BENCH))
    policy.sign(file, secret)
    return file, public
