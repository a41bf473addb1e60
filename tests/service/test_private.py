"""A real camera under a policy with differential privacy."""

from pathlib import Path

from edge import policy
from edge.config import load
from edge.gate.audit import store
from edge.gate.audit.events import BudgetCharged
from edge.proof.pki import Pki
from edge.uplink.contract import DifferentialPrivacy, Stream
from tests.service.sites import bench_site, camera, reports_of

START = ("--start", "2026-11-17T15:00:00+01:00")
PRIVACY = "[release.dp]\nbudget = 2.0\n\n[[release.tables]]"


def test_reports_say_epsilon_and_the_log_what_was_charged(
    tmp_path: Path, one_vehicle: Path, memory: Path, pki: Pki
) -> None:
    """Vision, gate and uplink together: hour and day, charged once, before they are in the outbox."""
    site = bench_site(tmp_path / "site", one_vehicle, memory, pki)
    text = site.policy.read_text().replace('measure = "passages"', 'measure = "unique_vehicles"')
    site.policy.write_text(text.replace("[[release.tables]]", PRIVACY, 1))
    policy.sign(site.policy, site.folder / "bench.key")
    assert camera(site, "run", *START).returncode == 0
    (hour,) = reports_of(site)
    assert hour.data.release.noise == DifferentialPrivacy(2.0, "vehicle_camera_day", 5.0, 21)
    events = [entry.what for entry in store.load(load(site.config).audit_folder).entries()]
    charged = [event for event in events if isinstance(event, BudgetCharged)]
    assert [(one.stream, one.charged, one.left) for one in charged] == [(Stream.HOUR, 2_000, 0), (Stream.DAY, 0, 0)]
