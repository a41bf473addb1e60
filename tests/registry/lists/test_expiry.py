"""Deleting what has expired, without a key."""

import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from edge.categories import Exemption
from edge.errors import ConfigError
from edge.registry.lists.expiry import expire, expire_all
from edge.registry.lists.lookup import Exemptions
from edge.registry.lists.sealed import opened
from tests.registry.lists.office import TODAY, Office

ROWS = tuple(
    f"V-12-BD{letter},day,2026-11-01,2026-11-{day}" for letter, day in zip("FGHJ", (23, 24, 25, 28), strict=True)
)
LATER = date(2026, 11, 25)


def _load(office: Office, today: date) -> Exemptions:
    return Exemptions.load(office.sealed, office.sealing_key, office.registry_key, today)


def test_expired_segments_are_deleted_and_the_rest_verifies(office: Office) -> None:
    """What expired before today is gone from the file; the header stays as it was signed, and the rest opens."""
    office.exemptions(*ROWS)
    before = office.sealed.read_bytes()
    with opened(office.sealed) as sealed:
        head, gone = sealed.head(), [sealed.read(segment) for segment in sealed.present[:2]]
    assert expire(office.sealed, LATER) == 2
    after = office.sealed.read_bytes()
    assert after == before.replace(b"".join(gone), b"")
    assert after.startswith(head)
    loaded = _load(office, LATER)
    assert loaded.on(b"V12BDG", date(2026, 11, 24)) is Exemption.UNKNOWN
    assert loaded.on(b"V12BDH", LATER) is Exemption.DAY
    assert loaded.on(b"V12BDJ", LATER) is Exemption.DAY


@given(st.lists(st.dates(date(2026, 11, 20), date(2026, 12, 1)), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_a_list_verifies_after_any_number_of_expiries(office: Office, days: list[date]) -> None:
    """Whenever it was expired, also by a clock that went back, a list opens on each day from the latest on."""
    office.exemptions(*ROWS)
    for day in days:
        expire(office.sealed, day)
    latest = max([TODAY, *days])
    assert expire(office.sealed, latest) == 0 or not days
    loaded = _load(office, latest)
    for letter, last in zip("FGHJ", (23, 24, 25, 28), strict=True):
        if latest <= date(2026, 11, last):
            assert loaded.on(f"V12BD{letter}".encode(), latest) is Exemption.DAY


def test_nothing_is_written_where_nothing_has_expired(office: Office) -> None:
    """The file is the same one as before."""
    office.exemptions(*ROWS)
    before = office.sealed.stat()
    assert expire(office.sealed, TODAY) == 0
    assert office.sealed.stat().st_ino == before.st_ino


def test_who_may_read_a_list_stays_so(office: Office) -> None:
    """The rewritten file has the mode of the old one, and no draft stands beside it."""
    office.exemptions(*ROWS)
    office.sealed.chmod(0o640)
    names = sorted(path.name for path in office.folder.iterdir())
    expire(office.sealed, LATER)
    assert stat.S_IMODE(office.sealed.stat().st_mode) == 0o640
    assert sorted(path.name for path in office.folder.iterdir()) == names


def test_a_segment_that_has_not_expired_may_not_be_missing(office: Office) -> None:
    """Seen from an earlier day, an expired list lacks rows: damage, or a wrong clock."""
    office.exemptions(*ROWS)
    expire(office.sealed, LATER)
    with pytest.raises(
        ConfigError, match="lacks rows that have not expired on 2026-11-24; it is damaged, or the clock"
    ):
        _load(office, date(2026, 11, 24))


def test_a_list_that_has_expired_wholly_knows_nothing(office: Office) -> None:
    """Deleted or not, nothing is opened, and an exemption is unknown rather than none."""
    office.exemptions(*ROWS)
    end = date(2026, 11, 29)
    for _ in range(2):
        loaded = _load(office, end)
        assert loaded.expired
        assert loaded.on(b"V12BDJ", date(2026, 11, 28)) is Exemption.UNKNOWN
        expire(office.sealed, end)
    with opened(office.sealed) as sealed:
        assert office.sealed.read_bytes() == sealed.head()


def test_one_damaged_list_does_not_keep_the_others(office: Office, tmp_path: Path) -> None:
    """It is logged; one that is not there yet is no matter; the others are expired."""
    office.exemptions(*ROWS)
    damaged = tmp_path / "damaged.sealed"
    damaged.write_bytes(office.sealed.read_bytes()[:-1])
    with capture_logs() as logs:
        expire_all([tmp_path / "none", damaged, office.sealed], LATER)
    assert [(entry["event"], entry["file"]) for entry in logs] == [
        ("expired_rows_not_deleted", str(damaged)),
        ("expired_rows_deleted", str(office.sealed)),
    ]
    assert expire(office.sealed, LATER) == 0


def test_damage_in_what_stays_keeps_the_file(office: Office) -> None:
    """A segment that is not what the header says is not copied as if it were."""
    content = bytearray(office.exemptions(*ROWS).read_bytes())
    content[-1] ^= 1
    office.sealed.write_bytes(content)
    with pytest.raises(ConfigError, match="what expires on 2026-11-28 is damaged"):
        expire(office.sealed, LATER)
    assert office.sealed.read_bytes() == content
