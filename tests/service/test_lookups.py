"""What vision looks vehicles up in: opened as the policy asks, replaced while it runs."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from edge import config, keys, policy
from edge.categories import (
    Admitted,
    EmissionClass,
    Exemption,
    PlateKind,
    RegisterAge,
    VehicleType,
    VisionAct,
    VisionEvent,
)
from edge.errors import ConfigError
from edge.keys import Role
from edge.policy import Policy
from edge.registry.live import CHECK_SECONDS
from edge.registry.vehicle import VehicleClass
from edge.registry.zone import rules
from edge.service.lookups import Lookups
from edge.windows import day_of
from hil.demo.site import RULES, policy_text
from tests.policies import rung, table
from tests.registry.lists.office import CREATED, TODAY, Office
from tests.registry.packs import TRUCK, VAN, make_pack

CONFIG = """\
[camera]
id = "cam-017"
zone = "zez-demo"
source = "none"

[registry]
pack = "register.db"
key = "registry.pub"
zone_rules = "zone-rules.toml"
exemptions = "list.sealed"
sealing_key = "sealing.key"

[policy]
officer_key = "officer.pub"
"""
OLD_VAN = msgspec.structs.replace(VAN, emission_class=EmissionClass.E4, first_year=2010)
PLATE = b"V12BDF"


class Site:
    """A camera's files in a folder, and the people who make them; the calendar and the clock can be set."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.office = folder, Office(folder)
        self.officer, _ = keys.make(Role.OFFICER, folder)
        self.today, self.clock = TODAY, 0.0
        self.told = list[VisionEvent]()
        self.register({"V12BDF": OLD_VAN})
        shutil.copy(RULES, folder / "zone-rules.toml")
        rules.sign(folder / "zone-rules.toml", self.officer)
        self.office.exemptions("V12BDF,day,2026-11-24,2026-11-24", "V12BDG,long_term,2026-11-01,2027-01-01")
        (folder / "camera.toml").write_text(CONFIG)

    def register(self, vehicles: dict[str, VehicleClass], day: date = TODAY) -> None:
        """Put a pack into its place."""
        _, key = keys.read_secret(self.office.registry_secret, Role.REGISTRY)
        make_pack(self.folder / "register.db", vehicles, key, day)

    def policy(self, *enrichment: str, zone_rules: str | None = None) -> Policy:
        """Write and sign a policy."""
        digest = rules.read(self.folder / "zone-rules.toml").digest if zone_rules is None else zone_rules
        file = self.folder / "policy.toml"
        names = "[" + ", ".join(f'"{name}"' for name in enrichment) + "]"
        file.write_text(policy_text(table(rung("direction", "plate")), enrichment=names, zone_rules=f'"{digest}"'))
        policy.sign(file, self.officer)
        return policy.verify(file, self.folder / "officer.pub")

    def open(self, rule: Policy) -> Lookups:
        """Open what a policy names."""
        places = config.load(self.folder / "camera.toml")
        return Lookups(places, rule, lambda: self.today, lambda: self.clock, self.told.append)

    def wait(self, lookups: Lookups) -> None:
        """Let the time pass in which new files are noticed and taken."""
        self.clock += CHECK_SECONDS
        lookups.refresh()
        lookups.wait()
        lookups.refresh()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A camera under a policy with register, rules and exemptions."""
    return Site(tmp_path)


def _see(lookups: Lookups, day: date, plate: bytes = PLATE) -> tuple[VehicleType, Admitted, Exemption]:
    seen = lookups.enricher.attributes(plate, PlateKind.NL, day)
    return seen.vehicle_type, seen.admitted, seen.exemption


def test_register_rules_and_exemptions_meet(site: Site) -> None:
    """A van of class 4 may not enter, but for the day on which it has an exemption."""
    lookups = site.open(site.policy("rdw", "exemptions"))
    assert _see(lookups, TODAY) == (VehicleType.VAN, Admitted.NO, Exemption.NONE)
    assert _see(lookups, TODAY + timedelta(1)) == (VehicleType.VAN, Admitted.EXEMPT, Exemption.DAY)
    assert lookups.register_age() is RegisterAge.BELOW_8_DAYS
    lookups.close()


def test_a_new_register_is_taken_and_a_wrong_one_is_not(site: Site) -> None:
    """While the camera runs: a newer pack counts, an older, a smaller and a damaged one are refused by name."""
    lookups = site.open(site.policy("rdw", zone_rules=""))
    site.register({"V12BDF": TRUCK}, TODAY + timedelta(7))
    site.wait(lookups)
    assert _see(lookups, TODAY)[0] is VehicleType.TRUCK
    with capture_logs() as logs:
        site.register({"V12BDF": VAN}, TODAY)
        site.wait(lookups)
        (site.folder / "register.new").write_bytes(b"damaged")
        (site.folder / "register.new").replace(site.folder / "register.db")
        site.wait(lookups)
        site.register({f"V{number}BDF": VAN for number in range(10, 20)}, TODAY + timedelta(14))
        site.wait(lookups)
    reasons = [str(entry["reason"]) for entry in logs if entry["event"] == "new_file_refused"]
    assert ["older than" in reasons[0], "no register pack" in reasons[1], "has 10 vehicles" in reasons[2]] == [True] * 3
    assert _see(lookups, TODAY)[0] is VehicleType.TRUCK
    lookups.close()


def test_a_new_list_is_taken_and_an_older_one_is_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exemptions of today are sealed this morning."""
    lookups = site.open(site.policy("rdw", "exemptions"))
    monkeypatch.setattr("tests.registry.lists.office.CREATED", CREATED + timedelta(days=1))
    site.office.exemptions("V12BDF,long_term,2026-11-01,2027-01-01")
    site.wait(lookups)
    assert _see(lookups, TODAY)[2] is Exemption.LONG_TERM
    monkeypatch.setattr("tests.registry.lists.office.CREATED", CREATED)
    site.office.exemptions("V12BDF,day,2026-11-24,2026-11-24")
    with capture_logs() as logs:
        site.wait(lookups)
    assert "before the one in use" in str(logs[0]["reason"])
    assert _see(lookups, TODAY)[2] is Exemption.LONG_TERM
    lookups.close()


def test_what_expired_yesterday_is_forgotten_today(site: Site) -> None:
    """Its rows are gone from memory, so of yesterday nothing is known; the others stay."""
    lookups = site.open(site.policy("rdw", "exemptions"))
    site.today = TODAY + timedelta(2)
    lookups.refresh()
    assert [(one.act, day_of(one.day)) for one in site.told] == [
        (VisionAct.REGISTER_IN_USE, TODAY),
        (VisionAct.EXEMPTIONS_IN_USE, CREATED.date()),
        (VisionAct.EXEMPTIONS_EXPIRED, site.today),
    ]
    assert _see(lookups, TODAY + timedelta(1))[2] is Exemption.UNKNOWN
    assert _see(lookups, site.today, b"V12BDG")[2] is Exemption.LONG_TERM
    lookups.close()


def test_a_list_that_was_loaded_before_midnight_is_taken_after_it(site: Site) -> None:
    """What expired meanwhile is forgotten then too."""
    site.today = TODAY + timedelta(1)
    lookups = site.open(site.policy("rdw", "exemptions"))
    site.office.exemptions("V12BDF,day,2026-11-24,2026-11-24", "V12BDG,long_term,2026-11-01,2027-01-01")
    site.clock += CHECK_SECONDS
    lookups.refresh()
    lookups.wait()
    site.today += timedelta(1)
    lookups.refresh()
    assert _see(lookups, TODAY + timedelta(1))[2] is Exemption.UNKNOWN
    assert _see(lookups, site.today, b"V12BDG")[2] is Exemption.LONG_TERM
    lookups.close()


def test_what_the_policy_does_not_name_is_not_even_opened(site: Site) -> None:
    """Without enrichment the camera starts without any of the files, and counts plates only; it says so."""
    rule = site.policy(zone_rules="")
    for name in ("register.db", "list.sealed", "zone-rules.toml", "registry.pub", "sealing.key"):
        (site.folder / name).unlink()
    with capture_logs() as logs:
        lookups = site.open(rule)
    assert _see(lookups, TODAY) == (VehicleType.UNKNOWN, Admitted.UNKNOWN, Exemption.UNKNOWN)
    assert lookups.register_age() is RegisterAge.UNKNOWN
    told = [Path(entry["file"]).name for entry in logs if entry["event"] == "not_opened"]
    assert told == ["zone-rules.toml", "list.sealed"]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("register.db", r"register\.db: the register pack is missing"),
        ("registry.pub", r"registry\.pub: can't be read"),
        ("zone-rules.toml", r"zone-rules\.toml: can't be read"),
        ("zone-rules.toml.sig", r"zone-rules\.toml\.sig: can't be read"),
        ("list.sealed", r"list\.sealed: can't be read"),
        ("sealing.key", r"sealing\.key: can't be read"),
    ],
)
def test_a_missing_file_is_named(site: Site, file: str, message: str) -> None:
    """What the policy names and the camera lacks."""
    rule = site.policy("rdw", "exemptions")
    (site.folder / file).unlink()
    with pytest.raises(ConfigError, match=message):
        site.open(rule)


def test_other_rules_than_the_policys_are_refused(site: Site) -> None:
    """A rule file that the officer signed, but did not name in this policy."""
    rule = site.policy("rdw")
    file = site.folder / "zone-rules.toml"
    file.write_text(file.read_text() + "# another one\n")
    rules.sign(file, site.officer)
    with pytest.raises(ConfigError, match=r"but the policy's \[what\] zone_rules names"):
        site.open(rule)
