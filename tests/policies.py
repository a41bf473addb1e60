"""Policies and keys for tests."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge import keys, policy
from edge.categories import VehicleType
from hil.demo import site


def policy_text(  # noqa: PLR0913  (each a field that tests vary)
    *,
    bench: bool = False,
    k: int = 10,
    gap: int = 10,
    measure: str = "passages",
    valid_from: str = "2026-01-01",
    valid_until: str = "2026-12-31",
    tables: Sequence[str] = (),
    perturbation: int = 0,
    dp: str = "",
) -> str:
    """Write a policy, with the example's ladder unless there are other ``tables``; ``dp`` holds options of its own."""
    text = site.policy_text(
        *tables,
        bench=str(bench).lower(),
        cameras='["cam-017"]',
        k=k,
        repeat_gap_minutes=gap,
        measure=f'"{measure}"',
        valid_from=valid_from,
        valid_until=valid_until,
    )
    if dp:
        text = text.replace("[[release.tables]]", f"[release.dp]\n{dp}\n\n[[release.tables]]", 1)
    return text.replace("\nk = ", f"\nperturbation = {perturbation}\nk = ") if perturbation else text


def table(*rungs: str, name: str = "emission", weight: float = 1.0) -> str:
    """Write the options of a table."""
    return f'name = "{name}"\nweight = {weight}\nrungs = [{", ".join(rungs)}]\n'


def rung(*dimensions: str, period: str = "hour", types: Sequence[str] = tuple(VehicleType)) -> str:
    """Write a rung."""
    return f'{{period = "{period}", dimensions = {_list(dimensions)}, vehicle_types = {_list(types)}}}'


def _list(names: Sequence[str]) -> str:
    return json.dumps([str(name) for name in names])


# One rung of an hour for everybody.
FLAT = table(rung("direction", "plate", "vehicle_type", "drive"))


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
