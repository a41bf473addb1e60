"""What lies on a camera, and whether it has lain too long."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from edge import config, keys, policy
from edge.counting.spool import Spool
from edge.errors import AnprError
from edge.gate.audit.events import Stopped
from edge.gate.carry import Carry, Hour
from edge.keys import Role
from edge.service.retention import Holding, holdings
from edge.uplink.contract import Status, Stream
from edge.uplink.outbox import Entry, Outbox
from edge.windows import end_of_day
from tests.counts import HOUR, counts
from tests.gate.audit.logs import DAY, NOON, Clock, fill
from tests.policies import policy_text
from tests.registry.lists.office import TODAY, Office
from tests.registry.packs import VAN, make_pack

CONFIG = """
[camera]
id = "cam-017"
zone = "zez-demo"
source = "x"
[registry]
pack = "register.db"
key = "registry.pub"
exemptions = "list.sealed"
[paths]
runtime = "run"
state = "."
"""
MORNING = end_of_day(TODAY) - DAY // 2


@pytest.fixture
def camera(memory: Path) -> Path:
    """A camera's folder with something in every store."""
    (memory / "camera.toml").write_text(CONFIG)
    office = Office(memory)
    office.exemptions("V12BDF,day,2026-11-24,2026-11-24", "V12BDG,long_term,2026-11-01,2027-01-01")
    _, key = keys.read_secret(office.registry_secret, Role.REGISTRY)
    make_pack(memory / "register.db", {"V12BDF": VAN}, key, TODAY)
    (memory / "outbox").mkdir()
    outbox = Outbox(memory / "outbox" / "outbox.db", 1_000_000, lambda: MORNING)
    outbox.append(Stream.HOUR, NOON, [lambda _: Entry("t", b"p", "s", MORNING + 90 * DAY)])
    outbox.set_states({Status.ONLINE: Entry("t", b"p", "s", MORNING + 95 * DAY)})
    outbox.close()
    fill(memory / "audit", [Stopped()], Clock(MORNING))
    spool = Spool(memory / "run" / "vision")
    spool.put(counts())
    spool.next_key(TODAY)
    Carry(memory / "run" / "gate" / "day", "sha256:0").keep(
        Hour("sha256:0", HOUR.start, HOUR.end, 100, partial=False, tables=())
    )
    return memory


def _look(folder: Path, now: float) -> dict[str, Holding]:
    (folder / "policy.toml").write_text(policy_text())
    found = holdings(config.load(folder / "camera.toml"), policy.read(folder / "policy.toml"), lambda: now)
    return {one.store: one for one in found}


def _over(folder: Path, now: float) -> set[str]:
    return {name for name, one in _look(folder, now).items() if one.over}


def test_every_store_is_looked_at(camera: Path) -> None:
    """With its term and its oldest item; in time nothing is older than its term."""
    found = _look(camera, NOON + 3_600)
    assert list(found) == [
        "outbox messages",
        "outbox messages, first expiry",
        "audit entries",
        "open counters (in memory)",
        "counts of the day (in memory)",
        "numbers of keys (in memory)",
        "list of exemptions",
        "register",
    ]
    assert not any(one.over for one in found.values())
    assert (found["outbox messages"].term, found["outbox messages"].oldest[:10]) == ("30 days", TODAY.isoformat())
    assert found["list of exemptions"].oldest == "rows that hold until 2026-11-24"
    assert found["register"].oldest == f"of {TODAY}"


def test_what_is_older_than_its_term_is_named(camera: Path) -> None:
    """Each store at its own time, and not before; an hour or two are left for the deletion itself."""
    assert "open counters (in memory)" in _over(camera, NOON + DAY + 7_201)
    assert "counts of the day (in memory)" not in _over(camera, end_of_day(TODAY) + 7_200)
    assert "counts of the day (in memory)" in _over(camera, end_of_day(TODAY) + 7_201)
    assert "list of exemptions" not in _over(camera, end_of_day(TODAY + timedelta(1)) + 7_000)
    assert "list of exemptions" in _over(camera, end_of_day(TODAY + timedelta(1)) + 7_201)
    assert "outbox messages" not in _over(camera, MORNING + 30 * DAY + 7_200)
    assert "outbox messages" in _over(camera, MORNING + 30 * DAY + 7_201)
    assert "outbox messages, first expiry" in _over(camera, MORNING + 90 * DAY + 7_201)
    assert "audit entries" not in _over(camera, MORNING + 401 * DAY + 7_200)
    assert "audit entries" in _over(camera, MORNING + 401 * DAY + 7_201)


def test_an_empty_camera_has_nothing_that_is_old(memory: Path) -> None:
    """Before its first start."""
    (memory / "camera.toml").write_text(CONFIG)
    found = _look(memory, NOON)
    assert {one.oldest for one in found.values()} == {"nothing"}


def test_a_list_of_which_everything_has_expired_holds_nothing(camera: Path) -> None:
    """Only its header is left."""
    content = (camera / "list.sealed").read_bytes()
    head = b"\n".join(content.split(b"\n")[:3]) + b"\n"
    (camera / "list.sealed").write_bytes(head)
    assert _look(camera, NOON + 900 * DAY)["list of exemptions"] == Holding(
        "list of exemptions", "until its rows expire", "nothing", over=False
    )


def test_retained_messages_count_too(camera: Path) -> None:
    """The oldest expiry is that of whatever lies in the outbox."""
    with closing(sqlite3.connect(camera / "outbox" / "outbox.db")) as connection:
        connection.execute("delete from messages")
        connection.commit()
    assert "outbox messages, first expiry" in _over(camera, MORNING + 95 * DAY + 7_201)
    assert _look(camera, NOON)["outbox messages"].oldest == "nothing"


def test_a_store_that_is_damaged_is_named(camera: Path) -> None:
    """With what to do about it, in one line."""
    file = camera / "run" / "vision" / "tag-keys"
    for content in ("{", '{"newest":"yesterday"}'):
        file.write_text(content)
        with pytest.raises(AnprError, match=f"{file}: is damaged; remove it, and the gate's counts of today"):
            _look(camera, NOON)
