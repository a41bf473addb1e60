"""Policies and keys for tests."""

from pathlib import Path
from typing import Any

from edge import keys, policy
from hil.demo import site


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
    return site.policy_text(
        bench=str(bench).lower(),
        cameras='["cam-017"]',
        k=k,
        repeat_gap_minutes=gap,
        measure=f'"{measure}"',
        valid_from=valid_from,
        valid_until=valid_until,
    )


def signed_policy(folder: Path, text: str | None = None, role: keys.Role = keys.Role.OFFICER) -> tuple[Path, Path]:
    """Write and sign a policy with a new key of ``role``; return the policy's and the public key's file."""
    secret, public = keys.make(role, folder)
    file = folder / "policy.toml"
    file.write_text(text or policy_text(bench=role is keys.Role.BENCH))
    policy.sign(file, secret)
    return file, public


def policy_at(folder: Path, serial: int, **changes: Any) -> policy.Policy:
    """Return an unsigned policy of a ``serial``, with ``changes``."""
    file = folder / "policy.toml"
    file.write_text(policy_text(**changes).replace("serial = 1\n", f"serial = {serial}\n"))
    return policy.read(file)
