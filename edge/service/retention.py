"""What lies on this camera, how long it may, and whether anything has lain longer."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec

from edge import keys
from edge.config import Config
from edge.counting.spool import KEYS
from edge.errors import AnprError
from edge.gate.audit import store
from edge.gate.audit.journal import term_days
from edge.gate.audit.prose import local
from edge.keys import Role
from edge.policy import Policy
from edge.registry.lists.sealed import opened
from edge.registry.pack import Pack
from edge.uplink.outbox import OutboxReader
from edge.windows import WINDOW_SECONDS, end_of_day, local_day

DAY = 86_400
# The gate deletes once an hour, and whole days of its log.
GRACE_SECONDS = 2 * 3_600
# Vision hands a window over some seconds after its end; without a gate it keeps it until the next start.
OPEN_SECONDS = DAY
_PART = re.compile(r"([0-9]+)-[0-9]+\.json")


class Holding(msgspec.Struct, frozen=True):
    """One store: its term, its oldest item, and whether that is older than its term."""

    store: str
    term: str
    oldest: str
    over: bool


class _LastKeys(msgspec.Struct, frozen=True):
    """The day of the latest tag key, as the spool notes it."""

    newest: date


def holdings(config: Config, policy: Policy, clock: Callable[[], float] = time.time) -> list[Holding]:
    """Look at every store of a camera.

    Raises:
        AnprError: one of them can't be read.
    """
    now = clock()
    return [
        *_outbox(config.outbox_file, policy.file.retention.outbox_days, now),
        *_audit(config.audit_folder, term_days(policy), now),
        *_counters(config.paths.runtime / "vision", now),
        *_day(config.day_folder, now),
        *_keys(config.paths.runtime / "vision" / KEYS),
        *_lists(config, local_day(now - GRACE_SECONDS)),
        *_register(config),
    ]


def _outbox(file: Path, days: int, now: float) -> Iterator[Holding]:
    reader = OutboxReader(file)
    try:
        stored, expires = reader.oldest()
    finally:
        reader.close()
    yield _aged("outbox messages", f"{days} days", stored, now - days * DAY)
    yield _aged("outbox messages, first expiry", "the day in each message", expires, now)


def _audit(folder: Path, days: int, now: float) -> Iterator[Holding]:
    entries = store.load(folder).entries() if folder.exists() else []
    oldest = entries[0].time if entries else None
    yield _aged("audit entries", f"{days} days, by whole days", oldest, now - (days + 1) * DAY)


def _counters(folder: Path, now: float) -> Iterator[Holding]:
    starts = [int(found[1]) for file in folder.glob("*.json") if (found := _PART.fullmatch(file.name))]
    oldest = min(starts) + WINDOW_SECONDS if starts else None
    yield _aged("open counters (in memory)", "a day after their window", oldest, now - OPEN_SECONDS)


def _day(folder: Path, now: float) -> Iterator[Holding]:
    starts = [int(file.stem) for file in folder.glob("*.json") if file.stem.isdecimal()]
    ends = end_of_day(local_day(min(starts))) if starts else None
    held = _aged("counts of the day (in memory)", "until their day is closed", ends, now)
    yield msgspec.structs.replace(held, oldest=local(min(starts))) if starts else held


def _keys(file: Path) -> Iterator[Holding]:
    """Tell of which day the latest tag key was, and how many it had: nothing of vehicles."""
    try:
        oldest = f"of {msgspec.json.decode(file.read_bytes(), type=_LastKeys).newest}"
    except FileNotFoundError:
        oldest = "nothing"
    except msgspec.MsgspecError as error:
        raise AnprError(f"{file}: is damaged; remove it, and the gate's counts of today, before vision runs") from error
    yield Holding("numbers of keys (in memory)", "none: a day and two numbers", oldest, over=False)


def _lists(config: Config, today: date) -> Iterator[Holding]:
    places = config.registry
    files = {"exemptions": places.exemptions, "origin": places.origin, "trade": places.trade}
    for name, file in files.items():
        if file is not None and file.exists():
            with opened(file) as sealed:
                until = min((segment.until for segment in sealed.present), default=None)
            oldest = f"rows that hold until {until}" if until else "nothing"
            yield Holding(f"list of {name}", "until its rows expire", oldest, until is not None and until < today)


def _register(config: Config) -> Iterator[Holding]:
    """Tell of the register, which is public and has no term; an old one shows in health."""
    places = config.registry
    if places.pack.exists():
        _, key = keys.read_public(places.key, Role.REGISTRY)
        with closing(Pack(places.pack, key)) as pack:
            yield Holding("register", "none: public data", f"of {pack.manifest.day}", over=False)


def _aged(name: str, term: str, oldest: int | None, limit: float) -> Holding:
    """Compare the oldest item of a store with the moment before which nothing may be left."""
    over = oldest is not None and oldest < limit - GRACE_SECONDS
    return Holding(name, term, local(oldest) if oldest is not None else "nothing", over)
