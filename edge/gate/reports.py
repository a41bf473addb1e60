"""Writes and signs the messages of one camera under one policy."""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal, NamedTuple

from msgspec import UNSET

from edge.categories import Clock, Sandbox, Share, Unreadable, VisionHealth
from edge.gate.signing import Signer
from edge.policy import Policy
from edge.release_rules import Release, Table
from edge.uplink import contract
from edge.uplink.contract import Address, Cell, CountReport, Health, State, Status, Stream, Term
from edge.uplink.outbox import Entry, Stats
from edge.windows import TIMEZONE, Window, end_of_day, local_day

Waiting = Literal["none", "below_24", "below_168", "168_or_more"]

ALL = 100  # Per cent of a window.


class Seen(NamedTuple):
    """A bin, how much of it the camera saw (per cent, in steps of 5), and whether it saw it as a ``whole``."""

    window: Window
    observed: int
    whole: bool


class Reports:
    """Makes entries for the outbox; ``clock`` gives Unix seconds."""

    def __init__(self, policy: Policy, address: Address, signer: Signer, clock: Callable[[], float]) -> None:
        self._policy, self._address, self._signer, self._clock = policy, address, signer, clock

    def counts(self, stream: Stream, seen: Seen, table: Table, cells: tuple[Cell, ...]) -> Callable[[int], Entry]:
        """Report the released ``cells`` of one table; the report is made for the sequence that it is given."""
        file = self._policy.file
        expires = local_day(seen.window.start) + timedelta(days=file.retention.message_days)
        data = contract.CountData(
            window=_window(seen),
            policy=self._policy.digest,
            release=contract.ReleaseRule(file.release.k, _noise(file.release, table)),
            table=table.name,
            weight=table.weight,
            measure=file.what.measure.value,
            cells=cells,
            expires=expires,
        )
        return lambda sequence: self._counts(stream, sequence, data)

    def _counts(self, stream: Stream, sequence: int, data: contract.CountData) -> Entry:
        report = CountReport(
            id=f"{self._address.camera}:{stream}:{sequence}",
            source=self._address.source,
            time=contract.timestamp(self._clock()),
            sequence=str(sequence),
            data=data,
        )
        return self._entry(self._address.topic(stream), report, end_of_day(data.expires))

    def states(self, software: str, models: str, sandbox: Sandbox) -> dict[Status, Entry]:
        """Report the camera's presence in every form it may take, for the uplink to send when it is true.

        ``models`` is the digest of the models' checksum file, "sha256:…"; ``sandbox`` says how well vision and gate are
        walled in. The last will is among them, so all are signed in advance.
        """
        return {status: self._state(status, software, models, sandbox) for status in Status}

    def health(self, seen: VisionHealth, outbox: Stats, unreadable: Unreadable) -> Entry:
        """Report how vision and the outbox are doing, and how well plates were read."""
        data = contract.HealthData(
            camera=seen.camera,
            clock=seen.clock,
            frames_dropped=_blurred(seen.frames_dropped),
            frames_corrupt=seen.frames_corrupt,
            reopened=seen.reopened,
            outbox_waiting=_waiting(outbox.waiting),
            outbox_dropped=outbox.dropped,
            register_age=seen.register_age,
            unreadable=unreadable,
            policy=self._term() if seen.clock is Clock.SYNCHRONISED else UNSET,
            unreceived=UNSET if outbox.unreceived is None else _waiting(outbox.unreceived),
            oldest=outbox.oldest,
        )
        now = self._clock()
        report = Health(
            id=f"{self._address.camera}:health:{int(now)}",
            source=self._address.source,
            time=contract.timestamp(now),
            data=data,
        )
        return self._entry(self._address.topic(Stream.HEALTH), report, self._retained_until(now))

    def _term(self) -> Term:
        """Tell whether today is a day on which may be counted."""
        day, where = local_day(self._clock()), self._policy.file.where
        if day < where.valid_from:
            return Term.NOT_YET
        return Term.IN_FORCE if day <= where.valid_until else Term.ENDED

    def _state(self, status: Status, software: str, models: str, sandbox: Sandbox) -> Entry:
        now = self._clock()
        state = State(
            id=f"{self._address.camera}:state-{status}:{int(now)}",
            source=self._address.source,
            time=contract.timestamp(now),
            data=contract.StateData(status, software, self._policy.digest, models, sandbox),
        )
        return self._entry(self._address.state, state, self._retained_until(now))

    def _retained_until(self, now: float) -> int:
        return end_of_day(local_day(now) + timedelta(days=self._policy.file.retention.message_days))

    def _entry(self, topic: str, message: CountReport | State | Health, expires: int) -> Entry:
        payload = contract.encode(message)
        return Entry(topic, payload, self._signer.sign(topic, payload), expires)


def _noise(release: Release, table: Table) -> contract.Perturbation | contract.DifferentialPrivacy | None:
    if (privacy := release.dp) is not None:
        scale = round(float(privacy.scale(table)), 3)
        return contract.DifferentialPrivacy(privacy.budget, "vehicle_camera_day", scale, release.threshold(table))
    return contract.Perturbation(release.perturbation) if release.perturbation else None


def _window(seen: Seen) -> contract.Window:
    return contract.Window(
        start=contract.timestamp(seen.window.start),
        end=contract.timestamp(seen.window.end),
        timezone=TIMEZONE,
        partial=not seen.whole or seen.observed < ALL,
        observed_share=seen.observed / ALL,
    )


def _blurred(share: Share) -> Share:
    """Merge "none" and "few" where traffic drives a share: at night one vehicle may cost the first frame."""
    return Share.FEW if share is Share.NONE else share


def _waiting(messages: int) -> Waiting:
    bounds: list[tuple[int, Waiting]] = [(1, "none"), (24, "below_24"), (168, "below_168")]
    return next((bucket for bound, bucket in bounds if messages < bound), "168_or_more")
